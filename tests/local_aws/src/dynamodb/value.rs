//! Attribute values, and the JSON they travel in.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value as Json, json};

use crate::dynamodb::number::Number;
use crate::refusal::Refusal;

/// The attributes of an item or of a map.
pub(crate) type Attributes = BTreeMap<String, Value>;

/// How deep lists and maps may be nested (developer guide, "Quotas").
const DEEPEST: usize = 32;

/// One attribute value. Equal values are equal whatever the order of a set or the spelling of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    S(String),
    N(Number),
    B(Vec<u8>),
    Bool(bool),
    Null,
    L(Vec<Self>),
    M(Attributes),
    Ss(BTreeSet<String>),
    Ns(BTreeSet<Number>),
    Bs(BTreeSet<Vec<u8>>),
}

impl Value {
    pub(crate) fn parse(json: &Json) -> Result<Self, Refusal> {
        Self::parse_at(json, 0)
    }

    fn parse_at(json: &Json, depth: usize) -> Result<Self, Refusal> {
        if depth > DEEPEST {
            return Err(Refusal::validation(
                "Nesting Levels have exceeded supported limits: Attributes have nested levels beyond supported limit",
            ));
        }
        let Some(fields) = json.as_object() else { return Err(unexpected("AttributeValue")) };
        let mut types = fields.iter().filter(|(_, value)| !value.is_null());
        match (types.next(), types.next()) {
            (Some((kind, value)), None) => Self::parse_typed(kind, value, depth),
            (None, _) => Err(Refusal::validation(
                "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes",
            )),
            _ => Err(Refusal::validation(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes",
            )),
        }
    }

    fn parse_typed(kind: &str, value: &Json, depth: usize) -> Result<Self, Refusal> {
        Ok(match kind {
            "S" => Self::S(text(value)?),
            "N" => Self::N(number(value)?),
            "B" => Self::B(binary(value)?),
            "BOOL" => Self::Bool(value.as_bool().ok_or_else(|| unexpected(kind))?),
            "NULL" if value.as_bool() == Some(true) => Self::Null,
            "NULL" => {
                return Err(invalid("Null attribute value types must have the value of true"));
            }
            "L" => Self::L(list(value)?.iter().map(|item| Self::parse_at(item, depth + 1)).collect::<Result<_, _>>()?),
            "M" => Self::M(parse_map(value.as_object().ok_or_else(|| unexpected(kind))?, depth + 1)?),
            "SS" => Self::Ss(set(value, text)?),
            "NS" => Self::Ns(set(value, number)?),
            "BS" => Self::Bs(set(value, binary)?),
            _ => return Err(unexpected(kind)),
        })
    }

    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::S(text) => json!({ "S": text }),
            Self::N(number) => json!({ "N": number.to_string() }),
            Self::B(bytes) => json!({ "B": STANDARD.encode(bytes) }),
            Self::Bool(yes) => json!({ "BOOL": yes }),
            Self::Null => json!({ "NULL": true }),
            Self::L(items) => json!({ "L": items.iter().map(Self::to_json).collect::<Vec<_>>() }),
            Self::M(map) => json!({ "M": attributes_to_json(map) }),
            Self::Ss(set) => json!({ "SS": set }),
            Self::Ns(set) => json!({ "NS": set.iter().map(Number::to_string).collect::<Vec<_>>() }),
            Self::Bs(set) => json!({ "BS": set.iter().map(|bytes| STANDARD.encode(bytes)).collect::<Vec<_>>() }),
        }
    }

    /// The type as it is called on the wire.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::S(_) => "S",
            Self::N(_) => "N",
            Self::B(_) => "B",
            Self::Bool(_) => "BOOL",
            Self::Null => "NULL",
            Self::L(_) => "L",
            Self::M(_) => "M",
            Self::Ss(_) => "SS",
            Self::Ns(_) => "NS",
            Self::Bs(_) => "BS",
        }
    }
}

/// Reads the attributes of an item.
pub(crate) fn parse_attributes(fields: &Map<String, Json>) -> Result<Attributes, Refusal> {
    parse_map(fields, 0)
}

fn parse_map(fields: &Map<String, Json>, depth: usize) -> Result<Attributes, Refusal> {
    fields.iter().map(|(name, value)| Ok((name.clone(), Value::parse_at(value, depth)?))).collect()
}

pub(crate) fn attributes_to_json(attributes: &Attributes) -> Json {
    attributes.iter().map(|(name, value)| (name.clone(), value.to_json())).collect::<Map<_, _>>().into()
}

fn text(json: &Json) -> Result<String, Refusal> {
    json.as_str().map(str::to_owned).ok_or_else(|| unexpected("string"))
}

fn number(json: &Json) -> Result<Number, Refusal> {
    Number::parse(&text(json)?)
}

fn binary(json: &Json) -> Result<Vec<u8>, Refusal> {
    STANDARD.decode(text(json)?).map_err(|_| unexpected("base64 blob"))
}

fn list(json: &Json) -> Result<&Vec<Json>, Refusal> {
    json.as_array().ok_or_else(|| unexpected("list"))
}

fn set<T: Ord>(json: &Json, parse: impl Fn(&Json) -> Result<T, Refusal>) -> Result<BTreeSet<T>, Refusal> {
    let items = list(json)?;
    let set: BTreeSet<T> = items.iter().map(parse).collect::<Result<_, _>>()?;
    match set.len() {
        0 => Err(invalid("An string set  may not be empty")),
        distinct if distinct < items.len() => Err(invalid("Input collection contains duplicates.")),
        _ => Ok(set),
    }
}

fn unexpected(what: &str) -> Refusal {
    Refusal::serialization(format!("Unexpected value where {what} was expected"))
}

pub(crate) fn invalid(message: &str) -> Refusal {
    Refusal::validation(format!("One or more parameter values were invalid: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_survives_the_wire() {
        for json in [
            json!({ "S": "" }),
            json!({ "N": "-1.5" }),
            json!({ "B": "aGk=" }),
            json!({ "BOOL": false }),
            json!({ "NULL": true }),
            json!({ "L": [{ "S": "a" }, { "L": [] }] }),
            json!({ "M": { "a": { "N": "1" }, "b": { "M": {} } } }),
            json!({ "SS": ["a", "b"] }),
            json!({ "NS": ["1", "2"] }),
            json!({ "BS": ["aGk="] }),
        ] {
            assert_eq!(Value::parse(&json).unwrap().to_json(), json);
        }
    }

    #[test]
    fn values_that_dynamodb_refuses_are_refused() {
        let deep = (0..40).fold(json!({ "S": "x" }), |inner, _| json!({ "L": [inner] }));
        for (json, code) in [
            (json!({}), "ValidationException"),
            (json!({ "S": "a", "N": "1" }), "ValidationException"),
            (json!({ "N": "one" }), "ValidationException"),
            (json!({ "SS": [] }), "ValidationException"),
            (json!({ "NS": ["1", "1.0"] }), "ValidationException"),
            (json!({ "NULL": false }), "ValidationException"),
            (deep, "ValidationException"),
            (json!({ "N": 1 }), "SerializationException"),
            (json!({ "S": 1 }), "SerializationException"),
            (json!({ "X": "a" }), "SerializationException"),
            (json!({ "B": "***" }), "SerializationException"),
            (json!("a"), "SerializationException"),
        ] {
            assert_eq!(Value::parse(&json).map_err(|refusal| refusal.code), Err(code), "{json}");
        }
    }
}
