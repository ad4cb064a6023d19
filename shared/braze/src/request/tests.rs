use models::{
    Attributes, CampaignId, Content, Event, Identity, MessageId, ProfileValue, ReplyId, Subscription,
    SubscriptionGroupId, Timestamp,
};
use serde_json::from_value;

use super::*;
use crate::delivery::{ApprovedTemplate, Sender};
use crate::track::{ProfileUpdate, objects};

fn to(identity: Identity, content: Value) -> Reply {
    let id = ReplyId::new(&MessageId::stored("m1"), 1);
    let content = from_value(content).unwrap();
    Reply { to: identity, id, content, campaign: None, attributes: Attributes::default(), part: 1, parts: 2 }
}

fn reply(content: Value) -> Reply {
    to(Identity::new("external_id", "", "").unwrap(), content)
}

fn attributes() -> Attributes {
    let mut attributes = Attributes::default();
    attributes.set("plan", ProfileValue::text("gold").unwrap()).unwrap();
    attributes.set("in_chat", ProfileValue::Flag(true)).unwrap();
    attributes.set("turns", ProfileValue::Integer(3)).unwrap();
    attributes.set("score", ProfileValue::float(0.5).unwrap()).unwrap();
    attributes.set("since", ProfileValue::Time(Timestamp::from_millis(1_793_613_600_123))).unwrap();
    attributes.remove("old").unwrap();
    attributes.subscribe(SubscriptionGroupId::new("g1").unwrap(), Subscription::Subscribed);
    attributes.subscribe(SubscriptionGroupId::new("g2").unwrap(), Subscription::Unsubscribed);
    attributes
}

fn written_attributes() -> Value {
    json!({
        "plan": "gold", "in_chat": true, "turns": 3, "score": 0.5, "since": "2026-11-02T10:00:00.123Z", "old": null,
        "subscription_groups": [
            {"subscription_group_id": "g1", "subscription_state": "subscribed"},
            {"subscription_group_id": "g2", "subscription_state": "unsubscribed"},
        ],
    })
}

/// Path and body of the call for the first recipient that `delivery` can name.
fn call(delivery: &Delivery, reply: &Reply) -> Option<(&'static str, Value)> {
    let request = reply.to.recipients().iter().find_map(|recipient| send(delivery, recipient, reply))?;
    Some((request.path, request.body))
}

fn campaign() -> Delivery {
    Delivery::from("campaign_id")
}

fn messages(template: Option<ApprovedTemplate>) -> Delivery {
    Delivery::Messages(Sender { app_id: "app".to_owned(), subscription_group_id: "group".to_owned(), template })
}

/// What the recipient of a triggered campaign is sent.
fn properties(content: Value) -> Value {
    let (_, mut body) = call(&campaign(), &reply(content)).unwrap();
    body["recipients"][0]["trigger_properties"].take()
}

#[test]
fn the_body_is_the_one_in_brazes_documentation() {
    assert_eq!(
        call(&campaign(), &reply(json!("your external system message"))).unwrap(),
        (
            "/campaigns/trigger/send",
            json!({
                "campaign_id": "campaign_id",
                "recipients": [{
                    "external_user_id": "external_id",
                    "trigger_properties": {
                        "external_system_msg_body": "your external system message",
                        "reply_id": "m1#1", "part": 1, "parts": 2,
                    },
                }],
            })
        )
    );
}

#[test]
fn users_without_an_external_id_are_named_by_alias_or_braze_id() {
    let reply = to(Identity::new("", "b1", "+4915112345").unwrap(), json!("Hello"));
    let recipients = reply.to.recipients();
    let body = |recipient: &Recipient| send(&campaign(), recipient, &reply).unwrap().body;
    let who = |recipient: &Recipient| body(recipient)["recipients"][0].clone();
    assert_eq!(who(&recipients[0])["user_alias"], json!({"alias_name": "+4915112345", "alias_label": "phone"}));
    assert_eq!(who(&recipients[1])["braze_id"], "b1");
}

#[test]
fn attributes_go_into_the_recipient_and_nobody_new_is_made() {
    for (identity, name) in [
        (Identity::new("external_id", "", "").unwrap(), json!({"external_user_id": "external_id"})),
        (Identity::new("", "", "+49").unwrap(), json!({"user_alias": {"alias_name": "+49", "alias_label": "phone"}})),
    ] {
        let reply = Reply { attributes: attributes(), ..to(identity, json!("Hello")) };
        let (_, body) = call(&campaign(), &reply).unwrap();
        let mut expected = name;
        expected["attributes"] = written_attributes();
        expected["trigger_properties"] =
            json!({"external_system_msg_body": "Hello", "reply_id": "m1#1", "part": 1, "parts": 2});
        assert_eq!(body["recipients"], json!([expected]));
    }
}

