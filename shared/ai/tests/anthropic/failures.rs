//! What becomes of refusals, bodies that are no answer, and servers that take their time.

use std::time::{Duration, Instant};

use ai::{Ai as _, AiError};

use crate::server::{Server, response};
use crate::{HELLO, JSON, ask, client, fixed, hello, question};

/// As the API writes errors (<https://docs.claude.com/en/api/errors>).
const OVERLOADED: &str = r#"{"type": "error", "error": {"type": "overloaded_error", "message": "leaked"}}"#;

#[tokio::test]
async fn a_status_says_what_kind_of_failure_it_is() {
    let unavailable = |status, seconds: Option<u64>| AiError::Unavailable {
        status: Some(status),
        retry_after: seconds.map(Duration::from_secs),
    };
    let refused = |status| AiError::Refused { status };
    for (status, headers, expected) in [
        (429, &[("retry-after", "7")][..], unavailable(429, Some(7))),
        (429, &[("retry-after", "soon")], unavailable(429, None)),
        (429, &[], unavailable(429, None)),
        (529, &[("retry-after", "2")], unavailable(529, Some(2))),
        (529, &[], unavailable(529, None)),
        (500, &[], unavailable(500, None)),
        (504, &[], unavailable(504, None)),
        (400, &[], refused(400)),
        (402, &[], refused(402)),
        (403, &[], refused(403)),
        (404, &[], refused(404)),
        (413, &[], refused(413)),
        (307, &[("location", "http://127.0.0.1:1/")], refused(307)),
    ] {
        let server = Server::fixed(status, headers, OVERLOADED).await;
        let error = ask(&server).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("leaked") && !shown.contains("secret") && !shown.contains("127.0.0.1"), "{shown}");
        assert_eq!(error, expected, "{status} {headers:?}");
        assert_eq!(server.seen().len(), 1, "{status}: retrying is the caller's business");
    }
}

#[tokio::test]
async fn a_body_that_is_no_answer_is_unusable() {
    let unusable = |reason| Err(AiError::Unusable(reason));
    for (body, content_type, expected) in [
        (HELLO, "application/json", Ok(hello())),
        (HELLO, "text/html", unusable("it is not JSON")),
        ("event: message_start", "text/event-stream", unusable("it is not JSON")),
        (&HELLO[..HELLO.len() - 3], "application/json", unusable("it is no message")),
        (OVERLOADED, "application/json", unusable("it is no message")),
        ("", "application/json", unusable("it is no message")),
        (r#"{"content": []}"#, "application/json", unusable("it holds no text")),
        (r#"{"content": [{"type": "text", "text": ""}]}"#, "application/json", unusable("its text is blank")),
        (
            r#"{"content": [{"type": "text", "text": "I can't"}], "stop_reason": "refusal"}"#,
            "application/json",
            unusable("the model refused to answer"),
        ),
    ] {
        let server =
            Server::start(move |_| std::future::ready(response(200, &[("content-type", content_type)], body))).await;
        assert_eq!(ask(&server).await, expected, "{content_type}: {body}");
    }
}

#[tokio::test]
async fn a_flood_is_cut_off_after_one_mebibyte() {
    let server = Server::json(vec![b' '; 20 << 20]).await;
    assert_eq!(ask(&server).await, Err(AiError::Unusable("it is larger than 1 MiB")));
}

#[tokio::test]
async fn the_time_holds_for_the_call_as_a_whole() {
    let hangs = Server::start(|_| async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        response(200, JSON, HELLO)
    })
    .await;
    let (time, start) = (Duration::from_millis(300), Instant::now());
    let answer = client(&hangs.base_url, Some(fixed("sk-secret"))).answer(&question("hi"), time).await;
    assert_eq!(answer, Err(AiError::TimedOut));
    assert!(start.elapsed() < time + Duration::from_millis(200));
}
