//! `GET /campaigns/details`: what a program may know about a campaign. Nothing in it speaks of re-eligibility.

use serde_json::{Value, json};

use super::answer::Answer;
use crate::campaigns::{Channel, Delivery, InboundCampaign, ReplyCampaign};
use crate::workspace::Workspace;

/// The campaign named by `campaign_id` in the query.
pub(super) fn answer(query: &str, workspace: &Workspace) -> Answer {
    let parameters: Vec<_> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    let [("campaign_id", id)] = parameters[..] else {
        return Answer::bad_request("the query needs campaign_id and nothing else");
    };
    let inbound = workspace.inbound.iter().find(|campaign| campaign.id == id).map(of_webhook);
    let reply = || workspace.replies.iter().find(|campaign| campaign.id == id).map(of_reply);
    inbound.or_else(reply).map_or_else(|| Answer::fatal(400, "Invalid Campaign ID"), |body| Answer::new(200, body))
}

fn of_webhook(campaign: &InboundCampaign) -> Value {
    // The value of a header may be a token; its presence is what a set-up check needs.
    let headers: Value = campaign.headers.iter().map(|(name, _)| (name.clone(), json!("********"))).collect();
    let message = json!({
        "channel": "webhook", "name": "Variant 1", "type": "raw", "method": "POST",
        "url": campaign.url, "body": campaign.body, "headers": headers,
    });
    details(&campaign.id, "action_based", "webhook", campaign.live, &message)
}

fn of_reply(campaign: &ReplyCampaign) -> Value {
    let channel = if campaign.channel == Channel::WhatsApp { "whats_app" } else { "email" };
    let schedule = if campaign.delivery == Delivery::ApiTriggered { "api_triggered" } else { "action_based" };
    details(&campaign.id, schedule, channel, campaign.live, &json!({"channel": channel, "name": "Variant 1"}))
}

/// A paused campaign shows as archived: the answer has no other word for one that does not send.
fn details(id: &str, schedule: &str, channel: &str, live: bool, message: &Value) -> Value {
    json!({
        "message": "success", "name": id, "archived": !live, "draft": false, "schedule_type": schedule,
        "channels": [channel], "tags": [], "messages": {"variant-1": message},
    })
}
