//! What Braze accepts, and what then reaches a phone.

use serde_json::json;

use super::*;
use crate::{Beside, Channel, Kind, Layout};

#[tokio::test]
async fn an_accepted_text_appears_on_the_phone_as_it_was_sent() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let texts = [
        "hello",
        "two\nlines\t\"quoted\" \\ 😀\u{2028}",
        "{{${user_id}}} {% abort_message('x') %} {{ 7 | plus: 1 }}",
        "${user_id}",
    ];
    let mut dispatches = std::collections::HashSet::new();
    for text in texts {
        let (status, answer) = served.trigger(&to_42(text)).await;
        assert_eq!((status, &answer["message"]), (201, &json!("success")));
        assert!(dispatches.insert(answer["dispatch_id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(served.brand("user:42"), texts);
    assert!(served.brand("user:43").is_empty());
    let phone = served.braze.phone("user:42");
    assert!(phone.is_sorted_by_key(|message| message.at) && phone[0].from == crate::Sender::User);
}

/// A call that is accepted and delivers nothing: the set-up, what happened before, the call, and the reason.
struct Silent {
    name: &'static str,
    setup: fn(&mut Workspace),
    before: fn(&Served),
    call: Value,
    reason: &'static str,
}

impl Silent {
    fn new(name: &'static str, call: Value, reason: &'static str) -> Self {
        Self { name, setup: |_| {}, before: |_| {}, call, reason }
    }

    fn setup(self, setup: fn(&mut Workspace)) -> Self {
        Self { setup, ..self }
    }

    fn before(self, before: fn(&Served)) -> Self {
        Self { before, ..self }
    }

    async fn check(self) {
        let mut workspace = workspace("http://127.0.0.1:9");
        (self.setup)(&mut workspace);
        let served = with_writers(workspace).await;
        (self.before)(&served);
        let (status, answer) = served.trigger(&self.call).await;
        assert_eq!((status, &answer["message"]), (201, &json!("success")), "{}", self.name);
        assert_eq!(answer["notice"].is_string(), self.reason == "paused", "{}", self.name);
        assert_eq!(served.reasons(), [self.reason], "{}", self.name);
        assert!(served.braze.profiles().iter().all(|profile| profile.screen.len() < 2), "{}", self.name);
    }
}

/// A call that sends "hi" to `recipient`.
fn to(recipient: &Value) -> Value {
    let properties = json!({"external_system_msg_body": "hi"});
    json!({"campaign_id": "replies", "recipients": [recipient], "trigger_properties": properties})
}

fn to_alias(name: &str) -> Value {
    json!({"user_alias": {"alias_label": "phone", "alias_name": name}})
}

fn newcomer_writes(served: &Served) {
    served.braze.user_types("alias:phone:+49", "hello").unwrap();
}

#[tokio::test]
async fn success_does_not_mean_that_the_user_can_be_reached() {
    let groups = json!([{"subscription_group_id": "whatsapp-group", "subscription_state": "subscribed"}]);
    let mut subscribed = to_alias("+49");
    subscribed["attributes"] = json!({ "subscription_groups": groups });
    let made = json!({"external_user_id": "new", "send_to_existing_only": false, "attributes": {}});
    let email = json!({"email": "a@b.c", "prioritization": ["identified"]});
    for case in [
        Silent::new("an unknown user", to(&json!({"external_user_id": "stranger"})), "unknown_user"),
        Silent::new("an unknown alias", to(&to_alias("+1")), "unknown_user"),
        Silent::new("an unknown e-mail", to(&email), "unknown_user"),
        Silent::new("a known number, but an alias that was never made", to(&to_alias("+49")), "unknown_user").before(
            |served| {
                served.braze.change_profile("user:42", |profile| profile.phone = Some("+49".into()));
            },
        ),
        Silent::new("a newcomer", to(&to_alias("+49")), "unsubscribed").before(newcomer_writes),
        Silent::new("a newcomer, subscribed in the same call", to(&subscribed), "unsubscribed").before(newcomer_writes),
        Silent::new("a user made by the call", to(&made), "unsubscribed"),
        Silent::new("somebody who unsubscribed", to_42("hi"), "unsubscribed").before(|served| {
            served.braze.change_profile("user:42", |profile| profile.subscribed = false);
        }),
        Silent::new("a day later", to_42("hi"), "window_closed").before(|served| {
            served.braze.close_window("user:42");
        }),
    ] {
        case.check().await;
    }
}

#[tokio::test]
async fn a_subscription_that_comes_with_a_send_counts_from_the_next_one() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    newcomer_writes(&served);
    let mut recipient = to_alias("+49");
    let groups = json!([{"subscription_group_id": "whatsapp-group", "subscription_state": "subscribed"}]);
    recipient["attributes"] = json!({ "subscription_groups": groups });
    served.trigger(&to(&recipient)).await;
    assert!(served.brand("alias:phone:+49").is_empty());
    served.trigger(&to(&to_alias("+49"))).await;
    assert_eq!(served.brand("alias:phone:+49"), ["hi"]);
}

#[tokio::test]
async fn a_subscription_that_comes_with_a_send_counts_for_it_only_where_the_workspace_says_so() {
    let served = with_writers(Workspace { subscribes_within_send: true, ..workspace("http://127.0.0.1:9") }).await;
    newcomer_writes(&served);
    let mut recipient = to_alias("+49");
    for (state, expected) in [("subscribed", 1), ("unsubscribed", 1)] {
        let groups = json!([{"subscription_group_id": "whatsapp-group", "subscription_state": state}]);
        recipient["attributes"] = json!({ "subscription_groups": groups });
        served.trigger(&to(&recipient)).await;
        assert_eq!(served.brand("alias:phone:+49").len(), expected, "{state}");
    }
    assert_eq!(served.reasons(), ["unsubscribed"]);
}

#[tokio::test]
async fn a_canvas_takes_a_user_once_a_second() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let enter = async |user: &str| {
        let recipient = json!({"external_user_id": user, "context": {"text": "one"}});
        let body = json!({"canvas_id": "replies", "recipients": [recipient]});
        assert_eq!(answer(served.post("/canvas/trigger/send").json(&body)).await.0, 201);
    };
    for user in ["42", "43", "42"] {
        enter(user).await;
    }
    assert_eq!(served.reasons(), ["too_soon"]);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    enter("42").await;
    assert_eq!((served.brand("user:42").len(), served.brand("user:43").len()), (2, 1));
}

#[tokio::test]
async fn a_campaign_lays_its_message_out_with_what_the_call_brings() {
    let mut workspace = workspace("http://127.0.0.1:9");
    let property = |name: &str| format!("{{{{api_trigger_properties.${{{name}}}}}}}");
    workspace.replies[0].layout = Layout::QuickReplies(vec![property("option_1"), property("option_2")]);
    let served = with_writers(workspace).await;
    let call = |properties: Value| json!({"campaign_id": "replies", "recipients": [{"external_user_id": "42", "trigger_properties": properties}]});
    let both = json!({"external_system_msg_body": "Which?", "option_1": "S", "option_2": "M"});
    assert_eq!(served.trigger(&call(both)).await.0, 201);
    let shown = served.braze.phone("user:42").pop().unwrap().beside;
    assert_eq!(shown, Some(Beside::Buttons(vec!["S".into(), "M".into()])));
    // A button that is there and has no words is one that WhatsApp does not take.
    let one = json!({"external_system_msg_body": "Which?", "option_1": "S"});
    assert_eq!(served.trigger(&call(one)).await.0, 201);
    assert_eq!(served.reasons(), ["layout"]);
    let number = json!({"external_system_msg_body": "Which?", "option_1": "S", "option_2": 2});
    assert_eq!(served.trigger(&call(number)).await.0, 400);
}

#[tokio::test]
async fn success_does_not_mean_that_the_message_can_be_sent() {
    let other = json!({"external_user_id": "42", "trigger_properties": {"text": "hi"}});
    let other = json!({"campaign_id": "replies", "recipients": [other]});
    for case in [
        Silent::new("paused", to_42("hi"), "paused").setup(|workspace| workspace.replies[0].live = false),
        Silent::new("another channel", to_42("hi"), "not_whats_app")
            .setup(|workspace| workspace.replies[0].channel = Channel::Other),
        Silent::new("a blank text", to_42(" \n"), "blank"),
        Silent::new("another property than the template's", other, "blank"),
        Silent::new("too long a text", to_42(&"x".repeat(4_097)), "too_long"),
        Silent::new("a line break in a template", to_42("a\nb"), "template_characters")
            .setup(|workspace| workspace.replies[0].kind = Kind::Template),
        Silent::new("an abort", to_42("hi"), "aborted")
            .setup(|workspace| workspace.replies[0].message.insert_str(0, "{% abort_message('why') %}")),
        Silent::new("a broken template", to_42("hi"), "template")
            .setup(|workspace| workspace.replies[0].message.push_str("{{")),
    ] {
        case.check().await;
    }
}

#[tokio::test]
async fn without_re_eligibility_every_user_is_answered_once() {
    let mut workspace = workspace("http://127.0.0.1:9");
    workspace.replies[0].re_eligible = false;
    let served = with_writers(workspace).await;
    for text in ["one", "two", "three"] {
        assert_eq!(served.trigger(&to_42(text)).await.0, 201);
    }
    assert_eq!(served.brand("user:42"), ["one"]);
    assert_eq!(served.reasons(), ["not_re_eligible", "not_re_eligible"]);
}

#[tokio::test]
async fn a_message_that_was_not_delivered_does_not_use_up_the_campaign() {
    let mut workspace = workspace("http://127.0.0.1:9");
    workspace.replies[0].re_eligible = false;
    let served = with_writers(workspace).await;
    served.trigger(&to_42(" ")).await;
    served.trigger(&to_42("hi")).await;
    assert_eq!(served.brand("user:42"), ["hi"]);
}

#[tokio::test]
async fn one_call_reaches_several_users_and_each_of_them_once() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let recipient = |user: &str, text: &str| json!({"external_user_id": user, "trigger_properties": {"external_system_msg_body": text}});
    let recipients =
        [recipient("42", "a"), recipient("43", "b"), recipient("42", "c"), json!({"external_user_id": "stranger"})];
    let shared = json!({"external_system_msg_body": "for all"});
    let call =
        json!({"campaign_id": "replies", "recipients": recipients, "trigger_properties": shared, "broadcast": false});
    assert_eq!(served.trigger(&call).await.0, 201);
    assert_eq!((served.brand("user:42"), served.brand("user:43")), (vec!["a".to_owned()], vec!["b".to_owned()]));
    assert_eq!(served.reasons(), ["named_twice", "unknown_user"]);
}

