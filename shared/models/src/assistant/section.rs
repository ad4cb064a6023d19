//! Reading a TOML table key by key, collecting every mistake instead of stopping at the first.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::rc::Rc;
use std::time::Duration;

use toml::{Table, Value};

use super::mistake::Mistake;
use super::spelling::{did_you_mean, nearest};
use crate::CampaignId;

/// One table of the file. Keys that nobody asked for by the end are mistakes too.
pub(super) struct Section {
    path: String,
    table: Table,
    notes: Rc<RefCell<Notes>>,
}

/// What was found out about the file so far.
#[derive(Default)]
struct Notes {
    mistakes: Vec<Noted>,
    /// The whole name of every key that was asked for, whether it was there or not: what could have been meant.
    asked: BTreeSet<String>,
}

enum Noted {
    /// As it is told.
    Told(Mistake),
    /// The whole name of a key that nobody asked for.
    Unknown(String),
}

impl Section {
    /// The whole file.
    pub(super) fn root(table: Table) -> Self {
        Self { path: String::new(), table, notes: Rc::default() }
    }

    /// A table below this one; absent counts as empty.
    pub(super) fn section(&mut self, key: &str) -> Self {
        let table = match self.take(key) {
            None => Table::new(),
            Some(Value::Table(table)) => table,
            Some(_) => {
                self.mistake(key, &format!("must be a table: [{}]", self.name(key)));
                Table::new()
            }
        };
        Self { path: self.name(key), table, notes: Rc::clone(&self.notes) }
    }

    /// The keys that are left.
    pub(super) fn keys(&self) -> Vec<String> {
        self.table.keys().cloned().collect()
    }

    /// The tables of an array of tables; absent counts as none. `None` if it is something else. Each is called by its
    /// `name`, else by its number from 1.
    pub(super) fn sections(&mut self, key: &str) -> Option<Vec<Self>> {
        let tables: Option<Vec<Table>> = match self.take(key) {
            None => Some(Vec::new()),
            Some(Value::Array(values)) => values.into_iter().map(table_of).collect(),
            Some(_) => None,
        };
        if tables.is_none() {
            self.mistake(key, &format!("must be tables: [[{}]]", self.name(key)));
        }
        let section = |(index, table): (usize, Table)| {
            let name = table.get("name").and_then(Value::as_str).filter(|name| is_name(name));
            let name = name.map_or_else(|| (index + 1).to_string(), str::to_owned);
            Self { path: format!("{}.{name}", self.name(key)), table, notes: Rc::clone(&self.notes) }
        };
        Some(tables?.into_iter().enumerate().map(section).collect())
    }

