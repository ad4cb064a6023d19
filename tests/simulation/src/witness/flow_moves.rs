//! One move of a flow: what comes of what its user says, by the witness's own reading.

use std::collections::BTreeMap;

use models::{Content, Timestamp, Utterance, normalised};

use super::flow_steps::{Asks, CANCEL, Ends, Goes, Says, Step, first, step};
use crate::flows::gives_back;

/// A question that a flow waits with.
#[derive(Debug, Clone)]
pub(super) struct Waits {
    pub(super) step: &'static Step,
    pub(super) asked: u32,
    pub(super) values: BTreeMap<&'static str, String>,
    pub(super) touched: Timestamp,
}

/// What a turn comes to.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    /// Whether the AI answers before the flow says anything.
    pub(super) ai: bool,
    pub(super) says: Vec<Spoken>,
    pub(super) waits: Option<Waits>,
    pub(super) facts: Vec<(bool, &'static str, Option<String>)>,
    pub(super) ends: Option<Ends>,
    /// Whether no flow waited for the words, or not any longer.
    pub(super) anew: bool,
    /// Whether a word before those that are answered called the flow off.
    pub(super) called_off: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Spoken {
    Text(&'static str),
    Campaign(&'static str, BTreeMap<&'static str, String>),
}

impl Waits {
    /// What comes of these messages, which reached the flow in time.
    pub(super) fn hears(&self, texts: &[&str], people: bool, desk: bool) -> Outcome {
        let called_off = texts.iter().rposition(|text| normalised(text) == CANCEL);
        called_off
            .map_or_else(|| self.takes(&texts.join("\n"), people, desk), |place| called_off_before(&texts[place + 1..]))
    }

    fn takes(&self, text: &str, people: bool, desk: bool) -> Outcome {
        let step = self.step;
        let mut outcome = Outcome::default();
        if people {
            // Those words were for the person who has just left.
            outcome.goes_to(step, self.values.clone());
            return outcome;
        }
        if let Some(value) = (step.fits)(text) {
            outcome.done(step, Some(&value));
            let mut values = self.values.clone();
            let next = (step.next)(&value);
            values.insert(step.name, value);
            outcome.follows(next, values);
        } else if self.asked <= step.re_asks {
            outcome.says.push(step.re_ask.map_or_else(|| Spoken::of(step, &self.values), Spoken::Text));
            outcome.waits = Some(Self { asked: self.asked + 1, ..self.clone() });
        } else {
            outcome.follows(step.otherwise, self.values.clone());
            if outcome.ends == Some(Ends::HandOff) && desk {
                outcome.waits = Some(self.clone());
            }
        }
        outcome
    }
}

impl Outcome {
    fn follows(&mut self, goes: Goes, values: BTreeMap<&'static str, String>) {
        match goes {
            Goes::To(name) => match step(name) {
                Some(step) => self.goes_to(step, values),
                None => self.ends = Some(Ends::Completed),
            },
            Goes::End(ends) => self.ends = Some(ends),
        }
    }

    fn goes_to(&mut self, step: &'static Step, values: BTreeMap<&'static str, String>) {
        self.says.push(Spoken::of(step, &values));
        if step.asks == Asks::Nothing {
            self.done(step, None);
            self.ends = Some(Ends::Completed);
        } else {
            self.waits = Some(Waits { step, asked: 1, values, touched: Timestamp::EPOCH });
        }
    }

    fn done(&mut self, step: &Step, value: Option<&String>) {
        let short = value.map(|value| value.chars().take(255).collect::<String>());
        self.facts.extend(step.attribute.map(|name| (false, name, short.clone())));
        self.facts.extend(step.event.map(|name| (true, name, short)));
    }
}

impl Spoken {
    fn of(step: &Step, values: &BTreeMap<&'static str, String>) -> Self {
        match step.says {
            Says::Text(text) => Self::Text(text),
            Says::Campaign(id) => Self::Campaign(id, values.clone()),
        }
    }

    pub(super) fn is(&self, said: &Utterance) -> bool {
        match (self, &said.content) {
            (Self::Text(text), Content::Text(part)) => part.as_str() == *text,
            (Self::Campaign(id, values), Content::Campaign(content)) => {
                let has: BTreeMap<_, _> =
                    content.properties().map(|(name, value)| (name.as_str(), value.as_str().to_owned())).collect();
                let plain = |value: &&String| !is_liquid(value);
                let fits = |(name, value): (&&'static str, &String)| {
                    has.get(name).map_or(is_liquid(value), |had| *had == value.replace("\r\n", "\n"))
                };
                said.campaign.as_ref().is_some_and(|campaign| campaign.as_str() == *id)
                    && values.iter().all(fits)
                    && has.len() <= values.len()
                    && has.len() >= values.values().filter(plain).count()
            }
            _ => false,
        }
    }
}

/// What comes of messages that no flow waits for.
pub(super) fn said_anew(texts: &[&str]) -> Outcome {
    let begun = texts.iter().enumerate().rev().find_map(|(place, text)| Some((place, started(&normalised(text))?)));
    let Some((place, outcome)) = begun else {
        let flow = if gives_back(&texts.join("\n")) { started("return") } else { None };
        return Outcome { ai: true, anew: true, ..flow.unwrap_or_default() };
    };
    // Nothing begins after this word, so that whatever is called off after it is this.
    match texts[place..].iter().rposition(|text| normalised(text) == CANCEL) {
        Some(cancel) => Outcome { anew: true, ..called_off_before(&texts[place + cancel + 1..]) },
        None => Outcome { anew: true, ..outcome },
    }
}

/// What comes of the messages after a word that called a flow off.
fn called_off_before(rest: &[&str]) -> Outcome {
    if rest.is_empty() {
        return Outcome { ends: Some(Ends::Cancelled), ..Outcome::default() };
    }
    Outcome { called_off: true, anew: false, ..said_anew(rest) }
}

pub(super) fn started(name: &str) -> Option<Outcome> {
    let mut outcome = Outcome::default();
    outcome.goes_to(first(name)?, BTreeMap::new());
    Some(outcome)
}

/// Whether Braze might run a value where a message shows it: that is left out, or made harmless.
pub(super) fn is_liquid(text: &str) -> bool {
    ["{{", "{%", "}}", "%}"].iter().any(|sign| text.contains(sign))
}
