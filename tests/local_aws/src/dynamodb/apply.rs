//! What an update makes of an item.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::dynamodb::expression::{SetOperand, SetValue, Update};
use crate::dynamodb::number::Number;
use crate::dynamodb::path::{Path, Step};
use crate::dynamodb::value::{Attributes, Value};
use crate::refusal::Refusal;

/// The item after the update. All right sides see the item as it was before; list indexes count before removals.
pub(crate) fn apply(update: &Update, before: &Attributes) -> Result<Attributes, Refusal> {
    let mut item = before.clone();
    let mut sets: Vec<_> =
        update.sets.iter().map(|(path, value)| Ok((path, evaluate(value, before)?))).collect::<Result<_, Refusal>>()?;
    // In order of index, so that several elements beyond the end of a list are appended in their order.
    sets.sort_by_key(|(path, _)| *path);
    for (path, value) in sets {
        put(&mut item, path, value)?;
    }
    for (path, value) in &update.adds {
        let sum = added(path.get(before), value)?;
        put(&mut item, path, sum)?;
    }
    let mut removes: Vec<_> = update.removes.iter().collect();
    for (path, value) in &update.deletes {
        match path.get(before).map(|old| without(old, value)).transpose()? {
            Some(Some(rest)) => put(&mut item, path, rest)?,
            Some(None) => removes.push(path),
            None => {}
        }
    }
    // From the back of a list to its front, so that no removal moves what another one means.
    removes.sort_by_key(|path| Reverse(*path));
    for path in removes {
        remove(&mut item, path)?;
    }
    Ok(item)
}

fn evaluate(value: &SetValue, item: &Attributes) -> Result<Value, Refusal> {
    let number = |operand| match resolve(operand, item)? {
        Value::N(number) => Ok(number),
        _ => Err(wrong_type()),
    };
    match value {
        SetValue::Plain(operand) => resolve(operand, item),
        SetValue::Plus(left, right) => Ok(Value::N(number(left)?.plus(number(right)?)?)),
        SetValue::Minus(left, right) => Ok(Value::N(number(left)?.minus(number(right)?)?)),
    }
}

fn resolve(operand: &SetOperand, item: &Attributes) -> Result<Value, Refusal> {
    match operand {
        SetOperand::Value(value) => Ok(value.clone()),
        SetOperand::Path(path) => path.get(item).cloned().ok_or_else(|| {
            Refusal::validation("The provided expression refers to an attribute that does not exist in the item")
        }),
        SetOperand::IfNotExists(path, other) => path.get(item).cloned().map_or_else(|| resolve(other, item), Ok),
        SetOperand::ListAppend(first, second) => match (resolve(first, item)?, resolve(second, item)?) {
            (Value::L(mut list), Value::L(more)) => {
                list.extend(more);
                Ok(Value::L(list))
            }
            _ => Err(wrong_type()),
        },
    }
}

/// `ADD`: a sum of numbers or a union of sets; an attribute that is not there counts as zero or as an empty set.
fn added(old: Option<&Value>, value: &Value) -> Result<Value, Refusal> {
    match (old, value) {
        (None, value) => Ok(value.clone()),
        (Some(Value::N(old)), Value::N(more)) => Ok(Value::N(old.plus(*more)?)),
        (Some(Value::Ss(old)), Value::Ss(more)) => Ok(Value::Ss(old | more)),
        (Some(Value::Ns(old)), Value::Ns(more)) => Ok(Value::Ns(union(old, more))),
        (Some(Value::Bs(old)), Value::Bs(more)) => Ok(Value::Bs(old | more)),
        _ => Err(wrong_type()),
    }
}

fn union(old: &BTreeSet<Number>, more: &BTreeSet<Number>) -> BTreeSet<Number> {
    old.union(more).copied().collect()
}

/// `DELETE`: what is left of a set; `None` if that is nothing, since there are no empty sets.
fn without(old: &Value, value: &Value) -> Result<Option<Value>, Refusal> {
    let rest = match (old, value) {
        (Value::Ss(old), Value::Ss(less)) => some(old - less).map(Value::Ss),
        (Value::Ns(old), Value::Ns(less)) => some(old.difference(less).copied().collect()).map(Value::Ns),
        (Value::Bs(old), Value::Bs(less)) => some(old - less).map(Value::Bs),
        _ => return Err(wrong_type()),
    };
    Ok(rest)
}

