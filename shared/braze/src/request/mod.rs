//! The bodies of the calls.

mod profile;
mod properties;
mod whatsapp;

use models::{Attributes, CampaignId, Recipient, Reply};
use serde_json::{Value, json};

use crate::Together;
use crate::delivery::Delivery;
pub(crate) use profile::track;

/// The most bytes of trigger properties. Braze's documentation leaves open whether they are those of a recipient or of a call.
pub(crate) const PROPERTY_BYTES: usize = 50_000;
const RECIPIENTS: &str = "recipients";

/// One call: where, and with what.
pub(crate) struct Request {
    pub(crate) path: &'static str,
    pub(crate) body: Value,
}

/// One call for one person; `None` if `delivery` cannot name that person or has no such kind of message.
pub(crate) fn send(delivery: &Delivery, recipient: &Recipient, reply: &Reply) -> Option<Request> {
    let attributes = carried(delivery, &reply.attributes, reply.campaign.as_ref());
    match (&reply.campaign, delivery) {
        (Some(campaign), _) => Some(trigger_campaign(campaign.as_str(), recipient, reply, &attributes)),
        (None, Delivery::Campaign(campaign)) => Some(trigger_campaign(campaign, recipient, reply, &attributes)),
        (None, Delivery::Canvas(canvas)) => {
            let who = triggered(recipient, "context", reply, &attributes);
            let body = json!({"canvas_id": canvas, RECIPIENTS: [who]});
            Some(Request { path: "/canvas/trigger/send", body })
        }
        (None, Delivery::Messages(sender)) => {
            let mut body = json!({"messages": {"whats_app": whatsapp::object(sender, &reply.content)?}});
            match recipient {
                Recipient::External(id) => body["external_user_ids"] = json!([id.as_str()]),
                Recipient::Alias { .. } => body["user_aliases"] = json!([profile::alias(recipient)?]),
                Recipient::Braze(_) => return None,
            }
            Some(Request { path: "/messages/send", body })
        }
    }
}

/// One call for several people; `None` if `delivery` has no such call, or if it is for nobody.
pub(crate) fn send_together(delivery: &Delivery, together: &Together) -> Option<Request> {
    let requests = together.replies().iter().map(|reply| {
        let recipient = reply.to.recipients().into_iter().next()?;
        is_triggered(delivery, reply).then(|| send(delivery, &recipient, reply)).flatten()
    });
    // All or none: nobody's reply is left out without a word.
    let requests: Option<Vec<_>> = requests.collect();
    requests?.into_iter().reduce(|mut all, mut one| {
        if let (Some(all), Some(one)) = (all.body[RECIPIENTS].as_array_mut(), one.body[RECIPIENTS].as_array_mut()) {
            all.append(one);
        }
        all
    })
}

/// Whether `reply` goes by a call in which each recipient has words of their own.
pub(crate) fn is_triggered(delivery: &Delivery, reply: &Reply) -> bool {
    reply.campaign.is_some() || !matches!(delivery, Delivery::Messages(_))
}

/// How much of [`PROPERTY_BYTES`] a reply takes.
pub(crate) fn property_bytes(reply: &Reply) -> usize {
    properties::of(reply).to_string().len()
}

/// What of a reply's attributes its call can carry.
pub(crate) fn carried(delivery: &Delivery, attributes: &Attributes, campaign: Option<&CampaignId>) -> Attributes {
    match (campaign, delivery) {
        (Some(_), _) | (None, Delivery::Campaign(_)) => attributes.clone(),
        (None, Delivery::Canvas(_)) => attributes.without_groups(),
        (None, Delivery::Messages(_)) => Attributes::default(),
    }
}

fn trigger_campaign(campaign: &str, recipient: &Recipient, reply: &Reply, attributes: &Attributes) -> Request {
    let who = triggered(recipient, "trigger_properties", reply, attributes);
    Request { path: "/campaigns/trigger/send", body: json!({"campaign_id": campaign, RECIPIENTS: [who]}) }
}

/// The recipient of a triggered campaign or Canvas. `send_to_existing_only` is left at Braze's default, true: nobody is made
/// by an answer.
fn triggered(recipient: &Recipient, properties: &str, reply: &Reply, attributes: &Attributes) -> Value {
    let mut who = match recipient {
        Recipient::External(id) => json!({"external_user_id": id.as_str()}),
        Recipient::Braze(id) => json!({"braze_id": id.as_str()}),
        Recipient::Alias { .. } => json!({"user_alias": profile::alias(recipient)}),
    };
    who[properties] = properties::of(reply);
    if !attributes.is_empty() {
        who["attributes"] = profile::attributes(attributes);
    }
    who
}

#[cfg(test)]
mod tests;
