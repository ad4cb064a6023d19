//! What whoever set up the webhook campaign should know, though the body could be read.

use serde::Serialize;

/// One warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Warning {
    /// The documented template: works, as long as no external id holds a quotation mark.
    Unescaped,
    /// A key that the template does not have; it is not used.
    FurtherKey(String),
    /// No-break spaces or a byte order mark, as pasted from a web page.
    Pasted,
    /// A value was not escaped; the body was read by the places of its keys.
    Salvaged,
    /// The text was longer than anybody can type and was cut.
    Shortened,
    /// The text looks as if a key followed the message; it stays text.
    KeyInText,
    /// No dispatch id of its own: two equal texts within 30 seconds count as one.
    NoDispatch,
    /// `sent_at` is no number of seconds, or of another day.
    NoTime,
    /// `language` is no language tag.
    NoLanguage,
}

impl Warning {
    /// What it means and what to do.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::Unescaped => {
                "This is the body from Braze's documentation. It is read safely unless an external id can \
                hold a quotation mark; the recommended body has no such limit."
                    .to_owned()
            }
            Self::FurtherKey(key) => format!("The key \"{key}\" is not used."),
            Self::Pasted => {
                "There are no-break spaces or a byte order mark in the body: paste it as plain text.".to_owned()
            }
            Self::Salvaged => "A value in the body is not escaped: put `| json_escape` behind each tag.".to_owned(),
            Self::Shortened => "The text was longer than anybody can type on WhatsApp and was cut.".to_owned(),
            Self::KeyInText => {
                "The text looks as if a key followed \"message\". If you added one, put it before: behind \
                it, it is part of what the user said."
                    .to_owned()
            }
            Self::NoDispatch => {
                "The body has no dispatch id (a preview has none): equal texts within 30 seconds count as \
                one message."
                    .to_owned()
            }
            Self::NoTime => "\"sent_at\" is not the time: use {{'now' | date: '%s'}}.".to_owned(),
            Self::NoLanguage => "\"language\" is no language tag; it is not used.".to_owned(),
        }
    }
}

/// Whether a text holds `", "word": "`.
pub(super) fn looks_like_a_key(text: &str) -> bool {
    text.match_indices('"').any(|(at, _)| {
        let Some(rest) = text[at + 1..].trim_start().strip_prefix(',') else { return false };
        let Some(rest) = rest.trim_start().strip_prefix('"') else { return false };
        let word = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        word.len() < rest.len() && word.strip_prefix('"').is_some_and(|rest| rest.trim_start().starts_with(':'))
    })
}
