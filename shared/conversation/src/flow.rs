//! Flows, step by step: what is said, what is kept, where it goes on. Pure; the configuration is checked, and what a state
//! from before a new deployment says is checked here.

mod answer;
mod burst;
mod date;
mod number;
mod run;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use models::assistant::{Expect, Flow, Flows, Step};
use models::{CampaignId, FlowState, Personal, Timestamp};

pub use burst::{Heard, hear};
use run::Run;

/// What came of a message, or of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What is said, in this order.
    pub says: Vec<Saying>,
    /// Where the flow stands now; `None` when it is over. It stays when nobody could answer the step and a person takes over,
    /// so that [`Flowing::resume`] can ask it once more.
    pub state: Option<FlowState>,
    /// What Braze is told.
    pub facts: Vec<Fact>,
    /// How it ended, if it did.
    pub end: Option<End>,
}

impl Progress {
    /// The user called the flow off.
    pub fn called_off() -> Self {
        Self::end(End::Cancelled)
    }

    /// Whether the message was none for the flow: it is handled as if there had been no flow.
    pub fn leaves_the_message(&self) -> bool {
        matches!(self.end, Some(End::TimedOut | End::Gone))
    }

    fn end(end: End) -> Self {
        Self { says: Vec::new(), state: None, facts: Vec::new(), end: Some(end) }
    }
}

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saying {
    /// A text in the user's language.
    Text {
        /// The text.
        text: String,
        /// The options to choose from, for a channel that can show them; the text stands without.
        options: Vec<String>,
    },
    /// An API-triggered campaign.
    Campaign {
        /// Its id.
        id: CampaignId,
        /// Its trigger properties: all values given so far, by the step's name.
        properties: BTreeMap<String, Personal>,
    },
}

/// One thing to tell Braze about the user. No text is longer than [`FACT_CHARACTERS`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// A custom attribute gets a value.
    Attribute {
        /// The attribute's name.
        name: String,
        /// The value.
        value: Personal,
        /// Whether the value is a number, to be written without quotes: as JSON writes numbers.
        is_number: bool,
    },
    /// A custom event happened.
    Event {
        /// The event's name.
        name: String,
        /// Its property `value`: the answer, if the step expected one and not just any words.
        value: Option<Personal>,
    },
}

/// The most characters of a value that Braze takes.
pub const FACT_CHARACTERS: usize = 255;

/// How a flow ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its last step was done.
    Completed,
    /// The user called it off, or did not get through a step that then gives up.
    Cancelled,
    /// The answer came too late.
    TimedOut,
    /// A person takes over.
    HandOff,
    /// The assistant's configuration has no such flow or step any more.
    Gone,
}

/// What every step of a flow depends on.
#[derive(Debug, Clone, Copy)]
pub struct Flowing<'a> {
    /// The assistant's flows.
    pub flows: &'a Flows,
    /// The user's language.
    pub language: Option<&'a str>,
    /// This moment.
    pub now: Timestamp,
}

impl<'a> Flowing<'a> {
    /// Starts the flow called `name`; `None` if there is none.
    pub fn start(&self, name: &str) -> Option<Progress> {
        let flow = self.flows.get(name)?;
        let first = flow.steps.first()?;
        let state = FlowState {
            flow: name.to_owned(),
            step: first.name.clone(),
            asked: 0,
            values: BTreeMap::new(),
            language: None,
            since: self.now,
            touched: self.now,
        };
        Some(Run::new(flow, state, self).go_to(&first.name))
    }

    /// Takes `text` for the answer to the step that waits.
    pub fn advance(&self, state: &FlowState, text: &str) -> Progress {
        let (flow, step) = match self.place(state) {
            Ok(place) => place,
            Err(end) => return Progress::end(end),
        };
        let run = Run::new(flow, state.clone(), self);
        match answer::read(&step.expect, text) {
            Some(value) => run.answered(step, value),
            // Only a new deployment makes a state wait at a step that asks nothing.
            None if step.expect == Expect::Nothing => run.go_to(&step.name),
            None if state.asked <= step.re_asks => run.ask_again(step),
            None => run.give_up(step),
        }
    }

    /// Whether the flow that stands at `state` still waits for an answer.
    pub fn waits(&self, state: &FlowState) -> bool {
        self.place(state).is_ok()
    }

    /// Asks the step that waits as if for the first time: after somebody else, a person, had the conversation.
    pub fn resume(&self, state: &FlowState) -> Progress {
        match self.place(state) {
            Ok((flow, step)) => Run::new(flow, state.clone(), self).go_to(&step.name),
            Err(end) => Progress::end(end),
        }
    }

    /// Where `state` is, unless it is nowhere or the time is up.
    fn place(&self, state: &FlowState) -> Result<(&'a Flow, &'a Step), End> {
        let flow = self.flows.get(&state.flow).ok_or(End::Gone)?;
        let step = flow.step(&state.step).ok_or(End::Gone)?;
        if self.now.since(state.touched) >= flow.timeout { Err(End::TimedOut) } else { Ok((flow, step)) }
    }
}
