//! One state of the world: the conversation in the table, its messages in the queue, the runs at work, and what a witness
//! has seen so far.

use std::rc::Rc;

use models::MessageId;
use store::{Head, TurnKey};

use crate::fault::Budget;
use crate::run::Run;
use crate::witness::Witness;

/// Most parts that a reply has.
pub(crate) const MOST_PARTS: usize = 3;
/// Most messages a model has.
pub(crate) const MOST_MESSAGES: usize = 3;
/// Most queue messages that one message has: Braze may repeat its webhook once.
pub(crate) const COPIES: usize = 2;

/// A state of the world. Cheap to clone: what is large is shared until it is changed.
#[derive(Clone)]
pub struct State {
    /// The head, once there is one.
    pub(crate) head: Option<Rc<Head>>,
    /// Drafts and turns that are not over, newest key first.
    pub(crate) drafts: Vec<Rc<Draft>>,
    pub(crate) letters: [Letter; MOST_MESSAGES],
    /// The newest row of a question that was put aside.
    pub(crate) aside: Option<Rc<Aside>>,
    /// The questions whose answers were promised for later, the oldest first.
    pub(crate) promised: Vec<Question>,
    /// The answers that came later.
    pub(crate) answers: Vec<Answer>,
    pub(crate) runs: Vec<Rc<Run>>,
    /// Whether the last turn that is over said that the answer takes a moment.
    pub(crate) told: bool,
    /// Faults that may still happen.
    pub(crate) budget: Budget,
    pub(crate) witness: Witness,
    pub(crate) next: Counters,
}

/// Numbers that were not used before.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counters {
    pub(crate) run: u32,
    pub(crate) claim: u32,
    pub(crate) reply: u32,
    pub(crate) owner: u64,
}

/// A user's message: its row, and the queue messages it waits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Letter {
    pub(crate) row: Row,
    pub(crate) copies: [Place; COPIES],
    /// It is too old to be answered.
    pub(crate) stale: bool,
    /// Its quiet period is over as it comes.
    pub(crate) complete: bool,
}

/// A message's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    None,
    Open,
    Done,
    Parked {
        /// Less than two minutes ago.
        lately: bool,
    },
}

/// Where a queue message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It was never sent, or deleted.
    Nowhere,
    /// In the queue. Visible whenever chance has it.
    Queue {
        /// It was delivered before.
        seen: bool,
    },
    /// Being delivered.
    Delivered,
    /// Among the dead letters.
    Dead,
}

/// A turn's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) key: TurnKey,
    pub(crate) covers: Vec<MessageId>,
    /// The open ones among them: what the reply is about, as a set.
    pub(crate) about: Set,
    /// Which reply: two of them are never the same words.
    pub(crate) reply: u32,
    pub(crate) parts: u32,
    pub(crate) own_line: bool,
    /// It only says that the answer takes a moment.
    pub(crate) moment: bool,
}

/// A question: the open messages that it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) about: Set,
    /// The newest of them.
    pub(crate) newest: usize,
}

/// The row of a question that was put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Aside {
    pub(crate) key: TurnKey,
    pub(crate) question: Question,
    /// Its time is over.
    pub(crate) over: bool,
}

/// An answer that came later, in the queue of what does not come from users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) question: Question,
    /// Which reply it is.
    pub(crate) reply: u32,
    /// The time of its question was over when it reached the door.
    pub(crate) late: bool,
    pub(crate) place: Place,
}

/// A set of messages by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Set(pub(crate) u8);

impl Set {
    pub(crate) fn has(self, message: usize) -> bool {
        self.0 & (1 << message) != 0
    }

    pub(crate) fn add(&mut self, message: usize) {
        self.0 |= 1 << message;
    }

    pub(crate) fn remove(&mut self, message: usize) {
        self.0 &= !(1 << message);
    }

    pub(crate) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<usize> for Set {
    fn from_iter<T: IntoIterator<Item = usize>>(messages: T) -> Self {
        messages.into_iter().fold(Self::default(), |mut set, message| {
            set.add(message);
            set
        })
    }
}

impl Letter {
    /// Whether the queue, a delivery or the dead letters have it.
    pub(crate) fn is_somewhere(self) -> bool {
        self.copies.iter().any(|place| *place != Place::Nowhere)
    }
}

/// The id of message `number`, from 0.
pub(crate) fn id(number: usize) -> MessageId {
    MessageId::stored(["m1", "m2", "m3"][number])
}

/// The number of a message.
pub(crate) fn number(id: &MessageId) -> usize {
    usize::from(id.as_str().as_bytes()[1] - b'1')
}

impl State {
    /// The newest draft of turn `key`.
    pub(crate) fn draft(&self, key: TurnKey) -> Option<Rc<Draft>> {
        self.drafts.iter().find(|draft| draft.key == key).cloned()
    }

    /// Stores the row of a question that is put aside. Only the newest one is ever looked at.
    pub(crate) fn put_aside(&mut self, aside: Aside) {
        self.drafts.retain(|draft| draft.key != aside.key);
        if self.aside.as_ref().is_none_or(|other| other.key <= aside.key) {
            self.aside = Some(Rc::new(aside));
        }
    }

    /// Stores a draft under its key, in place of whatever stood there.
    pub(crate) fn put_draft(&mut self, draft: Rc<Draft>) {
        self.aside = self.aside.take().filter(|aside| aside.key != draft.key);
        match self.drafts.binary_search_by(|other| draft.key.cmp(&other.key)) {
            Ok(place) => self.drafts[place] = draft,
            Err(place) => self.drafts.insert(place, draft),
        }
    }
}
