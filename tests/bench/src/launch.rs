//! One process of a function under a Runtime API of its own, started by itself or under a tool.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use endurance::Unfit;
use local_aws::{RuntimeApi, lambda_environment};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Longer than Lambda gives: under callgrind everything takes fifty times as long.
const PATIENCE: Duration = Duration::from_mins(2);

/// A function, ready to be started.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) binary: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Where it is started; here if it does not matter.
    pub(crate) folder: Option<PathBuf>,
    /// On top of what Lambda sets.
    pub(crate) environment: Vec<(String, String)>,
}

/// A process that has asked for its first event.
#[derive(Debug)]
pub(crate) struct Process {
    name: &'static str,
    api: RuntimeApi,
    child: Child,
    /// From its start to its first poll.
    pub(crate) start: Duration,
}

impl Program {
    /// A binary that needs nothing but its environment.
    pub(crate) fn of(name: &'static str, binary: &Path, environment: Vec<(String, String)>) -> Self {
        Self { name, binary: binary.to_owned(), arguments: Vec::new(), folder: None, environment }
    }

    /// Starts it and waits for its first poll.
    pub(crate) async fn start(&self) -> Result<Process, Unfit> {
        self.start_under(&[], None).await
    }

    /// The same, with what it logs in this file.
    pub(crate) async fn start_logging(&self, log: &Path) -> Result<Process, Unfit> {
        self.start_under(&[], Some(log)).await
    }

    /// Starts `tool... binary` and waits for the first poll.
    pub(crate) async fn start_under(&self, tool: &[OsString], log: Option<&Path>) -> Result<Process, Unfit> {
        let unfit = |error: std::io::Error| Unfit::new(format!("{} does not start: {error}", self.name));
        let api = RuntimeApi::start(self.name).await.map_err(unfit)?;
        let line: Vec<_> = tool.iter().cloned().chain([self.binary.clone().into_os_string()]).collect();
        let mut command = Command::new(&line[0]);
        command.args(&line[1..]).args(&self.arguments).current_dir(self.folder.as_deref().unwrap_or(Path::new(".")));
        command.env_clear().envs(lambda_environment(self.name)).envs(self.environment.iter().cloned());
        command.env("AWS_LAMBDA_RUNTIME_API", api.address()).stdin(Stdio::null()).stderr(Stdio::null());
        command.stdout(log.map(File::create).transpose().map_err(unfit)?.map_or_else(Stdio::null, Stdio::from));
        let begun = Instant::now();
        let mut child = command.kill_on_drop(true).spawn().map_err(unfit)?;
        let polled = async {
            tokio::select! {
                () = api.initialised() => true,
                _ = child.wait() => false,
            }
        };
        if !timeout(PATIENCE, polled).await.unwrap_or(false) {
            return Err(Unfit::new(format!("{} ended, or did not ask for an event", self.name)));
        }
        Ok(Process { name: self.name, start: begun.elapsed(), api, child })
    }
}

impl Process {
    /// Hands it an event; the time is from then until its response is there.
    pub(crate) async fn invoke(&self, event: &Value) -> Result<(Value, Duration), Unfit> {
        let begun = Instant::now();
        let response = timeout(PATIENCE, self.api.invoke(event, PATIENCE)).await;
        let took = begun.elapsed();
        let response = response.map_err(|_| Unfit::new(format!("{} does not answer", self.name)))?;
        let response = response.map_err(|error| Unfit::new(format!("{} failed: {error}", self.name)))?;
        Ok((response, took))
    }

    pub(crate) fn id(&self) -> Result<u32, Unfit> {
        self.child.id().ok_or_else(|| Unfit::new(format!("{} has ended", self.name)))
    }

    /// Asks it to end and waits until it has, so that a tool around it can write down what it saw.
    pub(crate) async fn end(mut self) -> Result<(), Unfit> {
        let unfit = |error: std::io::Error| Unfit::new(format!("{} cannot be ended: {error}", self.name));
        Command::new("kill").arg("-TERM").arg(self.id()?.to_string()).status().await.map_err(unfit)?;
        let ended = timeout(PATIENCE, self.child.wait()).await;
        ended.map_err(|_| Unfit::new(format!("{} does not end", self.name)))?.map(drop).map_err(unfit)
    }
}
