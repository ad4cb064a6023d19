//! `POST /messages/send` with a WhatsApp message.

use serde_json::{Map, Value};

use super::answer::Answer;
use super::fields::Fields;
use super::trigger_send::{RECIPIENTS, TOO_MANY, alias};
use super::whatsapp_object::{self, no_message};
use crate::attributes::Attributes;
use crate::profiles::Name;
use crate::sending::{Order, Recipient};
use crate::workspace::Workspace;

/// Reads a call that brings its message along. The message may hold Liquid, which is rendered.
pub(super) fn read(body: &Map<String, Value>, workspace: &Workspace) -> Result<Order, Answer> {
    let mut fields = Fields::of(body, "the request");
    let broadcast = fields.flag("broadcast").unwrap_or(false);
    let ids = fields.list("external_user_ids").unwrap_or_default();
    let aliases = fields.list("user_aliases").unwrap_or_default();
    let messages = fields.object("messages");
    let state = fields.text("recipient_subscription_state").unwrap_or("subscribed");
    fields.flag("override_frequency_capping");
    let campaign = fields.text("campaign_id");
    let unsupported = [
        fields.text("segment_id").map(|_| "segment_id"),
        fields.object("audience").map(|_| "audience"),
        fields.text("send_id").map(|_| "send_id"),
    ];
    fields.finish()?;
    if campaign.is_some() {
        return Err(Answer::fatal(400, "Invalid Campaign ID"));
    }
    if let Some(field) = unsupported.into_iter().flatten().next() {
        return Err(Answer::bad_request(&format!("{field}: there is none in this workspace")));
    }
    if !["opted_in", "subscribed", "all"].contains(&state) {
        return Err(Answer::bad_request("recipient_subscription_state must be opted_in, subscribed or all"));
    }
    let names = recipients(ids, aliases, broadcast)?;
    let campaign = whatsapp_object::read(messages.ok_or_else(no_message)?, workspace)?;
    let plain = |name| Recipient { name, properties: Map::new(), attributes: Attributes::default(), create: false };
    Ok(Order {
        campaign,
        namespace: "api_trigger_properties",
        recipients: names.into_iter().map(plain).collect(),
        of_a_campaign: false,
        of_a_canvas: false,
    })
}

fn recipients(ids: &[Value], aliases: &[Value], broadcast: bool) -> Result<Vec<Name>, Answer> {
    if broadcast {
        return Err(Answer::bad_request("broadcast needs a segment, and this workspace has none"));
    }
    if ids.len() + aliases.len() > RECIPIENTS {
        return Err(Answer::fatal(400, TOO_MANY));
    }
    let id = |value: &Value| {
        let id = value.as_str().filter(|id| !id.is_empty());
        Ok(Name::External(id.ok_or_else(|| Answer::bad_request("external_user_ids must be strings"))?.into()))
    };
    let name = |value: &Value| {
        let object = value.as_object().ok_or_else(|| Answer::bad_request("user_aliases must be objects"))?;
        alias(object).map(Name::Alias)
    };
    let names: Vec<Name> = ids.iter().map(id).chain(aliases.iter().map(name)).collect::<Result<_, _>>()?;
    if names.is_empty() { Err(Answer::fatal(400, "No Recipients")) } else { Ok(names) }
}
