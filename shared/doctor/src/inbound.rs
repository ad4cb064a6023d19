//! The campaign that forwards what customers write.

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::campaign::{Campaign, Which};
use crate::{Finding, address, inbound_body};

const NOBODY: &str = "What customers write does not reach Dragoman: nobody is answered.";
const COMPOSE: &str = "Open the webhook campaign, tab Compose";
const HEADERS: &str = "Open the webhook campaign, tab Compose, Request Headers: add Authorization \
                       with the value `Bearer` and, behind one blank, the webhook token, both by hand and without quotation \
                       marks.";

/// What the campaign should agree with.
pub(crate) struct Ours<'a> {
    /// The address of the door, if it is known.
    pub(crate) url: Option<&'a str>,
    /// What opens it, if it is known.
    pub(crate) token: Option<&'a SecretString>,
    /// The routes of the assistant, if it is known.
    pub(crate) routes: Option<&'a [String]>,
    /// Whether Braze is simulated on this machine.
    pub(crate) braze_is_here: bool,
}

/// What is wrong with the webhook campaign.
pub(crate) fn campaign(campaign: &Campaign, ours: &Ours<'_>) -> Vec<Finding> {
    let mut findings = campaign.state(Which::Inbound);
    if !campaign.schedule.contains("action") {
        findings.push(Finding::error(
            "not_action_based",
            format!("The webhook campaign is not action-based (Braze says \"{}\").", campaign.schedule),
            NOBODY,
            "Open the webhook campaign, step Schedule Delivery: Action-Based, trigger \"Send a WhatsApp inbound message\" \
             for your number's subscription group.",
        ));
    }
    if !campaign.is_for("webhook") {
        findings.push(Finding::error(
            "no_webhook",
            "The webhook campaign has no webhook in it. Are the two ids swapped?",
            NOBODY,
            "Set BRAZE_INBOUND_CAMPAIGN_ID to the id of the campaign with the channel Webhook.",
        ));
        return findings;
    }
    findings.extend(campaign.messages.iter().flat_map(|message| webhook(message, ours)));
    findings
}

/// The body of the first webhook.
pub(crate) fn body(campaign: &Campaign) -> Option<&str> {
    campaign.messages.iter().find_map(|message| message.get("body")?.as_str())
}

/// Whether the value of the Authorization header is shown, so that it need not be asked for.
pub(crate) fn shows_its_token(campaign: &Campaign) -> bool {
    let given = |message| headers(message).into_iter().find(|(name, _)| name == "authorization");
    campaign.messages.iter().filter_map(given).any(|(_, value)| !is_hidden(value.expose_secret()))
}

fn webhook(message: &Map<String, Value>, ours: &Ours<'_>) -> Vec<Finding> {
    let text = |key: &str| message.get(key).and_then(Value::as_str);
    let mut findings = points_here(text("url").unwrap_or_default(), ours);
    if let Some(method) = text("method").filter(|method| !method.eq_ignore_ascii_case("post")) {
        let what = format!("The webhook's method is {method}.");
        let why = "The door answers 405, and Braze drops the message for good.";
        findings.push(Finding::error("not_post", what, why, format!("{COMPOSE}: choose the method POST.")));
    }
    findings.extend(judge_headers(&headers(message), ours));
    match message.get("body") {
        Some(Value::String(body)) => findings.extend(inbound_body(body)),
        Some(Value::Null) | None => findings.extend(inbound_body("")),
        Some(_) => findings.push(Finding::error(
            "key_value_body",
            "The body is made of JSON key/value pairs.",
            "Whether Braze escapes what customers write there is not documented, nor is the order of the keys: messages may \
             be parked in the quarantine queue.",
            format!("{COMPOSE}: choose Raw text as body, and paste the body from Dragoman's README as plain text."),
        )),
    }
    findings
}

fn points_here(url: &str, ours: &Ours<'_>) -> Vec<Finding> {
    if url.contains("{{") || url.contains("{%") {
        return vec![Finding::warning(
            "liquid_in_the_url",
            "There is Liquid in the webhook's URL.",
            "Where the webhook goes is seen only when a customer writes.",
            format!("{COMPOSE}: put InboundUrl there, as the stack's outputs show it."),
        )];
    }
    let mut findings = address::door(url, ours.braze_is_here);
    let (Ok(theirs), Some(Ok(known))) = (Url::parse(url), ours.url.map(Url::parse)) else { return findings };
    if (theirs.host_str(), theirs.port_or_known_default()) != (known.host_str(), known.port_or_known_default())
        && findings.iter().all(|finding| finding.code != "plain_http")
    {
        findings.push(Finding::error(
            "points_elsewhere",
            format!(
                "The webhook goes to {}, and not to {}.",
                theirs.host_str().unwrap_or_default(),
                known.host_str().unwrap_or_default()
            ),
            NOBODY,
            format!("{COMPOSE}: put InboundUrl there, as the stack's outputs show it. Perhaps it is another stack's."),
        ));
    }
    if let (Some(name), Some(routes)) = (address::route(theirs.path()), ours.routes)
        && !routes.iter().any(|route| route == name)
    {
        findings.push(Finding::warning(
            "unknown_route",
            format!("The webhook goes to the route \"{name}\", which assistant.toml does not have."),
            "Its messages are treated like all others.",
            format!("Write [routes.{name}] into assistant.toml and deploy, or correct the URL."),
        ));
    }
    findings
}

