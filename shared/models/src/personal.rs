//! A person's words, name or address: usable, but never printed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Text that belongs to a person. `Debug` shows its length only, and there is no `Display`: to let it out, call
/// [`Personal::as_str`] and mean it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text itself, owned.
    pub fn into_string(self) -> String {
        self.0
    }

    /// Whether there is no text at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "‹{} bytes›", self.0.len())
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Personal {
    fn from(text: String) -> Self {
        Self(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_length_and_nothing_else() {
        assert_eq!(format!("{:?}", Personal::from("call me at +49 151")), "‹18 bytes›");
    }

    #[test]
    fn the_text_comes_out_byte_for_byte_when_it_is_asked_for() {
        for text in ["", "call me", "مرحبا \"\n"] {
            let personal = Personal::from(text);
            assert_eq!((personal.as_str(), personal.is_empty()), (text, text.is_empty()));
            assert_eq!(Personal::from(text.to_owned()), personal);
            let stored = serde_json::to_string(&personal).unwrap();
            assert_eq!(serde_json::from_str::<Personal>(&stored).unwrap().into_string(), text);
        }
    }
}
