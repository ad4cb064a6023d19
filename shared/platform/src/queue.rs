//! The two sides of a queue: handing a message over, and choosing when one that was received comes back.

use std::time::Duration;

use async_trait::async_trait;

/// The most a message may be put off.
pub const LONGEST_DELAY: Duration = Duration::from_hours(12);

/// A queue that takes messages.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Hands `body` over; once this returns, the message is safe.
    async fn send(&self, body: String) -> Result<(), QueueError>;
}

/// The queue a received message belongs to: each message is its own timer.
#[async_trait]
pub trait Timer: Send + Sync {
    /// Lets the message that `receipt` names come back after `delay`, in whole seconds rounded up, at most 12 hours.
    async fn come_back(&self, receipt: &str, delay: Duration) -> Result<(), QueueError>;
}

/// The queue did not do what it was asked; for a message handed over it is not known whether it has it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the queue failed: {reason}")]
pub struct QueueError {
    /// The kind of failure, in the queue's words for kinds.
    pub reason: String,
}

/// `delay` in whole seconds as a queue counts them: rounded up, because a message that comes back early is looked at once
/// more for nothing.
pub fn whole_seconds(delay: Duration) -> i32 {
    let delay = delay.min(LONGEST_DELAY);
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    i32::try_from(seconds).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_rounded_up_and_bounded() {
        for (millis, seconds) in [(0, 0), (1, 1), (1_000, 1), (1_001, 2), (u64::MAX, 43_200)] {
            assert_eq!(whole_seconds(Duration::from_millis(millis)), seconds);
        }
    }
}
