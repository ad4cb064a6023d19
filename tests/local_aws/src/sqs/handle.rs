//! A queue in the hands of a test.

use std::sync::Arc;
use std::time::Duration;

use crate::dispatch::Cloud;
use crate::sqs::queue::Stored;

/// How a queue behaves. The default is AWS's: 30 seconds of visibility, 4 days of retention, no delay, no dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// For how long a received message is hidden from others.
    pub visibility: Duration,
    /// For how long a message that was just sent is hidden.
    pub delay: Duration,
    /// After what time, from its sending, a message is forgotten.
    pub retention: Duration,
    /// The name of the dead-letter queue, and after how many receives a message goes there.
    pub dead_letters: Option<(String, u32)>,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(30),
            delay: Duration::ZERO,
            retention: Duration::from_hours(4 * 24),
            dead_letters: None,
        }
    }
}

/// One queue of the server, as a test sees it.
#[derive(Debug, Clone)]
pub struct Queue {
    pub(crate) name: String,
    pub(crate) cloud: Arc<Cloud>,
}

/// A message that is in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMessage {
    /// The id that its sender was told.
    pub id: String,
    /// The body, byte for byte.
    pub body: String,
    /// The message group, if its sender named one.
    pub group: Option<String>,
    /// How often it was received.
    pub receives: u32,
    /// How long it stays hidden from now on; zero if it can be received.
    pub hidden_for: Duration,
}

impl Queue {
    /// What clients call the queue.
    pub fn url(&self) -> String {
        self.cloud.queues.url(&self.name)
    }

    /// The queue's ARN, as it stands in events.
    pub fn arn(&self) -> String {
        arn(&self.name)
    }

    /// Everything in the queue, hidden messages too, oldest first.
    pub fn messages(&self) -> Vec<QueuedMessage> {
        let view = |message: &Stored, now: tokio::time::Instant| QueuedMessage {
            id: message.id.clone(),
            body: message.body.clone(),
            group: message.group.clone(),
            receives: message.receives,
            hidden_for: message.visible.saturating_duration_since(now),
        };
        let all = self
            .cloud
            .queues
            .look(&self.name, |queue, now| queue.messages.iter().map(|message| view(message, now)).collect());
        all.unwrap_or_default()
    }

    /// Sends a message without any check and returns its id.
    pub fn send(&self, body: &str) -> String {
        self.cloud.queues.send(&self.name, body, None, None).unwrap_or_default()
    }

    /// Makes a second copy of a message in the queue, to be received at once; says whether there was such a message.
    pub fn duplicate(&self, id: &str) -> bool {
        self.cloud.queues.duplicate(&self.name, id).is_some()
    }
}

/// The ARN of the queue with this name.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:us-east-1:000000000000:{name}")
}
