//! The client and a whole Braze over HTTP: every kind of reply by every way of sending, and profiles.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

mod shared_calls;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use braze::{
    ApprovedTemplate, Client, Delivery, Messaging as _, Outcome, ProfileUpdate, Profiles as _, Refusal, Sender,
};
use models::{
    Attributes, CampaignId, Content, Event, Identity, MessageId, ProfileValue, Recipient, Reply, ReplyId, Subscription,
    SubscriptionGroupId, Timestamp,
};
use platform::secrets::FixedKey;
use serde_json::{Value, from_value, json};
use simulated_braze::{Beside, Kind, Layout, MessageTemplate, Profile, ReplyCampaign, SimulatedBraze, Workspace};

const WITHIN: Duration = Duration::from_secs(5);

fn property(namespace: &str, name: &str) -> String {
    format!("{{{{{namespace}.${{{name}}}}}}}")
}

/// The campaigns that the README of this crate describes, or Canvases of the same names: one for each kind.
fn campaigns(namespace: &str) -> Vec<ReplyCampaign> {
    let of = |name: &str| property(namespace, name);
    let plain = |id: &str, message: &str| ReplyCampaign { message: of(message), ..ReplyCampaign::recommended(id) };
    let rows = ["row_1", "row_2"].map(|row| (of(row), of(&format!("{row}_description"))));
    vec![
        plain("text", "external_system_msg_body"),
        ReplyCampaign {
            layout: Layout::QuickReplies(vec![of("option_1"), of("option_2")]),
            ..plain("quick_replies", "body")
        },
        ReplyCampaign { layout: Layout::List { button: of("button"), rows: rows.to_vec() }, ..plain("list", "body") },
        ReplyCampaign { layout: Layout::Image(of("media_url")), ..plain("media", "caption") },
        ReplyCampaign { kind: Kind::Template, ..plain("template", "external_system_msg_body") },
        ReplyCampaign { message: format!("Order {}", of("order")), ..ReplyCampaign::recommended("campaign") },
    ]
}

struct Stage {
    braze: Arc<SimulatedBraze>,
    endpoint: String,
}

impl Stage {
    async fn set(change: impl FnOnce(&mut Workspace)) -> Self {
        let mut workspace = Workspace::recommended("http://127.0.0.1:9", "token", "text", "key");
        workspace.inbound.clear();
        workspace.api_keys[0].permissions.extend(["messages.send".to_owned(), "canvas.trigger.send".to_owned()]);
        workspace.replies = campaigns("api_trigger_properties");
        workspace.canvases = campaigns("context");
        let (name, language_code) = ("reply".to_owned(), "en".to_owned());
        workspace.templates = vec![MessageTemplate { name, language_code, body: "{{1}}".to_owned() }];
        change(&mut workspace);
        let braze = SimulatedBraze::new(workspace);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Arc::clone(&braze).router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        braze.user_types("user:42", "hello").unwrap();
        Self { braze, endpoint }
    }

    fn client(&self, delivery: Delivery) -> Client {
        let http = platform::http::client().unwrap();
        Client::new(http, &self.endpoint, delivery, Arc::new(FixedKey("key".into())))
    }

    fn profile(&self, conversation: &str) -> Profile {
        self.braze.profile(conversation).unwrap()
    }

    /// The last line on a phone.
    fn shown(&self, conversation: &str) -> (String, Option<Beside>) {
        let line = self.braze.phone(conversation).pop().unwrap();
        (line.text.into_string(), line.beside)
    }

    fn reasons(&self) -> Vec<String> {
        self.braze.undelivered().into_iter().map(|one| one.explanation).collect()
    }
}

fn messages() -> Delivery {
    Delivery::Messages(Sender {
        app_id: "app".to_owned(),
        subscription_group_id: "whatsapp-group".to_owned(),
        template: Some(ApprovedTemplate { name: "reply".to_owned(), language_code: "en".to_owned() }),
    })
}

