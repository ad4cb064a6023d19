//! Conditions: the grammar of `ConditionExpression` and `KeyConditionExpression`.

use crate::dynamodb::expression::bindings::Bindings;
use crate::dynamodb::expression::cursor::{Cursor, Parsed, parse};
use crate::dynamodb::expression::operand_checks::{require_bounds, require_distinct, require_types};
use crate::dynamodb::path::Path;
use crate::dynamodb::value::Value;
use crate::refusal::Refusal;

/// The most operands of `IN`, its left one included.
const MOST_OF_IN: usize = 100;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    Compare(Comparator, Operand, Operand),
    Between(Operand, Operand, Operand),
    In(Operand, Vec<Operand>),
    Exists(Path),
    BeginsWith(Operand, Operand),
    Contains(Operand, Operand),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operand {
    Path(Path),
    Value(Value),
    /// `size(path)`
    Size(Path),
}

use Comparator::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};

const COMPARATORS: [(&str, Comparator); 6] =
    [("=", Equal), ("<>", NotEqual), ("<=", LessOrEqual), ("<", Less), (">=", GreaterOrEqual), (">", Greater)];

/// Parses a condition; `parameter` is the request's name for it.
pub(crate) fn parse_condition(parameter: &str, text: &str, bindings: &mut Bindings) -> Result<Condition, Refusal> {
    parse(parameter, text, bindings, alternatives)
}

fn alternatives(cursor: &mut Cursor<'_>) -> Parsed<Condition> {
    let mut left = conjunction(cursor)?;
    while cursor.accept_keyword("OR") {
        cursor.count_operator()?;
        left = Condition::Or(Box::new(left), Box::new(conjunction(cursor)?));
    }
    Ok(left)
}

fn conjunction(cursor: &mut Cursor<'_>) -> Parsed<Condition> {
    let mut left = negation(cursor)?;
    while cursor.accept_keyword("AND") {
        cursor.count_operator()?;
        left = Condition::And(Box::new(left), Box::new(negation(cursor)?));
    }
    Ok(left)
}

fn negation(cursor: &mut Cursor<'_>) -> Parsed<Condition> {
    if cursor.accept_keyword("NOT") {
        cursor.count_operator()?;
        return Ok(Condition::Not(Box::new(negation(cursor)?)));
    }
    if cursor.is_at_redundant_parentheses() {
        return Err("The expression has redundant parentheses;".to_owned());
    }
    if cursor.accept("(") {
        let inner = alternatives(cursor)?;
        cursor.expect(")")?;
        return Ok(inner);
    }
    simple(cursor)
}

fn simple(cursor: &mut Cursor<'_>) -> Parsed<Condition> {
    if let Some(name) = cursor.accept_call() {
        cursor.count_operator()?;
        if name != "size" {
            return function(cursor, &name);
        }
        let size = size(cursor)?;
        return comparison(cursor, size);
    }
    let left = operand(cursor)?;
    comparison(cursor, left)
}

fn function(cursor: &mut Cursor<'_>, name: &str) -> Parsed<Condition> {
    let condition = match name {
        "attribute_exists" => Condition::Exists(only_path(cursor, name)?),
        "attribute_not_exists" => Condition::Not(Box::new(Condition::Exists(only_path(cursor, name)?))),
        "begins_with" => {
            let (text, start) = two_operands(cursor)?;
            require_types(name, &[&text, &start], &["S", "B"])?;
            Condition::BeginsWith(text, start)
        }
        "contains" => {
            let (whole, part) = two_operands(cursor)?;
            Condition::Contains(whole, part)
        }
        "attribute_type" => return Err("The function attribute_type is not supported here".to_owned()),
        "if_not_exists" | "list_append" => {
            return Err(format!("The function is not allowed to be used this way in an expression; function: {name}"));
        }
        _ => return Err(format!("Invalid function name; function: {name}")),
    };
    if let Condition::Contains(a, b) | Condition::BeginsWith(a, b) = &condition {
        require_distinct(name, a, &[b])?;
    }
    cursor.expect(")")?;
    Ok(condition)
}

fn only_path(cursor: &mut Cursor<'_>, function: &str) -> Parsed<Path> {
    match operand(cursor)? {
        Operand::Path(path) => Ok(path),
        _ => Err(format!("Operator or function requires a document path; operator or function: {function}")),
    }
}

fn two_operands(cursor: &mut Cursor<'_>) -> Parsed<(Operand, Operand)> {
    let first = operand(cursor)?;
    cursor.expect(",")?;
    Ok((first, operand(cursor)?))
}

fn size(cursor: &mut Cursor<'_>) -> Parsed<Operand> {
    let path = only_path(cursor, "size")?;
    cursor.expect(")")?;
    Ok(Operand::Size(path))
}

fn operand(cursor: &mut Cursor<'_>) -> Parsed<Operand> {
    match cursor.accept_call().as_deref() {
        Some("size") => {
            cursor.count_operator()?;
            return size(cursor);
        }
        Some(name) => {
            return Err(format!("The function is not allowed to be used this way in an expression; function: {name}"));
        }
        None => {}
    }
    match cursor.accept_value()? {
        Some(value) => Ok(Operand::Value(value)),
        None => cursor.path().map(Operand::Path),
    }
}

