//! The recommended template: JSON, read strictly. Where a filter failed to escape something, the fixed fields are read by
//! their places and the message as a frame's: the user stands before every value a user can write.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::scan::{Scan, is_space};
use super::{Fields, Unreadable, Warning};

/// The template's keys behind `v`, in its order. Whatever was added to it or left out of it, its message is the last of them: a
/// key of the template behind it may have been typed.
const KEYS: [&str; 9] = [
    "dispatch_id",
    "sent_at",
    "user_id",
    "braze_id",
    "phone_number",
    "language",
    "profile_name",
    "media_urls",
    "message",
];
/// Those that say who the user is, and that a brand may let its users choose.
const IDS: [&str; 2] = ["user_id", "braze_id"];

impl Fields {
    /// Puts what a JSON string says in the place of `key`; `None` if `written` is none, or the key is not the template's.
    fn put(&mut self, key: &str, written: &str) -> Option<()> {
        *self.get_mut(key)? = serde_json::from_str(written).ok()?;
        self.has_typed_escape |= IDS.contains(&key) && has_typed_escape(written);
        Some(())
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut String> {
        Some(match key {
            "dispatch_id" => &mut self.dispatch_id,
            "sent_at" => &mut self.sent_at,
            "user_id" => &mut self.user_id,
            "braze_id" => &mut self.braze_id,
            "phone_number" => &mut self.phone_number,
            "language" => &mut self.language,
            "profile_name" => &mut self.profile_name,
            "media_urls" => &mut self.media_urls,
            "message" => &mut self.message,
            _ => return None,
        })
    }
}

pub(super) fn read(text: &str, warnings: &mut Vec<Warning>) -> Result<Fields, Unreadable> {
    let trimmed = text.trim_matches(is_space);
    match serde_json::from_str::<Strict>(trimmed) {
        Ok(Strict { version: 1, goes_on: true, .. }) => Err(Unreadable::OutOfPlace("a key behind the message")),
        Ok(Strict { version: 1, fields, further, .. }) => {
            warnings.extend(further.into_iter().map(Warning::FurtherKey));
            Ok(fields)
        }
        Ok(_) => Err(Unreadable::UnknownVersion),
        Err(_) => {
            let fields = by_place(text).ok_or(Unreadable::OutOfPlace("a value that is not escaped"))?;
            warnings.push(Warning::Salvaged);
            Ok(fields)
        }
    }
}

/// Every key once, every known value a string; nothing behind the object.
struct Strict {
    version: u64,
    fields: Fields,
    further: Vec<String>,
    /// A key of the template stands behind the message.
    goes_on: bool,
}

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(StrictVisitor)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Strict;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a webhook body")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Strict, A::Error> {
        let (mut strict, mut seen) =
            (Strict { version: 0, fields: Fields::default(), further: vec![], goes_on: false }, HashSet::new());
        while let Some(key) = map.next_key::<String>()? {
            strict.goes_on |= seen.contains("message") && KEYS.contains(&key.as_str());
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom("a key stands twice"));
            }
            if key == "v" {
                strict.version = map.next_value()?;
            } else if IDS.contains(&key.as_str()) {
                let written: &RawValue = map.next_value()?;
                strict.fields.put(&key, written.get()).ok_or_else(|| A::Error::custom("a value is no string"))?;
            } else if let Some(field) = strict.fields.get_mut(&key) {
                *field = map.next_value()?;
            } else {
                map.next_value::<IgnoredAny>()?;
                strict.further.push(key.chars().take(64).collect());
            }
        }
        // Without its last key the body is not from the template, whatever else it holds.
        if seen.contains("message") { Ok(strict) } else { Err(A::Error::missing_field("message")) }
    }
}

fn by_place(text: &str) -> Option<Fields> {
    let mut scan = Scan::new(text);
    scan.token("{")?;
    scan.token("\"v\"")?;
    scan.token(":")?;
    scan.token("1")?;
    let mut fields = Fields::default();
    for key in KEYS {
        scan.token(",")?;
        scan.key(key)?;
        if key == "message" {
            fields.message = unescaped(scan.last_value()?);
        } else {
            fields.put(key, &format!("\"{}\"", scan.escaped_value()?))?;
        }
    }
    Some(fields)
}

/// Whether a JSON string holds an escape of a letter, a digit or a sign that ids are made of. Filters escape what could end the
/// string or what HTML gives a meaning; so this was typed, and nothing escaped its backslash.
fn has_typed_escape(written: &str) -> bool {
    let mut chars = written.chars();
    while let Some(c) = chars.next() {
        // The sign behind a backslash belongs to it, be it another backslash.
        if c != '\\' || chars.next() != Some('u') {
            continue;
        }
        let code = chars.as_str().get(..4).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if code.is_some_and(|code| code.is_ascii_alphanumeric() || b"-._@:".contains(&code)) {
            return true;
        }
    }
    false
}

// A filter that leaves line breaks alone has escaped the rest; one that does nothing has left text as it was typed.
fn unescaped(raw: &str) -> String {
    let json: String = raw
        .chars()
        .flat_map(|c| match c {
            '\0'..='\u{1f}' => format!("\\u{:04x}", u32::from(c)).chars().collect::<Vec<_>>(),
            c => vec![c],
        })
        .collect();
    serde_json::from_str(&format!("\"{json}\"")).unwrap_or_else(|_| raw.to_owned())
}
