//! Updates: the grammar of `UpdateExpression`.

use crate::dynamodb::expression::bindings::Bindings;
use crate::dynamodb::expression::cursor::{Cursor, Parsed, parse};
use crate::dynamodb::path::{Clash, Path};
use crate::dynamodb::value::Value;
use crate::refusal::Refusal;

/// What an update does, clause by clause.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    pub(crate) sets: Vec<(Path, SetValue)>,
    pub(crate) removes: Vec<Path>,
    pub(crate) adds: Vec<(Path, Value)>,
    pub(crate) deletes: Vec<(Path, Value)>,
}

/// The right side of `SET path = …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SetValue {
    Plain(SetOperand),
    Plus(SetOperand, SetOperand),
    Minus(SetOperand, SetOperand),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SetOperand {
    Path(Path),
    Value(Value),
    IfNotExists(Path, Box<Self>),
    ListAppend(Box<Self>, Box<Self>),
}

impl Update {
    /// Every path the update changes.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Path> {
        let sets = self.sets.iter().map(|(path, _)| path);
        let values = self.adds.iter().chain(&self.deletes).map(|(path, _)| path);
        sets.chain(&self.removes).chain(values)
    }
}

pub(crate) fn parse_update(text: &str, bindings: &mut Bindings) -> Result<Update, Refusal> {
    parse("UpdateExpression", text, bindings, clauses)
}

fn clauses(cursor: &mut Cursor<'_>) -> Parsed<Update> {
    let mut update = Update::default();
    let mut seen = Vec::new();
    while !cursor.is_at_end() {
        let Some(clause) = ["SET", "REMOVE", "ADD", "DELETE"].into_iter().find(|name| cursor.accept_keyword(name))
        else {
            return Err(cursor.syntax_error());
        };
        if seen.contains(&clause) {
            return Err(format!("The \"{clause}\" section can only be used once in an update expression;"));
        }
        seen.push(clause);
        match clause {
            "SET" => update.sets = list(cursor, set)?,
            "REMOVE" => update.removes = list(cursor, remove)?,
            "ADD" => update.adds = list(cursor, |cursor| path_and_value(cursor, clause, &["N", "SS", "NS", "BS"]))?,
            _ => update.deletes = list(cursor, |cursor| path_and_value(cursor, clause, &["SS", "NS", "BS"]))?,
        }
    }
    check_targets(&update)?;
    Ok(update)
}

fn list<T>(cursor: &mut Cursor<'_>, item: impl Fn(&mut Cursor<'_>) -> Parsed<T>) -> Parsed<Vec<T>> {
    let mut items = vec![item(cursor)?];
    while cursor.accept(",") {
        items.push(item(cursor)?);
    }
    Ok(items)
}

fn remove(cursor: &mut Cursor<'_>) -> Parsed<Path> {
    cursor.count_operator()?;
    cursor.path()
}

fn path_and_value(cursor: &mut Cursor<'_>, clause: &str, kinds: &[&str]) -> Parsed<(Path, Value)> {
    cursor.count_operator()?;
    let path = cursor.path()?;
    let Some(value) = cursor.accept_value()? else { return Err(cursor.syntax_error()) };
    if !kinds.contains(&value.kind()) {
        return Err(wrong_type(clause, value.kind()));
    }
    Ok((path, value))
}

fn set(cursor: &mut Cursor<'_>) -> Parsed<(Path, SetValue)> {
    cursor.count_operator()?;
    let path = cursor.path()?;
    cursor.expect("=")?;
    let left = operand(cursor)?;
    let sign = ["+", "-"].into_iter().find(|sign| cursor.accept(sign));
    let Some(sign) = sign else { return Ok((path, SetValue::Plain(left))) };
    cursor.count_operator()?;
    let right = operand(cursor)?;
    require_type(sign, &[&left, &right], "N")?;
    let value = if sign == "+" { SetValue::Plus(left, right) } else { SetValue::Minus(left, right) };
    Ok((path, value))
}

fn operand(cursor: &mut Cursor<'_>) -> Parsed<SetOperand> {
    if let Some(name) = cursor.accept_call() {
        cursor.count_operator()?;
        return function(cursor, &name);
    }
    match cursor.accept_value()? {
        Some(value) => Ok(SetOperand::Value(value)),
        None => cursor.path().map(SetOperand::Path),
    }
}

fn function(cursor: &mut Cursor<'_>, name: &str) -> Parsed<SetOperand> {
    if !["if_not_exists", "list_append"].contains(&name) {
        return Err(format!("Invalid function name; function: {name}"));
    }
    let first = operand(cursor)?;
    cursor.expect(",")?;
    let second = operand(cursor)?;
    cursor.expect(")")?;
    match (name, first) {
        ("list_append", first) => list_append(first, second),
        (_, SetOperand::Path(path)) => Ok(SetOperand::IfNotExists(path, Box::new(second))),
        _ => Err(format!("Operator or function requires a document path; operator or function: {name}")),
    }
}

