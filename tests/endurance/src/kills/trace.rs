//! Everything that happened, in its order, as it was seen from outside the functions.

use crate::shared::Shared;

/// Numbers the processes of a run.
pub type Process = u32;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A user typed a text, which begins with its mark.
    Typed {
        /// Who.
        user: String,
        /// The mark.
        mark: String,
        /// The text, mark included.
        text: String,
    },
    /// A message is on the work queue.
    Queued {
        /// The id of the message.
        message: String,
        /// The mark in its text.
        mark: String,
    },
    /// A webhook got its 2xx.
    Accepted {
        /// The id that the answer named.
        message: String,
        /// Whether it said that the body is in quarantine.
        quarantined: bool,
    },
    /// A process changed the head of a conversation, or tried to.
    Head {
        /// Which process.
        process: Process,
        /// Whose conversation.
        user: String,
        /// The change.
        change: Change,
        /// Whether the table says that it is done.
        applied: bool,
    },
    /// The AI was asked.
    Asked {
        /// The newest words.
        question: String,
        /// What the user and the assistant had said before, oldest first.
        history: Vec<String>,
        /// What the AI answered.
        answer: String,
    },
    /// A process sent a part of a reply to Braze.
    Sent {
        /// Which process.
        process: Process,
        /// The id of the part.
        reply: String,
        /// Whether Braze said yes.
        taken: bool,
    },
    /// Braze's answer to a send was lost on purpose.
    Unheard {
        /// Which process never heard it.
        process: Process,
        /// The id of the part.
        reply: String,
    },
    /// An invocation returned.
    Finished {
        /// In which process.
        process: Process,
    },
    /// An agent's wish to take a conversation over got its 2xx.
    Wished {
        /// Whose conversation.
        user: String,
    },
    /// A process was killed, in the middle of an invocation or while it started.
    Killed {
        /// Which one.
        process: Process,
    },
}

/// What a write makes of the head of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A message gets its place.
    File {
        /// The id of the message.
        message: String,
        /// Its place in the order of filing, if the write was done.
        sequence: Option<u64>,
        /// Whether the conversation is taken in the same write.
        claims: bool,
    },
    /// The conversation is taken.
    Claim,
    /// A turn is committed, and its first part begun.
    Commit {
        /// The messages it answers.
        covers: Vec<String>,
    },
    /// A part was accepted, and the next one is begun.
    NextPart,
    /// One more copy of a part is begun.
    SendAgain,
    /// No copy of a part is out.
    PutBack,
    /// The turn is over.
    Settle,
    /// The turn is over, and the user wants to hear nothing any more.
    OptOut,
    /// The conversation is given back.
    Release,
    /// A person owns the conversation.
    TakeOver,
    /// A user's other name points to the conversation.
    Sign,
    /// Anything else.
    Other,
}

impl Change {
    /// Whether the conversation is taken by it.
    pub fn claims(&self) -> bool {
        matches!(self, Self::Claim | Self::File { claims: true, .. })
    }

    /// Whether the turn is over with it.
    pub fn settles(&self) -> bool {
        matches!(self, Self::Settle | Self::OptOut)
    }

    /// Whether it writes down what became of a send.
    pub fn records_a_send(&self) -> bool {
        self.settles() || matches!(self, Self::NextPart | Self::PutBack)
    }

    /// Whether a copy of a part may leave after it.
    pub fn begins_a_send(&self) -> bool {
        matches!(self, Self::Commit { .. } | Self::NextPart | Self::SendAgain)
    }

    /// Whether the conversation is free after it.
    pub fn frees(&self) -> bool {
        self.settles() || matches!(self, Self::PutBack | Self::Release)
    }
}

/// The events so far.
#[derive(Debug, Default)]
pub(crate) struct Trace(Shared<Vec<Event>>);

impl Trace {
    pub(crate) fn add(&self, event: Event) {
        self.0.lock().push(event);
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().clone()
    }

    pub(crate) fn count(&self, is_meant: impl Fn(&Event) -> bool) -> usize {
        self.0.lock().iter().filter(|event| is_meant(event)).count()
    }
}
