//! What an AI may do besides talking, and what it did: the same for every backend that has tools.

mod calls;
mod schema;

use models::assistant::LearnedValues;
use models::{Personal, ProfileValue, Proposal};
use serde::Serialize;

use crate::Library;
use crate::brand_tools::BrandTools;

pub(crate) use calls::{Calls, Taken, profile_value, read};
pub(crate) use schema::{HAND_OFF, Tool};

/// The tools that are offered with a question; by default none. No tool has a recipient: whatever is done is done for the
/// user whose question it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tools {
    /// May hand the conversation to a person.
    pub hand_off: bool,
    /// The flows that may be started: each one's name, and when it fits.
    pub flows: Vec<(String, String)>,
    /// What may be noted about the user.
    pub facts: Vec<FactSpec>,
    /// May answer with quick replies, a list or media.
    pub kinds: bool,
    /// What it may search; nothing if `None`.
    pub library: Option<Library>,
    /// What it may look up, or do, at the brand's own systems before it answers.
    pub brand: BrandTools,
}

/// One thing that may be noted about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactSpec {
    /// The name of the attribute.
    pub name: String,
    /// What it says about the user, for the AI.
    pub description: String,
    /// What its values are.
    pub kind: FactKind,
}

/// What the values of a fact are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactKind {
    /// One line of at most 255 characters without Liquid.
    Text,
    /// A number that a profile holds exactly.
    Number,
    /// Yes or no.
    Bool,
    /// One of these texts; upper and lower case do not matter.
    Choice(Vec<String>),
}

impl From<&LearnedValues> for FactKind {
    fn from(values: &LearnedValues) -> Self {
        match values {
            LearnedValues::Text => Self::Text,
            LearnedValues::Number => Self::Number,
            LearnedValues::Flag => Self::Bool,
            LearnedValues::OneOf(choices) => Self::Choice(choices.clone()),
        }
    }
}

/// Something the AI did. Every deed was offered and its arguments were checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    /// Hands the conversation to a person. At most one in an answer.
    HandOff {
        /// What the person should know: at most 1,000 characters, none if the AI said nothing.
        summary: Personal,
    },
    /// Starts the flow with this name. At most one in an answer.
    StartFlow(String),
    /// Notes a fact. At most one of each name in an answer.
    Remember {
        /// Which fact.
        name: String,
        /// In a choice, spelt as it was offered.
        value: ProfileValue,
    },
    /// Answers in another kind than text. It says something, but has yet to be fitted; links in it are the AI's.
    Propose(Proposal),
}

impl Deed {
    /// Whether the user hears something because of it, even if the AI said nothing.
    pub fn has_words(&self) -> bool {
        match self {
            Self::HandOff { .. } | Self::StartFlow(_) | Self::Propose(_) => true,
            Self::Remember { .. } => false,
        }
    }
}
