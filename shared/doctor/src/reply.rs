//! The campaign that sends the replies.

use serde_json::Value;

use crate::Finding;
use crate::campaign::{Campaign, Which};
use crate::liquid::{Piece, pieces};

/// What a reply is sent as.
const PROPERTY: &str = "external_system_msg_body";
const EMPTY: &str = "Braze reports success, and customers get an empty message or none.";

/// What to make of the message.
const CLICK: &str = "Open the reply campaign, step Compose Messages, and make the text exactly \
                     {{api_trigger_properties.${external_system_msg_body}}}.";

/// What is wrong with the message of the campaign that sends Dragoman's replies.
pub fn reply_message(text: &str) -> Vec<Finding> {
    message(&[text])
}

/// Braze cannot render the message of the reply campaign; `why`, in words about the template.
pub fn reply_not_rendered(why: &str) -> Finding {
    Finding::error(
        "reply_not_rendered",
        format!("Braze cannot render the reply campaign's message: {why}."),
        "Braze reports success, and nothing reaches a phone.",
        CLICK,
    )
}

/// The traps of the message `template` that one reply hit: Dragoman sent `words`, and `shown` came out of it. The findings
/// hold nothing of either.
pub fn rendered_reply(template: &str, words: &str, shown: &str) -> Vec<Finding> {
    if shown.contains(words) {
        return Vec::new();
    }
    let found = reply_message(template);
    let other = || {
        let what = "What came out of the reply campaign's message is not what Dragoman said.";
        vec![Finding::error("changed_reply", what, "Customers get other words than the AI's, or none.", CLICK)]
    };
    if found.is_empty() { other() } else { found }
}

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
    if texts.iter().any(|text| text.contains("external_system_msg+body")) {
        let what = "The message holds `external_system_msg+body`, with a plus, as Braze's guide prints it.";
        return vec![Finding::error("plus_in_the_key", what, EMPTY, CLICK)];
    }
    let whole = format!("api_trigger_properties.${{{PROPERTY}}}");
    if !texts.is_empty() && !texts.iter().any(|text| text.contains(&whole)) {
        let what = format!("The message does not hold {{{{{whole}}}}}.");
        return vec![Finding::error("reply_without_words", what, EMPTY, CLICK)];
    }
    if texts.iter().any(|text| text.contains(&whole) && text.contains("default")) {
        return vec![Finding::warning(
            "default_in_the_reply",
            "The message has a `default` filter.",
            "Should Dragoman ever send nothing, customers would get words that nobody chose for them.",
            CLICK,
        )];
    }
    let changes = |filter: &str| {
        Finding::warning(
            "filter_in_the_reply",
            format!("The message goes through the filter `{filter}`."),
            "What customers read is not what was said. Escaping is for the webhook's body: here it shows them backslashes.",
            CLICK,
        )
    };
    texts.iter().find_map(|text| filter(text, &whole)).map(changes).into_iter().collect()
}

/// The first filter behind the tag `name`.
fn filter<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let pieces = pieces(text).ok()?;
    pieces.into_iter().find_map(|piece| match piece {
        Piece::Tag(tag) if tag.name == name => tag.filters.first().map(|filter| filter.name),
        _ => None,
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "{{api_trigger_properties.${external_system_msg_body}}}";

    fn codes(findings: &[Finding]) -> Vec<&'static str> {
        findings.iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn each_mistake_in_the_message_has_its_finding() {
        for (text, expected) in [
            (WHOLE.to_owned(), vec![]),
            (format!("Eve: {WHOLE}\n"), vec![]),
            (WHOLE.replace('_', "+"), vec!["reply_without_words"]),
            (WHOLE.replace("msg_body", "msg+body"), vec!["plus_in_the_key"]),
            (String::new(), vec!["reply_without_words"]),
            (WHOLE.replace("}}}", "} | default: 'Hi'}}"), vec!["default_in_the_reply"]),
            (WHOLE.replace("}}}", "} | json_escape}}"), vec!["filter_in_the_reply"]),
        ] {
            assert_eq!(codes(&reply_message(&text)), expected, "{text}");
        }
    }

    #[test]
    fn a_reply_hits_a_trap_only_if_its_words_do_not_come_out() {
        let misspelled = WHOLE.replace("body", "text");
        let escaped = WHOLE.replace("}}}", "} | json_escape}}");
        for (template, words, shown, expected) in [
            (WHOLE, "hi", "hi", vec![]),
            (&misspelled, "hi", "", vec!["reply_without_words"]),
            (&misspelled, "hi", "Dear Ada,", vec!["reply_without_words"]),
            (&escaped, "hi", "hi", vec![]),
            (&escaped, "one\ntwo", "one\\ntwo", vec!["filter_in_the_reply"]),
            (&format!("{{% if false %}}{WHOLE}{{% endif %}}"), "hi", "", vec!["changed_reply"]),
        ] {
            assert_eq!(codes(&rendered_reply(template, words, shown)), expected, "{template} {words}");
        }
        assert_eq!(reply_not_rendered("why").code, "reply_not_rendered");
    }
}
