//! Tools: how they are offered, what comes of a call, and the round after a note.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ai::{Ai as _, AiError, Answer, Deed, FactKind, FactSpec, Question, Tools, Usage};
use models::ProfileValue;
use serde_json::{Value, json};

use crate::server::{Server, response};
use crate::{AMPLE, HELLO, JSON, client, hello, question};

const NOT_AS_DESCRIBED: &str = "Nothing was done: the arguments are not as described.";

/// One of everything.
pub(crate) fn everything() -> Tools {
    let fact = |name: &str, description: &str, kind| FactSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        kind,
    };
    let plans = FactKind::Choice(vec!["Gold".to_owned(), "Größe Süß".to_owned()]);
    Tools {
        hand_off: true,
        flows: vec![("return".to_owned(), "to send something back".to_owned()), ("size".to_owned(), "…".to_owned())],
        facts: vec![
            fact("city", "where they live", FactKind::Text),
            fact("age", "their age", FactKind::Number),
            fact("vegan", "whether they are", FactKind::Bool),
            fact("plan", "their plan", plans),
        ],
        kinds: true,
        ..Tools::default()
    }
}

pub(crate) fn call(name: &str, arguments: &Value) -> Value {
    json!({"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments.to_string()}})
}

pub(crate) fn body(content: &Value, tool_calls: &Value) -> String {
    let message = json!({"role": "assistant", "content": content, "tool_calls": tool_calls});
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 2});
    json!({"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": usage}).to_string()
}

fn remember(name: &str, value: &Value) -> Value {
    call("remember", &json!({"name": name, "value": value}))
}

fn remembered(name: &str, value: ProfileValue) -> Deed {
    Deed::Remember { name: name.to_owned(), value }
}

fn offered(tools: Tools) -> Question {
    Question { tools, ..question("hi") }
}

fn request(server: &Server, index: usize) -> Value {
    serde_json::from_slice(&server.seen()[index].body).unwrap()
}

#[tokio::test]
async fn a_server_that_refuses_tools_is_asked_without_them() {
    let server = Server::start(|seen| {
        let offers = serde_json::from_slice::<Value>(&seen.body).unwrap().get("tools").is_some();
        let (status, body) = if offers { (400, "{}".to_owned()) } else { (200, HELLO.to_owned()) };
        std::future::ready(response(status, JSON, body))
    })
    .await;
    let client = client(&server.base_url, None);
    assert_eq!(client.answer(&offered(everything()), AMPLE).await, Ok(hello()));
    assert_eq!(server.seen().len(), 2);
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
async fn each_offer_is_described_by_its_own_tools_and_nothing_else_of_the_request_changes() {
    let all = everything();
    let nothing = Tools::default();
    for (tools, names) in [
        (Tools { hand_off: true, ..nothing.clone() }, vec!["hand_off"]),
        (Tools { flows: all.flows.clone(), ..nothing.clone() }, vec!["start_flow"]),
        (Tools { facts: all.facts.clone(), ..nothing.clone() }, vec!["remember"]),
        (Tools { kinds: true, ..nothing }, vec!["send_quick_replies", "send_list", "send_media"]),
        (all, vec!["hand_off", "start_flow", "remember", "send_quick_replies", "send_list", "send_media"]),
    ] {
        let server = Server::json(HELLO).await;
        assert_eq!(client(&server.base_url, None).answer(&offered(tools), AMPLE).await, Ok(hello()));
        let mut sent = request(&server, 0);
        let tools = sent.as_object_mut().unwrap().remove("tools").unwrap();
        let tools = tools.as_array().unwrap();
        assert_eq!(tools.iter().map(|tool| tool["function"]["name"].as_str().unwrap()).collect::<Vec<_>>(), names);
        for tool in tools {
            assert_eq!(tool["type"], "function");
            assert_eq!(tool["function"]["parameters"]["type"], "object");
            let described = tool["function"]["description"].as_str().unwrap();
            assert!(!described.is_empty() && described.len() <= 1_024);
        }
        let messages = json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]);
        assert_eq!(sent, json!({"model": "test-model", "messages": messages, "max_tokens": 64}));
    }
}

#[tokio::test]
async fn flows_and_facts_are_described_where_they_are_chosen() {
    let server = Server::json(HELLO).await;
    let tools = Tools { hand_off: false, kinds: false, ..everything() };
    client(&server.base_url, None).answer(&offered(tools), AMPLE).await.unwrap();
    let tools = &request(&server, 0)["tools"];
    let parameters = |index: usize| tools[index]["function"]["parameters"].clone();
    let flow = json!({
        "type": "string",
        "enum": ["return", "size"],
        "description": "return: to send something back\nsize: …",
    });
    assert_eq!(parameters(0), json!({"type": "object", "properties": {"flow": flow}, "required": ["flow"]}));
    let facts = [
        "city: where they live (a short text)",
        "age: their age (a number)",
        "vegan: whether they are (true or false)",
        "plan: their plan (one of Gold, Größe Süß)",
    ];
    let name = json!({"type": "string", "enum": ["city", "age", "vegan", "plan"], "description": facts.join("\n")});
    assert_eq!(parameters(1)["properties"]["name"], name);
    assert_eq!(parameters(1)["required"], json!(["name", "value"]));
}

