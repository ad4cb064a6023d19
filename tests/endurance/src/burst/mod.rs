//! `burst`: everybody writes at once, several messages each, and each burst gets one answer; round after round in the same
//! memory.

mod neighbours;
mod stage;

use std::time::{Duration, Instant};

use clap::Args;

use crate::memory::Memory;
use crate::{Report, Unfit};
use stage::Stage;

/// Webhooks as fast as they go, through the real code of ingest and responder in one process, on the sandbox's queue and
/// store in memory. Says how fast that is, and whether each burst is answered once and memory stays flat.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Webhooks of one round.
    #[arg(long, default_value_t = 5_000)]
    pub webhooks: usize,
    /// Users who write them, all at once; each writes the same number.
    #[arg(long, default_value_t = 1_000)]
    pub users: usize,
    /// Rounds, each with a new queue and a new store.
    #[arg(long, default_value_t = 6)]
    pub rounds: usize,
    /// How long the AI takes, in milliseconds.
    #[arg(long, default_value_t = 50)]
    pub ai: u64,
}

/// KiB by which memory may grow between the first round and the last. What a round needs is given back at its end, but not
/// all of it to the system.
const MOST_GROWTH: u64 = 2 * 1_024;
/// Of a thousand bursts, how many may be answered in two turns: where a batch ends in the middle of a burst, the next batch
/// may overtake it, as on any standard queue.
const MOST_SPLIT: usize = 10;
/// How long a round may take.
const ROUND_WITHIN: Duration = Duration::from_mins(2);

/// What one round found.
struct Round {
    /// From the first webhook to the last 2xx.
    accepting: Duration,
    /// From the first webhook to the last answer.
    answering: Duration,
    /// From the 2xx of each burst's last message to its answer, without the AI's time.
    waits: Vec<Duration>,
    /// Bursts that were answered in several turns.
    split: usize,
    /// Every burst of which a message was not answered, or was answered twice.
    broken: Vec<String>,
}

/// Runs it and says what it found. `progress` gets a line now and then.
pub async fn run(options: &Options, progress: impl Fn(String)) -> Result<Report, Unfit> {
    let burst = options.webhooks / options.users.max(1);
    if burst == 0 || options.rounds == 0 {
        return Err(Unfit::new("there must be a round, a user, and a webhook for each user"));
    }
    let (mut report, mut rounds, mut resident) = (Report::default(), Vec::new(), Vec::new());
    for number in 1..=options.rounds {
        let round = round(options, burst).await?;
        let memory = Memory::of_this_process().ok_or_else(|| Unfit::new("memory cannot be read; this needs Linux"))?;
        progress(format!("round {number}: answered after {:?}, {} KiB", round.answering, memory.resident));
        round.broken.iter().for_each(|burst| report.broken(format!("round {number}: {burst}")));
        rounds.push(round);
        resident.push(memory);
    }
    figures(options, burst, rounds, &mut report);
    memory(&resident, &mut report);
    Ok(report)
}

async fn round(options: &Options, burst: usize) -> Result<Round, Unfit> {
    let stage = Stage::new(Duration::from_millis(options.ai))?;
    let feeding = stage.feed();
    let begun = Instant::now();
    let accepted = stage.accept(options.users, burst).await?;
    let accepting = begun.elapsed();
    let quiet = tokio::time::timeout(ROUND_WITHIN, stage.at_rest()).await;
    feeding.abort();
    quiet.map_err(|_| Unfit::new(format!("the queue was not empty after {ROUND_WITHIN:?}")))?;
    let answers = stage.answers();
    let mut round = Round { accepting, answering: Duration::ZERO, waits: Vec::new(), split: 0, broken: Vec::new() };
    for (user, accepted) in accepted {
        let got = answers.get(&user).map_or(&[][..], Vec::as_slice);
        let lines: usize = got.iter().map(|answer| answer.lines).sum();
        if lines != burst {
            round.broken.push(format!("{user} wrote {burst} messages and {lines} were answered"));
        }
        round.split += usize::from(got.len() > 1);
        if let Some(last) = got.iter().map(|answer| answer.at).max() {
            round.waits.push(last.duration_since(accepted).saturating_sub(Duration::from_millis(options.ai)));
            round.answering = round.answering.max(last.duration_since(begun));
        }
    }
    Ok(round)
}

fn figures(options: &Options, burst: usize, rounds: Vec<Round>, report: &mut Report) {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let all: Duration = rounds.iter().map(|round| round.accepting).sum();
    let webhooks = options.users * burst;
    let rate = (webhooks * rounds.len() * 1_000) as u128 / all.as_millis().max(1);
    let slowest = rounds.iter().map(|round| round.answering).max().unwrap_or_default();
    let split: usize = rounds.iter().map(|round| round.split).sum();
    let mut waits: Vec<_> = rounds.into_iter().flat_map(|round| round.waits).collect();
    waits.sort_unstable();
    let part = |percent: usize| waits.get(waits.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default();
    report.figure("rounds", options.rounds, "");
    report.figure("webhooks of a round", webhooks, "");
    report.figure("users at once", options.users, "");
    report.figure("webhooks accepted", u64::try_from(rate).unwrap_or(u64::MAX), "per second");
    report.figure("all bursts of a round answered after, at most", millis(slowest), "ms");
    report.figure("bursts answered", waits.len(), "");
    report.figure("bursts answered in two turns", split, "");
    report.figure("bursts that may be answered in two turns", waits.len() * MOST_SPLIT / 1_000, "");
    if split * 1_000 > waits.len() * MOST_SPLIT {
        report.broken(format!("{split} bursts were answered in several turns"));
    }
    report.figure("own reply time, p50", millis(part(50)), "ms");
    report.figure("own reply time, p99", millis(part(99)), "ms");
}

fn memory(looks: &[Memory], report: &mut Report) {
    let [first, .., last] = looks else { return };
    // What the allocator keeps of the first round is settled by the second, where there are more to compare it with.
    let first = looks.get(1).filter(|_| looks.len() > 2).unwrap_or(first);
    let growth = last.resident.saturating_sub(first.resident);
    report.figure("peak memory", last.peak, "KiB");
    report.figure("memory before the rounds that are compared", first.resident, "KiB");
    report.figure("memory after the last round", last.resident, "KiB");
    report.figure("growth", growth, "KiB");
    report.figure("growth that is allowed", MOST_GROWTH, "KiB");
    if growth > MOST_GROWTH {
        report.broken(format!("memory grew by {growth} KiB between the first round and the last"));
    }
}
