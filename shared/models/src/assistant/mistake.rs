//! What is wrong with an `assistant.toml`, and on which line.

use std::fmt;

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// One thing that is wrong with an `assistant.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The whole name of what is wrong, such as `limits.attempts` or `ladder.2`; empty where the whole file is meant.
    key: String,
    told: String,
    line: Option<usize>,
}

impl Mistake {
    /// What is wrong with the setting of this whole name.
    pub fn at(key: &str, problem: &str) -> Self {
        Self { key: key.to_owned(), told: format!("`{key}` {problem}"), line: None }
    }

    /// What is wrong with the item at that `place`, from 1, of the list of this whole name.
    pub(super) fn in_list(key: &str, place: usize, problem: &str) -> Self {
        Self { key: format!("{key}.{place}"), ..Self::at(key, problem) }
    }

    /// What is wrong with a whole file on that line, from 1.
    pub(super) fn on_line(told: String, line: usize) -> Self {
        Self { key: String::new(), told, line: Some(line) }
    }

    /// What is wrong, in words.
    pub fn told(&self) -> &str {
        &self.told
    }

    /// The line, from 1; `None` where nothing of it stands in the file.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.told)?;
        self.line.map_or(Ok(()), |line| write!(f, " (line {line})"))
    }
}

/// Everything that is wrong with an `assistant.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadAssistant(Vec<Mistake>);

impl BadAssistant {
    /// The mistakes in the file `toml`, each with the line it stands on and in that order. The file is read once more
    /// for it: only one that is wrong costs that.
    pub fn of(toml: &str, mistakes: Vec<Mistake>) -> Self {
        let Ok(file) = DeTable::parse(toml) else { return Self(mistakes) };
        let located = |mistake: Mistake| {
            let start = start_in_table(file.get_ref(), &mistake.key);
            let line = mistake.line.or_else(|| Some(line_of(toml, start?)));
            Mistake { line, ..mistake }
        };
        let mut mistakes: Vec<_> = mistakes.into_iter().map(located).collect();
        mistakes.sort_by_key(|mistake| mistake.line.unwrap_or(usize::MAX));
        Self(mistakes)
    }

    /// Each of them.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.0
    }

    /// Each in words, without its line.
    #[cfg(test)]
    pub(super) fn told(&self) -> Vec<String> {
        self.0.iter().map(|mistake| mistake.told.clone()).collect()
    }
}

impl From<Vec<Mistake>> for BadAssistant {
    fn from(mistakes: Vec<Mistake>) -> Self {
        Self(mistakes)
    }
}

impl fmt::Display for BadAssistant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => f.write_str("1 mistake; mend it and start again:")?,
            mistakes => write!(f, "{mistakes} mistakes; mend them and start again:")?,
        }
        self.0.iter().try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

impl std::error::Error for BadAssistant {}

/// The line that byte stands on, from 1.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    text.as_bytes().iter().take(byte).filter(|byte| **byte == b'\n').count() + 1
}

/// Where as much of `path` as there is stands in `table`. Names may hold points themselves.
fn start_in_table(table: &DeTable<'_>, path: &str) -> Option<usize> {
    let entries = table.iter().filter_map(|(key, value)| Some((key, value, rest(path, key.get_ref())?)));
    let (key, value, path) = entries.min_by_key(|(_, _, rest)| rest.len())?;
    Some(start_below(value, path).unwrap_or(key.span().start))
}

fn start_below(value: &Spanned<DeValue<'_>>, path: &str) -> Option<usize> {
    match value.get_ref() {
        DeValue::Table(table) => start_in_table(table, path),
        DeValue::Array(items) => start_in_list(items, path),
        _ => None,
    }
}

