//! What flows tell Braze: what was answered, and of an attribute only what is new.

use std::collections::BTreeMap;

use models::{Attributes, ConversationKey, ProfileValue};
use store::{TurnKey, TurnRow};

use super::State;
use super::flow_moves::{Outcome, is_liquid};
use super::profiles::name_of;

/// Turns that every run sees of those before its own, however often each was drafted.
const IN_SIGHT: u64 = 2;

/// A value of an attribute, in whose profile it stands, and since which turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LastTold {
    value: String,
    profile: String,
    turn: TurnKey,
}

/// An attribute or an event that a turn brings to Braze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) turn: TurnKey,
    pub(super) is_event: bool,
    pub(super) name: &'static str,
    pub(super) value: Option<String>,
}

impl State {
    /// Braze is told what was answered; of an attribute that it was told `told` of, only what is new.
    pub(super) fn tells_what_is_new(
        &mut self,
        key: &ConversationKey,
        row: &TurnRow,
        outcome: &Outcome,
        told: &mut BTreeMap<&'static str, LastTold>,
    ) {
        let (number, profile) = (row.key.number, name_of(&row.to.profile()));
        let fact = |(is_event, name, value): (bool, _, Option<String>)| Told { turn: row.key, is_event, name, value };
        let facts: Vec<_> = outcome.facts.iter().cloned().map(fact).collect();
        let last = |fact: &Told| {
            let last = told.get(fact.name).filter(|_| !fact.is_event)?;
            (Some(&last.value) == fact.value.as_ref() && last.profile == profile).then_some(last.turn)
        };
        let news: Vec<_> = facts.iter().filter(|fact| last(fact).is_none()).cloned().collect();
        // What was told many turns ago is out of sight; what was cut short or is in doubt counts as not told.
        let in_sight = |turn: TurnKey| {
            let place = (key.clone(), turn);
            number - turn.number <= IN_SIGHT && !self.cut.contains(&place) && !self.flagged.contains(&place)
        };
        let must_be_new = facts.iter().filter_map(last).all(in_sight);
        let has = facts_in(row);
        if has != writable(&news) && (must_be_new || has != writable(&facts)) {
            self.broken(format!("turn {number} of {} tells Braze something else than was answered", key.as_str()));
        }
        for Told { name, value, .. } in news.into_iter().filter(|fact| !fact.is_event) {
            if let Some(value) = value.filter(|value| !is_liquid(value)) {
                told.insert(name, LastTold { value, profile: profile.clone(), turn: row.key });
            }
        }
        self.flows.facts.entry(key.clone()).or_default().extend(facts);
    }
}

/// What the row tells Braze of flows, as name and value.
fn facts_in(row: &TurnRow) -> Vec<(bool, String, Option<String>)> {
    let mut facts = attributes_of_flows(&row.attributes);
    facts.extend(row.events.iter().map(|event| {
        let value = event.properties().find(|(name, _)| name.as_str() == "value").map(|(_, value)| shown(value));
        (true, event.name().as_str().to_owned(), value)
    }));
    facts
}

/// What the names of the attributes begin with that flows write.
const OF_FLOWS: [&str; 2] = ["return_", "booking_"];

/// The attributes that flows write, by name.
pub(super) fn attributes_of_flows(attributes: &Attributes) -> Vec<(bool, String, Option<String>)> {
    let of_flows = attributes.values().filter(|(name, _)| OF_FLOWS.iter().any(|flow| name.as_str().starts_with(flow)));
    of_flows.map(|(name, value)| (false, name.as_str().to_owned(), value.map(shown))).collect()
}

/// A value as its user gave it.
pub(super) fn shown(value: &ProfileValue) -> String {
    match value {
        ProfileValue::Text(text) => text.as_str().to_owned(),
        ProfileValue::Integer(number) => number.to_string(),
        ProfileValue::Float(number) => number.get().to_string(),
        ProfileValue::Flag(_) | ProfileValue::Time(_) => String::new(),
    }
}

fn writable(facts: &[Told]) -> Vec<(bool, String, Option<String>)> {
    let is_left_out = |told: &&Told| !told.is_event && told.value.as_deref().is_some_and(is_liquid);
    let plain = facts.iter().filter(|told| !is_left_out(told));
    plain.map(|told| (told.is_event, told.name.to_owned(), told.value.clone())).collect()
}
