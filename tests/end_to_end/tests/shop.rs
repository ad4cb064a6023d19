//! The sample shop, from the door to the phone: routes, a flow with a branch, and what the profile says in the end.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::path::PathBuf;

use end_to_end::Door;
use reqwest::StatusCode;
use sandbox::Options;
use serde_json::{Value, json};

const ADA: &str = "user:ada";

async fn shop() -> Door {
    let toml = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/responder/samples/shop/assistant.toml");
    Door::open_with(&Options { assistant: Some(PathBuf::from(toml).display().to_string()), ..Options::default() }).await
}

/// What Braze was asked to send to Ada, oldest first: the campaign, and the recipient.
async fn sent(door: &Door) -> Vec<(String, Value)> {
    let requests = door.get("/sandbox/braze/requests").await;
    let sends = requests.as_array().unwrap().iter().filter(|request| request["body"]["campaign_id"].is_string());
    let shown = |request: &Value| {
        let campaign = request["body"]["campaign_id"].as_str().unwrap().to_owned();
        (campaign, request["body"]["recipients"][0].clone())
    };
    sends.map(shown).collect()
}

#[tokio::test]
async fn a_return_is_asked_for_step_by_step_with_a_branch() {
    let door = shop().await;
    let mut answers = 0;
    for (text, expected) in [
        ("Return!", "Which order is it?"),
        ("the blue one", "does not look like an order number"),
        ("ab1234", "refund or an exchange"),
        ("exchange", "In which size"),
        ("M", "the other size soon"),
        ("When are you open?", "Monday"),
    ] {
        door.types(ADA, text).await;
        answers += 1;
        let read = door.wait_for(ADA, answers).await;
        assert!(read[answers - 1].contains(expected), "{text}: {read:?}");
    }
    let attributes: Vec<_> =
        sent(&door).await.into_iter().map(|(_, recipient)| recipient["attributes"].clone()).collect();
    assert_eq!(attributes[2]["last_return_order"], "ab1234");
    assert_eq!(attributes[3]["last_return_wish"], "Exchange");
    let requests = door.get("/sandbox/braze/requests").await;
    let tracked = requests.as_array().unwrap().iter().find_map(|request| request["body"]["events"].as_array());
    let event = &tracked.unwrap()[0];
    assert_eq!((&event["name"], &event["properties"]["value"]), (&json!("return_wished"), &json!("Exchange")));
    assert_eq!((&attributes[0]["dragoman_owner"], &attributes[0]["dragoman_turns"]), (&json!("bot"), &json!(1)));
    assert!(attributes[1].get("dragoman_owner").is_none(), "what has not changed is not written again");
}

#[tokio::test]
async fn a_flow_can_be_called_off_and_gives_up_to_a_person() {
    let door = shop().await;
    door.types(ADA, "return").await;
    door.wait_for(ADA, 1).await;
    door.types(ADA, "cancel").await;
    let read = door.wait_for(ADA, 2).await;
    assert!(read[1].contains("leave it there"), "{read:?}");
    for (number, text) in ["return", "no idea", "the blue one", "the big one"].into_iter().enumerate() {
        door.types(ADA, text).await;
        door.wait_for(ADA, 3 + number).await;
    }
    assert!(door.wait_for(ADA, 6).await[5].contains("colleague"));
    assert_eq!(door.get("/sandbox/desk").await[0]["what"]["reason"], "flow");
    let (_, recipient) = sent(&door).await.pop().unwrap();
    assert_eq!(recipient["attributes"]["dragoman_owner"], "person");
}

#[tokio::test]
async fn routes_answer_in_their_own_way_and_a_conversation_stays_on_its_route() {
    let door = shop().await;
    door.types(ADA, "Returns").await;
    door.wait_for(ADA, 1).await;
    door.types(ADA, "Who pays for the return?").await;
    assert!(door.wait_for(ADA, 2).await[1].contains("free of charge"));
    let campaigns: Vec<_> = sent(&door).await.into_iter().map(|(campaign, _)| campaign).collect();
    assert_eq!(campaigns, ["replies-returns", "replies-returns"]);
    door.types("user:bob", "Who pays for the return?").await;
    assert!(!door.wait_for("user:bob", 1).await[0].contains("free of charge"));

    let body = r#"{ "user_id": "eve", "phone_number": "", "message": "Hello, when are you open?" }"#;
    assert_eq!(door.post("/inbound/vip", "sandbox", body).await.0, StatusCode::ACCEPTED);
    assert!(door.wait_for("user:eve", 1).await[0].contains("colleague"));
    assert_eq!(door.get("/sandbox/desk").await[0]["what"]["reason"], "route");
}

#[tokio::test]
async fn what_braze_answers_itself_is_left_alone_and_the_language_is_the_users() {
    let door = shop().await;
    door.types(ADA, "Newsletter").await;
    let body = r#"{ "user_id": "bob", "phone_number": "", "message": "Ich möchte mit einem Menschen sprechen" }"#;
    assert_eq!(door.post("/inbound", "sandbox", body).await.0, StatusCode::ACCEPTED);
    assert!(door.wait_for("user:bob", 1).await[0].contains("Kolleg"));
    door.wait_for(ADA, 0).await;
}

#[tokio::test]
async fn another_system_starts_a_flow_and_the_user_answers_it() {
    let door = shop().await;
    door.types(ADA, "When are you open?").await;
    door.wait_for(ADA, 1).await;
    let start = |flow: &str| json!({"conversation": ADA, "flow": flow, "language": "de", "id": "parcel-7"}).to_string();
    for _ in 0..2 {
        let (status, answer) = door.post("/conversations/flows", "agent", start("return")).await;
        assert_eq!((status, &answer["state"]), (StatusCode::ACCEPTED, &json!("queued")));
    }
    assert!(door.wait_for(ADA, 2).await[1].contains("Um welche Bestellung"));
    door.types(ADA, "AB1234").await;
    door.wait_for(ADA, 3).await;
    let (_, recipient) = sent(&door).await.pop().unwrap();
    assert_eq!(recipient["attributes"]["last_return_order"], "AB1234");
    for (body, wrong) in [
        (json!({"conversation": ADA}), "\"flow\""),
        (json!({"conversation": ADA, "flow": ""}), "\"flow\""),
        (json!({"conversation": ADA, "flow": "return", "language": "de; DROP"}), "\"language\""),
        (json!({"conversation": ADA, "flow": "return", "language": "it"}), "(de, en, es, fr, pt)"),
    ] {
        let (status, answer) = door.post("/conversations/flows", "agent", body.to_string()).await;
        assert!(status == StatusCode::BAD_REQUEST && answer["error"].as_str().unwrap().contains(wrong), "{answer}");
    }
    assert_eq!(door.post("/conversations/flows", "sandbox", start("return")).await.0, StatusCode::UNAUTHORIZED);
}
