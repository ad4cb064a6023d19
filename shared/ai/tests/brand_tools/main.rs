//! The brand's own tools: what a model may call, in every wire format, and the calls themselves, against servers on this
//! machine.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod calls;
mod rounds;
#[path = "../server/mod.rs"]
mod server;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, Answer, Caller, Equipped, Question, Tools};
use models::assistant::{Assistant, HttpTools};
use models::{ConversationKey, MessageId};

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const AMPLE: Duration = Duration::from_secs(20);

/// The tools of an `assistant.toml`.
fn tools(toml: &str) -> Arc<HttpTools> {
    Arc::new(Assistant::from_toml(toml).unwrap().tools)
}

fn question(conversation: &str) -> Question {
    Question {
        id: MessageId::stored("m1"),
        conversation: ConversationKey::parse(conversation).unwrap(),
        instructions: "Be brief.".to_owned(),
        language: None,
        history: vec![],
        text: "Where is my order AB1?".into(),
        media: vec![],
        output_tokens: 64,
        tools: Tools { hand_off: true, ..Tools::default() },
        passed: 0,
        aloud: ai::Aloud::default(),
    }
}

fn equipped(tools: &Arc<HttpTools>, caller: &Arc<impl Caller + 'static>, ai: Arc<dyn Ai>) -> Equipped {
    Equipped::new(Arc::clone(tools), Arc::clone(caller) as Arc<dyn Caller>, ai)
}

/// The words of an answer, and how many calls were rejected.
fn said(answer: Answer) -> (Option<String>, u32) {
    match answer {
        Answer::Said { text, rejected, .. } => (text.map(models::Personal::into_string), rejected),
        Answer::DontKnow | Answer::Later(_) => (None, 0),
    }
}
