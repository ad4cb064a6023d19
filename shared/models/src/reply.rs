//! What goes back to a user: parts that WhatsApp can show, and nothing else.

use serde::{Deserialize, Serialize};

use crate::{Attributes, CampaignId, Content, Identity, Personal, is_blank};

/// The most characters one WhatsApp text can hold (Meta's limit; Braze states none).
pub const PART_CHARACTERS: usize = 4_096;

/// One WhatsApp text: not blank, at most [`PART_CHARACTERS`] characters, no Liquid for Braze to run, no control
/// characters but line feed and tab. There is no other way to make one, so an unshaped text cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Part(Personal);

/// Why a text cannot be sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSendable {
    /// Nothing to see in it.
    #[error("the text is blank")]
    Blank,
    /// Longer than WhatsApp shows.
    #[error("the text has more than {PART_CHARACTERS} characters")]
    TooLong,
    /// Holds `{{`, `{%` or a closing twin, which Braze may run as Liquid.
    #[error("the text holds Liquid")]
    Liquid,
    /// Holds a control character other than line feed and tab.
    #[error("the text holds a control character")]
    Control,
}

impl Part {
    /// Checks that `text` can be sent as it is.
    pub fn new(text: impl Into<String>) -> Result<Self, NotSendable> {
        let text = text.into();
        if is_blank(&text) {
            return Err(NotSendable::Blank);
        }
        if text.chars().count() > PART_CHARACTERS {
            return Err(NotSendable::TooLong);
        }
        if has_liquid(&text) {
            return Err(NotSendable::Liquid);
        }
        if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(NotSendable::Control);
        }
        Ok(Self(Personal::from(text)))
    }

    /// The text as WhatsApp shall get it.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl TryFrom<String> for Part {
    type Error = NotSendable;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Part> for String {
    fn from(part: Part) -> Self {
        part.0.into_string()
    }
}

/// Whether Braze may run something in `text`.
pub(crate) fn has_liquid(text: &str) -> bool {
    ["{{", "}}", "{%", "%}"].iter().any(|brace| text.contains(brace))
}

/// One part of a reply as it is drafted: what it says, and which campaign says it. Stored, it is its content alone where the
/// deployment's own way of sending says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Utterance {
    /// What it says, and as what kind of message.
    pub content: Content,
    /// The campaign that says it; `None` for the deployment's own way of sending.
    pub campaign: Option<CampaignId>,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    By { by: CampaignId, content: Content },
    Plain(Content),
}

impl From<Stored> for Utterance {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::By { by, content } => Self { content, campaign: Some(by) },
            Stored::Plain(content) => Self { content, campaign: None },
        }
    }
}

impl From<Utterance> for Stored {
    fn from(Utterance { content, campaign }: Utterance) -> Self {
        match campaign {
            Some(by) => Self::By { by, content },
            None => Self::Plain(content),
        }
    }
}

impl From<Part> for Utterance {
    fn from(text: Part) -> Self {
        Self { content: text.into(), campaign: None }
    }
}

impl Utterance {
    /// It in plain words.
    pub fn text(&self) -> &Part {
        self.content.text()
    }
}

/// One part of a reply on its way to exactly one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Whom it is for.
    pub to: Identity,
    /// The same for every copy of this part.
    pub id: ReplyId,
    /// What it says, and as what kind of message.
    pub content: Content,
    /// The campaign that sends it; `None` for the deployment's own way of sending.
    pub campaign: Option<CampaignId>,
    /// What is written to the person's profile by the same call, before the message is rendered; empty for nothing.
    pub attributes: Attributes,
    /// Which part this is, from 1.
    pub part: u32,
    /// Of how many.
    pub parts: u32,
}

/// Names one part of one turn: the same for every copy that is ever sent of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReplyId(String);

impl ReplyId {
    /// From the first message the turn answers, and the part's number.
    pub fn new(answers: &crate::MessageId, part: u32) -> Self {
        Self(format!("{}#{part}", answers.as_str()))
    }

    /// The same for a line that is said about a message besides its answer.
    pub fn besides(answers: &crate::MessageId, line: &str, part: u32) -> Self {
        Self(format!("{}!{line}#{part}", answers.as_str()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_without_a_campaign_of_its_own_is_stored_as_its_words() {
        let plain = Utterance::from(Part::new("hello").unwrap());
        let by = Utterance { campaign: Some(CampaignId::new("c2").unwrap()), ..plain.clone() };
        for (said, stored) in
            [(&plain, serde_json::json!("hello")), (&by, serde_json::json!({"by": "c2", "content": "hello"}))]
        {
            assert_eq!(serde_json::to_value(said).unwrap(), stored);
            assert_eq!(serde_json::from_value::<Utterance>(stored).unwrap(), *said);
        }
    }

    #[test]
    fn only_what_whatsapp_can_show_becomes_a_part() {
        for (text, verdict) in [
            ("hello\n\tthere", Ok(())),
            (" \n ", Err(NotSendable::Blank)),
            ("\u{3164}\u{200b}", Err(NotSendable::Blank)),
            ("{{ ${email_address} }}", Err(NotSendable::Liquid)),
            ("a {% abort_message() %}", Err(NotSendable::Liquid)),
            ("bell\u{7}", Err(NotSendable::Control)),
        ] {
            assert_eq!(Part::new(text).map(|_| ()), verdict, "{text}");
        }
        assert!(Part::new("é".repeat(PART_CHARACTERS)).is_ok());
        assert_eq!(Part::new("x".repeat(PART_CHARACTERS + 1)), Err(NotSendable::TooLong));
    }

    #[test]
    fn a_stored_part_is_the_same_and_is_checked_again_when_it_is_read() {
        let part = Part::new("Hello,\n\"you\" 👋").unwrap();
        assert_eq!(part.as_str(), "Hello,\n\"you\" 👋");
        let stored = serde_json::to_string(&part).unwrap();
        assert_eq!(serde_json::from_str::<Part>(&stored).unwrap(), part);
        assert!(serde_json::from_str::<Part>(r#""{{secret}}""#).is_err());
    }

    #[test]
    fn a_reply_id_tells_parts_and_turns_apart_and_not_copies() {
        let (first, second) = (crate::MessageId::stored("m1"), crate::MessageId::stored("m2"));
        let id = |answers, part| ReplyId::new(answers, part);
        assert_eq!(id(&first, 1).as_str(), id(&first, 1).as_str());
        assert_ne!(id(&first, 1).as_str(), id(&first, 2).as_str());
        assert_ne!(id(&first, 1).as_str(), id(&second, 1).as_str());
    }
}