fn some<T>(set: BTreeSet<T>) -> Option<BTreeSet<T>> {
    (!set.is_empty()).then_some(set)
}

fn put(item: &mut Attributes, path: &Path, value: Value) -> Result<(), Refusal> {
    let Some((last, parents)) = path.steps.split_last() else {
        item.insert(path.head.clone(), value);
        return Ok(());
    };
    match (parent(item, &path.head, parents)?, last) {
        (Value::M(map), Step::Name(name)) => {
            map.insert(name.clone(), value);
        }
        (Value::L(list), Step::Index(index)) => match list.get_mut(*index) {
            Some(element) => *element = value,
            None => list.push(value),
        },
        _ => return Err(invalid_path()),
    }
    Ok(())
}

fn remove(item: &mut Attributes, path: &Path) -> Result<(), Refusal> {
    let Some((last, parents)) = path.steps.split_last() else {
        item.remove(&path.head);
        return Ok(());
    };
    match (parent(item, &path.head, parents)?, last) {
        (Value::M(map), Step::Name(name)) => {
            map.remove(name);
        }
        (Value::L(list), Step::Index(index)) => {
            if *index < list.len() {
                list.remove(*index);
            }
        }
        _ => return Err(invalid_path()),
    }
    Ok(())
}

fn parent<'a>(item: &'a mut Attributes, head: &str, steps: &[Step]) -> Result<&'a mut Value, Refusal> {
    steps.iter().try_fold(item.get_mut(head).ok_or_else(invalid_path)?, |value, step| {
        let inner = match (value, step) {
            (Value::M(map), Step::Name(name)) => map.get_mut(name),
            (Value::L(list), Step::Index(index)) => list.get_mut(*index),
            _ => None,
        };
        inner.ok_or_else(invalid_path)
    })
}

fn wrong_type() -> Refusal {
    Refusal::validation("An operand in the update expression has an incorrect data type")
}

