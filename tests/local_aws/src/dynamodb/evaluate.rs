//! Whether a condition holds for an item.
//!
//! An attribute that is not there makes every comparison false but `<>`, which it makes true; so `NOT contains(a, :x)`
//! holds where there is no `a`. Values of different types are unequal and have no order. Checked against the tests that
//! Alternator, an independent implementation, runs against AWS.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::dynamodb::expression::{Comparator, Condition, Operand};
use crate::dynamodb::number::Number;
use crate::dynamodb::value::{Attributes, Value};

pub(crate) fn holds(condition: &Condition, item: &Attributes) -> bool {
    let value = |operand| resolve(operand, item);
    match condition {
        Condition::Compare(comparator, left, right) => compare(*comparator, value(left), value(right)),
        Condition::Between(middle, low, high) => {
            let middle = value(middle);
            compare(Comparator::GreaterOrEqual, middle.clone(), value(low))
                && compare(Comparator::LessOrEqual, middle, value(high))
        }
        Condition::In(left, choices) => {
            let left = value(left);
            choices.iter().any(|choice| compare(Comparator::Equal, left.clone(), value(choice)))
        }
        Condition::Exists(path) => path.get(item).is_some(),
        Condition::BeginsWith(text, start) => both(value(text), value(start), begins_with),
        Condition::Contains(whole, part) => both(value(whole), value(part), contains),
        Condition::And(left, right) => holds(left, item) && holds(right, item),
        Condition::Or(left, right) => holds(left, item) || holds(right, item),
        Condition::Not(inner) => !holds(inner, item),
    }
}

type Resolved<'a> = Option<Cow<'a, Value>>;

fn resolve<'a>(operand: &'a Operand, item: &'a Attributes) -> Resolved<'a> {
    match operand {
        Operand::Path(path) => path.get(item).map(Cow::Borrowed),
        Operand::Value(value) => Some(Cow::Borrowed(value)),
        Operand::Size(path) => {
            let count = size(path.get(item)?)?;
            Some(Cow::Owned(Value::N(Number::of_count(count))))
        }
    }
}

fn both(left: Resolved<'_>, right: Resolved<'_>, test: impl Fn(&Value, &Value) -> bool) -> bool {
    left.zip(right).is_some_and(|(left, right)| test(&left, &right))
}

fn compare(comparator: Comparator, left: Resolved<'_>, right: Resolved<'_>) -> bool {
    let ordered = |wanted: fn(Ordering) -> bool| move |a: &Value, b: &Value| order(a, b).is_some_and(wanted);
    match comparator {
        Comparator::Equal => both(left, right, |a, b| a == b),
        Comparator::NotEqual => !both(left, right, |a, b| a == b),
        Comparator::Less => both(left, right, ordered(Ordering::is_lt)),
        Comparator::LessOrEqual => both(left, right, ordered(Ordering::is_le)),
        Comparator::Greater => both(left, right, ordered(Ordering::is_gt)),
        Comparator::GreaterOrEqual => both(left, right, ordered(Ordering::is_ge)),
    }
}

/// The order of two values of one ordered type. Strings go by their UTF-8 bytes.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::S(a), Value::S(b)) => Some(a.cmp(b)),
        (Value::N(a), Value::N(b)) => Some(a.cmp(b)),
        (Value::B(a), Value::B(b)) => Some(a.cmp(b)),
        _ => None,
    }
}

fn begins_with(text: &Value, start: &Value) -> bool {
    match (text, start) {
        (Value::S(text), Value::S(start)) => text.starts_with(start.as_str()),
        (Value::B(bytes), Value::B(start)) => bytes.starts_with(start),
        _ => false,
    }
}

/// Whether a text holds another, or a list or set holds an element.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::S(text), Value::S(part)) => text.contains(part.as_str()),
        (Value::B(bytes), Value::B(part)) => {
            part.is_empty() || bytes.windows(part.len()).any(|window| window == part.as_slice())
        }
        (Value::L(list), element) => list.contains(element),
        (Value::Ss(set), Value::S(element)) => set.contains(element),
        (Value::Ns(set), Value::N(element)) => set.contains(element),
        (Value::Bs(set), Value::B(element)) => set.contains(element),
        _ => false,
    }
}

