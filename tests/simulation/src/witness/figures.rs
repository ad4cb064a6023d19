//! Figures of a run, and of many.

use std::fmt;

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Conversations that had a message.
    Conversations,
    /// Messages that the door accepted.
    Accepted,
    /// Messages that a turn answered.
    Answered,
    /// Messages that were copies of another one.
    CopiesOfMessages,
    /// Messages left to a person.
    LeftToPerson,
    /// Messages that ended as dead letters.
    Dead,
    /// Turns that ended with a send of which nobody knows whether it arrived.
    Flagged,
    /// Turns of which a rest was dropped.
    Cut,
    /// Parts that reached a user.
    Delivered,
    /// Parts that reached a user a second time.
    ReadTwice,
    /// Second copies begun because the answer to the first said nothing.
    CopiesAfterUnknown,
    /// Second copies begun because the machine died or stood still before it could write the first one down.
    CopiesAfterDeath,
    /// Second copies begun because the first was accepted and that could not be written down.
    CopiesUnrecorded,
    /// Lines of the bot's own.
    OwnLines,
    /// Questions to the AI.
    Asked,
    /// Steps that were checked.
    Steps,
    /// Faults that happened.
    Faults,
}

const LABELS: [(Figure, &str); 17] = [
    (Figure::Conversations, "conversations"),
    (Figure::Accepted, "messages accepted"),
    (Figure::Answered, "  answered"),
    (Figure::CopiesOfMessages, "  copies of others"),
    (Figure::LeftToPerson, "  left to a person"),
    (Figure::Dead, "  dead letters"),
    (Figure::Flagged, "turns flagged"),
    (Figure::Cut, "turns cut short"),
    (Figure::Delivered, "parts delivered"),
    (Figure::ReadTwice, "  of these twice"),
    (Figure::CopiesAfterUnknown, "copies begun: unknown"),
    (Figure::CopiesAfterDeath, "  after a death"),
    (Figure::CopiesUnrecorded, "  not written down"),
    (Figure::OwnLines, "bot's own lines"),
    (Figure::Asked, "questions to the AI"),
    (Figure::Steps, "steps checked"),
    (Figure::Faults, "faults"),
];

/// How often what was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures([usize; LABELS.len()]);

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
        let lines = LABELS.map(|(figure, label)| format!("{label:<21} {}", self.get(figure)));
        f.write_str(&lines.join("\n"))
    }
}
