//! Rate limits: how many calls a workspace has left until its window ends.
//!
//! Braze lets all endpoints without a limit of their own share 250,000 calls an hour, and gives `/users/track` 3,000 in
//! three seconds. Windows begin at multiples of their length: the hour at the clock hour.

use models::Timestamp;

const TRACK: (u64, u64) = (3_000, 3);
const HOUR: u64 = 3_600;

/// The counters of a workspace.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    shared: Pool,
    track: Pool,
}

/// What the `x-ratelimit-*` headers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) limit: u64,
    pub(crate) remaining: u64,
    /// Seconds since the epoch.
    pub(crate) reset: u64,
}

#[derive(Debug, Clone)]
struct Pool {
    limit: u64,
    seconds: u64,
    window: u64,
    used: u64,
}

impl Limits {
    pub(crate) fn new(requests_per_hour: u64) -> Self {
        let pool = |(limit, seconds)| Pool { limit, seconds, window: 0, used: 0 };
        Self { shared: pool((requests_per_hour, HOUR)), track: pool(TRACK) }
    }

    /// Another limit for the shared pool; what was used stays used.
    pub(crate) fn set_requests_per_hour(&mut self, limit: u64) {
        self.shared.limit = limit;
    }

    /// What is left for calls of `path`.
    pub(crate) fn look(&mut self, path: &str, now: Timestamp) -> Allowance {
        self.pool(path).look(now)
    }

    /// Uses up one call; false if none was left.
    pub(crate) fn take(&mut self, path: &str, now: Timestamp) -> bool {
        let pool = self.pool(path);
        let left = pool.look(now).remaining > 0;
        pool.used += u64::from(left);
        left
    }

    fn pool(&mut self, path: &str) -> &mut Pool {
        if path == "/users/track" { &mut self.track } else { &mut self.shared }
    }
}

impl Pool {
    fn look(&mut self, now: Timestamp) -> Allowance {
        let window = now.seconds() / self.seconds;
        if window != self.window {
            (self.window, self.used) = (window, 0);
        }
        let remaining = self.limit.saturating_sub(self.used);
        Allowance { limit: self.limit, remaining, reset: (window + 1) * self.seconds }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_run_out_and_come_back_with_the_clock_hour() {
        let mut limits = Limits::new(2);
        let at = Timestamp::from_seconds;
        assert_eq!(limits.look("/x", at(10)), Allowance { limit: 2, remaining: 2, reset: 3_600 });
        assert_eq!([10, 11, 3_599].map(|s| limits.take("/x", at(s))), [true, true, false]);
        assert_eq!(limits.look("/x", at(3_599)).remaining, 0);
        assert_eq!(limits.look("/users/track", at(3_599)).remaining, 3_000);
        assert!(limits.take("/x", at(3_600)));
        assert_eq!(limits.look("/x", at(3_600)), Allowance { limit: 2, remaining: 1, reset: 7_200 });
    }
}
