//! What becomes of refusals, bodies that are no answer, and servers that take their time.

use std::time::{Duration, Instant};

use ai::{Ai as _, AiError, Answer, Usage};
use axum::body::{Body, Bytes};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, ask, client, hello, question};

/// A refusal says what it is in a header, and why in a text that may quote the question.
const LEAK: &str = r#"{"message": "leaked: my secret words"}"#;

#[tokio::test]
async fn an_exception_says_what_kind_of_failure_it_is() {
    let unavailable = |status, seconds: Option<u64>| AiError::Unavailable {
        status: Some(status),
        retry_after: seconds.map(Duration::from_secs),
    };
    let refused = |status| AiError::Refused { status };
    for (status, exception, retry_after, expected) in [
        (429, "ThrottlingException", None, unavailable(429, None)),
        (429, "ThrottlingException", Some("7"), unavailable(429, Some(7))),
        (429, "ThrottlingException", Some("soon"), unavailable(429, None)),
        (429, "ModelNotReadyException", None, unavailable(429, None)),
        (503, "ServiceUnavailableException", None, unavailable(503, None)),
        (503, "ServiceUnavailableException", Some("2"), unavailable(503, Some(2))),
        (500, "InternalServerException", None, unavailable(500, None)),
        (408, "ModelTimeoutException", None, unavailable(408, None)),
        (424, "ModelErrorException", None, unavailable(424, None)),
        (403, "AccessDeniedException", None, refused(403)),
        (403, "ExpiredTokenException", None, refused(403)),
        (400, "ValidationException", None, refused(400)),
        (404, "ResourceNotFoundException", None, refused(404)),
        (418, "AnExceptionOfAnotherTime", None, refused(418)),
    ] {
        let server = Server::start(move |_| {
            let headers = [("x-amzn-errortype", Some(exception)), ("retry-after", retry_after)];
            let headers: Vec<_> = headers.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            std::future::ready(response(status, &headers, LEAK))
        })
        .await;
        let error = ask(&server).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("leaked") && !shown.contains("secret") && !shown.contains("127.0.0.1"), "{shown}");
        assert_eq!(error, expected, "{exception}");
        assert_eq!(server.seen().len(), 1, "{exception}: retrying is the caller's business");
    }
}

#[tokio::test]
async fn a_refusal_by_something_in_between_is_one_by_its_status() {
    for (status, body, expected) in [
        (502, "<html>Bad Gateway</html>", AiError::Unavailable { status: Some(502), retry_after: None }),
        (503, "", AiError::Unavailable { status: Some(503), retry_after: None }),
        (403, "{", AiError::Refused { status: 403 }),
        (403, "[[[[", AiError::Refused { status: 403 }),
        (307, "", AiError::Refused { status: 307 }),
    ] {
        let elsewhere = &[("location", "http://127.0.0.1:1/")];
        let server = Server::fixed(status, elsewhere, body).await;
        assert_eq!(ask(&server).await, Err(expected), "{status}: {body}");
        assert_eq!(server.seen().len(), 1);
    }
}

fn answer(content: &Value, stop_reason: &str, usage: &Value) -> String {
    let output = json!({"message": {"role": "assistant", "content": content}});
    json!({"output": output, "stopReason": stop_reason, "usage": usage, "metrics": {"latencyMs": 9}}).to_string()
}

