//! How a turn or a delivery ended, as one line of the log tells it: what an operator's queries look for.

use conversation::decide::Silence;
use models::Timestamp;
use store::{Said, TurnKind, TurnRow};

use crate::Responder;
use crate::agenda::Agenda;
use crate::attend::{Conversation, Delivery, Verdict};

/// Why nothing is said to the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Every message is a copy of another one, or a keyword that Braze answers.
    NothingNew,
    /// The user has opted out.
    OptedOut,
    /// The user has had as many turns as anybody gets.
    OverBudget,
    /// The same words came again and again.
    Loop,
    /// The user wants silence, or no silence any more; that is remembered.
    Wish,
    /// A flow was not started.
    FlowNotStarted,
    /// An agent's words came too late to be sent.
    WindowClosed,
}

/// How a turn ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As a turn of this kind ends that was sent.
    Sent(TurnKind),
    /// It was sent, and nobody knows whether it arrived.
    Flagged,
    /// A part of it was sent.
    Cut,
    /// The desk was told.
    Forwarded,
    /// A person took over, the window closed, or the user wished for silence before anything was sent: the messages are pending
    /// again.
    Withdrawn,
    /// Nothing was said.
    Silent(Cause),
}

/// The messages of a turn, as the log tells them.
pub(crate) struct Messages {
    /// The ids that follow them through the logs, with spaces between them.
    pub(crate) log_ids: String,
    /// When the first of them reached the door.
    pub(crate) since: Option<Timestamp>,
}

impl Responder {
    /// Writes the line by which it can be told of each message how it ended and how long that took.
    pub(crate) fn tell_end(&self, conversation: &Conversation<'_>, messages: &Messages, end: End) {
        let Messages { log_ids, since } = messages;
        let waited_ms = since.map(|since| millis(since, self.clock.now()));
        let cause = match end {
            End::Silent(cause) => Some(tracing::field::debug(cause)),
            _ => None,
        };
        tracing::info!(log_id = conversation.log_id, log_ids, end = end.word(), cause, waited_ms, "a turn is over");
    }
}

/// Writes down where each message is now: over with, if only as a copy of another one, or back in its queue.
pub(crate) fn tell_deliveries(deliveries: &[Delivery], verdicts: &[Verdict]) {
    for (Delivery { receives, message, .. }, verdict) in deliveries.iter().zip(verdicts) {
        let log_id = &message.log_id;
        match verdict {
            Verdict::Settled => tracing::info!(log_id, receives, "a delivery is over"),
            Verdict::ComesBack(after) => {
                tracing::info!(log_id, receives, after_seconds = after.as_secs(), "a delivery comes back");
            }
            Verdict::Alone => {}
        }
    }
}

impl End {
    fn word(self) -> &'static str {
        match self {
            Self::Sent(TurnKind::HandOff(_)) => "handed_off",
            Self::Sent(TurnKind::Agent) => "by_agent",
            Self::Sent(TurnKind::DeskDown) => "desk_down",
            Self::Sent(TurnKind::Moment) => "moment",
            Self::Sent(TurnKind::Begun) => "begun",
            Self::Sent(TurnKind::Waiting(_)) => "waiting",
            Self::Sent(TurnKind::Forwarded) | Self::Forwarded => "forwarded",
            Self::Sent(TurnKind::Answer | TurnKind::OptIn | TurnKind::Heeded) => "answered",
            Self::Flagged => "flagged",
            Self::Cut => "cut",
            Self::Withdrawn => "withdrawn",
            Self::Silent(_) => "silent",
        }
    }
}

impl Messages {
    pub(crate) fn of(agenda: &Agenda) -> Self {
        Self { log_ids: agenda.log_ids().join(" "), since: first(&agenda.said) }
    }

    pub(crate) fn of_row(row: &TurnRow) -> Self {
        Self { log_ids: row.log_ids.join(" "), since: first(&row.said) }
    }
}

impl From<Silence> for Cause {
    fn from(silence: Silence) -> Self {
        match silence {
            Silence::NothingNew => Self::NothingNew,
            Silence::OptedOut => Self::OptedOut,
            Silence::OverBudget => Self::OverBudget,
            Silence::Loop => Self::Loop,
        }
    }
}

/// Milliseconds from `earlier` until `now`.
pub(crate) fn millis(earlier: Timestamp, now: Timestamp) -> u64 {
    now.millis().saturating_sub(earlier.millis())
}

fn first(said: &[Said]) -> Option<Timestamp> {
    said.iter().map(|said| said.arrival).min()
}