/// What follows the left operand of a comparison.
fn comparison(cursor: &mut Cursor<'_>, left: Operand) -> Parsed<Condition> {
    cursor.count_operator()?;
    if cursor.accept_keyword("BETWEEN") {
        return between(cursor, left);
    }
    if cursor.accept_keyword("IN") {
        return one_of(cursor, left);
    }
    let Some((sign, comparator)) = COMPARATORS.into_iter().find(|(sign, _)| cursor.accept(sign)) else {
        return Err(match left {
            Operand::Size(_) => {
                "The function is not allowed to be used this way in an expression; function: size".to_owned()
            }
            _ => cursor.syntax_error(),
        });
    };
    let right = operand(cursor)?;
    require_distinct(sign, &left, &[&right])?;
    if !matches!(comparator, Equal | NotEqual) {
        require_types(sign, &[&left, &right], &["S", "N", "B"])?;
    }
    Ok(Condition::Compare(comparator, left, right))
}

fn between(cursor: &mut Cursor<'_>, middle: Operand) -> Parsed<Condition> {
    let low = operand(cursor)?;
    cursor.expect_keyword("AND")?;
    let high = operand(cursor)?;
    require_types("BETWEEN", &[&middle, &low, &high], &["S", "N", "B"])?;
    require_distinct("BETWEEN", &middle, &[&low, &high])?;
    require_bounds(&low, &high)?;
    Ok(Condition::Between(middle, low, high))
}

fn one_of(cursor: &mut Cursor<'_>, left: Operand) -> Parsed<Condition> {
    cursor.expect("(")?;
    let mut choices = vec![operand(cursor)?];
    while cursor.accept(",") {
        choices.push(operand(cursor)?);
    }
    cursor.expect(")")?;
    if choices.len() + 1 > MOST_OF_IN {
        return Err(format!(
            "Invalid number of operands for operator or function; operator or function: IN, number of operands: {}",
            choices.len() + 1
        ));
    }
    require_distinct("IN", &left, &choices.iter().collect::<Vec<_>>())?;
    Ok(Condition::In(left, choices))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::evaluate::holds;
    use crate::dynamodb::expression::bindings;
    use crate::dynamodb::value::Attributes;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    fn refusal(text: &str) -> String {
        let names = json!({ "#n": "name" });
        let values = json!({
            ":v": { "S": "x" }, ":w": { "S": "a" }, ":n": { "N": "1" }, ":l": { "L": [] }, ":b": { "BOOL": true },
        });
        let parsed = parse_condition("ConditionExpression", text, &mut bindings(&names, &values));
        parsed.map_or_else(|refusal| refusal.message, |tree| panic!("{text} was parsed as {tree:?}"))
    }

    proptest! {
        #[test]
        fn any_text_is_a_condition_or_refused(
            tokens in vec(select(vec!["a", "#n", ":v", ":n", "(", ")", "((", "[0]", ".b", "=", "<>", "<", "AND", "OR", "NOT",
                "BETWEEN", "IN", ",", "size(", "contains(", "attribute_exists(", "status"]), 0..40)
        ) {
            let names = json!({ "#n": "name" });
            let values = json!({ ":v": { "S": "x" }, ":n": { "N": "1" } });
            let parsed = parse_condition("ConditionExpression", &tokens.join(" "), &mut bindings(&names, &values));
            // Whatever was understood can be evaluated too.
            let _holds = parsed.map(|condition| holds(&condition, &Attributes::new()));
        }
    }

    #[test]
    fn malformed_conditions_are_refused() {
        for (text, words) in [
            ("", "can not be empty"),
            ("a", "Syntax error; token: <EOF>"),
            ("a = ", "Syntax error"),
            ("a = :v b", "Syntax error; token: \"b\""),
            ("a == :v", "Syntax error; token: \"=\""),
            ("(a = :v", "Syntax error"),
            ("a = :v)", "Syntax error"),
            ("(a) = :v", "Syntax error"),
            ("a = :v AND", "Syntax error"),
            ("a IN ()", "Syntax error"),
            ("a[:v] = :v", "Syntax error"),
            ("a[#n] = :v", "Syntax error"),
            ("a. = :v", "Syntax error"),
            ("((a = :v))", "redundant parentheses"),
            ("a = :v AND ((b = :v OR c = :v))", "redundant parentheses"),
            (&"(".repeat(4000), "redundant parentheses"),
            ("a = :gone", "attribute value: :gone"),
            ("#gone = :v", "attribute name: #gone"),
            ("status = :v", "reserved keyword: status"),
            ("a.Name = :v", "reserved keyword: Name"),
            ("ATTRIBUTE_EXISTS(a)", "Invalid function name; function: ATTRIBUTE_EXISTS"),
            ("attribute_type(a, :v)", "not supported here"),
            ("list_append(a, b) = :v", "not allowed to be used this way"),
            ("attribute_exists(a) = :v", "Syntax error; token: \"=\""),
            ("a = attribute_exists(b)", "not allowed to be used this way"),
            ("size(a)", "not allowed to be used this way"),
            ("attribute_exists(:v)", "requires a document path"),
            ("contains(a)", "Syntax error"),
            ("contains(a, :v, :v)", "Syntax error"),
            ("contains(a, a)", "must be distinct"),
            ("a = a", "must be distinct"),
            ("a.b[1] <= a.b[1]", "must be distinct"),
            ("begins_with(a, :n)", "operand type: N"),
            ("a < :l", "operand type: L"),
            (":b >= a", "operand type: BOOL"),
            ("a BETWEEN :l AND :l", "operand type: L"),
            ("a BETWEEN :v AND :n", "same data type"),
            ("a BETWEEN :v AND :w", "greater than or equal"),
            (&format!("a IN (:v{})", ", :v".repeat(99)), "number of operands: 101"),
            (&format!("{}a = :v", "NOT ".repeat(300)), "too many operators"),
        ] {
            let message = refusal(text);
            assert!(
                message.starts_with("Invalid ConditionExpression: ") && message.contains(words),
                "{text}: {message}"
            );
        }
    }
}
