//! What people at the desk want: to take over, to write, to give back, at any time and more than once.

use serde_json::json;

use crate::chance::Chance;
use crate::door::Webhook;
use crate::people::Person;
use crate::witness::{LINE, NO_FLOW};

/// A wish, and how many seconds from now it is posted.
pub(crate) struct Wish {
    pub(crate) after: u64,
    pub(crate) webhook: Webhook,
}

/// What an agent wants of this person's conversation now; `number` names the lines.
pub(crate) fn wishes(person: &Person, number: &mut u64, chance: &mut Chance) -> Vec<Wish> {
    let key = person.key();
    match chance.below(10) {
        0..=2 => vec![wish(0, "takeover", &json!({ "conversation": key }))],
        3..=5 => vec![wish(0, "release", &json!({ "conversation": key }))],
        _ => lines(&key, number, chance),
    }
}

/// Another system starts a flow, at times twice by the same name, and at times one that there is not.
pub(crate) fn flow(person: &Person, number: &mut u64, chance: &mut Chance) -> Vec<Wish> {
    *number += 1;
    let flow = chance.pick(&["return", "survey", "survey", "booking", "return", NO_FLOW]);
    let mut body = json!({ "conversation": person.key(), "flow": flow });
    if chance.chance(800) {
        body["id"] = json!(format!("s{number}"));
    }
    let copies = 1 + chance.below(2) * chance.below(2);
    (0..copies).map(|_| wish(chance.pick(&[0, 0, 5, 60]), "flows", &body)).collect()
}

/// What is done with this person's conversation that takes no more words.
pub(crate) fn wish_of(person: &Person, what: &str) -> Webhook {
    wish(0, what, &json!({ "conversation": person.key() })).webhook
}

/// Somebody wants to be forgotten.
pub(crate) fn erasure(key: &str) -> Wish {
    wish(0, "erase", &json!({ "conversation": key }))
}

/// One to three lines in quick succession, at times once more.
fn lines(key: &str, number: &mut u64, chance: &mut Chance) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for _ in 0..=chance.below(3) {
        *number += 1;
        let mut body = json!({ "conversation": key, "text": format!("{LINE}{number}, and it comes today.") });
        if chance.chance(700) {
            body["id"] = json!(format!("r{number}"));
        }
        if chance.chance(150) {
            wishes.push(wish(chance.below(20), "messages", &body));
        }
        wishes.push(wish(chance.below(3), "messages", &body));
    }
    wishes
}

fn wish(after: u64, what: &str, body: &serde_json::Value) -> Wish {
    let webhook = Webhook { path: format!("/conversations/{what}"), body: body.to_string(), readable: true };
    Wish { after, webhook }
}
