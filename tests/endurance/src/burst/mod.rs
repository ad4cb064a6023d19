//! `burst`: everybody writes at once, several messages each, and each burst gets one answer; round after round by the same
//! ingest and responder.

mod neighbours;
mod stage;

use std::time::{Duration, Instant};

use clap::Args;

use crate::memory::Memory;
use crate::{Report, Unfit};
use stage::Stage;

/// Webhooks as fast as they go, through the real code of ingest and responder in one process, on the sandbox's queue and
/// store in memory. Says whether that is fast enough, everybody is worked on at once, each burst is answered once, and memory
/// stays flat.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// Webhooks of one round.
    #[arg(long, default_value_t = 5_000)]
    pub webhooks: usize,
    /// Users who write them, all at once; each writes the same number.
    #[arg(long, default_value_t = 1_000)]
    pub users: usize,
    /// Rounds of the same users, whom the table forgets between them; then there is one in which all are worked on at once.
    #[arg(long, default_value_t = 6)]
    pub rounds: usize,
    /// How long the AI takes, in milliseconds.
    #[arg(long, default_value_t = 50)]
    pub ai: u64,
    /// Webhooks that must be taken in a second, in every round but that one. What is built for development takes far fewer.
    #[arg(long, default_value_t = 5_000)]
    pub at_least: u64,
}

/// KiB by which memory may grow from the second round to the last. What a round needs is given back at its end, but not
/// all of it to the system: over ten rounds of a build for development it goes up and down by up to 3 MiB.
const MOST_GROWTH: u64 = 4 * 1_024;
/// Of a thousand bursts, how many may be answered in two turns: where a batch ends in the middle of a burst, the next batch
/// may overtake it, as on any standard queue.
const MOST_SPLIT: usize = 10;
/// How long a round may take.
const ROUND_WITHIN: Duration = Duration::from_mins(2);

/// What one round found.
#[derive(Default)]
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
    unanswered: Vec<String>,
}

/// Runs it and says what it found. `progress` gets a line now and then.
pub async fn run(options: &Options, progress: impl Fn(String)) -> Result<Report, Unfit> {
    let burst = options.webhooks / options.users.max(1);
    if burst == 0 || options.rounds == 0 {
        return Err(Unfit::new("there must be a round, a user, and a webhook for each user"));
    }
    let (mut report, mut rounds, mut resident) = (Report::default(), Vec::new(), Vec::new());
    let stage = Stage::new(Duration::from_millis(options.ai))?;
    let feeding = stage.feed();
    for number in 1..=options.rounds {
        let round = round(&stage, options.users, burst).await?;
        stage.forget_everybody().await?;
        let memory = Memory::of_this_process().ok_or_else(|| Unfit::new("memory cannot be read; this needs Linux"))?;
        progress(format!("round {number}: answered after {:?}, {} KiB", round.answering, memory.resident));
        rounds.push(round);
        resident.push(memory);
    }
    // Last, as it needs so much memory that what was kept before would not show any more.
    stage.expect(options.users);
    rounds.push(round(&stage, options.users, burst).await?);
    feeding.abort();
    let at_once = stage.most_at_once();
    judge(options, options.users * burst, (&rounds, at_once), &mut report);
    // Whoever waits for the crowd says nothing about how fast anybody is answered.
    rounds.pop();
    figures(options, burst, rounds, &mut report);
    memory(&resident, &mut report);
    Ok(report)
}

async fn round(stage: &Stage, users: usize, burst: usize) -> Result<Round, Unfit> {
    let begun = Instant::now();
    let accepted = stage.accept(users, burst).await?;
    let mut round = Round { accepting: begun.elapsed(), ..Round::default() };
    let quiet = tokio::time::timeout(ROUND_WITHIN, stage.at_rest()).await;
    quiet.map_err(|_| Unfit::new(format!("the queue was not empty after {ROUND_WITHIN:?}")))?;
    let answers = stage.answers();
    for (user, accepted) in accepted {
        let got = answers.get(&user).map_or(&[][..], Vec::as_slice);
        let lines: usize = got.iter().map(|answer| answer.lines).sum();
        if lines != burst {
            round.unanswered.push(format!("{user} wrote {burst} messages and {lines} were answered"));
        }
        round.split += usize::from(got.len() > 1);
        if let Some(last) = got.iter().max_by_key(|answer| answer.at) {
            round.waits.push(last.at.duration_since(accepted).saturating_sub(last.thought));
            round.answering = round.answering.max(last.at.duration_since(begun));
        }
    }
    Ok(round)
}

