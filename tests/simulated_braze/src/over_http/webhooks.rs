//! What leaves Braze when somebody types.

use serde_json::json;

use super::*;
use crate::{Attempt, DOCUMENTED_BODY, Faults, Inbound, InboundCampaign, Keyword, Outcome, Profile};

const HOSTILE: [&str; 16] = [
    "hello",
    "He said \"hi\"",
    "two\nlines\r\nand a\ttab",
    "ends with \\",
    "C:\\temp \\n \\u0041",
    "😀 👩‍👩‍👧 é e\u{301} مرحبا",
    "hi\", \"user_id\": \"victim",
    "\", \"message\": \"other",
    "\"} {\"v\": 1}",
    "{{${email}}}",
    "{{${user_id}}} {% abort_message() %}",
    "${user_id} }} {{ {% raw %}",
    "\u{2028}\u{2029}\u{feff}",
    "\u{1}\u{8}\u{c}\u{1b}\u{7f}",
    "",
    "null",
];

async fn typed(workspace: Workspace, conversation: &str, text: &str) -> Arc<SimulatedBraze> {
    let braze = SimulatedBraze::new(workspace);
    braze.user_types(conversation, text).unwrap();
    braze.settled().await;
    braze
}

#[tokio::test]
async fn the_recommended_body_is_json_with_the_text_byte_for_byte() {
    let door = Door::open(&[202]).await;
    let mut workspace = workspace(&door.url);
    let profile_name = Some("\"Eve\", \"user_id\": \"victim\"\n\\".into());
    workspace.profiles.push(Profile { profile_name, ..Profile::customer("id \"42\" \\ ü") });
    let braze = SimulatedBraze::new(workspace);
    for text in HOSTILE {
        braze.user_types("user:id \"42\" \\ ü", text).unwrap();
        braze.settled().await;
        let body: Value = serde_json::from_str(&door.bodies().pop().unwrap()).unwrap();
        assert_eq!((&body["message"], &body["v"]), (&json!(text), &json!(1)), "{text}");
        assert_eq!((&body["user_id"], &body["language"]), (&json!("id \"42\" \\ ü"), &json!("en")), "{text}");
        assert_eq!(body["profile_name"], "\"Eve\", \"user_id\": \"victim\"\n\\", "{text}");
        assert!(body["phone_number"].as_str().unwrap().starts_with("+1555"), "{text}");
        assert!(body["sent_at"].as_str().unwrap().parse::<u64>().is_ok(), "{text}");
        assert_eq!(body["dispatch_id"].as_str().unwrap().len(), 32, "{text}");
        assert_eq!((&body["media_urls"], body.as_object().unwrap().len()), (&json!(""), 10), "{text}");
    }
    assert_eq!(door.bodies().len(), HOSTILE.len());
    let dispatches: std::collections::HashSet<_> =
        braze.webhooks().into_iter().map(|webhook| webhook.dispatch_id).collect();
    assert_eq!(dispatches.len(), HOSTILE.len());
}

#[tokio::test]
async fn the_documented_body_is_the_bare_text_between_quotation_marks() {
    let door = Door::open(&[202]).await;
    let mut workspace = workspace(&door.url);
    DOCUMENTED_BODY.clone_into(&mut workspace.inbound[0].body);
    workspace.profiles.push(Profile { phone: Some("+49151".into()), ..Profile::customer("42") });
    let braze = SimulatedBraze::new(workspace);
    for text in HOSTILE {
        braze.user_types("user:42", text).unwrap();
        braze.settled().await;
        let body =
            format!("{{\n  \"user_id\": \"42\",\n  \"phone_number\": \"+49151\",\n  \"message\": \"{text}\"\n}}");
        assert_eq!(door.bodies().pop().unwrap(), body);
    }
}

#[tokio::test]
async fn a_newcomer_has_no_external_id_but_a_number_and_a_braze_id() {
    let door = Door::open(&[202]).await;
    let body = |braze: &SimulatedBraze| -> Value { serde_json::from_str(braze.webhooks()[0].body.as_str()).unwrap() };
    let newcomer = body(&*typed(workspace(&door.url), "alias:phone:+49151", "hi").await);
    assert_eq!((&newcomer["user_id"], &newcomer["phone_number"]), (&json!(""), &json!("+49151")));
    assert_ne!(newcomer["braze_id"], "");
    let hidden = body(&*typed(workspace(&door.url), "braze:abc", "hi").await);
    assert_eq!((&hidden["user_id"], &hidden["braze_id"]), (&json!(""), &json!("abc")));
    assert!(SimulatedBraze::new(workspace(&door.url)).user_types("42", "hi").is_err());
}

