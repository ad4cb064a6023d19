//! Tools: how they are offered, what comes of a call, and the round after a note.

use std::sync::{Arc, Mutex};

use ai::{Ai as _, AiError, Answer, Anthropic, Deed, FactKind, FactSpec, Question, Tools, Usage};
use models::ProfileValue;
use serde_json::{Value, json};

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, client, hello, question};

fn offer() -> Tools {
    let fact = FactSpec { name: "city".to_owned(), description: "where they live".to_owned(), kind: FactKind::Text };
    Tools {
        hand_off: true,
        flows: vec![("return".to_owned(), "to send something back".to_owned())],
        facts: vec![fact],
        kinds: true,
        ..Tools::default()
    }
}

fn offered() -> Question {
    Question { tools: offer(), ..question("hi") }
}

fn call(name: &str, input: &Value) -> Value {
    json!({"type": "tool_use", "id": "toolu_1", "name": name, "input": input})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

fn body(content: &Value, stop_reason: &str) -> String {
    let usage = json!({"input_tokens": 10, "output_tokens": 2});
    json!({"type": "message", "content": content, "stop_reason": stop_reason, "usage": usage}).to_string()
}

fn city(value: &str) -> Deed {
    Deed::Remember { name: "city".to_owned(), value: ProfileValue::text(value).unwrap() }
}

fn noting() -> Value {
    call("remember", &json!({"name": "city", "value": "Rome"}))
}

#[tokio::test]
async fn every_tool_is_offered_with_its_schema() {
    let server = Server::json(HELLO).await;
    assert_eq!(client(&server.base_url, None).answer(&offered(), AMPLE).await, Ok(hello()));
    let sent: Value = serde_json::from_slice(&server.seen()[0].body).unwrap();
    let tools = sent["tools"].as_array().unwrap();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["hand_off", "start_flow", "remember", "send_quick_replies", "send_list", "send_media"]);
    for tool in tools {
        assert_eq!(tool.as_object().unwrap().len(), 3);
        assert_eq!(tool["input_schema"]["type"], "object");
        assert!(!tool["description"].as_str().unwrap().is_empty());
    }
    assert_eq!(tools[1]["input_schema"]["properties"]["flow"]["enum"], json!(["return"]));
}

#[test]
fn a_call_is_done_if_it_was_offered_and_is_as_described() {
    let hand_off = |summary: &str| Deed::HandOff { summary: summary.into() };
    for (content, stop_reason, text_read, deeds, rejected) in [
        (json!([text("One moment."), noting()]), "tool_use", Some("One moment."), vec![city("Rome")], 0),
        (json!([call("hand_off", &json!({"summary": "x"}))]), "tool_use", None, vec![hand_off("x")], 0),
        (json!([{"type": "tool_use", "name": "hand_off"}]), "tool_use", None, vec![hand_off("")], 0),
        (
            json!([call("start_flow", &json!({"flow": "return"}))]),
            "end_turn",
            None,
            vec![Deed::StartFlow("return".to_owned())],
            0,
        ),
        // Neither offered nor as described.
        (json!([text("Hi"), call("send_all", &json!({}))]), "tool_use", Some("Hi"), vec![], 1),
        (
            json!([text("Hi"), call("hand_off", &json!({"summary": "x", "user": "1"}))]),
            "tool_use",
            Some("Hi"),
            vec![],
            1,
        ),
        (json!([text("Hi"), call("hand_off", &json!(["x"]))]), "tool_use", Some("Hi"), vec![], 1),
        (json!([text("Hi"), call("hand_off", &json!("{\"summary\": \"x\"}"))]), "tool_use", Some("Hi"), vec![], 1),
        (
            json!([text("Hi"), {"type": "tool_use", "name": ["hand_off"], "input": {}}]),
            "tool_use",
            Some("Hi"),
            vec![],
            1,
        ),
        (
            json!([text("Hi"), {"type": "server_tool_use", "name": "hand_off", "input": {}}]),
            "pause_turn",
            Some("Hi"),
            vec![],
            0,
        ),
        // Cut off: the last call may be half of what it was to be.
        (json!([text("Hi"), call("hand_off", &json!({}))]), "max_tokens", Some("Hi"), vec![], 1),
        (json!([noting(), text("Hi, I")]), "max_tokens", Some("Hi, I"), vec![city("Rome")], 0),
    ] {
        let usage = Some(Usage { input_tokens: 10, output_tokens: 2 });
        let expected = Answer::Said { text: text_read.map(Into::into), deeds, rejected, usage };
        assert_eq!(Anthropic::read(200, None, body(&content, stop_reason).as_bytes(), &offer()), Ok(expected));
    }
}

/// Answers one request after the other with these bodies.
async fn in_turn<const ROUNDS: usize>(bodies: [String; ROUNDS]) -> Server {
    let bodies = Arc::new(Mutex::new(bodies.into_iter()));
    Server::start(move |_| {
        let body = bodies.lock().unwrap().next().unwrap();
        std::future::ready(response(200, JSON, body))
    })
    .await
}

#[tokio::test]
async fn a_model_that_only_noted_something_is_shown_its_own_words_and_asked_once_more() {
    let thought = json!({"type": "thinking", "thinking": "Hm.", "signature": "sig"});
    let ignored = call("send_all", &json!({}));
    let first = json!([thought, text(" "), noting(), ignored]);
    let server = in_turn([body(&first, "tool_use"), body(&json!([text("Rome is nice.")]), "end_turn")]).await;
    let usage = Some(Usage { input_tokens: 20, output_tokens: 4 });
    let expected = Answer::Said { text: Some("Rome is nice.".into()), deeds: vec![city("Rome")], rejected: 1, usage };
    assert_eq!(client(&server.base_url, None).answer(&offered(), AMPLE).await, Ok(expected));

    let [first, second] = &server.seen()[..] else { panic!("two requests") };
    let read = |seen: &crate::server::Seen| serde_json::from_slice::<Value>(&seen.body).unwrap();
    let (mut first, second) = (read(first), read(second));
    let result = json!({"type": "tool_result", "tool_use_id": "toolu_1", "content": "Noted."});
    first["messages"].as_array_mut().unwrap().extend([
        json!({"role": "assistant", "content": [thought, noting()]}),
        json!({"role": "user", "content": [result]}),
    ]);
    assert_eq!(second, first);
}

#[tokio::test]
async fn a_model_that_only_notes_again_has_no_answer() {
    let only_notes = || body(&json!([noting()]), "tool_use");
    let server = in_turn([only_notes(), only_notes()]).await;
    let answer = client(&server.base_url, None).answer(&offered(), AMPLE).await;
    assert_eq!(answer, Err(AiError::Unusable("it holds no text")));
}

#[tokio::test]
async fn a_server_that_refuses_tools_is_asked_without_them() {
    let server = Server::start(|seen| {
        let offers = serde_json::from_slice::<Value>(&seen.body).unwrap().get("tools").is_some();
        std::future::ready(if offers { response(400, JSON, "{}") } else { response(200, JSON, HELLO) })
    })
    .await;
    assert_eq!(client(&server.base_url, None).answer(&offered(), AMPLE).await, Ok(hello()));
    assert_eq!(server.seen().len(), 2);
}