fn list_append(first: SetOperand, second: SetOperand) -> Parsed<SetOperand> {
    let nested = |operand: &SetOperand| matches!(operand, SetOperand::ListAppend(..));
    if nested(&first) || nested(&second) {
        return Err(
            "The function is not allowed to be used this way in an expression; function: list_append".to_owned()
        );
    }
    require_type("list_append", &[&first, &second], "L")?;
    Ok(SetOperand::ListAppend(Box::new(first), Box::new(second)))
}

/// A value of the request that can never fit is an error before the item is looked at.
fn require_type(operator: &str, operands: &[&SetOperand], kind: &str) -> Parsed<()> {
    let wrong = operands.iter().find_map(|operand| match operand {
        SetOperand::Value(value) if value.kind() != kind => Some(value.kind()),
        _ => None,
    });
    wrong.map_or(Ok(()), |found| Err(wrong_type(operator, found)))
}

fn wrong_type(operator: &str, kind: &str) -> String {
    format!("Incorrect operand type for operator or function; operator or function: {operator}, operand type: {kind}")
}

fn check_targets(update: &Update) -> Parsed<()> {
    let targets: Vec<_> = update.targets().collect();
    for (n, one) in targets.iter().enumerate() {
        if let Some((two, clash)) = targets[..n].iter().find_map(|two| Some((two, one.clash(two)?))) {
            let verb = if clash == Clash::Overlap { "overlap" } else { "conflict" };
            return Err(format!(
                "Two document paths {verb} with each other; must remove or rewrite one of these paths; path one: {two}, path two: {one}"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamodb::expression::bindings;
    use serde_json::json;

    fn parsed(text: &str) -> Result<Update, String> {
        let names = json!({ "#a": "a", "#n": "name" });
        let values = json!({
            ":v": { "S": "x" }, ":n": { "N": "1" }, ":l": { "L": [] }, ":set": { "SS": ["x"] },
        });
        parse_update(text, &mut bindings(&names, &values)).map_err(|refusal| refusal.message)
    }

    #[test]
    fn malformed_updates_are_refused() {
        for (text, words) in [
            (" ", "can not be empty"),
            ("HELLO a = :v", "Syntax error; token: \"HELLO\""),
            ("SET a", "Syntax error"),
            ("SET a = :v,", "Syntax error"),
            ("SET a = :v b = :v", "Syntax error"),
            ("SET :v = a", "Syntax error"),
            ("SET p_x-y = :v", "Syntax error; token: \"-\""),
            ("SET a = :v SET b = :v", "\"SET\" section can only be used once"),
            ("SET a = :v REMOVE b SET c = :v", "\"SET\" section can only be used once"),
            ("SET a = :n + :n + :n", "Syntax error; token: \"+\""),
            ("SET a = (:v)", "Syntax error"),
            ("SET a = :n + :v", "operand type: S"),
            ("SET a = list_append(:l, :v)", "operand type: S"),
            ("SET a = list_append(:l)", "Syntax error"),
            ("SET a = list_append(list_append(:l, :l), :l)", "not allowed to be used this way"),
            ("SET a = LIST_APPEND(:l, :l)", "Invalid function name"),
            ("SET a = if_not_exists(:v, :v)", "requires a document path"),
            ("SET a = if_not_exists(a, :n + :n)", "Syntax error"),
            ("SET a = size(b)", "Invalid function name; function: size"),
            ("SET name = :v", "reserved keyword: name"),
            ("SET #gone = :v", "attribute name: #gone"),
            ("SET a = :gone", "attribute value: :gone"),
            ("ADD a :v", "operand type: S"),
            ("ADD a :l", "operand type: L"),
            ("ADD a b", "Syntax error"),
            ("DELETE a :n", "operand type: N"),
            ("REMOVE a = :v", "Syntax error"),
        ] {
            let message = parsed(text).unwrap_err();
            assert!(message.starts_with("Invalid UpdateExpression: ") && message.contains(words), "{text}: {message}");
        }
    }

    #[test]
    fn two_changes_of_one_place_are_refused() {
        for (text, verb) in [
            ("SET a = :v, a = :v", Some("overlap")),
            ("SET a = :v, #a = :v", Some("overlap")),
            ("SET a = :v REMOVE a", Some("overlap")),
            ("SET a = :v, a.b = :v", Some("overlap")),
            ("SET a[1].b = :v REMOVE a[1]", Some("overlap")),
            ("ADD a :n REMOVE a.b.c", Some("overlap")),
            ("SET a.b = :v, a[1] = :v", Some("conflict")),
            ("SET a.b = :v, a.c = :v, b = a REMOVE a.d, c", None),
            ("SET a[0] = :v, a[1] = :v DELETE b :set", None),
        ] {
            let found = parsed(text).err();
            match verb {
                None => assert_eq!(found, None, "{text}"),
                Some(verb) => assert!(found.unwrap().contains(&format!("document paths {verb} with")), "{text}"),
            }
        }
    }
}
