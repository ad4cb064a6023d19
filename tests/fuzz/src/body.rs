//! Any bytes as the body of an authentic webhook.

use http::{HeaderValue, StatusCode};
use models::{QueueMessage, Recipient};
use serde_json::Value;

use crate::door::{self, Visit};

/// The door answers 202 and keeps the message: on the work queue, where it can be read again, or whole in quarantine. In
/// Braze's own template the user is the one named first and the text is the tail, whatever stands between.
pub fn body(bytes: &[u8]) {
    let visit = door::post("/inbound", "", &door::from_braze(), bytes);
    assert_eq!(visit.answer.status, StatusCode::ACCEPTED);
    match (&visit.queued[..], &visit.parked[..]) {
        ([queued], []) => assert_understood(queued, bytes),
        ([], [_, ..]) => assert_parked(&visit, bytes.len()),
        (queued, parked) => panic!("{} messages queued, {} parked", queued.len(), parked.len()),
    }
    assert_explained(&visit, bytes);
}

fn assert_understood(queued: &str, bytes: &[u8]) {
    let message = QueueMessage::from_json(queued).expect("a queue message").inbound().expect("a user's");
    let body = std::str::from_utf8(bytes).expect("what is not UTF-8 is parked");
    assert!(!message.identity.recipients().is_empty());
    let Some(user) = first_user_id(body) else { return };
    let recipients = message.identity.recipients();
    let external = recipients.iter().find_map(|recipient| match recipient {
        Recipient::External(id) => Some(id.as_str()),
        Recipient::Braze(_) | Recipient::Alias { .. } => None,
    });
    assert_eq!(external.unwrap_or_default(), user);
    let tail = body.trim_end_matches(is_space).strip_suffix('}').map(|body| body.trim_end_matches(is_space));
    let tail = tail.and_then(|body| body.strip_suffix('"')).expect("the end of the template");
    assert!(message.shortened || tail.ends_with(message.text.as_str()));
}

/// The whole body is in quarantine, in as many characters of base64 as it takes.
fn assert_parked(visit: &Visit, bytes: usize) {
    let parts: Vec<Value> = visit.parked.iter().map(|part| serde_json::from_str(part).expect("JSON")).collect();
    let base64 = parts.iter().filter_map(|part| part["body_base64"].as_str());
    assert_eq!(base64.map(str::len).sum::<usize>(), bytes.div_ceil(3) * 4);
    assert_eq!(parts[0]["reason"], visit.answer.body["reason"]);
}

/// `explain` says what would happen, and queues nothing.
fn assert_explained(visit: &Visit, bytes: &[u8]) {
    let mut headers = door::from_braze();
    headers.insert("x-dragoman-explain", HeaderValue::from_static("1"));
    let explained = door::post("/inbound", "explain=1", &headers, bytes);
    assert!(explained.queued.is_empty() && explained.parked.is_empty());
    let (said, done) = (&explained.answer.body, &visit.answer.body);
    assert_eq!(said["understood"] == true, !visit.queued.is_empty());
    assert!(visit.queued.is_empty() || said["message_id"] == done["message_id"]);
    assert!(visit.parked.is_empty() || said["reason"] == done["reason"]);
}

/// What stands between the next two quotation marks behind a leading `{"user_id"`: read without the door's own reader.
fn first_user_id(body: &str) -> Option<&str> {
    let behind_brace = body.trim_start_matches(is_space).strip_prefix('{')?;
    let behind_key = behind_brace.trim_start_matches(is_space).strip_prefix("\"user_id\"")?;
    behind_key.split('"').nth(1)
}

fn is_space(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}