fn reply(identity: Identity, content: Value) -> Reply {
    let id = ReplyId::new(&MessageId::stored("m1"), 1);
    let content: Content = from_value(content).unwrap();
    Reply { to: identity, id, content, campaign: None, attributes: Attributes::default(), part: 1, parts: 1 }
}

fn to_42(content: Value) -> Reply {
    reply(Identity::new("42", "", "").unwrap(), content)
}

/// One of each kind, by the name of its campaign, and what a phone shows of it.
fn kinds() -> HashMap<&'static str, (Value, &'static str, Option<Beside>)> {
    let rows = json!([{"title": "S", "description": "small"}, {"title": "M", "description": "medium"}]);
    let shown_rows = vec![("S".into(), Some("small".into())), ("M".into(), Some("medium".into()))];
    let url = "https://shop.example/a.png";
    HashMap::from([
        ("text", (json!("Hello,\n\"you\" 👋"), "Hello,\n\"you\" 👋", None)),
        (
            "quick_replies",
            (
                json!({"quick_replies": {"body": "Which?", "options": ["S", "M"]}}),
                "Which?",
                Some(Beside::Buttons(vec!["S".into(), "M".into()])),
            ),
        ),
        (
            "list",
            (
                json!({"list": {"body": "Which?", "button": "Sizes", "rows": rows}}),
                "Which?",
                Some(Beside::List { button: "Sizes".into(), rows: shown_rows }),
            ),
        ),
        ("media", (json!({"media": {"url": url, "caption": "Blue"}}), "Blue", Some(Beside::Image(url.into())))),
        ("template", (json!({"template": "One line"}), "One line", None)),
        (
            "campaign",
            (json!({"campaign": {"text": "Your order", "properties": {"order": "1234"}}}), "Order 1234", None),
        ),
    ])
}

fn assert_accepted(outcome: &Outcome) {
    assert!(matches!(outcome, Outcome::Accepted { remarks: false, .. }), "{outcome:?}");
}

#[tokio::test]
async fn every_kind_arrives_by_a_campaign_a_canvas_and_as_a_whole_message() {
    for (kind, (content, text, beside)) in kinds() {
        let canvas = Delivery::Canvas(kind.to_owned());
        for (way, delivery) in [("campaign", kind.into()), ("canvas", canvas), ("messages", messages())] {
            let stage = Stage::set(|_| {}).await;
            assert_accepted(&stage.client(delivery).send(&to_42(content.clone()), WITHIN).await);
            // A whole message knows no campaigns: it says the words that stand for it.
            let text = if (kind, way) == ("campaign", "messages") { "Your order" } else { text };
            assert_eq!(
                stage.shown("user:42"),
                (text.to_owned(), beside.clone()),
                "{kind} by {way}: {:?}",
                stage.reasons()
            );
        }
    }
}

#[tokio::test]
async fn a_reply_names_its_campaign_whatever_the_delivery_is() {
    for (kind, (content, text, beside)) in kinds() {
        let stage = Stage::set(|_| {}).await;
        let campaign = Some(CampaignId::new(kind).unwrap());
        let reply = Reply { campaign, ..to_42(content) };
        assert_accepted(&stage.client(messages()).send(&reply, WITHIN).await);
        assert_eq!(stage.shown("user:42"), (text.to_owned(), beside), "{kind}");
    }
}

#[tokio::test]
async fn every_kind_can_go_through_the_default_campaign_as_words() {
    let stage = Stage::set(|_| {}).await;
    for (content, ..) in kinds().into_values() {
        let reply = to_42(content);
        assert_accepted(&stage.client("text".into()).send(&reply, WITHIN).await);
        assert_eq!(stage.shown("user:42"), (reply.content.text().as_str().to_owned(), None));
    }
}

#[tokio::test]
async fn after_a_day_a_template_arrives_by_every_way() {
    for delivery in [Delivery::from("template"), Delivery::Canvas("template".to_owned()), messages()] {
        let stage = Stage::set(|_| {}).await;
        stage.braze.close_window("user:42");
        assert_accepted(&stage.client(delivery).send(&to_42(json!({"template": "One line"})), WITHIN).await);
        assert_eq!(stage.shown("user:42").0, "One line");
    }
}

