//! Chatwoot's webhooks: who is let in, what is queued, what is not.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hmac_sha2::Sha256;
use http::{HeaderMap, Method, StatusCode};
use ingest::{Answer, Call, Ingest};
use models::{AgentAction, AgentDeed};
use platform::metrics::Metric;
use serde_json::{Value, json};

use crate::{Behind, NOW, TOKENS, door, padded};

fn secret(chatwoot: &str) -> String {
    json!({"webhook_token": "w", "agent_token": "a", "chatwoot_secret": chatwoot}).to_string()
}

fn signed(body: &[u8], secret: &str, at: u64) -> HeaderMap {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    let hex = mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let named = [("x-chatwoot-signature", format!("sha256={hex}")), ("x-chatwoot-timestamp", at.to_string())];
    named.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

async fn sends(ingest: &Ingest, headers: &HeaderMap, body: &[u8]) -> Answer {
    let path = "/conversations/chatwoot";
    ingest.handle(Call { method: &Method::POST, path, query: "", headers, body }).await
}

/// Chatwoot tells `event`, signed with `secret` now.
async fn tells(ingest: &Ingest, event: &Value, secret: &str) -> Answer {
    let body = event.to_string();
    sends(ingest, &signed(body.as_bytes(), secret, NOW), body.as_bytes()).await
}

fn source_id(conversation: &str) -> String {
    format!("dragoman-{}", URL_SAFE_NO_PAD.encode(conversation))
}

fn message(conversation: &str, text: &str) -> Value {
    json!({"event": "message_created", "id": 99, "content": text, "message_type": "outgoing", "private": false,
        "sender": {"id": 1, "type": "user"}, "conversation": {"contact_inbox": {"source_id": source_id(conversation)}}})
}

fn resolved(conversation: &str) -> Value {
    json!({"event": "conversation_status_changed", "id": 7, "status": "resolved",
        "contact_inbox": {"source_id": source_id(conversation)}})
}

/// What was queued for the responder, which is nothing but what agents wish.
fn actions(behind: &Behind) -> Vec<AgentAction> {
    assert!(behind.work.take().is_empty() && behind.quarantine.take().is_empty());
    behind.wishes()
}

#[tokio::test]
async fn an_agents_words_are_queued_in_whatsapps_markup_under_chatwoots_name_for_them() {
    let (ingest, behind) = door(&secret("c"), None);
    let first = tells(&ingest, &message("user:ada", "We **refund** it."), "c").await;
    let again = tells(&ingest, &message("user:ada", "We **refund** it."), "c").await;
    assert_eq!((first.status, &first.body["state"]), (StatusCode::ACCEPTED, &json!("queued")));
    assert_eq!(first.body, again.body, "a message that comes twice is one");
    let actions = actions(&behind);
    assert_eq!(actions.len(), 2);
    for action in &actions {
        assert_eq!(action.deed, AgentDeed::Say("We *refund* it.".into()));
        assert_eq!((action.conversation.as_str(), action.named), ("user:ada", true));
        assert_eq!(action.id.as_str(), first.body["message_id"]);
    }
    assert_eq!(*behind.counted.lock().unwrap(), [Metric::AgentQueued; 2]);
    let another = tells(&ingest, &message("user:bob", "We **refund** it."), "c").await;
    assert_ne!(another.body, first.body, "another user's is another");
}

#[tokio::test]
async fn a_resolved_conversation_is_given_back() {
    let (ingest, behind) = door(&secret("c"), None);
    assert_eq!(tells(&ingest, &resolved("user:ada"), "c").await.status, StatusCode::ACCEPTED);
    let actions = actions(&behind);
    assert_eq!((actions[0].conversation.as_str(), &actions[0].deed), ("user:ada", &AgentDeed::Release));
}

#[tokio::test]
async fn what_needs_no_action_is_answered_well_and_queued_nowhere() {
    let (ingest, behind) = door(&secret("c"), None);
    let with = |field: &str, value: Value| {
        let mut event = message("user:ada", "hi");
        event[field] = value;
        event
    };
    for event in [
        // What this product writes there itself: the user's words, and its notes.
        with("message_type", json!("incoming")),
        with("private", json!(true)),
        with("sender", json!({"type": "agent_bot"})),
        with("event", json!("message_updated")),
        with("conversation", json!({"contact_inbox": {"source_id": "a-visitor"}})),
        with("content", json!("")),
        json!({"event": "conversation_status_changed", "status": "open"}),
        json!("nonsense"),
    ] {
        let answer = tells(&ingest, &event, "c").await;
        assert_eq!((answer.status, answer.body), (StatusCode::OK, json!({"state": "ignored"})), "{event}");
    }
    assert!(actions(&behind).is_empty());
}

#[tokio::test]
async fn nobody_comes_in_without_a_good_signature_of_this_very_body() {
    let (ingest, behind) = door(&secret("c"), None);
    let body = message("user:ada", "hi").to_string();
    let body = body.as_bytes();
    let mut bearer = HeaderMap::new();
    bearer.insert("authorization", "Bearer a".parse().unwrap());
    let other = message("user:victim", "hi").to_string();
    for (what, headers, status) in [
        ("good", signed(body, "c", NOW), 202),
        ("five minutes old", signed(body, "c", NOW - 300), 202),
        ("older", signed(body, "c", NOW - 301), 401),
        ("from the future", signed(body, "c", NOW + 301), 401),
        ("another secret", signed(body, "d", NOW), 401),
        ("the agent token as secret", signed(body, "a", NOW), 401),
        ("the webhook token as secret", signed(body, "w", NOW), 401),
        ("another body's", signed(other.as_bytes(), "c", NOW), 401),
        ("the agent token", bearer, 401),
        ("nothing", HeaderMap::new(), 401),
    ] {
        assert_eq!(sends(&ingest, &headers, body).await.status, status, "{what}");
    }
    assert_eq!(actions(&behind).len(), 2);
    let unauthorized = behind.counted.lock().unwrap().iter().filter(|metric| **metric == Metric::Unauthorized).count();
    assert_eq!(unauthorized, 8);
}

#[tokio::test]
async fn a_signature_opens_no_other_door() {
    let (ingest, _) = door(&secret("c"), None);
    let body = br#"{"conversation": "user:ada"}"#;
    let headers = signed(body, "c", NOW);
    for path in ["/inbound", "/conversations/messages", "/conversations/takeover", "/conversations/erase"] {
        let answer = ingest.handle(Call { method: &Method::POST, path, query: "", headers: &headers, body }).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rotation_refuses_nobody() {
    let (ingest, behind) = door(&secret("new"), Some(&secret("old")));
    for key in ["new", "old"] {
        assert_eq!(tells(&ingest, &resolved("user:ada"), key).await.status, StatusCode::ACCEPTED, "{key}");
    }
    *behind.secret.lock().unwrap() = (secret("newest"), Some(secret("new")));
    tokio::time::advance(Duration::from_secs(1)).await;
    for (key, status) in [("newest", 202), ("new", 202), ("old", 401)] {
        assert_eq!(tells(&ingest, &resolved("user:ada"), key).await.status, status, "{key}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_secret_there_is_no_such_path_until_there_is_one() {
    let (ingest, behind) = door(TOKENS, None);
    for key in ["", "c", "null"] {
        assert_eq!(tells(&ingest, &resolved("user:ada"), key).await.status, StatusCode::NOT_FOUND, "{key:?}");
    }
    assert!(behind.counted.lock().unwrap().is_empty());
    *behind.secret.lock().unwrap() = (secret("c"), Some(TOKENS.to_owned()));
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(tells(&ingest, &resolved("user:ada"), "c").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_so_that_the_agent_sees_it() {
    let (ingest, behind) = door(&secret("c"), None);
    let long = "user:".to_owned() + &"x".repeat(600);
    for (what, event, status) in [
        ("nothing to see", message("user:ada", "\u{200b}"), 400),
        ("too long", message("user:ada", &"x".repeat(16_385)), 400),
        ("a key nobody has", message(&long, "hi"), 400),
        ("a control character in it", message("user:a\nb", "hi"), 400),
        ("to release a key nobody has", resolved("user:\u{0}"), 400),
    ] {
        assert_eq!(tells(&ingest, &event, "c").await.status, status, "{what}");
    }
    assert!(actions(&behind).is_empty());
    behind.agents.breaks();
    assert_eq!(tells(&ingest, &message("user:ada", "hi"), "c").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn the_largest_body_that_is_read_has_256_kib() {
    let (ingest, _) = door(&secret("c"), None);
    for (bytes, status) in [(256 * 1024, 202), (256 * 1024 + 1, 413)] {
        let body = padded(&message("user:ada", "hi").to_string(), bytes);
        let headers = signed(body.as_bytes(), "c", NOW);
        assert_eq!(sends(&ingest, &headers, body.as_bytes()).await.status, status, "{bytes}");
    }
}
