//! The ordinary life of a conversation: bursts, duplicates, long replies, refusals.

mod batches;
mod bursts;
mod failures;
mod flows;
mod forgotten;
mod learned;
mod people;
mod profiles;

use std::time::Duration;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
