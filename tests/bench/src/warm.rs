//! Warm webhooks, on one core: idle cores wake slowly, and that would be all one sees.

use std::fs;
use std::time::Duration;

use endurance::growth::{Ingest, Subject as _};
use endurance::{Memory, Unfit};
use tokio::process::Command;

use crate::figures::{Figure, Unit};
use crate::functions::{Functions, right};
use crate::launch::Process;
use crate::spread::{median, percentile, ratio};
use crate::targets;

/// How often the two take turns.
const ROUNDS: usize = 4;

/// What one function did.
#[derive(Debug, Default)]
struct Warm {
    times: Vec<Duration>,
    cpu: Duration,
}

/// Webhooks to the no-op and to ingest, in turns; the mixture of `endurance growth`, with short and long texts.
pub(crate) async fn measure(functions: &Functions, invocations: usize) -> Result<Vec<Figure>, Unfit> {
    let cores = match pinned("0").await {
        Ok(cores) => cores,
        Err(reason) => return Ok(vec![Figure::missing("ingest: warm webhook ÷ no-op", Unit::Times, reason)]),
    };
    let measured = in_turns(functions, invocations).await;
    pinned(&cores).await.map_err(Unfit::new)?;
    measured
}

async fn in_turns(functions: &Functions, invocations: usize) -> Result<Vec<Figure>, Unfit> {
    let subject = Ingest::surroundings().await;
    let (noop, ingest) = (functions.noop().start().await?, functions.ingest(&subject).start().await?);
    let (mut nothing, mut door) = (Warm::default(), Warm::default());
    // The first round warms up.
    for round in 0..=ROUNDS {
        if round == 1 {
            (nothing, door) = (Warm::default(), Warm::default());
        }
        nothing.run(&noop, &subject, invocations, false).await?;
        door.run(&ingest, &subject, invocations, true).await?;
        if let Some(mistake) = subject.clean(invocations).await {
            return Err(Unfit::new(mistake));
        }
    }
    let peak = |process: &Process| {
        let memory = Memory::of(process.id()?).ok_or_else(|| Unfit::new("memory is read from /proc; this needs Linux"));
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 KiB")]
        memory.map(|memory| memory.peak as f64 / 1024.0)
    };
    let (p50, p99) = (median(door.times.clone()), percentile(door.times, 99));
    let base = median(nothing.times);
    Ok(vec![
        Figure::new("no-op: warm invocation, p50", Unit::Micros, base.as_secs_f64() * 1e6),
        Figure::new("ingest: warm webhook, p50 ÷ no-op", Unit::Times, ratio(p50, base)).target(targets::INGEST_WARM),
        Figure::new("ingest: CPU of a warm webhook ÷ no-op", Unit::Times, ratio(door.cpu, nothing.cpu)),
        Figure::new("ingest: warm webhook, p50", Unit::Micros, p50.as_secs_f64() * 1e6),
        Figure::new("ingest: warm webhook, p99", Unit::Micros, p99.as_secs_f64() * 1e6),
        Figure::new("no-op: peak memory", Unit::MiB, peak(&noop)?),
        Figure::new("ingest: peak memory", Unit::MiB, peak(&ingest)?).target(targets::INGEST_MEMORY),
    ])
}

impl Warm {
    async fn run(&mut self, process: &Process, subject: &Ingest, count: usize, look: bool) -> Result<(), Unfit> {
        let before = cpu(process)?;
        for number in 1..=count {
            let (response, took) = process.invoke(&subject.event(number)).await?;
            if look {
                right(subject, number, &response)?;
            }
            self.times.push(took);
        }
        self.cpu += cpu(process)?.saturating_sub(before);
        Ok(())
    }
}

/// What the process's thread has run so far; our functions have one (`/proc/<process>/schedstat`, nanoseconds).
pub(crate) fn cpu(process: &Process) -> Result<Duration, Unfit> {
    let text = fs::read_to_string(format!("/proc/{}/schedstat", process.id()?)).unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|nanos| nanos.parse().ok());
    nanos.map(Duration::from_nanos).ok_or_else(|| Unfit::new("CPU time is read from /proc; this needs Linux"))
}

/// Puts this process, and whatever it starts, on these cores; says where it was.
async fn pinned(cores: &str) -> Result<String, String> {
    let arguments = ["--all-tasks", "--cpu-list", "--pid", cores, &std::process::id().to_string()];
    let output =
        Command::new("taskset").args(arguments).output().await.map_err(|_| "there is no taskset".to_owned())?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let before = said.lines().find_map(|line| line.split_once("current affinity list: "));
    match before {
        Some((_, before)) if output.status.success() => Ok(before.trim().to_owned()),
        _ => Err("taskset does not say which cores this process has".to_owned()),
    }
}