fn invalid_path() -> Refusal {
    Refusal::validation("The document path provided in the update expression is invalid for update")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::expression::{bindings, parse_update};
    use crate::dynamodb::value::{attributes_to_json, parse_attributes};
    use serde_json::{Value as Json, json};

    fn applied(item: &Json, text: &str) -> Result<Json, String> {
        let values = json!({
            ":1": { "N": "1" }, ":2": { "N": "2" }, ":x": { "S": "x" }, ":y": { "S": "y" }, ":z": { "S": "z" },
            ":l": { "L": [{ "S": "l" }] }, ":none": { "L": [] }, ":ab": { "SS": ["a", "b"] }, ":b": { "SS": ["b"] },
        });
        let update = parse_update(text, &mut bindings(&json!(null), &values)).unwrap();
        let item = parse_attributes(item.as_object().unwrap()).unwrap();
        apply(&update, &item).map(|item| attributes_to_json(&item)).map_err(|refusal| refusal.message)
    }

    fn list(texts: &[&str]) -> Json {
        json!({ "L": texts.iter().map(|text| json!({ "S": text })).collect::<Vec<_>>() })
    }

    #[test]
    fn an_update_makes_of_an_item_what_aws_makes_of_it() {
        let (n, x) = (|n: &str| json!({ "N": n }), json!({ "S": "x" }));
        for (before, update, after) in [
            (json!({}), "SET a = :x", json!({ "a": x })),
            (json!({ "a": n("1") }), "SET b = a, a = :2", json!({ "a": n("2"), "b": n("1") })),
            (json!({ "a": n("1") }), "REMOVE a SET b = a", json!({ "b": n("1") })),
            (json!({ "a": n("1") }), "SET a = a + :2", json!({ "a": n("3") })),
            (json!({ "a": n("1") }), "SET a = :2 - a, b = a - :2", json!({ "a": n("1"), "b": n("-1") })),
            (json!({}), "SET a = if_not_exists(a, :1)", json!({ "a": n("1") })),
            (json!({ "a": n("5") }), "SET a = if_not_exists(a, :1) + :1", json!({ "a": n("6") })),
            (json!({ "a": n("5") }), "SET b = if_not_exists(a, :1)", json!({ "a": n("5"), "b": n("5") })),
            (json!({}), "SET a = if_not_exists(a, if_not_exists(b, :1))", json!({ "a": n("1") })),
            (json!({}), "SET a = list_append(if_not_exists(a, :none), :l)", json!({ "a": list(&["l"]) })),
            (json!({ "a": list(&["k"]) }), "SET a = list_append(a, :l)", json!({ "a": list(&["k", "l"]) })),
            (json!({ "a": list(&["k"]) }), "SET a = list_append(:l, a)", json!({ "a": list(&["l", "k"]) })),
            (json!({}), "ADD a :2", json!({ "a": n("2") })),
            (json!({ "a": n("1") }), "ADD a :2 REMOVE b", json!({ "a": n("3") })),
            (json!({}), "ADD a :ab", json!({ "a": { "SS": ["a", "b"] } })),
            (json!({ "a": { "SS": ["c"] } }), "ADD a :ab", json!({ "a": { "SS": ["a", "b", "c"] } })),
            (json!({ "a": { "SS": ["a", "b"] } }), "DELETE a :b", json!({ "a": { "SS": ["a"] } })),
            (json!({ "a": { "SS": ["b"] }, "c": x }), "DELETE a :ab", json!({ "c": x })),
            (json!({}), "DELETE a :ab", json!({})),
            (json!({ "m": { "M": { "a": n("1") } } }), "SET m.b = :x REMOVE m.a", json!({ "m": { "M": { "b": x } } })),
            (json!({ "m": { "M": {} } }), "REMOVE m.a, gone", json!({ "m": { "M": {} } })),
        ] {
            assert_eq!(applied(&before, update), Ok(after), "{update}");
        }
    }

    #[test]
    fn list_indexes_count_before_anything_is_removed() {
        let abc = json!({ "l": list(&["a", "b", "c"]) });
        for (update, after) in [
            ("SET l[1] = :x", vec!["a", "x", "c"]),
            ("SET l[9] = :x", vec!["a", "b", "c", "x"]),
            ("SET l[30] = :z, l[9] = :x, l[20] = :y", vec!["a", "b", "c", "x", "y", "z"]),
            ("REMOVE l[0], l[2]", vec!["b"]),
            ("REMOVE l[0] SET l[2] = :x", vec!["b", "x"]),
            ("SET l[7] = :x REMOVE l[0]", vec!["b", "c", "x"]),
            ("REMOVE l[7]", vec!["a", "b", "c"]),
        ] {
            assert_eq!(applied(&abc, update), Ok(json!({ "l": list(&after) })), "{update}");
        }
    }

    #[test]
    fn updates_that_do_not_fit_the_item_are_refused() {
        let item = json!({ "s": { "S": "x" }, "l": list(&["a"]), "n": { "N": "1" }, "m": { "M": {} } });
        let (absent, wrong, path) = ("does not exist in the item", "incorrect data type", "invalid for update");
        for (update, words) in [
            ("SET a = gone", absent),
            ("SET a = gone + :1", absent),
            ("SET x = :1, a = x", absent),
            ("SET a = list_append(gone, :l)", absent),
            ("SET a = s + :1", wrong),
            ("SET a = list_append(s, :l)", wrong),
            ("ADD s :1", wrong),
            ("ADD n :ab", wrong),
            ("DELETE n :ab", wrong),
            ("SET gone.a = :x", path),
            ("SET s.a = :x", path),
            ("SET l.a = :x", path),
            ("SET m[0] = :x", path),
            ("SET l[3].a = :x", path),
            ("REMOVE gone.a", path),
            ("REMOVE s[0]", path),
        ] {
            let message = applied(&item, update).unwrap_err();
            assert!(message.contains(words), "{update}: {message}");
        }
    }
}
