//! Nothing personal and no secret comes out where it does not belong: everything that can fail fails, every neighbour throws
//! back what it was told, logs are at their most verbose, and then all that was said is searched.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

mod canary;
mod people;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use end_to_end::{Stack, TABLE, documented, serve_braze};
use local_aws::{Fault, Operation};
use serde_json::json;
use tokio::net::TcpListener;

/// Planted: a user's id, number and words, the prompt, and every secret.
const PERSONAL: [&str; 4] = ["canary-user", "15550123", "canary words", "canary-profile"];
const SECRETS: [&str; 6] = [
    "canary-webhook-token",
    "canary-agent-token",
    "canary-braze-key",
    "canary-ai-key",
    "canary-wrong-token",
    "canary prompt",
];

/// A server that refuses everything with this status and throws the whole request back.
async fn thrower(status: StatusCode) -> String {
    let throw = move |headers: HeaderMap, body: Bytes| async move {
        let body = String::from_utf8_lossy(&body).into_owned();
        (status, json!({"message": format!("no: {headers:?}"), "error": {"message": body}}).to_string())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(throw)).await });
    address
}

/// A stack whose AI and Braze both throw back what they get.
async fn among_throwers(ai: StatusCode, braze: StatusCode) -> Stack {
    let (ai, endpoint, (simulated, _)) = (thrower(ai).await, thrower(braze).await, serve_braze().await);
    let assistant = std::env::temp_dir().join(format!("dragoman-leaks-{}.toml", std::process::id()));
    std::fs::write(&assistant, "instructions = \"You are the canary prompt\"\n[limits]\nattempts = 3\n").unwrap();
    let settings = [
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
        ("RUST_LOG", "trace"),
        ("BRAZE_ENDPOINT", endpoint.as_str()),
        ("AI_BACKEND", "openai"),
        ("AI_BASE_URL", ai.as_str()),
        ("AI_MODEL", "model"),
        ("ASSISTANT_CONFIG", assistant.to_str().unwrap()),
    ];
    let stack = Stack::deploy_with(simulated, &settings).await;
    let secret = r#"{"braze_api_key": "canary-braze-key", "ai_api_key": "canary-ai-key"}"#;
    stack.aws.put_secret("responder", secret);
    stack
}

/// Everything that can go wrong at the door and behind it. Returns what the door answered.
async fn everything_fails(stack: &Stack) -> String {
    let body = documented("canary-user", "Where are my canary words?");
    let broken = r#"{"user_id": canary-user, "phone_number": "+15550123", "message": "canary words"}"#;
    let recommended = r#"{"v": 1, "dispatch_id": "d", "sent_at": "1", "user_id": "canary-user", "braze_id": "", "phone_number": "+15550123", "language": "en", "profile_name": "canary-profile", "media_urls": "", "message": "Where are my canary words?"}"#;
    let mut answers = String::new();
    for (token, body) in [
        ("canary-wrong-token", body.as_str()),
        ("canary-webhook-token", broken),
        ("canary-webhook-token", &body[..40]),
        ("canary-webhook-token", recommended),
        ("canary-webhook-token", body.as_str()),
    ] {
        answers += &stack.webhook(token, body).await.to_string();
    }
    let agent = [("authorization", "Bearer canary-agent-token")];
    answers +=
        &stack.post("/conversations/takeover", &agent, r#"{"conversation": "user:canary-user"}"#).await.to_string();
    for operation in [Operation::SendMessage, Operation::GetSecretValue] {
        stack.aws.inject(Fault::fail(operation).always());
        answers += &stack.webhook("canary-webhook-token", &body).await.to_string();
        stack.aws.clear_faults();
    }
    for operation in [Operation::PutItem, Operation::UpdateItem, Operation::Query] {
        stack.aws.inject(Fault::throttle(operation).times(3));
    }
    answers
}

/// Lets the responder fail until it has come as far as Braze.
async fn fails_to_the_end(stack: &Stack) {
    stack.feed(|| stack.responder.stdout().contains("not accepted by Braze")).await;
}

fn search(place: &str, said: &str, planted: &[&str]) {
    assert!(!said.is_empty(), "{place}: nothing was said, so nothing was proven");
    for canary in planted {
        assert!(!canary::is_told(said, canary), "{canary} is in {place}: {said}");
    }
}

#[tokio::test]
async fn no_log_answer_or_metric_tells_a_secret_or_a_persons_words() {
    for (ai, braze) in [(500, 400), (401, 500), (429, 401)] {
        let statuses = [ai, braze].map(|status| StatusCode::from_u16(status).unwrap());
        let stack = among_throwers(statuses[0], statuses[1]).await;
        let answers = everything_fails(&stack).await;
        fails_to_the_end(&stack).await;
        let output = [&stack.ingest, &stack.responder].map(|function| function.stdout() + &function.stderr());
        for said in &output {
            search("the output of a function", said, &[PERSONAL.as_slice(), SECRETS.as_slice()].concat());
        }
        let output = output.concat();
        for proof in
            ["\"Quarantined\":1", "\"Unauthorized\":1", "\"Unavailable\":1", "\"AiFailed\":1", "not accepted by Braze"]
        {
            assert!(output.contains(proof), "{proof} did not happen: {output}");
        }
        search("an answer of the door", &answers, &[PERSONAL.as_slice(), SECRETS.as_slice()].concat());
    }
}

#[tokio::test]
async fn no_item_or_message_holds_a_secret_and_no_message_has_an_attribute() {
    let stack = among_throwers(StatusCode::INTERNAL_SERVER_ERROR, StatusCode::BAD_REQUEST).await;
    everything_fails(&stack).await;
    fails_to_the_end(&stack).await;
    let items: String = stack.aws.items(TABLE).iter().map(ToString::to_string).collect();
    search("the table", &items, &SECRETS);
    for (name, is_used) in [("work", true), ("quarantine", true), ("agent", true), ("dead", false)] {
        let messages = stack.aws.queue(name).unwrap().messages();
        assert_eq!(!messages.is_empty(), is_used, "{name}");
        for message in messages {
            search(name, &message.body, &SECRETS);
            // The one thing a function could say about a message beside it: the queue here takes no other attribute.
            assert_eq!(message.group, None);
        }
    }
}