#[tokio::test]
async fn the_texts_are_read_as_one_with_their_cost() {
    let one = json!([{"text": "Hello!"}]);
    let thinking = json!({"reasoningContent": {"reasoningText": {"text": "Hm."}}});
    let several = json!([thinking, {"text": "Hel"}, {"text": "lo!"}]);
    let counted = json!({"inputTokens": 12, "outputTokens": 3, "totalTokens": 15});
    let cached = json!({"inputTokens": 2, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 6, "outputTokens": 3,
        "totalTokens": 15});
    let odd = json!({"inputTokens": -12, "outputTokens": 3, "totalTokens": 15});
    let usage = Some(Usage { input_tokens: 12, output_tokens: 3 });
    for (content, stop_reason, counts, expected) in [
        (&one, "end_turn", &counted, usage),
        (&several, "max_tokens", &counted, usage),
        (&one, "model_context_window_exceeded", &counted, usage),
        (&one, "stop_sequence", &cached, usage),
        (&one, "of another time", &json!(null), None),
        (&one, "end_turn", &odd, None),
    ] {
        let server = Server::json(answer(content, stop_reason, counts)).await;
        let expected = Answer::Said { text: Some("Hello!".into()), deeds: vec![], rejected: 0, usage: expected };
        assert_eq!(ask(&server).await, Ok(expected), "{stop_reason}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_answer_is_unusable() {
    let said = |content: Value, stop_reason: &str| answer(&content, stop_reason, &json!(null));
    let half = &HELLO[..HELLO.len() - 3];
    let deep = format!("{{\"additionalModelResponseFields\": {}", "[".repeat(100_000));
    for (body, reason) in [
        ("Hello", "it is no message"),
        (half, "it is no message"),
        ("[]", "it is no message"),
        (r#"{"output": "Hello"}"#, "it is no message"),
        (r#"{"output": {"message": {"role": "assistant", "content": "Hello"}}}"#, "it is no message"),
        (&deep, "it is no message"),
        ("", "it is no message"),
        ("{}", "it is no message"),
        (r#"{"output": null, "stopReason": null}"#, "it is no message"),
        (r#"{"message": "leaked"}"#, "it is no message"),
        (&said(json!([]), "end_turn"), "it holds no text"),
        (&said(json!([{"text": " \n\t"}]), "end_turn"), "its text is blank"),
        (&said(json!([{"text": "I can"}]), "content_filtered"), "the model refused to answer"),
        (&said(json!([{"text": "I can"}]), "guardrail_intervened"), "a guardrail stopped it"),
        (&said(json!([{"text": "I can"}]), "malformed_model_output"), "the model wrote something malformed"),
        (&said(json!([{"text": "I can"}]), "malformed_tool_use"), "the model wrote something malformed"),
    ] {
        let server = Server::json(body.to_owned()).await;
        let start = body.get(..80).unwrap_or(body);
        assert_eq!(ask(&server).await, Err(AiError::Unusable(reason)), "{start}");
        assert_eq!(server.seen().len(), 1, "{start}");
    }
}

#[tokio::test]
async fn a_flood_is_cut_off_after_one_mebibyte() {
    let flood = || stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 8 << 10])));
    let endless = Server::start(move |_| std::future::ready(response(200, JSON, Body::from_stream(flood())))).await;
    let known = Server::json(vec![b' '; 20 << 20]).await;
    for server in [&endless, &known] {
        assert_eq!(ask(server).await, Err(AiError::Unusable("it is larger than 1 MiB")));
    }
    let refusing = Server::start(move |_| std::future::ready(response(503, JSON, Body::from_stream(flood())))).await;
    assert_eq!(ask(&refusing).await, Err(AiError::Unavailable { status: Some(503), retry_after: None }));
}

#[tokio::test]
async fn a_connection_that_does_not_hold_may_be_better_later() {
    let unreachable = || Err(AiError::Unavailable { status: None, retry_after: None });
    let breaks = Server::start(|_| {
        // Not before the head of the answer has gone out.
        let cut = stream::once(async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Err(std::io::Error::other("cut"))
        });
        let pieces = stream::iter([Ok(Bytes::from(&HELLO[..20]))]).chain(cut);
        std::future::ready(response(200, JSON, Body::from_stream(pieces)))
    })
    .await;
    assert_eq!(ask(&breaks).await, unreachable());
    assert_eq!(breaks.seen().len(), 1);
    assert_eq!(client("http://127.0.0.1:1").answer(&question("hi"), AMPLE).await, unreachable());
}

#[tokio::test]
async fn the_time_holds_for_the_call_as_a_whole_and_for_as_long_as_it_is() {
    let waits = |time: Duration| {
        Server::start(move |_| async move {
            tokio::time::sleep(time).await;
            response(200, JSON, HELLO)
        })
    };
    let trickles = Server::start(|_| {
        let drops = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        std::future::ready(response(200, JSON, Body::from_stream(drops)))
    })
    .await;
    let hangs = waits(Duration::from_mins(1)).await;
    for server in [&hangs, &trickles] {
        let (time, start) = (Duration::from_millis(300), Instant::now());
        let answer = client(&server.base_url).answer(&question("hi"), time).await;
        assert_eq!(answer, Err(AiError::TimedOut));
        assert!(start.elapsed() < time + Duration::from_millis(200));
    }
    // Longer than any other call of AWS may take.
    let thinks = waits(Duration::from_secs(4)).await;
    assert_eq!(ask(&thinks).await, Ok(hello()));
}
