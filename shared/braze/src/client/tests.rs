use std::sync::Mutex;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use models::{Content, Identity, MessageId, Part, ReplyId, Subscription, SubscriptionGroupId};
use platform::secrets::{FixedKey, SecretUnavailable};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::Sender;

type Received = Arc<Mutex<Vec<(String, Value)>>>;
type Answer = fn(&str, &Value) -> Response;

/// A server that answers as told, at the address it returns, and what it received.
async fn server(answer: Answer) -> (String, Received) {
    let received = Received::default();
    let app = Router::new().fallback(receive).with_state((Arc::clone(&received), answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, received)
}

async fn receive(State((received, answer)): State<(Received, Answer)>, headers: HeaderMap, body: Bytes) -> Response {
    let key = headers["authorization"].to_str().unwrap().to_owned();
    let body: Value = serde_json::from_slice(&body).unwrap();
    received.lock().unwrap().push((key.clone(), body.clone()));
    answer(&key, &body)
}

fn client(endpoint: &str, key: Arc<dyn Key>) -> Client {
    Client::new(platform::http::client().unwrap(), endpoint, "c1", key)
}

fn fixed_key() -> Arc<dyn Key> {
    Arc::new(FixedKey("k1".into()))
}

fn reply(external: &str, braze: &str, phone: &str) -> Reply {
    let id = ReplyId::new(&MessageId::stored("m1"), 1);
    let to = Identity::new(external, braze, phone).unwrap();
    let content = Content::Text(Part::new("Hello!").unwrap());
    Reply { to, id, content, campaign: None, attributes: Attributes::default(), part: 1, parts: 1 }
}

async fn send(client: &Client, reply: &Reply) -> Outcome {
    client.send(reply, Duration::from_millis(500)).await
}

const RATE_LIMITED: Answer =
    |_, _| (StatusCode::TOO_MANY_REQUESTS, [("x-ratelimit-reset", "1700000000")], "").into_response();
const MOVED: Answer = |_, _| (StatusCode::FOUND, [("location", "http://127.0.0.1:1/stolen")], "").into_response();
const ACCEPTING: Answer = |_, _| (StatusCode::CREATED, r#"{"message": "success"}"#).into_response();
const WITHOUT_ALIASES: Answer = |_, body| match body["recipients"][0].get("user_alias") {
    Some(_) => (StatusCode::BAD_REQUEST, r#"{"message": "No Recipients"}"#).into_response(),
    None => (StatusCode::CREATED, r#"{"message": "success"}"#).into_response(),
};
const REFUSING: Answer = |_, _| (StatusCode::BAD_REQUEST, r#"{"message": "Invalid Campaign ID"}"#).into_response();
const WITHOUT_GROUPS: Answer = |_, body| match body["recipients"][0]["attributes"].get("subscription_groups") {
    Some(_) => (StatusCode::BAD_REQUEST, r#"{"message": "Bad Request"}"#).into_response(),
    None => (StatusCode::CREATED, r#"{"message": "success"}"#).into_response(),
};
const ROTATED: Answer = |key, _| match key {
    "Bearer k2" => StatusCode::CREATED.into_response(),
    _ => StatusCode::UNAUTHORIZED.into_response(),
};

#[tokio::test]
async fn an_accepted_send_carries_the_key_and_one_recipient() {
    let (endpoint, received) = server(ACCEPTING).await;
    let outcome = send(&client(&endpoint, fixed_key()), &reply("42", "", "")).await;
    assert_eq!(outcome, Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false });
    let received = received.lock().unwrap();
    let (key, body) = &received[0];
    assert_eq!((received.len(), key.as_str()), (1, "Bearer k1"));
    assert_eq!(body["recipients"].as_array().unwrap().len(), 1);
    assert_eq!(body.get("broadcast"), None);
}

#[tokio::test]
async fn a_rate_limit_says_when_and_a_redirect_is_not_followed() {
    let (endpoint, _) = server(RATE_LIMITED).await;
    let reset = Some(models::Timestamp::from_seconds(1_700_000_000));
    let outcome = send(&client(&endpoint, fixed_key()), &reply("42", "", "")).await;
    assert_eq!(outcome, Outcome::NotAccepted(Refusal::RateLimited(reset)));
    let (endpoint, _) = server(MOVED).await;
    let outcome = send(&client(&endpoint, fixed_key()), &reply("42", "", "")).await;
    assert_eq!(outcome, Outcome::NotAccepted(Refusal::Rejected(302)));
}

#[tokio::test]
async fn somebody_without_an_external_id_is_named_by_alias_and_then_by_braze_id() {
    for (answer, expected) in [(ACCEPTING, vec!["user_alias"]), (WITHOUT_ALIASES, vec!["user_alias", "braze_id"])] {
        let (endpoint, received) = server(answer).await;
        let outcome = send(&client(&endpoint, fixed_key()), &reply("", "b1", "+4915112345")).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        let received = received.lock().unwrap();
        let name = |body: &Value| {
            ["user_alias", "braze_id"].into_iter().find(|name| body["recipients"][0].get(name).is_some())
        };
        assert_eq!(received.iter().filter_map(|(_, body)| name(body)).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn a_refusal_that_no_name_changes_is_a_rejection_and_an_external_id_is_tried_once() {
    for (names, requests) in [(("", "b1", "+4915112345"), 2), (("42", "b1", "+4915112345"), 1)] {
        let (endpoint, received) = server(REFUSING).await;
        let outcome = send(&client(&endpoint, fixed_key()), &reply(names.0, names.1, names.2)).await;
        assert_eq!(outcome, Outcome::NotAccepted(Refusal::Rejected(400)));
        assert_eq!(received.lock().unwrap().len(), requests);
    }
}

#[tokio::test]
async fn what_braze_will_not_write_along_costs_no_reply_and_nothing_else_is_sent_without_it() {
    let subscribing = |names: (&str, &str, &str)| {
        let mut attributes = Attributes::default();
        attributes.subscribe(SubscriptionGroupId::new("none").unwrap(), Subscription::Subscribed);
        Reply { attributes, ..reply(names.0, names.1, names.2) }
    };
    let without = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: true };
    let refused = Outcome::NotAccepted(Refusal::Rejected(400));
    let limited = Outcome::NotAccepted(Refusal::RateLimited(Some(models::Timestamp::from_seconds(1_700_000_000))));
    for (answer, names, expected, requests) in [
        (WITHOUT_GROUPS, ("", "b1", "+49"), &without, 3),
        (WITHOUT_GROUPS, ("42", "", ""), &without, 2),
        (REFUSING, ("", "b1", "+49"), &refused, 4),
        (RATE_LIMITED, ("", "b1", "+49"), &limited, 1),
    ] {
        let (endpoint, received) = server(answer).await;
        assert_eq!(send(&client(&endpoint, fixed_key()), &subscribing(names)).await, *expected);
        assert_eq!(received.lock().unwrap().len(), requests, "{names:?}");
    }
}

#[tokio::test]
async fn a_status_that_came_counts_though_its_body_never_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let head = b"HTTP/1.1 201 Created\r\ncontent-length: 50\r\n\r\n{";
        let mut request = [0; 4_096];
        assert!(stream.read(&mut request).await.unwrap() > 0);
        stream.write_all(head).await.unwrap();
        std::future::pending::<()>().await;
    });
    let outcome = send(&client(&endpoint, fixed_key()), &reply("42", "", "")).await;
    assert_eq!(outcome, Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false });
}

/// Braze's own error page, with so many characters of message.
fn error_page(characters: usize) -> Response {
    let body = format!(r#"{{"message": "{}"}}"#, "x".repeat(characters));
    (StatusCode::INTERNAL_SERVER_ERROR, body).into_response()
}

#[tokio::test]
async fn what_an_answer_says_is_read_to_its_end_unless_it_is_longer_than_any_of_brazes() {
    for (answer, expected) in [
        ((|_, _| error_page(40_000)) as Answer, Outcome::NotAccepted(Refusal::Unavailable)),
        (|_, _| error_page(2_000_000), Outcome::Unknown("a server error that is not Braze's")),
    ] {
        let (endpoint, _) = server(answer).await;
        let client = client(&endpoint, fixed_key());
        assert_eq!(client.send(&reply("42", "", ""), Duration::from_secs(5)).await, expected);
    }
}

/// `k1` until it is refreshed, then `k2`.
struct Rotating;

#[async_trait]
impl Key for Rotating {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        Ok("k1".into())
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        Ok("k2".into())
    }
}

#[tokio::test]
async fn a_refused_key_is_looked_up_once_more() {
    let (endpoint, received) = server(ROTATED).await;
    assert!(matches!(
        send(&client(&endpoint, Arc::new(Rotating)), &reply("42", "", "")).await,
        Outcome::Accepted { .. }
    ));
    assert_eq!(received.lock().unwrap().len(), 2);
    let outcome = send(&client(&endpoint, fixed_key()), &reply("42", "", "")).await;
    assert_eq!(outcome, Outcome::NotAccepted(Refusal::Unauthorized));
    assert_eq!(received.lock().unwrap().len(), 3, "the same key is not tried twice");
}

#[tokio::test]
async fn what_never_left_is_not_accepted_and_what_may_have_arrived_is_unknown() {
    let nobody = "http://127.0.0.1:1";
    let outcome = send(&client(nobody, fixed_key()), &reply("42", "", "")).await;
    assert_eq!(outcome, Outcome::NotAccepted(Refusal::Unavailable));
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let outcome = send(&client(&endpoint, fixed_key()), &reply("42", "", "")).await;
    assert_eq!(outcome, Outcome::Unknown("no answer in time"));
}

#[tokio::test]
async fn nothing_printed_tells_the_key_or_the_words() {
    let printed = format!("{:?} {:?}", client("http://x", fixed_key()), reply("42-secret", "", ""));
    assert!(!printed.contains("k1") && !printed.contains("Hello") && !printed.contains("42-secret"), "{printed}");
}

#[tokio::test]
async fn what_a_delivery_cannot_say_is_refused_without_a_call() {
    let (endpoint, received) = server(ACCEPTING).await;
    let sender = Sender { app_id: "app".to_owned(), subscription_group_id: "group".to_owned(), template: None };
    let http = platform::http::client().unwrap();
    let client = Client::new(http, &endpoint, Delivery::Messages(sender), fixed_key());
    let outcome = send(&client, &reply("", "b1", "")).await;
    assert_eq!(outcome, Outcome::NotAccepted(Refusal::Unsupported));
    assert!(received.lock().unwrap().is_empty());
}

/// Users with so many attributes objects and events, one event a user.
fn updates(users: usize) -> Vec<ProfileUpdate> {
    let mut attributes = Attributes::default();
    attributes.set("in_chat", models::ProfileValue::Flag(true)).unwrap();
    let event = models::Event::new("answered", models::Timestamp::EPOCH).unwrap();
    let update = |user: usize| ProfileUpdate {
        who: Recipient::External(user.to_string().into()),
        attributes: attributes.clone(),
        events: vec![event.clone()],
    };
    (0..users).map(update).collect()
}

async fn track(client: &Client, updates: &[ProfileUpdate]) -> TrackOutcome {
    client.track(updates, Duration::from_millis(500)).await
}

#[tokio::test]
async fn profiles_are_written_in_calls_of_as_many_objects_as_braze_takes() {
    for (limit, expected) in [(None, vec![75, 25]), (Some(50), vec![50, 50]), (Some(1_000), vec![75, 25])] {
        let (endpoint, received) = server(ACCEPTING).await;
        let mut client = client(&endpoint, fixed_key());
        if let Some(limit) = limit {
            client = client.objects_per_call(limit);
        }
        let outcome = track(&client, &updates(50)).await;
        assert!(outcome.all_written() && outcome.updates.len() == 50);
        let received = received.lock().unwrap();
        let count = |body: &Value, array: &str| body[array].as_array().map_or(0, Vec::len);
        let sizes = received.iter().map(|(_, body)| count(body, "attributes") + count(body, "events"));
        assert_eq!(sizes.collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn nothing_to_write_makes_no_call() {
    let (endpoint, received) = server(ACCEPTING).await;
    assert!(track(&client(&endpoint, fixed_key()), &[]).await.all_written());
    assert!(received.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_workspace_that_takes_nothing_now_is_asked_once_and_a_refused_call_stops_no_other() {
    let limited = Refusal::RateLimited(Some(models::Timestamp::from_seconds(1_700_000_000)));
    for (answer, refusal, requests) in [(RATE_LIMITED, limited, 1), (REFUSING, Refusal::Rejected(400), 2)] {
        let (endpoint, received) = server(answer).await;
        let updates = updates(50);
        let outcome = track(&client(&endpoint, fixed_key()), &updates).await;
        let not_accepted = Tracked::NotAccepted(refusal);
        for updated in &outcome.updates {
            assert_eq!(
                (updated.attributes.as_ref(), &updated.events[..]),
                (Some(&not_accepted), &[not_accepted.clone()][..])
            );
        }
        assert_eq!(received.lock().unwrap().len(), requests);
        assert_eq!(outcome.again(&updates).len(), if refusal.may_pass() { 50 } else { 0 });
    }
}

#[tokio::test]
async fn a_key_is_looked_up_once_more_for_profiles_too() {
    let (endpoint, received) = server(ROTATED).await;
    assert!(track(&client(&endpoint, Arc::new(Rotating)), &updates(1)).await.all_written());
    assert_eq!(received.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn without_an_answer_nobody_knows_what_was_written_and_what_never_left_was_not() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let outcome = track(&client(&endpoint, fixed_key()), &updates(50)).await;
    let first = &outcome.updates[0];
    assert_eq!((first.attributes.as_ref(), &first.events[..]), (Some(&Tracked::Unknown), &[Tracked::Unknown][..]));
    let late = Some(Tracked::NotAccepted(Refusal::Unavailable));
    assert_eq!(outcome.updates[49].attributes, late, "for the second call there was no time");
    let outcome = track(&client("http://127.0.0.1:1", fixed_key()), &updates(1)).await;
    assert_eq!(outcome.updates[0].attributes, late);
}

#[tokio::test]
async fn an_object_that_braze_names_is_refused_alone() {
    let answer: Answer = |_, _| {
        let error = json!({"type": "invalid", "input_array": "events", "index": 1});
        (StatusCode::CREATED, json!({"message": "success", "errors": [error]}).to_string()).into_response()
    };
    let (endpoint, _) = server(answer).await;
    let outcome = track(&client(&endpoint, fixed_key()), &updates(2)).await;
    assert_eq!(outcome.updates[0].events, [Tracked::Written]);
    assert_eq!(outcome.updates[1].events, [Tracked::Refused("invalid".into())]);
    assert_eq!(outcome.updates[1].attributes, Some(Tracked::Written));
}
