//! The rows beside the head: what users said, and what was drafted and answered.

use std::time::Duration;

use models::{
    Attributes, ConversationKey, Event, FlowState, HandOffReason, Identity, MediaKind, Message, MessageId, Personal,
    RouteName, Timestamp, Utterance,
};
use serde::{Deserialize, Serialize};

use crate::head::{Head, TurnKey, Voice};
use crate::head_write::Aftermath;

mod stored;

/// How long a row is kept: longer than Braze's retries, the queues and the dead letters together.
pub const ROW_LIFE: Duration = Duration::from_hours(720);

/// The keys of these people, each once, in the order in which they are first met.
pub(crate) fn keys_of(identities: impl IntoIterator<Item = Identity>) -> Vec<ConversationKey> {
    let mut keys = Vec::new();
    for identity in identities {
        for key in std::iter::once(identity.conversation()).chain(identity.other_conversations()) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    keys
}

/// A user's message as filed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// The message.
    pub message: Message,
    /// Whether it is over with.
    pub state: RowState,
}

impl MessageRow {
    /// Whether it had reached the door by `at`.
    pub(crate) fn is_of_before(&self, at: Timestamp) -> bool {
        self.message.arrival <= at
    }
}

impl TurnRow {
    /// When the first of what happens in it reached the door, the first words of its flow among it: any of that it may tell.
    pub fn began(&self) -> Timestamp {
        let said = self.said.iter().map(|said| said.arrival).chain(self.since).min().unwrap_or(self.at);
        self.flow.as_ref().map_or(said, |flow| flow.since.min(said))
    }

    /// Whether it may tell anything that had reached the door by `at`, whenever it was drafted: what is newer in it was
    /// answered, and is not worth what is older. `buried` is the head that the erasure found: whatever was drafted under it
    /// is history no more, and may hold what a flow was told before, as a value or in a campaign.
    pub(crate) fn is_of_before(&self, at: Timestamp, buried: Option<&Head>) -> bool {
        let began = self.began();
        let told = self.summing.recap().map_or(began, |recap| recap.since.min(began));
        let is_buried = |head: &Head| !head.forgot(at) && self.key.epoch <= head.epoch;
        told <= at || buried.is_some_and(is_buried)
    }
}

/// What became of a message, once the head may have forgotten it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// Look at the head.
    #[default]
    Open,
    /// Settled: a later delivery of it ends here.
    Done,
    /// Given up at this moment: its deliveries go to the dead letters, and it may be tried again from there.
    Parked(Timestamp),
}

/// One turn: the draft before it is sent, the history afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnRow {
    /// Its name.
    pub key: TurnKey,
    /// What happens in it.
    #[serde(flatten, with = "stored::kind")]
    pub kind: TurnKind,
    /// When it was drafted.
    pub at: Timestamp,
    /// The messages it answers, in the order of filing; after them those that had been answered and came once more.
    pub covers: Vec<MessageId>,
    /// The random words that follow those messages through the logs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub log_ids: Vec<String>,
    /// What the user had said in them, duplicates left out.
    pub said: Vec<Said>,
    /// Whom it goes to.
    pub to: Identity,
    /// What it says: as drafted, or what of it was sent if the rest was dropped.
    pub reply: Vec<Utterance>,
    /// What is written to the user's profile with it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// What of `attributes` the user's profile does not say yet, and what else it does not: a wish that was heeded, or who owns
    /// the conversation since an agent wrote.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub unwritten: Attributes,
    /// What Braze has not been told yet of what happened in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Event>,
    /// The route it went by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteName>,
    /// What a person who takes over should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<Personal>,
    /// The flow that waits for an answer after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowState>,
    /// Whether it is one of the bot's own lines.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_line: bool,
    /// When the first of the messages reached the door that it was drafted about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// What became of summing up what was long before it.
    #[serde(flatten, with = "stored::summing")]
    pub summing: Summing,
}

/// What was read of a conversation's newest rows of turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewestRows {
    /// Those that can be read, newest first. They may be fewer than were asked for though there are older ones: what has expired
    /// or cannot be read is among those that were asked for, and not among these.
    pub rows: Vec<TurnRow>,
    /// That no older row lies in the table. It may be `false` where there is none either: a store need not look behind the last
    /// row that it was asked for.
    pub is_all: bool,
}

