//! What a desk is told.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac_sha2::{Digest as _, Sha256};
use models::{ConversationKey, HandOffReason, Personal, Timestamp};
use serde::Serialize;

/// One thing a desk is told; `id` is the same for every try, so that a desk can drop repetitions.
#[derive(Clone, PartialEq, Eq)]
pub struct DeskEvent {
    /// Names the event among all events of all conversations.
    pub id: String,
    /// Whose conversation it is about.
    pub conversation: ConversationKey,
    /// When it happened; not when it is delivered.
    pub at: Timestamp,
    /// What happened.
    pub what: What,
}

impl fmt::Debug for DeskEvent {
    // Not its id, which may name the person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { conversation, at, what, .. } = self;
        f.debug_struct("DeskEvent").field("conversation", conversation).field("at", at).field("what", what).finish()
    }
}

impl DeskEvent {
    /// The event's id as desks see it: 26 letters, digits, `_` and `-` that say nothing about the person, whatever `id` is
    /// made of. The same for every try.
    pub fn public_id(&self) -> String {
        format!("evt_{}", URL_SAFE_NO_PAD.encode(&Sha256::digest(&self.id)[..16]))
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The conversation goes to a person.
    HandOff {
        /// Why.
        reason: HandOffReason,
        /// What it is about, in a few words.
        summary: Personal,
        /// What was said so far, oldest first.
        transcript: Vec<Line>,
        /// What the user calls themselves on WhatsApp: untrusted.
        profile_name: Option<Personal>,
        /// The user's language, as Braze has it.
        language: Option<String>,
    },
    /// The user wrote while a person owns the conversation.
    Message {
        /// The words.
        text: Personal,
        /// Where attached media are kept, as Braze gave it.
        media_urls: Option<Personal>,
    },
    /// The conversation is the bot's again.
    Released {
        /// Who gave it back.
        by: ReleasedBy,
    },
    /// What an agent wrote was not sent, as far as is known, and will not be.
    NotSent {
        /// Why.
        reason: NotSent,
        /// The words.
        text: Personal,
    },
}

/// Why an agent's words were not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NotSent {
    /// The user has not written for a day: WhatsApp lets nothing but an approved template through, and none is configured.
    WindowClosed,
    /// Braze refused them for good: an address, a campaign or the words themselves are not what it takes.
    Refused,
    /// They could not be sent for a day: by then they may say something else than their author meant.
    TooLate,
    /// The request left, and nobody knows whether they arrived. They are not sent once more.
    Uncertain,
}

/// Who gave a conversation back to the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleasedBy {
    /// An agent.
    Agent,
    /// Nobody wrote for as long as the configuration allows.
    QuietHours,
}

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who said it.
    pub from: Speaker,
    /// The words.
    pub text: Personal,
    /// When.
    pub at: Timestamp,
}

/// Who said a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaker {
    /// The customer.
    User,
    /// The assistant.
    Bot,
    /// A person at the desk.
    Agent,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str) -> DeskEvent {
        DeskEvent {
            id: id.to_owned(),
            conversation: ConversationKey::parse("user:ada").unwrap(),
            at: Timestamp::EPOCH,
            what: What::HandOff {
                reason: HandOffReason::Keyword,
                summary: "ada wants a refund".into(),
                transcript: vec![Line { from: Speaker::User, text: "refund, ada".into(), at: Timestamp::EPOCH }],
                profile_name: Some("Ada L.".into()),
                language: Some("en".to_owned()),
            },
        }
    }

    #[test]
    fn the_public_id_is_short_plain_and_the_same_for_every_try() {
        for id in ["", "m1", "user:ada@example.com.1", "é\r\n", &"x".repeat(999)] {
            let public = event(id).public_id();
            assert_eq!(public, event(id).public_id());
            assert!(public.len() == 26 && public.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)));
        }
        assert_ne!(event("m1").public_id(), event("m2").public_id());
    }

    #[test]
    fn debug_shows_nobodys_name_or_words() {
        let shown = format!("{:?}", event("m1")).to_lowercase();
        assert!(!shown.contains("ada") && !shown.contains("refund"), "{shown}");
    }
}
