//! `KeyConditionExpression`: one partition, and perhaps a range of its sort keys.

use crate::dynamodb::expression::bindings::Bindings;
use crate::dynamodb::expression::condition::{Comparator, Condition, Operand, parse_condition};
use crate::dynamodb::path::Path;
use crate::dynamodb::value::Value;
use crate::refusal::Refusal;

/// Which items a query looks at.
#[derive(Debug)]
pub(crate) struct KeyCondition {
    pub(crate) partition: String,
    /// Holds for the sort keys that are meant; all if `None`.
    pub(crate) sort: Option<Condition>,
}

pub(crate) fn parse_key_condition(text: &str, bindings: &mut Bindings) -> Result<KeyCondition, Refusal> {
    let (first, second) = match parse_condition("KeyConditionExpression", text, bindings)? {
        Condition::And(first, second) => (*first, Some(*second)),
        single => (single, None),
    };
    let (partition, sort) = match (partition(&first), second.as_ref().and_then(partition)) {
        (Some(value), None) => (value, second),
        (None, Some(value)) => (value, Some(first)),
        (Some(_), Some(_)) => {
            return Err(Refusal::validation("KeyConditionExpressions must only contain one condition per key"));
        }
        (None, None) => return Err(Refusal::validation("Query condition missed key schema element: pk")),
    };
    sort.as_ref().map_or(Ok(()), check_sort)?;
    Ok(KeyCondition { partition: key(partition, "pk")?, sort })
}

fn partition(condition: &Condition) -> Option<Value> {
    match condition {
        Condition::Compare(Comparator::Equal, Operand::Path(path), Operand::Value(value)) if is(path, "pk") => {
            Some(value.clone())
        }
        _ => None,
    }
}

fn check_sort(condition: &Condition) -> Result<(), Refusal> {
    let (left, values) = match condition {
        Condition::Compare(comparator, left, value) if *comparator != Comparator::NotEqual => (left, vec![value]),
        Condition::BeginsWith(left, value) => (left, vec![value]),
        Condition::Between(left, low, high) => (left, vec![low, high]),
        _ => return Err(Refusal::validation("Query key condition not supported")),
    };
    if !matches!(left, Operand::Path(path) if is(path, "sk")) {
        return Err(Refusal::validation("Query condition missed key schema element: sk"));
    }
    for value in values {
        let Operand::Value(value) = value else {
            return Err(Refusal::validation("Query key condition not supported"));
        };
        key(value.clone(), "sk")?;
    }
    Ok(())
}

fn is(path: &Path, name: &str) -> bool {
    path.head == name && path.steps.is_empty()
}

fn key(value: Value, name: &str) -> Result<String, Refusal> {
    match value {
        Value::S(text) if text.is_empty() => Err(Refusal::validation(format!(
            "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}"
        ))),
        Value::S(text) => Ok(text),
        _ => Err(Refusal::validation(
            "One or more parameter values were invalid: Condition parameter type does not match schema type",
        )),
    }
}
