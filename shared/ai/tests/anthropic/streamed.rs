//! Messages in parts over the wire: what has them in common with chat completions is tested there.

use std::time::Duration;

use ai::{Ai as _, AiError, Aloud, Answer, Deed, Question, Tools, Usage};
use axum::body::{Body, Bytes};
use axum::response::Response;
use serde_json::Value;

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, client, hello, question};

const EVENTS: &[(&str, &str)] = &[("content-type", "text/event-stream; charset=utf-8")];
const BROKE_OFF: AiError = AiError::Unavailable { status: None, retry_after: None };
/// Lines end as proxies may end them; there are pings, comments, thoughts, and kinds of events that nobody knows yet.
const START: &str = "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\
     \"role\":\"assistant\",\"content\":[],\"stop_reason\":null,\"usage\":{\"input_tokens\":9,\"output_tokens\":1}}}\r\n\r\n\
     : kept alive\r\n\r\nevent: ping\r\ndata: {\"type\":\"ping\"}\r\n\r\nevent: new\r\ndata: {\"type\":\"not_known_yet\"}\r\n\r\n\
     event: content_block_start\r\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\
     \"thinking\":\"\"}}\r\n\r\nevent: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":\
     {\"type\":\"thinking_delta\",\"thinking\":\"Hm.\\n\\nWhat do they want?\\n\\nI know.\"}}\r\n\r\n";
const TEXT: &str = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\
     \"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\
     \"text_delta\",\"text\":\"Grüße 🦊.\\n\\nTwo, and some \"}}\n\n";
const REST: &str = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\
     \"text_delta\",\"text\":\"more.\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n";
const CALL: &str = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":2,\"content_block\":{\"type\":\
     \"tool_use\",\"id\":\"t\",\"name\":\"hand_off\",\"input\":{}}}\n\nevent: content_block_delta\ndata: {\"type\":\
     \"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{\\\"summary\\\":\"}}\n\n\
     event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":\"input_json_delta\",\
     \"partial_json\":\"\\\"Boots.\\\"}\"}}\n\n";
const STOP: &str = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":\
     {\"output_tokens\":7}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const REFUSED: &str = "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"refusal\"}}\n\n\
     event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const OVERLOADED: &str =
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"secret\"}}\n\n";

/// All of it in pieces of seven bytes, which cut letters and lines in two; then the connection breaks off, if it `breaks`.
fn pieces(wire: &[&str], breaks: bool) -> Response {
    let bytes = wire.concat().into_bytes();
    let mut pieces: Vec<_> = bytes.chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    pieces.extend(breaks.then(|| Err(std::io::Error::other("cut off"))));
    let pieces = futures::stream::unfold(pieces.into_iter(), |mut rest| async move {
        let piece: Result<Bytes, std::io::Error> = rest.next()?;
        if piece.is_err() {
            // What came before is read first.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some((piece, rest))
    });
    response(200, EVENTS, Body::from_stream(pieces))
}

/// What becomes of such an answer, what was told of it, and what had been asked.
async fn answer(wire: &'static [&'static str], breaks: bool, tools: Tools) -> (Result<Answer, AiError>, String, Value) {
    let server = Server::start(move |_| std::future::ready(pieces(wire, breaks))).await;
    let (aloud, mut hears) = Aloud::heard();
    let question = Question { aloud, tools, ..question("hi") };
    let answer = client(&server.base_url, None).answer(&question, AMPLE).await;
    let mut told = String::new();
    while let Ok(paragraph) = hears.try_recv() {
        told.push_str(paragraph.as_str());
    }
    let seen = server.seen();
    assert_eq!(seen.len(), 1, "what was told in part is not asked for again");
    (answer, told, serde_json::from_slice(&seen[0].body).unwrap())
}

#[tokio::test]
async fn a_message_in_parts_is_told_and_is_what_it_is_as_a_whole() {
    let (answer, told, sent) = answer(&[START, TEXT, REST, STOP], false, Tools::default()).await;
    let usage = Some(Usage { input_tokens: 9, output_tokens: 7 });
    let text = Some("Grüße 🦊.\n\nTwo, and some more.".into());
    assert_eq!(answer, Ok(Answer::Said { text, deeds: vec![], rejected: 0, usage }));
    assert_eq!((told.as_str(), &sent["stream"]), ("Grüße 🦊.\n\n", &Value::Bool(true)), "thoughts are not told");
}

#[tokio::test]
async fn a_call_in_parts_comes_with_the_words_before_it() {
    let tools = Tools { hand_off: true, ..Tools::default() };
    let (answer, told, _) = answer(&[START, TEXT, REST, CALL, STOP], false, tools).await;
    let Ok(Answer::Said { text: Some(text), deeds, rejected: 0, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(deeds, [Deed::HandOff { summary: "Boots.".into() }]);
    assert!(text.as_str().starts_with(&told) && told == "Grüße 🦊.\n\n", "{told:?}");
}

#[tokio::test]
async fn what_breaks_off_fails_or_is_refused_is_no_answer() {
    const REFUSAL: AiError = AiError::Unusable("the model refused to answer");
    for (wire, breaks, expected) in [
        (&[START, TEXT, OVERLOADED, STOP][..], false, BROKE_OFF),
        (&[START, TEXT, REST], false, BROKE_OFF),
        (&[START, TEXT, REST], true, BROKE_OFF),
        (&[START, TEXT, REST, REFUSED], false, REFUSAL),
    ] {
        let (answer, told, _) = answer(wire, breaks, Tools::default()).await;
        assert_eq!((answer, told.as_str()), (Err(expected), "Grüße 🦊.\n\n"), "{}", wire.len());
    }
}

#[tokio::test]
async fn a_server_that_answers_as_a_whole_is_understood_and_where_nobody_listens_the_request_is_what_it_was() {
    let server = Server::json(HELLO).await;
    let client = client(&server.base_url, None);
    let heard = Question { aloud: Aloud::heard().0, ..question("hi") };
    assert_eq!(client.answer(&heard, AMPLE).await, Ok(hello()));
    assert_eq!(client.answer(&question("hi"), AMPLE).await, Ok(hello()));
    let asks: Vec<Value> = server.seen().iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect();
    assert_eq!((&asks[0]["stream"], asks[1].get("stream")), (&Value::Bool(true), None));
}

/// Against a server that we did not write, where one runs: `llmock serve` (from `PyPI`), its address in `LLMOCK_URL`.
#[tokio::test]
#[ignore = "needs a server of its own"]
async fn llmock_answers_in_parts() {
    let url = std::env::var("LLMOCK_URL").unwrap();
    let client = client(&format!("{url}/anthropic/v1"), None);
    let (aloud, mut hears) = Aloud::heard();
    let heard = Question { aloud, ..question("Write three paragraphs.") };
    let answer = client.answer(&heard, AMPLE).await.unwrap();
    let Answer::Said { text: Some(text), .. } = answer else { panic!("no text") };
    while let Ok(paragraph) = hears.try_recv() {
        assert!(text.as_str().contains(paragraph.as_str()));
    }
    let whole = client.answer(&question("Write three paragraphs."), AMPLE).await.unwrap();
    let Answer::Said { text: Some(whole), .. } = whole else { panic!("no text") };
    assert_eq!(text, whole);
}
