//! Any text, as Braze renders it into the two templates.

use http::StatusCode;
use models::{Identity, Message, QueueMessage};

use crate::door;

/// A user's names, and how the two templates render them: external id, braze id, phone.
const USERS: [(&str, &str, &str); 4] = [
    ("42", "b1", "+4915112345678"),
    ("ada@example.org", "b1", ""),
    ("", "b1", "+49 (151) 123-45"),
    ("{\\'user_id'}", "", "+4915112345678"),
];

/// The longest text that is let through, in characters, and the longest profile name, in bytes.
const LONGEST_TEXT: usize = 65_536;
const LONGEST_NAME: usize = 1_024;

/// The first byte chooses a user; the rest is what they wrote, and what they call themselves. It comes back exactly and
/// from that user. A template without working filters may cost the text its form, but never moves it to another user.
pub fn rendered_text(bytes: &[u8]) {
    let Some((choice, text)) = bytes.split_first() else { return };
    let user = USERS[usize::from(*choice) % USERS.len()];
    let text = &*String::from_utf8_lossy(text);
    let (external, braze, phone) = user;
    let known = Identity::new(external, "", phone).expect("a user");
    let well_known = Identity::new(external, braze, phone).expect("a user");

    let plain = format!(r#"{{ "user_id": "{external}", "phone_number": "{phone}", "message": "{text}" }}"#);
    assert_same(&queued(&plain).expect("Braze's template is understood"), text, &known);

    let escaped = queued(&recommended(user, escape, text, text)).expect("the recommended template is understood");
    assert_same(&escaped, text, &well_known);
    let name = escaped.profile_name.as_ref().map_or("", |name| name.as_str());
    assert_eq!(name, if text.len() <= LONGEST_NAME { text } else { "" });

    let half_escaped = queued(&recommended(user, escape_signs, "Zoë", text)).expect("line breaks alone are forgiven");
    assert_same(&half_escaped, text, &well_known);

    for (name, text) in [("Zoë", text), (text, text)] {
        if let Some(message) = queued(&recommended(user, str::to_owned, name, text)) {
            assert_eq!(message.identity, well_known, "an unescaped text moved the message");
        }
    }
}

fn assert_same(message: &Message, text: &str, user: &Identity) {
    assert!(message.text.as_str().chars().eq(text.chars().take(LONGEST_TEXT)), "the text came back changed");
    assert_eq!(message.shortened, text.chars().count() > LONGEST_TEXT);
    assert_eq!(&message.identity, user);
}

/// The message that the door queues for `body`; `None` if it is put in quarantine.
fn queued(body: &str) -> Option<Message> {
    let visit = door::post("/inbound", "", &door::from_braze(), body.as_bytes());
    assert_eq!((visit.answer.status, visit.queued.len() + visit.parked.len()), (StatusCode::ACCEPTED, 1));
    QueueMessage::from_json(visit.queued.first()?).expect("a queue message").inbound()
}

/// The recommended template with `filter` in the place of `json_escape`.
fn recommended(user: (&str, &str, &str), filter: fn(&str) -> String, name: &str, text: &str) -> String {
    let (external, braze, phone) = user;
    format!(
        r#"{{"v": 1, "dispatch_id": "d1", "sent_at": "1700000000",
 "user_id": "{}", "braze_id": "{braze}", "phone_number": "{}",
 "language": "de", "profile_name": "{}",
 "media_urls": "", "message": "{}"}}"#,
        escape(external),
        escape(phone),
        filter(name),
        filter(text)
    )
}

/// What `json_escape` does.
fn escape(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// What a filter does that leaves control characters alone.
fn escape_signs(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
