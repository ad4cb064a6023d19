//! What the whole deployment has asked of its AI in a day: one number in the table.

use std::time::Duration;

use async_trait::async_trait;
use models::Timestamp;

use crate::StoreError;

/// The partition that it stands in: no conversation's key is like it.
pub(crate) const PARTITION: &str = "deployment";
/// How long a day's number is kept.
pub(crate) const LIFE: Duration = Duration::from_hours(72);
const SECONDS_PER_DAY: u64 = 86_400;

/// Counts over all processes of a deployment.
#[async_trait]
pub trait Tally: Send + Sync {
    /// Adds `questions` to those of the day in UTC that `now` is in, and says how many there are then. A call whose answer is
    /// lost may have added them.
    async fn add(&self, questions: u64, now: Timestamp) -> Result<u64, StoreError>;
}

/// The day in UTC that `at` is in, counted from 1970-01-01.
pub fn day(at: Timestamp) -> u64 {
    at.seconds() / SECONDS_PER_DAY
}

/// The sort key of a day's number.
pub(crate) fn sort(at: Timestamp) -> String {
    format!("questions#{}", day(at))
}
