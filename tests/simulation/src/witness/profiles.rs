//! What stands in people's profiles: what the conversation is, never what was said in it, and never at the price of a reply.

use std::collections::{BTreeSet, HashMap};

use braze::ProfileUpdate;
use models::{Attributes, ConversationKey, Identity, ProfileValue, Recipient};
use platform::clock::Clock as _;
use store::{Head, Owner};

use super::flow_facts::{Told, attributes_of_flows, shown};
use super::lines::LINE;
use super::{CANARY, Figure, State, Witness};

/// What is known of profiles.
#[derive(Default)]
pub(super) struct Written {
    /// Who owns the conversation, as it was last written under each name, and at which step.
    owners: HashMap<String, (usize, String)>,
}

impl Witness {
    /// Braze wrote these.
    pub(crate) fn profiles_say(&self, updates: &[ProfileUpdate]) {
        let mut state = self.lock();
        for update in updates {
            let name = name_of(&update.who);
            state.step(self.clock.now(), || format!("the profile of {name} is written"));
            state.profile_says(&name, &update.attributes);
            state.braze_is_told(&name, update);
            if update.events.iter().any(|event| event.properties().any(|(_, value)| tells_words(value))) {
                state.broken(format!("an event of {name} tells what was said"));
            }
        }
    }

    /// Where nothing failed, the profile of everybody says who owns their conversation, if a person ever did.
    pub(crate) fn profiles_agree(&self) {
        if !self.lock().profiles {
            return;
        }
        let heads = self.store.conversations();
        for (key, head) in heads.iter().filter(|(_, head)| head.moved_to.is_none() && head.erased_at.is_none()) {
            let names = names_of(key, head, &heads);
            let mut state = self.lock();
            let written = names.iter().filter_map(|name| state.written.owners.get(name));
            let says = written.max_by_key(|(step, _)| *step).map(|(_, owner)| owner.clone());
            let is = if head.owner == Owner::Person { "person" } else { "bot" };
            if says.as_deref().unwrap_or("bot") != is {
                state.broken(format!("the profile of {} says {says:?}, and its owner is the {is}", key.as_str()));
            }
        }
    }
}

impl State {
    /// Attributes reach a profile, by a call of their own or with a reply.
    pub(super) fn profile_says(&mut self, name: &str, attributes: &Attributes) {
        self.group_says(name, attributes);
        for (_, attribute, value) in attributes_of_flows(attributes) {
            self.was_answered(name, false, &attribute, value.as_deref());
        }
        for (attribute, value) in attributes.values() {
            // But for what a flow asks to know.
            if value.is_some_and(tells_words) && attribute.as_str() != "return_words" {
                self.broken(format!("{} of {name} tells what was said", attribute.as_str()));
            }
            if let ("dragoman_owner", Some(ProfileValue::Text(text))) = (attribute.as_str(), value) {
                let step = self.figures.get(Figure::Steps);
                self.written.owners.insert(name.to_owned(), (step, text.as_str().to_owned()));
            }
        }
    }

    /// A reply arrives with what is written along with it.
    pub(super) fn comes_with(&mut self, to: &Identity, attributes: &Attributes) {
        if let Some(who) = to.recipients().first() {
            self.profile_says(&name_of(who), attributes);
        }
    }
}

impl State {
    /// Events reach a profile.
    fn braze_is_told(&mut self, name: &str, update: &ProfileUpdate) {
        for event in &update.events {
            let value = event.properties().find(|(name, _)| name.as_str() == "value").map(|(_, value)| shown(value));
            let event = event.name().as_str().to_owned();
            self.was_answered(name, true, &event, value.as_deref());
            *self.flows.recorded.entry((name.to_owned(), event)).or_default() += 1;
        }
    }

    /// What a flow tells a profile was answered by its user.
    fn was_answered(&mut self, profile: &str, is_event: bool, name: &str, value: Option<&str>) {
        let told = |told: &&Told| (told.is_event, told.name, told.value.as_deref()) == (is_event, name, value);
        if self.flows.known && !self.facts_of(profile).any(|fact| told(&fact)) {
            self.broken(format!("the profile of {profile} is told {name}, which its user never answered so"));
        }
    }

    /// Where nothing failed, no event is told twice.
    pub(super) fn events_are_told_once(&mut self) {
        let mut wrong = Vec::new();
        for ((profile, name), told) in &self.flows.recorded {
            let happened = self.facts_of(profile).filter(|fact| fact.is_event && fact.name == name).count();
            if *told > happened {
                wrong.push(format!("{name} of {profile} was told {told} times and happened {happened} times"));
            }
        }
        wrong.sort();
        self.all_broken(wrong);
    }

    /// What may be told of whose profile this is, by any of that person's names.
    fn facts_of<'a>(&'a self, profile: &'a str) -> impl Iterator<Item = &'a Told> {
        let has = move |own: &&Vec<String>| own.iter().any(|key| key == profile);
        let names = self.own.values().filter(has).flatten().map(String::as_str).chain([profile]);
        let mut keys: BTreeSet<_> = names.filter_map(ConversationKey::parse).collect();
        // Whose phone somebody else's was until then may go on where that one's conversation stood.
        let taken_over = self.adopted.iter().filter(|(by, _)| by.as_str() == profile).map(|(_, key)| key.clone());
        keys.extend(taken_over);
        keys.into_iter().filter_map(|key| self.flows.facts.get(&key)).flatten()
    }
}

fn tells_words(value: &ProfileValue) -> bool {
    matches!(value, ProfileValue::Text(text) if text.as_str().contains(CANARY) || text.as_str().contains(LINE))
}

pub(crate) fn name_of(who: &Recipient) -> String {
    match who {
        Recipient::External(id) => format!("user:{}", id.as_str()),
        Recipient::Braze(id) => format!("braze:{}", id.as_str()),
        Recipient::Alias { label, name } => format!("alias:{label}:{}", name.as_str()),
    }
}

/// The names of one person: all of them are one profile.
pub(super) fn names_of(key: &ConversationKey, head: &Head, heads: &[(ConversationKey, Head)]) -> Vec<String> {
    let leads = |(name, other): &&(ConversationKey, Head)| {
        name == key || other.moved_to.as_ref() == Some(key) || head.adopted_by.as_ref() == Some(name)
    };
    heads.iter().filter(leads).map(|(name, _)| name.as_str().to_owned()).collect()
}
