//! Batches of ten users whose AI takes 100 ms to a second: the invocation waits for the slowest, and nobody for another.

use std::time::{Duration, Instant};

use endurance::{Memory, Unfit};

use crate::figures::{Figure, Unit};
use crate::functions::{Answering, Functions, right};
use crate::spread::percentile;
use crate::targets;

const USERS: usize = 10;

/// What became of one batch.
struct Batch {
    took: Duration,
    slowest: Duration,
    /// For each user, from the begin of the invocation to his reply at Braze, without his own AI's time.
    beyond: Vec<Duration>,
}

pub(crate) async fn measure(functions: &Functions, batches: usize) -> Result<Vec<Figure>, Unfit> {
    let Answering { subject, outside } = Answering::with(pace).await?;
    let process = functions.responder(&subject).start().await?;
    let mut done = Vec::new();
    // The first batch opens the connections.
    for batch in 0..=batches {
        let numbers: Vec<_> = (0..USERS).map(|user| number(batch, user)).collect();
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
        if beyond.len() != USERS {
            return Err(Unfit::new(format!("of {USERS} users {} got their reply", beyond.len())));
        }
        let slowest = seen.answers.iter().map(|answer| answer.took).max().unwrap_or_default();
        done.push(Batch { took, slowest, beyond });
    }
    let memory = Memory::of(process.id()?).ok_or_else(|| Unfit::new("memory is read from /proc; this needs Linux"))?;
    Ok(figures(&done[1..], memory))
}

/// User 0 waits 100 ms for his AI, user 9 a second.
fn pace(number: usize) -> Duration {
    Duration::from_millis(100) * u32::try_from(number / 10 % 10 + 1).unwrap_or(1)
}

/// Of each batch ten numbers of ten users, none of them a copy.
pub(crate) fn number(batch: usize, user: usize) -> usize {
    100 * batch + 10 * user + 1
}

#[expect(clippy::cast_precision_loss, reason = "few batches, little memory")]
fn figures(batches: &[Batch], memory: Memory) -> Vec<Figure> {
    let ratios = batches.iter().map(|batch| batch.took.as_secs_f64() / batch.slowest.as_secs_f64());
    let mean = ratios.sum::<f64>() / batches.len() as f64;
    let beyond = percentile(batches.iter().flat_map(|batch| batch.beyond.clone()), 99);
    vec![
        Figure::new("responder: batch of ten ÷ slowest AI", Unit::Times, mean).target(targets::BATCH),
        Figure::new("responder: own reply beyond own AI, p99", Unit::Millis, beyond.as_secs_f64() * 1e3)
            .target(targets::OWN_REPLY),
        Figure::new("responder: peak memory, ten at once", Unit::MiB, memory.peak as f64 / 1024.0)
            .target(targets::RESPONDER_MEMORY),
    ]
}
