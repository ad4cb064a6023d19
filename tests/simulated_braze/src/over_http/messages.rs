//! Messages that a call to `/messages/send` brings along.

use serde_json::json;

use super::*;
use crate::{Beside, MessageTemplate};

fn with_template() -> Workspace {
    let body = "Dear customer, {{1}} Yours, {{2}}".to_owned();
    let template = MessageTemplate { name: "reply".to_owned(), language_code: "en".to_owned(), body };
    Workspace { templates: vec![template], ..workspace("http://127.0.0.1:9") }
}

/// A call that brings one message of `message_type` along to user `42`.
fn call(message_type: &str, message: &Value) -> Value {
    let mut body = of_its_own("");
    body["messages"]["whats_app"]["message_type"] = json!(message_type);
    body["messages"]["whats_app"]["message"] = message.clone();
    body
}

async fn send(served: &Served, body: &Value) -> (u16, Value) {
    answer(served.post("/messages/send").json(body)).await
}

fn list(rows: &Value) -> Value {
    let section = json!({"section_title": "Sizes", "list_rows": rows});
    json!({"body": "Which?", "list": {"list_button_text": "Open", "list_sections": [section]}})
}

fn template(variables: &Value) -> Value {
    json!({"template_name": "reply", "template_language_code": "en", "body_variables": variables})
}

#[tokio::test]
async fn each_type_of_message_appears_on_the_phone() {
    let served = with_writers(with_template()).await;
    let rows = json!([{"row_title": "S", "row_description": "small"}, {"row_title": "M"}]);
    for (message_type, message, text, beside) in [
        ("text_response_message", json!({"body": "Hi {{${user_id}}}", "preview_url": true}), "Hi 42", None),
        (
            "quick_reply_response_message",
            json!({"body": "Which?", "buttons": [{"text": "S"}, {"text": "M"}]}),
            "Which?",
            Some(Beside::Buttons(vec!["S".into(), "M".into()])),
        ),
        (
            "list_response_message",
            list(&rows),
            "Which?",
            Some(Beside::List {
                button: "Open".into(),
                rows: vec![("S".into(), Some("small".into())), ("M".into(), None)],
            }),
        ),
        (
            "text_image_response_message",
            json!({"image_uri": "https://shop.example/a.png", "caption": "Blue"}),
            "Blue",
            Some(Beside::Image("https://shop.example/a.png".into())),
        ),
        (
            "text_image_response_message",
            json!({"image_uri": "https://shop.example/a.png"}),
            "",
            Some(Beside::Image("https://shop.example/a.png".into())),
        ),
        (
            "template_message",
            template(&json!({"0": "it is there.", "1": "the shop"})),
            "Dear customer, it is there. Yours, the shop",
            None,
        ),
    ] {
        let (status, answer) = send(&served, &call(message_type, &message)).await;
        assert_eq!((status, &answer["message"]), (201, &json!("success")), "{message_type}: {answer}");
        let last = served.braze.phone("user:42").pop().unwrap();
        assert_eq!((last.text.as_str(), last.beside), (text, beside), "{message_type}");
    }
    assert_eq!(served.reasons(), [""; 0]);
}

