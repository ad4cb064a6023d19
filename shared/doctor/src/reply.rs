//! The campaign that sends the replies.

use serde_json::Value;

use crate::Finding;
use crate::campaign::{Campaign, Which};

/// What a reply is sent as.
const PROPERTY: &str = "external_system_msg_body";
const EMPTY: &str = "Braze reports success, and customers get an empty message or none.";

/// What is wrong with a campaign that sends replies. `is_main`: whether its message has to be what Dragoman says, as in the
/// campaign of `BRAZE_CAMPAIGN_ID`; one that assistant.toml names may say something of its own.
pub(crate) fn campaign(campaign: &Campaign, is_main: bool) -> Vec<Finding> {
    let mut findings = campaign.state(Which::Reply);
    if !campaign.is_for("whatsapp") {
        let hint = if campaign.is_for("webhook") { " It is a webhook campaign: are the two ids swapped?" } else { "" };
        findings.push(Finding::error(
            "no_whatsapp",
            format!("The reply campaign has no WhatsApp message.{hint}"),
            "Braze reports success, and nothing reaches a phone.",
            "Create a campaign with the channel WhatsApp, message type Response Message, and set its id as \
             BRAZE_CAMPAIGN_ID.",
        ));
    }
    if !campaign.schedule.contains("api") {
        findings.push(Finding::error(
            "not_api_triggered",
            format!("The reply campaign is not API-triggered (Braze says \"{}\").", campaign.schedule),
            "No call can make it send: Braze refuses every reply.",
            "Open the reply campaign, step Schedule Delivery, and choose API-Triggered. Braze's guide says Action-Based \
             in one place; that is wrong.",
        ));
    }
    if is_main && campaign.is_for("whatsapp") {
        findings.extend(message(&words(campaign)));
    }
    findings
}

/// Whether Braze tells the words of the message, so that they need not be asked for.
pub(crate) fn shows_its_words(campaign: &Campaign) -> bool {
    !words(campaign).is_empty()
}

/// Every text with Liquid in the message: how Braze tells WhatsApp's is not documented.
fn words(campaign: &Campaign) -> Vec<&str> {
    let values = campaign.messages.iter().flat_map(|message| message.values());
    values.flat_map(texts).filter(|text| text.contains("{{")).collect()
}

/// What is wrong with the words, where Braze tells them.
fn message(texts: &[&str]) -> Vec<Finding> {
    let click = "Open the reply campaign, step Compose Messages, and make the text exactly \
                 {{api_trigger_properties.${external_system_msg_body}}}.";
    if texts.iter().any(|text| text.contains("external_system_msg+body")) {
        let what = "The message holds `external_system_msg+body`, with a plus, as Braze's guide prints it.";
        return vec![Finding::error("plus_in_the_key", what, EMPTY, click)];
    }
    let whole = format!("api_trigger_properties.${{{PROPERTY}}}");
    if !texts.is_empty() && !texts.iter().any(|text| text.contains(&whole)) {
        let what = format!("The message does not hold {{{{{whole}}}}}.");
        return vec![Finding::error("reply_without_words", what, EMPTY, click)];
    }
    if texts.iter().any(|text| text.contains(&whole) && text.contains("default")) {
        return vec![Finding::warning(
            "default_in_the_reply",
            "The message has a `default` filter.",
            "Should Dragoman ever send nothing, customers would get words that nobody chose for them.",
            click,
        )];
    }
    Vec::new()
}

/// Every text in `value`.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Object(object) => object.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
