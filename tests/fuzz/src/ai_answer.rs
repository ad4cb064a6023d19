//! Any answer of an AI.

use std::time::Duration;

use ai::{AiError, OpenAi};
use serde_json::Value;

use crate::answer::Answer;
use crate::markup::assert_sendable;

/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Only a 2xx answers, only with a text that is not blank, and with exactly the model's words; they can be shaped for
/// WhatsApp. What it asks us to wait is bounded.
pub fn ai_answer(bytes: &[u8]) {
    let Some(Answer { status, header, body }) = Answer::of(bytes) else { return };
    match (status, OpenAi::read(status, header, body)) {
        (200..=299, Ok(ai::Answer::Text { text, .. })) => {
            assert!(!text.as_str().trim().is_empty());
            assert!(said(body).is_none_or(|said| said == text.as_str()));
            assert_sendable(&conversation::shape::shape(text.as_str(), 5), 5);
        }
        (200..=299, Err(AiError::Unusable(_))) => {}
        (408 | 429 | 500.., Err(AiError::Unavailable { status: Some(known), retry_after })) => {
            assert_eq!(known, status);
            assert!(retry_after.is_none_or(|wait| header.is_some() && wait <= LONGEST_WAIT));
        }
        (status, Err(AiError::Refused { status: known })) => {
            assert_eq!(known, status);
            assert!(!matches!(status, 200..=299 | 408 | 429 | 500..));
        }
        (status, answer) => panic!("{status} was read as {answer:?}"),
    }
}

/// The words of the first choice: a text, or the texts among its parts. `None` where a field that nobody reads is broken.
fn said(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    Some(match &json["choices"][0]["message"]["content"] {
        Value::String(text) => text.clone(),
        parts => parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect(),
    })
}