#[test]
fn what_was_offered_is_done_with_or_without_words() {
    let buttons = json!({"body": "Which?", "options": ["a", "b"]});
    let list = json!({"body": "Which?", "button": "Open", "rows": [{"title": "a", "description": "b"}]});
    let media = json!({"url": "https://shop.example/a.png", "caption": "Look"});
    let proposed = |kind: &str, arguments: &Value| {
        let mut proposal = arguments.clone();
        proposal["kind"] = kind.into();
        Deed::Propose(serde_json::from_value(proposal).unwrap())
    };
    let hand_off = |summary: &str| Deed::HandOff { summary: summary.into() };
    let anyway = json!({"id": 7, "function": {"name": "hand_off", "arguments": {"summary": "An object"}}});
    let bare = json!({"function": {"name": "hand_off"}});
    for (call, deed) in [
        (call("hand_off", &json!({"summary": " Wants a refund.\n"})), hand_off("Wants a refund.")),
        (call("hand_off", &json!({})), hand_off("")),
        (call("hand_off", &json!({"summary": "é".repeat(1_001)})), hand_off(&"é".repeat(1_000))),
        (anyway, hand_off("An object")),
        (bare, hand_off("")),
        (call("start_flow", &json!({"flow": "return"})), Deed::StartFlow("return".to_owned())),
        (call("send_quick_replies", &buttons), proposed("quick_replies", &buttons)),
        (call("send_list", &list), proposed("list", &list)),
        (call("send_media", &media), proposed("media", &media)),
    ] {
        for (content, text) in [(json!("Hello"), Some("Hello".into())), (json!(null), None), (json!(" "), None)] {
            let answer = ai::OpenAi::read(200, None, body(&content, &json!([call])).as_bytes(), &everything());
            let usage = Some(Usage { input_tokens: 10, output_tokens: 2 });
            assert_eq!(answer, Ok(Answer::Said { text, deeds: vec![deed.clone()], rejected: 0, usage }), "{call}");
        }
    }
}

#[test]
fn a_fact_has_the_type_it_was_offered_with() {
    let text = |text: &str| ProfileValue::text(text).unwrap();
    for (name, said, value) in [
        ("city", json!("São Paulo"), text("São Paulo")),
        ("city", json!("é".repeat(255)), text(&"é".repeat(255))),
        ("age", json!(42), ProfileValue::Integer(42)),
        ("age", json!("-42 "), ProfileValue::Integer(-42)),
        ("age", json!(i64::MAX), ProfileValue::Integer(i64::MAX)),
        ("age", json!("41.5"), ProfileValue::float(41.5).unwrap()),
        ("age", json!(41.5), ProfileValue::float(41.5).unwrap()),
        ("vegan", json!(true), ProfileValue::Flag(true)),
        ("vegan", json!("False"), ProfileValue::Flag(false)),
        ("plan", json!("Gold"), text("Gold")),
        ("plan", json!(" größe SÜẞ".replace('ẞ', "ß")), text("Größe Süß")),
    ] {
        let body = body(&json!("Noted!"), &json!([remember(name, &said)]));
        let Ok(Answer::Said { deeds, rejected: 0, .. }) = ai::OpenAi::read(200, None, body.as_bytes(), &everything())
        else {
            panic!("{name} {said}")
        };
        assert_eq!(deeds, [remembered(name, value)], "{said}");
    }
}

