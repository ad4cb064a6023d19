//! The JSON object that a body is once its tags are rendered: its keys in their order, and which tag stands where.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::liquid::{Piece, Tag};

/// Stand around the number of a tag in place of its value. Private characters: nobody writes them.
const OPEN: char = '\u{f8f0}';
const CLOSE: char = '\u{f8f1}';

/// One key, and what is its value.
pub(super) struct Entry<'a> {
    pub(super) key: String,
    /// The value with marks for its tags.
    pub(super) raw: Value,
    pub(super) holds: Holds<'a>,
}

/// What a value is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Holds<'a> {
    /// One tag and nothing else.
    One(Tag<'a>),
    /// No tag.
    Words,
    /// Several tags, or words around one.
    Mixture,
}

impl Entry<'_> {
    /// Whether there is nothing, and nothing will be rendered.
    pub(super) fn is_blank(&self) -> bool {
        self.raw.is_null() || self.raw.as_str().is_some_and(|text| text.trim().is_empty())
    }
}

/// Why there is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotRead {
    /// It depends on the user.
    Logic,
    /// It is no JSON, whatever is rendered; the line where it ceases to be.
    NotJson(usize),
}

/// Reads the object that `pieces` make.
pub(super) fn read<'a>(pieces: &[Piece<'a>]) -> Result<Vec<Entry<'a>>, NotRead> {
    if pieces.contains(&Piece::Logic) {
        return Err(NotRead::Logic);
    }
    let (mut text, mut tags) = (String::new(), Vec::new());
    for piece in pieces {
        match piece {
            // Pasted spaces are told elsewhere, and do not hide everything else.
            Piece::Text(words) => text.push_str(&words.replace('\u{a0}', " ").replace('\u{feff}', "")),
            Piece::Tag(tag) => {
                let quoted = tag.filters.last().is_some_and(|filter| filter.name == "as_json_string");
                let quote = if quoted { "\"" } else { "" };
                text.extend([quote, &format!("{OPEN}{}{CLOSE}", tags.len()), quote]);
                tags.push(tag.clone());
            }
            Piece::Logic => {}
        }
    }
    let Pairs(pairs) = serde_json::from_str(&text).map_err(|error| NotRead::NotJson(error.line()))?;
    Ok(pairs.into_iter().map(|(key, raw)| Entry { holds: holds(&raw, &tags), key, raw }).collect())
}

/// The keys and values of a rendered body in their order; `None` if it is no JSON.
pub(super) fn rendered(body: &str) -> Option<Vec<(String, Value)>> {
    serde_json::from_str(body).ok().map(|Pairs(pairs)| pairs)
}

fn holds<'a>(value: &Value, tags: &[Tag<'a>]) -> Holds<'a> {
    let text = value.as_str().unwrap_or_default();
    let only = text.strip_prefix(OPEN).and_then(|text| text.strip_suffix(CLOSE)).and_then(|text| text.parse().ok());
    match only.and_then(|number: usize| tags.get(number)) {
        Some(tag) => Holds::One(tag.clone()),
        None if value.to_string().contains(OPEN) => Holds::Mixture,
        None => Holds::Words,
    }
}

/// An object's keys and values in their order, those that stand twice twice.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}
