//! Mistakes in Braze, each with the findings that name it.

use axum::Json;
use axum::http::StatusCode;
use serde_json::json;
use simulated_braze::{ApiKey, Channel, DOCUMENTED_BODY, Delivery, RECOMMENDED_BODY, Sender};

use super::*;

fn permissions(workspace: &mut Workspace, permissions: &[&str]) {
    workspace.api_keys[0].permissions = permissions.iter().map(|&name| name.to_owned()).collect();
}

fn header(workspace: &mut Workspace, name: &str, value: &str) {
    workspace.inbound[0].headers.push((name.to_owned(), value.into()));
}

fn posts_to(workspace: &mut Workspace, url: &str) {
    url.clone_into(&mut workspace.inbound[0].url);
}

type Seed = fn(&mut Workspace);

/// A mistake that can be made in the simulated Braze itself.
const SEEDED: &[(&str, Seed, &[&str])] = &[
    ("no permission to send", |w| permissions(w, &["campaigns.details", "users.track"]), &["missing_permission"]),
    (
        "none for profiles",
        |w| permissions(w, &["campaigns.details", "campaigns.trigger.send"]),
        &["missing_permission"],
    ),
    ("none to look", |w| permissions(w, &["campaigns.trigger.send", "users.track"]), &["cannot_look"]),
    ("another key", |w| w.api_keys[0].key = "another".into(), &["key_refused"]),
    ("the limit is used up", |w| w.requests_per_hour = 0, &["rate_limited"]),
    ("the reply campaign is paused", |w| w.replies[0].live = false, &["not_live"]),
    ("it is action-based", |w| w.replies[0].delivery = Delivery::ActionBased, &["not_api_triggered"]),
    ("it sends e-mails", |w| w.replies[0].channel = Channel::Other, &["no_whatsapp"]),
    ("it is not there", |w| w.replies.clear(), &["no_such_campaign"]),
    ("the webhook campaign is paused", |w| w.inbound[0].live = false, &["not_live"]),
    ("it is not there", |w| w.inbound.clear(), &["no_such_campaign"]),
    ("it posts elsewhere", |w| posts_to(w, "https://other.example.com/inbound"), &["points_elsewhere"]),
    ("it posts in the clear", |w| posts_to(w, "http://other.example.com/inbound"), &["plain_http"]),
    ("it posts to another path", |w| w.inbound[0].url += "/", &["wrong_path"]),
    ("it posts to a route that is not there", |w| w.inbound[0].url += "/retruns", &["unknown_route"]),
    ("it posts to one that is", |w| w.inbound[0].url += "/returns", &[]),
    ("a query was left", |w| w.inbound[0].url += "?explain=1", &["query_in_the_url"]),
    ("its URL holds Liquid", |w| w.inbound[0].url += "/{{${user_id}}}", &["liquid_in_the_url"]),
    ("its URL names a port", |w| posts_to(w, "https://a.example.com:8443/inbound"), &["odd_port", "points_elsewhere"]),
    ("its URL is private", |w| posts_to(w, "https://10.0.0.1/inbound"), &["private_address", "points_elsewhere"]),
    (
        "its URL holds a password",
        |w| w.inbound[0].url = w.inbound[0].url.replace("//", "//a:b@"),
        &["password_in_the_url"],
    ),
    ("it has no Authorization header", |w| w.inbound[0].headers.clear(), &["no_authorization"]),
    ("a header was left from a try", |w| header(w, "X-Dragoman-Explain", "1"), &["explain_header"]),
    ("it says it is compressed", |w| header(w, "Content-Encoding", "gzip"), &["content_encoding"]),
    ("it is Braze's own body", |w| DOCUMENTED_BODY.clone_into(&mut w.inbound[0].body), &["documented_body"]),
];

