//! What is to be written to profiles, cut into calls, and what became of it.

mod read;

use models::{Attributes, Event, Personal, Recipient, Timestamp};

use crate::Refusal;
pub(crate) use read::read;

/// The most objects that one call of `/users/track` may have, attributes and events together.
pub const MOST_OBJECTS: usize = 75;

/// What is to be written about one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileUpdate {
    /// Who.
    pub who: Recipient,
    /// What their profile shall say; empty for nothing.
    pub attributes: Attributes,
    /// What happened to them.
    pub events: Vec<Event>,
}

/// What became of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tracked {
    /// Braze took it and named no mistake. Somebody Braze does not know is not told apart.
    Written,
    /// Braze took the call and refused this object, in these words, and will every time.
    Refused(Personal),
    /// Braze did not take the call: nothing of it is written.
    NotAccepted(Refusal),
    /// It may be written or not.
    Unknown,
}

/// What became of one update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// Of its attributes, if there were any.
    pub attributes: Option<Tracked>,
    /// Of each of its events.
    pub events: Vec<Tracked>,
}

/// What became of all updates, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackOutcome {
    /// One for each.
    pub updates: Vec<Updated>,
}

/// One object of a call: the place of its update, and of its event there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Object {
    Attributes { update: usize },
    Event { update: usize, event: usize },
}

impl Object {
    pub(crate) fn update(self) -> usize {
        let (Self::Attributes { update } | Self::Event { update, .. }) = self;
        update
    }
}

/// Every object of `updates`, each person's attributes before their events.
pub(crate) fn objects(updates: &[ProfileUpdate]) -> Vec<Object> {
    let of_one = |(update, it): (usize, &ProfileUpdate)| {
        let attributes = (!it.attributes.is_empty()).then_some(Object::Attributes { update });
        attributes.into_iter().chain((0..it.events.len()).map(move |event| Object::Event { update, event }))
    };
    updates.iter().enumerate().flat_map(of_one).collect()
}

impl TrackOutcome {
    /// `all` stands in the order of [`objects`].
    pub(crate) fn new(updates: &[ProfileUpdate], all: Vec<Tracked>) -> Self {
        let mut all = all.into_iter();
        let of_one = |update: &ProfileUpdate| Updated {
            attributes: if update.attributes.is_empty() { None } else { all.next() },
            events: all.by_ref().take(update.events.len()).collect(),
        };
        Self { updates: updates.iter().map(of_one).collect() }
    }

    /// Whether Braze took everything and named no mistake.
    pub fn all_written(&self) -> bool {
        self.each().all(|tracked| *tracked == Tracked::Written)
    }

    /// What of `updates`, which must be those this is the outcome of, can be tried again without harm: what certainly is not
    /// written and may be later, and attributes that perhaps are. An event that perhaps is written is not among it, because
    /// Braze would keep it twice.
    pub fn again(&self, updates: &[ProfileUpdate]) -> Vec<ProfileUpdate> {
        let later = |tracked: &Tracked| matches!(tracked, Tracked::NotAccepted(refusal) if refusal.may_pass());
        let of_one = |(update, updated): (&ProfileUpdate, &Updated)| {
            let attributes = updated.attributes.as_ref().filter(|it| later(it) || **it == Tracked::Unknown);
            let events = update.events.iter().zip(&updated.events).filter(|(_, tracked)| later(tracked));
            ProfileUpdate {
                who: update.who.clone(),
                attributes: attributes.map(|_| update.attributes.clone()).unwrap_or_default(),
                events: events.map(|(event, _)| event.clone()).collect(),
            }
        };
        let left = updates.iter().zip(&self.updates).map(of_one);
        left.filter(|update| !update.attributes.is_empty() || !update.events.is_empty()).collect()
    }

    /// The moment before which Braze takes nothing, if it said one.
    pub fn not_before(&self) -> Option<Timestamp> {
        let resets = self.each().filter_map(|tracked| match tracked {
            Tracked::NotAccepted(Refusal::RateLimited(reset)) => *reset,
            _ => None,
        });
        resets.max()
    }

    fn each(&self) -> impl Iterator<Item = &Tracked> {
        self.updates.iter().flat_map(|update| update.attributes.iter().chain(&update.events))
    }
}

#[cfg(test)]
mod tests;
