//! Replies to several people in one call.

use std::sync::Arc;
use std::time::Duration;

use braze::{Delivery, Messaging as _, Outcome, Paced, Refusal, Shared as _, Together};
use futures::future::join_all;
use models::{CampaignId, Identity, Reply};
use platform::clock::SystemClock;
use serde_json::json;

use crate::{Stage, WITHIN, assert_accepted, messages, reply, to_42};

#[tokio::test]
async fn replies_that_share_a_call_reach_each_their_own_person_and_say_what_is_left() {
    for delivery in [Delivery::from("text"), Delivery::Canvas("text".to_owned())] {
        let stage = Stage::set(|workspace| workspace.requests_per_hour = 100).await;
        stage.braze.user_types("user:43", "hello").unwrap();
        let client = stage.client(delivery);
        let mut together = Together::default();
        // The properties of a call must fit as well where they are those of all its recipients.
        let long = "é".repeat(4_000);
        let words = ["one \"quoted\"", "two 👋", &long, &long, &long, &long, &long, &long, &long];
        let added = (42..).zip(words).map(|(user, words)| {
            let who = Identity::new(&user.to_string(), "", "").unwrap();
            together.add(&reply(who, json!(words)))
        });
        assert_eq!(added.filter(|added| *added).count(), 8);
        assert_accepted(&client.send_together(&together, WITHIN).await);
        assert_eq!(stage.shown("user:42").0, "one \"quoted\"");
        assert_eq!(stage.shown("user:43").0, "two 👋");
        assert_eq!(client.take_allowance().unwrap().remaining, 99);
    }
}

#[tokio::test]
async fn what_the_headers_say_makes_replies_share_a_call_and_each_says_its_own() {
    let stage = Stage::set(|workspace| workspace.requests_per_hour = 200).await;
    let users: Vec<_> = (42..47).map(|user| user.to_string()).collect();
    for user in &users {
        stage.braze.user_types(&format!("user:{user}"), "hello").unwrap();
    }
    let to = |user: &String| reply(Identity::new(user, "", "").unwrap(), json!(format!("Hello, {user}")));
    let paced = Paced::new(Arc::new(stage.client("text".into())), Arc::new(SystemClock));
    // Somebody else uses the limit up, while two answers that are a second apart say what is left.
    assert_accepted(&paced.send(&to(&users[0]), WITHIN).await);
    let other = stage.client("text".into());
    for _ in 0..180 {
        assert_accepted(&other.send(&to(&users[0]), WITHIN).await);
    }
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_accepted(&paced.send(&to(&users[0]), WITHIN).await);
    let before = stage.braze.requests().len();
    for outcome in join_all(users.iter().map(async |user| paced.send(&to(user), WITHIN).await)).await {
        assert_accepted(&outcome);
    }
    assert_eq!(stage.braze.requests().len() - before, 1);
    for user in &users {
        assert_eq!(stage.shown(&format!("user:{user}")).0, format!("Hello, {user}"));
    }
}

#[tokio::test]
async fn a_message_that_goes_along_whole_is_one_for_all_and_shares_no_call() {
    let stage = Stage::set(|_| {}).await;
    let (client, to_42) = (stage.client(messages()), to_42(json!("Hello")));
    assert!(!client.shares(&to_42));
    assert!(client.shares(&Reply { campaign: Some(CampaignId::new("text").unwrap()), ..to_42.clone() }));
    let mut together = Together::default();
    together.add(&to_42);
    assert_eq!(client.send_together(&together, WITHIN).await, Outcome::NotAccepted(Refusal::Unsupported));
    assert!(stage.braze.requests().is_empty());
}
