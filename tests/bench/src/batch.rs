//! Batches of ten users whose AI takes 100 ms to a second: the invocation waits for the slowest, and nobody for another.

use std::ffi::OsString;
use std::time::{Duration, Instant};

use endurance::{Memory, Unfit};
use tokio::process::Command;

use crate::figures::{Figure, Unit};
use crate::functions::{Answering, Functions, right};
use crate::spread::percentile;
use crate::targets;

const USERS: usize = 10;
/// The largest batch that the template offers.
const MANY: usize = 250;
/// The files that a function on Lambda may have open, connections among them
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const OPEN_FILES: &str = "--nofile=1024";

/// What became of one batch.
struct Batch {
    took: Duration,
    slowest: Duration,
    /// For each user, from the begin of the invocation to his reply at Braze, without his own AI's time.
    beyond: Vec<Duration>,
}

pub(crate) async fn measure(functions: &Functions, batches: usize) -> Result<Vec<Figure>, Unfit> {
    // The first batch opens the connections.
    let of_ten = (0..=batches).map(|batch| (0..USERS).map(|user| number(batch, user)).collect());
    let (done, memory) = run(functions, &[], of_ten).await?;
    let mut figures = figures(&done[1..], memory);
    figures.push(large(functions).await?);
    Ok(figures)
}

/// As many at once as the template allows, with no more files than Lambda.
async fn large(functions: &Functions) -> Result<Figure, Unfit> {
    let name = "responder: peak memory, 250 at once with 1,024 files";
    let tool = ["prlimit", OPEN_FILES].map(OsString::from);
    if Command::new("prlimit").arg("--version").output().await.is_err() {
        return Ok(Figure::missing(name, Unit::MiB, "there is no prlimit"));
    }
    // Every tenth number would be a copy of the one before.
    let numbers = |batch: usize| (0..MANY).map(|user| 1_000 * batch + user + user / 9 + 1).collect();
    let (_, memory) = run(functions, &tool, (0..3).map(numbers)).await?;
    Ok(Figure::new(name, Unit::MiB, mib(memory)))
}

/// Works on these batches, each given by the numbers of its messages, and looks whether everybody got their reply.
async fn run(
    functions: &Functions,
    tool: &[OsString],
    all: impl Iterator<Item = Vec<usize>>,
) -> Result<(Vec<Batch>, Memory), Unfit> {
    let Answering { subject, outside } = Answering::with(pace).await?;
    // So many that nobody has had as many turns as are summed up: that is done once everybody has their reply.
    let subject = subject.of_users(1_000)?;
    let process = functions.responder(&subject).start_under(tool, None).await?;
    let mut done = Vec::new();
    for numbers in all {
        let event = subject.batch(&numbers);
        let begun = Instant::now();
        let (response, took) = process.invoke(&event).await?;
        right(&subject, numbers[0], &response)?;
        let seen = outside.take();
        let own = |number| seen.answers.iter().find(|answer| answer.number == number).map(|answer| answer.took);
        let beyond = seen
            .replies
            .iter()
            .filter_map(|sent| Some(sent.at.duration_since(begun).saturating_sub(own(sent.number)?)));
        let beyond: Vec<_> = beyond.collect();
        if beyond.len() != numbers.len() {
            return Err(Unfit::new(format!("of {} users {} got their reply", numbers.len(), beyond.len())));
        }
        let slowest = seen.answers.iter().map(|answer| answer.took).max().unwrap_or_default();
        done.push(Batch { took, slowest, beyond });
    }
    let memory = Memory::of(process.id()?).ok_or_else(|| Unfit::new("memory is read from /proc; this needs Linux"))?;
    Ok((done, memory))
}

#[expect(clippy::cast_precision_loss, reason = "little memory")]
fn mib(memory: Memory) -> f64 {
    memory.peak as f64 / 1024.0
}

/// User 0 waits 100 ms for his AI, user 9 a second.
fn pace(number: usize) -> Duration {
    Duration::from_millis(100) * u32::try_from(number / 10 % 10 + 1).unwrap_or(1)
}

/// Of each batch ten numbers of ten users, none of them a copy.
pub(crate) fn number(batch: usize, user: usize) -> usize {
    100 * batch + 10 * user + 1
}

#[expect(clippy::cast_precision_loss, reason = "few batches")]
fn figures(batches: &[Batch], memory: Memory) -> Vec<Figure> {
    let ratios = batches.iter().map(|batch| batch.took.as_secs_f64() / batch.slowest.as_secs_f64());
    let mean = ratios.sum::<f64>() / batches.len() as f64;
    let beyond = percentile(batches.iter().flat_map(|batch| batch.beyond.clone()), 99);
    vec![
        Figure::new("responder: batch of ten ÷ slowest AI", Unit::Times, mean).target(targets::BATCH),
        Figure::new("responder: own reply beyond own AI, p99", Unit::Millis, beyond.as_secs_f64() * 1e3)
            .target(targets::OWN_REPLY),
        Figure::new("responder: peak memory, ten at once", Unit::MiB, mib(memory)).target(targets::RESPONDER_MEMORY),
    ]
}
