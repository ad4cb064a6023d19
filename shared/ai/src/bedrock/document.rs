//! JSON as the SDK has it, which is a type of its own.

use aws_smithy_types::{Document, Number};
use serde_json::Value;

/// JSON as a document.
pub(super) fn document(value: Value) -> Document {
    match value {
        Value::Null => Document::Null,
        Value::Bool(flag) => Document::Bool(flag),
        Value::Number(number) => Document::Number(match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Number::PosInt(number),
            (None, Some(number)) => Number::NegInt(number),
            (None, None) => Number::Float(number.as_f64().unwrap_or(f64::NAN)),
        }),
        Value::String(text) => Document::String(text),
        Value::Array(items) => Document::Array(items.into_iter().map(document).collect()),
        Value::Object(fields) => {
            Document::Object(fields.into_iter().map(|(name, value)| (name, document(value))).collect())
        }
    }
}

/// A document as JSON; what is no number in JSON is null. As deep as the document, which the SDK bounds at 256 levels.
pub(super) fn json(document: &Document) -> Value {
    match document {
        Document::Null => Value::Null,
        Document::Bool(flag) => Value::from(*flag),
        Document::Number(Number::PosInt(number)) => Value::from(*number),
        Document::Number(Number::NegInt(number)) => Value::from(*number),
        Document::Number(Number::Float(number)) => Value::from(*number),
        Document::String(text) => Value::from(text.as_str()),
        Document::Array(items) => Value::Array(items.iter().map(json).collect()),
        Document::Object(fields) => {
            Value::Object(fields.iter().map(|(name, value)| (name.clone(), json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{hash_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                vec(inner.clone(), 0..5).prop_map(Value::from),
                hash_map(any::<String>(), inner, 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn json_comes_back_as_it_was(value in any_json()) {
            prop_assert_eq!(json(&document(value.clone())), value);
        }
    }

    #[test]
    fn what_is_no_number_is_null() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(json(&Document::Number(Number::Float(number))), Value::Null);
        }
    }
}