/// What became of summing up the turns long before one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Summing {
    /// Nobody was asked to after it.
    #[default]
    Untried,
    /// An AI made this of them, after it or long before: it is taken over from row to row. Few rows have one, and the newest that
    /// there is counts.
    Done(Recap),
    /// What an AI made of them after it was nothing that can be kept. What it took over stands.
    InVain(Option<Recap>),
}

impl Summing {
    /// The recap that stands in the row.
    pub fn recap(&self) -> Option<&Recap> {
        match self {
            Self::Untried | Self::InVain(None) => None,
            Self::Done(recap) | Self::InVain(Some(recap)) => Some(recap),
        }
    }

    /// The same after an AI was asked in vain.
    #[must_use]
    pub fn tried(self) -> Self {
        match self {
            Self::Untried => Self::InVain(None),
            Self::Done(recap) => Self::InVain(Some(recap)),
            Self::InVain(recap) => Self::InVain(recap),
        }
    }
}

impl From<Option<Recap>> for Summing {
    fn from(recap: Option<Recap>) -> Self {
        recap.map_or(Self::Untried, Self::Done)
    }
}

/// A conversation's past in an AI's words, which stands for turns that are no longer shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recap {
    /// The number of the last turn that it tells of. It tells of every one before that too, as far as they are not too old.
    pub up_to: u64,
    /// When the first of what it tells of reached the door.
    pub since: Timestamp,
    /// The words. Whatever a user wrote may be in them.
    pub text: Personal,
}

impl Recap {
    /// Whether it tells of something that is longer ago than any row is kept: then nobody may read it any more.
    pub fn is_too_old(&self, now: Timestamp) -> bool {
        now.since(self.since) >= ROW_LIFE
    }
}

/// What happens in a turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnKind {
    /// The bot answers.
    #[default]
    Answer,
    /// The bot says that a person will go on, and then one owns the conversation.
    HandOff(HandOffReason),
    /// The user wrote to a person; nothing is said in return.
    Forwarded,
    /// A person writes to the user.
    Agent,
    /// The user is told that no person can be reached for now.
    DeskDown,
    /// The user is told that the answer takes a moment, while the AI is still asked.
    Moment,
    /// The first words of an answer, said while the AI is still writing it: the rest, or what stands for it, is a turn of its
    /// own. Without a reply where Braze did not take them.
    Begun,
    /// The bot may speak again, at the user's wish.
    OptIn,
    /// The user's wish for silence or for words was heeded without a word, or an agent's line that is not said took the
    /// conversation over, and Braze did not take it yet; or a wish for silence ended a flow.
    Heeded,
    /// Nothing happens yet: an AI was asked about the messages and answers later. They name the question, and the row's route is
    /// the way on which it was asked. Such a row is never committed; what it waits for gets a row of its own. Whoever asks anew
    /// meanwhile stores the newer question in the place of the older one.
    Waiting(Wait),
}

/// How long an answer is waited for that comes later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Since when the user has waited: it was begun to answer then. A question that replaces another one goes on from there.
    pub since: Timestamp,
    /// An answer that reaches the door later than this is not said any more.
    pub until: Timestamp,
    /// How many AIs, from the top, are passed over then.
    pub passed: usize,
}

impl TurnKind {
    /// In whose name the turn speaks.
    pub fn voice(self) -> Voice {
        match self {
            Self::Answer
            | Self::HandOff(_)
            | Self::Moment
            | Self::Begun
            | Self::OptIn
            | Self::Heeded
            | Self::Waiting(_) => Voice::Bot,
            Self::Forwarded | Self::Agent | Self::DeskDown => Voice::Person,
        }
    }

    /// Whether the turn's messages are over with once it was sent. Those that lead to a person then go to that person.
    pub fn settles(self) -> bool {
        !matches!(self, Self::HandOff(_) | Self::DeskDown | Self::Moment | Self::Begun | Self::Waiting(_))
    }

    /// Whether it belongs to a stretch in which people have the conversation.
    pub fn is_with_people(self) -> bool {
        matches!(self, Self::HandOff(_) | Self::Forwarded | Self::Agent | Self::DeskDown)
    }

