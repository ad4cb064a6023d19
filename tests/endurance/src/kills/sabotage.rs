//! Promises broken on purpose, between the functions and the world, to see that the run notices.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::deed::Deed;
use super::marks;
use super::options::Sabotage;
use crate::chance::Chance;
use crate::shared::Shared;

/// Of a hundred requests that could be spoilt, how many are.
const SPOILT: usize = 3;

/// The answer that stands in for a message's way to the queue, if it is to be dropped.
pub(super) fn drops(sabotage: Option<Sabotage>, deed: &Deed, chance: &Shared<Chance>) -> Option<Bytes> {
    let meant = sabotage == Some(Sabotage::Drop) && matches!(deed, Deed::Queue { .. });
    let pretended = json!({"MessageId": "00000000-0000-4000-9000-000000000000"});
    (meant && chance.lock().percent(SPOILT)).then(|| Bytes::from(pretended.to_string()))
}

/// How many more times a request is to be sent.
pub(super) fn more_copies(sabotage: Option<Sabotage>, deed: &Deed, chance: &Shared<Chance>) -> usize {
    let meant = sabotage == Some(Sabotage::Copy) && matches!(deed, Deed::Send { .. });
    if meant && chance.lock().percent(SPOILT) { 2 } else { 0 }
}

/// Changes what a request says.
pub(super) fn changes(sabotage: Option<Sabotage>, deed: &Deed, body: &mut Bytes, chance: &Shared<Chance>) {
    let misdirected = sabotage == Some(Sabotage::Misdirect) && matches!(deed, Deed::Send { .. });
    let garbled = sabotage == Some(Sabotage::Garble) && *deed == Deed::Ask;
    if !(misdirected || garbled) || !chance.lock().percent(SPOILT) {
        return;
    }
    let mut json: Value = serde_json::from_slice(body).unwrap_or_default();
    if misdirected {
        json["recipients"][0]["external_user_id"] = Value::from(marks::user(0));
    } else if let Some(question) = json["messages"].as_array_mut().and_then(|messages| messages.last_mut()) {
        let text = question["content"].as_str().unwrap_or_default().replacen('"', "'", 1) + " ";
        question["content"] = Value::from(text);
    }
    *body = Bytes::from(json.to_string());
}
