//! What the door made of a request: whether it answered as it should, and what it handed on.

use std::fmt::Debug;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use models::{AgentAction, AgentDeed, Identity, Message, Personal, QueueMessage};
use serde_json::{Value, json};

use crate::cases::Told;
use crate::door::Arrival;
use crate::notation::Notation;

/// What an agent's tool is told that asks for nonsense: never a word of what it said.
const NONSENSE: [&str; 5] = [
    "the body must be JSON like {\"conversation\": \"user:42\"}, each key once: it has \"conversation\", \"text\" and perhaps \"id\"",
    "the body must be JSON like {\"conversation\": \"user:42\"}, each key once: it has \"conversation\" and perhaps \"id\"",
    "\"conversation\" must be user:<external id>, braze:<braze id> or alias:<label>:<name>",
    "\"text\" must be a text of 1 to 16384 characters",
    "\"id\" must be a text of 1 to 200 characters, or be left out",
];

/// Whether `got` is what was wanted.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, got: &T, wanted: &T) -> Result<(), String> {
    if got == wanted { Ok(()) } else { Err(format!("{what} is {} and not {}", short(got), short(wanted))) }
}

/// Whether this holds.
pub(crate) fn holds(condition: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(otherwise()) }
}

fn short<T: Debug>(value: &T) -> String {
    let shown = format!("{value:?}");
    if shown.chars().count() > 200 { shown.chars().take(200).collect::<String>() + "…" } else { shown }
}

/// The message that was queued, read back as the responder reads it.
pub(crate) fn message(arrival: &Arrival) -> Result<Message, String> {
    same("the status", &arrival.answer.status, &StatusCode::ACCEPTED)?;
    same("what it was told", &arrival.answer.body.get("reason"), &None)?;
    same("the number of parked messages", &arrival.parked.len(), &0)?;
    let [queued] = &arrival.queued[..] else { return Err(format!("{} messages were queued", arrival.queued.len())) };
    let is_ascii = queued.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    holds(is_ascii, || "the queue's message is not plain ASCII".to_owned())?;
    let message = QueueMessage::from_json(queued).map_err(|error| error.to_string())?;
    let message = message.inbound().ok_or("it is no user's message")?;
    let told = json!({"message_id": message.id.as_str(), "state": "queued"});
    same("the answer", &arrival.answer.body, &told)?;
    tells_nothing(&message)?;
    Ok(message)
}

/// Whether an agent's `deed` was queued, and nothing else: of whom and with which words, `told` says.
pub(crate) fn asked(arrival: &Arrival, deed: &str, told: &Told) -> Result<(), String> {
    same("the status", &arrival.answer.status, &StatusCode::ACCEPTED)?;
    same("what else was handed on", &(arrival.queued.len() + arrival.parked.len()), &0)?;
    let [queued] = &arrival.asked[..] else { return Err(format!("{} wishes were queued", arrival.asked.len())) };
    let is_ascii = queued.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    holds(is_ascii, || "the queue's message is not plain ASCII".to_owned())?;
    let QueueMessage::AgentV1(action) = QueueMessage::from_json(queued).map_err(|error| error.to_string())? else {
        return Err("it is no agent's".to_owned());
    };
    same("the answer", &arrival.answer.body, &json!({"message_id": action.id.as_str(), "state": "queued"}))?;
    same("the conversation", &action.conversation.as_str(), &told.user.as_deref().unwrap_or("user:42"))?;
    let json = serde_json::to_value(&action.deed).map_err(|error| error.to_string())?;
    same("the deed", &json["kind"], &json!(deed))?;
    same("the words", &json.get("text").and_then(Value::as_str), &told.text.as_ref().map(Notation::text).as_deref())?;
    let AgentDeed::Say(words) = &action.deed else { return Ok(()) };
    let other = AgentAction { deed: AgentDeed::Say(filler(words)), ..action.clone() };
    holds(format!("{action:?}") == format!("{other:?}"), || "Debug shows what was said".to_owned())
}

