//! People: the bot hands over to them, they write, they give back, and the user can be silent and be forgotten.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::time::{Duration, Instant};

use end_to_end::Door;
use reqwest::StatusCode;
use serde_json::{Value, json};

const ADA: &str = "user:ada";

/// An agent asks for something.
async fn agent(door: &Door, wish: &str, body: Value) {
    let (status, answer) = door.post(&format!("/conversations/{wish}"), "agent", body.to_string()).await;
    assert_eq!((status, answer["state"].as_str()), (StatusCode::ACCEPTED, Some("queued")), "{answer}");
}

/// Waits until `seen` holds of what `path` gives.
async fn wait_until(door: &Door, path: &str, seen: impl Fn(&Value) -> bool) -> Value {
    let patience = Instant::now() + Duration::from_secs(20);
    loop {
        let value = door.get(path).await;
        if seen(&value) {
            return value;
        }
        assert!(Instant::now() < patience, "it did not come: {value:#}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn owned_by(door: &Door, owner: &str) {
    let owns = |state: &Value| {
        let conversations = state["conversations"].as_array().unwrap();
        conversations.iter().any(|one| one["conversation"] == ADA && one["owner"] == owner)
    };
    wait_until(door, "/sandbox/state", owns).await;
}

async fn told(door: &Door, events: usize) -> Vec<Value> {
    let told = wait_until(door, "/sandbox/desk", |told| told.as_array().unwrap().len() >= events).await;
    told.as_array().unwrap().iter().map(|event| event["what"].clone()).collect()
}

#[tokio::test]
async fn who_asks_for_a_person_gets_one_and_the_bot_back_afterwards() {
    let door = Door::open().await;
    door.types(ADA, "When are you open?").await;
    let hours = door.wait_for(ADA, 1).await.remove(0);
    door.types(ADA, "I want to talk to a human!").await;
    let read = door.wait_for(ADA, 2).await;
    assert!(read[1].contains("colleague"), "{read:?}");
    let events = told(&door, 2).await;
    assert_eq!((&events[0]["type"], &events[0]["reason"]), (&json!("hand_off"), &json!("keyword")));
    let transcript = events[0]["transcript"].as_array().unwrap();
    let lines = transcript.iter().map(|line| (line["from"].as_str().unwrap(), line["text"].as_str().unwrap()));
    let lines: Vec<_> = lines.collect();
    assert_eq!(lines, [("user", "When are you open?"), ("bot", &hours), ("bot", &read[1])]);
    assert_eq!((&events[1]["type"], &events[1]["text"]), (&json!("message"), &json!("I want to talk to a human!")));
    owned_by(&door, "person").await;

    // To the person, not to the bot.
    door.types(ADA, "My parcel is late, where is it?").await;
    assert_eq!(told(&door, 3).await[2]["text"], "My parcel is late, where is it?");
    for (id, text) in [("1", "Hello, Eve here *myself*."), ("2", "I am looking."), ("3", "It comes today.")] {
        agent(&door, "messages", json!({"conversation": ADA, "text": text, "id": id})).await;
    }
    // The same request once more, and with other words: the first ones count.
    for text in ["It comes today.", "It comes tomorrow."] {
        agent(&door, "messages", json!({"conversation": ADA, "text": text, "id": "3"})).await;
    }
    let read = door.wait_for(ADA, 5).await;
    assert_eq!(read[2..], ["Hello, Eve here *myself*.", "I am looking.", "It comes today."]);

    agent(&door, "release", json!({"conversation": ADA})).await;
    owned_by(&door, "bot").await;
    door.types(ADA, "And when are you open?").await;
    assert!(door.wait_for(ADA, 6).await[5].contains("Monday"));
    let requests = door.get("/sandbox/ai/requests").await;
    let asked = requests.as_array().unwrap().last().unwrap()["messages"].to_string();
    assert!(asked.contains("It comes today.") && asked.contains("The person has left"), "{asked}");
}

#[tokio::test]
async fn a_takeover_works_before_anybody_wrote_and_an_agents_word_implies_one() {
    let door = Door::open().await;
    agent(&door, "takeover", json!({"conversation": ADA})).await;
    owned_by(&door, "person").await;
    door.types(ADA, "When are you open?").await;
    let events = told(&door, 2).await;
    assert_eq!((&events[0]["reason"], &events[1]["text"]), (&json!("agent"), &json!("When are you open?")));
    door.wait_for(ADA, 0).await;

    // Who is known by a number alone, and was answered by the bot before.
    let bob = "alias:phone:+4915112345678";
    door.types(bob, "When are you open?").await;
    door.wait_for(bob, 1).await;
    agent(&door, "messages", json!({"conversation": bob, "text": "Hi from Eve"})).await;
    assert_eq!(door.wait_for(bob, 2).await[1], "Hi from Eve");
    door.types(bob, "When are you open?").await;
    told(&door, 4).await;
    door.wait_for(bob, 2).await;
}

#[tokio::test]
async fn while_the_desk_is_down_the_user_is_told_once_and_nothing_is_lost() {
    let door = Door::open().await;
    door.set(json!({"desk_down": true})).await;
    door.types(ADA, "human").await;
    let read = door.wait_for(ADA, 2).await;
    assert!(read[0].contains("colleague") && read[1].contains("can't be reached"), "{read:?}");
    door.set(json!({"desk_down": false})).await;
    let events = told(&door, 2).await;
    assert_eq!((&events[0]["type"], &events[1]["text"]), (&json!("hand_off"), &json!("human")));
    door.wait_for(ADA, 2).await;
}

#[tokio::test]
async fn after_an_opt_out_there_is_silence_until_an_opt_in() {
    let door = Door::open().await;
    door.types(ADA, "Stop!").await;
    let out = |state: &Value| state["conversations"][0]["opted_out"] == true;
    wait_until(&door, "/sandbox/state", out).await;
    door.types(ADA, "When are you open?").await;
    door.wait_for(ADA, 0).await;
    assert!(door.asked().await.is_empty());
    door.types(ADA, "START").await;
    door.wait_for(ADA, 1).await;
    door.types(ADA, "When are you open?").await;
    assert!(door.wait_for(ADA, 2).await[1].contains("Monday"));
}

#[tokio::test]
async fn a_forgotten_user_leaves_nothing_and_can_begin_anew() {
    let door = Door::open().await;
    door.types(ADA, "When are you open, says the canary?").await;
    door.wait_for(ADA, 1).await;
    door.types(ADA, "human").await;
    told(&door, 2).await;
    agent(&door, "release", json!({"conversation": ADA})).await;
    told(&door, 3).await;
    let shown = door.get("/sandbox/desk").await.to_string();
    assert!(shown.contains("canary"), "{shown}");
    for _ in 0..2 {
        agent(&door, "erase", json!({"conversation": ADA})).await;
        let gone = |state: &Value| state["conversations"].as_array().unwrap().iter().all(|one| one["turns"] == 0);
        wait_until(&door, "/sandbox/state", gone).await;
    }
    // What the sandbox shows is forgotten, too.
    for path in ["/sandbox/ai/requests", "/sandbox/steps", "/sandbox/desk", "/sandbox/desk/conversations"] {
        let shown = door.get(path).await.to_string();
        assert!(!shown.contains("canary"), "{path} {shown}");
    }
    door.types(ADA, "And on Sunday, when are you open?").await;
    door.wait_for(ADA, 3).await;
    let asked = door.get("/sandbox/ai/requests").await[0].to_string();
    assert!(asked.contains("Sunday") && !asked.contains("canary"), "{asked}");
}

#[tokio::test]
async fn what_no_agent_can_mean_is_said_to_be_wrong() {
    let door = Door::open().await;
    for (path, body) in [
        ("messages", json!({"conversation": ADA})),
        ("messages", json!({"conversation": ADA, "text": " "})),
        ("messages", json!({"conversation": ADA, "text": "x".repeat(20_000)})),
        ("messages", json!({"conversation": ADA, "text": "hi", "id": ""})),
        ("takeover", json!({"conversation": "everybody"})),
        ("release", json!({"conversation": "user:"})),
        ("erase", json!({"user": ADA})),
        ("messages", json!({"conversation": ADA, "text": "hi", "urgent": true})),
        ("takeover", json!({"conversation": ADA, "text": "hi"})),
        ("takeover", json!([])),
    ] {
        let (status, answer) = door.post(&format!("/conversations/{path}"), "agent", body.to_string()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{path} {body}");
        assert!(answer["error"].as_str().unwrap().contains('"'), "{answer}");
    }
    let (status, _) = door.post("/conversations/messages", "sandbox", json!({"conversation": ADA}).to_string()).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
}