#[tokio::test]
async fn two_profiles_with_one_number_get_one_message_in_a_call() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    for user in ["user:42", "user:43"] {
        served.braze.change_profile(user, |profile| profile.phone = Some("+49151".into()));
    }
    let recipients = ["42", "43"].map(|user| json!({"external_user_id": user}));
    let call = json!({"campaign_id": "replies", "recipients": recipients, "trigger_properties": {"external_system_msg_body": "x"}});
    served.trigger(&call).await;
    assert_eq!(served.reasons(), ["named_twice"]);
}

#[tokio::test]
async fn properties_for_all_count_once() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let shared = json!({"external_system_msg_body": "hi", "x": "y".repeat(40_000)});
    let recipients = ["42", "43"].map(|user| json!({"external_user_id": user}));
    let call = json!({"campaign_id": "replies", "recipients": recipients, "trigger_properties": shared});
    assert_eq!(served.trigger(&call).await.0, 201);
    assert_eq!((served.brand("user:42"), served.brand("user:43")), (vec!["hi".to_owned()], vec!["hi".to_owned()]));
}

#[tokio::test]
async fn a_newcomer_is_answered_under_the_alias_once_subscribed() {
    let served = with_writers(Workspace { newcomers_subscribed: true, ..workspace("http://127.0.0.1:9") }).await;
    served.braze.user_types("alias:phone:+49151", "hello").unwrap();
    let alias = json!({"alias_label": "phone", "alias_name": "+49151"});
    let properties = json!({"external_system_msg_body": "welcome"});
    let call =
        json!({"campaign_id": "replies", "recipients": [{"user_alias": alias, "trigger_properties": properties}]});
    assert_eq!(served.trigger(&call).await.0, 201);
    assert_eq!(served.brand("alias:phone:+49151"), ["welcome"]);
    assert!(served.braze.profile("alias:phone:+49151").unwrap().external_id.is_none());
}