/// An item is called by its `name`, else by its number from 1.
fn start_in_list(items: &DeArray<'_>, path: &str) -> Option<usize> {
    let (called, path) = path.split_once('.').unwrap_or((path, ""));
    let is_called = |item: &&Spanned<DeValue<'_>>| name_of(item.get_ref()) == Some(called);
    let numbered = || items.get(called.parse::<usize>().ok()?.checked_sub(1)?);
    let item = items.iter().find(is_called).or_else(numbered)?;
    Some(start_below(item, path).unwrap_or(item.span().start))
}

fn name_of<'a>(item: &'a DeValue<'_>) -> Option<&'a str> {
    item.as_table()?.iter().find(|(key, _)| *key.get_ref() == "name")?.1.get_ref().as_str()
}

/// What is left of `path` below `key`, if it leads there.
fn rest<'a>(path: &'a str, key: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(key).filter(|_| !key.is_empty())?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('.') }
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    const FILE: &str = r#"# mine
default_language = "xx"
colour = 1
ladder = ["a",
          "b",
          "a"]
[limits]
attempts = 0
[routes."a b"]
hand_off = true
[routes.vip]
quiet_period.cap_seconds = "soon"

[tools."t.x"]
describe = "x"
url = "https://x.example"

[[flows.f.steps]]
name = "ask"
say = { en = "?",
        xx = "?" }
expect = "words"

[[flows.f.steps]]
say = "?"
expect = "one_of"
options = ["x",
           7]
[[flows.f.steps]]
name = "last"
say = "?"

[[flows.f.steps]]
name = "then"
say = "?"
expect = "one_of"
options = ["x",
           "agent"]

[flows.g]
start = ["g",
         "stop"]

[routes.words]
keywords = ["w",
            "human",
            "!",
            "W",
            7]

[keywords]
ignore = ["i",
          "?"]
opt_in = ["yes",
          "stop"]

[guards]
links = ["shop.example",
         "shop"]

[media]
hosts = ["media.example",
         "https://x.example"]

[profile]
facts = ["owner",
         "mood"]
"#;

    #[test]
    fn every_mistake_has_the_line_where_it_is_to_be_mended() {
        let bad = Assistant::from_toml(FILE).unwrap_err();
        let lines: Vec<_> = bad.mistakes().iter().map(|mistake| (mistake.key.as_str(), mistake.line)).collect();
        for (key, line) in [
            ("default_language", 2),
            ("colour", 3),
            ("ladder.2", 5),
            ("ladder.3", 6),
            ("limits.attempts", 8),
            ("routes.a b", 9),
            ("routes.vip.quiet_period.cap_seconds", 12),
            ("tools.t.x", 14),
            ("flows.f.steps.ask.say.xx", 21),
            ("flows.f.steps.ask.expect", 22),
            ("flows.f.steps.2.name", 24),
            ("flows.f.steps.2.options.2", 28),
            ("flows.f.steps.last.expect", 29),
            ("flows.f.steps.then.options.2", 38),
            ("flows.g.start.2", 42),
            ("routes.words.keywords.2", 46),
            ("routes.words.keywords.3", 47),
            ("routes.words.keywords.4", 48),
            ("routes.words.keywords.5", 49),
            ("keywords.ignore.2", 53),
            ("keywords.opt_in.2", 55),
            ("guards.links.2", 59),
            ("media.hosts.2", 63),
            ("profile.facts.2", 67),
        ] {
            assert!(lines.contains(&(key, Some(line))), "{key} on line {line} in {lines:#?}");
        }
        assert!(lines.iter().all(|(_, line)| line.is_some()), "{lines:#?}");
        assert!(bad.to_string().contains("`limits.attempts` must be a whole number from 3 to 10 (line 8)"), "{bad}");
    }

    #[test]
    fn what_stands_nowhere_in_the_file_has_no_line() {
        let bad = BadAssistant::of("a = 1\n", vec![Mistake::at("b.c", "is missing"), Mistake::at("", "is wrong")]);
        assert!(bad.mistakes().iter().all(|mistake| mistake.line().is_none()), "{bad}");
    }
}
