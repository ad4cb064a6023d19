//! From the start of a process to its first poll, and its first invocation.

use std::time::Duration;

use endurance::Unfit;
use endurance::growth::{Ingest, Responder, Subject as _};
use serde_json::Value;

use crate::figures::{Figure, Unit};
use crate::functions::{Functions, right};
use crate::instructions::common;
use crate::launch::Program;
use crate::spread::{median, ratio};
use crate::targets;

/// One start.
#[derive(Debug, Clone, Copy)]
struct Start {
    start: Duration,
    first: Duration,
}

/// Starts the three in turns. Each secret is read before the first poll; the first invocation of the no-op is a webhook too.
pub(crate) async fn measure(functions: &Functions, rounds: usize) -> Result<Vec<Figure>, Unfit> {
    let (ingest, responder) = (Ingest::surroundings().await, Responder::surroundings().await?);
    let (mut nothing, mut door, mut actor) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        let number = common(round);
        nothing.push(once(&functions.noop(), &ingest.event(number), |_| Ok(())).await?);
        let is_right = |response: &Value| right(&ingest, number, response);
        door.push(once(&functions.ingest(&ingest), &ingest.event(number), is_right).await?);
        let is_right = |response: &Value| right(&responder, number, response);
        actor.push(once(&functions.responder(&responder), &responder.event(number), is_right).await?);
    }
    Ok(figures(&nothing, &door, &actor))
}

async fn once(
    program: &Program,
    event: &Value,
    is_right: impl Fn(&Value) -> Result<(), Unfit>,
) -> Result<Start, Unfit> {
    let process = program.start().await?;
    let (response, first) = process.invoke(event).await?;
    is_right(&response)?;
    let start = process.start;
    process.end().await?;
    Ok(Start { start, first })
}

fn figures(nothing: &[Start], door: &[Start], actor: &[Start]) -> Vec<Figure> {
    let start = |starts: &[Start]| median(starts.iter().map(|start| start.start));
    let first = |starts: &[Start]| median(starts.iter().map(|start| start.first));
    let base = start(nothing);
    vec![
        Figure::new("no-op: start to first poll", Unit::Millis, base.as_secs_f64() * 1e3),
        Figure::new("ingest: start, secret read included ÷ no-op", Unit::Times, ratio(start(door), base))
            .target(targets::INGEST_START),
        Figure::new("responder: start, secret read included ÷ no-op", Unit::Times, ratio(start(actor), base))
            .target(targets::RESPONDER_START),
        Figure::new("no-op: first invocation", Unit::Millis, first(nothing).as_secs_f64() * 1e3),
        Figure::new("ingest: first invocation ÷ no-op", Unit::Times, ratio(first(door), first(nothing)))
            .target(targets::FIRST_INVOCATION),
    ]
}
