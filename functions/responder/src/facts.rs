//! What is written to the user's profile, along with a reply or by a call of its own.

use std::collections::BTreeMap;
use std::time::Duration;

use braze::{ProfileUpdate, Tracked};
use conversation::decide::{OptWish, wish};
use models::assistant::ConversationFact;
use models::{Attributes, ConversationKey, FieldName, Identity, ProfileValue, Recipient, Subscription, Timestamp};
use platform::clock::Deadline;
use platform::metrics::Metric;
use store::{Head, Owner, Said, TurnKind, TurnRow};

use crate::attend::Conversation;
use crate::history::History;
use crate::words::Words;
use crate::{RECORD_WITHIN, Responder};

/// How long a call to Braze may take that writes to profiles.
pub(crate) const WRITE_WITHIN: Duration = Duration::from_secs(5);

/// How much later than the profile says the user may have written to people: a call for each message would be dear.
const WITH_PEOPLE_AT_MOST_EVERY: Duration = Duration::from_mins(15);

/// What facts are made of, beside the words of a turn.
pub(crate) struct Facts<'a> {
    /// The turn's number.
    pub(crate) turn: u64,
    /// The user's language.
    pub(crate) language: Option<&'a str>,
    /// Whether the question found no answer.
    pub(crate) unresolved: bool,
}

impl Responder {
    /// What the profile is to say of the turn that says `words`, whether or not it says so already.
    pub(crate) fn facts(&self, words: &Words, facts: &Facts<'_>) -> Attributes {
        let Facts { turn, language, unresolved } = *facts;
        let now = self.clock.now();
        let rules = &self.assistant.profile;
        let mut attributes = Attributes::default();
        for fact in &rules.facts {
            let value = match fact {
                ConversationFact::Owner => {
                    attributes.merge(owner(matches!(words.kind, TurnKind::HandOff(_)), now));
                    continue;
                }
                ConversationFact::LastMessage => newest(&words.said).map(|at| ("last_message", ProfileValue::Time(at))),
                ConversationFact::Turns => {
                    Some(("turns", ProfileValue::Integer(i64::try_from(turn).unwrap_or(i64::MAX))))
                }
                ConversationFact::Route => text("route", words.route.as_ref().map_or("default", |name| name.as_str())),
                ConversationFact::Language => language.and_then(|language| text("language", language)),
                ConversationFact::Unresolved => Some(("unresolved", ProfileValue::Flag(unresolved))),
            };
            if let Some((name, value)) = value {
                set(&mut attributes, name, value);
            }
        }
        let opts_in =
            wish(&self.assistant.keywords, words.said.iter().map(|said| said.text.as_str())) == Some(OptWish::In);
        if let Some(group) = rules.opt_out_group.clone().filter(|_| opts_in) {
            attributes.subscribe(group, Subscription::Subscribed);
        }
        attributes
    }

    /// What the profile is to say where the user wrote to people. No reply carries it, so it is not written with every message.
    pub(crate) fn facts_with_people(&self, profile: &Recipient, said: &[Said], history: &History) -> Attributes {
        let mut attributes = Attributes::default();
        let Some(newest) =
            newest(said).filter(|_| self.assistant.profile.facts.contains(&ConversationFact::LastMessage))
        else {
            return attributes;
        };
        let written = history.written(profile).into_iter().find(|(name, _)| name.as_str() == "dragoman_last_message");
        if !matches!(written, Some((_, ProfileValue::Time(at))) if newest.since(at) < WITH_PEOPLE_AT_MOST_EVERY) {
            set(&mut attributes, "last_message", ProfileValue::Time(newest));
        }
        attributes
    }

    /// What says who owns a conversation, and since when, if that is to be written.
    pub(crate) fn who_owns(&self, person: bool, since: Timestamp) -> Attributes {
        let is_wanted = self.assistant.profile.facts.contains(&ConversationFact::Owner);
        if is_wanted { owner(person, since) } else { Attributes::default() }
    }

    /// Writes who owns the conversation, if that is to be written. False if it could not be, and may be later.
    pub(crate) async fn write_owner(
        &self,
        conversation: &ConversationKey,
        person: bool,
        at: Timestamp,
        deadline: Deadline,
    ) -> bool {
        let owner = self.who_owns(person, at);
        owner.is_empty() || self.write_profile(&Identity::of(conversation), owner, deadline).await
    }

    /// Lets the user join or leave the subscription group, if that is wanted. False if it could not be done, and may be
    /// later.
    pub(crate) async fn join(&self, user: &Identity, joins: bool, deadline: Deadline) -> bool {
        let membership = self.membership(joins);
        membership.is_empty() || self.write_profile(user, membership, deadline).await
    }

    /// What says that the user has joined or left the subscription group; nothing where there is none.
    pub(crate) fn membership(&self, joins: bool) -> Attributes {
        let mut attributes = Attributes::default();
        if let Some(group) = self.assistant.profile.opt_out_group.clone() {
            attributes.subscribe(group, if joins { Subscription::Subscribed } else { Subscription::Unsubscribed });
        }
        attributes
    }

    /// What was to be written some time ago, with the owner and the groups as `head` has them now.
    pub(crate) fn as_it_is_now(&self, mut left: Attributes, head: &Head) -> Attributes {
        let owned = left.values().any(|(name, _)| name.as_str() == "dragoman_owner");
        if let Some(since) = head.owner_since.filter(|_| owned) {
            left.merge(owner(head.owner == Owner::Person, since));
        }
        if left.groups().next().is_none() {
            return left;
        }
        let mut now = left.without_groups();
        if head.opted_out {
            now.merge(self.membership(false));
            return now;
        }
        let wish = self.membership(true);
        let wished = left.groups().any(|(group, _)| wish.groups().any(|(other, _)| other == group));
        if wished {
            left.merge(wish);
        }
        left
    }

