//! Any answer of an AI.

use std::time::Duration;

use ai::{AiError, Deed, FactKind, FactSpec, OpenAi, Tools};
use models::ProfileValue;
use serde_json::Value;

use crate::answer::Answer;
use crate::markup::assert_sendable;

/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// Only a 2xx answers, only with a text that is not blank or a deed that says something; with exactly the model's words,
/// which can be shaped for WhatsApp, and with few deeds, all of them offered. What it asks us to wait is bounded.
pub fn ai_answer(bytes: &[u8]) {
    let Some(Answer { status, header, body }) = Answer::of(bytes) else { return };
    match (status, OpenAi::read(status, header, body, &offer())) {
        (200..=299, Ok(ai::Answer::Said { text, deeds, .. })) => {
            assert!(deeds.len() <= 8 && deeds.iter().all(is_offered), "{deeds:?}");
            let Some(text) = text else { return assert!(deeds.iter().any(Deed::has_words)) };
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

fn offer() -> Tools {
    let fact = |name: &str, kind| FactSpec { name: name.to_owned(), description: String::new(), kind };
    let plan = FactKind::Choice(vec!["gold".to_owned()]);
    Tools {
        hand_off: true,
        flows: vec![("return".to_owned(), String::new())],
        facts: vec![fact("city", FactKind::Text), fact("age", FactKind::Number), fact("plan", plan)],
        kinds: true,
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

/// The words of the first choice: a text, or the texts among its parts. `None` where a field that nobody reads is broken.
fn said(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    Some(match &json["choices"][0]["message"]["content"] {
        Value::String(text) => text.clone(),
        parts => parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str()).collect(),
    })
}
