//! AIs behind the real binaries: what they cost is counted, and a key that is not there is named at the start.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use end_to_end::{Stack, binary, documented, environment, serve_braze};
use local_aws::{Function, LocalAws, QueueSettings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SECRET: &str = r#"{"braze_api_key": "canary-braze-key", "claude_key": "canary-claude-key"}"#;

/// A server whose every answer is this; it takes the one key.
async fn serve(path: &str, answer: Value) -> String {
    let say = |State(answer): State<Value>, headers: HeaderMap| async move {
        assert!(headers.get("x-api-key").is_none_or(|key| key == "canary-claude-key"));
        Json(answer)
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route(path, post(say)).with_state(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// An assistant with one more AI in its ladder.
fn assistant(test: &str, base_url: &str, more: &str) -> String {
    let file = std::env::temp_dir().join(format!("dragoman-{test}-{}.toml", std::process::id()));
    let toml = format!(
        "ladder = [\"claude\"]\n[backends.claude]\nkind = \"anthropic\"\nbase_url = \"{base_url}\"\nmodel = \"m\"\n\
         key = \"claude_key\"\n{more}"
    );
    std::fs::write(&file, toml).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Asks the real functions with these settings for the responder: the answer is the AI's, and its tokens are counted.
async fn answers_and_counts(settings: &[(&str, &str)]) {
    let (braze, endpoint) = serve_braze().await;
    let stack = Stack::deploy_with(braze, &[("BRAZE_ENDPOINT", &endpoint)]).await;
    stack.aws.put_secret("responder", SECRET);
    let settings: Vec<_> =
        [("BRAZE_ENDPOINT", endpoint.as_str())].into_iter().chain(settings.iter().copied()).collect();
    let responder = Function::start(binary("responder"), environment(&stack.aws, &settings)).await.unwrap();
    let stack = Stack { responder: responder.into(), ..stack };
    stack.introduce("ada");
    stack.webhook("canary-webhook-token", &documented("ada", "When are you open?")).await;
    stack.feed(|| stack.is_settled()).await;
    assert_eq!(stack.read_by("ada"), ["Hello from below"]);
    let said = stack.responder.stdout();
    for count in ["\"AiInputTokens\":321", "\"AiOutputTokens\":45"] {
        assert!(said.contains(count), "{count}: {said}");
    }
}

#[tokio::test]
async fn the_second_ai_answers_for_the_first_with_a_key_of_its_own_and_its_tokens_are_counted() {
    let says = json!({"content": [{"type": "text", "text": "Hello from below"}], "usage": {"input_tokens": 321, "output_tokens": 45}});
    let assistant = assistant("ladder", &serve("/v1/messages", says).await, "");
    answers_and_counts(&[
        ("AI_BACKEND", "openai"),
        ("AI_BASE_URL", "http://127.0.0.1:1/v1"),
        ("AI_MODEL", "m"),
        ("ASSISTANT_CONFIG", &assistant),
    ])
    .await;
}

#[tokio::test]
async fn bedrock_answers_without_a_key_in_the_secret_and_its_tokens_are_counted() {
    let says = json!({
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello from below"}]}},
        "stopReason": "end_turn", "usage": {"inputTokens": 321, "outputTokens": 45, "totalTokens": 366},
    });
    let bedrock = serve("/model/m/converse", says).await;
    answers_and_counts(&[
        ("AI_BACKEND", "bedrock"),
        ("AI_BASE_URL", ""),
        ("AI_MODEL", "m"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock),
    ])
    .await;
}

#[tokio::test]
async fn a_key_that_the_secret_does_not_hold_stops_the_start_by_its_name() {
    let aws = LocalAws::start().await;
    for name in ["work", "agent", "quarantine"] {
        aws.create_queue(name, QueueSettings::default());
    }
    aws.put_secret("responder", r#"{"braze_api_key": "canary-braze-key", "ai_api_key": " "}"#);
    let tool = "[tools.order]\ndescribe = \"x\"\nurl = \"https://shop.example\"\nkey = \"shop_key\"\n";
    let assistant = assistant("keys", "https://a.example", tool);
    let settings = [
        ("BRAZE_ENDPOINT", "http://127.0.0.1:1"),
        ("AI_BACKEND", "anthropic"),
        ("AI_BASE_URL", "https://api.anthropic.com"),
        ("AI_MODEL", "m"),
        ("ASSISTANT_CONFIG", &assistant),
    ];
    let start = Function::start(binary("responder"), environment(&aws, &settings)).await;
    let failure = start.expect_err("it must not start").to_string();
    assert!(failure.contains("ai_api_key, claude_key, shop_key: missing") && !failure.contains("canary"), "{failure}");
}
