//! Sizes as DynamoDB counts and bills them (developer guide, "DynamoDB item sizes and formats").

use crate::dynamodb::value::{Attributes, Value};

/// Every list and map, and then every element of it.
const DOCUMENT: usize = 3;
const ELEMENT: usize = 1;

/// Bytes of an item: names and values.
pub(crate) fn item_size(item: &Attributes) -> usize {
    item.iter().map(|(name, value)| name.len() + value_size(value)).sum()
}

fn value_size(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::N(number) => number.size(),
        Value::B(bytes) => bytes.len(),
        Value::Bool(_) | Value::Null => 1,
        Value::L(items) => DOCUMENT + items.iter().map(|item| ELEMENT + value_size(item)).sum::<usize>(),
        Value::M(map) => DOCUMENT + map.len() * ELEMENT + item_size(map),
        Value::Ss(set) => set.iter().map(String::len).sum(),
        Value::Ns(set) => set.iter().map(|number| number.size()).sum(),
        Value::Bs(set) => set.iter().map(Vec::len).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::value::parse_attributes;
    use serde_json::json;

    #[test]
    fn items_are_as_large_as_aws_documents() {
        for (item, size) in [
            (json!({ "pk": { "S": "user" } }), 2 + 4),
            (json!({ "n": { "S": "é" } }), 1 + 2),
            (json!({ "é": { "N": "1234" } }), 2 + 3),
            (json!({ "a": { "NULL": true }, "b": { "BOOL": true } }), 2 + 2),
            (json!({ "a": { "B": "aGk=" } }), 1 + 2),
            (json!({ "a": { "L": [] } }), 1 + 3),
            (json!({ "a": { "L": [{ "S": "xy" }, { "N": "1" }] } }), 1 + 3 + (1 + 2) + (1 + 2)),
            (json!({ "a": { "M": { "k": { "S": "v" } } } }), 1 + 3 + (1 + 1 + 1)),
            (json!({ "a": { "M": { "k": { "L": [{ "NULL": true }] } } } }), 1 + 3 + (1 + 1 + 3 + (1 + 1))),
            (json!({ "a": { "SS": ["ab", "c"] } }), 1 + 3),
        ] {
            assert_eq!(item_size(&parse_attributes(item.as_object().unwrap()).unwrap()), size, "{item}");
        }
    }
}
