//! What is wrong with a condition whatever the item is.

use std::cmp::Ordering;

use crate::dynamodb::evaluate::order;
use crate::dynamodb::expression::condition::Operand;
use crate::dynamodb::expression::cursor::Parsed;

/// A value of the request that can never fit is an error, unlike one of the item.
pub(super) fn require_types(operator: &str, operands: &[&Operand], kinds: &[&str]) -> Parsed<()> {
    let wrong = operands.iter().find_map(|operand| match operand {
        Operand::Value(value) if !kinds.contains(&value.kind()) => Some(value.kind()),
        Operand::Size(_) if !kinds.contains(&"N") => Some("N"),
        _ => None,
    });
    match wrong {
        None => Ok(()),
        Some(kind) => Err(format!(
            "Incorrect operand type for operator or function; operator or function: {operator}, operand type: {kind}"
        )),
    }
}

/// `DynamoDB` takes a comparison of a place with itself for a mistake.
pub(super) fn require_distinct(operator: &str, first: &Operand, others: &[&Operand]) -> Parsed<()> {
    match first {
        Operand::Path(path) if others.contains(&first) => Err(format!(
            "The first operand must be distinct from the remaining operands for this operator or function; operator: {operator}, first operand: {path}"
        )),
        _ => Ok(()),
    }
}

/// Two bounds that stand in the request must be in order.
pub(super) fn require_bounds(low: &Operand, high: &Operand) -> Parsed<()> {
    let (Operand::Value(low), Operand::Value(high)) = (low, high) else { return Ok(()) };
    match order(low, high) {
        None => Err("The BETWEEN operator requires same data type for lower and upper bounds".to_owned()),
        Some(Ordering::Greater) => {
            Err("The BETWEEN operator requires upper bound to be greater than or equal to lower bound".to_owned())
        }
        Some(_) => Ok(()),
    }
}