    /// What settling the turn brings about at `now`.
    pub fn aftermath(self, now: Timestamp) -> Option<Aftermath> {
        match self {
            Self::HandOff(_) => Some(Aftermath::HandOver { at: now }),
            Self::OptIn => Some(Aftermath::OptIn),
            Self::Answer
            | Self::Forwarded
            | Self::Agent
            | Self::DeskDown
            | Self::Moment
            | Self::Begun
            | Self::Heeded
            | Self::Waiting(_) => None,
        }
    }
}

/// One message as a turn remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The words, as shown to the AI.
    pub text: Personal,
    /// When they reached the door.
    pub arrival: Timestamp,
    /// The route they came by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteName>,
    /// Whether their webhook named a dispatch.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dispatched: bool,
    /// What came along with them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<MediaKind>,
    /// What is said in the voice messages among it, as a machine wrote it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard: Option<Personal>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_seconds(7);
    const WAIT: Wait = Wait { since: AT, until: AT, passed: 1 };

    #[test]
    fn each_kind_of_turn_has_its_voice_and_its_consequences() {
        use Voice::{Bot, Person};
        let hand_over = Some(Aftermath::HandOver { at: AT });
        for (kind, voice, settles, with_people, aftermath) in [
            (TurnKind::Answer, Bot, true, false, None),
            (TurnKind::HandOff(HandOffReason::Keyword), Bot, false, true, hand_over),
            (TurnKind::Forwarded, Person, true, true, None),
            (TurnKind::Agent, Person, true, true, None),
            (TurnKind::DeskDown, Person, false, true, None),
            (TurnKind::Moment, Bot, false, false, None),
            (TurnKind::Begun, Bot, false, false, None),
            (TurnKind::OptIn, Bot, true, false, Some(Aftermath::OptIn)),
            (TurnKind::Heeded, Bot, true, false, None),
            (TurnKind::Waiting(WAIT), Bot, false, false, None),
        ] {
            assert_eq!((kind.voice(), kind.settles()), (voice, settles), "{kind:?}");
            assert_eq!((kind.is_with_people(), kind.aftermath(AT)), (with_people, aftermath), "{kind:?}");
        }
    }

    fn row(kind: TurnKind) -> TurnRow {
        TurnRow {
            key: TurnKey { number: 1, epoch: 1 },
            kind,
            at: AT,
            covers: vec![],
            log_ids: vec![],
            said: vec![],
            to: Identity::new("42", "", "").unwrap(),
            reply: vec![],
            attributes: Attributes::default(),
            unwritten: Attributes::default(),
            events: vec![],
            route: None,
            summary: None,
            flow: None,
            own_line: false,
            since: None,
            summing: Summing::Untried,
        }
    }

    #[test]
    fn a_turn_is_as_old_as_the_flow_it_is_in_and_goes_with_the_head_that_it_was_drafted_under() {
        let before = Timestamp::from_seconds(5);
        let flow = |since| {
            let (flow, step, values) = ("f".to_owned(), "s".to_owned(), std::collections::BTreeMap::new());
            Some(FlowState { flow, step, asked: 1, values, language: None, since, touched: AT })
        };
        let answer = row(TurnKind::Answer);
        let recap = |since| Summing::Done(Recap { up_to: 1, since, text: "she lives in Elm Street".into() });
        let with_a_recap = |since| TurnRow { summing: recap(since), ..answer.clone() };
        let in_a_flow = |since| TurnRow { flow: flow(since), ..answer.clone() };
        let head = |epoch, erased_at| Some(Head { erased_at, epoch, ..Head::default() });
        for (row, found, goes) in [
            (answer.clone(), None, false),
            (in_a_flow(before), None, true),
            (in_a_flow(AT), None, false),
            (TurnRow { since: Some(before), ..answer.clone() }, None, true),
            (with_a_recap(before), None, true),
            (with_a_recap(AT), None, false),
            (answer.clone(), head(1, None), true),
            (answer.clone(), head(0, None), false),
            // A later look finds the tombstone, or a conversation that has begun since.
            (answer.clone(), head(2, Some(before)), false),
        ] {
            assert_eq!(row.is_of_before(before, found.as_ref()), goes, "{row:?} {found:?}");
        }
    }

    #[test]
    fn a_recap_lives_no_longer_than_the_rows_it_tells_of() {
        let recap = Recap { up_to: 1, since: AT, text: "x".into() };
        let over = AT + ROW_LIFE;
        assert!(recap.is_too_old(over) && !recap.is_too_old(over - Duration::from_secs(1)));
    }
}
