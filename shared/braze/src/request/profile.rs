//! People, their attributes and events as Braze writes them.

use models::{Attributes, Event, ProfileValue, Recipient, Subscription};
use serde_json::{Map, Value, json};

use super::Request;
use crate::track::{Object, ProfileUpdate};

/// The call that writes `some` objects of `updates`. Nobody is made by it, whatever names them.
pub(crate) fn track(updates: &[ProfileUpdate], some: &[Object]) -> Request {
    let (mut attributes, mut events) = (Vec::new(), Vec::new());
    for object in some {
        let Some(update) = updates.get(object.update()) else { continue };
        match object {
            Object::Attributes { .. } => attributes.push(about(update, self::attributes(&update.attributes))),
            Object::Event { event, .. } => {
                events.extend(update.events.get(*event).map(|it| about(update, self::event(it))));
            }
        }
    }
    let arrays = [("attributes", attributes), ("events", events)].into_iter().filter(|(_, array)| !array.is_empty());
    let body = arrays.map(|(name, array)| (name.to_owned(), Value::Array(array))).collect::<Map<_, _>>();
    Request { path: "/users/track", body: Value::Object(body) }
}

fn about(update: &ProfileUpdate, mut object: Value) -> Value {
    match &update.who {
        Recipient::External(id) => object["external_id"] = json!(id.as_str()),
        Recipient::Braze(id) => object["braze_id"] = json!(id.as_str()),
        alias @ Recipient::Alias { .. } => object["user_alias"] = json!(self::alias(alias)),
    }
    object["_update_existing_only"] = json!(true);
    object
}

/// The alias of somebody who is named by one.
pub(super) fn alias(recipient: &Recipient) -> Option<Value> {
    let Recipient::Alias { label, name } = recipient else { return None };
    Some(json!({"alias_name": name.as_str(), "alias_label": label}))
}

/// Attributes as both kinds of call take them.
pub(super) fn attributes(attributes: &Attributes) -> Value {
    let values =
        attributes.values().map(|(name, value)| (name.as_str().to_owned(), value.map_or(Value::Null, of_value)));
    let mut object: Map<_, _> = values.collect();
    let groups: Vec<_> = attributes.groups().map(|(group, state)| membership(group.as_str(), state)).collect();
    if !groups.is_empty() {
        object.insert("subscription_groups".to_owned(), Value::Array(groups));
    }
    Value::Object(object)
}

fn membership(group: &str, state: Subscription) -> Value {
    let state = match state {
        Subscription::Subscribed => "subscribed",
        Subscription::Unsubscribed => "unsubscribed",
    };
    json!({"subscription_group_id": group, "subscription_state": state})
}

fn event(event: &Event) -> Value {
    let mut object = json!({"name": event.name().as_str(), "time": event.time().iso_8601()});
    let properties = event.properties().map(|(name, value)| (name.as_str().to_owned(), of_value(value)));
    let properties: Map<_, _> = properties.collect();
    if !properties.is_empty() {
        object["properties"] = Value::Object(properties);
    }
    object
}

fn of_value(value: &ProfileValue) -> Value {
    match value {
        ProfileValue::Text(text) => json!(text.as_str()),
        ProfileValue::Flag(flag) => json!(flag),
        ProfileValue::Integer(number) => json!(number),
        ProfileValue::Float(number) => json!(number.get()),
        ProfileValue::Time(time) => json!(time.iso_8601()),
    }
}
