#![doc = include_str!("../README.md")]

mod address;
pub mod chatwoot;
mod delivery;
mod event;
mod webhook;

use std::time::Duration;

use async_trait::async_trait;

pub use address::BadAddress;
pub use chatwoot::{Chatwoot, FromDesk};
pub use event::{DeskEvent, Line, NotSent, ReleasedBy, Speaker, What};
pub use webhook::Webhook;

/// An agent desk: where people answer instead of the bot.
#[async_trait]
pub trait Desk: Send + Sync {
    /// A short name for logs and metrics.
    fn name(&self) -> &'static str;

    /// Tells the desk `event`, or fails before `within` is over. Tries once: when to try again is the caller's decision,
    /// and so is the order, as the desk shows events in the order in which they were delivered.
    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError>;
}

/// The desk does not have the event, as far as is known. Says what kind of failure, never a word of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeskError {
    /// Not reachable, overloaded or broken on its side. It may have got the event all the same.
    #[error("the desk is unavailable (status {status:?}); the event is kept and delivered again under the same id")]
    Unavailable {
        /// The HTTP status, if there was one.
        status: Option<u16>,
    },
    /// It will not take this event, now or later, for what it says; others it may.
    #[error("the desk refuses this event for good (status {status}); others are told")]
    Rejected {
        /// The HTTP status.
        status: u16,
    },
    /// It understood and refused: the address, the key or the settings are wrong, and trying again does not help before
    /// somebody has changed them.
    #[error("the desk refused the event (status {status}); check the desk's address, key and settings")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// No whole answer within the time it had. It may have got the event all the same.
    #[error("the desk did not answer in time; the event is kept and delivered again under the same id")]
    TimedOut,
}
