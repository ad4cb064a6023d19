//! Flows: questions asked step by step, as `[flows.…]` of `assistant.toml` describes them.
//!
//! A flow that was read is whole: every name in it leads to a step, every step can be reached, and from every step answers
//! that fit lead to an end.

mod check;
mod choice;
mod line;
mod pattern;
mod read;
mod step;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

pub use choice::Choice;
pub use line::Line;
pub use pattern::Pattern;

use crate::{CampaignId, LONGEST_MESSAGE, normalised};

/// Every flow of an assistant, by its name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Flows(BTreeMap<String, Flow>);

impl Flows {
    /// The flow called `name`.
    pub fn get(&self, name: &str) -> Option<&Flow> {
        self.0.get(name)
    }

    /// The flow that `text` starts as a keyword.
    pub fn started_by(&self, text: &str) -> Option<&str> {
        let text = (text.len() <= LONGEST_MESSAGE).then(|| normalised(text)).filter(|text| !text.is_empty())?;
        let starts = |flow: &Flow| flow.start.iter().any(|keyword| normalised(keyword) == text);
        self.iter().find(|(_, flow)| starts(flow)).map(|(name, _)| name)
    }

    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Flow)> {
        self.0.iter().map(|(name, flow)| (name.as_str(), flow))
    }
}

/// One flow.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Whole messages that start it. No two flows share one.
    pub start: Vec<String>,
    /// What it is for, in words for the AI; without, the AI cannot start it.
    pub describe: Option<String>,
    /// How long it waits for an answer.
    pub timeout: Duration,
    /// Its steps, the first one first. Never empty.
    pub steps: Vec<Step>,
}

impl Flow {
    /// The step called `name`.
    pub fn step(&self, name: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.name == name)
    }
}

/// One step: something to say, mostly a question, and what becomes of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// 1 to 40 characters of `a-z 0-9 _`; the value is known by it.
    pub name: String,
    /// The question.
    pub say: Say,
    /// The answers that fit.
    pub expect: Expect,
    /// What is said when an answer does not fit; without, the question once more.
    pub re_ask: Option<Line>,
    /// How often it is asked again.
    pub re_asks: u32,
    /// What happens after that.
    pub otherwise: Otherwise,
    /// The custom attribute that gets the value.
    pub attribute: Option<String>,
    /// The custom event that is recorded when the step is done.
    pub event: Option<String>,
    /// What follows.
    pub next: Next,
}

/// What a step says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// A text.
    Text(Line),
    /// An API-triggered campaign.
    Campaign(CampaignId),
}

/// The answers that fit a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// Any words.
    Text,
    /// One of 1 to 10 options, by its words or by its number from 1.
    OneOf(Vec<Choice>),
    /// A number.
    Number,
    /// A calendar date.
    Date,
    /// An e-mail address.
    Email,
    /// Words that match.
    Pattern(Pattern),
    /// None: the step only says something.
    Nothing,
}

/// What happens when no answer fitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Otherwise {
    /// A person takes over.
    HandOff,
    /// The flow ends.
    Cancel,
    /// The flow goes on at the step of this name.
    Step(String),
}

/// What follows a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The same after every answer.
    Always(Target),
    /// A branch for each option.
    ByOption(BTreeMap<String, Target>),
}

/// Where a flow goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// At the step of this name.
    Step(String),
    /// Nowhere: it is complete.
    End,
    /// With a person: it is complete as far as the bot goes.
    HandOff,
}

impl Next {
    /// What follows the answer `value`.
    pub fn after(&self, value: &str) -> &Target {
        match self {
            Self::Always(target) => target,
            Self::ByOption(branches) => branches.get(value).unwrap_or(&Target::End),
        }
    }

    /// Everything that can follow.
    pub fn targets(&self) -> impl Iterator<Item = &Target> {
        let (always, branches) = match self {
            Self::Always(target) => (Some(target), None),
            Self::ByOption(branches) => (None, Some(branches.values())),
        };
        always.into_iter().chain(branches.into_iter().flatten())
    }
}
