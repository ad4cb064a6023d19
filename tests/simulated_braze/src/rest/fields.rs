//! Reading JSON strictly: a key twice, a key nobody knows, a value of the wrong type are all refused.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::answer::Answer;

/// Parses `bytes`; `None` if they are not JSON, or an object in them names a key twice.
pub(crate) fn parse(bytes: &[u8]) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// One object of a request, and what is wrong with it so far.
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    place: &'a str,
    known: Vec<&'static str>,
    mistakes: Vec<String>,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(object: &'a Map<String, Value>, place: &'a str) -> Self {
        Self { object, place, known: Vec::new(), mistakes: Vec::new() }
    }

    /// A text that is not empty.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<&'a str> {
        self.read(key, "a string that is not empty", |value| value.as_str().filter(|text| !text.is_empty()))
    }

    pub(crate) fn flag(&mut self, key: &'static str) -> Option<bool> {
        self.read(key, "true or false", Value::as_bool)
    }

    pub(crate) fn object(&mut self, key: &'static str) -> Option<&'a Map<String, Value>> {
        self.read(key, "an object", Value::as_object)
    }

    pub(crate) fn list(&mut self, key: &'static str) -> Option<&'a [Value]> {
        self.read(key, "an array", |value| value.as_array().map(Vec::as_slice))
    }

    /// Refuses the request if anything was wrong, keys that nobody asked for included.
    pub(crate) fn finish(mut self) -> Result<(), Answer> {
        let unknown = self.object.keys().filter(|key| !self.known.contains(&key.as_str()));
        let unknown: Vec<_> = unknown.map(|key| format!("{} has an unknown key {key:?}", self.place)).collect();
        self.mistakes.extend(unknown);
        self.finish_open()
    }

    /// Refuses the request if anything was wrong; keys that nobody asked for are welcome.
    pub(crate) fn finish_open(self) -> Result<(), Answer> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(Answer::bad("Bad Request", &self.mistakes)) }
    }

    fn read<T>(&mut self, key: &'static str, kind: &str, read: impl Fn(&'a Value) -> Option<T>) -> Option<T> {
        self.known.push(key);
        let value = self.object.get(key)?;
        let found = read(value);
        if found.is_none() {
            self.mistakes.push(format!("{key:?} of {} must be {kind}", self.place));
        }
        found
    }
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(Self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.insert(key, entries.next_value_seed(Self)?).is_some() {
                return Err(de::Error::custom("a key stands twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_whole_and_each_key_once() {
        let text = r#"{"a": [1, -2, 0.5, true, null, "é\n"], "b": {"a": {}}}"#;
        assert_eq!(parse(text.as_bytes()), serde_json::from_str(text).ok());
        for bad in ["", "{", r#"{"a": 1, "a": 1}"#, r#"[{"x": {"b": 1, "b": 2}}]"#, "{} {}", "\u{feff}{}", "{'a': 1}"] {
            assert_eq!(parse(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse(&[b'[', 0xff, b']']), None);
        assert_eq!(parse(&vec![b'['; 100_000]), None);
    }

    #[test]
    fn every_mistake_of_an_object_is_named() {
        let value = parse(br#"{"a": 1, "b": "", "c": {}, "d": [], "e": true, "f": null}"#).unwrap();
        let mut fields = Fields::of(value.as_object().unwrap(), "it");
        assert_eq!((fields.text("a"), fields.text("b"), fields.text("z")), (None, None, None));
        assert!(fields.object("c").is_some() && fields.list("d").is_some() && fields.flag("e").is_some());
        let Err(answer) = fields.finish() else { panic!() };
        assert_eq!((answer.status, answer.body["errors"].as_array().unwrap().len()), (400, 3));
    }
}
