//! What a person's profile shall say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{FieldName, NotWritable, ProfileValue, SubscriptionGroupId};

/// Names that say who is meant, how to reach them, or how to write. A number or an address changed by mistake would send
/// somebody's messages elsewhere.
const RESERVED: [&str; 7] =
    ["external_id", "user_alias", "braze_id", "email", "phone", "subscription_groups", "_update_existing_only"];

/// Attributes to be written to one profile, each set or removed, and the subscription groups the person joins or leaves.
/// Writing them twice is writing them once. `Debug` shows names and no values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Attributes {
    values: BTreeMap<FieldName, Option<ProfileValue>>,
    groups: BTreeMap<SubscriptionGroupId, Subscription>,
}

/// Whether a number may write to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subscription {
    /// It may.
    Subscribed,
    /// It may not.
    Unsubscribed,
}

impl Attributes {
    /// The name of an attribute, if it can be one.
    pub fn name(text: &str) -> Result<FieldName, NotWritable> {
        FieldName::new(text)?.other_than(&RESERVED)
    }

    /// Sets `name` to `value`.
    pub fn set(&mut self, name: &str, value: ProfileValue) -> Result<(), NotWritable> {
        self.put(name, Some(value))
    }

    /// Removes `name` from the profile.
    pub fn remove(&mut self, name: &str) -> Result<(), NotWritable> {
        self.put(name, None)
    }

    /// Lets the person join or leave a subscription group. Braze may take a minute for it.
    pub fn subscribe(&mut self, group: SubscriptionGroupId, state: Subscription) {
        self.groups.insert(group, state);
    }

    /// Takes over everything in `newer`; what both name is as `newer` has it.
    pub fn merge(&mut self, newer: Self) {
        self.values.extend(newer.values);
        self.groups.extend(newer.groups);
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.groups.is_empty()
    }

    /// What is set, and with `None` what is removed, by name.
    pub fn values(&self) -> impl Iterator<Item = (&FieldName, Option<&ProfileValue>)> {
        self.values.iter().map(|(name, value)| (name, value.as_ref()))
    }

    /// The groups that are joined or left, by id.
    pub fn groups(&self) -> impl Iterator<Item = (&SubscriptionGroupId, Subscription)> {
        self.groups.iter().map(|(group, state)| (group, *state))
    }

    /// The same without any subscription group: one of Braze's calls takes none.
    #[must_use]
    pub fn without_groups(&self) -> Self {
        Self { values: self.values.clone(), groups: BTreeMap::new() }
    }

    /// The subscription groups alone.
    #[must_use]
    pub fn groups_alone(&self) -> Self {
        Self { values: BTreeMap::new(), groups: self.groups.clone() }
    }

    /// What `newer` does not name.
    #[must_use]
    pub fn beside(mut self, newer: &Self) -> Self {
        self.values.retain(|name, _| !newer.values.contains_key(name));
        self.groups.retain(|group, _| !newer.groups.contains_key(group));
        self
    }

    fn put(&mut self, name: &str, value: Option<ProfileValue>) -> Result<(), NotWritable> {
        self.values.insert(Self::name(name)?, value);
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    values: BTreeMap<FieldName, Option<ProfileValue>>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<SubscriptionGroupId, Subscription>,
}

impl TryFrom<Stored> for Attributes {
    type Error = NotWritable;

    fn try_from(Stored { values, groups }: Stored) -> Result<Self, NotWritable> {
        let checked = values.into_iter().map(|(name, value)| Ok((name.other_than(&RESERVED)?, value)));
        Ok(Self { values: checked.collect::<Result<_, _>>()?, groups })
    }
}

impl From<Attributes> for Stored {
    fn from(Attributes { values, groups }: Attributes) -> Self {
        Self { values, groups }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    fn attributes() -> Attributes {
        let mut all = Attributes::default();
        all.set("plan", ProfileValue::text("gold").unwrap()).unwrap();
        all.set("in_chat", ProfileValue::Flag(true)).unwrap();
        all.set("turns", ProfileValue::Integer(-7)).unwrap();
        all.set("score", ProfileValue::float(0.5).unwrap()).unwrap();
        all.set("since", ProfileValue::Time(Timestamp::from_seconds(9))).unwrap();
        all.remove("old").unwrap();
        all.subscribe(SubscriptionGroupId::new("g1").unwrap(), Subscription::Subscribed);
        all
    }

    #[test]
    fn stored_attributes_are_the_same_and_are_checked_again() {
        let all = attributes();
        let stored = serde_json::to_string(&all).unwrap();
        assert_eq!(serde_json::from_str::<Attributes>(&stored).unwrap(), all);
        assert_eq!(serde_json::to_string(&Attributes::default()).unwrap(), "{}");
        for bad in [
            r#"{"values": {"phone": {"text": "+49"}}}"#,
            r#"{"values": {"$plan": null}}"#,
            r#"{"values": {"plan": {"inc": 1}}}"#,
            r#"{"groups": {"": "subscribed"}}"#,
            r#"{"groups": {"g": "perhaps"}}"#,
            r#"{"value": {}}"#,
        ] {
            assert!(serde_json::from_str::<Attributes>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_by_which_braze_finds_or_reaches_somebody_is_no_attribute() {
        for name in RESERVED {
            assert_eq!(Attributes::default().set(name, ProfileValue::Flag(true)), Err(NotWritable::Reserved));
            assert_eq!(Attributes::default().remove(name), Err(NotWritable::Reserved));
        }
        assert_eq!(Attributes::default().remove("$x"), Err(NotWritable::Name));
    }

    #[test]
    fn the_newer_value_wins_and_nothing_else_is_lost() {
        let mut all = attributes();
        let mut newer = Attributes::default();
        newer.remove("plan").unwrap();
        newer.subscribe(SubscriptionGroupId::new("g1").unwrap(), Subscription::Unsubscribed);
        all.merge(newer);
        assert_eq!(all.values().find(|(name, _)| name.as_str() == "plan").unwrap().1, None);
        assert_eq!(all.values().count(), 6);
        assert_eq!(all.groups().map(|(_, state)| state).collect::<Vec<_>>(), [Subscription::Unsubscribed]);
        assert_eq!(all.without_groups().groups().count(), 0);
    }

    #[test]
    fn what_something_newer_names_is_not_beside_it() {
        let mut newer = attributes().groups_alone();
        assert_eq!((newer.values().count(), newer.groups().count()), (0, 1));
        newer.remove("plan").unwrap();
        let left = attributes().beside(&newer);
        assert_eq!((left.values().count(), left.groups().count()), (5, 0));
        assert!(left.values().all(|(name, _)| name.as_str() != "plan"));
    }

    #[test]
    fn a_group_alone_is_something_to_write() {
        let mut one = Attributes::default();
        assert!(one.is_empty());
        one.subscribe(SubscriptionGroupId::new("g1").unwrap(), Subscription::Subscribed);
        assert!(!one.is_empty() && one.without_groups().is_empty());
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let shown = format!("{:?}", attributes());
        assert!(shown.contains("plan") && !shown.contains("gold") && !shown.contains('7'), "{shown}");
    }
}