#[tokio::test]
async fn a_braze_id_is_a_recipient_only_where_the_workspace_takes_it() {
    let served = with_writers(Workspace {
        accepts_braze_id: true,
        newcomers_subscribed: true,
        ..workspace("http://127.0.0.1:9")
    })
    .await;
    served.braze.user_types("braze:abc", "hello").unwrap();
    let recipient = json!({"braze_id": "abc", "trigger_properties": {"external_system_msg_body": "hi"}});
    let call = json!({"campaign_id": "replies", "recipients": [recipient]});
    assert_eq!(served.trigger(&call).await.0, 201);
    assert_eq!(served.brand("braze:abc"), ["hi"]);
}

#[tokio::test]
async fn attributes_are_written_before_the_message_is_rendered() {
    let mut workspace = workspace("http://127.0.0.1:9");
    "{{${first_name} | default: 'you'}}, plan {{custom_attribute.${plan}}}"
        .clone_into(&mut workspace.replies[0].message);
    let served = with_writers(workspace).await;
    let recipient = json!({"external_user_id": "42", "attributes": {"first_name": "Ann", "plan": "gold"}});
    served.trigger(&json!({"campaign_id": "replies", "recipients": [recipient]})).await;
    assert_eq!(served.brand("user:42"), ["Ann, plan gold"]);
}

