//! The two Liquid templates, edited as on the page: a message is typed, simulated Braze renders it, and each trap is explained
//! once it is hit.
#![expect(clippy::unwrap_used, reason = "a broken sandbox shall end the test")]

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};
use simulated_braze::{DOCUMENTED_BODY, DOCUMENTED_REPLY_MESSAGE, RECOMMENDED_BODY, REPLY_MESSAGE, TEMPLATE_BYTES};

const PATIENCE: Duration = Duration::from_secs(20);
const MESSAGE: &str = "{{whats_app.${inbound_message_body} | json_escape}}";

async fn start() -> Sandbox {
    Sandbox::start(&Options::default()).await.unwrap()
}

async fn get(sandbox: &Sandbox, path: &str) -> Value {
    reqwest::get(format!("{}/sandbox/{path}", sandbox.url())).await.unwrap().json().await.unwrap()
}

async fn post(sandbox: &Sandbox, path: &str, body: &Value) -> (StatusCode, Value) {
    let answer = Client::new().post(format!("{}/sandbox/{path}", sandbox.url())).json(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

async fn edit(sandbox: &Sandbox, templates: Value) -> Value {
    let (status, now) = post(sandbox, "liquid", &templates).await;
    assert_eq!(status, StatusCode::OK, "{now}");
    now
}

/// `who` types `text`; the steps once one with the title `until` is there.
async fn steps(sandbox: &Sandbox, who: &str, text: &str, until: &str) -> Vec<Value> {
    let before = get(sandbox, "steps").await.as_array().unwrap().last().map_or(0, |step| step["seq"].as_u64().unwrap());
    let typed = post(sandbox, &format!("phones/{who}/messages"), &json!({"text": text})).await;
    assert_eq!(typed.0, StatusCode::ACCEPTED);
    let patience = Instant::now() + PATIENCE;
    loop {
        let steps = get(sandbox, &format!("steps?after={before}")).await.as_array().unwrap().clone();
        if steps.iter().any(|step| step["title"].as_str().unwrap().starts_with(until)) {
            return steps;
        }
        assert!(Instant::now() < patience, "{until} does not come: {steps:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn traps(steps: &[Value]) -> Vec<&str> {
    let traps = steps.iter().filter(|step| step["kind"] == "trap");
    traps.map(|step| step["body"]["code"].as_str().unwrap()).collect()
}

fn codes(template: &Value) -> Vec<&str> {
    template["findings"].as_array().unwrap().iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_templates_begin_as_recommended_and_hit_no_trap() {
    let sandbox = start().await;
    let now = get(&sandbox, "liquid").await;
    assert_eq!((&now["body"]["text"], &now["message"]["text"]), (&json!(RECOMMENDED_BODY), &json!(REPLY_MESSAGE)));
    assert_eq!((codes(&now["body"]), codes(&now["message"])), (vec![], vec![]));
    for text in
        ["Can I \"return\" it?\nWhen are you open? \\", "hi\", \"user_id\": \"bruno", "{{${user_id}}} {% raw %}"]
    {
        let steps = steps(&sandbox, "user:ada", text, "turn settled").await;
        assert!(traps(&steps).is_empty(), "{text} {steps:?}");
        let mut webhook = steps.iter().filter(|step| step["kind"] == "webhook");
        assert!(webhook.all(|step| step["conversation"] == "user:ada"), "{text} {steps:?}");
    }
    assert!(traps(&steps(&sandbox, "alias:phone:+4915112345678", "hi", "turn settled").await).is_empty());
}

#[tokio::test]
async fn each_trap_of_the_body_is_explained_when_a_message_hits_it() {
    let sandbox = start().await;
    let unescaped = RECOMMENDED_BODY.replace(" | json_escape", "");
    let unquoted = RECOMMENDED_BODY.replace(&format!("\"{MESSAGE}\""), MESSAGE);
    let twice = RECOMMENDED_BODY.replace("body} |", "body} | json_escape |");
    let by_id_alone = RECOMMENDED_BODY.replace("{{${braze_id}}}", "").replace("{{${phone_number} | json_escape}}", "");
    let injected = "hi\", \"user_id\": \"bruno";
    let (ada, newcomer) = ("user:ada", "alias:phone:+4915112345678");
    for (body, who, text, until, expected) in [
        (DOCUMENTED_BODY, ada, "When are you open?", "answered 202", vec![]),
        (DOCUMENTED_BODY, ada, "He said \"hi\"", "answered 202", vec!["words_break_the_json"]),
        (DOCUMENTED_BODY, ada, "two\nlines", "answered 202", vec!["words_break_the_json"]),
        (DOCUMENTED_BODY, ada, injected, "answered 202", vec!["words_become_keys"]),
        (&unescaped, ada, "plain", "answered 202", vec![]),
        (&unescaped, ada, "two\nlines", "answered 202", vec!["words_break_the_json"]),
        (&unescaped, ada, injected, "answered 202", vec!["words_become_keys"]),
        (&unquoted, ada, "hello", "body parked", vec!["not_json"]),
        (&twice, ada, "two\nlines", "answered 202", vec!["escaped_too_often"]),
        (&by_id_alone, newcomer, "hello", "body parked", vec!["names_nobody"]),
        ("", ada, "hello", "body parked", vec!["empty_body"]),
        ("{{${user_id}", ada, "hello", "no webhook leaves Braze", vec!["body_not_rendered"]),
        ("{{${user_id} | md5}}", ada, "hello", "no webhook leaves Braze", vec!["body_not_rendered"]),
        ("{% abort_message('no') %}", ada, "hello", "no webhook leaves Braze", vec![]),
    ] {
        edit(&sandbox, json!({"body": body})).await;
        let steps = steps(&sandbox, who, text, until).await;
        assert_eq!(traps(&steps), expected, "{text} {body}");
        for trap in steps.iter().filter(|step| step["kind"] == "trap") {
            let (told, finding) = (&trap["title"], &trap["body"]);
            assert!(told == &finding["what"] && finding["why"].is_string() && finding["click"].is_string(), "{trap}");
            assert!(trap["conversation"].is_string() && !trap.to_string().contains("bruno"), "{trap}");
        }
    }
    edit(&sandbox, json!({"body": RECOMMENDED_BODY})).await;
    assert!(traps(&steps(&sandbox, ada, "He said \"hi\"", "turn settled").await).is_empty());
}

#[tokio::test]
async fn each_trap_of_the_reply_is_explained_when_a_reply_hits_it() {
    let sandbox = start().await;
    let with = |filter: &str| REPLY_MESSAGE.replace("}}}", &format!("}} | {filter}}}}}"));
    let cases: [(String, &[&str], Option<&str>); 8] = [
        (format!("Hello! {REPLY_MESSAGE}"), &[], Some("Hello! ")),
        (DOCUMENTED_REPLY_MESSAGE.to_owned(), &["plus_in_the_key"], None),
        (REPLY_MESSAGE.replace("body", "text"), &["reply_without_words"], None),
        (format!("Dear Ada, {}", REPLY_MESSAGE.replace("body", "text")), &["reply_without_words"], Some("Dear Ada, ")),
        (with("upcase"), &["filter_in_the_reply"], Some("MONDAY")),
        (format!("{{% if ${{language}} == 'xx' %}}{REPLY_MESSAGE}{{% endif %}}"), &["changed_reply"], None),
        (with("md5"), &["reply_not_rendered"], None),
        (REPLY_MESSAGE.replace("}}}", "}"), &["reply_not_rendered"], None),
    ];
    for (who, (message, expected, on_the_phone)) in cases.into_iter().enumerate() {
        // Nobody asks twice: the same words are answered so often and no more.
        let who = format!("user:{who}");
        edit(&sandbox, json!({"message": message})).await;
        let steps = steps(&sandbox, &who, "When are you open?", "turn settled").await;
        assert_eq!(traps(&steps), expected, "{message}");
        let phone = get(&sandbox, &format!("phones/{who}")).await;
        let shown = phone.as_array().unwrap().iter().find(|line| line["from"] == "brand");
        let shown = shown.map(|line| line["text"].as_str().unwrap());
        assert!(on_the_phone.is_none() == shown.is_none(), "{message} {shown:?}");
        assert!(on_the_phone.is_none_or(|words| shown.unwrap().contains(words)), "{message} {shown:?}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_template_is_told_when_it_is_applied() {
    let sandbox = start().await;
    for (templates, body, message) in [
        (json!({"body": DOCUMENTED_BODY}), vec!["documented_body"], vec![]),
        (json!({"message": DOCUMENTED_REPLY_MESSAGE}), vec!["documented_body"], vec!["plus_in_the_key"]),
        (
            json!({"body": RECOMMENDED_BODY.replace("message_body} | json_escape", "message_body}")}),
            vec!["unescaped"],
            vec!["plus_in_the_key"],
        ),
        (json!({"body": "{{${user_id}", "message": REPLY_MESSAGE}), vec!["liquid_syntax"], vec![]),
        (json!({"body": RECOMMENDED_BODY, "message": "{{"}), vec![], vec!["reply_without_words", "reply_not_rendered"]),
    ] {
        let now = edit(&sandbox, templates).await;
        assert_eq!((codes(&now["body"]), codes(&now["message"])), (body, message));
        assert_eq!(get(&sandbox, "liquid").await, now);
    }
}

#[tokio::test]
async fn what_would_grow_or_is_too_long_or_is_no_template_is_refused_and_changes_nothing() {
    let sandbox = start().await;
    let before = get(&sandbox, "liquid").await;
    for (templates, reason) in [
        (json!({"body": "x".repeat(TEMPLATE_BYTES + 1)}), "bytes"),
        (json!({"body": RECOMMENDED_BODY, "message": "é".repeat(TEMPLATE_BYTES)}), "bytes"),
        (json!({"body": "{% for i in (1..1000000000) %}x{% endfor %}"}), "grow"),
        (json!({"message": "{% assign a = 'x' %}{{a}}"}), "grow"),
        (json!({"body": 7}), "string"),
        (json!({"bodies": ""}), "unknown field"),
        (json!([]), "invalid"),
    ] {
        let (status, answer) = post(&sandbox, "liquid", &templates).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{reason}");
        assert!(answer["error"].as_str().unwrap().contains(reason), "{reason}: {answer}");
        assert_eq!(get(&sandbox, "liquid").await, before, "{reason}");
    }
}

#[tokio::test]
async fn templates_are_forgotten_with_the_process_though_conversations_are_kept() {
    let folder = std::env::temp_dir().join(format!("dragoman-liquid-{}", std::process::id()));
    let options = || Options { data: Some(folder.clone()), ..Options::default() };
    let sandbox = Sandbox::start(&options()).await.unwrap();
    edit(&sandbox, json!({"body": DOCUMENTED_BODY, "message": "gone"})).await;
    steps(&sandbox, "user:ada", "hi", "answered 202").await;
    drop(sandbox);
    let patience = Instant::now() + PATIENCE;
    let again = loop {
        match Sandbox::start(&options()).await {
            Ok(sandbox) => break sandbox,
            Err(error) => assert!(Instant::now() < patience, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let now = get(&again, "liquid").await;
    assert_eq!((&now["body"]["text"], &now["message"]["text"]), (&json!(RECOMMENDED_BODY), &json!(REPLY_MESSAGE)));
    drop(again);
    let _ = std::fs::remove_dir_all(folder);
}
