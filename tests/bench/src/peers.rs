//! The door's work in Python and in Node, measured as ingest is: the same webhooks, the same secret, the same queues.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use endurance::growth::{Ingest, Subject as _};
use endurance::{Memory, Unfit};
use tokio::process::Command;

use crate::figures::{Figure, Unit};
use crate::functions::{Functions, right};
use crate::instructions::common;
use crate::launch::{Process, Program};
use crate::spread::{median, ratio};

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
/// What is installed stays for the next run.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.venv");

/// A language, and what its peer is made from.
struct Peer {
    name: &'static str,
    install: &'static str,
    /// What is run, in the folder of what was installed.
    run: &'static [&'static str],
}

const PEERS: [Peer; 2] = [
    Peer {
        name: "python",
        install: "python3 -m venv . && bin/pip install --quiet --no-input --disable-pip-version-check --no-deps \
                  --requirement \"$SOURCES/requirements.txt\"",
        run: &["bin/python", "-m", "awslambdaric", "app.handler"],
    },
    // The runtime interface client is compiled where it is installed: cmake comes from PyPI, autotools must be there.
    Peer {
        name: "node",
        install: "python3 -m venv cmake && cmake/bin/pip install --quiet --no-input --disable-pip-version-check cmake==4.1.2 && \
                  cp \"$SOURCES/package.json\" \"$SOURCES/door.mjs\" . && PATH=\"$PWD/cmake/bin:$PATH\" npm install --silent --no-audit --no-fund && \
                  npx esbuild door.mjs --bundle --minify --platform=node --format=esm --target=node20 \
                  --outfile=index.mjs --banner:js=\"import{createRequire}from'node:module';const require=createRequire(import.meta.url);\"",
        run: &["node_modules/.bin/aws-lambda-ric", "index.handler"],
    },
];

/// What one did.
#[derive(Debug)]
struct Measured {
    start: std::time::Duration,
    first: std::time::Duration,
    warm: std::time::Duration,
    peak_mib: f64,
}

/// Each peer beside ingest; a figure says why where one cannot be installed.
pub(crate) async fn measure(functions: &Functions, starts: usize, webhooks: usize) -> Result<Vec<Figure>, Unfit> {
    let subject = Ingest::surroundings().await;
    let ours = run(&functions.ingest(&subject), &subject, starts, webhooks).await?;
    let mut figures = Vec::new();
    for peer in &PEERS {
        match peer.program(&subject).await {
            Ok(program) => figures.extend(beside(peer.name, &run(&program, &subject, starts, webhooks).await?, &ours)),
            Err(reason) => figures.push(Figure::missing(format!("{} ÷ ingest", peer.name), Unit::Times, reason)),
        }
    }
    Ok(figures)
}

async fn run(program: &Program, subject: &Ingest, starts: usize, webhooks: usize) -> Result<Measured, Unfit> {
    let (mut begun, mut first, mut warm, mut peak) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for round in 0..starts {
        let process = program.start().await?;
        begun.push(process.start);
        first.push(invoke(&process, subject, common(round)).await?);
        if round + 1 == starts {
            for number in 1..=2 * webhooks {
                let took = invoke(&process, subject, number).await?;
                // What compiles while it runs has done so by then.
                warm.extend((number > webhooks).then_some(took));
            }
            peak = Memory::of(process.id()?).map_or(0, |memory| memory.peak);
        }
        process.end().await?;
    }
    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
    let peak_mib = peak as f64 / 1024.0;
    Ok(Measured { start: median(begun), first: median(first), warm: median(warm), peak_mib })
}

async fn invoke(process: &Process, subject: &Ingest, number: usize) -> Result<std::time::Duration, Unfit> {
    let (response, took) = process.invoke(&subject.event(number)).await?;
    right(subject, number, &response)?;
    Ok(took)
}

fn beside(name: &str, peer: &Measured, ours: &Measured) -> [Figure; 4] {
    let times = |what: &str, ratio: f64| Figure::new(format!("{name}: {what} ÷ ingest"), Unit::Times, ratio);
    [
        times("start, secret read included", ratio(peer.start, ours.start)),
        times("first invocation", ratio(peer.first, ours.first)),
        times("warm webhook, p50", ratio(peer.warm, ours.warm)),
        times("peak memory", peer.peak_mib / ours.peak_mib),
    ]
}

impl Peer {
    async fn program(&self, subject: &Ingest) -> Result<Program, String> {
        let (sources, home) = (Path::new(SOURCES).join(self.name), self.installed().await?);
        let paths = [&sources, &home].map(|path| path.display().to_string());
        let mut environment = subject.environment();
        environment.push(("PYTHONPATH".to_owned(), paths[0].clone()));
        environment.push(("PATH".to_owned(), env::var("PATH").unwrap_or_default()));
        environment.push(("LAMBDA_TASK_ROOT".to_owned(), paths[1].clone()));
        let arguments = self.run[1..].iter().map(|argument| (*argument).to_owned()).collect();
        Ok(Program { name: self.name, binary: home.join(self.run[0]), arguments, folder: Some(home), environment })
    }

    /// The folder of its libraries, which are fetched if they are not there yet.
    async fn installed(&self) -> Result<PathBuf, String> {
        let home = Path::new(INSTALLED).join(format!("peer-{}", self.name));
        let done = home.join("installed");
        if done.exists() {
            return Ok(home);
        }
        let failed = |what: &str| format!("it cannot be installed here: {what}");
        std::fs::create_dir_all(&home).map_err(|error| failed(&error.to_string()))?;
        let mut shell = Command::new("sh");
        shell.args(["-c", self.install]).current_dir(&home).env("SOURCES", Path::new(SOURCES).join(self.name));
        let output = shell.stdin(Stdio::null()).output().await.map_err(|error| failed(&error.to_string()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned();
            return Err(failed(&said));
        }
        std::fs::write(&done, "").map_err(|error| failed(&error.to_string()))?;
        home.canonicalize().map_err(|error| failed(&error.to_string()))
    }
}