/// A change of the recommended body, and what is found.
const BODIES: &[(&str, &str, &[&str])] = &[
    (" | json_escape", "", &["unescaped", "unescaped", "unescaped", "unescaped"]),
    ("\"v\": 1,", "“v”: 1,", &["typographic_quotes"]),
    ("\"v\": 1,", "\u{a0}\"v\": 1,", &["pasted"]),
    ("\"v\": 1,", "\"v\": 1", &["not_json"]),
    ("\"v\": 1,", "\"v\": 7,", &["unknown_version"]),
    ("\"v\": 1,", "", &["unknown_template"]),
    ("\"v\": 1,", " {% if ${user_id} %}{% endif %}\"v\": 1,", &["liquid_logic"]),
    ("}}\"}", "", &["liquid_syntax"]),
    ("\"language\": \"{{${language}}}\"", "\"user_id\": \"{{${user_id} | json_escape}}\"", &["key_twice"]),
    ("\"language\"", "\"plan\"", &["further_key"]),
    ("\"message\"", "\"text\"", &["no_message", "further_key"]),
    ("{{${user_id} | json_escape}}", "", &["no_user_id"]),
    ("{{${user_id} | json_escape}}", "42", &["same_for_everybody"]),
    ("{{${user_id} | json_escape}}", "{{${braze_id}}}", &["wrong_tag"]),
    ("{{${user_id} |", "{{${user_id} | default: 'nobody' |", &["default_for_a_name"]),
    ("message_body} |", "message_body} | default: 'hi' |", &["default_for_a_value"]),
    ("message_body} |", "message_body} | upcase |", &["further_filter"]),
    ("message_body} |", "message_body} | json_escape |", &["escaped_too_often"]),
    ("\"dispatch_id\": \"{{campaign.${dispatch_id}}}\", ", "", &["no_dispatch"]),
    ("\"sent_at\": \"{{'now' | date: '%s'}}\",", "", &["no_time"]),
];

#[tokio::test]
async fn each_mistake_in_the_workspace_has_its_finding() {
    let door = door().await;
    for (mistake, seed, expected) in SEEDED {
        let found = Ground::before(&door, seed, None).await.found(|_| ()).await;
        assert_eq!(found, *expected, "{mistake}");
    }
}

/// Every body with a mistake in it.
fn bodies() -> Vec<(String, &'static [&'static str])> {
    let nobody = RECOMMENDED_BODY.replace("{{${braze_id}}}", "").replace("{{${phone_number} | json_escape}}", "");
    let documented = |from: &str, to: &str| DOCUMENTED_BODY.replace(from, to);
    let others: [(String, &[&str]); 4] = [
        (" ".to_owned(), &["empty_body"]),
        (nobody, &["no_other_name"]),
        (documented("\"phone_number\"", "\"phone\""), &["documented_body", "out_of_place"]),
        (documented("_body}}}\"", "_body}}}\", \"plan\": \"gold\""), &["documented_body", "key_behind_message"]),
    ];
    let changed = BODIES.iter().map(|(from, to, expected)| (RECOMMENDED_BODY.replace(from, to), *expected));
    changed.chain(others).collect()
}

#[tokio::test]
async fn each_mistake_in_the_body_has_its_finding() {
    let door = door().await;
    for (body, expected) in bodies() {
        let ground = Ground::before(&door, |workspace| workspace.inbound[0].body.clone_from(&body), None).await;
        let mut found = ground.found(|_| ()).await;
        // Whoever is nobody in such a body is not understood at the door either, which says so too.
        found.retain(|code| *code != "not_understood" || expected.contains(code));
        assert_eq!(found, expected, "{body}");
    }
}

/// The doctor's verdict against what happens: a customer writes, simulated Braze renders the body, and the door hears it.
#[tokio::test]
async fn a_body_with_an_error_is_not_heard_and_one_without_is() {
    // They show with other people, with other words, or only to whoever reads what arrives.
    let elsewhere = ["unescaped", "same_for_everybody", "default_for_a_name", "further_filter"];
    let (door, text) = (door().await, "He said \"hi\"\nand left\\");
    let all = bodies().into_iter().chain([(RECOMMENDED_BODY.to_owned(), &[""; 0][..])]);
    for (number, (body, expected)) in
        (1..).zip(all).filter(|(_, (_, expected))| !elsewhere.iter().any(|code| expected.contains(code)))
    {
        let ground = Ground::before(&door, |workspace| workspace.inbound[0].body.clone_from(&body), None).await;
        let user = format!("user:customer-{number}");
        ground.braze.user_types(&user, text).unwrap();
        ground.braze.settled().await;
        let phone =
            reqwest::get(format!("{}/sandbox/phones/{user}", door.url())).await.unwrap().json::<Value>().await.unwrap();
        let is_right = ::doctor::inbound_body(&body).iter().all(|finding| !finding.is_error());
        assert_eq!(phone[0]["text"] == text, is_right, "{expected:?} {phone} {body}");
    }
}

