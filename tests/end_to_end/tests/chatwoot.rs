//! An agent's words from Chatwoot through the real binaries to the user's phone.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use end_to_end::{Stack, documented};
use hmac::{Hmac, KeyInit as _, Mac as _};
use hmac_sha2::Sha256;
use serde_json::{Value, json};

const PATH: &str = "/conversations/chatwoot";
const SECRET: &str = "canary-chatwoot-secret";

/// Chatwoot tells `event`, signed now; the door's status.
async fn tells(stack: &Stack, event: &Value) -> Value {
    let body = event.to_string();
    let at = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(format!("{at}.{body}").as_bytes());
    let hex = mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    let headers = [("x-chatwoot-timestamp", at.as_str()), ("x-chatwoot-signature", &format!("sha256={hex}"))];
    stack.post(PATH, &headers, &body).await["statusCode"].clone()
}

#[tokio::test]
async fn what_an_agent_writes_in_chatwoot_reaches_the_phone_once_as_whatsapp_shows_it() {
    let stack = Stack::deploy().await;
    stack.introduce("ada");
    stack.webhook("canary-webhook-token", &documented("ada", "When are you open?")).await;
    stack.feed(|| stack.read_by("ada").len() == 1 && stack.is_settled()).await;
    let source = json!({"source_id": format!("dragoman-{}", URL_SAFE_NO_PAD.encode("user:ada"))});
    let message = json!({"event": "message_created", "id": 99, "content": "We **refund** it.\n\nEve", "private": false,
        "message_type": "outgoing", "sender": {"type": "user"}, "conversation": {"contact_inbox": source}});
    assert_eq!(tells(&stack, &message).await, 404, "nobody has set it up");
    let secret = json!({"webhook_token": "w", "agent_token": "a", "chatwoot_secret": SECRET});
    stack.aws.put_secret("ingest", &secret.to_string());
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for _ in 0..2 {
        assert_eq!(tells(&stack, &message).await, 202);
    }
    assert_eq!(stack.post(PATH, &[("authorization", "Bearer a")], &message.to_string()).await["statusCode"], 401);
    let mut echo = message.clone();
    echo["message_type"] = json!("incoming");
    assert_eq!(tells(&stack, &echo).await, 200);
    let agents = stack.aws.queue("agent").unwrap();
    assert_eq!(agents.messages().len(), 2);
    stack.feed_from("agent", || agents.messages().is_empty()).await;
    assert_eq!(stack.read_by("ada")[1..], ["We *refund* it.\n\nEve"]);
    let logs = stack.ingest.stdout() + &stack.ingest.stderr();
    assert!(!logs.contains(SECRET) && !logs.contains("refund") && !logs.contains("ada"), "{logs}");
}
