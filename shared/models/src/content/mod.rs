//! The kinds of message a reply can be. Each kind is made from its proposal, checked, and can say itself in plain words.

mod campaign;
mod choices;
mod media;
#[cfg(test)]
mod properties;
mod proposal;
mod template;

use serde::{Deserialize, Serialize};

pub use campaign::Campaign;
pub use choices::{List, QuickReplies, Row};
pub use media::Media;
pub use proposal::{Proposal, ProposedList, ProposedMedia, ProposedReplies, ProposedRow};
pub use template::{TEMPLATE_CHARACTERS, Template};

use crate::{NotSendable, NotWritable, Part, Personal, is_blank};

/// What a reply says, as one kind of WhatsApp message. Stored, a text is a JSON string, as a [`Part`] is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// A text with up to three buttons under it.
    QuickReplies(QuickReplies),
    /// A text with a button that opens a list.
    List(List),
    /// A picture or a file.
    Media(Media),
    /// One line in an approved template: the only kind that reaches somebody after 24 hours of silence.
    Template(Template),
    /// Whatever a campaign of its own shows, with trigger properties of its own.
    Campaign(Campaign),
    /// Words alone.
    #[serde(untagged)]
    Text(Part),
}

impl Content {
    /// The same in plain words, with everything that stands on a button: for the history, and for a way of sending that
    /// knows no such kind.
    pub fn text(&self) -> &Part {
        match self {
            Self::QuickReplies(kind) => kind.text(),
            Self::List(kind) => kind.text(),
            Self::Media(kind) => kind.text(),
            Self::Template(kind) => kind.text(),
            Self::Campaign(kind) => kind.text(),
            Self::Text(text) => text,
        }
    }

    /// Whether WhatsApp lets it through only for a day after the user wrote: not where its template was approved, or where the
    /// author of its campaign chose it for whatever moment.
    pub fn needs_the_window(&self) -> bool {
        match self {
            Self::Template(_) | Self::Campaign(_) => false,
            Self::QuickReplies(_) | Self::List(_) | Self::Media(_) | Self::Text(_) => true,
        }
    }
}

impl From<Part> for Content {
    fn from(text: Part) -> Self {
        Self::Text(text)
    }
}

/// Why a proposal cannot be the kind of message it wants to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// Something in it cannot be sent at all.
    #[error(transparent)]
    NotSendable(#[from] NotSendable),
    /// One of its texts has no room.
    #[error("{what} has more than {most} characters")]
    TooLong {
        /// Which.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// Something that has to be one line is not.
    #[error("{0} is more than one line")]
    Lines(&'static str),
    /// Too few or too many.
    #[error("there must be 1 to {most} {what}")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        most: usize,
    },
    /// A tap comes back as the words on the button: two equal ones could not be told apart.
    #[error("two choices have the same words")]
    Twice,
    /// Not an address that can be fetched.
    #[error("the address of the media is not a plain https URL")]
    Url,
    /// A template takes no more than four spaces in a row.
    #[error("there are more than four spaces in a row")]
    Spaces,
    /// A name that is none, or one of Dragoman's own.
    #[error("a trigger property: {0}")]
    Property(#[from] NotWritable),
    /// Braze takes 50 KB.
    #[error("the trigger properties are too large")]
    Properties,
}

/// What somebody left blank they left out.
fn given(text: Option<&Personal>) -> Option<&str> {
    text.map(Personal::as_str).filter(|text| !is_blank(text))
}

/// A text of one line that is no longer than `most` characters, without the spaces around it.
fn label(what: &'static str, text: &str, most: usize) -> Result<Part, Misfit> {
    let text = text.trim();
    if text.contains(['\n', '\t', '\u{2028}', '\u{2029}']) {
        return Err(Misfit::Lines(what));
    }
    bounded(what, text, most)
}

/// A text that is no longer than `most` characters.
fn bounded(what: &'static str, text: &str, most: usize) -> Result<Part, Misfit> {
    let part = Part::new(text)?;
    if text.chars().count() > most { Err(Misfit::TooLong { what, most }) } else { Ok(part) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One of each kind, as it is stored.
    fn stored() -> [serde_json::Value; 6] {
        [
            json!("Hello"),
            json!({"quick_replies": {"body": "Which size?", "options": ["S", "M"]}}),
            json!({"list": {"body": "Which size?", "button": "Sizes", "rows": [
                {"title": "S", "description": "small"}, {"title": "M"},
            ]}}),
            json!({"media": {"url": "https://shop.example/a.png", "caption": "The blue one"}}),
            json!({"template": "Your parcel is there."}),
            json!({"campaign": {"text": "Which day?", "properties": {"order": "1234"}}}),
        ]
    }

    #[test]
    fn every_kind_is_read_back_as_it_was_stored() {
        for stored in stored() {
            let content: Content = serde_json::from_value(stored.clone()).unwrap();
            assert_eq!(serde_json::to_value(&content).unwrap(), stored);
        }
    }

    #[test]
    fn every_kind_can_be_said_in_words() {
        let words = stored().map(|stored| {
            let content: Content = serde_json::from_value(stored).unwrap();
            content.text().as_str().to_owned()
        });
        assert_eq!(
            words,
            [
                "Hello",
                "Which size?\n\n1. S\n2. M",
                "Which size?\n\nSizes:\n1. S: small\n2. M",
                "The blue one\nhttps://shop.example/a.png",
                "Your parcel is there.",
                "Which day?",
            ]
        );
    }

    #[test]
    fn what_breaks_a_rule_is_not_read() {
        for bad in [
            json!({"quick_replies": {"body": "x", "options": []}}),
            json!({"quick_replies": {"body": "x", "options": ["a"], "footer": "f"}}),
            json!({"list": {"body": "x", "button": "b", "rows": []}}),
            json!({"media": {"url": "http://shop.example/a.png"}}),
            json!({"template": "a\nb"}),
            json!({"campaign": {"text": "x", "properties": {"part": "1"}}}),
            json!({"video": {}}),
            json!("{{x}}"),
            json!(null),
        ] {
            assert!(serde_json::from_value::<Content>(bad.clone()).is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_words() {
        for stored in stored() {
            let content: Content = serde_json::from_value(stored).unwrap();
            let shown = format!("{content:?}");
            for word in ["Hello", "size", "small", "blue", "shop", "parcel", "day", "1234"] {
                assert!(!shown.contains(word), "{shown}");
            }
        }
    }
}
