//! What travels from ingest to the responder.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter};

use crate::{AgentAction, ConversationKey, Message, MessageId, Timestamp};

/// One message on the work queue. Tagged and versioned, so that messages in flight survive a deployment:
/// a responder reads every version that an ingest still running may have written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum QueueMessage {
    /// A user wrote.
    InboundV1(Message),
    /// A desk or an operator asked for something.
    AgentV1(AgentAction),
}

/// A queue message that no version of this code wrote; the text names the place, never the content.
#[derive(Debug, thiserror::Error)]
#[error("not a queue message: {category} at line {line}, column {column}; it stays until it is a dead letter")]
pub struct UnreadableQueueMessage {
    category: &'static str,
    line: usize,
    column: usize,
}

impl QueueMessage {
    /// JSON in pure ASCII: no character of a user's text can upset a queue, a console or a terminal on its way.
    pub fn to_ascii_json(&self) -> String {
        let mut bytes = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, AsciiFormatter);
        // Writing plain structs to memory cannot fail; an empty body would be caught by the reader.
        let written = self.serialize(&mut serializer);
        debug_assert!(written.is_ok());
        String::from_utf8(bytes).unwrap_or_default()
    }

    /// Whose conversation it is about.
    pub fn conversation(&self) -> ConversationKey {
        match self {
            Self::InboundV1(message) => message.identity.conversation(),
            Self::AgentV1(action) => action.conversation.clone(),
        }
    }

    /// Which one it is.
    pub fn id(&self) -> &MessageId {
        match self {
            Self::InboundV1(Message { id, .. }) | Self::AgentV1(AgentAction { id, .. }) => id,
        }
    }

    /// What follows it through the logs.
    pub fn log_id(&self) -> &str {
        match self {
            Self::InboundV1(Message { log_id, .. }) | Self::AgentV1(AgentAction { log_id, .. }) => log_id,
        }
    }

    /// When it reached the door.
    pub fn arrival(&self) -> Timestamp {
        match self {
            Self::InboundV1(message) => message.arrival,
            Self::AgentV1(action) => action.at,
        }
    }

    /// The user's message, if it is one.
    pub fn inbound(self) -> Option<Message> {
        match self {
            Self::InboundV1(message) => Some(message),
            Self::AgentV1(_) => None,
        }
    }

    /// Reads what [`QueueMessage::to_ascii_json`] wrote.
    pub fn from_json(text: &str) -> Result<Self, UnreadableQueueMessage> {
        serde_json::from_str(text).map_err(|error| UnreadableQueueMessage {
            category: match error.classify() {
                serde_json::error::Category::Data => "a field is missing or has another type",
                _ => "broken JSON",
            },
            line: error.line(),
            column: error.column(),
        })
    }
}

struct AsciiFormatter;

impl Formatter for AsciiFormatter {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        for c in fragment.chars() {
            // DEL is ASCII, but invisible and refused by some consoles.
            if c.is_ascii() && c != '\u{7f}' {
                CompactFormatter.write_string_fragment(writer, c.encode_utf8(&mut [0; 4]))?;
            } else {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AgentDeed, Author, ConversationKey, Identity, MessageId, Personal, Timestamp};

    fn saying(text: &str) -> QueueMessage {
        QueueMessage::InboundV1(Message {
            id: MessageId::of_webhook("d", "", "user:42", text),
            log_id: "l".to_owned(),
            author: Author::User,
            identity: Identity::new("42", "", "").unwrap(),
            text: Personal::from(text),
            shortened: false,
            arrival: Timestamp::from_millis(1),
            sent_at: None,
            dispatched: true,
            route: None,
            language: None,
            profile_name: None,
            media_urls: None,
        })
    }

    #[test]
    fn whatever_it_is_it_says_whose_which_and_when_it_is() {
        let conversation = ConversationKey::parse("user:43").unwrap();
        let wish = QueueMessage::AgentV1(AgentAction {
            id: MessageId::stored("w"),
            log_id: "m".to_owned(),
            conversation: conversation.clone(),
            at: Timestamp::from_millis(2),
            named: false,
            deed: AgentDeed::Release,
        });
        let of = |message: &QueueMessage| (message.conversation(), message.log_id().to_owned(), message.arrival());
        assert_eq!(of(&wish), (conversation, "m".to_owned(), Timestamp::from_millis(2)));
        let said = saying("hi");
        let key = ConversationKey::parse("user:42").unwrap();
        assert_eq!(of(&said), (key, "l".to_owned(), Timestamp::from_millis(1)));
        assert_eq!((said.inbound().map(|message| message.text), wish.inbound()), (Some("hi".into()), None));
    }

    #[test]
    fn any_text_travels_as_ascii_and_arrives_unchanged() {
        for text in ["He said \"hi\"", "a\nb", "C:\\temp", "👩‍👩‍👧", "\u{0}\u{7f}\u{2028}", "مرحبا", ""]
        {
            let json = saying(text).to_ascii_json();
            assert!(json.bytes().all(|b| (0x20..0x7f).contains(&b)), "{json}");
            assert_eq!(QueueMessage::from_json(&json).unwrap(), saying(text));
        }
    }

    #[test]
    fn the_version_stands_in_the_message() {
        assert!(saying("hi").to_ascii_json().starts_with(r#"{"type":"inbound_v1","#));
    }

    #[test]
    fn what_a_desk_asks_for_travels_too() {
        let conversation = ConversationKey::parse("user:42").unwrap();
        let start = |language: Option<&str>| AgentDeed::StartFlow {
            flow: "return".to_owned(),
            language: language.map(str::to_owned),
        };
        for deed in [
            AgentDeed::Say("Hello 👋".into()),
            AgentDeed::TakeOver,
            AgentDeed::Release,
            AgentDeed::Erase,
            start(None),
            start(Some("de")),
            AgentDeed::Answer { question: MessageId::stored("m1"), body: r#"{"text": "Hello 👋"}"#.into() },
        ] {
            let (id, at) = (MessageId::stored("a1"), Timestamp::from_millis(1));
            let action =
                AgentAction { id, log_id: "l".to_owned(), conversation: conversation.clone(), at, named: true, deed };
            let message = QueueMessage::AgentV1(action);
            let json = message.to_ascii_json();
            assert!(json.is_ascii() && json.starts_with(r#"{"type":"agent_v1","#), "{json}");
            assert_eq!(QueueMessage::from_json(&json).unwrap(), message);
        }
    }

    #[test]
    fn an_unreadable_message_is_named_without_its_content() {
        for (body, named) in [
            ("secret words", "broken JSON at line 1"),
            ("{\n\"type\":\"inbound_v1\"\n\"secret", "broken JSON at line 3"),
            ("{\"type\":\"inbound_v9\",\"text\":\"secret words\"}", "missing or has another type"),
            ("{\"type\":\"inbound_v1\"}", "missing or has another type"),
        ] {
            let error = QueueMessage::from_json(body).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
