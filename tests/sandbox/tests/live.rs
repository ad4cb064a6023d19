//! What a page hears and gets: the stream of news, the agent's view, and the files themselves.
#![expect(clippy::unwrap_used, reason = "a broken sandbox shall end the test")]

use std::time::Duration;

use reqwest::{Client, Response, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);

/// Somebody who listens to the stream.
struct Listener {
    answer: Response,
    heard: String,
}

impl Listener {
    async fn to(sandbox: &Sandbox, query: &str) -> Self {
        let answer = reqwest::get(format!("{}/sandbox/live?{query}", sandbox.url())).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { answer, heard: String::new() }
    }

    /// The next event: its name, its id and its data.
    async fn next(&mut self) -> (String, Option<String>, Value) {
        loop {
            if let Some((event, rest)) = self.heard.split_once("\n\n") {
                let line = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.map(str::to_owned)
                };
                let (name, id, data, rest) = (line("event"), line("id"), line("data"), rest.to_owned());
                self.heard = rest;
                if let (Some(name), Some(data)) = (name, data) {
                    return (name, id, serde_json::from_str(&data).unwrap());
                }
            } else {
                let chunk = tokio::time::timeout(PATIENCE, self.answer.chunk()).await.unwrap().unwrap().unwrap();
                self.heard.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        }
    }

    async fn wait_for(&mut self, name: &str, seen: impl Fn(&Value) -> bool) -> (Option<String>, Value) {
        loop {
            let (event, id, data) = tokio::time::timeout(PATIENCE, self.next()).await.unwrap();
            if event == name && seen(&data) {
                return (id, data);
            }
        }
    }
}

async fn post(sandbox: &Sandbox, path: &str, token: &str, body: Value) -> StatusCode {
    let call = Client::new().post(format!("{}{path}", sandbox.url())).bearer_auth(token);
    call.json(&body).send().await.unwrap().status()
}

async fn types(sandbox: &Sandbox, text: &str) {
    let status = post(sandbox, "/sandbox/phones/user:ada/messages", "", json!({"text": text})).await;
    assert_eq!(status, StatusCode::ACCEPTED);
}

fn says(lines: &Value, text: &str) -> bool {
    lines.as_array().unwrap().iter().any(|line| line["text"].as_str().unwrap().contains(text))
}

#[tokio::test]
async fn the_page_hears_of_each_change_and_takes_up_where_it_left() {
    let sandbox = Sandbox::start(&Options::default()).await.unwrap();
    let mut listener = Listener::to(&sandbox, "conversation=user:ada").await;
    let (_, state) = listener.wait_for("state", |_| true).await;
    assert_eq!(state["agent_token"], "agent");
    types(&sandbox, "When are you open?").await;
    let (_, customer) = listener.wait_for("customer", |customer| says(&customer["messages"], "Monday")).await;
    assert_eq!(
        (&customer["messages"][0]["fate"], &customer["profile"]["external_id"]),
        (&json!("received"), &json!("ada"))
    );
    let settled = |steps: &Value| steps.as_array().unwrap().iter().any(|step| step["title"] == "turn settled");
    let mut listener = Listener::to(&sandbox, "").await;
    let (last, steps) = listener.wait_for("steps", settled).await;
    for step in steps.as_array().unwrap() {
        assert!(step["conversation"].is_string(), "whose is it? {step}");
    }
    // Back with what it had seen, it gets only what is new; with what it saw in another run, everything.
    types(&sandbox, "And on Sunday, when are you open?").await;
    let mut back = Listener::to(&sandbox, &format!("after={}", last.unwrap())).await;
    let (_, fresh) = back.wait_for("steps", |_| true).await;
    assert!(fresh[0]["seq"].as_u64() > steps.as_array().unwrap().last().unwrap()["seq"].as_u64());
    let mut stranger = Listener::to(&sandbox, "after=another/9").await;
    assert_eq!(stranger.wait_for("steps", |_| true).await.1[0]["seq"], 1);
}