#[tokio::test]
async fn each_mistake_that_only_the_real_braze_might_tell_has_its_finding() {
    let door = door().await;
    let webhook = |patch: Value| Some(("inbound", json!({"messages": {"variant-1": patch}})));
    let token = |value: &str| webhook(json!({"headers": {"Authorization": value}}));
    let words = |text: &str| Some(("replies", json!({"messages": {"variant-1": {"message": {"body": text}}}})));
    for (edit, expected) in [
        (Some(("replies", json!({"draft": true}))), vec!["draft"]),
        (Some(("inbound", json!({"draft": true}))), vec!["draft"]),
        (Some(("inbound", json!({"schedule_type": "time_based"}))), vec!["not_action_based"]),
        (Some(("replies", json!({"channels": ["WhatsApp"], "schedule_type": "API Triggered"}))), vec![]),
        (webhook(json!({"method": "GET"})), vec!["not_post"]),
        (webhook(json!({"body": {"user_id": "{{${user_id}}}"}})), vec!["key_value_body"]),
        (webhook(json!({"body": null})), vec!["empty_body"]),
        (webhook(json!({"headers": [{"name": "authorization", "value": "Bearer sandbox"}]})), vec![]),
        (webhook(json!({"headers": {"Content-Type": "application/json; charset=iso-8859-1"}})), vec!["wrong_charset"]),
        (webhook(json!({"headers": {"Content-Type": "application/json; charset=utf-8"}})), vec![]),
        (token("Bearer sandbox"), vec![]),
        (token("sandbox"), vec!["no_bearer"]),
        (token("Bearer another"), vec!["other_token"]),
        (token("Bearer {{YOUR_TOKEN}}"), vec!["token_with_something_around"]),
        (token("Bearer \"sandbox\""), vec!["token_with_something_around"]),
        (words("{{api_trigger_properties.${external_system_msg_body}}}"), vec![]),
        (words("{{api_trigger_properties.${external_system_msg+body}}}"), vec!["plus_in_the_key"]),
        (words("{{api_trigger_properties.${text}}}"), vec!["reply_without_words"]),
        (words("{{api_trigger_properties.${external_system_msg_body} | default: 'Hi'}}"), vec!["default_in_the_reply"]),
        (words("{{api_trigger_properties.${external_system_msg_body} | json_escape}}"), vec!["filter_in_the_reply"]),
    ] {
        let told = format!("{edit:?}");
        assert_eq!(Ground::before(&door, |_| (), edit).await.found(|_| ()).await, expected, "{told}");
    }
}

#[tokio::test]
async fn what_braze_tells_is_not_asked() {
    let door = door().await;
    let asks = async |edit: Edit| {
        let report = looked_at(&Ground::before(&door, |_| (), edit).await.setup()).await;
        let asks = |word: &str| report.ask.iter().any(|question| question.question.contains(word));
        (asks("Authorization"), asks("external_system_msg_body"), asks("re-eligibility"))
    };
    assert_eq!(asks(None).await, (true, true, true));
    let token = json!({"messages": {"variant-1": {"headers": {"Authorization": "Bearer sandbox"}}}});
    assert_eq!(asks(Some(("inbound", token))).await, (false, true, true));
    let words = json!({"messages": {"variant-1": {"body": simulated_braze::REPLY_MESSAGE}}});
    assert_eq!(asks(Some(("replies", words))).await, (true, false, true));
}

