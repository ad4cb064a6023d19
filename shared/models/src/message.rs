//! What a user sent.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{Identity, Personal, Timestamp};

/// One message of a conversation, understood and authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The same for every delivery of the same webhook.
    pub id: MessageId,
    /// A random word that follows the message through the logs; says nothing about the person or the text.
    pub log_id: String,
    /// On whose side of the conversation it was written.
    #[serde(default, skip_serializing_if = "Author::is_user")]
    pub author: Author,
    /// The user whose conversation it is.
    pub identity: Identity,
    /// The words, byte for byte.
    pub text: Personal,
    /// The text was longer than the door lets through and was cut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shortened: bool,
    /// When the webhook reached us.
    pub arrival: Timestamp,
    /// When Braze rendered the webhook, if the body says so; whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// Whether the body named a dispatch of its own, so that two equal texts are two messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dispatched: bool,
    /// The route the webhook named: `/inbound/{route}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<RouteName>,
    /// The language of the user's profile, as Braze has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// What the user calls themselves on WhatsApp: untrusted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_name: Option<Personal>,
    /// Where Braze keeps attached media; its form is not documented, so it is kept as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_urls: Option<Personal>,
}

impl Message {
    /// When it was written, as far as anybody knows: a clock that is ahead of ours must not make it younger than its arrival.
    pub fn written(&self) -> Timestamp {
        self.sent_at.map_or(self.arrival, |sent_at| sent_at.min(self.arrival))
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The user, on WhatsApp.
    #[default]
    User,
    /// A person of the brand, at a desk: it goes out to the user.
    Agent,
    /// Another system of the brand: the text is the name of the flow that it starts.
    System,
}

impl Author {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_user(&self) -> bool {
        *self == Self::User
    }
}

/// The identity of a message: 12 characters of URL-safe base64, 72 bits of a SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    /// The id of a message whose webhook names its dispatch or its time: a retry of the webhook gets the same one.
    pub fn of_webhook(dispatch_id: &str, sent_at: &str, user: &str, text: &str) -> Self {
        Self::digest(&[dispatch_id.as_bytes(), sent_at.as_bytes(), user.as_bytes(), text.as_bytes()])
    }

    /// The id of a message whose webhook names neither: two equal texts are two messages, each with its own arrival.
    pub fn of_arrival(user: &str, text: &str, arrival: Timestamp) -> Self {
        Self::digest(&[user.as_bytes(), text.as_bytes(), &arrival.millis().to_be_bytes()])
    }

    /// The id of something a desk asked for, under the desk's own name for the request: a retry gets the same one.
    pub fn of_request(conversation: &str, request: &str) -> Self {
        Self::digest(&[b"desk", conversation.as_bytes(), request.as_bytes()])
    }

    /// The id of something a desk asked for without a name: never that of what the user wrote in the same words at that moment.
    pub fn of_unnamed_request(conversation: &str, words: &str, arrival: Timestamp) -> Self {
        Self::digest(&[b"unnamed", conversation.as_bytes(), words.as_bytes(), &arrival.millis().to_be_bytes()])
    }

    /// The name of a question about these messages, oldest first: that of the only one, or that of the newest with a digest of
    /// all, so that a question about fewer of them is another one. `None` if there are none.
    pub fn of_question(messages: &[Self]) -> Option<Self> {
        let newest = messages.last()?;
        if messages.len() == 1 {
            return Some(newest.clone());
        }
        let fields: Vec<_> = messages.iter().map(|id| id.0.as_bytes()).collect();
        Some(Self(format!("{}.{}", newest.0, Self::digest(&fields).0)))
    }

    /// The newest message of the question that has this name.
    #[must_use]
    pub fn newest(&self) -> Self {
        Self(self.0.split('.').next().unwrap_or_default().to_owned())
    }

    /// An id read back from where it was stored.
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    // Each field goes in behind its length: no two lists of fields run together into the same bytes.
    fn digest(fields: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for field in fields {
            hash.update((field.len() as u64).to_be_bytes());
            hash.update(field);
        }
        Self(URL_SAFE_NO_PAD.encode(&hash.finalize()[..9]))
    }
}

/// The name of a route: 1 to 64 characters of `A-Z a-z 0-9 _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RouteName(String);

impl RouteName {
    /// Reads a name; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        ((1..=64).contains(&text.len()) && text.chars().all(legal)).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RouteName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a route name has 1 to 64 characters of A-Z a-z 0-9 _ -")
    }
}

impl From<RouteName> for String {
    fn from(name: RouteName) -> Self {
        name.0
    }
}

impl fmt::Display for RouteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_webhook_always_gets_the_same_id() {
        let id = || MessageId::of_webhook("d1", "1700000000", "user:42", "hi");
        assert_eq!(id(), id());
        assert_eq!(id().as_str().len(), 12);
    }

    #[test]
    fn fields_do_not_run_together() {
        let ids = [
            MessageId::of_webhook("a", "b", "c", "d"),
            MessageId::of_webhook("ab", "", "c", "d"),
            MessageId::of_webhook("", "ab", "c", "d"),
            MessageId::of_webhook("a", "b", "cd", ""),
            MessageId::of_webhook("a", "b", "", "cd"),
        ];
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), ids.len());
    }

    #[test]
    fn without_a_dispatch_equal_texts_are_two_messages() {
        let at = |ms| MessageId::of_arrival("user:42", "yes", Timestamp::from_millis(ms));
        let asked = MessageId::of_unnamed_request("user:42", "yes", Timestamp::from_millis(1));
        assert_ne!(asked, at(1), "what a desk asks for is nothing that the user wrote");
        assert_ne!(at(1), at(2));
    }

    #[test]
    fn route_names_are_short_and_plain() {
        assert!(RouteName::parse("returns-2_EU").is_some());
        for bad in ["", "a/b", "a b", "é", "..", &"x".repeat(65)] {
            assert_eq!(RouteName::parse(bad), None, "{bad}");
        }
    }
}
