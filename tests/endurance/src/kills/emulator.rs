//! ministack, a Python emulator of AWS, as a child of this run.

use std::path::{Path, PathBuf};
use std::process::{Stdio, id};
use std::time::Duration;
use std::{env, fs};

use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::Unfit;

const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// A running emulator; it ends, and its folder goes, when this is dropped.
#[derive(Debug)]
pub(super) struct Emulator {
    pub(super) endpoint: String,
    folder: PathBuf,
    child: Child,
}

impl Emulator {
    pub(super) async fn start(program: &Path, http: &reqwest::Client) -> Result<Self, Unfit> {
        if !program.is_file() {
            return Err(Unfit::new(format!(
                "there is no emulator at {0}. Install it from the repository's root:\n  python3 -m venv .venv/emulator\n  \
                 .venv/emulator/bin/pip install --no-deps -r tests/infrastructure/requirements/emulator.txt\n\
                 or give --emulator PATH, --endpoint URL, or --local for our own stand-in",
                program.display()
            )));
        }
        let failed = |error: std::io::Error| Unfit::new(format!("the emulator does not start: {error}"));
        let port = free_port().await.map_err(failed)?;
        let folder = env::temp_dir().join(format!("endurance-{}-{port}", id()));
        fs::create_dir_all(&folder).map_err(failed)?;
        let child = command(program, port, &folder).spawn().map_err(failed)?;
        let mut emulator = Self { endpoint: format!("http://127.0.0.1:{port}"), folder, child };
        emulator.until_ready(http).await?;
        Ok(emulator)
    }

    async fn until_ready(&mut self, http: &reqwest::Client) -> Result<(), Unfit> {
        let end = Instant::now() + STARTS_WITHIN;
        while Instant::now() < end {
            let health = http.get(format!("{}/_ministack/health", self.endpoint)).send().await;
            if health.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(Unfit::new(format!("the emulator ended at its start: {status}")));
            }
            sleep(Duration::from_millis(100)).await;
        }
        Err(Unfit::new(format!("the emulator did not answer within {STARTS_WITHIN:?}")))
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Nobody reads what is left there; the system clears its folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Nothing of the caller's environment but its path: no real credentials.
fn command(program: &Path, port: u16, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("TMPDIR", folder)
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .envs([("IOT_MTLS_ENABLED", "0"), ("SFTP_ENABLED", "0"), ("AWS_DEFAULT_REGION", "us-east-1")])
        .envs([("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?.port())
}
