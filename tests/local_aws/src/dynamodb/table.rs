//! One table, and the rules of its items: keys and sizes.

use serde_json::{Map, Value as Json};

use crate::dynamodb::items::Items;
use crate::dynamodb::size::item_size;
use crate::dynamodb::value::{Attributes, Value, invalid, parse_attributes};
use crate::refusal::Refusal;

/// The key attributes of every table here, with the longest each may be (developer guide, "Quotas").
const KEYS: [(&str, usize); 2] = [("pk", 2048), ("sk", 1024)];

/// The largest item: 400 KB.
pub(crate) const LARGEST_ITEM: usize = 400 * 1024;

/// Partition key and sort key of an item.
pub(crate) type Key = (String, String);

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) ttl_attribute: String,
    pub(crate) items: Items,
}

impl Table {
    /// Deletes what its time to live has run out for, as AWS does within some days; returns how many items that were.
    /// A value that is no number counts for nothing (developer guide, "Time to Live").
    pub(crate) fn expire(&mut self, now_seconds: u64) -> usize {
        let attribute = &self.ttl_attribute;
        self.items.remove_if(|item| match item.get(attribute) {
            Some(Value::N(number)) => number.whole_seconds().is_some_and(|expires| expires < now_seconds),
            _ => false,
        })
    }
}

/// The key of an item that is to be stored.
pub(crate) fn key_of_item(item: &Attributes) -> Result<Key, Refusal> {
    let part = |(name, longest)| match item.get(name) {
        None => Err(invalid(&format!("Missing the key {name} in the item"))),
        Some(value) => key_part(name, longest, value),
    };
    Ok((part(KEYS[0])?, part(KEYS[1])?))
}

/// Reads a `Key` parameter: both key attributes and nothing else.
pub(crate) fn parse_key(fields: &Map<String, Json>) -> Result<(Key, Attributes), Refusal> {
    let attributes = parse_attributes(fields)?;
    let right = attributes.len() == KEYS.len() && KEYS.iter().all(|(name, _)| attributes.contains_key(*name));
    if !right {
        return Err(Refusal::validation("The provided key element does not match the schema"));
    }
    Ok((key_of_item(&attributes)?, attributes))
}

fn key_part(name: &str, longest: usize, value: &Value) -> Result<String, Refusal> {
    match value {
        Value::S(text) if text.is_empty() => Err(Refusal::validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
        ))),
        Value::S(text) if text.len() > longest => {
            Err(invalid(&format!("Size of key {name} has exceeded the maximum size limit of {longest} bytes")))
        }
        Value::S(text) => Ok(text.clone()),
        other => Err(invalid(&format!("Type mismatch for key {name} expected: S actual: {}", other.kind()))),
    }
}

pub(crate) fn is_key_attribute(name: &str) -> bool {
    KEYS.iter().any(|(key, _)| *key == name)
}

pub(crate) fn key_to_attributes((partition, sort): &Key) -> Attributes {
    [("pk", partition), ("sk", sort)]
        .into_iter()
        .map(|(name, text)| (name.to_owned(), Value::S(text.clone())))
        .collect()
}

/// Refuses an item that is too large, with the words of the operation that would have stored it.
pub(crate) fn check_size(item: &Attributes, message: &str) -> Result<(), Refusal> {
    if item_size(item) > LARGEST_ITEM { Err(Refusal::validation(message)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tokio::time::Instant;

    fn item(json: &Json) -> Attributes {
        parse_attributes(json.as_object().unwrap()).unwrap()
    }

    #[test]
    fn an_item_needs_both_keys_as_texts_of_legal_length() {
        assert!(key_of_item(&item(&json!({ "pk": { "S": "a" }, "sk": { "S": "b" }, "x": { "N": "1" } }))).is_ok());
        for (bad, words) in [
            (json!({ "pk": { "S": "a" } }), "Missing the key sk"),
            (json!({ "pk": { "S": "" }, "sk": { "S": "b" } }), "empty string value. Key: pk"),
            (json!({ "pk": { "S": "a" }, "sk": { "N": "1" } }), "Type mismatch for key sk"),
            (json!({ "pk": { "S": "a".repeat(2049) }, "sk": { "S": "b" } }), "limit of 2048"),
            (json!({ "pk": { "S": "a" }, "sk": { "S": "b".repeat(1025) } }), "limit of 1024"),
        ] {
            let message = key_of_item(&item(&bad)).unwrap_err().message;
            assert!(message.contains(words), "{message}");
        }
    }

    #[test]
    fn a_key_is_exactly_the_two_key_attributes() {
        for bad in [
            json!({ "pk": { "S": "a" } }),
            json!({ "pk": { "S": "a" }, "sk": { "S": "b" }, "x": { "S": "c" } }),
            json!({ "pk": { "S": "a" }, "id": { "S": "b" } }),
        ] {
            assert!(parse_key(bad.as_object().unwrap()).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_numbers_in_the_past_expire() {
        let mut table = Table { ttl_attribute: "expires_at".to_owned(), items: Items::default() };
        for (sort, expires) in
            [("past", json!({ "N": "99" })), ("now", json!({ "N": "100" })), ("text", json!({ "S": "1" }))]
        {
            let fields = json!({ "pk": { "S": "a" }, "sk": { "S": sort }, "expires_at": expires });
            table.items.put(&("a".to_owned(), sort.to_owned()), Some(item(&fields)), Instant::now());
        }
        assert_eq!(table.expire(100), 1);
        let left: Vec<_> = table.items.all().map(|item| item["sk"].clone()).collect();
        assert_eq!(left, [Value::S("now".to_owned()), Value::S("text".to_owned())]);
    }
}
