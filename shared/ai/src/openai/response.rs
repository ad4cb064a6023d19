//! The JSON that chat completions answer with.

use models::Personal;
use serde::Deserialize;

use super::tool_calls::{self, Noted};
use crate::rounds::{Heard, words};
use crate::tools::Calls;
use crate::{AiError, Usage};

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    /// Read on its own: an odd count must not cost the answer.
    #[serde(default)]
    usage: serde_json::Value,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

#[derive(Deserialize)]
struct ContentPart {
    text: Option<String>,
}

#[derive(Deserialize)]
struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// What the body of a 200 holds; its tool calls go to `calls`.
pub(super) fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Vec<Noted>>, AiError> {
    let Ok(Completion { choices, usage }) = serde_json::from_slice(body) else {
        return Err(AiError::Unusable("it is no chat completion"));
    };
    let said = choices.into_iter().next().and_then(|choice| choice.message?.content);
    let usage = Counts::deserialize(usage).ok();
    let usage =
        usage.map(|counts| Usage { input_tokens: counts.prompt_tokens, output_tokens: counts.completion_tokens });
    let noted = Some(tool_calls::read(body, calls)).filter(|noted| !noted.is_empty());
    Ok(Heard { text: text(said), noted, usage })
}

fn text(said: Option<Content>) -> Result<Personal, AiError> {
    words(match said.ok_or(AiError::Unusable("it holds no text"))? {
        Content::Text(text) => text,
        Content::Parts(parts) => parts.into_iter().filter_map(|part| part.text).collect(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

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
    fn text_is_read_whole_or_in_parts_with_its_cost() {
        let text = |content: Value, usage: Value| {
            answer(json!({"choices": [{"message": {"content": content}}], "usage": usage}).to_string().as_bytes())
        };
        let counted = json!({"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15});
        let parts = json!([{"type": "text", "text": "Hel"}, {"type": "refusal", "refusal": "no"}, {"text": "lo"}]);
        let usage = Some(Usage { input_tokens: 12, output_tokens: 3 });
        for (content, counts, expected) in [
            (json!("Hello"), counted.clone(), usage),
            (parts, counted, usage),
            (json!("Hello"), json!(null), None),
            (json!("Hello"), json!({"prompt_tokens": -1}), None),
            (json!("Hello"), json!("free"), None),
        ] {
            let expected = Answer::Said { text: Some("Hello".into()), deeds: vec![], rejected: 0, usage: expected };
            assert_eq!(text(content, counts), Ok(expected));
        }
    }

    #[test]
    fn what_holds_no_text_is_no_answer() {
        for body in [
            "{}",
            r#"{"choices": []}"#,
            r#"{"choices": [{}]}"#,
            r#"{"choices": [{"message": null}]}"#,
            r#"{"choices": [{"message": {"content": null, "tool_calls": [{"id": "1"}]}}]}"#,
            r#"{"choices": [{"message": {"content": ""}}]}"#,
            r#"{"choices": [{"message": {"content": " \n\t"}}]}"#,
            r#"{"choices": [{"message": {"content": []}}]}"#,
            r#"{"choices": [{"message": {"content": [{"type": "image_url"}]}}]}"#,
            r#"{"choices": [{"message": {"content": 7}}]}"#,
            r#"{"choices": [{"message": {"content": "Hello"#,
            r#"{"error": {"message": "overloaded"}}"#,
            r#""Hello""#,
            "Hello",
            "",
        ] {
            assert!(matches!(answer(body.as_bytes()), Err(AiError::Unusable(_))), "{body}");
        }
        let nested = "[".repeat(100_000);
        assert!(answer(format!("{{\"usage\": {nested}").as_bytes()).is_err());
    }
}