#[tokio::test]
async fn words_beside_a_note_need_no_second_round() {
    let server = Server::json(body(&json!("Nice!"), &json!([remember("age", &json!(7))]))).await;
    let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;
    let deeds = vec![remembered("age", ProfileValue::Integer(7))];
    let usage = Some(Usage { input_tokens: 10, output_tokens: 2 });
    assert_eq!(answer, Ok(Answer::Said { text: Some("Nice!".into()), deeds, rejected: 0, usage }));
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_deed_that_says_something_needs_no_second_round_either() {
    for deed in [
        call("hand_off", &json!({"summary": "Wants a refund."})),
        call("start_flow", &json!({"flow": "return"})),
        call("send_quick_replies", &json!({"body": "Which?", "options": ["a"]})),
    ] {
        let server = Server::json(body(&json!(null), &json!([remember("age", &json!(7)), deed]))).await;
        let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;
        let Ok(Answer::Said { text: None, deeds, rejected: 0, .. }) = answer else { panic!("{answer:?}") };
        assert_eq!((deeds.len(), server.seen().len()), (2, 1), "{deed}");
    }
}

#[tokio::test]
async fn a_note_without_words_is_confirmed_and_the_words_come_in_a_second_round() {
    let mut signed = remember("age", &json!(7));
    signed["extra_content"] = json!({"google": {"thought_signature": "abc"}});
    let mut nameless = remember("vegan", &json!(true));
    nameless.as_object_mut().unwrap().remove("id");
    nameless.as_object_mut().unwrap().remove("type");
    let wrong = remember("age", &json!("many"));
    let first = body(&json!(null), &json!([signed, wrong, nameless]));
    let server = in_turn([first, body(&json!("Nice!"), &json!(null))]).await;
    let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;

    let deeds = vec![remembered("age", ProfileValue::Integer(7)), remembered("vegan", ProfileValue::Flag(true))];
    let usage = Some(Usage { input_tokens: 20, output_tokens: 4 });
    assert_eq!(answer, Ok(Answer::Said { text: Some("Nice!".into()), deeds, rejected: 1, usage }));
    let (mut first, mut second) = (request(&server, 0), request(&server, 1));
    nameless["id"] = "call00003".into();
    nameless["type"] = "function".into();
    let emptied = json!({"id": "call_1", "type": "function", "function": {"name": "remember", "arguments": "{}"}});
    let (asked, noted) = (first["messages"].take(), second["messages"].take());
    assert_eq!(second, first, "the tools are offered again, and the bound holds");
    assert_eq!(noted.as_array().unwrap()[..2], asked.as_array().unwrap()[..]);
    assert_eq!(
        noted.as_array().unwrap()[2..],
        [
            json!({"role": "assistant", "content": null, "tool_calls": [signed, emptied, nameless]}),
            json!({"role": "tool", "content": "Noted.", "tool_call_id": "call_1"}),
            json!({"role": "tool", "content": NOT_AS_DESCRIBED, "tool_call_id": "call_1"}),
            json!({"role": "tool", "content": "Noted.", "tool_call_id": "call00003"}),
        ]
    );
}

#[tokio::test]
async fn the_second_round_may_do_what_the_first_did_not() {
    let first = body(&json!(""), &json!([remember("age", &json!(7))]));
    let again = [remember("age", &json!(8)), call("hand_off", &json!({"summary": "Is 7."}))];
    let server = in_turn([first, body(&json!(null), &json!(again))]).await;
    let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;
    let Ok(Answer::Said { text: None, deeds, rejected: 1, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!(deeds, [remembered("age", ProfileValue::Integer(7)), Deed::HandOff { summary: "Is 7.".into() }]);
}

#[tokio::test]
async fn there_is_no_third_round_and_no_answer_without_words() {
    let noting = |value: i64| body(&json!(null), &json!([remember("age", &json!(value))]));
    let server = in_turn([noting(7), noting(8), HELLO.to_owned()]).await;
    let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;
    assert_eq!(answer, Err(AiError::Unusable("it holds no text")));
    assert_eq!(server.seen().len(), 2);

    let server = Server::json(body(&json!(null), &json!([call("start_flow", &json!({"flow": "refund"}))]))).await;
    let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;
    assert_eq!(answer, Err(AiError::Unusable("it holds no text")));
    assert_eq!(server.seen().len(), 2, "the model is told what was wrong, and has another try");
}

#[tokio::test]
async fn a_note_that_is_not_as_described_is_told_to_the_model_which_answers_all_the_same() {
    let wrong = body(&json!(null), &json!([remember("age", &json!("7 years"))]));
    let server = in_turn([wrong, body(&json!("How nice!"), &json!(null))]).await;
    let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;
    let Ok(Answer::Said { text: Some(text), deeds, rejected: 1, .. }) = answer else { panic!("{answer:?}") };
    assert_eq!((text.as_str(), deeds), ("How nice!", vec![]));
    let told = request(&server, 1)["messages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(told["content"], json!(NOT_AS_DESCRIBED));
}

#[tokio::test]
async fn both_rounds_are_within_the_time() {
    let noting = body(&json!(null), &json!([remember("age", &json!(7))]));
    let server = Server::start(move |_| {
        let noting = noting.clone();
        async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            response(200, JSON, noting)
        }
    })
    .await;
    let time = Duration::from_millis(500);
    let start = Instant::now();
    let answer = client(&server.base_url, None).answer(&offered(everything()), time).await;
    assert_eq!(answer, Err(AiError::TimedOut));
    assert!(start.elapsed() < time + Duration::from_millis(200));
}

#[tokio::test]
async fn a_failure_of_the_second_round_is_a_failure() {
    let noting = body(&json!(null), &json!([remember("age", &json!(7))]));
    let server = Server::start(move |seen| {
        let second = String::from_utf8_lossy(&seen.body).contains("\"role\":\"tool\"");
        let (status, body) = if second { (503, String::new()) } else { (200, noting.clone()) };
        std::future::ready(response(status, JSON, body))
    })
    .await;
    let answer = client(&server.base_url, None).answer(&offered(everything()), AMPLE).await;
    assert_eq!(answer, Err(AiError::Unavailable { status: Some(503), retry_after: None }));
}
