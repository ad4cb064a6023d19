//! The attributes that a call writes to a profile.

use serde_json::{Map, Value};

use crate::profiles::Profile;
use crate::rest::{Answer, Fields};

/// The most characters in the name or the text of an attribute.
const CHARACTERS: usize = 255;
/// Names that say who is meant and are no attributes.
const NO_ATTRIBUTES: [&str; 4] = ["external_id", "user_alias", "braze_id", "_update_existing_only"];
/// The most elements of an array, unless Braze raised it for a workspace.
const ELEMENTS: usize = 25;

/// Attributes that were checked.
#[derive(Clone, Default)]
pub(crate) struct Attributes {
    values: Map<String, Value>,
    /// What becomes of the user's place in the WhatsApp group. Braze may take a minute for it, so whoever applies the
    /// rest decides when.
    pub(crate) subscribed: Option<bool>,
}

impl Attributes {
    /// Checks `attributes`; `group` is the workspace's WhatsApp subscription group.
    pub(crate) fn read(attributes: &Map<String, Value>, group: &str) -> Result<Self, Answer> {
        let mut values = attributes.clone();
        let groups = values.remove("subscription_groups");
        for (name, value) in &values {
            check(name, value).map_err(|why| Answer::bad_request(&format!("attribute {name:?} {why}")))?;
        }
        Ok(Self { values, subscribed: groups.map(|groups| subscription(&groups, group)).transpose()?.flatten() })
    }

    /// Whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Writes everything but the subscription.
    pub(crate) fn write(&self, profile: &mut Profile) {
        for (name, value) in &self.values {
            let text = value.as_str();
            match name.as_str() {
                "first_name" => profile.first_name = text.map(Into::into),
                "language" => profile.language = text.map(str::to_owned),
                "phone" => profile.phone = text.map(Into::into),
                _ => match changed(profile.attributes.get(name), value) {
                    Some(value) => drop(profile.attributes.insert(name.clone(), value)),
                    None => drop(profile.attributes.remove(name)),
                },
            }
        }
    }
}

fn check(name: &str, value: &Value) -> Result<(), &'static str> {
    if name.is_empty() || name.starts_with('$') || name.chars().count() > CHARACTERS {
        return Err("has a name that is empty, starts with $ or is too long");
    }
    if NO_ATTRIBUTES.contains(&name) {
        return Err("is no attribute");
    }
    if matches!(name, "first_name" | "language" | "phone") && !(value.is_string() || value.is_null()) {
        return Err("must be a string");
    }
    match value {
        Value::String(text) if text.chars().count() > CHARACTERS => Err("holds more than 255 characters"),
        Value::Array(list) if list.len() > ELEMENTS => Err("holds more than 25 elements"),
        Value::Object(object) if object.contains_key("inc") && !(object.len() == 1 && object["inc"].is_i64()) => {
            Err("increments by something that is not an integer")
        }
        _ => Ok(()),
    }
}

fn subscription(groups: &Value, group: &str) -> Result<Option<bool>, Answer> {
    let groups = groups.as_array().ok_or_else(|| Answer::bad_request("subscription_groups must be an array"))?;
    let mut found = None;
    for entry in groups {
        let entry = entry.as_object().ok_or_else(|| Answer::bad_request("a subscription group must be an object"))?;
        let mut fields = Fields::of(entry, "a subscription group");
        let (id, state) = (fields.text("subscription_group_id"), fields.text("subscription_state"));
        fields.finish()?;
        let subscribed = match state {
            Some("subscribed") => true,
            Some("unsubscribed") => false,
            _ => return Err(Answer::bad_request("subscription_state must be subscribed or unsubscribed")),
        };
        if id != Some(group) {
            return Err(Answer::bad_request("there is no such subscription_group_id"));
        }
        found = Some(subscribed);
    }
    Ok(found)
}

/// What an attribute becomes; `None` if it goes.
fn changed(old: Option<&Value>, new: &Value) -> Option<Value> {
    match new {
        Value::Null => None,
        Value::Object(change) if change.contains_key("inc") => {
            let sum = old.and_then(Value::as_i64).unwrap_or(0).saturating_add(change["inc"].as_i64().unwrap_or(0));
            Some(sum.into())
        }
        Value::Object(change) if change.contains_key("add") || change.contains_key("remove") => {
            let mut list = old.and_then(Value::as_array).cloned().unwrap_or_default();
            let elements = |key| change.get(key).and_then(Value::as_array).into_iter().flatten();
            list.retain(|element| !elements("remove").any(|gone| gone == element));
            for element in elements("add") {
                if !list.contains(element) {
                    list.push(element.clone());
                }
            }
            Some(list.into())
        }
        other => Some(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Result<Attributes, Answer> {
        Attributes::read(value.as_object().unwrap(), "g")
    }

    #[test]
    fn attributes_are_set_counted_collected_and_removed() {
        let mut profile = Profile::customer("42");
        for (change, after) in [
            (json!({"n": 1, "plan": "gold"}), json!({"n": 1, "plan": "gold"})),
            (json!({"n": {"inc": 2}, "plan": null}), json!({"n": 3})),
            (json!({"n": {"inc": -4}, "tags": {"add": ["a", "b", "a"]}}), json!({"n": -1, "tags": ["a", "b"]})),
            (json!({"n": null, "tags": {"add": ["c"], "remove": ["a"]}}), json!({"tags": ["b", "c"]})),
        ] {
            read(&change).unwrap().write(&mut profile);
            assert_eq!(json!(profile.attributes), after);
        }
        read(&json!({"first_name": "Ann", "language": "de", "phone": "+49"})).unwrap().write(&mut profile);
        assert_eq!(profile.first_name, Some("Ann".into()));
        assert_eq!((profile.language.as_deref(), profile.phone), (Some("de"), Some("+49".into())));
    }

    #[test]
    fn attributes_that_braze_would_not_take_are_refused() {
        for bad in [
            json!({"": 1}),
            json!({"$x": 1}),
            json!({"external_id": "42"}),
            json!({"_update_existing_only": true}),
            json!({"x".repeat(256): 1}),
            json!({"x": "y".repeat(256)}),
            json!({"x": vec![0; 26]}),
            json!({"x": {"inc": 0.5}}),
            json!({"first_name": 7}),
            json!({"subscription_groups": {}}),
            json!({"subscription_groups": [{"subscription_group_id": "g"}]}),
            json!({"subscription_groups": [{"subscription_group_id": "other", "subscription_state": "subscribed"}]}),
        ] {
            assert_eq!(read(&bad).map(|_| ()).unwrap_err().status, 400, "{bad}");
        }
        let groups =
            json!({"subscription_groups": [{"subscription_group_id": "g", "subscription_state": "subscribed"}]});
        assert_eq!(read(&groups).unwrap().subscribed, Some(true));
    }
}
