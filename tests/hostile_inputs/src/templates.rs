//! The two webhook templates, rendered as Braze would, with a `json_escape` that works and with others that do not.

use std::fmt::Write as _;

use serde::Deserialize;

/// The template of Braze's documentation, as its page prints it.
const DOCUMENTED: &str = r#"{
  "user_id": "{{${user_id}}}",
  "phone_number": "{{${phone_number}}}",
  "message": "{{whats_app.${inbound_message_body}}}"
}"#;

/// The README, which shows the recommended template for pasting: what is tested here is what people are told to use.
const README: &str = include_str!("../../../README.md");

/// What Braze would put in the place of each tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "named after the keys of the template")]
pub struct Webhook {
    pub dispatch_id: String,
    pub sent_at: String,
    pub user_id: String,
    pub braze_id: String,
    pub phone_number: String,
    pub language: String,
    pub profile_name: String,
    pub media_urls: String,
    pub message: String,
}

/// Which template is rendered, and what its `json_escape` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The documented template: nothing is escaped.
    Frame,
    /// The recommended template.
    Escaped,
    /// The recommended template with a `json_escape` that escapes quotation marks and backslashes only.
    HalfEscaped,
    /// The recommended template with a `json_escape` that does nothing.
    Unescaped,
}

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Frame, Self::Escaped, Self::HalfEscaped, Self::Unescaped];

    /// Whether it is the documented template.
    pub fn is_frame(self) -> bool {
        self == Self::Frame
    }
}

/// Both templates, ready to be rendered.
pub struct Templates {
    documented: Vec<Piece>,
    recommended: Vec<Piece>,
}

enum Piece {
    Words(String),
    Tag { value: Field, filtered: bool },
}

type Field = fn(&Webhook) -> &str;

/// The tags that may stand in a template.
const TAGS: [(&str, Field); 9] = [
    ("campaign.${dispatch_id}", |webhook| &webhook.dispatch_id),
    ("'now' | date: '%s'", |webhook| &webhook.sent_at),
    ("${user_id}", |webhook| &webhook.user_id),
    ("${braze_id}", |webhook| &webhook.braze_id),
    ("${phone_number}", |webhook| &webhook.phone_number),
    ("${language}", |webhook| &webhook.language),
    ("whats_app.${inbound_profile_name}", |webhook| &webhook.profile_name),
    ("whats_app.${inbound_media_urls}", |webhook| &webhook.media_urls),
    ("whats_app.${inbound_message_body}", |webhook| &webhook.message),
];

impl Default for Templates {
    fn default() -> Self {
        let (_, rest) = README.split_once("```liquid").expect("the README shows the recommended template");
        let (recommended, _) = rest.split_once("```").expect("the template ends");
        let one_line = recommended.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        Self { documented: pieces(DOCUMENTED), recommended: pieces(one_line.trim()) }
    }
}

impl Templates {
    /// The body that Braze would post.
    pub fn render(&self, webhook: &Webhook, mode: Mode) -> String {
        let mut body = String::with_capacity(512);
        let template = if mode.is_frame() { &self.documented } else { &self.recommended };
        for piece in template {
            match piece {
                Piece::Words(words) => body.push_str(words),
                Piece::Tag { value, filtered: true } => escape(value(webhook), mode, &mut body),
                Piece::Tag { value, filtered: false } => body.push_str(value(webhook)),
            }
        }
        body
    }
}

/// What a body whose filter may do nothing could mean instead of `text`: what JSON reads in the whole of it, and what JSON reads
/// in the text if line breaks count as escaped.
pub fn other_readings(body: &str, text: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Whole {
        message: String,
    }
    // What stands in other keys is only looked at as far as JSON's grammar goes, which allows half a surrogate pair.
    let whole = serde_json::from_str(body).ok().map(|Whole { message }| message);
    let mut escaped = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        if c < ' ' {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    whole.into_iter().chain(serde_json::from_str(&format!("\"{escaped}\"")).ok()).collect()
}

fn pieces(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((words, tag)) = rest.split_once("{{") {
        let (name, value) = TAGS.into_iter().find(|(name, _)| tag.starts_with(name)).expect("a tag that is known");
        let after = &tag[name.len()..];
        let unfiltered = after.strip_prefix(" | json_escape");
        rest = unfiltered.unwrap_or(after).strip_prefix("}}").expect("a tag that ends");
        pieces.push(Piece::Words(words.to_owned()));
        pieces.push(Piece::Tag { value, filtered: unfiltered.is_some() });
    }
    pieces.push(Piece::Words(rest.to_owned()));
    pieces
}

fn escape(text: &str, mode: Mode, out: &mut String) {
    for c in text.chars() {
        match c {
            '"' | '\\' if mode != Mode::Unescaped => out.extend(['\\', c]),
            '\n' if mode == Mode::Escaped => out.push_str("\\n"),
            '\r' if mode == Mode::Escaped => out.push_str("\\r"),
            '\t' if mode == Mode::Escaped => out.push_str("\\t"),
            '\u{8}' if mode == Mode::Escaped => out.push_str("\\b"),
            '\u{c}' if mode == Mode::Escaped => out.push_str("\\f"),
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' if mode == Mode::Escaped => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_working_filter_makes_json_and_a_broken_one_leaves_things_as_they_are() {
        let message = "\"a\"\n\\ {{${language}}}\u{2028}".to_owned();
        let webhook = Webhook { message, user_id: "4\"2".to_owned(), ..Webhook::default() };
        let templates = Templates::default();
        let json: serde_json::Value = serde_json::from_str(&templates.render(&webhook, Mode::Escaped)).unwrap();
        assert_eq!((&json["message"], &json["user_id"]), (&webhook.message.into(), &"4\"2".into()));
        let webhook = Webhook { message: "a\"\n\\".to_owned(), ..Webhook::default() };
        assert!(templates.render(&webhook, Mode::HalfEscaped).ends_with("\"message\": \"a\\\"\n\\\\\"}"));
        assert!(templates.render(&webhook, Mode::Unescaped).ends_with("\"message\": \"a\"\n\\\"}"));
        assert!(templates.render(&webhook, Mode::Frame).ends_with("\"message\": \"a\"\n\\\"\n}"));
    }
}
