//! Who may be written to at all: after STOP the user leaves the brand's subscription group, and joins it again after START;
//! somebody unknown joins another before they read anything, and nobody else does.

use std::collections::{BTreeMap, BTreeSet};

use braze::ProfileUpdate;
use models::{Attributes, Author, ConversationKey, Identity, Message, Subscription};
use platform::clock::Clock as _;
use store::Store as _;

use super::profiles::{name_of, names_of};
use super::{Figure, START, STOP, State, Witness};
use crate::assistants::NEWCOMERS;

/// What is known of the group.
#[derive(Default)]
pub(super) struct Groups {
    /// Whether the brand has one.
    pub(super) known: bool,
    /// What was last written of it under each name, and at which step.
    says: BTreeMap<String, (usize, Subscription)>,
    /// The names of whom Braze refused a write about it for good.
    refused: BTreeSet<String>,
    /// Who has joined the group of newcomers, by name.
    newcomers: BTreeSet<String>,
}

impl Witness {
    /// Braze will never take these.
    pub(crate) fn profiles_are_refused(&self, updates: &[ProfileUpdate]) {
        let of_groups = updates.iter().filter(|update| update.attributes.groups().next().is_some());
        self.lock().groups.refused.extend(of_groups.map(|update| name_of(&update.who)));
    }

    /// Whoever has opted out has left the group, or a row tells the next run to see to it. Where nothing failed, whoever has
    /// opted in again is back.
    pub(super) async fn wishes_reach_braze(&self) {
        if !self.lock().groups.known {
            return;
        }
        let heads = self.store.conversations();
        for (key, head) in heads.iter().filter(|(_, head)| head.moved_to.is_none() && head.erased_at.is_none()) {
            let names = names_of(key, head, &heads);
            let turns = self.store.newest_turns(key, usize::MAX, self.clock.now()).await.unwrap_or_default();
            let is_noted = turns.iter().any(|row| row.unwritten.groups().next().is_some());
            let mut state = self.lock();
            // What arrives when its sender has given it up may overtake what was wished later.
            let came_late = |name: &String| state.befallen.came_late(&["track", "send"], name);
            if names.iter().any(|name| state.groups.refused.contains(name) || came_late(name)) {
                continue;
            }
            let says = names.iter().filter_map(|name| state.groups.says.get(name)).max_by_key(|(step, _)| *step);
            let left = says.is_some_and(|(_, says)| *says == Subscription::Unsubscribed);
            if head.opted_out && !left && !is_noted {
                state.broken(format!("{} has opted out, and is still in the group", key.as_str()));
            }
            let was_forgotten =
                names.iter().filter_map(|name| ConversationKey::parse(name)).any(|key| state.erased.contains_key(&key));
            if !head.opted_out && left && self.faults.count() == 0 && !was_forgotten {
                state.broken(format!("{} has opted in again, and is not in the group", key.as_str()));
            }
        }
    }
}

impl State {
    /// A group is left and joined by those who said so.
    pub(super) fn group_says(&mut self, name: &str, attributes: &Attributes) {
        for (group, says) in attributes.groups() {
            if group.as_str() == NEWCOMERS {
                self.is_welcomed(name, says);
                continue;
            }
            let word = if says == Subscription::Unsubscribed { STOP } else { START };
            let own = self.own.values().find(|own| own.iter().any(|other| other == name));
            let is_own = |key: &ConversationKey| {
                own.map_or(key.as_str() == name, |own| own.iter().any(|name| name == key.as_str()))
            };
            let mut wishes = self.queued.values().filter(|message| message.text.as_str() == word);
            if !wishes.any(|message| is_own(&message.identity.conversation())) {
                self.broken(format!("{name} is {says:?} and never wrote {word}"));
            }
            let step = self.figures.get(Figure::Steps);
            self.groups.says.insert(name.to_owned(), (step, says));
        }
    }

    /// Somebody unknown joins: they have written, and never leave by us.
    fn is_welcomed(&mut self, name: &str, says: Subscription) {
        let own = |message: &Message| self.names_of_whom(name).contains(message.identity.conversation().as_str());
        let has_written = self.queued.values().any(|message| message.author == Author::User && own(message));
        if says != Subscription::Subscribed || name.starts_with("user:") || !has_written {
            self.broken(format!("{name} is {says:?} as a newcomer"));
        }
        self.groups.newcomers.insert(name.to_owned());
    }

    /// All names of whoever has this one.
    fn names_of_whom(&self, name: &str) -> BTreeSet<String> {
        let own = self.own.values().filter(|own| own.iter().any(|other| other == name));
        own.flatten().cloned().chain([name.to_owned()]).collect()
    }

    /// Something arrives: who is unknown would not have read it outside the group, unless something failed.
    pub(super) fn reaches_a_subscriber(&mut self, to: &Identity, nothing_failed: bool) {
        let Some(name) = to.recipients().first().map(name_of) else { return };
        let names = self.names_of_whom(&name);
        // Whoever wants silence stays out, and may still hear from a person.
        let has_left = names.iter().any(|name| self.groups.says.contains_key(name));
        let is_unknown = self.groups.known && !name.starts_with("user:") && !has_left;
        if is_unknown && nothing_failed && names.is_disjoint(&self.groups.newcomers) {
            self.broken(format!("{name} was written to, whom Braze has unsubscribed"));
        }
    }
}