fn attributes() -> Attributes {
    let mut attributes = Attributes::default();
    attributes.set("plan", ProfileValue::text("gold").unwrap()).unwrap();
    attributes.set("since", ProfileValue::Time(Timestamp::from_seconds(9))).unwrap();
    attributes.set("score", ProfileValue::float(0.5).unwrap()).unwrap();
    attributes.remove("old").unwrap();
    attributes
}

fn subscribing() -> Attributes {
    let mut attributes = attributes();
    attributes.subscribe(SubscriptionGroupId::new("whatsapp-group").unwrap(), Subscription::Subscribed);
    attributes
}

fn written() -> Value {
    json!({"plan": "gold", "since": "1970-01-01T00:00:09.000Z", "score": 0.5})
}

#[tokio::test]
async fn attributes_stand_on_the_profile_before_the_message_is_rendered() {
    for delivery in [Delivery::from("text"), Delivery::Canvas("text".to_owned())] {
        let stage = Stage::set(|workspace| {
            for campaign in [&mut workspace.replies[0], &mut workspace.canvases[0]] {
                campaign.message.push_str(" ({{custom_attribute.${plan}}})");
            }
        })
        .await;
        stage.braze.change_profile("user:42", |profile| drop(profile.attributes.insert("old".to_owned(), json!(1))));
        let client = stage.client(delivery);
        let reply = Reply { attributes: attributes(), ..to_42(json!("Hello")) };
        assert!(client.carries(&reply.attributes, None));
        assert_accepted(&client.send(&reply, WITHIN).await);
        assert_eq!(stage.shown("user:42").0, "Hello (gold)");
        assert_eq!(json!(stage.profile("user:42").attributes), written());
    }
}

#[tokio::test]
async fn a_newcomer_who_is_subscribed_by_a_reply_gets_it_if_the_workspace_is_quick_and_the_next_one_anyway() {
    for (quick, expected) in [(false, 1), (true, 2)] {
        let stage = Stage::set(|workspace| workspace.subscribes_within_send = quick).await;
        stage.braze.user_types("alias:phone:+49", "hello").unwrap();
        let client = stage.client("text".into());
        let newcomer = reply(Identity::new("", "", "+49").unwrap(), json!("Hello"));
        let reply = Reply { attributes: subscribing(), ..newcomer.clone() };
        for reply in [reply, newcomer] {
            assert_accepted(&client.send(&reply, WITHIN).await);
        }
        assert_eq!(stage.braze.phone("alias:phone:+49").len() - 1, expected);
    }
}

#[tokio::test]
async fn a_subscription_group_that_there_is_not_costs_nobody_the_reply() {
    let stage = Stage::set(|_| {}).await;
    let mut attributes = attributes();
    attributes.subscribe(SubscriptionGroupId::new("misspelt").unwrap(), Subscription::Subscribed);
    let reply = Reply { attributes, ..to_42(json!("Hello")) };
    let outcome = stage.client("text".into()).send(&reply, WITHIN).await;
    assert!(matches!(outcome, Outcome::Accepted { left_out: true, .. }), "{outcome:?}");
    assert_eq!(stage.shown("user:42").0, "Hello");
}

#[tokio::test]
async fn what_a_way_of_sending_cannot_carry_is_left_out_and_the_reply_arrives() {
    for delivery in [Delivery::Canvas("text".to_owned()), messages()] {
        let stage = Stage::set(|_| {}).await;
        let client = stage.client(delivery);
        let reply = Reply { attributes: subscribing(), ..to_42(json!("Hello")) };
        assert!(!client.carries(&reply.attributes, None));
        assert_accepted(&client.send(&reply, WITHIN).await);
        assert_eq!(stage.shown("user:42").0, "Hello");
    }
}

#[tokio::test]
async fn a_way_of_sending_without_its_permission_is_refused_for_good() {
    for delivery in [Delivery::from("text"), Delivery::Canvas("text".to_owned()), messages()] {
        let stage = Stage::set(|workspace| workspace.api_keys[0].permissions.clear()).await;
        let outcome = stage.client(delivery).send(&to_42(json!("Hello")), WITHIN).await;
        assert_eq!(outcome, Outcome::NotAccepted(Refusal::Rejected(403)));
    }
}

