//! The JSON that the Messages API answers with.

use serde::Deserialize;
use serde_json::Value;

use crate::blocks::{Calling, text};
use crate::rounds::Heard;
use crate::tools::Calls;
use crate::{AiError, Usage};

const CALLING: Calling = Calling { call: |block| (block["type"] == "tool_use").then_some(block), id: "id" };

#[derive(Deserialize)]
struct Message {
    /// Blocks of text, calls of tools, and others that are none of ours.
    content: Vec<Value>,
    #[serde(default)]
    stop_reason: Value,
    /// Read on its own: an odd count must not cost the answer.
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the names are the API's")]
struct Counts {
    /// Without what is counted by the next two.
    input_tokens: u64,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: u64,
}

/// What the body of a 200 holds; its tool calls go to `calls`.
pub(super) fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Vec<Value>>, AiError> {
    let Ok(Message { content, stop_reason, usage }) = serde_json::from_slice(body) else {
        return Err(AiError::Unusable("it is no message"));
    };
    // What was said up to there is not meant to be used (https://docs.claude.com/en/api/handling-stop-reasons).
    if stop_reason == "refusal" {
        return Err(AiError::Unusable("the model refused to answer"));
    }
    let text = text(&content);
    let noted = CALLING.noted(content, stop_reason == "max_tokens", calls);
    Ok(Heard { text, noted, usage: Counts::deserialize(usage).ok().map(Usage::from) })
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let cached = [counts.cache_creation_input_tokens, counts.cache_read_input_tokens];
        let input_tokens = cached.into_iter().flatten().fold(counts.input_tokens, u64::saturating_add);
        Self { input_tokens, output_tokens: counts.output_tokens }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{Answer, Tools};

    fn answer(body: &[u8]) -> Result<Answer, AiError> {
        let nothing = Tools::default();
        let mut calls = Calls::new(&nothing);
        let heard = heard(body, &mut calls)?;
        calls.answer(heard.text, heard.usage)
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in vec(any::<u8>(), 0..200)) {
            prop_assert!(answer(&body).is_err());
        }
    }

    #[test]
    fn the_texts_are_read_as_one_with_their_cost() {
        let text = |content: Value, usage: Value, stop_reason: &str| {
            let body = json!({"type": "message", "content": content, "stop_reason": stop_reason, "usage": usage});
            answer(body.to_string().as_bytes())
        };
        let counted = json!({"input_tokens": 12, "output_tokens": 3});
        let cached = json!({"input_tokens": 2, "cache_creation_input_tokens": 4, "cache_read_input_tokens": 6,
            "output_tokens": 3, "service_tier": "standard"});
        let one = json!([{"type": "text", "text": "Hello"}]);
        let several = json!([{"type": "thinking", "thinking": "Hm.", "signature": "x"}, {"type": "text", "text": "Hel"},
            {"type": "text", "text": "lo"}]);
        let usage = Some(Usage { input_tokens: 12, output_tokens: 3 });
        for (content, counts, stop_reason, expected) in [
            (&one, counted.clone(), "end_turn", usage),
            (&several, counted, "max_tokens", usage),
            (&one, cached, "stop_sequence", usage),
            (&one, json!(null), "end_turn", None),
            (&one, json!({"input_tokens": -1, "output_tokens": 1}), "end_turn", None),
            (&one, json!("free"), "of another time", None),
        ] {
            let expected = Answer::Said { text: Some("Hello".into()), deeds: vec![], rejected: 0, usage: expected };
            assert_eq!(text(content.clone(), counts, stop_reason), Ok(expected));
        }
    }

    #[test]
    fn what_holds_no_text_is_no_answer() {
        for body in [
            "{}",
            r#"{"content": null}"#,
            r#"{"content": "Hello"}"#,
            r#"{"content": []}"#,
            r#"{"content": [null, 7, "Hello", [], {}]}"#,
            r#"{"content": [{"type": "text"}]}"#,
            r#"{"content": [{"type": "text", "text": " \n\t"}]}"#,
            r#"{"content": [{"type": "text", "text": 7}]}"#,
            r#"{"content": [{"type": "tool_use", "id": "1", "name": "send_all", "input": {}}]}"#,
            r#"{"content": [{"type": "text", "text": "I can"}], "stop_reason": "refusal"}"#,
            r#"{"content": [], "stop_reason": "refusal"}"#,
            r#"{"content": [{"type": "text", "text": "Hello"#,
            r#"{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}"#,
            r#"[{"type": "text", "text": "Hello"}]"#,
            "Hello",
            "",
        ] {
            assert!(matches!(answer(body.as_bytes()), Err(AiError::Unusable(_))), "{body}");
        }
        let nested = "[".repeat(100_000);
        assert!(answer(format!("{{\"usage\": {nested}").as_bytes()).is_err());
    }
}