/// Whether the body was parked, whole, for a reason with these words.
pub(crate) fn quarantined(arrival: &Arrival, body: &[u8], reason: &str) -> Result<(), String> {
    same("the status", &arrival.answer.status, &StatusCode::ACCEPTED)?;
    same("the number of queued messages", &arrival.queued.len(), &0)?;
    same("the queue it was told", &arrival.answer.body["queue"], &json!("quarantine"))?;
    let given = arrival.answer.body["reason"].as_str().unwrap_or_default();
    holds(!reason.is_empty() && given.contains(reason), || format!("the reason is {given:?} and not {reason:?}"))?;
    let mut whole = Vec::new();
    for (index, part) in arrival.parked.iter().enumerate() {
        let part: Value = serde_json::from_str(part).map_err(|_| "a parked message is not JSON".to_owned())?;
        same("the place of a part", &part["part"], &json!(index + 1))?;
        same("the number of parts", &part["parts"], &json!(arrival.parked.len()))?;
        same("the parked reason", &part["reason"], &arrival.answer.body["reason"])?;
        let bytes = STANDARD.decode(part["body_base64"].as_str().unwrap_or_default());
        whole.extend(bytes.map_err(|_| "a parked message is not base64".to_owned())?);
    }
    holds(!arrival.parked.is_empty() && whole == body, || "the parked body is not the body".to_owned())
}

/// Whether the request was turned away: nothing handed on, and nothing told.
pub(crate) fn refused(arrival: &Arrival, status: u16) -> Result<(), String> {
    same("the status", &arrival.answer.status.as_u16(), &status)?;
    same("what was handed on", &(arrival.queued.len() + arrival.parked.len() + arrival.asked.len()), &0)?;
    let told = &arrival.answer.body;
    let constant = match status {
        200 => json!({"status": "ok"}),
        400 if names_a_key(told) => told.clone(),
        400 => NONSENSE.iter().map(|reason| json!({"error": reason})).find(|known| known == told).unwrap_or_default(),
        401 => json!({"error": "unauthorized"}),
        404 => json!({"error": "no such path"}),
        405 => json!({"error": "no such method on this path"}),
        413 if told["error"] == "the body is larger than 256 KiB" => told.clone(),
        413 => json!({"error": "the body is larger than 1 MiB"}),
        503 => json!({"error": "the tokens cannot be read"}),
        status => return Err(format!("the table has no answer with status {status}")),
    };
    same("the answer", told, &constant)
}

/// Whether an agent is told which of the keys they sent means nothing, and no more of the body than that.
fn names_a_key(told: &Value) -> bool {
    let known = ["\"conversation\" and perhaps \"id\"", "\"conversation\", \"text\" and perhaps \"id\""];
    let key = |error: &str| {
        let (key, keys) = error.strip_prefix('"')?.split_once("\" is no key here: the body has ")?;
        known.contains(&keys).then(|| key.chars().count())
    };
    told.as_object().is_some_and(|told| told.len() == 1)
        && told["error"].as_str().and_then(key).is_some_and(|characters| characters <= 40)
}

/// Whether nothing that is printed depends on what a person said or is called: a message with other words of the same
/// length prints the same.
fn tells_nothing(message: &Message) -> Result<(), String> {
    let hidden = Message {
        text: filler(&message.text),
        profile_name: message.profile_name.as_ref().map(filler),
        media_urls: message.media_urls.as_ref().map(filler),
        identity: hidden(&message.identity)?,
        ..message.clone()
    };
    let printed = |message: Message| {
        let message = QueueMessage::InboundV1(message);
        format!("{message:?} {message:#?}")
    };
    holds(printed(message.clone()) == printed(hidden), || "Debug shows what was said".to_owned())
}

fn filler(text: &Personal) -> Personal {
    "x".repeat(text.as_str().len()).into()
}

fn hidden(identity: &Identity) -> Result<Identity, String> {
    let json = serde_json::to_value(identity).map_err(|error| error.to_string())?;
    let name = |key: &str| "x".repeat(json[key].as_str().unwrap_or_default().len());
    Identity::new(&name("external_id"), &name("braze_id"), &name("phone")).map_err(|error| error.to_string())
}