#[tokio::test]
async fn only_so_many_pages_may_listen_at_once() {
    let sandbox = Sandbox::start(&Options::default()).await.unwrap();
    let mut listeners = Vec::new();
    for _ in 0..32 {
        listeners.push(Listener::to(&sandbox, "").await);
    }
    let url = format!("{}/sandbox/live", sandbox.url());
    assert_eq!(reqwest::get(&url).await.unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    drop(listeners);
    let patience = std::time::Instant::now() + PATIENCE;
    while reqwest::get(&url).await.unwrap().status() != StatusCode::OK {
        assert!(std::time::Instant::now() < patience, "the places of those who went stay taken");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_desk_shows_who_waits_and_what_was_said() {
    let sandbox = Sandbox::start(&Options::default()).await.unwrap();
    let mut listener = Listener::to(&sandbox, "").await;
    types(&sandbox, "I want to talk to a human!").await;
    let waits = |desk: &Value| desk[0]["state"] == "waiting" && says(&desk[0]["lines"], "colleague");
    let (_, desk) = listener.wait_for("desk", waits).await;
    assert_eq!((&desk[0]["reason"], &desk[0]["conversation"]), (&json!("keyword"), &json!("user:ada")));
    assert!(says(&desk[0]["lines"], "I want to talk to a human!"), "{desk}");
    let body = json!({"conversation": "user:ada", "text": "Eve here", "id": "1"});
    assert_eq!(post(&sandbox, "/conversations/messages", sandbox.agent_token(), body).await, StatusCode::ACCEPTED);
    listener.wait_for("desk", |desk| desk[0]["state"] == "attended" && says(&desk[0]["lines"], "Eve here")).await;
    let body = json!({"conversation": "user:ada"});
    assert_eq!(post(&sandbox, "/conversations/release", sandbox.agent_token(), body).await, StatusCode::ACCEPTED);
    listener.wait_for("desk", |desk| desk == &json!([])).await;
}

#[tokio::test]
async fn while_the_queue_is_down_braze_comes_again() {
    let sandbox = Sandbox::start(&Options::default()).await.unwrap();
    post(&sandbox, "/sandbox/faults", "", json!({"queue_down": true})).await;
    let mut listener = Listener::to(&sandbox, "conversation=user:ada").await;
    types(&sandbox, "When are you open?").await;
    let refused = |steps: &Value| steps.as_array().unwrap().iter().any(|step| step["title"] == "answered 503");
    listener.wait_for("steps", refused).await;
    post(&sandbox, "/sandbox/faults", "", json!({"queue_down": false})).await;
    listener.wait_for("customer", |customer| says(&customer["messages"], "Monday")).await;
}

#[tokio::test]
async fn a_customer_can_be_changed_by_hand_and_nobody_can_be_made_up() {
    let sandbox = Sandbox::start(&Options::default()).await.unwrap();
    let path = "/sandbox/customers/user:ada";
    assert_eq!(post(&sandbox, path, "", json!({"subscribed": false})).await, StatusCode::NOT_FOUND);
    types(&sandbox, "hi").await;
    assert_eq!(post(&sandbox, path, "", json!({"subscribd": false})).await, StatusCode::BAD_REQUEST);
    assert_eq!(post(&sandbox, path, "", json!({"subscribed": false, "language": "de"})).await, StatusCode::OK);
    let customer: Value = reqwest::get(format!("{}{path}", sandbox.url())).await.unwrap().json().await.unwrap();
    assert_eq!((&customer["profile"]["subscribed"], &customer["profile"]["language"]), (&json!(false), &json!("de")));
}

#[tokio::test]
async fn nothing_on_the_page_comes_from_elsewhere_or_can_become_markup() {
    let sandbox = Sandbox::start(&Options::default()).await.unwrap();
    let page = reqwest::get(sandbox.url()).await.unwrap().text().await.unwrap();
    let mut files = vec!["app.js".to_owned(), "style.css".to_owned()];
    let mut read = vec![page];
    while let Some(file) = files.pop() {
        let answer = reqwest::get(format!("{}/{file}", sandbox.url())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{file}");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{file} {policy}");
        let text = answer.text().await.unwrap();
        let imports = text.lines().filter_map(|line| line.strip_prefix("import ")?.split("\"./").nth(1));
        files.extend(imports.map(|rest| rest.trim_end_matches("\";").to_owned()));
        read.push(text);
    }
    assert!(read.len() > 15, "the modules are followed: {}", read.len());
    for text in read {
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "onclick=", "style=\""]
        {
            assert!(!text.contains(word), "{word} in {}", &text[..80]);
        }
    }
}