    /// Whether `key` is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.note_asked(key);
        self.table.contains_key(key)
    }

    /// Whether `key` is a table.
    pub(super) fn has_table(&self, key: &str) -> bool {
        self.note_asked(key);
        self.table.get(key).is_some_and(Value::is_table)
    }

    /// Takes `key` for read, whatever it holds.
    pub(super) fn skip(&mut self, key: &str) {
        self.take(key);
    }

    /// A text for the caller to check; empty if it is absent or none.
    pub(super) fn word(&mut self, key: &str) -> String {
        match self.take(key) {
            Some(Value::String(text)) => text,
            _ => String::new(),
        }
    }

    /// A text that is not blank and at most `most` characters long.
    pub(super) fn text(&mut self, key: &str, default: &str, most: usize) -> String {
        self.optional_text(key, most).unwrap_or_else(|| default.to_owned())
    }

    /// A [`Section::text`] that may be absent.
    pub(super) fn optional_text(&mut self, key: &str, most: usize) -> Option<String> {
        let value = self.take(key)?;
        let text = text_of(value, most);
        if text.is_none() {
            self.mistake(key, &format!("must be a text of 1 to {most} characters"));
        }
        text
    }

    /// A list of texts, each as in [`Section::text`]; absent counts as empty. `None` if it is something else.
    pub(super) fn texts(&mut self, key: &str, most: usize) -> Option<Vec<String>> {
        let texts = match self.take(key) {
            None => Some(Vec::new()),
            Some(Value::Array(values)) => values.into_iter().map(|value| text_of(value, most)).collect(),
            Some(_) => None,
        };
        if texts.is_none() {
            self.mistake(key, &format!("must be a list of texts of 1 to {most} characters"));
        }
        texts
    }

    /// The items of a list, each alone in a section called by its number from 1, under that number; absent counts as
    /// none.
    pub(super) fn items(&mut self, key: &str) -> Vec<(String, Self)> {
        let values = match self.take(key) {
            None => Vec::new(),
            Some(Value::Array(values)) => values,
            Some(_) => {
                self.mistake(key, "must be a list");
                Vec::new()
            }
        };
        let alone = |(place, value): (usize, Value)| {
            let place = place.to_string();
            let table = Table::from_iter([(place.clone(), value)]);
            (place, Self { path: self.name(key), table, notes: Rc::clone(&self.notes) })
        };
        (1..).zip(values).map(alone).collect()
    }

    /// A list of texts of 1 to `most` characters, each with its place in the list, from 1.
    pub(super) fn numbered_texts(&mut self, key: &str, most: usize) -> Vec<(usize, String)> {
        let items = match self.take(key) {
            None => return vec![],
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.mistake(key, "must be a list of texts");
                return vec![];
            }
        };
        let (mut texts, mut wrong) = (vec![], vec![]);
        for (place, item) in (1..).zip(items) {
            match item {
                Value::String(text) if !text.trim().is_empty() && text.chars().count() <= most => {
                    texts.push((place, text));
                }
                _ => wrong.push(place),
            }
        }
        for place in wrong {
            let problem = format!("must be texts of 1 to {most} characters: number {place} is none");
            self.mistake_in_list(key, place, &problem);
        }
        texts
    }

    /// A campaign's id.
    pub(super) fn campaign(&mut self, key: &str) -> Option<CampaignId> {
        let campaign = CampaignId::new(self.optional_text(key, 128)?);
        if let Err(reason) = &campaign {
            self.mistake(key, &format!("is no campaign's id: {reason}"));
        }
        campaign.ok()
    }

    /// Yes or no.
    pub(super) fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.take(key) {
            None => default,
            Some(Value::Boolean(flag)) => flag,
            Some(_) => {
                self.mistake(key, "must be true or false");
                default
            }
        }
    }

    /// A whole number.
    pub(super) fn whole(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> u32 {
        let found = match self.take(key) {
            None => return default,
            Some(Value::Integer(number)) => u32::try_from(number).ok().filter(|n| range.contains(n)),
            Some(_) => None,
        };
        found.unwrap_or_else(|| {
            self.mistake(key, &format!("must be a whole number from {} to {}", range.start(), range.end()));
            default
        })
    }

    /// Whether `key` is this whole number, or absent.
    pub(super) fn is_or_absent(&mut self, key: &str, number: i64) -> bool {
        self.take(key).is_none_or(|value| value.as_integer() == Some(number))
    }

    /// A number of seconds, whole or not.
    pub(super) fn seconds(&mut self, key: &str, default: f64, range: RangeInclusive<f64>) -> Duration {
        #[expect(clippy::cast_precision_loss, reason = "seconds within the range are far below 2^52")]
        let found = match self.take(key) {
            None => Some(default),
            Some(Value::Integer(number)) => Some(number as f64),
            Some(Value::Float(number)) => Some(number),
            Some(_) => None,
        };
        Duration::from_secs_f64(found.filter(|seconds| range.contains(seconds)).unwrap_or_else(|| {
            self.mistake(key, &format!("must be seconds from {} to {}", range.start(), range.end()));
            default
        }))
    }

    /// A whole number of minutes.
    pub(super) fn minutes(&mut self, key: &str, default: u32, range: RangeInclusive<u32>) -> Duration {
        Duration::from_secs(60 * u64::from(self.whole(key, default, range)))
    }

    /// Notes that the value of `key` is wrong.
    pub(super) fn mistake(&mut self, key: &str, problem: &str) {
        self.mistake_at_root(&self.name(key), problem);
    }

    /// Notes that the item at that `place`, from 1, of the list `key` is wrong.
    pub(super) fn mistake_in_list(&mut self, key: &str, place: usize, problem: &str) {
        self.note(Mistake::in_list(&self.name(key), place, problem));
    }

    /// Notes that a value outside this section is wrong.
    pub(super) fn mistake_at_root(&mut self, key: &str, problem: &str) {
        self.note(Mistake::at(key, problem));
    }

    fn note(&mut self, mistake: Mistake) {
        self.notes.borrow_mut().mistakes.push(Noted::Told(mistake));
    }

    /// Every mistake of the file; call it on the root, after all sections are read.
    pub(super) fn mistakes(self) -> Vec<Mistake> {
        let all = Rc::clone(&self.notes);
        drop(self);
        let Notes { mistakes, asked } = all.take();
        let told = |mistake| match mistake {
            Noted::Told(mistake) => mistake,
            Noted::Unknown(name) => unknown(&name, &asked),
        };
        mistakes.into_iter().map(told).collect()
    }

    /// The whole name of every key that was asked for so far.
    #[cfg(test)]
    pub(super) fn asked(&self) -> BTreeSet<String> {
        self.notes.borrow().asked.clone()
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.note_asked(key);
        self.table.remove(key)
    }

    fn note_asked(&self, key: &str) {
        self.notes.borrow_mut().asked.insert(self.name(key));
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

fn table_of(value: Value) -> Option<Table> {
    match value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

fn text_of(value: Value, most: usize) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() && text.chars().count() <= most => Some(text),
        _ => None,
    }
}

/// Whether `text` can be the name of something in the file: `a-z 0-9 _`, 1 to 40 of them.
pub(super) fn is_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=40).contains(&text.len()) && text.bytes().all(legal)
}

impl Drop for Section {
    fn drop(&mut self) {
        let unknown = self.keys().into_iter().map(|key| Noted::Unknown(self.name(&key)));
        self.notes.borrow_mut().mistakes.extend(unknown);
    }
}

/// A key beside it that is spelled almost like it, else one of exactly its name elsewhere, is what was meant; where
/// there is neither, all that could stand there are told.
fn unknown(name: &str, asked: &BTreeSet<String>) -> Mistake {
    let (path, key) = split(name);
    let beside = asked.iter().filter(|other| split(other).0 == path);
    let meant = nearest(key, beside.clone(), |other| split(other).1);
    let meant = meant.or_else(|| asked.iter().find(|other| split(other).1 == key));
    let known: Vec<_> = beside.map(|other| split(other).1).collect();
    let advice = match meant {
        Some(_) => did_you_mean(meant.map(String::as_str)),
        None if known.is_empty() => String::new(),
        None => format!("; there are {}", known.join(", ")),
    };
    Mistake::at(name, &format!("is no setting{advice}"))
}

/// The section's name, and the key's own.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}
