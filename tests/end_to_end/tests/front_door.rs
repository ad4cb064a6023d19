//! Through the front door of the sandbox, over HTTP: what a user types or `curl` posts comes back on the right phone.

use std::time::{Duration, Instant};

use end_to_end::Door;
use reqwest::{Client, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

/// Texts that upset templates, parsers and people.
const HOSTILE: [&str; 12] = [
    "He said \"hi\"",
    "a line\nand another",
    "C:\\temp",
    "ends with \\",
    "👩‍👩‍👧",
    "hi\", \"user_id\": \"victim",
    "\", \"message\": \"other",
    "x\"\n}\n",
    "{{${email_address}}} {% abort_message() %}",
    "\\n \\u0041",
    "مرحبا، متى تفتحون",
    "<script>alert(1)</script>",
];

fn documented(user: &str, phone: &str, text: &str) -> String {
    format!("{{ \"user_id\": \"{user}\", \"phone_number\": \"{phone}\", \"message\": \"{text}\" }}")
}

#[tokio::test]
async fn the_documented_body_by_hand_is_answered_on_the_users_phone() {
    let door = Door::open().await;
    let (status, answer) =
        door.post("/inbound", "sandbox", documented("42", "+4915112345678", "When are you open?")).await;
    assert_eq!((status, &answer["state"]), (StatusCode::ACCEPTED, &json!("queued")));
    assert!(door.wait_for("user:42", 1).await[0].contains("Monday to Friday"));
    let requests = door.get("/sandbox/braze/requests").await;
    let recipient = &requests[0]["body"]["recipients"][0];
    assert_eq!(recipient["external_user_id"], "42");
    assert!(recipient["trigger_properties"]["external_system_msg_body"].as_str().unwrap().contains("Monday"));
}

#[tokio::test]
async fn what_a_user_types_reaches_the_ai_byte_for_byte_and_answers_that_user() {
    let door = Door::open().await;
    for (number, text) in HOSTILE.into_iter().enumerate() {
        door.types(&format!("user:{number}"), text).await;
        door.post("/inbound", "sandbox", documented(&format!("by-hand-{number}"), "", text)).await;
    }
    for number in 0..HOSTILE.len() {
        door.wait_for(&format!("user:{number}"), 1).await;
        door.wait_for(&format!("user:by-hand-{number}"), 1).await;
    }
    let asked = door.asked().await;
    for text in HOSTILE {
        assert_eq!(asked.iter().filter(|asked| *asked == text).count(), 2, "{text:?} in {asked:?}");
    }
    assert_eq!(door.phone("user:victim").await, []);
}

#[tokio::test]
async fn somebody_braze_does_not_know_is_answered_by_alias() {
    let door = Door::open().await;
    door.types("alias:phone:+4915112345678", "When are you open?").await;
    door.wait_for("alias:phone:+4915112345678", 1).await;
    let (status, _) = door.post("/inbound", "sandbox", documented("", "+4915187654321", "When are you open?")).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    door.wait_for("alias:phone:+4915187654321", 1).await;
    let requests = door.get("/sandbox/braze/requests").await;
    let accepted: Vec<_> = requests.as_array().unwrap().iter().filter(|request| request["status"] == 201).collect();
    assert_eq!(accepted.len(), 2);
    for request in accepted {
        assert_eq!(request["body"]["recipients"][0]["user_alias"]["alias_label"], "phone");
    }
}

#[tokio::test]
async fn a_voice_message_on_the_phone_is_answered_and_the_page_shows_that_it_was_spoken() {
    let media = end_to_end::serve(axum::Router::new().fallback(|| async { b"OggS and so on".to_vec() })).await;
    let says = || async { axum::Json(json!({"text": "When are you open?"})) };
    let voice = end_to_end::serve(axum::Router::new().fallback(says)).await;
    let folder = std::env::temp_dir().join(format!("dragoman-voice-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("knowledge")).unwrap();
    std::fs::write(folder.join("knowledge/shop.md"), "# Opening hours\n\nWe are open from Monday to Friday.\n")
        .unwrap();
    let file = folder.join("assistant.toml");
    let toml = format!(
        "[media]\nhosts = [\"127.0.0.1\"]\nprivate = true\n[media.voice]\nbase_url = \"{voice}/v1\"\nmodel = \"m\"\n"
    );
    std::fs::write(&file, toml).unwrap();
    let assistant = Some(file.to_str().unwrap().to_owned());
    let door = Door::open_with(&Options { assistant, ..Options::default() }).await;
    let url = door.url("/sandbox/phones/user:42/messages");
    let sent = door.http.post(url).json(&json!({"text": "", "media_urls": format!("{media}/1.ogg")})).send().await;
    assert_eq!(sent.unwrap().status(), StatusCode::ACCEPTED);
    assert!(door.wait_for("user:42", 1).await[0].contains("Monday to Friday"));
    let asked = door.get("/sandbox/ai/requests").await;
    assert_eq!(asked[0]["messages"].as_array().unwrap().last().unwrap()["content"], "When are you open?");
    assert_eq!(asked[0]["media"], json!(["some of the words were spoken"]));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn three_fragments_get_one_answer_and_a_question_is_asked_at_once() {
    let door = Door::open().await;
    for text in ["hi", "I would like to know", "your opening hours"] {
        door.types("user:ada", text).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let started = Instant::now();
    door.types("user:bruno", "When are you open?").await;
    door.wait_for("user:bruno", 1).await;
    assert!(started.elapsed() < Duration::from_secs(2));
    door.wait_for("user:ada", 1).await;
    assert!(door.asked().await.contains(&"hi\nI would like to know\nyour opening hours".to_owned()));
}

#[tokio::test]
async fn a_greeting_is_answered_and_beside_a_question_it_is_the_question_that_is() {
    let door = Door::open().await;
    let cases = [
        ("en", "hello", "Hello!"),
        ("de", "Guten Morgen", "Hallo!"),
        ("fr", "Bonjour !", "Bonjour"),
        ("es", "Buenos días", "¡Hola!"),
        ("pt", "Oi", "Olá!"),
        ("en-thanks", "Thank you so much!", "You're welcome!"),
        ("de-thanks", "Vielen Dank", "Gern geschehen!"),
        ("fr-thanks", "Merci beaucoup !", "Avec plaisir"),
        ("es-thanks", "¡Muchas gracias!", "¡De nada!"),
        ("pt-thanks", "Muito obrigada", "De nada!"),
    ];
    for (user, text, _) in cases {
        door.types(&format!("user:{user}"), text).await;
    }
    door.types("user:asking", "hello how much is it").await;
    for text in ["hello", "when are you open?"] {
        door.types("user:burst", text).await;
    }
    for (user, text, answer) in cases {
        let read = door.wait_for(&format!("user:{user}"), 1).await;
        assert!(read[0].starts_with(answer), "{text}: {read:?}");
    }
    let read = door.wait_for("user:asking", 1).await;
    assert!(!read[0].starts_with("Hello!"), "{read:?}");
    let read = door.wait_for("user:burst", 1).await;
    assert!(read[0].starts_with("We are open Monday"), "{read:?}");
    door.types("user:en", "hello, where is my order?").await;
    let read = door.wait_for("user:en", 2).await;
    assert!(read[1].contains("My orders"), "{read:?}");
}

#[tokio::test]
async fn duplicates_of_webhooks_and_of_queue_messages_get_one_answer() {
    let door = Door::open().await;
    door.set(json!({"braze": {"webhook_copies": 2}, "duplicate_deliveries": 2})).await;
    door.types("user:ada", "When are you open?").await;
    door.wait_for("user:ada", 1).await;
    assert_eq!(door.asked().await.len(), 1);
}

#[tokio::test]
async fn braze_trouble_delays_the_answer_and_does_not_repeat_it() {
    let door = Door::open().await;
    let limited = json!({"answer": {"status": {"code": 429, "reset": {"in_seconds": 2}}}});
    door.set(json!({"braze": {"sends": [limited]}})).await;
    door.types("user:ada", "When are you open?").await;
    door.wait_for("user:ada", 1).await;
    assert_eq!(door.asked().await.len(), 1);
}

#[tokio::test]
async fn an_accepted_answer_that_was_lost_is_sent_at_most_twice() {
    let door = Door::open().await;
    door.set(json!({"braze": {"sends": [{"answer": "cut", "processed": true}]}})).await;
    door.types("user:ada", "When are you open?").await;
    let read = door.wait_for("user:ada", 2).await;
    assert_eq!(read[0], read[1]);
}

#[tokio::test]
async fn the_door_says_no_and_why() {
    let door = Door::open().await;
    let body = documented("42", "", "hi there");
    for (path, token, expected) in [
        ("/inbound", "wrong", 401),
        ("/inbound", "", 401),
        ("/inbound", "agent", 401),
        ("/conversations/takeover", "sandbox", 401),
        ("/conversations/takeover", "agent", 400),
        ("/inbound/returns", "sandbox", 202),
        ("/inbound/no such route", "sandbox", 404),
        ("/elsewhere", "sandbox", 404),
    ] {
        assert_eq!(door.post(path, token, body.clone()).await.0.as_u16(), expected, "{path} {token}");
    }
    assert_eq!(door.http.get(door.url("/inbound")).send().await.unwrap().status(), 405);
    assert_eq!(door.http.get(door.url("/health")).send().await.unwrap().status(), 200);
    let large = documented("42", "", &"x".repeat(1024 * 1024));
    assert_eq!(door.post("/inbound", "sandbox", large).await.0, 413);
}

#[tokio::test]
async fn an_authentic_body_that_nobody_can_read_is_kept_whole() {
    let door = Door::open().await;
    let (status, answer) = door.post("/inbound", "sandbox", "{\"message\": \"hi\"}").await;
    assert_eq!(status, StatusCode::ACCEPTED);
    assert!(answer["reason"].as_str().unwrap().contains("first key"), "{answer}");
    assert_eq!((&answer["state"], &answer["queue"]), (&json!("queued"), &json!("quarantine")), "{answer}");
    assert_eq!(answer.as_object().unwrap().len(), 4, "one thing is said of it: {answer}");
    assert_eq!(door.get("/sandbox/state").await["quarantined"], 1);
}

#[tokio::test]
async fn explain_tells_what_was_understood_and_queues_nothing() {
    let door = Door::open().await;
    let call = || door.http.post(door.url("/inbound?explain=1")).bearer_auth("sandbox");
    let body = documented("42", "+4915112345678", "hi\", \"user_id\": \"victim");
    let explained: Value =
        call().header("X-Dragoman-Explain", "1").body(body.clone()).send().await.unwrap().json().await.unwrap();
    assert_eq!((&explained["understood"], &explained["conversation"]), (&json!(true), &json!("user:42")));
    assert_eq!(explained["text"], "hi\", \"user_id\": \"victim");
    assert_eq!(door.phone("user:42").await, []);
    let queued = call().body(body).send().await.unwrap();
    assert_eq!(queued.status(), StatusCode::ACCEPTED, "the query alone must not swallow a message");
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let folder = std::env::temp_dir().join(format!("dragoman-restart-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let options = Options { data: Some(folder.clone()), ..Options::default() };
    let open = async || Door { sandbox: Sandbox::start(&options).await.unwrap(), http: Client::new() };
    let first = open().await;
    first.types("user:ada", "When are you open?").await;
    first.wait_for("user:ada", 1).await;
    first.types("user:ada", "and my").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(first);
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = open().await;
    second.wait_for("user:ada", 2).await;
    let history = second.get("/sandbox/ai/requests").await;
    assert_eq!(history[0]["messages"][1]["content"], "When are you open?");
    drop(second);
    let _ = std::fs::remove_dir_all(&folder);
}

#[tokio::test]
async fn a_taken_port_is_said_clearly() {
    let door = Door::open().await;
    let port = door.sandbox.url().rsplit(':').next().unwrap().parse().unwrap();
    let error = Sandbox::start(&Options { port, ..Options::default() }).await.err().unwrap().to_string();
    assert!(error.contains("taken") && error.contains("--port"), "{error}");
}
