//! The head of a conversation: the one small item on which every decision hangs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use models::{ConversationKey, MessageId, Timestamp};
use serde::{Deserialize, Serialize};

/// Settled ids a head remembers; an older id may leave only after its message row says so.
pub const REMEMBERED: usize = 24;
/// Unsettled messages a conversation may hold; a flood beyond it would make every write dear.
pub const MOST_PENDING: usize = 50;
/// Messages one turn answers at most: no more than the head remembers, so that settling never forgets its own.
pub const MOST_COVERED: usize = REMEMBERED;
/// How long a head outlives its last write.
pub const HEAD_LIFE: Duration = Duration::from_hours(1080);

/// The state of one conversation. Only [`crate::HeadWrite`]s change it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Who answers.
    pub owner: Owner,
    /// Door time of the last change of owner.
    pub owner_since: Option<Timestamp>,
    /// Raised by every claim: a holder with an older epoch can write nothing any more.
    pub epoch: u64,
    /// The token of the last claim.
    pub run: Option<RunToken>,
    /// Until when the last claim holds; the epoch's start once released.
    pub lease_until: Timestamp,
    /// Claims since a turn last ended.
    pub attempts: u32,
    /// Counts filings; orders messages.
    pub sequence: u64,
    /// Messages filed and not settled.
    pub pending: BTreeMap<MessageId, Pending>,
    /// The last settled ids, oldest first, at most [`REMEMBERED`].
    pub done: Vec<MessageId>,
    /// Number of the last turn that ended.
    pub last_turn: u64,
    /// A turn that is committed and not settled.
    pub turn: Option<OpenTurn>,
    /// The newer key of the same person that took this conversation over; nobody else may.
    pub adopted_by: Option<ConversationKey>,
    /// Not a conversation but a sign: the same person's conversation has this older key.
    pub moved_to: Option<ConversationKey>,
    /// When the item may be forgotten.
    pub expires_at: Timestamp,
}

/// Who answers a conversation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Owner {
    /// The assistant.
    #[default]
    Bot,
    /// A person at a desk.
    Person,
}

/// A message that waits for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its place in the order of filing.
    pub sequence: u64,
    /// When its own quiet period ends.
    pub due: Timestamp,
    /// When it reached the door.
    pub arrival: Timestamp,
}

/// A committed turn on its way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTurn {
    /// Which row holds its text.
    pub key: TurnKey,
    /// Whether a byte of the current part may be out.
    pub state: SendState,
    /// The current part, from 1.
    pub part: u32,
    /// How many parts there are.
    pub parts: u32,
    /// Copies of the current part that were begun and not refused.
    pub copies: u32,
    /// The messages it answers.
    pub covers: Vec<MessageId>,
    /// Braze refused for now: not before this.
    pub retry_at: Option<Timestamp>,
}

/// Where the current part of a turn stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SendState {
    /// Braze refused it; no copy is out.
    Ready,
    /// A request may have left: whether it was accepted is unknown until recorded.
    Sending,
}

/// The random token of one claim. Whoever finds it in an item knows whose write that was.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunToken(pub String);

impl fmt::Debug for RunToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}", self.0)
    }
}

/// Names the row of one draft: its turn, and the epoch of the run that wrote it, so that a run whose lease is over can
/// only overwrite its own unused draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnKey {
    /// The turn, from 1.
    pub number: u64,
    /// The epoch of its writer.
    pub epoch: u64,
}

/// Proof of a claim: what every later write of its holder is conditional on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The epoch the claim raised.
    pub epoch: u64,
    /// The claim's token.
    pub run: RunToken,
}

impl Head {
    /// The burst's due time: when its newest message is due, but never later than `cap` after its first one.
    /// `None` if nothing is pending.
    pub fn due(&self, cap: Duration) -> Option<Timestamp> {
        let newest = self.pending.values().max_by_key(|pending| pending.sequence)?;
        let first = self.pending.values().map(|pending| pending.arrival).min()?;
        Some(newest.due.min(first + cap))
    }

    /// Whether somebody holds the conversation at `now`.
    pub fn leased(&self, now: Timestamp) -> bool {
        self.lease_until >= now
    }

    /// Whether the last run neither settled nor gave back what it had claimed: whatever ended it may end the next one too.
    pub fn suspect(&self) -> bool {
        self.attempts > 0 && self.lease_until != Timestamp::EPOCH
    }

    /// When Braze allows the committed turn's next try, if that is still to come.
    pub fn retry_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.turn.as_ref().and_then(|turn| turn.retry_at).filter(|at| *at > now)
    }

    /// Whether `id` was settled, as far as the head remembers.
    pub fn settled(&self, id: &MessageId) -> bool {
        self.done.contains(id)
    }

    /// Pending ids in the order of filing, at most as many as one turn covers.
    pub fn next_covers(&self) -> Vec<MessageId> {
        let mut pending: Vec<_> = self.pending.iter().collect();
        pending.sort_by_key(|(_, pending)| pending.sequence);
        pending.into_iter().take(MOST_COVERED).map(|(id, _)| id.clone()).collect()
    }

    /// The remembered ids after settling `covers`, and the ids that this pushes out: their rows must say that they are
    /// settled before the head forgets them.
    pub fn done_after(&self, covers: &[MessageId]) -> (Vec<MessageId>, Vec<MessageId>) {
        let fresh = covers.iter().filter(|id| !self.done.contains(id));
        let mut done: Vec<_> = self.done.iter().chain(fresh).cloned().collect();
        let kept = done.split_off(done.len().saturating_sub(REMEMBERED));
        (kept, done)
    }
}