#[tokio::test]
async fn a_message_that_breaks_a_rule_of_its_type_is_refused() {
    let served = with_writers(with_template()).await;
    let buttons = |buttons: Value| json!({"body": "Which?", "buttons": buttons});
    let many = |count: usize| (0..count).map(|number| json!({"text": number.to_string()})).collect::<Vec<_>>();
    let rows = |count: usize| (0..count).map(|number| json!({"row_title": number.to_string()})).collect::<Vec<_>>();
    let sections =
        |sections: Value| json!({"body": "x", "list": {"list_button_text": "Open", "list_sections": sections}});
    for (message_type, message) in [
        ("text_response_message", json!({"body": "x", "buttons": []})),
        ("text_response_message", json!({"body": 7})),
        ("text_response_message", json!({"body": "x", "preview_url": "yes"})),
        ("quick_reply_response_message", json!({"body": "Which?"})),
        ("quick_reply_response_message", json!({"buttons": [{"text": "S"}]})),
        ("quick_reply_response_message", buttons(json!([]))),
        ("quick_reply_response_message", buttons(json!(many(4)))),
        ("quick_reply_response_message", buttons(json!(["S"]))),
        ("quick_reply_response_message", buttons(json!([{"text": ""}]))),
        ("quick_reply_response_message", buttons(json!([{"text": "S", "id": "1"}]))),
        ("list_response_message", json!({"body": "Which?"})),
        ("list_response_message", list(&json!([]))),
        ("list_response_message", list(&json!(rows(11)))),
        ("list_response_message", list(&json!([{"row_description": "small"}]))),
        ("list_response_message", list(&json!([{"row_title": "S", "id": "1"}]))),
        ("list_response_message", sections(json!([]))),
        ("list_response_message", sections(json!([{"list_rows": rows(1)}]))),
        ("list_response_message", sections(json!([{"section_title": "x".repeat(25), "list_rows": rows(1)}]))),
        (
            "list_response_message",
            json!({"body": "x", "list": {"list_sections": [{"section_title": "s", "list_rows": rows(1)}]}}),
        ),
        ("text_image_response_message", json!({"caption": "Blue"})),
        ("text_image_response_message", json!({"image_uri": "https://x/a.png", "body": "x"})),
        ("template_message", json!({"body": "x"})),
        ("template_message", template(&json!({"0": "x"}))),
        ("template_message", template(&json!({"0": "x", "2": "y"}))),
        ("template_message", template(&json!({"0": "x", "1": 7}))),
        ("template_message", template(&json!({"0": "x", "1": ""}))),
        ("template_message", template(&json!({"0": "x", "1": "y", "2": "z"}))),
        ("template_message", json!({"template_name": "reply", "template_language_code": "de", "body_variables": {}})),
        ("video_message", json!({"body": "x"})),
    ] {
        let (status, answer) = send(&served, &call(message_type, &message)).await;
        assert_eq!(status, 400, "{message_type} {message}: {answer}");
    }
    assert!(served.brand("user:42").is_empty() && served.reasons().is_empty());
}

#[tokio::test]
async fn what_is_accepted_may_still_be_nothing_for_whatsapp() {
    let served = with_writers(with_template()).await;
    let long = |most: usize| "x".repeat(most + 1);
    for (message_type, message, reason) in [
        ("text_response_message", json!({"body": long(4_096)}), "too_long"),
        ("quick_reply_response_message", json!({"body": long(1_024), "buttons": [{"text": "S"}]}), "too_long"),
        ("quick_reply_response_message", json!({"body": "x", "buttons": [{"text": long(20)}]}), "layout"),
        ("quick_reply_response_message", json!({"body": "x", "buttons": [{"text": "S"}, {"text": "S"}]}), "layout"),
        ("list_response_message", list(&json!([{"row_title": long(24)}])), "layout"),
        ("list_response_message", list(&json!([{"row_title": "x", "row_description": long(72)}])), "layout"),
        ("text_image_response_message", json!({"image_uri": "http://shop.example/a.png"}), "layout"),
        ("text_image_response_message", json!({"image_uri": "https://x/a.png", "caption": long(1_024)}), "too_long"),
        ("template_message", template(&json!({"0": "a\nb", "1": "x"})), "template_characters"),
        ("template_message", template(&json!({"0": long(1_024), "1": "x"})), "too_long"),
    ] {
        let (status, answer) = send(&served, &call(message_type, &message)).await;
        assert_eq!(status, 201, "{answer}");
        assert_eq!(served.reasons().last().unwrap(), reason, "{message_type} {message}");
    }
    assert!(served.brand("user:42").is_empty());
}

#[tokio::test]
async fn after_a_day_only_a_template_arrives() {
    let served = with_writers(with_template()).await;
    served.braze.close_window("user:42");
    let (message, variables) = (json!({"body": "x", "buttons": [{"text": "S"}]}), json!({"0": "a", "1": "b"}));
    send(&served, &call("quick_reply_response_message", &message)).await;
    send(&served, &call("template_message", &template(&variables))).await;
    assert_eq!(served.brand("user:42"), ["Dear customer, a Yours, b"]);
    assert_eq!(served.reasons(), ["window_closed"]);
}
