//! Any answer of an AI.

use std::time::Duration;

use ai::{AiError, Anthropic, Bedrock, Deed, FactKind, FactSpec, OpenAi, Tools, Webhook};
use models::{Personal, ProfileValue};
use serde_json::Value;

use crate::answer::Answer;
use crate::markup::assert_sendable;

/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Only a 2xx answers, only with a text that is not blank or a deed that says something; with exactly the model's words,
/// which can be shaped for WhatsApp, and with few deeds, all of them offered. What it asks us to wait is bounded.
pub fn ai_answer(bytes: &[u8]) {
    let Some(Answer { status, header, body }) = Answer::of(bytes) else { return };
    // Where a field that nobody reads is broken, nobody but the reader itself can say what the rest is.
    let whole = serde_json::from_slice::<Value>(body).ok();
    let says = |said: fn(&Value) -> String, text: &Personal| {
        assert_eq!(text.as_str(), whole.as_ref().map_or_else(|| text.as_str().to_owned(), said));
    };
    if let Some(text) = judged(status, header, OpenAi::read(status, header, body, &offer())) {
        says(said, &text);
    }
    if let Some(text) = judged(status, header, Anthropic::read(status, header, body, &offer())) {
        assert!(json(body)["stop_reason"] != "refusal");
        says(|answer| texts(&answer["content"]), &text);
    }
    // A 424 is a model's failure there, and may pass: nowhere else.
    let bedrocks = (status != 424).then(|| Bedrock::read(status, header, body, &offer()));
    if let Some(text) = bedrocks.and_then(|answer| judged(status, header, answer)) {
        says(|answer| texts(&answer["output"]["message"]["content"]), &text);
    }
    let platforms = Webhook::read(status, header, body, &offer());
    if matches!(platforms, Ok(ai::Answer::Later(_))) {
        assert_eq!(status, 202);
    } else if matches!(platforms, Ok(ai::Answer::DontKnow)) {
        // An object or a list without any text, or nothing at all.
        assert!((200..=299).contains(&status) && texts(&json(body)).is_empty());
    } else {
        judged(status, header, platforms);
    }
}

/// Holds an answer against the rules; returns its words.
fn judged(status: u16, header: Option<&str>, answer: Result<ai::Answer, AiError>) -> Option<Personal> {
    match (status, answer) {
        (200..=299, Ok(ai::Answer::Said { text, deeds, .. })) => {
            assert!(deeds.len() <= 8 && deeds.iter().all(is_offered), "{deeds:?}");
            let Some(text) = text else {
                assert!(deeds.iter().any(Deed::has_words));
                return None;
            };
            assert!(!text.as_str().trim().is_empty());
            assert_sendable(&conversation::shape::shape(text.as_str(), 5), 5);
            return Some(text);
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
    None
}

fn offer() -> Tools {
    let fact = |name: &str, kind| FactSpec { name: name.to_owned(), description: String::new(), kind };
    let plan = FactKind::Choice(vec!["gold".to_owned()]);
    Tools {
        hand_off: true,
        flows: vec![("return".to_owned(), String::new())],
        facts: vec![fact("city", FactKind::Text), fact("age", FactKind::Number), fact("plan", plan)],
        kinds: true,
        ..Tools::default()
    }
}

fn is_offered(deed: &Deed) -> bool {
    match deed {
        Deed::HandOff { summary } => summary.as_str().chars().count() <= 1_000,
        Deed::StartFlow(flow) => flow == "return",
        Deed::Remember { name, value } => match value {
            ProfileValue::Text(text) => name == "city" || name == "plan" && text.as_str() == "gold",
            ProfileValue::Integer(_) | ProfileValue::Float(_) => name == "age",
            ProfileValue::Flag(_) | ProfileValue::Time(_) => false,
        },
        Deed::Propose(proposal) => !proposal.clone().fit().is_err_and(|text| text.as_str().trim().is_empty()),
    }
}

/// The words of the first choice: a text, or the texts among its parts.
fn said(answer: &Value) -> String {
    match &answer["choices"][0]["message"]["content"] {
        Value::String(text) => text.clone(),
        parts => texts(parts),
    }
}

/// The texts among these parts.
fn texts(parts: &Value) -> String {
    parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect()
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}