#[tokio::test]
async fn the_webhook_carries_the_campaign_s_headers_and_no_other_that_matters() {
    let door = Door::open(&[202]).await;
    let mut workspace =
        workspace(&format!("{}/{{{{${{language}}}}}}?u={{{{${{user_id}} | url_param_escape}}}}", door.url));
    workspace.inbound[0].headers.push(("X-Brand".to_owned(), "{{${user_id}}}".into()));
    typed(workspace, "user:a b&c", "hi").await;
    let (uri, headers, _) = door.received.lock().unwrap()[0].clone();
    assert_eq!(uri.to_string(), "/inbound/en?u=a%20b%26c");
    assert_eq!(
        (headers["authorization"].to_str().unwrap(), headers["x-brand"].to_str().unwrap()),
        ("Bearer token", "{{${user_id}}}")
    );
    assert!(!headers.contains_key("content-type"));
}

#[tokio::test]
async fn what_was_not_received_is_sent_again_and_what_was_refused_is_not() {
    let ok = |status: &[u16]| status.to_vec();
    for (answers, statuses, outcome, lost) in [
        (ok(&[202]), vec![202], Outcome::Received, vec![]),
        (ok(&[503, 429, 408, 500, 202]), vec![503, 429, 408, 500, 202], Outcome::Received, vec![]),
        (ok(&[500]), vec![500; 6], Outcome::GivenUp, vec!["webhook_given_up"]),
        (ok(&[503, 400]), vec![503, 400], Outcome::Refused, vec!["webhook_refused"]),
        (ok(&[401]), vec![401], Outcome::Refused, vec!["webhook_refused"]),
        (ok(&[302, 202]), vec![302], Outcome::Refused, vec!["webhook_refused"]),
        (ok(&[404]), vec![404], Outcome::Refused, vec!["webhook_refused"]),
    ] {
        let door = Door::open(&answers).await;
        let braze = typed(workspace(&door.url), "user:42", "hi").await;
        let webhook = braze.webhooks().remove(0);
        let seen: Vec<_> = webhook.attempts.iter().map(|attempt| attempt.status.unwrap()).collect();
        assert_eq!((seen, webhook.outcome), (statuses.clone(), outcome), "{answers:?}");
        // Every attempt carries the very same body, dispatch and time included.
        assert_eq!(door.bodies(), vec![webhook.body.into_string(); statuses.len()]);
        assert_eq!(reasons(&braze), lost, "{answers:?}");
    }
}

#[tokio::test]
async fn a_door_that_cannot_be_reached_is_tried_six_times_with_growing_pauses() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let braze = typed(workspace(&format!("http://{closed}/inbound")), "user:42", "hi").await;
    let webhook = braze.webhooks().remove(0);
    assert_eq!(webhook.outcome, Outcome::GivenUp);
    assert!(webhook.attempts.iter().all(|Attempt { status, .. }| status.is_none()));
    let pauses: Vec<_> = webhook.attempts.windows(2).map(|pair| pair[1].at.since(pair[0].at).as_millis()).collect();
    assert!(
        pauses.iter().zip([2, 4, 8, 16, 32]).all(|(pause, least)| *pause + 1 >= least) && pauses.len() == 5,
        "{pauses:?}"
    );
}

#[tokio::test]
async fn typing_returns_at_once_however_slow_the_door_is() {
    let door = listen(Router::new().fallback(async || tokio::time::sleep(Duration::from_millis(500)).await)).await;
    let braze = SimulatedBraze::new(workspace(&door));
    let mut changes = braze.changes();
    let start = std::time::Instant::now();
    braze.user_types("user:42", "hi").unwrap();
    assert!(start.elapsed() < Duration::from_millis(500));
    assert_eq!((braze.phone("user:42").len(), changes.has_changed().unwrap()), (1, true));
    changes.mark_unchanged();
    braze.settled().await;
    assert!(start.elapsed() >= Duration::from_millis(500) && changes.has_changed().unwrap());
}

#[tokio::test]
async fn a_campaign_without_a_keyword_fires_beside_those_with_one() {
    let door = Door::open(&[202]).await;
    let mut workspace = workspace(&door.url);
    let campaign = |id: &str, keyword| InboundCampaign {
        keyword: Some(keyword),
        ..InboundCampaign::recommended(id, &format!("{}/{id}", door.url), "token")
    };
    workspace.inbound.push(campaign("returns", Keyword::Is("RETURN".to_owned())));
    workspace.inbound.push(campaign("human", Keyword::Matches("(?i)human|agent".to_owned())));
    workspace.inbound.push(campaign("broken", Keyword::Matches("(".to_owned())));
    for (text, fired) in [
        ("Return", vec!["inbound", "returns"]),
        ("return it", vec!["inbound"]),
        ("an AGENT please", vec!["human", "inbound"]),
        ("hello", vec!["inbound"]),
    ] {
        let braze = typed(workspace.clone(), "user:42", text).await;
        let mut campaigns: Vec<_> = braze.webhooks().into_iter().map(|webhook| webhook.campaign).collect();
        campaigns.sort();
        assert_eq!(campaigns, fired, "{text}");
        let dispatches: std::collections::HashSet<_> =
            braze.webhooks().into_iter().map(|webhook| webhook.dispatch_id).collect();
        assert_eq!(dispatches.len(), fired.len(), "{text}");
        assert_eq!(reasons(&braze), ["keyword"], "{text}");
    }
}

