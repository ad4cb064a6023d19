#![doc = include_str!("../README.md")]

mod client;
mod outcome;
mod request;

use std::time::Duration;

use async_trait::async_trait;
use models::Reply;

pub use client::{Client, OnServerError};
pub use outcome::{Outcome, Refusal, outcome};

/// A channel that carries one part of a reply to one person.
#[async_trait]
pub trait Messaging: Send + Sync {
    /// Sends `reply` once and says which of the three things happened. Takes no longer than `time`.
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome;
}
