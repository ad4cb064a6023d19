//! `/users/track`.

use serde_json::json;

use super::*;

async fn track(served: &Served, body: &Value) -> (u16, Value) {
    answer(served.post("/users/track").json(body)).await
}

#[tokio::test]
async fn good_objects_count_and_wrong_ones_are_named() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let event = |time: &str| json!({"external_id": "42", "name": "answered", "time": time, "properties": {"parts": 2}});
    let (status, answer) = track(&served, &json!({
        "attributes": [
            {"external_id": "42", "handed_over": true, "phone": "+49151"},
            {"external_id": "42", "braze_id": "x", "a": 1},
            {"a": 1},
            {"external_id": "42", "_update_existing_only": "no"},
            {"user_alias": {"alias_label": "phone", "alias_name": "+99"}, "a": 1},
        ],
        "events": [
            event("2026-11-02T10:00:00Z"), event("2026-11-02T10:00:00.123+01:00"), event("yesterday"),
            {"external_id": "42", "name": "answered"}, {"external_id": "42", "name": "x", "time": "2026-11-02T10:00:00Z", "extra": 1},
            {"external_id": "42", "name": "x", "time": "2026-11-02T10:00:00Z", "properties": {"t": "x".repeat(256)}},
            {"external_id": "42", "name": "x", "time": "2026-11-02T10:00:00Z", "properties": {"event_name": "x"}},
        ],
    })).await;
    assert_eq!((status, &answer["message"]), (201, &json!("success")));
    assert_eq!((&answer["attributes_processed"], &answer["events_processed"]), (&json!(2), &json!(2)));
    let wrong = |array: &str| -> Vec<u64> {
        let errors = answer["errors"].as_array().unwrap().iter().filter(|error| error["input_array"] == array);
        errors.map(|error| error["index"].as_u64().unwrap()).collect()
    };
    assert_eq!((wrong("attributes"), wrong("events")), (vec![1, 2, 3], vec![2, 3, 4, 5, 6]));
    let profile = served.braze.profile("user:42").unwrap();
    assert_eq!((json!(profile.attributes), profile.events.len()), (json!({"handed_over": true}), 2));
    assert_eq!(profile.phone, Some("+49151".into()));
    // An alias makes nobody unless the call says so.
    assert!(served.braze.profile("alias:phone:+99").is_none());
}

#[tokio::test]
async fn users_are_made_where_the_call_may_make_them() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let alias = json!({"alias_label": "crm", "alias_name": "7"});
    track(
        &served,
        &json!({"attributes": [
            {"external_id": "new", "a": 1}, {"external_id": "absent", "_update_existing_only": true, "a": 1},
            {"user_alias": alias, "_update_existing_only": false, "a": 1},
        ]}),
    )
    .await;
    assert_eq!(
        ["user:new", "user:absent", "alias:crm:7"].map(|name| served.braze.profile(name).is_some()),
        [true, false, true]
    );
    assert!(!served.braze.profile("user:new").unwrap().subscribed);
}

#[tokio::test]
async fn a_subscription_through_tracking_lets_the_next_answer_through() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    served.braze.user_types("alias:phone:+49", "hello").unwrap();
    let alias = json!({"alias_label": "phone", "alias_name": "+49"});
    let groups = json!([{"subscription_group_id": "whatsapp-group", "subscription_state": "subscribed"}]);
    track(&served, &json!({"attributes": [{"user_alias": alias, "subscription_groups": groups}]})).await;
    let recipient = json!({"user_alias": alias, "trigger_properties": {"external_system_msg_body": "hi"}});
    served.trigger(&json!({"campaign_id": "replies", "recipients": [recipient]})).await;
    assert_eq!(served.brand("alias:phone:+49"), ["hi"]);
}

#[tokio::test]
async fn calls_that_are_wrong_as_a_whole_are_refused() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let attributes = |count: usize| vec![json!({"external_id": "42", "a": 1}); count];
    for (body, message) in [
        (json!({}), "Bad Request"),
        (json!({"attributes": []}), "Bad Request"),
        (json!({"attributes": {}}), "Bad Request"),
        (json!({"purchases": []}), "Bad Request"),
        (json!({"attributes": attributes(76)}), "Max Input Length Exceeded"),
    ] {
        let (status, answer) = track(&served, &body).await;
        assert_eq!((status, &answer["message"]), (400, &json!(message)), "{body}");
    }
    assert_eq!(track(&served, &json!({"attributes": attributes(75)})).await.1["attributes_processed"], 75);
    let stranger = served.client.post(format!("{}/users/track", served.url)).bearer_auth("x");
    assert_eq!(answer(stranger.json(&json!({}))).await.0, 401);
}

#[tokio::test]
async fn an_event_is_of_this_app_and_its_properties_are_small() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let event = |extra: Value| {
        let mut event = json!({"external_id": "42", "name": "x", "time": "2026-11-02T10:00:00Z"});
        event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        event
    };
    let large = json!({"properties": {"list": vec!["x".repeat(255); 400]}});
    let events = [json!({"app_id": "app"}), json!({"app_id": "other"}), large].map(event);
    let (status, answer) = track(&served, &json!({"events": events})).await;
    assert_eq!((status, &answer["events_processed"]), (201, &json!(1)));
}

#[tokio::test]
async fn a_contract_may_allow_fewer_objects_in_a_call() {
    let served = with_writers(Workspace { track_objects: 50, ..workspace("http://127.0.0.1:9") }).await;
    let attributes = |count: usize| json!({"attributes": vec![json!({"external_id": "42", "a": 1}); count]});
    assert_eq!(track(&served, &attributes(50)).await.0, 201);
    assert_eq!(track(&served, &attributes(51)).await.0, 400);
}
