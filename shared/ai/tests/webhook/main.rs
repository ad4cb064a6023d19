//! The `webhook` backend against a platform on this machine that verifies what it gets.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

#[path = "../server/mod.rs"]
mod server;

use std::sync::Arc;
use std::time::{Duration, Instant};

use ai::{Ai as _, AiError, Answer, Deed, Exchange, Later, Question, Tools, Webhook};
use async_trait::async_trait;
use models::{ConversationKey, MessageId, Timestamp};
use platform::clock::Clock;
use platform::secrets::{FixedKey, Key, SecretUnavailable};
use platform::standard_webhooks;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{Seen, Server, response};

const AMPLE: Duration = Duration::from_secs(20);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: u64 = 1_795_818_834;
const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(NOW)
    }
}

fn platform(url: &str, secret: Arc<dyn Key>) -> Webhook {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    Webhook::new(url, secret, http, Arc::new(Fixed)).unwrap()
}

fn fixed(secret: &str) -> Arc<dyn Key> {
    Arc::new(FixedKey(secret.into()))
}

fn question() -> Question {
    let exchange = |user: &str, assistant: &str| Exchange { user: user.into(), assistant: assistant.into() };
    Question {
        id: MessageId::stored("abc123-_XYZ9"),
        conversation: ConversationKey::parse("user:ada@example.com").unwrap(),
        instructions: "The brand's own secret.".to_owned(),
        language: Some("de".to_owned()),
        history: vec![exchange("Hallo", "Hallo, Ada!"), exchange("", "Noch da?")],
        text: "Wo ist \"7\"?\n".into(),
        media: vec![],
        output_tokens: 64,
        tools: Tools { hand_off: true, ..Tools::default() },
        passed: 0,
        aloud: ai::Aloud::default(),
    }
}

fn is_signed_with(seen: &Seen, secret: &str) -> bool {
    let expected = standard_webhooks::headers(&secret.into(), "msg_abc123-_XYZ9", NOW, &seen.body).unwrap();
    expected.iter().all(|(name, value)| seen.headers.get(*name).is_some_and(|sent| sent == value))
}

