//! `growth`: a release binary is invoked a hundred thousand times, and does not grow.

mod ingest;
mod responder;

use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use local_aws::{Function, LocalAws};
use serde_json::Value;

use crate::binaries::Binaries;
use crate::memory::Memory;
use crate::{Report, Unfit};

pub use ingest::Ingest;
pub use responder::Responder;

/// Invoke each release binary many times, and see whether its memory stays what it was.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How often each function is invoked.
    #[arg(long, default_value_t = 100_000)]
    pub invocations: usize,
    /// Only this function.
    #[arg(long, value_enum)]
    pub only: Option<Only>,
}

/// One of the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// The door.
    Ingest,
    /// The actor.
    Responder,
}

/// How long one invocation may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// When memory is looked at, in percent of all invocations. The first look is after the warm-up.
const LOOKS: [usize; 5] = [1, 25, 50, 75, 100];

/// What a function needs around it, and what it is invoked with.
pub trait Subject {
    /// The function's name.
    const NAME: &'static str;
    /// KiB by which it may grow between the first look and the last.
    const MOST_GROWTH: u64;

    /// The AWS that it uses.
    fn aws(&self) -> &LocalAws;
    /// What its environment says beside that.
    fn settings(&self) -> Vec<(&'static str, String)>;
    /// The event of the invocation with this number.
    fn event(&self, number: usize) -> Value;
    /// What is wrong with a response, if anything.
    fn mistake(&self, number: usize, response: &Value) -> Option<String>;
    /// Takes away what so many invocations have left in the stand-ins; what is wrong with it, if anything.
    fn clean(&self, invocations: usize) -> impl Future<Output = Option<String>>;

    /// The whole environment of its process.
    fn environment(&self) -> Vec<(String, String)> {
        let settings = self.settings().into_iter().map(|(name, value)| (name.to_owned(), value));
        self.aws().environment().into_iter().chain(settings).collect()
    }
}

/// After so many invocations what they left is taken away, so that no stand-in becomes slow.
const CLEAN_EVERY: usize = 1_000;

/// The name of somebody who was not there before. It is long, so that whoever keeps it grows, though nothing else be kept.
fn stranger(number: usize) -> String {
    format!("stranger-{number:0>300}")
}

/// Runs it and says what it found. `progress` gets a line now and then.
pub async fn run(options: &Options, progress: impl Fn(String)) -> Result<Report, Unfit> {
    let binaries =
        tokio::task::spawn_blocking(Binaries::built).await.map_err(|error| Unfit::new(error.to_string()))??;
    let mut report = Report::default();
    if options.only != Some(Only::Responder) {
        let subject = Ingest::surroundings().await.among_strangers();
        measure(&subject, binaries.ingest, options.invocations, &mut report, &progress).await?;
    }
    if options.only != Some(Only::Ingest) {
        let subject = Responder::surroundings().await?.among_strangers(options.invocations)?;
        measure(&subject, binaries.responder, options.invocations, &mut report, &progress).await?;
    }
    Ok(report)
}

async fn measure<S: Subject>(
    subject: &S,
    binary: PathBuf,
    invocations: usize,
    report: &mut Report,
    progress: &impl Fn(String),
) -> Result<(), Unfit> {
    let function = Function::start(binary, subject.environment()).await;
    let function = function.map_err(|error| Unfit::new(error.to_string()))?;
    let (mut times, mut looks) = (Vec::with_capacity(invocations), Vec::new());
    for number in 1..=invocations {
        let event = subject.event(number);
        let begun = Instant::now();
        let response = function.invoke(event, TIMEOUT).await;
        times.push(begun.elapsed());
        let response = response.map_err(|error| Unfit::new(format!("{}: {error}", S::NAME)))?;
        let mut mistake = subject.mistake(number, &response);
        if number % CLEAN_EVERY == 0 || number == invocations {
            mistake = mistake.or(subject.clean((number - 1) % CLEAN_EVERY + 1).await);
        }
        if let Some(mistake) = mistake {
            return Err(Unfit::new(format!("{}, invocation {number}: {mistake}", S::NAME)));
        }
        if let Some(percent) = LOOKS.into_iter().find(|percent| (invocations * percent).div_ceil(100) == number) {
            let memory = function.process_id().and_then(Memory::of);
            let memory =
                memory.ok_or_else(|| Unfit::new("the memory of a process cannot be read; this needs Linux"))?;
            progress(format!("{}: {number} of {invocations}, {} KiB", S::NAME, memory.resident));
            report.figure(format!("{}: resident memory at {percent} %", S::NAME), memory.resident, "KiB");
            looks.push(memory);
        }
    }
    judge::<S>(&looks, times, report);
    Ok(())
}

fn judge<S: Subject>(looks: &[Memory], mut times: Vec<Duration>, report: &mut Report) {
    let name = S::NAME;
    let [first, .., last] = looks else { return };
    let growth = last.resident.saturating_sub(first.resident);
    report.figure(format!("{name}: growth after the warm-up"), growth, "KiB");
    report.figure(format!("{name}: growth that is allowed"), S::MOST_GROWTH, "KiB");
    report.figure(format!("{name}: most memory ever"), last.peak, "KiB");
    times.sort_unstable();
    let all = times.len();
    for (part, index) in [("p50", all / 2), ("p99", all * 99 / 100)] {
        let micros = times.get(index).map_or(0, |time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
        report.figure(format!("{name}: {part} of an invocation"), micros, "µs");
    }
    report.figure(format!("{name}: invocations"), all, "");
    if growth > S::MOST_GROWTH {
        report.broken(format!("{name} grew by {growth} KiB in {all} invocations; {} are allowed", S::MOST_GROWTH));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// As many as `.ci/run` invokes each function.
    const FEW: usize = 3_000;

    /// What is broken where a function keeps so much, in KiB.
    fn broken(kept: u64) -> Vec<String> {
        let looks = [0, kept / 2, kept].map(|kept| Memory { resident: 10_000 + kept, peak: 20_000 });
        let mut report = Report::default();
        judge::<Responder>(&looks, vec![Duration::from_millis(1); FEW], &mut report);
        report.broken_promises().to_vec()
    }

    /// The users that the events of a run are about.
    fn users<S: Subject>(subject: &S, name: impl Fn(Value) -> Option<String>) -> Vec<String> {
        (1..=FEW).filter_map(|number| name(subject.event(number))).collect()
    }

    fn text(json: &str, name: &str) -> Option<String> {
        let json: Value = serde_json::from_str(json).ok()?;
        Some(json[name].as_str()?.to_owned())
    }

    fn is_seen_if_kept(users: &[String]) {
        let kept: HashSet<_> = users.iter().collect();
        let bytes: usize = kept.iter().map(|name| name.len()).sum();
        assert_eq!(broken(u64::try_from(bytes >> 10).unwrap()).len(), 1, "{} users", kept.len());
    }

    #[test]
    fn what_stays_as_it_is_may_and_what_grows_may_not() {
        assert_eq!(broken(0), [""; 0]);
        assert_eq!(broken(Responder::MOST_GROWTH), [""; 0]);
        assert_eq!(broken(Responder::MOST_GROWTH + 1).len(), 1);
    }

    #[tokio::test]
    async fn a_door_that_kept_the_name_of_everybody_would_be_seen() {
        let door = Ingest::surroundings().await.among_strangers();
        is_seen_if_kept(&users(&door, |event| text(event["body"].as_str()?, "user_id")));
    }

    #[tokio::test]
    async fn an_actor_that_kept_the_name_of_everybody_would_be_seen() {
        let actor = Responder::surroundings().await.unwrap().among_strangers(FEW).unwrap();
        let name = |event: Value| {
            let message: Value = serde_json::from_str(event["Records"][0]["body"].as_str()?).ok()?;
            Some(message["identity"].to_string())
        };
        is_seen_if_kept(&users(&actor, name));
    }
}