impl Round {
    /// How many of so many webhooks were taken in a second.
    fn rate(&self, webhooks: usize) -> u64 {
        per_second(webhooks, self.accepting)
    }
}

/// What did not hold in these rounds, in the last of which so many conversations were worked on at once.
fn judge(options: &Options, webhooks: usize, (rounds, at_once): (&[Round], usize), report: &mut Report) {
    let at_least = options.at_least;
    for (round, number) in rounds.iter().zip(1..) {
        round.unanswered.iter().for_each(|burst| report.broken(format!("round {number}: {burst}")));
        let rate = round.rate(webhooks);
        // In the last round the door shares its processors with a thousand conversations, as it never does on Lambda.
        if number <= options.rounds && rate < at_least {
            report.broken(format!("round {number}: {rate} webhooks a second were taken; {at_least} must be"));
        }
    }
    report.figure("conversations worked on at the same moment", at_once, "");
    if at_once < options.users {
        let users = options.users;
        report.broken(format!("{at_once} of {users} conversations were worked on at the same moment"));
    }
}

fn per_second(webhooks: usize, time: Duration) -> u64 {
    u64::try_from(webhooks as u128 * 1_000_000 / time.as_micros().max(1)).unwrap_or(u64::MAX)
}

fn figures(options: &Options, burst: usize, rounds: Vec<Round>, report: &mut Report) {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let (webhooks, all_webhooks) = (options.users * burst, options.users * burst * rounds.len());
    let all: Duration = rounds.iter().map(|round| round.accepting).sum();
    let fewest = rounds.iter().map(|round| round.rate(webhooks)).min().unwrap_or_default();
    let slowest = rounds.iter().map(|round| round.answering).max().unwrap_or_default();
    let split: usize = rounds.iter().map(|round| round.split).sum();
    let mut waits: Vec<_> = rounds.into_iter().flat_map(|round| round.waits).collect();
    waits.sort_unstable();
    let part = |percent: usize| waits.get(waits.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default();
    report.figure("rounds", options.rounds, "");
    report.figure("webhooks of a round", webhooks, "");
    report.figure("webhooks accepted", per_second(all_webhooks, all), "per second");
    report.figure("webhooks accepted in the slowest round", fewest, "per second");
    report.figure("webhooks that must be accepted", options.at_least, "per second");
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
        report.broken(format!("memory grew by {growth} KiB from round to round"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: Options = Options { webhooks: 5_000, users: 1_000, rounds: 2, ai: 50, at_least: 5_000 };

    fn broken(rounds: &[Round], at_once: usize) -> String {
        let mut report = Report::default();
        judge(&OPTIONS, OPTIONS.webhooks, (rounds, at_once), &mut report);
        report.broken_promises().join("\n")
    }

    fn taken_within(accepting: Duration) -> Round {
        Round { accepting, ..Round::default() }
    }

    #[test]
    fn rounds_that_are_fast_enough_with_everybody_at_once_are_well() {
        assert_eq!(broken(&[taken_within(Duration::from_secs(1))], 1_000), "");
    }

    #[test]
    fn a_slow_round_a_conversation_that_had_to_wait_and_a_burst_without_its_answer_are_found() {
        let (fast, slow) = (Duration::from_secs(1), Duration::from_millis(1_001));
        let with_a_crowd = [fast, slow, slow].map(taken_within);
        assert_eq!(broken(&with_a_crowd, 1_000), "round 2: 4995 webhooks a second were taken; 5000 must be");
        let waited = broken(&[taken_within(fast)], 999);
        assert_eq!(waited, "999 of 1000 conversations were worked on at the same moment");
        let unanswered = Round { unanswered: vec!["user-1 wrote 5 messages".to_owned()], ..taken_within(fast) };
        assert_eq!(broken(&[unanswered], 1_000), "round 1: user-1 wrote 5 messages");
    }

    #[test]
    fn memory_that_grows_from_the_second_round_to_the_last_is_found() {
        let grows_to = |last: u64| {
            let looks = [1_000, 30_000, 30_100, 30_000 + last].map(|resident| Memory { resident, peak: 50_000 });
            let mut report = Report::default();
            memory(&looks, &mut report);
            report.broken_promises().len()
        };
        assert_eq!((grows_to(MOST_GROWTH), grows_to(MOST_GROWTH + 1)), (0, 1));
    }
}
