//! The JSON that another platform answers with.

use models::PlatformAnswer;
use serde_json::json;

use crate::rounds::words;
use crate::tools::{Calls, HAND_OFF};
use crate::{AiError, Answer};

/// What the body of a 2xx means; whether a hand-off was offered is for `calls` to say.
pub(super) fn read(body: &[u8], mut calls: Calls<'_>) -> Result<Answer, AiError> {
    if body.trim_ascii().is_empty() {
        return Ok(Answer::DontKnow);
    }
    let answer = serde_json::from_slice(body).ok().and_then(|body| PlatformAnswer::from_body(body).ok());
    let answer = answer.ok_or(AiError::Unusable("it is no answer as the README describes it"))?;
    if answer.knows_nothing() {
        return Ok(Answer::DontKnow);
    }
    let texts: Vec<_> = answer.texts().map(models::Personal::as_str).filter(|text| !models::is_blank(text)).collect();
    let text = words(texts.join("\n\n"));
    if answer.hand_off {
        let arguments = json!({"summary": answer.summary.unwrap_or_default()});
        calls.take(HAND_OFF, &arguments.to_string());
    }
    calls.answer(text, None)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::{Deed, Tools};

    fn read_with(body: &str, hand_off: bool) -> Result<Answer, AiError> {
        read(body.as_bytes(), Calls::new(&Tools { hand_off, ..Tools::default() }))
    }

    fn said(text: Option<&str>, summary: Option<&str>, rejected: u32) -> Answer {
        let deeds = summary.map(|summary| Deed::HandOff { summary: summary.into() }).into_iter().collect();
        Answer::Said { text: text.map(Into::into), deeds, rejected, usage: None }
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in vec(any::<u8>(), 0..200)) {
            drop(read(&body, Calls::new(&Tools::default())));
        }
    }

    #[test]
    fn every_form_of_an_answer_is_understood() {
        for (body, expected) in [
            (r#"{"text": "Hello"}"#, Ok(said(Some("Hello"), None, 0))),
            (r#"{"text": "Hello", "messages": [{"text": "you"}], "more": 1}"#, Ok(said(Some("Hello\n\nyou"), None, 0))),
            (
                r#"{"messages": [{"text": "a"}, {"image": "x"}, {"text": " "}, {"text": "b"}]}"#,
                Ok(said(Some("a\n\nb"), None, 0)),
            ),
            (r#"{"hand_off": true, "summary": "A refund"}"#, Ok(said(None, Some("A refund"), 0))),
            (r#"{"text": "Hold on", "hand_off": true}"#, Ok(said(Some("Hold on"), Some(""), 0))),
            (r#"{"text": "Hello", "hand_off": false, "summary": "x"}"#, Ok(said(Some("Hello"), None, 0))),
            // Rasa.
            (
                r#"[{"recipient_id": "user:1", "text": "a"}, {"recipient_id": "user:1", "text": "b"}]"#,
                Ok(said(Some("a\n\nb"), None, 0)),
            ),
            (
                r#"[{"recipient_id": "user:1", "text": "a", "buttons": [{"title": "x", "payload": "/x"}]}, {"image": "x"}]"#,
                Ok(said(Some("a"), None, 0)),
            ),
            // Nothing to say.
            ("", Ok(Answer::DontKnow)),
            (" \n", Ok(Answer::DontKnow)),
            ("[]", Ok(Answer::DontKnow)),
            ("{}", Ok(Answer::DontKnow)),
            (r#"{"text": null, "messages": []}"#, Ok(Answer::DontKnow)),
            (r#"{"text": null, "messages": null, "hand_off": null, "summary": null}"#, Ok(Answer::DontKnow)),
        ] {
            assert_eq!(read_with(body, true), expected, "{body}");
        }
    }

    #[test]
    fn a_hand_off_that_was_not_offered_is_counted_and_the_text_beside_it_stands() {
        assert_eq!(read_with(r#"{"text": "Hello", "hand_off": true}"#, false), Ok(said(Some("Hello"), None, 1)));
        assert!(matches!(read_with(r#"{"hand_off": true}"#, false), Err(AiError::Unusable(_))));
    }

    #[test]
    fn what_is_none_of_these_is_no_answer() {
        let nested = "[".repeat(100_000);
        for body in [
            r#"{"text": "Hello"#,
            r#"{"text": 7}"#,
            r#"{"text": " "}"#,
            r#"{"messages": "Hello"}"#,
            r#"{"messages": ["Hello"]}"#,
            r#"{"text": "Hello", "hand_off": "yes"}"#,
            r#"[{"image": "https://x"}]"#,
            r#"["Hello"]"#,
            r#""Hello""#,
            "null",
            "7",
            "Hello",
            &nested,
        ] {
            assert!(matches!(read_with(body, true), Err(AiError::Unusable(_))), "{body:.50}");
        }
    }
}
