//! The two Liquid templates of simulated Braze: what they are, what is wrong with them, and which of their traps a message hit.
//! What a trap is and what to do about it is the doctor's to say.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use doctor::Finding;
use serde::Deserialize;
use serde_json::{Value, json};
use simulated_braze::{
    DOCUMENTED_BODY, DOCUMENTED_REPLY_MESSAGE, NotDelivered, RECOMMENDED_BODY, REPLY_MESSAGE, Sender, parse, take,
};

use crate::routes::{Shared, bad_request};
use crate::steps::Kind;
use crate::world::{CAMPAIGN, INBOUND_CAMPAIGN, World};

/// What Dragoman's words are called in a call to Braze.
const WORDS: &str = "external_system_msg_body";

/// The templates as somebody wants them. What is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// The body of the webhook campaign.
    body: Option<String>,
    /// The message of the reply campaign.
    message: Option<String>,
}

/// `GET /sandbox/liquid`.
pub(crate) async fn show(State(world): Shared) -> Json<Value> {
    Json(in_force(&world))
}

/// `POST /sandbox/liquid`: the next message is rendered with these.
pub(crate) async fn change(State(world): Shared, body: Bytes) -> Response {
    let wanted: Wanted = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(error) => return bad_request(&error),
    };
    for template in [&wanted.body, &wanted.message].into_iter().flatten() {
        if let Err(reason) = take(template) {
            return bad_request(&reason);
        }
    }
    world.braze.change_workspace(|workspace| {
        let inbound = workspace.inbound.iter_mut().filter(|campaign| campaign.id == INBOUND_CAMPAIGN);
        inbound.for_each(|campaign| wanted.body.iter().for_each(|body| campaign.body.clone_from(body)));
        let replies = workspace.replies.iter_mut().filter(|campaign| campaign.id == CAMPAIGN);
        replies.for_each(|campaign| wanted.message.iter().for_each(|message| campaign.message.clone_from(message)));
    });
    world.steps.add(None, Kind::Braze, "templates changed by hand", Value::Null);
    Json(in_force(&world)).into_response()
}

/// Both templates with what is wrong with them, and those to begin from.
pub(crate) fn in_force(world: &World) -> Value {
    let (body, message) = templates(world);
    json!({
        "body": {
            "text": body, "findings": judged(&body, doctor::inbound_body, doctor::body_not_rendered),
            "recommended": RECOMMENDED_BODY, "documented": DOCUMENTED_BODY,
        },
        "message": {
            "text": message, "findings": judged(&message, doctor::reply_message, doctor::reply_not_rendered),
            "recommended": REPLY_MESSAGE, "documented": DOCUMENTED_REPLY_MESSAGE,
        },
    })
}

/// The body of the webhook campaign and the message of the reply campaign.
fn templates(world: &World) -> (String, String) {
    let workspace = world.braze.workspace();
    let body = workspace.inbound.into_iter().find(|campaign| campaign.id == INBOUND_CAMPAIGN);
    let message = workspace.replies.into_iter().find(|campaign| campaign.id == CAMPAIGN);
    (
        body.map(|campaign| campaign.body).unwrap_or_default(),
        message.map(|campaign| campaign.message).unwrap_or_default(),
    )
}

fn judged(template: &str, judge: fn(&str) -> Vec<Finding>, not_rendered: fn(&str) -> Finding) -> Vec<Finding> {
    let mut findings = judge(template);
    let told = findings.iter().any(|finding| finding.code == "liquid_syntax");
    let broken = parse(template).err().filter(|_| !told);
    findings.extend(broken.map(|error| not_rendered(&error.to_string())));
    findings
}

/// Tells that a message fired no webhook, and why.
pub(crate) fn of_nothing(world: &World, conversation: &str, reason: &NotDelivered) {
    let explanation = json!({"explanation": reason.to_string()});
    world.steps.add(Some(conversation), Kind::Webhook, "no webhook leaves Braze", explanation);
    if let NotDelivered::Template(error) = reason {
        tell(world, Some(conversation), &[doctor::body_not_rendered(&error.to_string())]);
    }
}

/// A webhook of simulated Braze: whose message fired it, and the steps that tell its traps.
#[derive(Default)]
pub(crate) struct Fired {
    pub(crate) by: Option<String>,
    pub(crate) told: Vec<u64>,
}

/// Tells the traps that a webhook of simulated Braze hit, when it comes for the first time.
pub(crate) fn of_webhook(world: &World, body: &[u8]) -> Fired {
    let mut webhooks = world.braze.webhooks().into_iter();
    let Some(webhook) = webhooks.rfind(|webhook| webhook.body.as_str().as_bytes() == body) else {
        return Fired::default();
    };
    let by = Some(webhook.conversation.as_str().to_owned());
    let first = webhook.attempts.is_empty() && webhook.campaign == INBOUND_CAMPAIGN;
    let traps = if first { doctor::rendered_body(&templates(world).0, webhook.body.as_str()) } else { Vec::new() };
    Fired { told: tell(world, by.as_deref(), &traps), by }
}

/// How much simulated Braze had shown to a user, and lost, before a reply.
pub(crate) struct Before {
    shown: usize,
    lost: usize,
}

impl Before {
    pub(crate) fn of(world: &World, whose: &str) -> Self {
        Self { shown: world.braze.phone(whose).len(), lost: world.braze.undelivered().len() }
    }
}

/// Tells the traps that the reply in `called`, a call to simulated Braze, hit since `before`.
pub(crate) fn of_reply(world: &World, called: &Value, whose: &str, before: &Before) {
    let mut lost = world.braze.undelivered().into_iter().skip(before.lost);
    let reason = lost.rfind(|lost| lost.conversation.as_str() == whose).map(|lost| lost.reason);
    let is_newcomer = || world.braze.profile(whose).is_some_and(|profile| profile.external_id.is_none());
    if reason == Some(NotDelivered::Unsubscribed) && is_newcomer() {
        tell(world, Some(whose), &[doctor::newcomer_not_subscribed()]);
    }
    let campaign = called["campaign_id"].as_str();
    let exists = |id: &&str| world.braze.workspace().replies.iter().any(|campaign| campaign.id == **id);
    if let Some(unknown) = campaign.filter(|id| !exists(id)) {
        tell(world, Some(whose), &[doctor::unknown_campaign(unknown)]);
    }
    if campaign != Some(CAMPAIGN) {
        return;
    }
    let template = templates(world).1;
    let own = &called["recipients"][0]["trigger_properties"][WORDS];
    let words = own.as_str().or(called["trigger_properties"][WORDS].as_str()).unwrap_or_default();
    let phone = world.braze.phone(whose);
    let shown = phone.iter().skip(before.shown).rfind(|message| message.from == Sender::Brand);
    let traps = match (reason, shown) {
        (Some(NotDelivered::Template(error)), _) => vec![doctor::reply_not_rendered(&error.to_string())],
        (Some(NotDelivered::Blank), _) => doctor::rendered_reply(&template, words, ""),
        (None, Some(message)) => doctor::rendered_reply(&template, words, message.text.as_str()),
        (Some(_), _) | (None, None) => Vec::new(),
    };
    tell(world, Some(whose), &traps);
}

fn tell(world: &World, conversation: Option<&str>, traps: &[Finding]) -> Vec<u64> {
    let step = |trap: &Finding| world.steps.add(conversation, Kind::Trap, trap.what.clone(), json!(trap));
    traps.iter().map(step).collect()
}
