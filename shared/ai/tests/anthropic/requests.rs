//! What is sent, and with which key.

use std::sync::Arc;

use ai::{Ai as _, AiError, Answer, Exchange, Question, Usage};
use async_trait::async_trait;
use platform::secrets::{Key, SecretUnavailable};
use secrecy::SecretString;

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, client, fixed, hello, question};

#[tokio::test]
async fn the_request_is_exactly_this() {
    let server = Server::json(
        r#"{"content": [{"type": "text", "text": "Hello!"}], "usage": {"input_tokens": 9, "output_tokens": 2}}"#,
    )
    .await;
    let exchange = |user: &str, assistant: &str| Exchange { user: user.into(), assistant: assistant.into() };
    let question = Question {
        language: Some("pt-BR".to_owned()),
        history: vec![exchange("", "Olá!"), exchange("Oi", "")],
        ..question("Quanto \"custa\"?\n")
    };
    let answer = client(&server.base_url, Some(fixed("sk-secret\n"))).answer(&question, AMPLE).await;

    let usage = Some(Usage { input_tokens: 9, output_tokens: 2 });
    assert_eq!(answer, Ok(Answer::Said { text: Some("Hello!".into()), deeds: vec![], rejected: 0, usage }));
    let [seen] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(seen.path, "/v1/messages");
    for (header, value) in
        [("x-api-key", "sk-secret"), ("anthropic-version", "2023-06-01"), ("content-type", "application/json")]
    {
        assert_eq!(seen.headers[header], value);
    }
    assert!(!seen.headers.contains_key("authorization"));
    assert_eq!(
        std::str::from_utf8(&seen.body).unwrap(),
        concat!(
            r#"{"model":"test-model","max_tokens":64,"#,
            r#""system":"Be brief.\n\nThe language of the user's profile is \"pt-BR\": a hint, "#,
            r#"for when their words do not show which language to answer in.","messages":["#,
            r#"{"role":"user","content":[{"type":"text","text":"…"}]},"#,
            r#"{"role":"assistant","content":[{"type":"text","text":"Olá!"}]},"#,
            r#"{"role":"user","content":[{"type":"text","text":"Oi"},{"type":"text","text":"Quanto \"custa\"?\n"}]}]}"#
        )
    );
}

#[tokio::test]
async fn without_a_key_the_version_is_sent_all_the_same() {
    let server = Server::json(HELLO).await;
    assert_eq!(client(&server.base_url, None).answer(&question("hi"), AMPLE).await, Ok(hello()));
    let headers = &server.seen()[0].headers;
    assert!(!headers.contains_key("x-api-key") && headers.contains_key("anthropic-version"));
}

struct Rotated(Result<&'static str, SecretUnavailable>);

#[async_trait]
impl Key for Rotated {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        Ok("sk-old".into())
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        self.0.clone().map(SecretString::from)
    }
}

#[tokio::test]
async fn a_refused_key_is_read_again_once() {
    let unreachable = SecretUnavailable::Unreachable { name: "ai".to_owned(), reason: "timeout".to_owned() };
    let refused = || Err(AiError::Refused { status: 401 });
    for (fresh, expected, keys) in [
        (Ok("sk-new"), Ok(hello()), vec!["sk-old", "sk-new"]),
        (Ok("sk-wrong"), refused(), vec!["sk-old", "sk-wrong"]),
        (Err(unreachable), refused(), vec!["sk-old"]),
    ] {
        let server = Server::start(|seen| async move {
            response(if seen.headers["x-api-key"] == "sk-new" { 200 } else { 401 }, JSON, HELLO)
        })
        .await;
        let client = client(&server.base_url, Some(Arc::new(Rotated(fresh))));
        assert_eq!(client.answer(&question("hi"), AMPLE).await, expected);
        assert_eq!(server.seen().iter().map(|seen| &seen.headers["x-api-key"]).collect::<Vec<_>>(), keys);
    }
}
