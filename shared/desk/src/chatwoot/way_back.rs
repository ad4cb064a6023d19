//! What Chatwoot's webhooks mean.

use models::{ConversationKey, Personal};
use serde::Deserialize;

use super::source_id;

/// What people at a desk do to a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromDesk {
    /// An agent wrote to the user.
    Message {
        /// Whose conversation.
        conversation: ConversationKey,
        /// The same for every delivery of the same message.
        id: String,
        /// The words, in the Markdown that Chatwoot's editor makes; the addresses of attached files stand below them, a line
        /// for each. Never blank.
        text: Personal,
    },
    /// An agent closed the conversation: it is the bot's again.
    Release {
        /// Whose conversation.
        conversation: ConversationKey,
    },
}

/// A webhook as far as it matters, in one type for both kinds: those of messages have the conversation inside, those of
/// conversations *are* one (`app/models/message.rb`, `webhook_data`; `app/presenters/conversations/event_data_presenter.rb`).
#[derive(Deserialize)]
struct Webhook {
    event: String,
    id: Option<u64>,
    content: Option<String>,
    message_type: Option<String>,
    private: Option<bool>,
    sender: Option<Sender>,
    attachments: Option<Vec<Attachment>>,
    conversation: Option<Conversation>,
    status: Option<String>,
    contact_inbox: Option<ContactInbox>,
}

#[derive(Deserialize)]
struct Sender {
    r#type: Option<String>,
}

#[derive(Deserialize)]
struct Attachment {
    data_url: Option<String>,
}

#[derive(Deserialize)]
struct Conversation {
    contact_inbox: Option<ContactInbox>,
}

#[derive(Deserialize)]
struct ContactInbox {
    source_id: Option<String>,
}

/// Reads a webhook of a Chatwoot inbox or account (<https://github.com/chatwoot/docs/blob/main/docs/product/others/webhook-events.md>).
/// `None` for what needs no action: other events, other inboxes, private notes, the user's own words, what a bot, a rule or a
/// template wrote. What this crate writes to Chatwoot is either *incoming* or private and so never comes back.
///
/// Whoever calls it has asked [`is_authentic`](super::is_authentic) first.
pub fn understand(body: &[u8]) -> Option<FromDesk> {
    let webhook: Webhook = serde_json::from_slice(body).ok()?;
    match webhook.event.as_str() {
        "message_created" => webhook.message(),
        "conversation_status_changed" | "conversation_resolved" if webhook.status.as_deref() == Some("resolved") => {
            Some(FromDesk::Release { conversation: webhook.contact_inbox?.conversation()? })
        }
        _ => None,
    }
}

impl Webhook {
    fn message(self) -> Option<FromDesk> {
        // Without the word that it is not private, it might be: a note for colleagues must never reach the user.
        let to_the_user = self.message_type.as_deref() == Some("outgoing") && self.private == Some(false);
        let by_a_person = self.sender?.r#type.as_deref() == Some("user");
        let files = self.attachments.into_iter().flatten().filter_map(|attachment| attachment.data_url);
        let lines: Vec<String> = self.content.into_iter().chain(files).filter(|line| !line.trim().is_empty()).collect();
        (to_the_user && by_a_person && !lines.is_empty()).then_some(FromDesk::Message {
            conversation: self.conversation?.contact_inbox?.conversation()?,
            id: format!("chatwoot-{}", self.id?),
            text: lines.join("\n").into(),
        })
    }
}

