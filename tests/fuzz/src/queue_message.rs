//! Any message on the work queue.

use models::{Identity, Message, MessageId, QueueMessage, RouteName, Timestamp};

/// Whatever stands there is read or refused; what is read is written again as the same. Whatever a person writes or is
/// called travels as printable ASCII and arrives unchanged.
pub fn queue_message(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(message) = QueueMessage::from_json(&text) {
        assert_travels(&message);
    }
    assert_travels(&saying(&text));
}

fn assert_travels(message: &QueueMessage) {
    let json = message.to_ascii_json();
    assert!(json.bytes().all(|byte| (0x20..0x7f).contains(&byte)), "not printable ASCII");
    assert_eq!(&QueueMessage::from_json(&json).expect("a queue message"), message);
}

/// A message in which everything that a person or Braze may choose is `text`.
fn saying(text: &str) -> QueueMessage {
    let optional = (!text.is_empty()).then_some(text);
    QueueMessage::InboundV1(Message {
        id: MessageId::stored(text),
        log_id: text.to_owned(),
        author: models::Author::User,
        identity: Identity::new(text, text, text).or_else(|_| Identity::new("42", "", "")).expect("a user"),
        text: text.into(),
        shortened: text.len().is_multiple_of(2),
        arrival: Timestamp::from_millis(u64::MAX),
        sent_at: optional.map(|text| Timestamp::from_millis(text.len() as u64)),
        dispatched: text.len().is_multiple_of(3),
        route: RouteName::parse(text),
        language: optional.map(str::to_owned),
        profile_name: optional.map(Into::into),
        media_urls: optional.map(Into::into),
    })
}
