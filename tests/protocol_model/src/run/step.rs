//! What a run does step by step, and how each may go.

use crate::fault::Fault;
use crate::witness::Ending;

/// What a run does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Reads the head: one of its messages was delivered before.
    Look,
    /// Puts the row of this delivery.
    PutRow(usize),
    /// Writes this delivery into the head, with a claim if it may.
    File(usize, Option<u32>),
    /// Takes the conversation.
    Claim(u32),
    /// Reads the row of a turn that was left behind.
    ReadTurn,
    /// Reads the rows of what is pending. `again`: for the second time.
    ReadRows { again: bool },
    /// Marks the row of the so-manieth id that the head will forget.
    Mark { again: bool, index: usize },
    /// Stores the row that says that it takes a moment.
    PutMoment,
    /// Commits it.
    CommitMoment,
    /// Sends it.
    SendMoment,
    /// Asks the AI.
    Ask { again: bool },
    /// Reads the head for an answer that came later.
    HearHead,
    /// Reads the newest rows for it.
    HearRows,
    /// Stores the row of a question that is put aside.
    PutAside,
    /// Finds a question whose answer may still come.
    WaitOn,
    /// Stores the draft.
    PutDraft { again: bool },
    /// Commits it.
    Commit { again: bool },
    /// Commits it although something newer came once more.
    CommitAnyway,
    /// Sends the current part.
    Send,
    /// Begins the next part.
    NextPart,
    /// Begins one more copy.
    SendAgain,
    /// Notes that nothing is out.
    PutBack,
    /// Shortens the row to the parts that were read.
    PutCut { read: u32 },
    /// Ends the turn.
    Settle(Ending),
    /// Marks the row of the so-manieth message that was given up.
    MarkParked(usize),
    /// Gives the conversation back.
    Release,
    /// Sends what was written down before: only where a bug has it so.
    SendLate { part: u32 },
    /// Tells the queue which deliveries are over.
    Tell,
}

/// How a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As it should.
    Well,
    /// The run dies before it.
    Dies,
    /// It happens; its answer is lost, and the client will repeat it.
    Unheard,
    /// It happens, and is reported as failed.
    FailsDone,
    /// It does not happen, and is reported as failed.
    FailsUndone,
    /// The AI takes long.
    Slow,
    /// The AI promises its answer for later.
    Later,
    /// The AI has no answer.
    AiFails,
    /// Nobody knows whether Braze accepted.
    Unknown { delivered: bool },
    /// Braze does not accept for now.
    Refused,
    /// Braze refuses for good.
    Rejected,
    /// No time is left to send.
    Short,
    /// The queue cannot be told.
    NotTold,
}

impl How {
    pub(crate) fn fault(self) -> Option<Fault> {
        match self {
            Self::Well | Self::Slow | Self::Later => None,
            Self::Dies => Some(Fault::Death),
            Self::Unheard => Some(Fault::AnswerLost),
            Self::FailsDone | Self::FailsUndone => Some(Fault::Failure),
            Self::AiFails => Some(Fault::AiFailure),
            Self::Unknown { .. } => Some(Fault::Unknown),
            Self::Refused => Some(Fault::Refusal),
            Self::Rejected => Some(Fault::Rejection),
            Self::Short => Some(Fault::Short),
            Self::NotTold => Some(Fault::NotTold),
        }
    }
}

impl Step {
    /// Everything that may befall this step.
    pub(crate) fn hows(self) -> &'static [How] {
        match self {
            Self::Look | Self::ReadRows { .. } | Self::ReadTurn | Self::HearHead | Self::HearRows => {
                &[How::Well, How::Dies, How::FailsUndone]
            }
            // To repeat these changes nothing.
            Self::Mark { .. }
            | Self::PutMoment
            | Self::PutAside
            | Self::PutDraft { .. }
            | Self::PutCut { .. }
            | Self::MarkParked(_) => &[How::Well, How::Dies, How::FailsDone, How::FailsUndone],
            Self::Ask { .. } => &[How::Well, How::Slow, How::Later, How::Dies, How::AiFails],
            // Nothing is called: whether it is time to tell the user is all that differs.
            Self::WaitOn => &[How::Well, How::Slow],
            Self::Send | Self::SendMoment | Self::SendLate { .. } => &[
                How::Well,
                How::Dies,
                How::Unknown { delivered: true },
                How::Unknown { delivered: false },
                How::Refused,
                How::Rejected,
                How::Short,
            ],
            Self::Tell => &[How::Well, How::Dies, How::NotTold],
            _ => &[How::Well, How::Dies, How::Unheard, How::FailsDone, How::FailsUndone],
        }
    }
}
