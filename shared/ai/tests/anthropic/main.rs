//! The `anthropic` backend against a real server on this machine: what leaves it, and what it makes of what comes back. What
//! it has in common with `openai`, the time, the flood, the redirect, is tested there in more detail.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod failures;
#[path = "../server/past.rs"]
mod past;
mod requests;
#[path = "../server/mod.rs"]
mod server;
mod streamed;
mod summaries;
mod tools;

use std::sync::Arc;
use std::time::Duration;

use ai::{Ai as _, AiError, Answer, Anthropic, Question, Tools};
use models::{ConversationKey, MessageId};
use platform::secrets::{FixedKey, Key};
use server::Server;

const HELLO: &str = r#"{"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Hello!"}],
    "stop_reason": "end_turn"}"#;
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const AMPLE: Duration = Duration::from_secs(20);

fn hello() -> Answer {
    Answer::text("Hello!")
}

fn question(text: &str) -> Question {
    Question {
        id: MessageId::stored("m1"),
        conversation: ConversationKey::parse("user:secret-ada").unwrap(),
        instructions: "Be brief.".to_owned(),
        language: None,
        history: vec![],
        text: text.into(),
        media: vec![],
        output_tokens: 64,
        tools: Tools::default(),
        passed: 0,
        aloud: ai::Aloud::default(),
    }
}

fn client(base_url: &str, key: Option<Arc<dyn Key>>) -> Anthropic {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    Anthropic::new(base_url, "test-model", key, http).unwrap()
}

fn fixed(key: &str) -> Arc<dyn Key> {
    Arc::new(FixedKey(key.into()))
}

async fn ask(server: &Server) -> Result<Answer, AiError> {
    client(&server.base_url, Some(fixed("sk-secret"))).answer(&question("my secret words"), AMPLE).await
}