#[test]
fn every_kind_becomes_trigger_properties_with_its_words_beside_them() {
    let with = |mut own: Value| {
        own["reply_id"] = json!("m1#1");
        own["part"] = json!(1);
        own["parts"] = json!(2);
        own
    };
    for (content, expected) in [
        (
            json!({"quick_replies": {"body": "Which?", "options": ["S", "M"]}}),
            json!({
                "external_system_msg_body": "Which?\n\n1. S\n2. M",
                "kind": "quick_replies", "body": "Which?", "options": 2, "option_1": "S", "option_2": "M",
            }),
        ),
        (
            json!({"list": {"body": "Which?", "button": "Sizes", "rows": [{"title": "S", "description": "small"}, {"title": "M"}]}}),
            json!({
                "external_system_msg_body": "Which?\n\nSizes:\n1. S: small\n2. M",
                "kind": "list", "body": "Which?", "button": "Sizes", "rows": 2,
                "row_1": "S", "row_1_description": "small", "row_2": "M",
            }),
        ),
        (
            json!({"media": {"url": "https://shop.example/a.png", "caption": "Blue"}}),
            json!({
                "external_system_msg_body": "Blue\nhttps://shop.example/a.png",
                "kind": "media", "media_url": "https://shop.example/a.png", "caption": "Blue",
            }),
        ),
        (
            json!({"media": {"url": "https://shop.example/a.png"}}),
            json!({
                "external_system_msg_body": "https://shop.example/a.png",
                "kind": "media", "media_url": "https://shop.example/a.png",
            }),
        ),
        (json!({"template": "One line"}), json!({"external_system_msg_body": "One line", "kind": "template"})),
        (
            json!({"campaign": {"text": "Which day?", "properties": {"order": "1234"}}}),
            json!({"external_system_msg_body": "Which day?", "kind": "campaign", "order": "1234"}),
        ),
    ] {
        assert_eq!(properties(content), with(expected));
    }
}

#[test]
fn a_reply_with_a_campaign_of_its_own_goes_by_it_whatever_the_delivery() {
    let own = CampaignId::new("own").unwrap();
    let reply = Reply { campaign: Some(own), attributes: attributes(), ..reply(json!("Hello")) };
    for delivery in [campaign(), messages(None), Delivery::Canvas("canvas".to_owned())] {
        let (path, body) = call(&delivery, &reply).unwrap();
        assert_eq!((path, &body["campaign_id"]), ("/campaigns/trigger/send", &json!("own")));
        assert_eq!(body["recipients"][0]["attributes"], written_attributes());
    }
}

#[test]
fn a_canvas_gets_a_context_and_no_subscription_groups() {
    let reply = Reply { attributes: attributes(), ..reply(json!("Hello")) };
    let mut written = written_attributes();
    written.as_object_mut().unwrap().remove("subscription_groups");
    let context = json!({"external_system_msg_body": "Hello", "reply_id": "m1#1", "part": 1, "parts": 2});
    assert_eq!(
        call(&Delivery::Canvas("canvas".to_owned()), &reply).unwrap(),
        (
            "/canvas/trigger/send",
            json!({
                "canvas_id": "canvas",
                "recipients": [{"external_user_id": "external_id", "context": context, "attributes": written}],
            })
        )
    );
}

#[test]
fn a_message_that_goes_along_whole_has_one_user_and_the_type_of_its_kind() {
    let template = ApprovedTemplate { name: "reply".to_owned(), language_code: "en".to_owned() };
    let delivery = messages(Some(template));
    for (content, message_type, message) in [
        (json!("Hello"), "text_response_message", json!({"body": "Hello"})),
        (
            json!({"quick_replies": {"body": "Which?", "options": ["S", "M"]}}),
            "quick_reply_response_message",
            json!({"body": "Which?", "buttons": [{"text": "S"}, {"text": "M"}]}),
        ),
        (
            json!({"list": {"body": "Which?", "button": "Sizes", "rows": [{"title": "S", "description": "small"}, {"title": "M"}]}}),
            "list_response_message",
            json!({"body": "Which?", "list": {"list_button_text": "Sizes", "list_sections": [{
                "section_title": "Sizes",
                "list_rows": [{"row_title": "S", "row_description": "small"}, {"row_title": "M"}],
            }]}}),
        ),
        (
            json!({"media": {"url": "https://shop.example/a.png", "caption": "Blue"}}),
            "text_image_response_message",
            json!({"image_uri": "https://shop.example/a.png", "caption": "Blue"}),
        ),
        (
            json!({"media": {"url": "https://shop.example/a.png"}}),
            "text_image_response_message",
            json!({"image_uri": "https://shop.example/a.png"}),
        ),
        (
            json!({"media": {"url": "https://shop.example/a.pdf", "caption": "Blue"}}),
            "text_response_message",
            json!({"body": "Blue\nhttps://shop.example/a.pdf"}),
        ),
        (
            json!({"template": "One line"}),
            "template_message",
            json!({"template_name": "reply", "template_language_code": "en", "body_variables": {"0": "One line"}}),
        ),
        (
            json!({"campaign": {"text": "Which day?", "properties": {"order": "1234"}}}),
            "text_response_message",
            json!({"body": "Which day?"}),
        ),
    ] {
        let whatsapp = json!({
            "app_id": "app", "subscription_group_id": "group", "message_type": message_type, "message": message,
        });
        let body = json!({"external_user_ids": ["external_id"], "messages": {"whats_app": whatsapp}});
        assert_eq!(call(&delivery, &reply(content)).unwrap(), ("/messages/send", body));
    }
}

