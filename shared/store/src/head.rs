//! The head of a conversation: the one small item on which every decision hangs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use models::{ConversationKey, MessageId, Spent, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rows::ROW_LIFE;

/// Settled ids a head remembers; an older id may leave only after its message row says so.
pub const REMEMBERED: usize = 24;
/// Unsettled messages a conversation may hold; a flood beyond it would make every write dear.
pub const MOST_PENDING: usize = 50;
/// Messages one turn answers at most: no more than the head remembers, so that settling never forgets its own.
pub const MOST_COVERED: usize = REMEMBERED;
/// How long a head outlives its last write.
pub const HEAD_LIFE: Duration = Duration::from_hours(1080);
/// How long a sign outlives its last write. It is looked at while its user writes, and written again before it would end
/// sooner than the conversation it leads to.
pub const SIGN_LIFE: Duration = Duration::from_hours(1440);
/// How long the head of a forgotten user stays, empty, so that no run of before takes a new conversation for its own.
/// Longer than a message of before may lie in a queue: what comes back from the dead letters still meets it.
pub const TOMBSTONE_LIFE: Duration = ROW_LIFE;
/// When the head of somebody who opted out expires: in the year 9999.
pub const NEVER: Timestamp = Timestamp::from_seconds(253_402_300_799);

/// The state of one conversation. Only [`crate::HeadWrite`]s change it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Who answers.
    pub owner: Owner,
    /// Door time of the last change of owner, also of one that left the owner as it was.
    pub owner_since: Option<Timestamp>,
    /// Since when a person has owned the conversation without a break.
    #[serde(default)]
    pub person_since: Option<Timestamp>,
    /// When the user wrote the last message that was filed, answered or not: from then WhatsApp's window counts, however late
    /// it reached the door.
    #[serde(default)]
    pub heard: Option<Timestamp>,
    /// The user wants to hear nothing from the bot.
    #[serde(default)]
    pub opted_out: bool,
    /// The turns the user has had lately.
    #[serde(default)]
    pub spent: Spent,
    /// The user was forgotten: what had reached the door by then stays forgotten.
    #[serde(default)]
    pub erased_at: Option<Timestamp>,
    /// When that was done; unknown where a version before this attribute did it. Runs of before may leave drafts for as long
    /// as one run takes.
    #[serde(default)]
    pub buried_at: Option<Timestamp>,
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

