//! Tools: how they are offered, what comes of a call, and the round after a note.

use std::sync::{Arc, Mutex};

use ai::{Ai as _, AiError, Answer, Deed, FactKind, FactSpec, Question, Tools, Usage};
use models::ProfileValue;
use serde_json::{Value, json};

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, client, hello, question};

fn offered() -> Question {
    let fact = FactSpec { name: "city".to_owned(), description: "where they live".to_owned(), kind: FactKind::Text };
    let tools = Tools {
        hand_off: true,
        flows: vec![("return".to_owned(), "to send something back".to_owned())],
        facts: vec![fact],
        kinds: true,
        ..Tools::default()
    };
    Question { tools, ..question("hi") }
}

fn call(name: &str, input: &Value) -> Value {
    json!({"toolUse": {"toolUseId": "tooluse_1", "name": name, "input": input}})
}

fn text(text: &str) -> Value {
    json!({"text": text})
}

fn body(content: &Value, stop_reason: &str) -> String {
    let usage = json!({"inputTokens": 10, "outputTokens": 2, "totalTokens": 12});
    let output = json!({"message": {"role": "assistant", "content": content}});
    json!({"output": output, "stopReason": stop_reason, "usage": usage, "metrics": {"latencyMs": 9}}).to_string()
}

fn city(value: &str) -> Deed {
    Deed::Remember { name: "city".to_owned(), value: ProfileValue::text(value).unwrap() }
}

fn noting() -> Value {
    call("remember", &json!({"name": "city", "value": "Rome"}))
}

fn sent(server: &Server) -> Vec<Value> {
    server.seen().iter().map(|seen| serde_json::from_slice(&seen.body).unwrap()).collect()
}

#[tokio::test]
async fn every_tool_is_offered_with_its_schema() {
    let server = Server::json(HELLO).await;
    assert_eq!(client(&server.base_url).answer(&offered(), AMPLE).await, Ok(hello()));
    let sent = &sent(&server)[0]["toolConfig"];
    assert_eq!(sent.as_object().unwrap().keys().collect::<Vec<_>>(), ["tools"]);
    let tools: Vec<_> = sent["tools"].as_array().unwrap().iter().map(|tool| &tool["toolSpec"]).collect();
    let names: Vec<_> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["hand_off", "start_flow", "remember", "send_quick_replies", "send_list", "send_media"]);
    for tool in &tools {
        assert_eq!(tool.as_object().unwrap().len(), 3);
        assert_eq!(tool["inputSchema"]["json"]["type"], "object");
        assert!(!tool["description"].as_str().unwrap().is_empty());
    }
    let flow = json!({"type": "string", "enum": ["return"], "description": "return: to send something back"});
    let schema = json!({"type": "object", "properties": {"flow": flow}, "required": ["flow"]});
    assert_eq!(tools[1]["inputSchema"], json!({"json": schema}));
}

#[tokio::test]
async fn a_call_is_done_if_it_was_offered_and_is_as_described() {
    let hand_off = |summary: &str| Deed::HandOff { summary: summary.into() };
    let deep = |depth: usize| (0..depth).fold(json!({}), |inner, _| json!({ "a": inner }));
    for (content, stop_reason, text_read, deeds, rejected) in [
        (json!([text("One moment."), noting()]), "tool_use", Some("One moment."), vec![city("Rome")], 0),
        (json!([call("hand_off", &json!({"summary": "x"}))]), "tool_use", None, vec![hand_off("x")], 0),
        (json!([call("hand_off", &json!(null))]), "tool_use", None, vec![hand_off("")], 0),
        (json!([{"toolUse": {"toolUseId": "1", "name": "hand_off"}}]), "tool_use", None, vec![hand_off("")], 0),
        (
            json!([call("start_flow", &json!({"flow": "return"}))]),
            "end_turn",
            None,
            vec![Deed::StartFlow("return".to_owned())],
            0,
        ),
        // Neither offered nor as described.
        (json!([text("Hi"), call("send_all", &json!({}))]), "tool_use", Some("Hi"), vec![], 1),
        (json!([text("Hi"), call("hand_off", &json!({"to": "1"}))]), "tool_use", Some("Hi"), vec![], 1),
        (json!([text("Hi"), call("hand_off", &json!(["x"]))]), "tool_use", Some("Hi"), vec![], 1),
        (json!([text("Hi"), call("hand_off", &json!("{\"summary\": \"x\"}"))]), "tool_use", Some("Hi"), vec![], 1),
        (json!([text("Hi"), call("hand_off", &deep(100))]), "tool_use", Some("Hi"), vec![], 1),
        // Blocks that are none of ours, or of another time.
        (json!([{"video": {}}, {"aside": {"text": "Psst"}}, text("Hi")]), "of another time", Some("Hi"), vec![], 0),
        // Cut off: the last call may be half of what it was to be.
        (json!([text("Hi"), call("hand_off", &json!({}))]), "max_tokens", Some("Hi"), vec![], 1),
        (json!([text("Hi"), call("hand_off", &json!({}))]), "model_context_window_exceeded", Some("Hi"), vec![], 1),
        (json!([noting(), text("Hi, I")]), "max_tokens", Some("Hi, I"), vec![city("Rome")], 0),
    ] {
        let usage = Some(Usage { input_tokens: 10, output_tokens: 2 });
        let expected = Answer::Said { text: text_read.map(Into::into), deeds, rejected, usage };
        let server = Server::json(body(&content, stop_reason)).await;
        assert_eq!(client(&server.base_url).answer(&offered(), AMPLE).await, Ok(expected), "{content}");
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
    let thought = json!({"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig"}}});
    let ignored = call("send_all", &json!({}));
    let first = json!([thought, text(" "), noting(), ignored]);
    let server = in_turn([body(&first, "tool_use"), body(&json!([text("Rome is nice.")]), "end_turn")]).await;
    let usage = Some(Usage { input_tokens: 20, output_tokens: 4 });
    let expected = Answer::Said { text: Some("Rome is nice.".into()), deeds: vec![city("Rome")], rejected: 1, usage };
    assert_eq!(client(&server.base_url).answer(&offered(), AMPLE).await, Ok(expected));

    let [mut first, second] = <[Value; 2]>::try_from(sent(&server)).unwrap();
    let result = json!({"toolResult": {"toolUseId": "tooluse_1", "content": [{"text": "Noted."}]}});
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
    let answer = client(&server.base_url).answer(&offered(), AMPLE).await;
    assert_eq!(answer, Err(AiError::Unusable("it holds no text")));
}

#[tokio::test]
async fn a_model_that_takes_no_tools_is_asked_without_them() {
    const REFUSED: &[(&str, &str)] =
        &[("content-type", "application/json"), ("x-amzn-errortype", "ValidationException:http://internal/")];
    let server = Server::start(|seen| {
        let offers = serde_json::from_slice::<Value>(&seen.body).unwrap().get("toolConfig").is_some();
        let refusal = r#"{"message": "This model doesn't support tool use."}"#;
        std::future::ready(if offers { response(400, REFUSED, refusal) } else { response(200, JSON, HELLO) })
    })
    .await;
    assert_eq!(client(&server.base_url).answer(&offered(), AMPLE).await, Ok(hello()));
    assert_eq!(server.seen().len(), 2);
}