    /// Tells Braze what the reply of a turn that was sent could not carry and what happened in it, and notes in its row what is
    /// done. What fails is left for the next run of the conversation; a reply never hangs on it.
    pub(crate) async fn record_row(&self, conversation: &Conversation<'_>, row: &TurnRow) {
        let left = conversation.deadline.left(self.clock.now(), RECORD_WITHIN);
        let told = (row.unwritten.is_empty() && row.events.is_empty()) || left <= WRITE_WITHIN;
        if told {
            return;
        }
        let (attributes, events) = (row.unwritten.clone(), row.events.clone());
        let updates = [ProfileUpdate { who: row.to.profile(), attributes, events }];
        let outcome = self.profiles.track(&updates, WRITE_WITHIN).await;
        if !outcome.all_written() {
            self.meter.count(Metric::ProfileFailed, 1);
            tracing::warn!(log_id = conversation.log_id, "what a turn tells Braze was not taken");
        }
        let again = outcome.again(&updates).pop();
        let (unwritten, events) = again.map(|left| (left.attributes, left.events)).unwrap_or_default();
        if (&unwritten, &events) == (&row.unwritten, &row.events) {
            return;
        }
        let is_written =
            outcome.updates.iter().all(|update| update.attributes.as_ref().is_none_or(|it| *it == Tracked::Written));
        // What Braze refused for good is not written: the next turn that finds it out is to write it.
        let refused = if is_written { Attributes::default() } else { row.unwritten.clone().beside(&unwritten) };
        let attributes = row.attributes.clone().beside(&refused);
        let row = TurnRow { attributes, unwritten, events, ..row.clone() };
        if let Err(error) = self.store.put_turn(conversation.key, &row, self.clock.now()).await {
            tracing::warn!(log_id = conversation.log_id, %error, "what Braze was told may be told once more");
        }
    }

    async fn write_profile(&self, user: &Identity, attributes: Attributes, deadline: Deadline) -> bool {
        self.tell_profile(user, attributes, deadline).await != Wrote::NotYet
    }

    /// Writes this to a profile, if there is time for it before the deadline.
    pub(crate) async fn tell_profile(&self, user: &Identity, attributes: Attributes, deadline: Deadline) -> Wrote {
        let within = WRITE_WITHIN.min(deadline.left(self.clock.now(), Duration::ZERO));
        if within.is_zero() {
            return Wrote::NotYet;
        }
        let updates = [ProfileUpdate { who: user.profile(), attributes, events: vec![] }];
        let outcome = self.profiles.track(&updates, within).await;
        if outcome.all_written() {
            return Wrote::All;
        }
        self.meter.count(Metric::ProfileFailed, 1);
        let retryable = !outcome.again(&updates).is_empty();
        tracing::warn!(retryable, "a profile was not written");
        if retryable { Wrote::NotYet } else { Wrote::Refused }
    }
}

/// What became of something to be written to a profile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrote {
    /// It stands there.
    All,
    /// Braze takes it at no time.
    Refused,
    /// It may be written later.
    NotYet,
}

/// What of `attributes` the profile of `user` does not say already, whoever found it out: the turns, a flow or the AI.
/// `owner_since` is when an owner was last chosen.
pub(crate) fn news(
    attributes: &Attributes,
    user: &Identity,
    history: &History,
    owner_since: Option<Timestamp>,
) -> Attributes {
    let mut written = history.written(&user.profile());
    if owner_since > history.answered_at() {
        // Somebody else has written that since, or tried to.
        written.retain(|name, _| name.as_str() != "dragoman_owner");
    }
    unwritten(attributes, &written)
}

/// What says who owns a conversation, and since when.
pub(crate) fn owner(person: bool, since: Timestamp) -> Attributes {
    let mut attributes = Attributes::default();
    if let Some((name, value)) = text("owner", if person { "person" } else { "bot" }) {
        set(&mut attributes, name, value);
    }
    set(&mut attributes, "owner_since", ProfileValue::Time(since));
    attributes
}

fn newest(said: &[Said]) -> Option<Timestamp> {
    said.iter().map(|said| said.arrival).max()
}

fn text(name: &'static str, value: &str) -> Option<(&'static str, ProfileValue)> {
    Some((name, ProfileValue::text(value).ok()?))
}

fn set(attributes: &mut Attributes, name: &str, value: ProfileValue) {
    // A name of ours is a good name.
    let set = attributes.set(&format!("dragoman_{name}"), value);
    debug_assert!(set.is_ok());
}

/// Without what was written before with the same value. When an owner became one changes with the owner alone.
fn unwritten(attributes: &Attributes, written: &BTreeMap<FieldName, ProfileValue>) -> Attributes {
    let is_old = |name: &FieldName, value: Option<&ProfileValue>| value.is_some() && written.get(name) == value;
    let owner_stays = attributes.values().any(|(name, value)| name.as_str() == "dragoman_owner" && is_old(name, value));
    let mut new = Attributes::default();
    for (name, value) in attributes.values() {
        let stays = is_old(name, value) || (owner_stays && name.as_str() == "dragoman_owner_since");
        if let Some(value) = value.filter(|_| !stays) {
            let set = new.set(name.as_str(), value.clone());
            debug_assert!(set.is_ok());
        }
    }
    for (group, state) in attributes.groups() {
        new.subscribe(group.clone(), state);
    }
    new
}
