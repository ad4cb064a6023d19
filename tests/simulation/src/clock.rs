//! Tokio's time as a clock: it stands still until everybody waits, then jumps.

use std::sync::Arc;
use std::time::Duration;

use models::Timestamp;
use platform::clock::Clock;
use tokio::time::Instant;

/// When every world begins.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Starts at a fixed day.
pub struct VirtualClock(Instant);

impl Default for VirtualClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        BEGINNING + self.0.elapsed()
    }
}

/// A clock that is wrong.
pub(crate) struct Ahead(pub(crate) Arc<VirtualClock>, pub(crate) Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }
}