#[tokio::test]
async fn a_canvas_and_a_message_of_their_own_arrive_too() {
    let served = with_writers(workspace("http://127.0.0.1:9")).await;
    let canvas =
        json!({"canvas_id": "replies", "recipients": [{"external_user_id": "42", "context": {"text": "one"}}]});
    assert_eq!(answer(served.post("/canvas/trigger/send").json(&canvas)).await.0, 201);
    // Unlike a trigger property, the content of such a call is a template.
    for body in ["two", "three {{${user_id}}}"] {
        let (status, answer) = answer(served.post("/messages/send").json(&of_its_own(body))).await;
        assert_eq!((status, answer["dispatch_id"].is_string()), (201, true));
    }
    assert_eq!(served.brand("user:42"), ["one", "two", "three 42"]);
}

#[tokio::test]
async fn the_details_of_a_campaign_can_be_read() {
    let served = served(workspace("http://door/inbound")).await;
    let details = async |id: &str| {
        answer(served.client.get(format!("{}/campaigns/details?campaign_id={id}", served.url)).bearer_auth(KEY)).await
    };
    let (status, reply) = details("replies").await;
    assert_eq!(
        (status, &reply["schedule_type"], &reply["channels"]),
        (200, &json!("api_triggered"), &json!(["whats_app"]))
    );
    let (_, webhook) = details("inbound").await;
    assert_eq!((&webhook["schedule_type"], &webhook["archived"]), (&json!("action_based"), &json!(false)));
    let message = &webhook["messages"]["variant-1"];
    assert_eq!((&message["url"], &message["body"]), (&json!("http://door/inbound"), &json!(crate::RECOMMENDED_BODY)));
    assert!(message["headers"]["Authorization"].is_string() && !webhook.to_string().contains("token"));
    assert_eq!(details("nobody's").await.0, 400);
    assert_eq!(answer(served.client.get(format!("{}/campaigns/details", served.url)).bearer_auth(KEY)).await.0, 400);
}
