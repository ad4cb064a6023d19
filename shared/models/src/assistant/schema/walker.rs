//! As much of JSON Schema as `assistant.schema.json` uses: whether a value fits, and which keys there are. A keyword that is
//! not known here fails the test that meets it, so that nothing in the schema goes unproved.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;
use serde_json::{Map, Value};

pub(super) struct Schema {
    root: Value,
    /// Every pattern that was needed so far.
    patterns: RefCell<BTreeMap<String, Regex>>,
}

impl Schema {
    pub(super) fn parse(text: &str) -> Self {
        Self { root: serde_json::from_str(text).unwrap(), patterns: RefCell::default() }
    }

    /// What does not fit, each with its place and the keyword that refuses it.
    pub(super) fn refusals(&self, value: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.check(&self.root, value, "", &mut found);
        found
    }

    /// The whole name of every key that is called by its name, with `*` for what the file itself names or numbers.
    pub(super) fn keys(&self) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        self.collect(&self.root, "", &mut keys);
        keys
    }

    /// What a key of a file is among [`Self::keys`]; `None` if the schema has no place for it.
    pub(super) fn key(&self, name: &str) -> Option<String> {
        let (mut schema, mut key) = (&self.root, String::new());
        for part in name.split('.') {
            let (known, below) = self.below(schema, part)?;
            key = join(&key, known);
            schema = below;
        }
        Some(key)
    }

    /// What the schema says about the keys of the table called `name`.
    pub(super) fn properties(&self, name: &str) -> Map<String, Value> {
        let parts = name.split('.').filter(|part| !part.is_empty());
        let schema = parts.fold(&self.root, |schema, part| self.below(schema, part).unwrap().1);
        self.resolved(schema)["properties"].as_object().cloned().unwrap_or_default()
    }

    /// The schema that is meant, where it is told elsewhere.
    pub(super) fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(place) = schema.get("$ref") else { return schema };
        self.root.pointer(place.as_str().unwrap().strip_prefix('#').unwrap()).unwrap()
    }

    fn below<'a>(&'a self, schema: &'a Value, part: &'a str) -> Option<(&'a str, &'a Value)> {
        let schema = self.resolved(schema);
        let named = schema["properties"].get(part).map(|below| (part, below));
        let free =
            || ["additionalProperties", "items"].iter().find_map(|word| schema.get(word)).filter(|s| s.is_object());
        let kinds = || ["anyOf", "allOf"].iter().filter_map(|word| schema[word].as_array()).flatten();
        named.or_else(|| free().map(|below| ("*", below))).or_else(|| kinds().find_map(|kind| self.below(kind, part)))
    }

    fn collect(&self, schema: &Value, name: &str, keys: &mut BTreeSet<String>) {
        let schema = self.resolved(schema);
        for (key, below) in schema["properties"].as_object().into_iter().flatten() {
            let described = below["description"].as_str().is_some_and(|words| !words.trim().is_empty());
            assert!(described || !below.is_object(), "{name}.{key} has no description");
            // `false` and conditions say something about a key that is told elsewhere.
            if described {
                keys.insert(join(name, key));
                self.collect(below, &join(name, key), keys);
            }
        }
        for word in ["additionalProperties", "items"] {
            if let Some(below) = schema.get(word) {
                self.collect(below, &join(name, "*"), keys);
            }
        }
        for kind in ["anyOf", "allOf"].iter().filter_map(|word| schema[word].as_array()).flatten() {
            if kind.get("if").is_none() {
                self.collect(kind, name, keys);
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        self.check(schema, value, "", &mut found);
        found.is_empty()
    }

    fn check(&self, schema: &Value, value: &Value, name: &str, found: &mut Vec<String>) {
        let Value::Object(words) = schema else {
            if *schema == Value::Bool(false) {
                found.push(format!("`{name}` does not belong here"));
            }
            return;
        };
        for (word, says) in words {
            match word.as_str() {
                "$ref" => {
                    let alone = words.keys().all(|word| word == "$ref" || word == "description");
                    assert!(alone, "drafts before 2019-09 look at nothing beside $ref: {schema}");
                    self.check(self.resolved(schema), value, name, found);
                }
                "properties" | "additionalProperties" | "items" => self.check_below(words, word, value, name, found),
                "allOf" => says.as_array().unwrap().iter().for_each(|says| self.check(says, value, name, found)),
                "if" => {
                    let branch = if self.fits(says, value) { "then" } else { "else" };
                    words.get(branch).iter().for_each(|says| self.check(says, value, name, found));
                }
                "$schema" | "$defs" | "title" | "description" | "default" | "then" | "else" => {}
                _ if self.allows(word, says, value) => {}
                _ => found.push(format!("`{name}` is refused by {word}")),
            }
        }
    }

    fn check_below(&self, words: &Map<String, Value>, word: &str, value: &Value, name: &str, found: &mut Vec<String>) {
        let (says, named) = (&words[word], words.get("properties").and_then(Value::as_object));
        match value {
            Value::Array(items) if word == "items" => {
                items
                    .iter()
                    .zip(1..)
                    .for_each(|(item, place)| self.check(says, item, &join(name, &place.to_string()), found));
            }
            Value::Object(table) if word == "properties" => table
                .iter()
                .filter_map(|(key, value)| Some((says.get(key)?, key, value)))
                .for_each(|(says, key, value)| self.check(says, value, &join(name, key), found)),
            Value::Object(table) if word == "additionalProperties" => table
                .iter()
                .filter(|(key, _)| named.is_none_or(|named| !named.contains_key(*key)))
                .for_each(|(key, value)| self.check(says, value, &join(name, key), found)),
            _ => {}
        }
    }

    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut patterns = self.patterns.borrow_mut();
        patterns.entry(pattern.to_owned()).or_insert_with(|| Regex::new(pattern).unwrap()).is_match(text)
    }

    fn allows(&self, word: &str, says: &Value, value: &Value) -> bool {
        let (text, number) = (value.as_str(), value.as_f64());
        let (list, table) = (value.as_array(), value.as_object());
        let most = |len: Option<usize>| len.is_none_or(|len| len as u64 <= says.as_u64().unwrap());
        let least = |len: Option<usize>| len.is_none_or(|len| len as u64 >= says.as_u64().unwrap());
        let fitting = || says.as_array().unwrap().iter().filter(|says| self.fits(says, value)).count();
        match word {
            "type" => is_of_type(says.as_str().unwrap(), value),
            "const" => says == value,
            "enum" => says.as_array().unwrap().contains(value),
            "minimum" => number.is_none_or(|number| number >= says.as_f64().unwrap()),
            "maximum" => number.is_none_or(|number| number <= says.as_f64().unwrap()),
            "minLength" => least(text.map(|text| text.chars().count())),
            "maxLength" => most(text.map(|text| text.chars().count())),
            "pattern" => text.is_none_or(|text| self.matches(says.as_str().unwrap(), text)),
            "minItems" => least(list.map(Vec::len)),
            "maxItems" => most(list.map(Vec::len)),
            "uniqueItems" => list.is_none_or(|list| (1..list.len()).all(|place| !list[..place].contains(&list[place]))),
            "minProperties" => least(table.map(Map::len)),
            "maxProperties" => most(table.map(Map::len)),
            "required" => table.is_none_or(|table| {
                says.as_array().unwrap().iter().all(|key| table.contains_key(key.as_str().unwrap()))
            }),
            "propertyNames" => table.is_none_or(|table| table.keys().all(|key| self.fits(says, &key.as_str().into()))),
            "not" => !self.fits(says, value),
            "anyOf" => fitting() > 0,
            "oneOf" => fitting() == 1,
            _ => panic!("{word} is not known here"),
        }
    }
}

fn is_of_type(word: &str, value: &Value) -> bool {
    match word {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => panic!("{word} is no type that is known here"),
    }
}

pub(super) fn join(name: &str, key: &str) -> String {
    if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") }
}
