//! Answers in parts, from servers that know how to, do not, or break off.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use ai::{Ai as _, AiError, Aloud, Answer, Ladder, Question, Rung, Tools};
use axum::body::{Body, Bytes};
use axum::response::Response;
use models::Personal;
use platform::clock::SystemClock;
use serde_json::Value;

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, client, hello, question};

const EVENTS: &[(&str, &str)] = &[("content-type", "text/event-stream; charset=utf-8")];
const BROKE_OFF: AiError = AiError::Unavailable { status: None, retry_after: None };
const ONE: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One.\\n\\nTwo, and some \"}}]}\n\n";
const TWO: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"more.\"},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn aloud(text: &str) -> (Question, tokio::sync::mpsc::UnboundedReceiver<Personal>) {
    let (aloud, hears) = Aloud::heard();
    (Question { aloud, ..question(text) }, hears)
}

/// These parts, with a while between them; `None` breaks the connection off.
fn parts(parts: &'static [Option<&'static str>], between: Duration) -> Response {
    let parts = futures::stream::unfold(parts.iter(), move |mut rest| async move {
        let part = rest.next()?;
        tokio::time::sleep(between).await;
        Some((part.map(Bytes::from).ok_or_else(|| std::io::Error::other("cut off")), rest))
    });
    response(200, EVENTS, Body::from_stream(parts))
}

fn is_stream(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).unwrap()["stream"] == true
}

#[tokio::test]
async fn a_paragraph_is_heard_while_the_rest_is_still_being_written() {
    let (more, waits) = tokio::sync::oneshot::channel::<()>();
    let waits = Arc::new(std::sync::Mutex::new(Some(waits)));
    let server = Server::start(move |_| {
        let waits = waits.lock().unwrap().take().unwrap();
        let rest = futures::stream::once(async move {
            waits.await.unwrap();
            Ok::<_, Infallible>(Bytes::from([TWO, DONE].concat()))
        });
        let first = futures::stream::once(std::future::ready(Ok(Bytes::from(ONE))));
        let both = futures::StreamExt::chain(first, Box::pin(rest));
        std::future::ready(response(200, EVENTS, Body::from_stream(both)))
    })
    .await;
    let (question, mut hears) = aloud("hi");
    let client = client(&server.base_url, None);
    let hearing = async {
        assert_eq!(hears.recv().await, Some("One.\n\n".into()));
        more.send(()).unwrap();
        hears
    };
    let hearing = tokio::time::timeout(AMPLE, hearing);
    let (answer, hears) = futures::future::join(client.answer(&question, AMPLE), hearing).await;
    let mut hears = hears.unwrap();
    assert_eq!(answer, Ok(Answer::text("One.\n\nTwo, and some more.")));
    assert!(hears.try_recv().is_err(), "the end is the answer's");
    let sent: Value = serde_json::from_slice(&server.seen()[0].body).unwrap();
    assert_eq!((&sent["stream"], &sent["stream_options"]["include_usage"]), (&Value::Bool(true), &Value::Bool(true)));
}

#[tokio::test]
async fn where_nobody_listens_the_request_is_what_it_was() {
    let server = Server::json(HELLO).await;
    assert_eq!(client(&server.base_url, None).answer(&question("hi"), AMPLE).await, Ok(hello()));
    let sent: Value = serde_json::from_slice(&server.seen()[0].body).unwrap();
    assert!(sent.get("stream").is_none() && sent.get("stream_options").is_none(), "{sent}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_parts_answers_as_a_whole() {
    let server = Server::json(HELLO).await;
    let (question, mut hears) = aloud("hi");
    assert_eq!(client(&server.base_url, None).answer(&question, AMPLE).await, Ok(hello()));
    assert!(server.seen().len() == 1 && hears.try_recv().is_err());
    for status in [400, 422] {
        let server = Server::start(move |seen| {
            let answers = if is_stream(&seen.body) { (status, "{}") } else { (200, HELLO) };
            std::future::ready(response(answers.0, JSON, answers.1))
        })
        .await;
        let client = client(&server.base_url, None);
        for asked in [2, 3, 4] {
            assert_eq!(client.answer(&aloud("hi").0, AMPLE).await, Ok(hello()));
            assert_eq!(server.seen().len(), asked, "it is known from then on");
        }
    }
    // What is refused either way says nothing about that.
    let server = Server::fixed(400, JSON, "{}").await;
    let client = client(&server.base_url, None);
    for asked in [2, 4] {
        assert_eq!(client.answer(&aloud("hi").0, AMPLE).await, Err(AiError::Refused { status: 400 }));
        assert_eq!(server.seen().len(), asked);
    }
}

#[tokio::test]
async fn what_breaks_off_or_takes_too_long_is_no_answer_and_nobody_else_is_asked() {
    const MALFORMED: &str = "data: {\"choices\":[{\n\n";
    const ERROR: &str = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    const NO_REASON: &str =
        "data: {\"choices\":[{\"delta\":{\"content\":\"One.\\n\\nTwo, and some \"},\"finish_reason\":\"\"}]}\n\n";
    for (answered, between, expected) in [
        (&[Some(ONE), None][..], 1, BROKE_OFF),
        (&[Some(ONE)], 1, BROKE_OFF),
        (&[Some(NO_REASON), None], 1, BROKE_OFF),
        (&[Some(ONE), Some(ERROR)], 1, BROKE_OFF),
        (&[Some(ONE), Some(MALFORMED)], 1, AiError::Unusable("a part of it is not JSON")),
        (&[Some(ONE), Some(": still there\n\n"), Some(TWO)], 900, AiError::TimedOut),
    ] {
        let server = Server::start(move |_| std::future::ready(parts(answered, Duration::from_millis(between)))).await;
        let below = Server::json(HELLO).await;
        let rung = |server: &Server| Arc::new(Rung::new(Arc::new(client(&server.base_url, None)), None));
        let ladder = Ladder::new(vec![rung(&server), rung(&below)], Arc::new(SystemClock));
        let (question, mut hears) = aloud("hi");
        assert_eq!(ladder.answer(&question, Duration::from_secs(2)).await, Err(expected), "{answered:?}");
        assert_eq!(hears.try_recv(), Ok("One.\n\n".into()));
        assert_eq!((server.seen().len(), below.seen().len()), (1, 0), "never two answers");
    }
}

#[tokio::test]
async fn what_breaks_off_or_hangs_behind_the_end_of_an_answer_does_not_cost_it() {
    const ERROR: &str = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n";
    for answered in [
        &[Some(ONE), Some(TWO), Some(DONE)][..],
        &[Some(ONE), Some(TWO)],
        &[Some(ONE), Some(TWO), None],
        &[Some(ONE), Some(TWO), Some(ERROR)],
    ] {
        let server = Server::start(move |_| std::future::ready(parts(answered, Duration::from_millis(1)))).await;
        let answer = client(&server.base_url, None).answer(&aloud("hi").0, AMPLE).await;
        assert_eq!(answer, Ok(Answer::text("One.\n\nTwo, and some more.")), "{answered:?}");
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::start(|_| async {
        let comments = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            Some((Ok::<_, Infallible>(Bytes::from(": still there\n\n")), ()))
        });
        let answer = futures::stream::once(std::future::ready(Ok(Bytes::from([ONE, TWO].concat()))));
        response(200, EVENTS, Body::from_stream(futures::StreamExt::chain(answer, Box::pin(comments))))
    })
    .await;
    let answer = client(&server.base_url, None).answer(&aloud("hi").0, AMPLE).await;
    assert_eq!(answer, Ok(Answer::text("One.\n\nTwo, and some more.")));
}