/// In whose name a turn speaks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Voice {
    /// The bot's: nothing of it begins while a person owns the conversation.
    #[default]
    Bot,
    /// A person's, or the desk's: whoever owns the conversation.
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
    /// In whose name it speaks.
    #[serde(default)]
    pub voice: Voice,
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

    /// Whether the user was forgotten after a message had arrived at `arrival`.
    pub fn forgot(&self, arrival: Timestamp) -> bool {
        self.erased_at.is_some_and(|erased| arrival <= erased)
    }

    /// What is left of a head when its user is forgotten at `at`: enough to keep old runs and old
    /// messages out, and to find the user's other keys once more.
    #[must_use]
    pub fn tombstone(&self, at: Timestamp, now: Timestamp) -> Self {
        let expires_at = Timestamp::from_seconds((now + TOMBSTONE_LIFE).seconds());
        let decided_since = self.owner_since > Some(at);
        Self {
            // What was decided about the owner after the erasure's door time is about a new conversation.
            owner: if decided_since { self.owner } else { Owner::Bot },
            owner_since: self.owner_since.filter(|_| decided_since),
            person_since: self.person_since.filter(|_| decided_since),
            // Whoever has written since may be written to.
            heard: self.heard.filter(|heard| *heard > at),
            epoch: self.epoch + 1,
            // A part of these may be on its way: what arrived after the erasure's door time must not be answered anew.
            done: self.turn.as_ref().map_or_else(|| self.done.clone(), |turn| self.done_after(&turn.covers).0),
            erased_at: self.erased_at.max(Some(at)),
            buried_at: Some(now),
            adopted_by: self.adopted_by.clone(),
            moved_to: self.moved_to.clone(),
            expires_at,
            ..Self::default()
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn ids(numbers: std::ops::Range<usize>) -> Vec<MessageId> {
        numbers.map(|number| MessageId::stored(format!("m{number}"))).collect()
    }

    /// Messages that arrived and are due at these seconds, in the order of filing; their ids are in another order.
    fn waiting(messages: &[(u64, u64)]) -> Head {
        let mut head = Head::default();
        for (sequence, (arrival, due)) in (1..).zip(messages) {
            let pending = Pending { sequence, due: at(*due), arrival: at(*arrival) };
            head.pending.insert(MessageId::stored(format!("m{:03}", 500 - sequence)), pending);
        }
        head
    }

    fn sending(retry_at: Option<Timestamp>) -> OpenTurn {
        OpenTurn {
            key: TurnKey { number: 1, epoch: 1 },
            voice: Voice::Bot,
            state: SendState::Ready,
            part: 1,
            parts: 1,
            copies: 0,
            covers: ids(0..1),
            retry_at,
        }
    }

    #[test]
    fn a_burst_is_due_with_its_newest_message_but_no_later_than_the_cap_allows() {
        let cap = Duration::from_secs(12);
        for (messages, due) in [
            (vec![], None),
            (vec![(100, 103)], Some(103)),
            (vec![(100, 103), (102, 105)], Some(105)),
            (vec![(100, 108), (102, 103)], Some(103)),
            (vec![(100, 103), (111, 114)], Some(112)),
            (vec![(105, 108), (100, 103), (111, 114)], Some(112)),
        ] {
            assert_eq!(waiting(&messages).due(cap), due.map(at), "{messages:?}");
        }
    }

    #[test]
    fn a_lease_holds_to_its_last_moment() {
        let head = Head { lease_until: NOW, ..Head::default() };
        assert!(head.leased(NOW) && head.leased(at(999)) && !head.leased(at(1_001)));
    }

    #[test]
    fn a_run_that_neither_settled_nor_gave_back_makes_its_conversation_suspect() {
        for (attempts, lease_until, suspect) in
            [(0, Timestamp::EPOCH, false), (1, Timestamp::EPOCH, false), (0, NOW, false), (1, NOW, true)]
        {
            let head = Head { lease_until, attempts, ..Head::default() };
            assert_eq!(head.suspect(), suspect, "{attempts} {lease_until:?}");
        }
    }

    #[test]
    fn a_refused_turn_waits_until_its_moment_has_come() {
        for (retry_at, waits) in [(None, false), (Some(999), false), (Some(1_000), false), (Some(1_001), true)] {
            let head = Head { turn: Some(sending(retry_at.map(at))), ..Head::default() };
            assert_eq!(head.retry_at(NOW), retry_at.map(at).filter(|_| waits), "{retry_at:?}");
        }
        assert_eq!(Head::default().retry_at(NOW), None);
    }

    #[test]
    fn a_turn_covers_the_first_messages_in_the_order_of_filing() {
        let head = waiting(&[(1, 1); MOST_COVERED + 3]);
        let expected: Vec<_> = (1..=MOST_COVERED).map(|n| MessageId::stored(format!("m{:03}", 500 - n))).collect();
        assert_eq!(head.next_covers(), expected);
    }

    #[test]
    fn what_was_settled_is_remembered_and_the_oldest_is_pushed_out() {
        let head = Head { done: ids(0..REMEMBERED), ..Head::default() };
        assert!(head.settled(&ids(0..1)[0]) && !head.settled(&ids(99..100)[0]));
        assert_eq!(Head::default().done_after(&ids(0..2)), (ids(0..2), vec![]));
        assert_eq!(head.done_after(&[]), (ids(0..REMEMBERED), vec![]));
        assert_eq!(head.done_after(&ids(0..3)), (ids(0..REMEMBERED), vec![]), "what is known is not counted twice");
        let (kept, forgotten) = head.done_after(&ids(REMEMBERED - 1..REMEMBERED + 2));
        assert_eq!((kept, forgotten), (ids(2..REMEMBERED + 2), ids(0..2)));
    }

    #[test]
    fn of_a_forgotten_user_a_head_keeps_what_keeps_the_past_out_and_nothing_else() {
        let (newer, older) = (ConversationKey::parse("user:42"), ConversationKey::parse("alias:phone:+1555"));
        let mut head = waiting(&[(1, 1), (2, 2)]);
        head.done = ids(5..8);
        head.turn = Some(sending(None));
        (head.epoch, head.sequence, head.opted_out, head.heard) = (4, 9, true, Some(at(50)));
        (head.adopted_by, head.moved_to) = (newer.clone(), older.clone());
        head.run = Some(RunToken("r1".to_owned()));
        let tombstone = head.tombstone(at(50), NOW);
        let expected = Head {
            epoch: 5,
            done: [ids(5..8), ids(0..1)].concat(),
            erased_at: Some(at(50)),
            buried_at: Some(NOW),
            adopted_by: newer,
            moved_to: older,
            expires_at: NOW + TOMBSTONE_LIFE,
            ..Head::default()
        };
        assert_eq!(tombstone, expected);
        assert_eq!(head.tombstone(at(49), NOW).heard, Some(at(50)), "they have written since");
        assert_eq!(tombstone.tombstone(at(40), NOW).erased_at, Some(at(50)), "an older wish forgets nothing newer");
        assert!(tombstone.forgot(at(50)) && !tombstone.forgot(at(51)) && !Head::default().forgot(at(0)));
    }

    #[test]
    fn a_run_token_says_that_it_is_one() {
        assert_eq!(format!("{:?}", RunToken("r1".to_owned())), "run r1");
    }
}
