//! What Braze refuses, and says so.

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::*;

/// A trigger call with one recipient that has `recipient`'s fields.
fn recipient(recipient: &Value) -> Value {
    json!({"campaign_id": "replies", "recipients": [recipient]})
}

/// A good call with `fields` put over it; `null` takes a field away.
fn with(fields: &Value) -> Value {
    let mut body = to_42("hi");
    for (key, value) in fields.as_object().unwrap() {
        if value.is_null() {
            body.as_object_mut().unwrap().remove(key)
        } else {
            body[key] = value.clone();
            None
        };
    }
    body
}

#[tokio::test]
async fn a_trigger_call_that_breaks_a_rule_is_refused_with_braze_s_words() {
    let properties = |text: &str| json!({"external_system_msg_body": text});
    let many = |count: usize| vec![json!({"external_user_id": "42"}); count];
    let alias = json!({"alias_name": "a", "alias_label": "b"});
    let half =
        ["42", "43"].map(|user| json!({"external_user_id": user, "trigger_properties": {"x": "y".repeat(25_000)}}));
    let cases = [
        (with(&json!({"campaign_id": "nobody's"})), "Invalid Campaign ID"),
        (with(&json!({"campaign_id": "action"})), "Invalid Campaign ID"),
        (with(&json!({"campaign_id": null})), "Invalid Campaign ID"),
        (with(&json!({"campaign_id": ""})), "Bad Request"),
        (with(&json!({"campaign_id": 7})), "Bad Request"),
        (with(&json!({"recipients": null})), "No Recipients"),
        (with(&json!({"recipients": []})), "No Recipients"),
        (with(&json!({"recipients": null, "broadcast": true})), "No Recipients"),
        (with(&json!({"recipients": many(51)})), "The max number of external_ids and aliases per request was exceeded"),
        (with(&json!({"recipients": {}})), "Bad Request"),
        (with(&json!({"recipients": ["42"]})), "Bad Request"),
        (with(&json!({"broadcast": true})), "Bad Request"),
        (with(&json!({"broadcast": "false"})), "Bad Request"),
        (with(&json!({"audience": {"AND": []}})), "Bad Request"),
        (with(&json!({"send_id": "s"})), "Bad Request"),
        (with(&json!({"attachments": []})), "Bad Request"),
        (with(&json!({"recipient": []})), "Bad Request"),
        (with(&json!({"trigger_properties": "text"})), "Bad Request"),
        (with(&json!({"trigger_properties": {"x": "y".repeat(50_000)}})), "Bad Request"),
        (recipient(&json!({})), "Bad Request"),
        (recipient(&json!({"external_user_id": ""})), "Bad Request"),
        (recipient(&json!({"external_user_id": 42})), "Bad Request"),
        (recipient(&json!({"external_id": "42"})), "Bad Request"),
        (recipient(&json!({"external_user_id": "42", "text": "x"})), "Bad Request"),
        (recipient(&json!({"external_user_id": "42", "user_alias": alias})), "Bad Request"),
        (recipient(&json!({"external_user_id": "42", "braze_id": "x"})), "Bad Request"),
        (recipient(&json!({"braze_id": "x"})), "Bad Request"),
        (recipient(&json!({"user_alias": {"alias_name": "a"}})), "Bad Request"),
        (recipient(&json!({"user_alias": {"alias_label": "b"}})), "Bad Request"),
        (recipient(&json!({"user_alias": {"alias_name": "a", "alias_label": ""}})), "Bad Request"),
        (recipient(&json!({"user_alias": {"alias_name": "a", "alias_label": "b", "c": "d"}})), "Bad Request"),
        (recipient(&json!({"user_alias": "a"})), "Bad Request"),
        (recipient(&json!({"user_alias": alias, "send_to_existing_only": true})), "Bad Request"),
        (recipient(&json!({"external_user_id": "new", "send_to_existing_only": false})), "Bad Request"),
        (recipient(&json!({"email": "a@b.c"})), "Bad Request"),
        (recipient(&json!({"external_user_id": "42", "trigger_properties": []})), "Bad Request"),
        (
            recipient(&json!({"external_user_id": "42", "trigger_properties": {"external_system_msg_body": 7}})),
            "Bad Request",
        ),
        (
            recipient(&json!({"external_user_id": "42", "trigger_properties": properties(&"x".repeat(50_000))})),
            "Bad Request",
        ),
        (recipient(&json!({"external_user_id": "42", "attributes": {"$x": 1}})), "Bad Request"),
        (recipient(&json!({"external_user_id": "42", "attributes": {"external_id": "43"}})), "Bad Request"),
        (recipient(&json!({"external_user_id": "42", "attributes": []})), "Bad Request"),
        (
            recipient(&json!({"external_user_id": "42", "attributes": {"subscription_groups": [
                {"subscription_group_id": "other", "subscription_state": "subscribed"},
            ]}})),
            "Bad Request",
        ),
        (with(&json!({"recipients": half, "trigger_properties": properties("x")})), "Bad Request"),
    ];
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    for (body, message) in &cases {
        let (status, answer) = served.trigger(body).await;
        assert_eq!((status, &answer["message"]), (400, &json!(message)), "{body}");
    }
    assert!(served.brand("user:42").is_empty() && served.reasons().is_empty());
    let requests = served.braze.requests();
    assert_eq!(requests.len(), cases.len());
    assert!(
        requests.iter().zip(&cases).all(|(request, (body, _))| request.body == *body && request.status == Some(400))
    );
}