#[tokio::test]
async fn where_nothing_was_told_yet_the_next_backend_is_asked() {
    const BEGUN: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One.\"}}]}\n\n";
    let server = Server::start(|_| std::future::ready(parts(&[Some(BEGUN), None], Duration::ZERO))).await;
    let below = Server::json(HELLO).await;
    let rung = |server: &Server| Arc::new(Rung::new(Arc::new(client(&server.base_url, None)), None));
    let ladder = Ladder::new(vec![rung(&server), rung(&below)], Arc::new(SystemClock));
    let (question, mut hears) = aloud("hi");
    assert_eq!(ladder.answer(&question, AMPLE).await, Ok(hello()));
    assert!(hears.try_recv().is_err() && below.seen().len() == 1);
}

#[tokio::test]
async fn a_flood_of_parts_is_cut_off() {
    let server = Server::start(|_| async {
        let chunk = || Ok::<_, Infallible>(Bytes::from(": nothing to say\n".repeat(4096)));
        response(200, EVENTS, Body::from_stream(futures::stream::repeat_with(chunk)))
    })
    .await;
    let answer = client(&server.base_url, None).answer(&aloud("hi").0, AMPLE).await;
    assert_eq!(answer, Err(AiError::Unusable("it is larger than 8 MiB")));
}

#[tokio::test]
async fn what_was_told_before_something_was_looked_up_is_how_the_answer_begins() {
    const LOOKS_UP: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"One moment.\\n\\nI look it up.\\n\\n\"}}]}\n\n\
         data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"start_flow\",\
         \"arguments\":\"{\\\"flow\\\":\\\"none\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\n";
    let rounds = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let server = Server::start(move |_| {
        let first = rounds.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0;
        let all: &[_] = if first { &[Some(LOOKS_UP), Some(DONE)] } else { &[Some(ONE), Some(TWO), Some(DONE)] };
        std::future::ready(parts(all, Duration::ZERO))
    })
    .await;
    let tools = Tools { facts: vec![fact()], flows: vec![("book".to_owned(), "x".to_owned())], ..Tools::default() };
    let (question, mut hears) = aloud("hi");
    let answer = client(&server.base_url, None).answer(&Question { tools, ..question }, AMPLE).await;
    let Ok(Answer::Said { text: Some(text), .. }) = answer else { panic!("{answer:?}") };
    let mut told = String::new();
    while let Ok(paragraph) = hears.try_recv() {
        told.push_str(paragraph.as_str());
    }
    assert!(text.as_str().starts_with(&told) && text.as_str() != told, "{told:?} {text:?}");
    assert!(told.starts_with("One moment.\n\n"), "{told:?}");
}

fn fact() -> ai::FactSpec {
    ai::FactSpec { name: "size".to_owned(), description: "x".to_owned(), kind: ai::FactKind::Text }
}

/// Against a server that we did not write, where one runs: `llmock serve` (from `PyPI`), its address in `LLMOCK_URL`.
#[tokio::test]
#[ignore = "needs a server of its own"]
async fn llmock_answers_in_parts() {
    let url = std::env::var("LLMOCK_URL").unwrap();
    let (heard, mut hears) = aloud("Write three paragraphs.");
    let answer = client(&format!("{url}/v1"), None).answer(&heard, AMPLE).await.unwrap();
    let whole = client(&format!("{url}/v1"), None).answer(&question("Write three paragraphs."), AMPLE).await.unwrap();
    let text = |answer| if let Answer::Said { text: Some(text), .. } = answer { text } else { panic!("no text") };
    let mut told = String::new();
    while let Ok(paragraph) = hears.try_recv() {
        told.push_str(paragraph.as_str());
    }
    assert_eq!(text(answer.clone()), text(whole));
    assert!(text(answer).as_str().starts_with(&told));
}