#[tokio::test]
async fn the_door_is_shown_the_body_that_the_campaign_has_if_that_is_sound() {
    for (body, shown) in [(DOCUMENTED_BODY, true), ("{\"user_id\": 7}", false)] {
        let ground = Ground::with(|workspace| body.clone_into(&mut workspace.inbound[0].body), None).await;
        looked_at(&ground.setup()).await;
        let steps = reqwest::get(format!("{}/sandbox/steps", ground.door.url())).await.unwrap().text().await.unwrap();
        let documented = steps.contains(r#"{\n  \"user_id\": \"dragoman-doctor\""#);
        assert!(documented == shown && steps.contains(r#"{\"v\": 1"#) != shown, "{steps}");
    }
}

#[tokio::test]
async fn swapped_ids_and_wrong_addresses_are_seen() {
    let ground = Ground::with(|_| (), None).await;
    let swapped = |setup: &mut Setup| {
        let workspace = setup.workspace.as_mut().unwrap();
        workspace.reply_campaign = "inbound".to_owned();
        workspace.inbound_campaign = Some("replies".to_owned());
    };
    let both = ["not_action_based", "no_webhook", "no_whatsapp", "not_api_triggered"];
    assert_eq!(ground.found(swapped).await, both);
    for (endpoint, expected) in [
        ("rest.fra-01.braze.eu", "no_braze_url"),
        ("http://rest.fra-01.braze.eu", "braze_plain_http"),
        ("https://dashboard-01.braze.eu", "not_the_rest_host"),
        ("http://127.0.0.1:1", "braze_unreachable"),
        (&format!("{}/nowhere", ground.rest), "not_braze"),
    ] {
        // The door is this machine's, and for such a Braze that is a mistake as well: it is left out.
        let found = ground.found(|setup| {
            setup.workspace.as_mut().unwrap().endpoint = endpoint.to_owned();
            setup.door = None;
        });
        assert_eq!(found.await, [expected], "{endpoint}");
    }
    assert_eq!(
        ground.found(|setup| setup.workspace.as_mut().unwrap().key = "\"a-braze-key\"".into()).await,
        ["key_form"]
    );
    let further = |setup: &mut Setup| setup.workspace.as_mut().unwrap().further_campaigns = vec!["buttons".to_owned()];
    assert_eq!(ground.found(further).await, ["no_such_campaign"]);
}

#[tokio::test]
async fn a_key_for_the_doctor_alone_is_enough_to_look() {
    let ground = Ground::with(
        |workspace| {
            permissions(workspace, &["campaigns.trigger.send", "users.track"]);
            let permissions = vec!["campaigns.details".to_owned()];
            workspace.api_keys.push(ApiKey { key: "looks".into(), permissions });
        },
        None,
    );
    let with_it = |setup: &mut Setup| setup.workspace.as_mut().unwrap().details_key = Some("looks".into());
    assert_eq!(ground.await.found(with_it).await, [""; 0]);
}

#[tokio::test]
async fn whose_key_it_is_can_be_found_out() {
    let ground = Ground::with(|workspace| workspace.api_keys[0].key = "another".into(), None).await;
    let other = Ground::with(|_| (), None).await;
    let asking = |others: Vec<String>| ground.found(|setup| setup.workspace.as_mut().unwrap().other_clusters = others);
    assert_eq!(asking(vec![ground.rest.clone(), other.rest.clone()]).await, ["wrong_cluster"]);
    assert_eq!(asking(vec![ground.rest.clone()]).await, ["wrong_key"]);
}

#[tokio::test]
async fn what_an_ill_braze_or_a_list_of_addresses_answers_has_its_finding() {
    let ground = Ground::with(|_| (), None).await;
    for (status, message, expected) in [
        (StatusCode::SERVICE_UNAVAILABLE, "Internal Server Error", "braze_is_down"),
        (StatusCode::FORBIDDEN, "Invalid whitelisted IPs", "address_not_allowed"),
    ] {
        let rest = listen(Router::new().fallback(async move || (status, Json(json!({"message": message}))))).await;
        let found = ground.found(|setup| setup.workspace.as_mut().unwrap().endpoint = rest).await;
        assert_eq!(found, [expected]);
    }
}

#[tokio::test]
async fn one_message_goes_to_the_one_test_user_who_was_named() {
    let ground = Ground::with(|_| (), None).await;
    ground.braze.user_types("user:42", "hello").unwrap();
    ground.braze.settled().await;
    assert_eq!(ground.found(|setup| setup.send_to = Some("42".into())).await, [""; 0]);
    let from_brand = |message: &&simulated_braze::PhoneMessage| message.from == Sender::Brand;
    let phone = ground.braze.phone("user:42");
    assert!(phone.iter().rfind(from_brand).unwrap().text.as_str().contains("Dragoman's doctor"));
    let sent: Vec<_> =
        ground.braze.requests().into_iter().filter(|request| request.path.ends_with("/trigger/send")).collect();
    let told = json!(sent).to_string();
    assert!(sent.len() == 2 && !told.contains("\"broadcast\":true"), "{told}");
}

#[tokio::test]
async fn a_message_that_braze_does_not_send_has_its_finding() {
    let to_42 = |setup: &mut Setup| setup.send_to = Some("42".into());
    let paused = Ground::with(|workspace| workspace.replies[0].live = false, None).await;
    assert_eq!(paused.found(to_42).await, ["not_live", "sent_with_a_notice"]);
    let action = Ground::with(|workspace| workspace.replies[0].delivery = Delivery::ActionBased, None).await;
    assert_eq!(action.found(to_42).await, ["not_api_triggered", "send_refused"]);
}
