//! Instructions, counted by callgrind: the same binary takes the same number, whatever else the machine does.

use std::fs;
use std::path::Path;
use std::time::Duration;

use endurance::Unfit;
use endurance::growth::Subject;
use tokio::process::Command;

use crate::functions::{program, right};

/// Instructions of a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Instructions {
    /// From its start to its first poll.
    pub(crate) start: u64,
    /// Of one warm invocation.
    pub(crate) warm: u64,
}

impl Instructions {
    /// The smaller of two counts each: a busy machine makes a process wait, and waiting takes instructions too.
    pub(crate) fn least(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), warm: self.warm.min(other.warm) }
    }
}

/// Invocations before the count begins: connections are open then, and whatever is made once is made.
const WARM_UP: usize = 3;
/// Invocations that are counted.
const COUNTED: usize = 20;
/// After its first poll, or its last response, a process still has a few instructions to go.
const SETTLE: Duration = Duration::from_millis(300);

/// Whether callgrind can be had; if not, what to do about it.
pub(crate) async fn available() -> Result<(), String> {
    let found = Command::new("valgrind").arg("--version").output().await;
    found.map(drop).map_err(|_| "valgrind is not installed (`apt-get install valgrind`)".to_owned())
}

/// Counts what a function takes to its first poll and in a warm invocation, in the surroundings that `make` makes anew for
/// each of three processes.
pub(crate) async fn count<S: Subject>(
    binary: &Path,
    make: impl AsyncFn() -> Result<S, Unfit>,
) -> Result<Instructions, Unfit> {
    let mut totals = [0; 3];
    for (total, invocations) in totals.iter_mut().zip([0, WARM_UP, WARM_UP + COUNTED]) {
        let subject = make().await?;
        *total = run(binary, &subject, invocations).await?;
    }
    let [start, warmed, done] = totals;
    Ok(Instructions { start, warm: done.saturating_sub(warmed) / COUNTED as u64 })
}

async fn run<S: Subject>(binary: &Path, subject: &S, invocations: usize) -> Result<u64, Unfit> {
    let out = std::env::temp_dir().join(format!("bench-{}-{}-{invocations}.callgrind", std::process::id(), S::NAME));
    let tool = ["valgrind".into(), "--tool=callgrind".into(), format!("--callgrind-out-file={}", out.display()).into()];
    let process = program(binary, subject).start_under(&tool, None).await?;
    for turn in 0..invocations {
        let number = common(turn);
        let (response, _) = process.invoke(&subject.event(number)).await?;
        right(subject, number, &response)?;
    }
    tokio::time::sleep(SETTLE).await;
    process.end().await?;
    let profile = fs::read_to_string(&out);
    // Where it cannot be removed it is left to the system.
    fs::remove_file(&out).ok();
    let profile = profile.map_err(|error| Unfit::new(format!("callgrind wrote nothing: {error}")))?;
    total(&profile).ok_or_else(|| Unfit::new("callgrind's file has no total"))
}

/// The numbers of invocations that are alike: a readable body in the recommended form, a message of its own of a returning
/// user, a text of the same length.
pub(crate) fn common(turn: usize) -> usize {
    1 + 40 * turn
}

/// The line `totals: <instructions>` of callgrind's file ("Callgrind Profile Format").
fn total(profile: &str) -> Option<u64> {
    profile.lines().find_map(|line| line.strip_prefix("totals:"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_callgrinds_file() {
        let profile = "# callgrind format\nevents: Ir\nsummary: 12\n\nfn=(1) main\n0 12\n\ntotals: 1234567\n";
        assert_eq!(total(profile), Some(1_234_567));
        assert_eq!(total("events: Ir\n"), None);
    }
}
