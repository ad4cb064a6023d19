//! Promises broken on purpose, between the functions and the world, to see that the run notices.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Bytes;
use serde_json::{Value, json};

use super::deed::Deed;
use super::marks;
use super::options::Sabotage;

/// One in so many of the requests that can be spoilt is.
const EVERY: usize = 10;

/// What is spoilt, and how often it could have been.
#[derive(Debug)]
pub(super) struct Saboteur {
    order: Option<Sabotage>,
    met: AtomicUsize,
}

impl Saboteur {
    pub(super) fn new(order: Option<Sabotage>) -> Self {
        Self { order, met: AtomicUsize::new(0) }
    }

    /// Whether a promise was to be broken, and nothing came that could be spoilt.
    pub(super) fn was_idle(&self) -> bool {
        self.order.is_some() && self.met.load(Ordering::Relaxed) <= EVERY / 2
    }

    /// What is to be done to this request, if it is one of those.
    pub(super) fn meets(&self, deed: &Deed) -> Option<Sabotage> {
        let order = self.order?;
        let meant = match order {
            Sabotage::Drop => matches!(deed, Deed::Queue { .. }),
            Sabotage::Copy | Sabotage::Misdirect => matches!(deed, Deed::Send { .. }),
            Sabotage::Garble => *deed == Deed::Ask,
        };
        (meant && self.met.fetch_add(1, Ordering::Relaxed) % EVERY == EVERY / 2).then_some(order)
    }
}

/// The answer that stands in for a message's way to the queue.
pub(super) fn pretended() -> Bytes {
    Bytes::from(json!({"MessageId": "00000000-0000-4000-9000-000000000000"}).to_string())
}

/// The same send to somebody else.
pub(super) fn misdirected(body: &Bytes) -> Bytes {
    changed(body, |json| {
        let victim = usize::from(json["recipients"][0]["external_user_id"] == marks::user(0));
        json["recipients"][0]["external_user_id"] = Value::from(marks::user(victim));
    })
}

/// The same question with one character more.
pub(super) fn garbled(body: &Bytes) -> Bytes {
    changed(body, |json| {
        if let Some(question) = json["messages"].as_array_mut().and_then(|messages| messages.last_mut()) {
            let text = question["content"].as_str().unwrap_or_default().to_owned() + ".";
            question["content"] = Value::from(text);
        }
    })
}

fn changed(body: &Bytes, change: impl FnOnce(&mut Value)) -> Bytes {
    let mut json: Value = serde_json::from_slice(body).unwrap_or_default();
    change(&mut json);
    Bytes::from(json.to_string())
}
