//! One queue's messages and their states. Pure: the moment is an argument.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::time::Instant;

use crate::refusal::Refusal;
use crate::sqs::QueueSettings;

/// The longest a message can stay invisible after one receive: 12 hours.
pub(super) const MOST_INVISIBLE: Duration = Duration::from_hours(12);

/// A message as the queue keeps it.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) group: Option<String>,
    pub(super) sent: Instant,
    pub(super) first_received: Option<Instant>,
    pub(super) last_received: Option<Instant>,
    pub(super) receives: u32,
    pub(super) visible: Instant,
    /// The queue it was a dead letter of.
    pub(super) died_in: Option<String>,
    /// Tells copies of the same message apart, and which came first.
    pub(super) copy: u64,
}

impl Stored {
    pub(super) fn is_visible(&self, now: Instant) -> bool {
        self.visible <= now
    }

    pub(super) fn is_in_flight(&self, now: Instant) -> bool {
        self.last_received.is_some() && !self.is_visible(now)
    }

    fn hand_out(&mut self, queue: &str, visibility: Duration, now: Instant) -> Delivery {
        self.receives += 1;
        self.first_received.get_or_insert(now);
        self.last_received = Some(now);
        self.visible = now + visibility;
        let receipt = Receipt { queue: queue.to_owned(), copy: self.copy, receives: self.receives }.to_text();
        Delivery { message: self.clone(), receipt }
    }
}

/// A message in a consumer's hands.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(super) message: Stored,
    pub(crate) receipt: String,
}

impl Delivery {
    pub(crate) fn id(&self) -> &str {
        &self.message.id
    }
}

/// How much one receive may take. A single message always fits.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TakeUpTo {
    pub(crate) messages: usize,
    pub(crate) body_bytes: usize,
    /// For how long; the queue's own time if `None`.
    pub(crate) visibility: Option<Duration>,
}

/// One standard queue.
#[derive(Debug)]
pub(super) struct QueueState {
    pub(super) name: String,
    pub(super) settings: QueueSettings,
    pub(super) messages: Vec<Stored>,
}

impl QueueState {
    /// Forgets what is older than the retention period, which runs from the first sending, in a dead-letter queue too.
    pub(super) fn expire(&mut self, now: Instant) {
        let retention = self.settings.retention;
        self.messages.retain(|message| now.saturating_duration_since(message.sent) < retention);
    }

    /// Takes what was received too often out of the queue, to become dead letters: at the moment it would be received
    /// once more, as on AWS.
    pub(super) fn take_dead(&mut self, now: Instant) -> Vec<Stored> {
        let Some((_, max_receives)) = self.settings.dead_letters else { return Vec::new() };
        let (dead, alive) = std::mem::take(&mut self.messages)
            .into_iter()
            .partition(|message| message.is_visible(now) && message.receives >= max_receives);
        self.messages = alive;
        dead
    }

    /// When the next message that is invisible now becomes visible.
    pub(super) fn next_visible(&self) -> Option<Instant> {
        self.messages.iter().map(|message| message.visible).min()
    }

    /// Hands out what is visible, longest visible first.
    pub(super) fn take(&mut self, up_to: TakeUpTo, now: Instant) -> Vec<Delivery> {
        let visibility = up_to.visibility.unwrap_or(self.settings.visibility);
        let mut visible: Vec<_> = self.messages.iter_mut().filter(|message| message.is_visible(now)).collect();
        visible.sort_by_key(|message| (message.visible, message.copy));
        let mut bytes = 0;
        let fits = |message: &&mut Stored| {
            bytes += message.body.len();
            bytes <= up_to.body_bytes
        };
        let taken = visible.into_iter().take(up_to.messages).take_while(fits);
        taken.map(|message| message.hand_out(&self.name, visibility, now)).collect()
    }

    /// Deletes what the receipt stands for. As on AWS an older receipt of the message deletes nothing, without an error.
    pub(super) fn delete(&mut self, receipt: &str) -> Result<(), Refusal> {
        let receipt = self.receipt(receipt)?;
        self.messages.retain(|message| !receipt.is_for(message));
        Ok(())
    }

    pub(super) fn change_visibility(&mut self, receipt: &str, time: Duration, now: Instant) -> Result<(), Refusal> {
        let held = self.receipt(receipt)?;
        let Some(message) = self.messages.iter_mut().find(|message| held.is_for(message)) else {
            return Err(invalid(format!(
                "Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not \
                 available for visibility timeout change."
            )));
        };
        if message.is_visible(now) {
            return Err(Refusal::new("MessageNotInflight", "The message is not in flight."));
        }
        let so_far = message.last_received.map_or(Duration::ZERO, |received| now - received);
        if so_far + time > MOST_INVISIBLE {
            return Err(invalid(format!(
                "Value {} for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the message \
                 is beyond the limit [43200 seconds].",
                time.as_secs()
            )));
        }
        message.visible = now + time;
        Ok(())
    }

    fn receipt(&self, text: &str) -> Result<Receipt, Refusal> {
        let wrong = || Refusal::new("ReceiptHandleIsInvalid", "The input receipt handle is invalid.");
        Receipt::parse(text).filter(|receipt| receipt.queue == self.name).ok_or_else(wrong)
    }
}

pub(super) fn invalid(message: String) -> Refusal {
    Refusal::new("InvalidParameterValue", message)
}

/// What a receipt handle says, which clients must not know.
struct Receipt {
    queue: String,
    copy: u64,
    receives: u32,
}

impl Receipt {
    fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}/{}/{}", self.queue, self.copy, self.receives))
    }

    fn parse(text: &str) -> Option<Self> {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = plain.split('/');
        let queue = parts.next()?.to_owned();
        Some(Self { queue, copy: parts.next()?.parse().ok()?, receives: parts.next()?.parse().ok()? })
    }

    fn is_for(&self, message: &Stored) -> bool {
        message.copy == self.copy && message.receives == self.receives
    }
}
