//! The REST interface: who may call what, and what is answered.

mod answer;
mod campaign_details;
mod fields;
mod limits;
mod messages_send;
mod responding;
mod trigger_send;
mod users_track;
mod whatsapp_object;

pub(crate) use answer::Answer;
pub(crate) use fields::Fields;
pub(crate) use limits::Limits;
use models::Timestamp;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::sending::{Order, carry_out};
use crate::world::{World, dispatch_id};

/// The largest body of a call.
const BODY_BYTES: usize = 4_000_000;

/// One call, as far as an answer depends on it.
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) content_type: Option<String>,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    TriggerCampaign,
    TriggerCanvas,
    SendMessages,
    TrackUsers,
    CampaignDetails,
}

impl Endpoint {
    fn of(call: &Call) -> Option<Self> {
        match (call.method.as_str(), call.path.as_str()) {
            ("POST", "/campaigns/trigger/send") => Some(Self::TriggerCampaign),
            ("POST", "/canvas/trigger/send") => Some(Self::TriggerCanvas),
            ("POST", "/messages/send") => Some(Self::SendMessages),
            ("POST", "/users/track") => Some(Self::TrackUsers),
            ("GET", "/campaigns/details") => Some(Self::CampaignDetails),
            _ => None,
        }
    }

    fn permission(self) -> &'static str {
        match self {
            Self::TriggerCampaign => "campaigns.trigger.send",
            Self::TriggerCanvas => "canvas.trigger.send",
            Self::SendMessages => "messages.send",
            Self::TrackUsers => "users.track",
            Self::CampaignDetails => "campaigns.details",
        }
    }
}

/// Answers `call`, and does what it asks for if it may.
pub(crate) fn answer(world: &mut World, call: &Call, now: Timestamp) -> Answer {
    admit(world, call, now).and_then(|endpoint| perform(world, endpoint, call, now)).unwrap_or_else(|refusal| refusal)
}

fn admit(world: &mut World, call: &Call, now: Timestamp) -> Result<Endpoint, Answer> {
    let endpoint = Endpoint::of(call).ok_or_else(|| Answer::fatal(404, "Invalid URL"))?;
    let given = call.authorization.as_deref().and_then(|value| value.strip_prefix("Bearer "));
    let key = world.workspace.api_keys.iter().find(|key| Some(key.key.expose_secret()) == given);
    let key = key.ok_or_else(|| Answer::fatal(401, "Invalid API key"))?;
    if !key.permissions.iter().any(|permission| permission == endpoint.permission()) {
        return Err(Answer::fatal(403, "Access Denied"));
    }
    if !world.limits.take(&call.path, now) {
        return Err(Answer::fatal(429, "Rate Limited"));
    }
    Ok(endpoint)
}

fn perform(world: &mut World, endpoint: Endpoint, call: &Call, now: Timestamp) -> Result<Answer, Answer> {
    if endpoint == Endpoint::CampaignDetails {
        return Ok(campaign_details::answer(&call.query, &world.workspace));
    }
    let Value::Object(body) = json_body(call)? else { return Err(Answer::bad_request("the body must be an object")) };
    let workspace = &world.workspace;
    let order = match endpoint {
        Endpoint::TriggerCampaign => trigger_send::read(&body, &trigger_send::CAMPAIGN, &workspace.replies, workspace),
        Endpoint::TriggerCanvas => trigger_send::read(&body, &trigger_send::CANVAS, &workspace.canvases, workspace),
        Endpoint::SendMessages => messages_send::read(&body, workspace),
        Endpoint::TrackUsers | Endpoint::CampaignDetails => return users_track::take_in(&body, world),
    };
    order.map(|order| send(world, &order, now))
}

fn json_body(call: &Call) -> Result<Value, Answer> {
    let content_type = call.content_type.as_deref().and_then(|value| value.split(';').next());
    if content_type.map(str::trim) != Some("application/json") {
        return Err(Answer::fatal(415, "Unsupported Media Type"));
    }
    if call.body.len() > BODY_BYTES {
        return Err(Answer::fatal(413, "Payload Too Large"));
    }
    fields::parse(&call.body).ok_or_else(|| Answer::bad_request("the body is not JSON, or names a key twice"))
}

fn send(world: &mut World, order: &Order, now: Timestamp) -> Answer {
    let dispatch_id = dispatch_id();
    carry_out(world, order, &dispatch_id, now);
    Answer::sent(&dispatch_id, order.campaign.live)
}