#[tokio::test]
async fn the_question_arrives_signed_and_without_the_instructions() {
    let server = Server::json(r#"{"text": "Unterwegs.", "hand_off": true, "summary": "Order 7"}"#).await;
    let answer = platform(&server.base_url, fixed(SECRET)).answer(&question(), AMPLE).await;
    let deeds = vec![Deed::HandOff { summary: "Order 7".into() }];
    assert_eq!(answer, Ok(Answer::Said { text: Some("Unterwegs.".into()), deeds, rejected: 0, usage: None }));
    let [seen] = &server.seen()[..] else { panic!("one request") };
    assert_eq!(seen.path, "/v1", "the address is called as it stands");
    assert!(is_signed_with(seen, SECRET));
    assert_eq!(
        serde_json::from_slice::<Value>(&seen.body).unwrap(),
        json!({"type": "question", "version": 1, "sender": "user:ada@example.com", "message": "Wo ist \"7\"?\n",
            "language": "de", "can_hand_off": true, "question": "abc123-_XYZ9", "history": [
                {"from": "user", "text": "Hallo"}, {"from": "brand", "text": "Hallo, Ada!"},
                {"from": "brand", "text": "Noch da?"}]})
    );
}

#[tokio::test]
async fn a_platform_that_has_nothing_to_say_does_not_know() {
    for status in [200, 204] {
        let server = Server::fixed(status, &[], "").await;
        let answer = platform(&server.base_url, fixed(SECRET)).answer(&question(), AMPLE).await;
        assert_eq!(answer, Ok(Answer::DontKnow), "{status}");
    }
}

#[tokio::test]
async fn a_202_without_an_answer_says_that_it_comes_later_where_somebody_may_wait() {
    let later = |seconds| Answer::Later(Later { within: Duration::from_secs(seconds), passed: 0 });
    for (headers, body) in
        [(&[][..], ""), (JSON, r#"{"status": "accepted"}"#), (&[("content-type", "text/plain")], "Accepted")]
    {
        let server = Server::fixed(202, headers, body).await;
        let platform = || platform(&server.base_url, fixed(SECRET));
        assert_eq!(platform().answer(&question(), AMPLE).await, Ok(later(120)), "{body}");
        let patient = platform().waited_for(Duration::from_mins(10));
        assert_eq!(patient.answer(&question(), AMPLE).await, Ok(later(600)), "{body}");
        let nobody_waits = Question { passed: 1, ..question() };
        let answer = platform().answer(&nobody_waits, AMPLE).await;
        assert!(matches!(answer, Err(AiError::Unusable(_))), "{answer:?}");
    }
    let server = Server::fixed(202, JSON, r#"{"text": "Hello"}"#).await;
    let answer = platform(&server.base_url, fixed(SECRET)).answer(&question(), AMPLE).await;
    assert_eq!(answer, Ok(Answer::text("Hello")), "a 202 with an answer is one");
}

/// Takes the body as Rasa's REST channel does: `sender` and `message`, and nothing else is looked at.
#[tokio::test]
async fn rasas_rest_channel_is_understood_as_it_is() {
    let server = Server::start(|seen| {
        let body: Value = serde_json::from_slice(&seen.body).unwrap();
        let reply = |text: String| json!({"recipient_id": body["sender"], "text": text});
        let replies = json!([reply(format!("You said {}", body["message"])), reply("Bye".to_owned())]);
        std::future::ready(response(200, JSON, replies.to_string()))
    })
    .await;
    let question = Question { text: "hi".into(), ..question() };
    let answer = platform(&server.base_url, fixed(SECRET)).answer(&question, AMPLE).await;
    assert_eq!(answer, Ok(Answer::text("You said \"hi\"\n\nBye")));
}

struct Rotated;

#[async_trait]
impl Key for Rotated {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        Ok("old".into())
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        Ok(SECRET.into())
    }
}

#[tokio::test]
async fn a_refused_signature_is_made_once_more_with_the_secret_as_it_is_now() {
    let server = Server::start(|seen| async move {
        response(if is_signed_with(&seen, SECRET) { 200 } else { 401 }, JSON, r#"{"text": "Hello"}"#)
    })
    .await;
    let answer = platform(&server.base_url, Arc::new(Rotated)).answer(&question(), AMPLE).await;
    assert_eq!(answer, Ok(Answer::text("Hello")));
    assert!(is_signed_with(&server.seen()[0], "old"));
}

#[tokio::test]
async fn a_secret_that_cannot_sign_costs_no_call() {
    let server = Server::json(r#"{"text": "Hello"}"#).await;
    for secret in ["", " ", "whsec_***"] {
        let answer = platform(&server.base_url, fixed(secret)).answer(&question(), AMPLE).await;
        assert_eq!(answer, Err(AiError::Refused { status: 401 }));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_failure_says_its_kind_and_nothing_of_the_question() {
    let unavailable = |status, seconds: Option<u64>| AiError::Unavailable {
        status: Some(status),
        retry_after: seconds.map(Duration::from_secs),
    };
    for (status, headers, body, expected) in [
        (429, &[("retry-after", "9")][..], "", unavailable(429, Some(9))),
        (503, &[], "", unavailable(503, None)),
        (404, &[], "", AiError::Refused { status: 404 }),
        (307, &[("location", "http://127.0.0.1:1/")], "", AiError::Refused { status: 307 }),
        (200, &[("content-type", "text/html")], "<p>Ada</p>", AiError::Unusable("it is not JSON")),
        (200, JSON, "Ada", AiError::Unusable("it is no answer as the README describes it")),
    ] {
        let server = Server::fixed(status, headers, body).await;
        let error = platform(&server.base_url, fixed(SECRET)).answer(&question(), AMPLE).await.unwrap_err();
        let shown = format!("{error} {error:?}").to_lowercase();
        assert!(!["ada", "wo ist", "whsec", "127.0.0.1"].iter().any(|secret| shown.contains(secret)), "{shown}");
        assert_eq!(error, expected, "{status}");
    }
    let flood = Server::json(vec![b' '; 20 << 20]).await;
    let answer = platform(&flood.base_url, fixed(SECRET)).answer(&question(), AMPLE).await;
    assert_eq!(answer, Err(AiError::Unusable("it is larger than 1 MiB")));
}

#[tokio::test]
async fn the_time_holds_for_the_call_as_a_whole() {
    let hangs = Server::start(|_| async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        response(200, JSON, r#"{"text": "Hello"}"#)
    })
    .await;
    let (time, start) = (Duration::from_millis(300), Instant::now());
    let answer = platform(&hangs.base_url, fixed(SECRET)).answer(&question(), time).await;
    assert_eq!(answer, Err(AiError::TimedOut));
    assert!(start.elapsed() < time + Duration::from_millis(200));
}
