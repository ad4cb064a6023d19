//! Figures of a run, and of many.

use std::fmt;

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Figure {
    /// Conversations that had a message.
    Conversations,
    /// Messages that the door answered with a 2xx, and that can be read.
    Accepted,
    /// Of these, messages that a turn answered with the AI's words, to its end.
    Answered,
    /// Messages that got a line of the bot's own.
    OwnLine,
    /// Messages of whose answer a rest was dropped.
    AnsweredInPart,
    /// Messages whose answer may not have arrived: flagged.
    InDoubt,
    /// Messages that were copies of another one.
    CopiesOfMessages,
    /// Messages left to a person.
    LeftToPerson,
    /// Messages of somebody who had opted out.
    Silent,
    /// Messages of somebody who had too many waiting.
    TurnedAway,
    /// Messages of somebody who had as many turns as anybody gets, and was told.
    OverBudget,
    /// Messages that said the same again and again.
    Looped,
    /// Messages of somebody who was forgotten before they were settled.
    Forgotten,
    /// Messages that ended as dead letters.
    Dead,
    /// Messages that are nowhere.
    Lost,
    /// Bodies that got a 2xx and are in quarantine.
    Quarantined,
    /// Turns that ended with a send of which nobody knows whether it arrived.
    Flagged,
    /// Turns of which a rest was dropped.
    Cut,
    /// Turns of more than one part.
    LongReplies,
    /// Parts that reached a user.
    Delivered,
    /// Parts that reached a user a second time.
    ReadTwice,
    /// Parts that reached a user although Braze said that it could not take them.
    ReadDenied,
    /// Parts given up for lost that reached a user after a later one.
    ReadLate,
    /// Parts that shared a call with another person's.
    Shared,
    /// Second copies begun because the answer to the first said nothing.
    CopiesAfterUnknown,
    /// Second copies begun because the machine died or stood still before it could write the first one down.
    CopiesAfterDeath,
    /// Second copies begun because the first was accepted and that could not be written down.
    CopiesUnrecorded,
    /// Lines of the bot's own.
    OwnLines,
    /// Lines of the bot's own because the deployment might ask no more that day.
    Unasked,
    /// Conversations that people left alone for so long that the bot took them back.
    TakenBack,
    /// Lines that an answer takes a moment.
    Moments,
    /// Beginnings of answers.
    Begun,
    /// Questions that were put aside, because their answer was to come later.
    PutAside,
    /// Drafts of answers that came later.
    AnsweredLater,
    /// Turns in which a flow spoke.
    FlowTurns,
    /// Flows that came to their end.
    FlowsCompleted,
    /// Flows that were called off, or given up.
    FlowsCancelled,
    /// Flows that ended with a person.
    FlowsHandedOff,
    /// Flows whose answer came too late.
    FlowsTimedOut,
    /// Turns that went by a route.
    Routed,
    /// Questions to the AI.
    Asked,
    /// Summaries that were kept.
    SummedUp,
    /// Questions that were asked with such a summary.
    WithNotes,
    /// Of these, questions that something is left out of.
    LeftOut,
    /// Counts of metrics that were compared with what happened.
    Counted,
    /// Steps that were checked.
    Steps,
    /// Faults that happened.
    Faults,
}

const LABELS: [(Figure, &str); 47] = [
    (Figure::Conversations, "conversations"),
    (Figure::Accepted, "messages with a 2xx"),
    (Figure::Answered, "  answered"),
    (Figure::OwnLine, "  told by a line"),
    (Figure::AnsweredInPart, "  answered in part"),
    (Figure::InDoubt, "  flagged"),
    (Figure::CopiesOfMessages, "  copies of others"),
    (Figure::LeftToPerson, "  left to a person"),
    (Figure::Silent, "  opted out"),
    (Figure::TurnedAway, "  one too many"),
    (Figure::OverBudget, "  over budget"),
    (Figure::Looped, "  in a loop"),
    (Figure::Forgotten, "  forgotten"),
    (Figure::Dead, "  dead letters"),
    (Figure::Lost, "  lost"),
    (Figure::Quarantined, "in quarantine"),
    (Figure::Flagged, "turns flagged"),
    (Figure::Cut, "turns cut short"),
    (Figure::LongReplies, "replies in parts"),
    (Figure::Delivered, "parts delivered"),
    (Figure::ReadTwice, "  of these twice"),
    (Figure::ReadDenied, "  of these denied"),
    (Figure::ReadLate, "  of these late"),
    (Figure::Shared, "parts in shared calls"),
    (Figure::CopiesAfterUnknown, "copies begun: unknown"),
    (Figure::CopiesAfterDeath, "  after a death"),
    (Figure::CopiesUnrecorded, "  not written down"),
    (Figure::OwnLines, "bot's own lines"),
    (Figure::Unasked, "  for want of questions"),
    (Figure::TakenBack, "taken back from people"),
    (Figure::Moments, "moments asked for"),
    (Figure::Begun, "answers begun"),
    (Figure::PutAside, "questions put aside"),
    (Figure::AnsweredLater, "  answered later"),
    (Figure::FlowTurns, "turns of flows"),
    (Figure::FlowsCompleted, "  flows completed"),
    (Figure::FlowsCancelled, "  called off"),
    (Figure::FlowsHandedOff, "  handed off"),
    (Figure::FlowsTimedOut, "  answered too late"),
    (Figure::Routed, "turns by a route"),
    (Figure::Asked, "questions to the AI"),
    (Figure::SummedUp, "summaries kept"),
    (Figure::WithNotes, "  shown in questions"),
    (Figure::LeftOut, "  with a gap after it"),
    (Figure::Counted, "metrics compared"),
    (Figure::Steps, "steps checked"),
    (Figure::Faults, "faults"),
];

/// How often what was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures([usize; LABELS.len()]);

impl Default for Figures {
    fn default() -> Self {
        Self([0; LABELS.len()])
    }
}

impl Figures {
    /// How often.
    pub fn get(&self, figure: Figure) -> usize {
        self.0[figure as usize]
    }

    /// Adds the figures of another run.
    pub fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(sum, more)| *sum += more);
    }

    pub(super) fn count(&mut self, figure: Figure) {
        self.0[figure as usize] += 1;
    }

    pub(super) fn set(&mut self, figure: Figure, value: usize) {
        self.0[figure as usize] = value;
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = LABELS.map(|(figure, label)| format!("{label:<22} {}", self.get(figure)));
        f.write_str(&lines.join("\n"))
    }
}
