//! One id follows a message from the webhook to the send, through the logs of both functions.

use end_to_end::{Stack, documented};
use serde_json::Value;

/// The lines of a function's log; metrics are none.
fn lines(log: &str) -> Vec<Value> {
    let objects = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    objects.filter(|line| line.get("message").is_some()).collect()
}

/// What the saved query `one message` looks for: the same three fields.
fn is_about(line: &Value, id: &str) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    text(&line["log_id"]) == id || text(&line["span"]["log_id"]) == id || text(&line["log_ids"]).contains(id)
}

#[tokio::test]
async fn the_id_that_the_door_gives_a_message_is_in_every_line_of_its_way_to_the_send() {
    let stack = Stack::deploy().await;
    stack.introduce("canary-user");
    for text in ["canary words", "When are you open?"] {
        stack.webhook("canary-webhook-token", &documented("canary-user", text)).await;
    }
    stack.feed(|| stack.is_settled()).await;
    assert!(!stack.read_by("canary-user").is_empty());

    let (door, responder) = (lines(&stack.ingest.stdout()), lines(&stack.responder.stdout()));
    let queued: Vec<_> = door.iter().filter(|line| line["message"] == "queued").collect();
    assert_eq!(queued.len(), 2, "{door:?}");
    for queued in queued {
        let id = queued["log_id"].as_str().unwrap();
        let way: Vec<_> = responder.iter().filter(|line| is_about(line, id)).collect();
        let messages: Vec<_> = way.iter().map(|line| line["message"].as_str().unwrap()).collect();
        for step in ["an AI was asked", "accepted by Braze", "a turn is over", "a delivery is over"] {
            assert!(messages.contains(&step), "{step} of {id} in {messages:?}");
        }
        let over = way.iter().find(|line| line["message"] == "a turn is over").unwrap();
        assert_eq!(over["end"], "answered");
        assert!(over["waited_ms"].is_u64() && over["cause"].is_null(), "{over}");
        assert_eq!(id.len(), 11, "a random word, of which nobody can be told: {id}");
    }
    let strays = responder.iter().filter(|line| line["log_id"].is_null() && line["span"]["log_id"].is_null());
    assert_eq!(strays.collect::<Vec<_>>(), Vec::<&Value>::new(), "no line of a turn is nobody's");
}

#[tokio::test]
async fn a_silent_end_says_its_cause_and_a_copy_its_end() {
    let stack = Stack::deploy().await;
    stack.introduce("42");
    for text in ["STOP", "When are you open?"] {
        stack.webhook("canary-webhook-token", &documented("42", text)).await;
        stack.feed(|| stack.is_settled()).await;
    }
    let responder = lines(&stack.responder.stdout());
    let silent = responder.iter().filter(|line| line["end"] == "silent");
    assert_eq!(silent.map(|line| line["cause"].as_str().unwrap()).collect::<Vec<_>>(), ["Wish", "OptedOut"]);

    let body = r#"{"v": 1, "dispatch_id": "d", "sent_at": "1", "user_id": "7", "braze_id": "", "phone_number": "", "language": "en", "profile_name": "", "media_urls": "", "message": "When are you open?"}"#;
    stack.introduce("7");
    for _ in 0..2 {
        stack.webhook("canary-webhook-token", body).await;
        stack.feed(|| stack.is_settled()).await;
    }
    let copy = lines(&stack.ingest.stdout()).pop().unwrap();
    let responder = lines(&stack.responder.stdout());
    let ends: Vec<_> = responder.iter().filter(|line| is_about(line, copy["log_id"].as_str().unwrap())).collect();
    assert!(ends.len() == 1 && ends[0]["message"] == "a delivery is over", "{ends:?}");
}
