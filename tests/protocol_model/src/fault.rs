//! What may go wrong, and how often in one search: with no bound there is no end of states.

/// One kind of misfortune, or of intervention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A run dies between two steps.
    Death,
    /// A write happens and its answer is lost: the client repeats it and meets its own write.
    AnswerLost,
    /// The table fails, with the write done or not, and the caller gives up.
    Failure,
    /// The AI gives no answer.
    AiFailure,
    /// Nobody knows whether Braze accepted: delivered or not.
    Unknown,
    /// Braze does not accept for now.
    Refusal,
    /// Braze refuses for good.
    Rejection,
    /// No time is left to send.
    Short,
    /// The queue cannot be told when a message comes back.
    NotTold,
    /// The queue delivers a message that is being worked on.
    Duplicate,
    /// Braze repeats its webhook: one more queue message of the same message.
    Repeat,
    /// A lease ends under a live holder.
    Zombie,
    /// A delivery was the last one: the message becomes a dead letter.
    LastDelivery,
    /// A dead letter is put back into the queue.
    Redrive,
    /// A person takes the conversation over.
    Takeover,
    /// The person gives it back.
    Release,
    /// So much time passes that what was delivered so far is too old to be answered.
    Day,
    /// A message that was given up takes long to the dead letters.
    SlowBurial,
    /// An answer that was promised for later comes: at any time, or once more. Nothing is wrong with that, but nobody may
    /// count on it.
    Answer,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Death,
        Self::AnswerLost,
        Self::Failure,
        Self::AiFailure,
        Self::Unknown,
        Self::Refusal,
        Self::Rejection,
        Self::Short,
        Self::NotTold,
        Self::Duplicate,
        Self::Repeat,
        Self::Zombie,
        Self::LastDelivery,
        Self::Redrive,
        Self::Takeover,
        Self::Release,
        Self::Day,
        Self::SlowBurial,
        Self::Answer,
    ];

    /// What goes wrong, in a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Death => "death",
            Self::AnswerLost => "lost answer",
            Self::Failure => "failure of the table",
            Self::AiFailure => "failure of the AI",
            Self::Unknown => "send of which nothing is known",
            Self::Refusal => "refusal for now",
            Self::Rejection => "refusal for good",
            Self::Short => "deadline",
            Self::NotTold => "queue not told",
            Self::Duplicate => "second delivery at once",
            Self::Repeat => "repeated webhook",
            Self::Zombie => "lease over under a live holder",
            Self::LastDelivery => "last delivery",
            Self::Redrive => "redrive",
            Self::Takeover => "takeover",
            Self::Release => "release",
            Self::Day => "day",
            Self::SlowBurial => "slow way to the dead letters",
            Self::Answer => "answer that comes later",
        }
    }
}

/// How often each kind may still happen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget([u8; Fault::ALL.len()]);

impl Budget {
    /// Each of `faults` so often, and nothing else.
    pub fn of(faults: &[(Fault, u8)]) -> Self {
        faults.iter().fold(Self::default(), |mut budget, (fault, times)| {
            budget.0[*fault as usize] = *times;
            budget
        })
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.0[fault as usize] > 0
    }

    pub(crate) fn spend(&mut self, fault: Fault) {
        self.0[fault as usize] -= 1;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