#[tokio::test]
async fn a_call_is_stopped_at_the_door_for_its_key_its_form_and_its_address() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let url = |path: &str| format!("{}{path}", served.url);
    let send = "/campaigns/trigger/send";
    let good = to_42("hi").to_string();
    let post = |path: &str| served.client.post(url(path)).header(CONTENT_TYPE, "application/json").body(good.clone());
    let raw = |body: String| {
        served.client.post(url(send)).bearer_auth(KEY).header(CONTENT_TYPE, "application/json").body(body)
    };
    for (name, request, status, message) in [
        ("no key", post(send), 401, "Invalid API key"),
        ("a wrong key", post(send).bearer_auth("wrong"), 401, "Invalid API key"),
        ("quotes round the key", post(send).bearer_auth(format!("\"{KEY}\"")), 401, "Invalid API key"),
        ("a key without its scheme", post(send).header("authorization", KEY), 401, "Invalid API key"),
        ("another scheme", post(send).basic_auth("", Some(KEY)), 401, "Invalid API key"),
        ("a key that may not", post(send).bearer_auth(WEAK_KEY), 403, "Access Denied"),
        ("an unknown address", post("/campaigns/send").bearer_auth(KEY), 404, "Invalid URL"),
        ("a slash too many", post("/campaigns/trigger/send/").bearer_auth(KEY), 404, "Invalid URL"),
        ("another method", served.client.get(url(send)).bearer_auth(KEY), 404, "Invalid URL"),
        (
            "no content type",
            served.client.post(url(send)).bearer_auth(KEY).body(good.clone()),
            415,
            "Unsupported Media Type",
        ),
        (
            "text",
            served.post(send).header(CONTENT_TYPE, "text/plain").body(good.clone()),
            415,
            "Unsupported Media Type",
        ),
        ("more than 4 MB", raw(format!("{good}{}", " ".repeat(4_000_000))), 413, "Payload Too Large"),
        ("more than 8 MB", raw(format!("{good}{}", " ".repeat(8_000_000))), 413, "Payload Too Large"),
        ("nothing", raw(String::new()), 400, "Bad Request"),
        ("broken JSON", raw(good[1..].to_owned()), 400, "Bad Request"),
        ("an array", raw(format!("[{good}]")), 400, "Bad Request"),
        ("a key twice", raw(good.replacen('{', "{\"campaign_id\": \"replies\", ", 1)), 400, "Bad Request"),
    ] {
        let Ok(response) = request.send().await else {
            // A server may close the connection on somebody who goes on talking after the limit.
            assert_eq!(name, "more than 8 MB");
            continue;
        };
        assert_eq!(response.status().as_u16(), status, "{name}");
        for header in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
            assert!(response.headers()[header].to_str().unwrap().parse::<u64>().is_ok(), "{name}: {header}");
        }
        assert_eq!(response.json::<Value>().await.unwrap()["message"], message, "{name}");
    }
    assert!(served.brand("user:42").is_empty());
}

