//! The JSON of an event, version 1. The README is its reference: what stands there is never changed, only added to.

use models::{ConversationKey, HandOffReason, Personal};
use serde::Serialize;

use crate::{DeskEvent, NotSent, ReleasedBy, Speaker, What};

const VERSION: u8 = 1;

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    version: u8,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    conversation: &'a ConversationKey,
    #[serde(flatten)]
    what: Detail<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    HandOff {
        reason: HandOffReason,
        summary: &'a Personal,
        profile_name: Option<&'a Personal>,
        language: Option<&'a str>,
        transcript: Vec<Spoken<'a>>,
    },
    Message {
        text: &'a Personal,
        media_urls: Option<&'a Personal>,
    },
    Released {
        by: ReleasedBy,
    },
    NotSent {
        reason: NotSent,
        text: &'a Personal,
    },
}

#[derive(Serialize)]
struct Spoken<'a> {
    from: Speaker,
    text: &'a Personal,
    at: String,
}

/// The body that is posted, and signed byte for byte. Every try of an event has the same one.
pub(super) fn body(event: &DeskEvent) -> Vec<u8> {
    let (r#type, what) = detail(&event.what);
    let data = Data { conversation: &event.conversation, what };
    let body = Body { r#type, version: VERSION, timestamp: event.at.iso_8601(), data };
    // Text, numbers and lists: there is nothing in it that JSON cannot say.
    serde_json::to_vec(&body).unwrap_or_default()
}

fn detail(what: &What) -> (&'static str, Detail<'_>) {
    match what {
        What::HandOff { reason, summary, transcript, profile_name, language } => {
            let transcript = transcript
                .iter()
                .map(|line| Spoken { from: line.from, text: &line.text, at: line.at.iso_8601() })
                .collect();
            let (profile_name, language) = (profile_name.as_ref(), language.as_deref());
            ("hand_off", Detail::HandOff { reason: *reason, summary, profile_name, language, transcript })
        }
        What::Message { text, media_urls } => ("message", Detail::Message { text, media_urls: media_urls.as_ref() }),
        What::Released { by } => ("released", Detail::Released { by: *by }),
        What::NotSent { reason, text } => ("not_sent", Detail::NotSent { reason: *reason, text }),
    }
}

#[cfg(test)]
mod tests {
    use models::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::Line;

    fn written(what: What) -> Value {
        let conversation = ConversationKey::parse("user:42").unwrap();
        let event =
            DeskEvent { id: "e1".to_owned(), conversation, at: Timestamp::from_millis(1_795_818_834_120), what };
        serde_json::from_slice(&body(&event)).unwrap()
    }

    fn expected(r#type: &str, data: &Value) -> Value {
        json!({"type": r#type, "version": 1, "timestamp": "2026-11-27T22:33:54.120Z", "data": data})
    }

    #[test]
    fn a_hand_off_says_why_what_about_and_what_was_said() {
        let line = |from, text: &str, second| Line { from, text: text.into(), at: Timestamp::from_seconds(second) };
        let hand_off = |profile_name, language, transcript| What::HandOff {
            reason: HandOffReason::Keyword,
            summary: "A \"refund\"\n".into(),
            transcript,
            profile_name,
            language,
        };
        let transcript = vec![line(Speaker::User, "hi", 0), line(Speaker::Bot, "é", 1), line(Speaker::Agent, "", 61)];
        assert_eq!(
            written(hand_off(Some("Ada".into()), Some("de".to_owned()), transcript)),
            expected(
                "hand_off",
                &json!({"conversation": "user:42", "reason": "keyword", "summary": "A \"refund\"\n",
                    "profile_name": "Ada", "language": "de", "transcript": [
                        {"from": "user", "text": "hi", "at": "1970-01-01T00:00:00.000Z"},
                        {"from": "bot", "text": "é", "at": "1970-01-01T00:00:01.000Z"},
                        {"from": "agent", "text": "", "at": "1970-01-01T00:01:01.000Z"}]})
            )
        );
        assert_eq!(
            written(hand_off(None, None, vec![])),
            expected(
                "hand_off",
                &json!({"conversation": "user:42", "reason": "keyword", "summary": "A \"refund\"\n",
                    "profile_name": null, "language": null, "transcript": []})
            )
        );
    }

    #[test]
    fn a_message_has_the_words_and_a_release_who_gave_back_and_what_was_not_sent_says_why() {
        let message = |media_urls| What::Message { text: "hi".into(), media_urls };
        let data = |urls: Value| json!({"conversation": "user:42", "text": "hi", "media_urls": urls});
        assert_eq!(written(message(None)), expected("message", &data(Value::Null)));
        assert_eq!(written(message(Some("https://m".into()))), expected("message", &data(json!("https://m"))));
        for (by, name) in [(ReleasedBy::Agent, "agent"), (ReleasedBy::QuietHours, "quiet_hours")] {
            let data = json!({"conversation": "user:42", "by": name});
            assert_eq!(written(What::Released { by }), expected("released", &data));
        }
        for (reason, named) in [
            (NotSent::WindowClosed, "window_closed"),
            (NotSent::Refused, "refused"),
            (NotSent::TooLate, "too_late"),
            (NotSent::Uncertain, "uncertain"),
        ] {
            let data = json!({"conversation": "user:42", "reason": named, "text": "hi"});
            assert_eq!(written(What::NotSent { reason, text: "hi".into() }), expected("not_sent", &data));
        }
    }

    #[test]
    fn every_reason_has_the_name_that_the_readme_gives_it() {
        use HandOffReason::{Agent, Assistant, Failure, Flow, Keyword, Route};
        let names = serde_json::to_value([Keyword, Assistant, Failure, Route, Agent, Flow]).unwrap();
        assert_eq!(names, json!(["keyword", "assistant", "failure", "route", "agent", "flow"]));
    }
}
