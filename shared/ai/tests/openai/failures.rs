//! What becomes of refusals, bodies that are no answer, and servers that take their time.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use ai::{Ai as _, AiError, Answer};
use axum::body::{Body, Bytes};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, ask, client, fixed, hello, question};

#[tokio::test]
async fn a_status_says_what_kind_of_failure_it_is() {
    let unavailable = |status, seconds: Option<u64>| AiError::Unavailable {
        status: Some(status),
        retry_after: seconds.map(Duration::from_secs),
    };
    let refused = |status| AiError::Refused { status };
    for (status, headers, expected) in [
        (429, &[("retry-after", "1")][..], unavailable(429, Some(1))),
        (429, &[("retry-after", "600")], unavailable(429, Some(600))),
        (429, &[("retry-after", "in a minute")], unavailable(429, None)),
        (429, &[("retry-after", "-1")], unavailable(429, None)),
        (429, &[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")], unavailable(429, None)),
        (429, &[], unavailable(429, None)),
        (503, &[("retry-after", "2")], unavailable(503, Some(2))),
        (408, &[], unavailable(408, None)),
        (500, &[], unavailable(500, None)),
        (502, &[], unavailable(502, None)),
        (529, &[], unavailable(529, None)),
        (400, &[("retry-after", "1")], refused(400)),
        (403, &[], refused(403)),
        (404, &[], refused(404)),
        (422, &[], refused(422)),
        (304, &[], refused(304)),
    ] {
        let server = Server::fixed(status, headers, HELLO).await;
        assert_eq!(ask(&server).await, Err(expected), "{status} {headers:?}");
        assert_eq!(server.seen().len(), 1, "{status}: retrying is the caller's business");
    }
}

#[tokio::test]
async fn a_date_in_retry_after_is_counted_from_now() {
    let server = Server::fixed(503, &[("retry-after", "Tue, 31 Dec 2999 23:59:59 GMT")], "").await;
    let Err(AiError::Unavailable { retry_after: Some(wait), .. }) = ask(&server).await else { panic!("a wait") };
    assert_eq!(wait, Duration::from_hours(24));
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_other_host_never_hears_of_it() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Server::json(HELLO).await;
        let location = elsewhere.base_url.clone();
        let server = Server::start(move |_| {
            std::future::ready(response(status, &[("location", &format!("{location}/chat/completions"))], ""))
        })
        .await;
        assert_eq!(ask(&server).await, Err(AiError::Refused { status }));
        assert!(elsewhere.seen().is_empty());
    }
}

#[tokio::test]
async fn a_body_that_is_no_answer_is_unusable() {
    let unusable = |reason| Err(AiError::Unusable(reason));
    let no_completion = "it is no chat completion";
    for (body, content_type, expected) in [
        (HELLO, "application/json; charset=utf-8", Ok(hello())),
        (HELLO, "application/problem+json", Ok(hello())),
        (HELLO, "text/html", unusable("it is not JSON")),
        ("data: [DONE]", "text/event-stream", unusable("it is not JSON")),
        (&HELLO[..HELLO.len() - 3], "application/json", unusable(no_completion)),
        ("", "application/json", unusable(no_completion)),
        ("<html>busy</html>", "application/json", unusable(no_completion)),
        (r#"{"choices": []}"#, "application/json", unusable("it holds no text")),
        (
            r#"{"choices": [{"message": {"content": null, "tool_calls": [{"function": {"name": "send_all"}}]}}]}"#,
            "application/json",
            unusable("it holds no text"),
        ),
        (r#"{"choices": [{"message": {"content": " \n "}}]}"#, "application/json", unusable("its text is blank")),
    ] {
        let server =
            Server::start(move |_| std::future::ready(response(200, &[("content-type", content_type)], body))).await;
        assert_eq!(ask(&server).await, expected, "{content_type}: {body}");
    }
}

#[tokio::test]
async fn a_flood_is_cut_off_after_one_mebibyte() {
    let whole = Server::json(vec![b' '; 20 << 20]).await;
    let endless = Server::start(|_| async {
        let chunk = || Ok::<_, Infallible>(Bytes::from(vec![b' '; 65_536]));
        response(200, JSON, Body::from_stream(futures::stream::repeat_with(chunk)))
    })
    .await;
    for server in [whole, endless] {
        assert_eq!(ask(&server).await, Err(AiError::Unusable("it is larger than 1 MiB")));
    }
}

#[tokio::test]
async fn a_long_answer_below_the_cap_arrives_whole() {
    let text = "é".repeat(50_000);
    let server = Server::json(serde_json::json!({"choices": [{"message": {"content": text}}]}).to_string()).await;
    assert_eq!(ask(&server).await, Ok(Answer::text(text)));
}

/// Answers `HELLO` one byte at a time, so that each byte alone would look like progress.
fn trickle() -> axum::response::Response {
    let bytes = futures::stream::unfold(HELLO.bytes(), |mut rest| async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let byte = rest.next()?;
        Some((Ok::<_, Infallible>(Bytes::from(vec![byte])), rest))
    });
    response(200, JSON, Body::from_stream(bytes))
}

#[tokio::test]
async fn the_time_holds_for_the_call_as_a_whole() {
    let slow = Server::start(|_| async {
        tokio::time::sleep(Duration::from_mins(1)).await;
        response(200, JSON, HELLO)
    })
    .await;
    let trickling = Server::start(|_| std::future::ready(trickle())).await;
    // Each attempt alone would be in time.
    let refusing = Server::start(|_| async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        response(401, &[], "")
    })
    .await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_url = format!("http://{}/v1", silent.local_addr().unwrap());
    for base_url in [&slow.base_url, &trickling.base_url, &refusing.base_url, &silent_url] {
        let client = client(base_url, Some(fixed("sk-secret")));
        let time = Duration::from_millis(500);
        let start = Instant::now();
        assert_eq!(client.answer(&question("hi"), time).await, Err(AiError::TimedOut));
        let taken = start.elapsed();
        assert!(taken >= time && taken < time + Duration::from_millis(200), "{taken:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_or_hangs_up_is_unavailable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let ask = async || client(&format!("http://{address}/v1"), None).answer(&question("hi"), AMPLE).await;
    let unavailable = Err(AiError::Unavailable { status: None, retry_after: None });
    for beginning in
        ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"choices\": [", "nonsense\r\n\r\n"]
    {
        let hang_up = async {
            let (mut connection, _) = listener.accept().await.unwrap();
            let received = connection.read(&mut [0; 4096]).await.unwrap();
            assert!(received > 0);
            connection.write_all(beginning.as_bytes()).await.unwrap();
            connection.shutdown().await.unwrap();
        };
        let (answer, ()) = tokio::join!(ask(), hang_up);
        assert_eq!(answer, unavailable, "{beginning}");
    }
    drop(listener);
    assert_eq!(ask().await, unavailable);
}

#[tokio::test]
async fn no_error_shows_the_words_the_key_the_address_or_what_came_back() {
    let gone = "http://127.0.0.1:1/v1".to_owned();
    let mut bases = vec![gone];
    for (status, body) in [(200, "leaked answer"), (400, "leaked answer"), (401, "sk-secret"), (500, "leaked answer")] {
        let server = Server::fixed(status, JSON, body).await;
        bases.push(server.base_url);
    }
    for base in bases {
        let error =
            client(&base, Some(fixed("sk-secret"))).answer(&question("my secret words"), AMPLE).await.unwrap_err();
        let shown = format!("{error} {error:?} {error:#?}");
        for secret in ["secret", "words", "leaked", "127.0.0.1", "http", "Be brief"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
