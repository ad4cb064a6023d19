//! A bot platform that answers later, behind the real binaries: it says 202 to the question and posts its answer to the door.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use end_to_end::{Stack, binary, documented, environment, serve_braze};
use local_aws::Function;
use serde_json::{Value, json};
use tokio::net::TcpListener;

const SECRET: &str = r#"{"braze_api_key": "canary-braze-key", "bot_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#;

/// A platform that accepts every question, and the questions it got.
async fn platform() -> (String, Arc<Mutex<Vec<Value>>>) {
    let questions = Arc::<Mutex<Vec<Value>>>::default();
    let kept = Arc::clone(&questions);
    let accept = move |headers: HeaderMap, body: Bytes| async move {
        assert!(headers["webhook-signature"].to_str().unwrap().starts_with("v1,"));
        let question: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(headers["webhook-id"].to_str().unwrap(), format!("msg_{}", question["question"].as_str().unwrap()));
        kept.lock().unwrap().push(question);
        StatusCode::ACCEPTED
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(accept))).await });
    (url, questions)
}

/// The real functions, whose first AI is out of reach and whose second is that platform, waited for so many seconds.
async fn deployed(test: &str, platform: &str, within: u32) -> Stack {
    let (braze, endpoint) = serve_braze().await;
    let stack = Stack::deploy_with(braze, &[("BRAZE_ENDPOINT", &endpoint)]).await;
    stack.aws.put_secret("responder", &SECRET.replace('}', r#", "ai_api_key": "canary-ai-key"}"#));
    let file = std::env::temp_dir().join(format!("dragoman-{test}-{}.toml", std::process::id()));
    let toml = format!(
        "ladder = [\"bot\"]\n[backends.bot]\nkind = \"webhook\"\nbase_url = \"{platform}\"\nkey = \"bot_secret\"\n\
         later_within_seconds = {within}\n"
    );
    std::fs::write(&file, toml).unwrap();
    let settings = [
        ("BRAZE_ENDPOINT", endpoint.as_str()),
        ("AI_BACKEND", "openai"),
        ("AI_BASE_URL", "http://127.0.0.1:1/v1"),
        ("AI_MODEL", "m"),
        ("ASSISTANT_CONFIG", file.to_str().unwrap()),
    ];
    let responder = Function::start(binary("responder"), environment(&stack.aws, &settings)).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    stack.introduce("ada");
    Stack { responder: responder.into(), ..stack }
}

/// Ada asks, and the platform has her question.
async fn asked(stack: &Stack, questions: &Mutex<Vec<Value>>) -> Value {
    stack.webhook("canary-webhook-token", &documented("ada", "When are you open?")).await;
    // Once its queue was told when the message comes back.
    let put_aside = || stack.responder.stdout().contains("a delivery comes back");
    let since = std::cell::OnceCell::new();
    let is_told = || put_aside() && since.get_or_init(Instant::now).elapsed() > Duration::from_secs(1);
    stack.feed(is_told).await;
    let question = questions.lock().unwrap()[0].clone();
    assert_eq!(question["message"], "When are you open?");
    question
}

async fn answers(stack: &Stack, body: &Value) -> Value {
    stack.post("/conversations/answers", &[("authorization", "Bearer canary-answers-token")], &body.to_string()).await
}

#[tokio::test]
async fn an_answer_that_is_posted_later_is_said_once_before_the_message_comes_back() {
    let (url, questions) = platform().await;
    let stack = deployed("later", &url, 20).await;
    let question = asked(&stack, &questions).await;
    let answer = json!({
        "conversation": question["sender"], "question": question["question"], "text": "At **nine**, canary.", "id": "1",
    });
    for _ in 0..2 {
        assert_eq!(answers(&stack, &answer).await["statusCode"], 202);
    }
    stack.feed_from("agent", || stack.aws.queue("agent").unwrap().messages().is_empty()).await;
    assert_eq!(stack.read_by("ada"), ["At *nine*, canary."]);
    assert!(!stack.is_settled(), "its message is still to come back");
    stack.feed(|| stack.is_settled()).await;
    assert_eq!(stack.read_by("ada").len(), 1);
    assert_eq!(questions.lock().unwrap().len(), 1);
    let said = [&stack.ingest, &stack.responder].map(|function| function.stdout() + &function.stderr()).concat();
    assert!(!said.contains("nine"), "no log line tells what was said: {said}");
    assert_eq!(answers(&stack, &json!({"conversation": "user:ada", "text": "Nine"})).await["statusCode"], 400);
}

#[tokio::test]
async fn where_no_answer_is_posted_in_time_the_ladder_goes_on_and_a_late_one_is_not_said() {
    let (url, questions) = platform().await;
    let stack = deployed("never", &url, 5).await;
    let question = asked(&stack, &questions).await;
    stack.feed(|| stack.is_settled()).await;
    let read = stack.read_by("ada");
    assert_eq!(read.len(), 1, "{read:?}");
    assert_eq!(questions.lock().unwrap().len(), 1, "it is not asked twice");
    let late = json!({"conversation": question["sender"], "question": question["question"], "text": "At nine."});
    assert_eq!(answers(&stack, &late).await["statusCode"], 202);
    stack.feed_from("agent", || stack.aws.queue("agent").unwrap().messages().is_empty()).await;
    assert_eq!(stack.read_by("ada"), read);
    for proof in ["\"LateAnswer\":1", "its question is over, if it ever was one"] {
        assert!(stack.responder.stdout().contains(proof), "{proof}: {}", stack.responder.stdout());
    }
}
