use models::ProfileValue;
use serde_json::{Value, json};

use super::*;
use crate::Outcome;

fn attributes() -> Attributes {
    let mut attributes = Attributes::default();
    attributes.set("in_chat", ProfileValue::Flag(true)).unwrap();
    attributes
}

fn update(user: &str, attributes: Attributes, events: usize) -> ProfileUpdate {
    let event = |number: usize| Event::new(&format!("e{number}"), Timestamp::EPOCH).unwrap();
    ProfileUpdate { who: Recipient::External(user.into()), attributes, events: (0..events).map(event).collect() }
}

/// One with attributes and two events, one with an event alone, one with attributes alone: five objects.
fn three() -> Vec<ProfileUpdate> {
    vec![update("1", attributes(), 2), update("2", Attributes::default(), 1), update("3", attributes(), 0)]
}

fn outcome(answer: &Value) -> TrackOutcome {
    let accepted = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };
    let updates = three();
    TrackOutcome::new(&updates, read(&objects(&updates), &accepted, Some(answer)))
}

/// What became of the five objects, as letters: attributes first, then events.
fn letters(outcome: &TrackOutcome) -> String {
    let letter = |tracked: &Tracked| match tracked {
        Tracked::Written => 'w',
        Tracked::Refused(_) => 'r',
        Tracked::NotAccepted(_) => 'n',
        Tracked::Unknown => 'u',
    };
    let attributes = outcome.updates.iter().filter_map(|update| update.attributes.as_ref());
    let events = outcome.updates.iter().flat_map(|update| &update.events);
    attributes.chain(events).map(letter).collect()
}

#[test]
fn errors_are_reported_as_far_as_braze_tells() {
    let named = |array: &str, index: i64| json!({"type": "bad", "input_array": array, "index": index});
    for (answer, expected) in [
        (json!({"message": "success"}), "wwwww"),
        (json!({"errors": []}), "wwwww"),
        (json!({"errors": [named("attributes", 1), named("events", 0)]}), "wrrww"),
        // An error that names nothing: whatever is not counted is not known.
        (json!({"errors": ["bad"]}), "uuuuu"),
        (json!({"errors": ["bad"], "attributes_processed": 2, "events_processed": 2}), "wwuuu"),
        (json!({"errors": ["bad"], "attributes_processed": 1, "events_processed": 3}), "uuwww"),
        (json!({"errors": ["bad", named("attributes", 0)], "attributes_processed": 1, "events_processed": 2}), "rwuuu"),
        // An error that names what was not in the call names nothing.
        (json!({"errors": [named("purchases", 0)]}), "uuuuu"),
        (json!({"errors": [named("events", 3)], "attributes_processed": 2}), "wwuuu"),
        (json!({"errors": [named("events", -1)]}), "uuuuu"),
        (json!({"errors": [7, null]}), "uuuuu"),
        (json!({"errors": "bad"}), "wwwww"),
        (json!([]), "wwwww"),
    ] {
        assert_eq!(letters(&outcome(&answer)), expected, "{answer}");
    }
}

#[test]
fn an_answer_that_is_no_json_takes_everything() {
    let accepted = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };
    assert_eq!(read(&objects(&three()), &accepted, None), vec![Tracked::Written; 5]);
}

#[test]
fn brazes_words_on_a_mistake_are_kept_short_and_not_printed() {
    let error = json!({"type": "x".repeat(300), "input_array": "attributes", "index": 0});
    let outcome = outcome(&json!({"errors": [error]}));
    let Some(Tracked::Refused(reason)) = &outcome.updates[0].attributes else { panic!() };
    assert_eq!(reason.as_str().len(), 200);
    assert!(!format!("{outcome:?}").contains("xx"));
}

#[test]
fn only_what_does_no_harm_is_tried_again() {
    let updates = three();
    let all = |tracked: Tracked| TrackOutcome::new(&updates, vec![tracked; 5]);
    let limited = Tracked::NotAccepted(Refusal::RateLimited(Some(Timestamp::from_seconds(7))));
    assert_eq!(all(limited.clone()).again(&updates), updates);
    assert_eq!(all(limited).not_before(), Some(Timestamp::from_seconds(7)));
    for tracked in [Tracked::Written, Tracked::Refused("bad".into()), Tracked::NotAccepted(Refusal::Rejected(403))] {
        let outcome = all(tracked);
        assert_eq!((outcome.again(&updates), outcome.not_before()), (vec![], None), "{outcome:?}");
    }
    // An event that perhaps is there would stand there twice; attributes do not.
    let unknown = all(Tracked::Unknown).again(&updates);
    assert_eq!(unknown, [update("1", attributes(), 0), update("3", attributes(), 0)]);
}

#[test]
fn objects_stand_in_the_order_of_the_people_and_attributes_before_events() {
    assert_eq!(
        objects(&three()),
        [
            Object::Attributes { update: 0 },
            Object::Event { update: 0, event: 0 },
            Object::Event { update: 0, event: 1 },
            Object::Event { update: 1, event: 0 },
            Object::Attributes { update: 2 },
        ]
    );
}
