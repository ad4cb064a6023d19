//! One process of a function: its start, its output and its end.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use crate::runtime_api::output::Output;
use crate::runtime_api::server::RuntimeApi;

/// How long Lambda waits for the first poll.
const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How a process ended: its exit code, `None` if a signal ended it.
pub(super) type ExitCode = Option<i32>;

/// A process did not get as far as asking for its first event.
#[derive(Debug, thiserror::Error)]
#[error("the function did not start: {reason}; exit code {exit_code:?}, reported {reported:?}; stderr:\n{stderr}")]
pub struct InitFailure {
    /// What went wrong, in words.
    pub reason: String,
    /// The exit code, if the process ended by itself.
    pub exit_code: Option<i32>,
    /// What it reported to `/runtime/init/error`, if it did.
    pub reported: Option<Json>,
    /// What it wrote to its standard error.
    pub stderr: String,
}

/// A running process under a Runtime API of its own, so that nothing of a dead one can reach its successor.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) api: RuntimeApi,
    pub(super) init_duration: Duration,
    pub(super) id: Option<u32>,
    end: Arc<Notify>,
    exited: watch::Receiver<Option<ExitCode>>,
}

/// What a process is started from.
#[derive(Debug, Clone)]
pub(super) struct Program<'a> {
    pub(super) binary: &'a Path,
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) stdout: &'a Output,
    pub(super) stderr: &'a Output,
}

impl Process {
    /// Starts the program and waits until it is initialised.
    pub(super) async fn start(program: Program<'_>) -> Result<Self, InitFailure> {
        let name = program.environment.get("AWS_LAMBDA_FUNCTION_NAME").map_or("", String::as_str);
        let api = RuntimeApi::start(name).await.map_err(|error| InitFailure::from_io(&error))?;
        let started = Instant::now();
        let child = program.spawn(&api.address()).map_err(|error| InitFailure::from_io(&error))?;
        let id = child.id();
        let end = Arc::new(Notify::new());
        let (exit, exited) = watch::channel(None);
        tokio::spawn(supervise(child, Arc::clone(&end), exit));
        let mut process = Self { api, init_duration: Duration::ZERO, id, end, exited };
        let failure = timeout(INIT_LIMIT, process.until_initialised()).await;
        process.init_duration = started.elapsed();
        let (reason, reported) = match failure {
            Ok(Ok(())) => return Ok(process),
            Ok(Err(reported)) => ("it ended or reported an error before its first poll", reported),
            Err(_) => ("it did not poll within 10 seconds", None),
        };
        // A process that has reported an error is about to end; one that hangs is not.
        let grace = if reported.is_some() { Duration::from_secs(2) } else { Duration::ZERO };
        let by_itself = timeout(grace, process.exit()).await.ok();
        process.kill();
        let exit_code = by_itself.unwrap_or(process.exit().await);
        let stderr = program.stderr.text();
        Err(InitFailure { reason: reason.to_owned(), exit_code, reported, stderr })
    }

    async fn until_initialised(&self) -> Result<(), Option<Json>> {
        tokio::select! {
            () = self.api.initialised() => Ok(()),
            error = self.api.init_error() => Err(Some(error)),
            _ = self.exit() => Err(None),
        }
    }

    /// Waits for the process to end.
    pub(super) async fn exit(&self) -> ExitCode {
        let mut exited = self.exited.clone();
        // The supervisor only goes away after it has told.
        exited.wait_for(Option::is_some).await.map_or(None, |code| code.unwrap_or_default())
    }

    pub(super) fn has_exited(&self) -> bool {
        self.exited.borrow().is_some()
    }

    /// Ends the process with SIGKILL.
    pub(super) fn kill(&self) {
        self.end.notify_one();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Program<'_> {
    fn spawn(&self, api: &str) -> io::Result<Child> {
        let task_root = self.binary.parent().unwrap_or(Path::new("/"));
        Command::new(self.binary)
            .env_clear()
            .env("LAMBDA_TASK_ROOT", task_root)
            .envs(self.environment)
            .env("AWS_LAMBDA_RUNTIME_API", api)
            .stdin(Stdio::null())
            .stdout(self.stdout.to_append()?)
            .stderr(self.stderr.to_append()?)
            .kill_on_drop(true)
            .spawn()
    }
}

impl InitFailure {
    pub(super) fn from_io(error: &io::Error) -> Self {
        Self { reason: error.to_string(), exit_code: None, reported: None, stderr: String::new() }
    }
}

async fn supervise(mut child: Child, end: Arc<Notify>, exit: watch::Sender<Option<ExitCode>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = end.notified() => {
            child.start_kill().ok();
            child.wait().await
        }
    };
    exit.send_replace(Some(status.ok().and_then(|status| status.code())));
}