#[tokio::test]
async fn a_message_that_fires_nothing_leaves_its_reason() {
    let door = Door::open(&[202]).await;
    for (change, reason) in [
        ((|campaign| campaign.live = false) as fn(&mut InboundCampaign), "paused"),
        (|campaign| campaign.body.push_str("{{"), "template"),
        (|campaign| campaign.body = "{{nobody.${x}}}".to_owned(), "template"),
        (|campaign| campaign.body = "{% abort_message('no') %}".to_owned(), "aborted"),
        (|campaign| campaign.url = "{{${first_name}}}".to_owned(), "bad_url"),
        (|campaign| campaign.url = "file:///etc/passwd".to_owned(), "bad_url"),
    ] {
        let mut workspace = workspace(&door.url);
        change(&mut workspace.inbound[0]);
        let braze = typed(workspace, "user:42", "hi").await;
        assert_eq!(braze.phone("user:42").len(), 1, "{reason}");
        assert_eq!(reasons(&braze), [reason]);
        assert!(!braze.undelivered()[0].explanation.is_empty());
    }
    assert!(door.bodies().is_empty());
}

#[tokio::test]
async fn without_re_eligibility_every_user_is_forwarded_once() {
    let door = Door::open(&[202]).await;
    let mut workspace = workspace(&door.url);
    workspace.inbound[0].re_eligible = false;
    let braze = typed(workspace, "user:42", "one").await;
    braze.user_types("user:42", "two").unwrap();
    braze.user_types("user:43", "three").unwrap();
    braze.settled().await;
    assert_eq!(braze.webhooks().len(), 2);
    assert_eq!(reasons(&braze), ["not_re_eligible"]);
}

#[tokio::test]
async fn webhooks_can_be_doubled() {
    let door = Door::open(&[202]).await;
    let braze = SimulatedBraze::new(workspace(&door.url));
    braze.set_faults(Faults { webhook_copies: 2, ..Faults::default() });
    braze.user_types("user:42", "hi").unwrap();
    braze.settled().await;
    let bodies = door.bodies();
    assert!(bodies.len() == 3 && bodies.iter().all(|body| *body == bodies[0]));
}

#[tokio::test]
async fn media_come_along() {
    let door = Door::open(&[202]).await;
    let braze = SimulatedBraze::new(workspace(&door.url));
    let inbound = Inbound { text: "look".into(), media_urls: "https://media/1.jpg".into() };
    braze.user_sends("user:42", &inbound).unwrap();
    braze.settled().await;
    let body: Value = serde_json::from_str(&door.bodies()[0]).unwrap();
    assert_eq!((&body["message"], &body["media_urls"]), (&json!("look"), &json!("https://media/1.jpg")));
}

#[tokio::test]
async fn a_restart_loses_neither_phones_nor_webhooks_on_their_way() {
    let door = Door::open(&[503]).await;
    let mut workspace = workspace(&door.url);
    workspace.retries.first_after = Duration::from_mins(1);
    let braze = SimulatedBraze::new(workspace.clone());
    braze.user_types("user:42", "hi").unwrap();
    braze.user_types("alias:phone:+49151", "hello").unwrap();
    while braze.webhooks().iter().any(|webhook| webhook.attempts.is_empty()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let saved = serde_json::to_string(&braze.snapshot()).unwrap();
    assert!(!saved.contains("token"));
    *door.answers.lock().unwrap() = vec![202];
    workspace.retries.first_after = Duration::from_millis(2);
    let again = SimulatedBraze::new(workspace);
    again.restore(serde_json::from_str(&saved).unwrap());
    again.settled().await;
    let outcomes: Vec<_> = again.webhooks().iter().map(|webhook| webhook.outcome).collect();
    assert_eq!(outcomes, [Outcome::Received, Outcome::Received]);
    // What was received is not sent again after the next restart.
    again.restore(again.snapshot());
    again.settled().await;
    let bodies = door.bodies();
    assert!(bodies[2..].iter().all(|body| bodies[..2].contains(body)) && bodies.len() == 4);
    assert!(door.received.lock().unwrap().iter().all(|(_, headers, _)| headers["authorization"] == "Bearer token"));
    for conversation in ["user:42", "alias:phone:+49151"] {
        assert_eq!(again.phone(conversation), braze.phone(conversation));
    }
}