fn update(who: Recipient, attributes: Attributes, events: usize) -> ProfileUpdate {
    let event = Event::new("answered", Timestamp::from_seconds(9)).unwrap();
    let event = event.with("route", ProfileValue::text("returns").unwrap()).unwrap();
    ProfileUpdate { who, attributes, events: vec![event; events] }
}

#[tokio::test]
async fn profiles_are_written_whatever_names_them_and_nobody_is_made() {
    let stage = Stage::set(|_| {}).await;
    stage.braze.user_types("alias:phone:+49", "hello").unwrap();
    let braze_id = stage.profile("user:42").braze_id;
    let alias = Recipient::Alias { label: "phone".to_owned(), name: "+49".into() };
    let updates = [
        update(Recipient::External("42".into()), attributes(), 1),
        update(Recipient::Braze(braze_id), Attributes::default(), 1),
        update(alias, subscribing(), 1),
        update(Recipient::External("nobody".into()), attributes(), 1),
        update(Recipient::Alias { label: "phone".to_owned(), name: "+1".into() }, attributes(), 1),
    ];
    let outcome = stage.client("text".into()).track(&updates, WITHIN).await;
    assert!(outcome.all_written(), "{outcome:?}");
    let (known, newcomer) = (stage.profile("user:42"), stage.profile("alias:phone:+49"));
    assert_eq!((json!(known.attributes), known.events.len()), (written(), 2));
    assert_eq!((json!(newcomer.attributes), newcomer.events.len(), newcomer.subscribed), (written(), 1, true));
    assert_eq!(
        newcomer.events[0],
        json!({"name": "answered", "time": "1970-01-01T00:00:09.000Z", "properties": {"route": "returns"}})
    );
    assert_eq!(stage.braze.profiles().len(), 2);
}

#[tokio::test]
async fn many_profiles_take_as_few_calls_as_the_contract_allows() {
    for (most, calls) in [(75, 2), (50, 3)] {
        let stage = Stage::set(|workspace| workspace.track_objects = most).await;
        let updates: Vec<_> = (0..75).map(|_| update(Recipient::External("42".into()), attributes(), 1)).collect();
        let client = stage.client("text".into()).objects_per_call(most);
        assert!(client.track(&updates, WITHIN).await.all_written());
        assert_eq!((stage.braze.requests().len(), stage.profile("user:42").events.len()), (calls, 75));
    }
}

#[tokio::test]
async fn a_group_that_is_not_there_is_refused_alone() {
    let stage = Stage::set(|_| {}).await;
    let mut wrong = Attributes::default();
    wrong.subscribe(SubscriptionGroupId::new("other").unwrap(), Subscription::Subscribed);
    let to = || Recipient::External("42".into());
    let updates = [update(to(), wrong, 1), update(to(), attributes(), 0)];
    let outcome = stage.client("text".into()).track(&updates, WITHIN).await;
    assert!(matches!(outcome.updates[0].attributes, Some(braze::Tracked::Refused(_))), "{outcome:?}");
    assert_eq!((json!(stage.profile("user:42").attributes), stage.profile("user:42").events.len()), (written(), 1));
    assert_eq!(outcome.again(&updates), []);
}

#[tokio::test]
async fn a_call_that_was_cut_is_tried_again_without_a_second_event() {
    let stage = Stage::set(|_| {}).await;
    let cut = json!({"tracks": [{"answer": "cut", "processed": true}]});
    stage.braze.set_faults(from_value(cut).unwrap());
    let client = stage.client("text".into());
    let updates = [update(Recipient::External("42".into()), attributes(), 1)];
    let again = client.track(&updates, WITHIN).await.again(&updates);
    assert!(client.track(&again, WITHIN).await.all_written());
    assert_eq!((json!(stage.profile("user:42").attributes), stage.profile("user:42").events.len()), (written(), 1));
}