#[tokio::test]
async fn calls_over_the_limit_are_refused_until_the_window_ends() {
    let served = with_writers(Workspace { requests_per_hour: 2, ..workspace("http://127.0.0.1:9") }).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let response = served.post("/campaigns/trigger/send").json(&to_42("hi")).send().await.unwrap();
        let remaining = response.headers()["x-ratelimit-remaining"].to_str().unwrap().to_owned();
        let reset: u64 = response.headers()["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
        assert_eq!(reset % 3_600, 0);
        seen.push((response.status().as_u16(), remaining));
    }
    // A new hour may begin between two calls; then the third one is the first of that hour.
    let fresh = seen.iter().any(|(_, remaining)| remaining == "1" && seen[0].1 != "1");
    assert!(fresh || seen == [(201, "1".into()), (201, "0".into()), (429, "0".into())], "{seen:?}");
}

#[tokio::test]
async fn a_canvas_and_a_message_of_their_own_are_as_strict() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let canvas = |recipient: Value| json!({"canvas_id": "replies", "recipients": [recipient]});
    let message = |key: &str, value: Value| {
        let mut body = of_its_own("hi");
        match key.strip_prefix("whats_app.") {
            Some(key) => body["messages"]["whats_app"][key] = value,
            None => body[key] = value,
        }
        body
    };
    for (path, body, refusal) in [
        (
            "/canvas/trigger/send",
            json!({"canvas_id": "x", "recipients": [{"external_user_id": "42"}]}),
            "Invalid Canvas ID",
        ),
        ("/canvas/trigger/send", to_42("hi"), "Bad Request"),
        ("/canvas/trigger/send", canvas(json!({"external_user_id": "42", "trigger_properties": {}})), "Bad Request"),
        ("/canvas/trigger/send", canvas(json!({"external_user_id": "42", "context": {"text": 7}})), "Bad Request"),
        (
            "/canvas/trigger/send",
            canvas(json!({"external_user_id": "42", "attributes": {"subscription_groups": []}})),
            "Bad Request",
        ),
        ("/messages/send", message("external_user_ids", json!([])), "No Recipients"),
        ("/messages/send", message("external_user_ids", json!([7])), "Bad Request"),
        ("/messages/send", message("user_aliases", json!([{"alias_name": "a"}])), "Bad Request"),
        (
            "/messages/send",
            message("external_user_ids", json!(vec!["42"; 51])),
            "The max number of external_ids and aliases per request was exceeded",
        ),
        ("/messages/send", message("broadcast", json!(true)), "Bad Request"),
        ("/messages/send", message("recipients", json!([])), "Bad Request"),
        ("/messages/send", message("trigger_properties", json!({})), "Bad Request"),
        ("/messages/send", message("campaign_id", json!("replies")), "Invalid Campaign ID"),
        ("/messages/send", message("recipient_subscription_state", json!("some")), "Bad Request"),
        ("/messages/send", message("segment_id", json!("s")), "Bad Request"),
        ("/messages/send", message("messages", json!({})), "No message to send"),
        ("/messages/send", message("messages", json!({"sms": {}})), "Bad Request"),
        ("/messages/send", message("whats_app.app_id", json!("other")), "Bad Request"),
        ("/messages/send", message("whats_app.subscription_group_id", json!("other")), "Bad Request"),
        ("/messages/send", message("whats_app.message_type", json!("video_message")), "Mismatched Message Type"),
        ("/messages/send", message("whats_app.message_type", json!("template_message")), "Bad Request"),
        ("/messages/send", message("whats_app.message", json!({})), "No message to send"),
    ] {
        let (status, answer) = answer(served.post(path).json(&body)).await;
        assert_eq!((status, &answer["message"]), (400, &json!(refusal)), "{path} {body}");
    }
    assert!(served.brand("user:42").is_empty() && served.reasons().is_empty());
}
