//! The time of day, on tokio's clock: a test that pauses or advances that clock moves this one too.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Turns instants into times of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    started: Instant,
    since_epoch: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { started: Instant::now(), since_epoch }
    }

    /// Time since the Unix epoch at `instant`, which is not before the clock's start.
    pub(crate) fn since_epoch(&self, instant: Instant) -> Duration {
        self.since_epoch + instant.saturating_duration_since(self.started)
    }

    pub(crate) fn now(&self) -> Duration {
        self.since_epoch(Instant::now())
    }
}