/// `size()`: bytes of texts and binaries, elements of the others; nothing for types that have no size.
fn size(value: &Value) -> Option<usize> {
    match value {
        Value::S(text) => Some(text.len()),
        Value::B(bytes) => Some(bytes.len()),
        Value::L(list) => Some(list.len()),
        Value::M(map) => Some(map.len()),
        Value::Ss(set) => Some(set.len()),
        Value::Ns(set) => Some(set.len()),
        Value::Bs(set) => Some(set.len()),
        Value::N(_) | Value::Bool(_) | Value::Null => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::expression::{bindings, parse_condition};
    use crate::dynamodb::value::parse_attributes;
    use serde_json::json;

    fn item() -> Attributes {
        let item = json!({
            "n": { "N": "1" }, "two": { "N": "2.0" }, "t": { "S": "hello" }, "u": { "S": "né" }, "yes": { "BOOL": true },
            "nil": { "NULL": true }, "bin": { "B": "aGkgdGhlcmU=" },
            "xs": { "L": [{ "S": "hi" }, { "N": "7" }, { "L": [{ "N": "1" }] }] },
            "doc": { "M": { "x": { "N": "1" }, "y": { "L": [{ "N": "-1" }, { "N": "2" }] } } },
            "tags": { "SS": ["a", "b"] }, "numbers": { "NS": ["2", "4"] },
        });
        parse_attributes(item.as_object().unwrap()).unwrap()
    }

    fn condition(text: &str) -> Condition {
        let names = json!({ "#status": "t", "#doc": "doc" });
        let values = json!({
            ":0": { "N": "0" }, ":1": { "N": "1" }, ":one": { "N": "1.00" }, ":2": { "N": "2" },
            ":3": { "N": "3" }, ":s1": { "S": "1" }, ":hello": { "S": "hello" }, ":hell": { "S": "hell" },
            ":ell": { "S": "ell" }, ":zz": { "S": "zz" }, ":empty": { "S": "" }, ":hi": { "S": "hi" }, ":a": { "S": "a" },
            ":5": { "N": "5" }, ":7": { "N": "7.0" }, ":4": { "N": "4" }, ":true": { "BOOL": true }, ":nil": { "NULL": true },
            ":inner": { "L": [{ "N": "1.0" }] }, ":ba": { "SS": ["b", "a"] }, ":there": { "B": "dGhlcmU=" },
            ":map": { "M": { "y": { "L": [{ "N": "-1" }, { "N": "2" }] }, "x": { "N": "1" } } },
        });
        parse_condition("ConditionExpression", text, &mut bindings(&names, &values)).unwrap()
    }

    #[test]
    fn conditions_hold_as_they_do_on_aws() {
        for text in [
            "attribute_exists(n) AND attribute_exists(nil) AND attribute_exists(doc.y[1])",
            "attribute_not_exists(gone) AND attribute_not_exists(doc.z) AND attribute_not_exists(xs[3])",
            "n = :1 AND n = :one AND n = doc.x AND two = :2",
            "t = :hello AND #status = :hello AND yes = :true AND nil = :nil AND #doc = :map AND tags = :ba",
            "n <> :2 AND n <> :s1 AND t <> n",
            "n < :2 AND n <= :1 AND n > :0 AND n >= :1 AND :0 < n AND t > :hell AND t < :zz",
            "n BETWEEN :1 AND :3 AND two between n and :3 AND NOT n BETWEEN :2 AND :3",
            "n IN (:0, :1) AND n IN (:s1, doc.x) AND NOT n IN (:2, :3)",
            "begins_with(t, :hell) AND begins_with(t, :empty) AND begins_with(:hello, t) AND NOT begins_with(t, :ell)",
            "contains(t, :ell) AND contains(xs, :hi) AND contains(xs, :7) AND contains(xs, :inner)",
            "contains(tags, :a) AND contains(numbers, :4) AND contains(bin, :there) AND NOT contains(tags, :hi)",
            "size(t) = :5 AND size(xs) = :3 AND size(tags) = :2 AND size(#doc) = :2 AND size(u) = :3",
            "NOT NOT n = :1",
            "n = :1 OR n = :2 AND n = :3",
            "NOT n = :2 AND t = :hello",
            "(n = :1 OR n = :2) AND NOT (n = :3 AND t = :hello)",
        ] {
            assert!(holds(&condition(text), &item()), "{text}");
        }
    }

    #[test]
    fn an_absent_attribute_makes_every_comparison_false_but_not_equal() {
        for (text, expected) in [
            ("gone = :1", false),
            ("gone <> :1", true),
            ("gone < :1", false),
            ("gone >= :1", false),
            (":1 < gone", false),
            ("gone BETWEEN :0 AND :1", false),
            ("gone IN (:0, :1)", false),
            ("gone = lost", false),
            ("gone <> lost", true),
            ("contains(gone, :a)", false),
            ("NOT contains(gone, :a)", true),
            ("begins_with(gone, :a)", false),
            ("size(gone) = :0", false),
            ("size(gone) < :1", false),
            ("attribute_not_exists(gone) OR gone < :1", true),
            ("NOT gone = :1", true),
        ] {
            assert_eq!(holds(&condition(text), &item()), expected, "{text}");
            assert_eq!(holds(&condition(text), &Attributes::new()), expected, "without an item: {text}");
        }
    }

    #[test]
    fn values_of_different_types_have_no_order() {
        for (text, expected) in [
            ("n = :s1", false),
            ("n < :s1", false),
            ("n >= :s1", false),
            ("t > :0", false),
            ("xs > :0", false),
            ("yes >= :1", false),
            ("size(n) = :1", false),
            ("size(t) = :s1", false),
            ("contains(n, :1)", false),
            ("contains(t, :1)", false),
            ("begins_with(xs, :hi)", false),
        ] {
            assert_eq!(holds(&condition(text), &item()), expected, "{text}");
        }
    }
}
