//! SQS standard queues: visibility, receive counts, delays, retention and dead letters.

mod handle;
mod message_body;
mod operations;
mod queue;
mod queues;

pub use handle::{Queue, QueueSettings, QueuedMessage};
pub(crate) use queue::{Delivery, TakeUpTo};
pub(crate) use queues::Queues;
