//! The time, and how much of it is left.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use models::Timestamp;

/// Tells the time. The rules never ask it: they are told.
pub trait Clock: Send + Sync {
    /// This moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp(SystemTime::now())
    }
}

/// A point of the machine's time as ours.
pub fn timestamp(at: SystemTime) -> Timestamp {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH + since
}

/// The one absolute moment by which an invocation must have answered. Every call's time is derived from it, so that no
/// chain of time-outs can add up to more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    at: Timestamp,
    whole: Duration,
}

impl Deadline {
    /// A deadline at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self { at, whole: Duration::ZERO }
    }

    /// The same, of work that begins at `now`.
    #[must_use]
    pub fn beginning(self, now: Timestamp) -> Self {
        Self { whole: self.left(now, Duration::ZERO), ..self }
    }

    /// How long the work may take in all, if it is known when it began. Another invocation may take as long.
    pub fn whole(self) -> Duration {
        self.whole
    }

    /// The moment itself.
    pub fn moment(self) -> Timestamp {
        self.at
    }

    /// What is left at `now` when `reserve` must remain for what comes after.
    pub fn left(self, now: Timestamp, reserve: Duration) -> Duration {
        self.at.since(now).saturating_sub(reserve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_shrinks_to_nothing_and_no_further() {
        let deadline = Deadline::at(Timestamp::from_seconds(60));
        let left = |now, reserve| deadline.left(Timestamp::from_seconds(now), Duration::from_secs(reserve));
        assert_eq!(left(10, 20), Duration::from_secs(30));
        assert_eq!(left(50, 20), Duration::ZERO);
        assert_eq!(left(70, 0), Duration::ZERO);
        let begun = deadline.beginning(Timestamp::from_seconds(10));
        assert_eq!((begun.moment(), begun.whole()), (deadline.moment(), Duration::from_secs(50)));
    }
}
