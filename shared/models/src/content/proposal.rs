//! What somebody would like to send, before anybody looked whether it can be: an AI's tool call, a line of a configuration.

use serde::{Deserialize, Serialize};

use super::{Content, List, Media, QuickReplies};
use crate::Personal;

/// A message as somebody wants it. As JSON: `{"kind": "quick_replies", "body": …, "options": […]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Proposal {
    /// Buttons.
    QuickReplies(ProposedReplies),
    /// A list.
    List(ProposedList),
    /// A picture or a file.
    Media(ProposedMedia),
}

/// Quick replies as somebody wants them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedReplies {
    /// The text above the buttons.
    pub body: Personal,
    /// What stands on them.
    pub options: Vec<Personal>,
}

/// A list as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedList {
    /// The text above the button.
    pub body: Personal,
    /// What stands on the button that opens the list.
    pub button: Personal,
    /// What can be chosen.
    pub rows: Vec<ProposedRow>,
}

/// One choice of a list as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedRow {
    /// What is chosen.
    pub title: Personal,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Personal>,
}

/// Media as somebody wants them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposedMedia {
    /// Where they are fetched from.
    pub url: Personal,
    /// The text below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<Personal>,
}

impl Proposal {
    /// The message as it was wanted if it can be sent like that. Otherwise (`Err`) the same in plain words, every one of
    /// them kept and the choices as a numbered list: a text like an AI's, which has yet to be shaped and cut into parts.
    pub fn fit(self) -> Result<Content, Personal> {
        let text = self.text();
        let content = match self {
            Self::QuickReplies(proposed) => QuickReplies::try_from(proposed).map(Content::QuickReplies),
            Self::List(proposed) => List::try_from(proposed).map(Content::List),
            Self::Media(proposed) => Media::try_from(proposed).map(Content::Media),
        };
        content.map_err(|_| text.into())
    }

    /// The whole message in plain words, its choices as a numbered list.
    pub fn text(&self) -> String {
        match self {
            Self::QuickReplies(proposed) => proposed.text(),
            Self::List(proposed) => proposed.text(),
            Self::Media(proposed) => proposed.text(),
        }
    }
}

impl ProposedReplies {
    /// Everything in plain words.
    pub(super) fn text(&self) -> String {
        let options = self.options.iter().map(|option| option.as_str().to_owned());
        joined("\n\n", &[self.body.as_str(), &numbered(options)])
    }
}

impl ProposedList {
    /// Everything in plain words.
    pub(super) fn text(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let description = row.description.as_ref().map_or("", Personal::as_str);
            joined(": ", &[row.title.as_str(), description])
        });
        let button = self.button.as_str().trim();
        let heading = if button.is_empty() { "" } else { &format!("{button}:") };
        joined("\n\n", &[self.body.as_str(), &joined("\n", &[heading, &numbered(rows)])])
    }
}

impl ProposedMedia {
    /// Everything in plain words.
    pub(super) fn text(&self) -> String {
        joined("\n", &[self.caption.as_ref().map_or("", Personal::as_str), self.url.as_str()])
    }
}

fn numbered(lines: impl Iterator<Item = String>) -> String {
    let numbered = (1..).zip(lines).map(|(number, line)| format!("{number}. {}", line.trim()));
    numbered.collect::<Vec<_>>().join("\n")
}

/// The texts that are not blank.
fn joined(between: &str, texts: &[&str]) -> String {
    let texts = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_does_not_fit_becomes_a_text_with_every_word() {
        for (proposal, text) in [
            (
                json!({"kind": "quick_replies", "body": "Which?", "options": ["a", "b", "c", "d"]}),
                "Which?\n\n1. a\n2. b\n3. c\n4. d",
            ),
            (
                json!({"kind": "quick_replies", "body": "Which?", "options": ["a button with too many words"]}),
                "Which?\n\n1. a button with too many words",
            ),
            (json!({"kind": "quick_replies", "body": "", "options": ["a"]}), "1. a"),
            (
                json!({"kind": "list", "body": "Which?", "button": "", "rows": [{"title": "a", "description": "b"}]}),
                "Which?\n\n1. a: b",
            ),
            (
                json!({"kind": "media", "url": "http://shop.example/a.png", "caption": "Look"}),
                "Look\nhttp://shop.example/a.png",
            ),
        ] {
            let proposal: Proposal = serde_json::from_value(proposal).unwrap();
            assert_eq!(proposal.fit().unwrap_err().as_str(), text);
        }
    }

    #[test]
    fn what_fits_is_kept() {
        for proposal in [
            json!({"kind": "quick_replies", "body": "Which?", "options": ["a", "b"]}),
            json!({"kind": "list", "body": "Which?", "button": "Open", "rows": [{"title": "a"}]}),
            json!({"kind": "media", "url": "https://shop.example/a.png"}),
        ] {
            let proposal: Proposal = serde_json::from_value(proposal).unwrap();
            assert!(!matches!(proposal.fit(), Err(_) | Ok(Content::Text(_))));
        }
    }
}
