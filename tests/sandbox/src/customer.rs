//! One customer as simulated Braze knows them: their phone, with what became of each message, and their profile.

use std::collections::HashSet;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use models::{ConversationKey, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};
use simulated_braze::{Outcome, PhoneMessage, Profile, Sender, WebhookRecord};
use store::StoreError;

use crate::routes::{Shared, bad_request};
use crate::steps::Kind;
use crate::world::World;

/// How long after their last message a user can be answered, as WhatsApp has it.
const WINDOW: Duration = Duration::from_hours(24);

/// `GET /sandbox/customers/{conversation}`.
pub(crate) async fn show(State(world): Shared, Path(conversation): Path<String>) -> Json<Value> {
    Json(customer(&world, &conversation))
}

/// Everything about one customer; for somebody unknown an empty phone and no profile.
pub(crate) fn customer(world: &World, conversation: &str) -> Value {
    let profile = world.braze.profile(conversation);
    let names = profile.as_ref().map(Profile::conversations).unwrap_or_default();
    let of_them = |whose: &str| whose == conversation || names.iter().any(|name| name.as_str() == whose);
    let webhooks: Vec<_> =
        world.braze.webhooks().into_iter().filter(|webhook| of_them(webhook.conversation.as_str())).collect();
    let undelivered: Vec<_> =
        world.braze.undelivered().into_iter().filter(|lost| of_them(lost.conversation.as_str())).collect();
    let screen = profile.as_ref().map_or(&[][..], |profile| &profile.screen);
    json!({
        "conversation": conversation,
        "messages": screen.iter().map(|message| with_fate(message, &webhooks)).collect::<Vec<_>>(),
        "undelivered": undelivered,
        "profile": profile.as_ref().map(shown),
    })
}

fn shown(profile: &Profile) -> Value {
    json!({
        "braze_id": profile.braze_id, "external_id": profile.external_id, "aliases": profile.aliases,
        "phone": profile.phone, "first_name": profile.first_name, "profile_name": profile.profile_name,
        "language": profile.language, "subscribed": profile.subscribed, "attributes": profile.attributes,
        "events": profile.events, "window_until": profile.last_inbound.map(|at| at + WINDOW),
    })
}

fn with_fate(message: &PhoneMessage, webhooks: &[WebhookRecord]) -> Value {
    let mut shown = json!(message);
    if message.from == Sender::User {
        shown["fate"] = json!(fate(message.at, webhooks));
    }
    shown
}

/// What became of what a user wrote at `at`, as far as Braze knows: its webhooks left at the same instant. `null` where none
/// did: then somebody else forwarded the message, or nobody has yet.
fn fate(at: Timestamp, webhooks: &[WebhookRecord]) -> Option<&'static str> {
    let outcomes: Vec<_> = webhooks.iter().filter(|webhook| webhook.at == at).map(|webhook| webhook.outcome).collect();
    if outcomes.contains(&Outcome::Received) {
        Some("received")
    } else if outcomes.contains(&Outcome::Pending) {
        Some("on_its_way")
    } else {
        (!outcomes.is_empty()).then_some("lost")
    }
}

/// What can be changed about a customer. What is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// Whether the WhatsApp group may send to them.
    subscribed: Option<bool>,
    /// Such as `de`.
    language: Option<String>,
    /// What they call themselves on WhatsApp.
    profile_name: Option<String>,
    /// Lets a day pass since they wrote, as Braze and Dragoman see it.
    #[serde(default)]
    close_window: bool,
}

/// `POST /sandbox/customers/{conversation}`.
pub(crate) async fn change(State(world): Shared, Path(conversation): Path<String>, body: Bytes) -> Response {
    let change: Change = match serde_json::from_slice(&body) {
        Ok(change) => change,
        Err(error) => return bad_request(&error),
    };
    let known = world.braze.change_profile(&conversation, |profile| {
        profile.subscribed = change.subscribed.unwrap_or(profile.subscribed);
        profile.language = change.language.or(profile.language.take());
        profile.profile_name = change.profile_name.map(Into::into).or(profile.profile_name.take());
    });
    if !known {
        let error = "nobody of that name has written yet";
        return (StatusCode::NOT_FOUND, Json(json!({"error": error}))).into_response();
    }
    let title = if change.close_window {
        if let Err(error) = let_a_day_pass(&world, &conversation) {
            return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": error.to_string()}))).into_response();
        }
        "a day has passed since they wrote"
    } else {
        "profile changed by hand"
    };
    world.steps.add(Some(&conversation), Kind::Braze, title, json!(null));
    Json(customer(&world, &conversation)).into_response()
}

/// Makes it a day longer ago that they wrote: for Braze, and for Dragoman under whatever key it has their conversation.
fn let_a_day_pass(world: &World, conversation: &str) -> Result<(), StoreError> {
    world.braze.close_window(conversation);
    let names = world.braze.profile(conversation).map(|profile| profile.conversations()).unwrap_or_default();
    let keys: HashSet<_> = names.iter().filter_map(|name| ConversationKey::parse(name.as_str())).collect();
    keys.iter().try_for_each(|key| world.store.heard_longer_ago(key, WINDOW))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn webhook(at: u64, outcome: Outcome) -> WebhookRecord {
        let (at, text) = (Timestamp::from_seconds(at), String::new);
        let (campaign, dispatch_id, url) = (text(), text(), text());
        let (conversation, body) = ("user:ada".into(), "".into());
        WebhookRecord { at, campaign, conversation, dispatch_id, url, body, attempts: Vec::new(), outcome }
    }

    #[test]
    fn a_message_is_received_once_one_of_its_webhooks_is_and_lost_once_all_are() {
        let fate = |outcomes: &[Outcome]| {
            let webhooks: Vec<_> = outcomes.iter().map(|outcome| webhook(7, *outcome)).collect();
            super::fate(Timestamp::from_seconds(7), &webhooks)
        };
        assert_eq!(fate(&[]), None);
        assert_eq!(fate(&[Outcome::Refused, Outcome::Pending]), Some("on_its_way"));
        assert_eq!(fate(&[Outcome::Pending, Outcome::Received]), Some("received"));
        assert_eq!(fate(&[Outcome::GivenUp, Outcome::Refused]), Some("lost"));
        assert_eq!(super::fate(Timestamp::from_seconds(8), &[webhook(7, Outcome::Received)]), None);
    }
}