fn judge_headers(headers: &[(String, SecretString)], ours: &Ours<'_>) -> Vec<Finding> {
    let get = |name: &str| headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.expose_secret());
    let mut findings = Vec::new();
    match get("authorization") {
        None => findings.push(Finding::error(
            "no_authorization",
            "The webhook has no Authorization header.",
            "The door answers 401, and Braze drops the message for good: nobody is answered.",
            HEADERS,
        )),
        Some(value) if is_hidden(value) => {}
        Some(value) => findings.extend(authorization(value, ours.token)),
    }
    let charset = get("content-type")
        .and_then(|value| value.to_lowercase().split_once("charset=").map(|(_, name)| name.to_owned()));
    if charset.is_some_and(|name| !matches!(name.trim_matches('"').trim(), "utf-8" | "utf8" | "us-ascii")) {
        let what = "The Content-Type header names a charset other than UTF-8.";
        let why = "Dragoman parks every message in the quarantine queue: nobody is answered.";
        let click = format!("{COMPOSE}, Request Headers: make Content-Type exactly application/json.");
        findings.push(Finding::error("wrong_charset", what, why, click));
    }
    let take_out = || format!("{COMPOSE}, Request Headers: take the header out.");
    if get("content-encoding").is_some_and(|value| !value.eq_ignore_ascii_case("identity")) {
        let what = "There is a Content-Encoding header; Braze sends nothing compressed.";
        let why = "Dragoman parks every message in the quarantine queue: nobody is answered.";
        findings.push(Finding::error("content_encoding", what, why, take_out()));
    }
    if get("x-dragoman-explain").is_some() {
        let what = "There is an X-Dragoman-Explain header, left from a try.";
        let why = "With ?explain=1 in the URL every message would be explained to Braze, and nobody answered.";
        findings.push(Finding::error("explain_header", what, why, take_out()));
    }
    findings
}

/// What is wrong with a value that is shown. It is not repeated.
fn authorization(value: &str, token: Option<&SecretString>) -> Option<Finding> {
    const LOST: &str = "The door answers 401, and Braze drops the message for good: nobody is answered.";
    let Some(given) = value.strip_prefix("Bearer ") else {
        let what = "The Authorization header does not begin with the word Bearer and one blank.";
        return Some(Finding::error("no_bearer", what, LOST, HEADERS));
    };
    let odd =
        given.contains("{{") || given.contains(['"', '\'', '<', '>']) || given.trim() != given || given.is_empty();
    if odd {
        let what = "The Authorization header holds a placeholder, a quotation mark or a blank beside the token.";
        return Some(Finding::error("token_with_something_around", what, LOST, HEADERS));
    }
    let differs = token.is_some_and(|token| token.expose_secret() != given);
    let what = "The Authorization header holds another token than WEBHOOK_TOKEN.";
    differs.then(|| Finding::error("other_token", what, LOST, HEADERS))
}

/// The headers with names in lower case: an object, or a list of names and values.
fn headers(message: &Map<String, Value>) -> Vec<(String, SecretString)> {
    let pair = |name: &str, value: &Value| (name.trim().to_lowercase(), value.as_str().unwrap_or_default().into());
    let named = |entry: &Value| {
        let name = ["name", "key", "header"].iter().find_map(|key| entry.get(*key)?.as_str())?;
        Some(pair(name, entry.get("value")?))
    };
    match message.get("headers") {
        Some(Value::Object(object)) => object.iter().map(|(name, value)| pair(name, value)).collect(),
        Some(Value::Array(list)) => list.iter().filter_map(named).collect(),
        _ => Vec::new(),
    }
}

/// Whether Braze shows stars, or nothing, in a secret's place.
fn is_hidden(value: &str) -> bool {
    let value = value.strip_prefix("Bearer ").unwrap_or(value).trim();
    value.is_empty() || value.chars().all(|c| matches!(c, '*' | '•' | 'x' | 'X'))
}
