//! The `bedrock` backend against a real server on this machine: what is really sent, and what it makes of what comes back.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod failures;
#[path = "../server/past.rs"]
mod past;
mod requests;
#[path = "../server/mod.rs"]
mod server;
mod summaries;
mod tools;

use std::time::Duration;

use ai::{Ai as _, AiError, Answer, Bedrock, Question, Tools};
use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use models::{ConversationKey, MessageId};
use server::Server;

/// As the API writes answers (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>).
const HELLO: &str = r#"{"output": {"message": {"role": "assistant", "content": [{"text": "Hello!"}]}},
    "stopReason": "end_turn", "metrics": {"latencyMs": 551}}"#;
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const AMPLE: Duration = Duration::from_secs(20);
const MODEL: &str = "eu.amazon.nova-lite-v1:0";

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

/// AWS, as far as it is at `address`.
fn aws(address: &str) -> SdkConfig {
    let credentials = Credentials::new("AKIDTEST", "secret-access-key", Some("a-token".to_owned()), None, "test");
    SdkConfig::builder()
        .endpoint_url(address.trim_end_matches("/v1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

fn client(address: &str) -> Bedrock {
    bedrock(address, "eu-central-1", MODEL)
}

fn bedrock(address: &str, region: &str, model: &str) -> Bedrock {
    Bedrock::new(&aws(address), region, model, platform::http::client().unwrap()).unwrap()
}

async fn ask(server: &Server) -> Result<Answer, AiError> {
    client(&server.base_url).answer(&question("my secret words"), AMPLE).await
}
