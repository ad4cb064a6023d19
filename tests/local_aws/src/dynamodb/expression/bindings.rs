//! What `#names` and `:values` of a request's expressions stand for, and whether each was used.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use crate::dynamodb::value::Value;
use crate::fields::Fields;
use crate::refusal::Refusal;

/// The request's `ExpressionAttributeNames` and `ExpressionAttributeValues`.
#[derive(Debug, Default)]
pub(crate) struct Bindings {
    names: BTreeMap<String, String>,
    values: BTreeMap<String, Value>,
    unused_names: BTreeSet<String>,
    unused_values: BTreeSet<String>,
}

impl Bindings {
    /// Takes both parameters out of a request. `expressions` says whether the request has any expression at all.
    pub(crate) fn take(fields: &mut Fields, expressions: bool) -> Result<Self, Refusal> {
        let names = checked(fields, "ExpressionAttributeNames", '#', expressions)?;
        let values = checked(fields, "ExpressionAttributeValues", ':', expressions)?;
        let names: BTreeMap<_, _> = names
            .into_iter()
            .map(|(key, name)| match name {
                Json::String(name) if !name.is_empty() => Ok((key, name)),
                _ => Err(Refusal::validation(format!("ExpressionAttributeNames contains invalid value: key: {key}"))),
            })
            .collect::<Result<_, _>>()?;
        let values: BTreeMap<_, _> =
            values.into_iter().map(|(key, value)| Ok((key, Value::parse(&value)?))).collect::<Result<_, Refusal>>()?;
        let (unused_names, unused_values) = (names.keys().cloned().collect(), values.keys().cloned().collect());
        Ok(Self { names, values, unused_names, unused_values })
    }

    pub(super) fn name(&mut self, reference: &str) -> Result<String, String> {
        self.unused_names.remove(reference);
        self.names.get(reference).cloned().ok_or_else(|| {
            format!(
                "An expression attribute name used in the document path is not defined; attribute name: {reference}"
            )
        })
    }

    pub(super) fn value(&mut self, reference: &str) -> Result<Value, String> {
        self.unused_values.remove(reference);
        self.values.get(reference).cloned().ok_or_else(|| {
            format!("An expression attribute value used in expression is not defined; attribute value: {reference}")
        })
    }

    /// Refuses names and values that no expression used.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        for (parameter, unused) in
            [("ExpressionAttributeNames", self.unused_names), ("ExpressionAttributeValues", self.unused_values)]
        {
            if !unused.is_empty() {
                let keys = Vec::from_iter(unused).join(", ");
                return Err(Refusal::validation(format!(
                    "Value provided in {parameter} unused in expressions: keys: {{{keys}}}"
                )));
            }
        }
        Ok(())
    }
}

fn checked(fields: &mut Fields, parameter: &str, mark: char, expressions: bool) -> Result<Map<String, Json>, Refusal> {
    let Some(bindings) = fields.object(parameter)? else { return Ok(Map::new()) };
    if !expressions {
        return Err(Refusal::validation(format!("{parameter} can only be specified when using expressions")));
    }
    if bindings.is_empty() {
        return Err(Refusal::validation(format!("{parameter} must not be empty")));
    }
    match bindings.keys().find(|key| !is_reference(key, mark)) {
        None => Ok(bindings),
        Some(key) => {
            Err(Refusal::validation(format!("{parameter} contains invalid key: Syntax error; key: \"{key}\"")))
        }
    }
}

fn is_reference(key: &str, mark: char) -> bool {
    let legal = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    key.strip_prefix(mark).is_some_and(legal)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::operation::Service;
    use serde_json::json;

    fn taken(names: &Json, values: &Json, expressions: bool) -> Result<Bindings, Refusal> {
        let request = json!({ "ExpressionAttributeNames": names, "ExpressionAttributeValues": values }).to_string();
        let mut fields = Fields::parse(Service::DynamoDb, request.as_bytes()).unwrap();
        Bindings::take(&mut fields, expressions)
    }

    /// Bindings for a test; `null` for none.
    pub(crate) fn bindings(names: &Json, values: &Json) -> Bindings {
        taken(names, values, true).unwrap()
    }

    #[test]
    fn what_is_bound_must_be_used_and_what_is_used_must_be_bound() {
        let mut bindings = bindings(&json!({ "#a": "a" }), &json!({ ":v": { "S": "x" } }));
        assert!(bindings.name("#b").unwrap_err().contains("not defined; attribute name: #b"));
        assert!(bindings.value(":w").unwrap_err().contains("not defined; attribute value: :w"));
        assert_eq!(bindings.name("#a").unwrap(), "a");
        let message = bindings.finish().unwrap_err().message;
        assert_eq!(message, "Value provided in ExpressionAttributeValues unused in expressions: keys: {:v}");
    }

    #[test]
    fn malformed_bindings_are_refused() {
        let none = json!(null);
        for (names, values, expressions, words) in [
            (json!({}), &none, true, "must not be empty"),
            (json!({ "a": "a" }), &none, true, "invalid key"),
            (json!({ "#a-b": "a" }), &none, true, "invalid key"),
            (json!({ "#": "a" }), &none, true, "invalid key"),
            (json!({ "#a": "" }), &none, true, "invalid value"),
            (json!({ "#a": "a" }), &none, false, "only be specified when using expressions"),
            (none.clone(), &json!({ "#v": { "S": "" } }), true, "invalid key"),
            (none.clone(), &json!({ ":v": { "N": "x" } }), true, "numeric"),
        ] {
            let message = taken(&names, values, expressions).unwrap_err().message;
            assert!(message.contains(words), "{message}");
        }
    }
}
