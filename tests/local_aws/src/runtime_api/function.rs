//! A function as Lambda runs it: a process that is started, invoked, killed at its deadline and started again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::runtime_api::output::Output;
use crate::runtime_api::process::{InitFailure, Process, Program};
use crate::shared::Shared;

/// One environment of a function. As on Lambda it works on one invocation at a time, and a process that has ended is
/// replaced at the next invocation.
#[derive(Debug)]
pub struct Function {
    binary: PathBuf,
    environment: BTreeMap<String, String>,
    /// Held while an invocation runs.
    turn: Mutex<()>,
    process: Shared<Arc<Process>>,
    stdout: Output,
    stderr: Output,
}

/// Why an invocation has no response.
#[derive(Debug, thiserror::Error)]
pub enum InvocationError {
    /// The function reported an error: the object with `errorType` and `errorMessage`.
    #[error("the function reported an error: {0}")]
    Reported(Json),
    /// The process ended, or was killed, before it answered.
    #[error("the process ended before it answered; exit code {exit_code:?}")]
    Ended {
        /// The exit code; `None` if a signal ended the process.
        exit_code: Option<i32>,
    },
    /// The deadline passed; the process was killed.
    #[error("the function did not answer in {0:?} and was killed")]
    TimedOut(Duration),
    /// The process before this one had ended, and its successor did not start.
    #[error(transparent)]
    NotStarted(#[from] InitFailure),
}

impl Function {
    /// Starts the binary in the environment a Lambda has, with `environment` on top of it and nothing of this process,
    /// and waits until it asks for its first event.
    pub async fn start(
        binary: impl Into<PathBuf>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, InitFailure> {
        let binary = binary.into();
        let name = binary.file_stem().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let mut all = lambda_environment(&name);
        all.extend(environment);
        let output = || Output::create().map_err(|error| InitFailure::from_io(&error));
        let (stdout, stderr) = (output()?, output()?);
        let program = Program { binary: &binary, environment: &all, stdout: &stdout, stderr: &stderr };
        let process = Shared::new(Arc::new(Process::start(program).await?));
        Ok(Self { binary, environment: all, turn: Mutex::new(()), process, stdout, stderr })
    }

    /// Invokes the function with `event` and kills its process if it has not answered after `time`.
    pub async fn invoke(&self, event: Json, time: Duration) -> Result<Json, InvocationError> {
        let _turn = self.turn.lock().await;
        let process = self.living_process().await?;
        let answer = async {
            tokio::select! {
                biased;
                reported = process.api.invoke(&event, time) => reported.map_err(InvocationError::Reported),
                exit_code = process.exit() => Err(InvocationError::Ended { exit_code }),
            }
        };
        let Ok(outcome) = timeout(time, answer).await else {
            process.kill();
            process.exit().await;
            return Err(InvocationError::TimedOut(time));
        };
        outcome
    }

    async fn living_process(&self) -> Result<Arc<Process>, InitFailure> {
        let process = Arc::clone(&self.process.lock());
        if !process.has_exited() {
            return Ok(process);
        }
        let program = Program {
            binary: &self.binary,
            environment: &self.environment,
            stdout: &self.stdout,
            stderr: &self.stderr,
        };
        let successor = Arc::new(Process::start(program).await?);
        *self.process.lock() = Arc::clone(&successor);
        Ok(successor)
    }

    /// Ends the process with SIGKILL and waits until it is gone, even in the middle of an invocation.
    pub async fn kill(&self) {
        let process = Arc::clone(&self.process.lock());
        process.kill();
        process.exit().await;
    }

    /// Everything the function's processes have written to standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// Everything the function's processes have written to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// How long the latest process took from its start to its first poll.
    pub fn init_duration(&self) -> Duration {
        self.process.lock().init_duration
    }

    /// The latest process's id, while it runs.
    pub fn process_id(&self) -> Option<u32> {
        let process = self.process.lock();
        process.id.filter(|_| !process.has_exited())
    }
}

/// What Lambda sets for a function of this name (developer guide, "Defined runtime environment variables"), as far as
/// anybody reads it.
pub fn lambda_environment(name: &str) -> BTreeMap<String, String> {
    let group = format!("/aws/lambda/{name}");
    let pairs = [
        ("AWS_ACCESS_KEY_ID", "local"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", &group),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]00000000000000000000000000000000"),
        ("LANG", "en_US.UTF-8"),
        ("PATH", "/usr/local/bin:/usr/bin/:/bin:/opt/bin"),
        ("TZ", ":UTC"),
        ("_HANDLER", "bootstrap"),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