impl ContactInbox {
    fn conversation(self) -> Option<ConversationKey> {
        source_id::read(&self.source_id?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn ada() -> ConversationKey {
        ConversationKey::parse("user:ada@example.com").unwrap()
    }

    /// A conversation as Chatwoot 4.13 writes it, cut to the fields that could be mistaken for each other.
    fn conversation() -> Value {
        json!({"id": 7, "inbox_id": 3, "channel": "Channel::Api", "status": "open", "can_reply": true,
            "contact_inbox": {"id": 9, "contact_id": 5, "inbox_id": 3, "source_id": source_id::of(&ada()),
                "hmac_verified": false, "pubsub_token": "p"},
            "messages": [{"id": 98, "content": "old", "message_type": 0, "private": false}],
            "meta": {"sender": {"id": 5, "name": "Ada", "type": "contact", "identifier": "user:other"}},
            "labels": [], "custom_attributes": {}})
    }

    fn message() -> Value {
        json!({"event": "message_created", "id": 99, "content": "We **refund** it.", "content_type": "text",
            "message_type": "outgoing", "private": false, "source_id": null, "created_at": "2026-11-27T22:33:54.120Z",
            "sender": {"id": 1, "name": "Grace", "email": "g@example.com", "type": "user"}, "content_attributes": {},
            "additional_attributes": {}, "account": {"id": 1, "name": "Shop"}, "inbox": {"id": 3, "name": "Dragoman"},
            "conversation": conversation()})
    }

    fn status_changed(status: &str) -> Value {
        let mut event = conversation();
        event["event"] = json!("conversation_status_changed");
        event["status"] = json!(status);
        event["changed_attributes"] = json!([{"status": {"previous_value": "open", "current_value": status}}]);
        event
    }

    fn read(webhook: &Value) -> Option<FromDesk> {
        understand(webhook.to_string().as_bytes())
    }

    fn with(mut webhook: Value, pointer: &str, value: Value) -> Value {
        *webhook.pointer_mut(pointer).unwrap() = value;
        webhook
    }

    fn said(text: &str) -> FromDesk {
        FromDesk::Message { conversation: ada(), id: "chatwoot-99".to_owned(), text: text.into() }
    }

    #[test]
    fn what_an_agent_writes_goes_to_the_user() {
        assert_eq!(read(&message()), Some(said("We **refund** it.")));
    }

    #[test]
    fn files_are_sent_as_their_addresses() {
        let mut files = message();
        files["attachments"] = json!([{"id": 1, "data_url": "https://f/1"}, {"id": 2}, {"data_url": "https://f/2"}]);
        assert_eq!(read(&files), Some(said("We **refund** it.\nhttps://f/1\nhttps://f/2")));
        files["content"] = Value::Null;
        assert_eq!(read(&files), Some(said("https://f/1\nhttps://f/2")));
    }

    #[test]
    fn nothing_else_does() {
        for (pointer, value) in [
            ("/event", json!("message_updated")),
            ("/event", json!("conversation_updated")),
            ("/message_type", json!("incoming")),
            ("/message_type", json!("template")),
            ("/message_type", json!("activity")),
            ("/message_type", json!(1)),
            ("/private", json!(true)),
            ("/private", Value::Null),
            ("/sender", Value::Null),
            ("/sender/type", json!("agent_bot")),
            ("/sender/type", json!("captain_assistant")),
            ("/sender/type", json!("contact")),
            ("/content", json!(" \n")),
            ("/content", Value::Null),
            ("/id", Value::Null),
            ("/conversation", Value::Null),
            ("/conversation/contact_inbox", Value::Null),
            ("/conversation/contact_inbox/source_id", json!("3a1c6a3e-website-visitor")),
        ] {
            assert_eq!(read(&with(message(), pointer, value.clone())), None, "{pointer} {value}");
        }
    }

    #[test]
    fn closing_the_conversation_gives_it_back_and_no_other_status_does() {
        let released = Some(FromDesk::Release { conversation: ada() });
        assert_eq!(read(&status_changed("resolved")), released);
        assert_eq!(read(&with(status_changed("resolved"), "/event", json!("conversation_resolved"))), released);
        for status in ["open", "pending", "snoozed", ""] {
            assert_eq!(read(&status_changed(status)), None, "{status}");
        }
        for (pointer, value) in [
            ("/event", json!("conversation_updated")),
            ("/event", json!("conversation_created")),
            ("/contact_inbox", Value::Null),
            ("/contact_inbox/source_id", json!("someone-else")),
        ] {
            assert_eq!(read(&with(status_changed("resolved"), pointer, value.clone())), None, "{pointer} {value}");
        }
    }

    #[test]
    fn what_is_no_webhook_is_nothing() {
        for body in [&b""[..], b"{}", b"[]", b"null", b"\xff", br#"{"event": 1}"#, br#"{"event": "message_created"}"#] {
            assert_eq!(understand(body), None);
        }
    }

    #[test]
    fn debug_shows_nobodys_name_or_words() {
        let shown = format!("{:?} {:?}", read(&message()), read(&status_changed("resolved")));
        assert!(!shown.contains("ada") && !shown.contains("refund"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_body_upsets_it(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(understand(&body), None);
        }
    }
}