#[test]
fn a_message_that_goes_along_whole_cannot_name_a_braze_id_nor_do_without_a_template() {
    let both = to(Identity::new("", "b1", "+49").unwrap(), json!("Hello"));
    let (_, body) = call(&messages(None), &both).unwrap();
    assert_eq!(body["user_aliases"], json!([{"alias_name": "+49", "alias_label": "phone"}]));
    assert_eq!(body.get("external_user_ids"), None);
    let alone = to(Identity::new("", "b1", "").unwrap(), json!("Hello"));
    assert_eq!(call(&messages(None), &alone), None);
    assert_eq!(call(&messages(None), &reply(json!({"template": "One line"}))), None);
}

#[test]
fn nothing_that_could_reach_everybody_is_ever_in_a_body() {
    for delivery in [campaign(), messages(None), Delivery::Canvas("canvas".to_owned())] {
        let (_, body) = call(&delivery, &reply(json!("Hello"))).unwrap();
        for name in ["broadcast", "audience", "segment_id"] {
            assert_eq!(body.get(name), None);
        }
        let lists = ["recipients", "external_user_ids", "user_aliases"].map(|name| body[name].as_array().map(Vec::len));
        assert_eq!(lists.into_iter().flatten().collect::<Vec<_>>(), [1]);
    }
}

#[test]
fn what_a_call_cannot_carry_is_said_beforehand() {
    let mut plain = Attributes::default();
    plain.set("plan", ProfileValue::Flag(true)).unwrap();
    let canvas = Delivery::Canvas("canvas".to_owned());
    let own = CampaignId::new("own").unwrap();
    for (delivery, attributes, by, expected) in [
        (&campaign(), &attributes(), None, true),
        (&canvas, &plain, None, true),
        (&canvas, &attributes(), None, false),
        (&canvas, &attributes(), Some(&own), true),
        (&messages(None), &plain, None, false),
        (&messages(None), &plain, Some(&own), true),
        (&messages(None), &Attributes::default(), None, true),
    ] {
        assert_eq!(carried(delivery, attributes, by) == *attributes, expected, "{delivery:?} {attributes:?} {by:?}");
    }
}

#[test]
fn profiles_are_written_by_whatever_name_and_nobody_new_is_made() {
    let event = Event::new("handed over", Timestamp::from_seconds(9)).unwrap();
    let event = event.with("reason", ProfileValue::text("asked").unwrap()).unwrap();
    let plain = Event::new("answered", Timestamp::EPOCH).unwrap();
    let update = |who: Recipient, attributes: Attributes, events: &[Event]| ProfileUpdate {
        who,
        attributes,
        events: events.to_vec(),
    };
    let updates = [
        update(Recipient::External("42".into()), attributes(), std::slice::from_ref(&event)),
        update(Recipient::Braze("b1".into()), Attributes::default(), &[plain]),
        update(Recipient::Alias { label: "phone".to_owned(), name: "+49".into() }, attributes(), &[]),
    ];
    let request = track(&updates, &objects(&updates));
    let written = |key: &str, name: Value| {
        let mut object = written_attributes();
        object[key] = name;
        object["_update_existing_only"] = json!(true);
        object
    };
    let alias = json!({"alias_name": "+49", "alias_label": "phone"});
    let expected = json!({
        "attributes": [written("external_id", json!("42")), written("user_alias", alias)],
        "events": [
            {
                "external_id": "42", "_update_existing_only": true, "name": "handed over",
                "time": "1970-01-01T00:00:09.000Z", "properties": {"reason": "asked"},
            },
            {"braze_id": "b1", "_update_existing_only": true, "name": "answered", "time": "1970-01-01T00:00:00.000Z"},
        ],
    });
    assert_eq!((request.path, request.body), ("/users/track", expected));
}

#[test]
fn the_largest_properties_stay_below_what_braze_takes() {
    let wide = "\u{1f44b}";
    let rows: Vec<_> = (0..10)
        .map(|number| json!({"title": format!("{number}{}", wide.repeat(23)), "description": wide.repeat(72)}))
        .collect();
    let list = json!({"list": {"body": wide.repeat(3_000), "button": wide.repeat(20), "rows": rows}});
    let text = json!("\n\"".repeat(2_047) + "x");
    for content in [list, text] {
        let content: Content = from_value(content).unwrap();
        assert!(content.text().as_str().chars().count() > 3_900);
        let size = properties(serde_json::to_value(&content).unwrap()).to_string().len();
        assert!(size <= 50_000, "{size}");
    }
}
