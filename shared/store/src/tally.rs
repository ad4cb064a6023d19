//! What the whole deployment has asked of its AI in a day: one small item in the table.

use std::time::Duration;

use async_trait::async_trait;
use models::Timestamp;
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// The partition that it stands in: no conversation's key is like it.
pub(crate) const PARTITION: &str = "deployment";
/// How long a day's number is kept.
pub(crate) const LIFE: Duration = Duration::from_hours(72);
const SECONDS_PER_DAY: u64 = 86_400;

/// What was asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Questions.
    pub questions: u64,
    /// Tokens of questions and answers.
    pub tokens: u64,
}

impl Asked {
    /// Both together.
    #[must_use]
    pub fn and(self, more: Self) -> Self {
        Self {
            questions: self.questions.saturating_add(more.questions),
            tokens: self.tokens.saturating_add(more.tokens),
        }
    }
}

/// Counts over all processes of a deployment.
#[async_trait]
pub trait Tally: Send + Sync {
    /// Adds `asked` to what was asked in the day in UTC that `now` is in, and says what that is then. A call whose answer is
    /// lost may have added it.
    async fn add(&self, asked: Asked, now: Timestamp) -> Result<Asked, StoreError>;
}

/// The day in UTC that `at` is in, counted from 1970-01-01.
pub fn day(at: Timestamp) -> u64 {
    at.seconds() / SECONDS_PER_DAY
}

/// The sort key of a day's number.
pub(crate) fn sort(at: Timestamp) -> String {
    format!("asked#{}", day(at))
}
