//! `POST /campaigns/trigger/send` and its twin `POST /canvas/trigger/send`.

use serde_json::{Map, Value};

use super::answer::Answer;
use super::fields::Fields;
use crate::attributes::Attributes;
use crate::campaigns::{Delivery, ReplyCampaign};
use crate::profiles::{Alias, Name};
use crate::sending::{Order, Recipient};
use crate::template;
use crate::workspace::Workspace;

/// The most users one call may name.
pub(super) const RECIPIENTS: usize = 50;
/// What Braze says above it.
pub(super) const TOO_MANY: &str = "The max number of external_ids and aliases per request was exceeded";
/// The most bytes of properties. Whether per user or per call is not documented: the strict reading is per call.
const PROPERTY_BYTES: usize = 50_000;

/// The words in which the two endpoints differ.
pub(super) struct Words {
    id: &'static str,
    properties: &'static str,
    namespace: &'static str,
    unknown_id: &'static str,
    groups_in_attributes: bool,
}

pub(super) const CAMPAIGN: Words = Words {
    id: "campaign_id",
    properties: "trigger_properties",
    namespace: "api_trigger_properties",
    unknown_id: "Invalid Campaign ID",
    groups_in_attributes: true,
};

pub(super) const CANVAS: Words = Words {
    id: "canvas_id",
    properties: "context",
    namespace: "context",
    unknown_id: "Invalid Canvas ID",
    groups_in_attributes: false,
};

/// Reads a call that triggers one of `campaigns`, or says what Braze would refuse it with.
pub(super) fn read(
    body: &Map<String, Value>,
    words: &Words,
    campaigns: &[ReplyCampaign],
    workspace: &Workspace,
) -> Result<Order, Answer> {
    let mut fields = Fields::of(body, "the request");
    let id = fields.text(words.id);
    let properties = fields.object(words.properties);
    let broadcast = fields.flag("broadcast");
    let recipients = fields.list("recipients");
    let unsupported = [fields.text("send_id").map(|_| "send_id"), fields.object("audience").map(|_| "audience")];
    fields.finish()?;
    let campaign = campaigns.iter().find(|campaign| Some(campaign.id.as_str()) == id);
    let campaign = campaign.filter(|campaign| campaign.delivery == Delivery::ApiTriggered);
    let campaign = campaign.ok_or_else(|| Answer::fatal(400, words.unknown_id))?;
    if let Some(field) = unsupported.into_iter().flatten().next() {
        return Err(Answer::bad_request(&format!("{field}: there is none in this workspace")));
    }
    let recipients = several(recipients, broadcast.unwrap_or(false))?;
    check_size(properties, recipients, words)?;
    let recipients = recipients.iter().map(|value| recipient(value, words, properties, workspace));
    let order = Order {
        campaign: campaign.clone(),
        namespace: words.namespace,
        recipients: recipients.collect::<Result<_, _>>()?,
        of_a_campaign: true,
        of_a_canvas: words.namespace == CANVAS.namespace,
    };
    check_shown(&order)?;
    Ok(order)
}

/// A call without recipients sends to the campaign's whole segment; no campaign here has one.
fn several(recipients: Option<&[Value]>, broadcast: bool) -> Result<&[Value], Answer> {
    match recipients {
        Some(_) if broadcast => Err(Answer::bad_request("broadcast and recipients exclude each other")),
        None | Some([]) => Err(Answer::fatal(400, "No Recipients")),
        Some(recipients) if recipients.len() > RECIPIENTS => Err(Answer::fatal(400, TOO_MANY)),
        Some(recipients) => Ok(recipients),
    }
}

fn recipient(
    value: &Value,
    words: &Words,
    shared: Option<&Map<String, Value>>,
    workspace: &Workspace,
) -> Result<Recipient, Answer> {
    let object = value.as_object().ok_or_else(|| Answer::bad_request("a recipient must be an object"))?;
    let mut fields = Fields::of(object, "a recipient");
    let names = [
        fields.text("external_user_id").map(|id| Name::External(id.into())),
        fields.object("user_alias").map(alias).transpose()?.map(Name::Alias),
        fields.text("email").map(|email| Name::Email(email.into())),
        fields.text("braze_id").map(|id| Name::Braze(id.into())),
    ];
    let prioritization = fields.list("prioritization");
    let own = fields.object(words.properties);
    let existing_only = fields.flag("send_to_existing_only");
    let attributes = fields.object("attributes");
    fields.finish()?;
    let name = only(names, "a recipient needs exactly one of external_user_id, user_alias and email")?;
    match (&name, existing_only) {
        (Name::Email(_), _) if prioritization.is_none_or(<[_]>::is_empty) => {
            return Err(Answer::bad_request("a recipient by email needs a prioritization"));
        }
        (Name::Braze(_), _) if !workspace.accepts_braze_id => {
            return Err(Answer::bad_request("a recipient cannot be named by braze_id"));
        }
        (Name::Alias(_), Some(_)) => {
            return Err(Answer::bad_request("send_to_existing_only cannot be used with user_alias"));
        }
        (_, Some(false)) if attributes.is_none() => {
            return Err(Answer::bad_request("send_to_existing_only false needs attributes"));
        }
        _ => {}
    }
    if !words.groups_in_attributes && attributes.is_some_and(|map| map.contains_key("subscription_groups")) {
        return Err(Answer::bad_request("a Canvas cannot set subscription_groups"));
    }
    let attributes = attributes.map(|map| Attributes::read(map, &workspace.subscription_group)).transpose()?;
    let mut properties = shared.cloned().unwrap_or_default();
    properties.extend(own.cloned().unwrap_or_default());
    Ok(Recipient { name, properties, attributes: attributes.unwrap_or_default(), create: existing_only == Some(false) })
}

/// The one name that is there.
pub(super) fn only<const N: usize>(names: [Option<Name>; N], otherwise: &str) -> Result<Name, Answer> {
    let mut names = names.into_iter().flatten();
    match (names.next(), names.next()) {
        (Some(name), None) => Ok(name),
        _ => Err(Answer::bad_request(otherwise)),
    }
}

/// An alias, which needs its name and its label.
pub(super) fn alias(object: &Map<String, Value>) -> Result<Alias, Answer> {
    let mut fields = Fields::of(object, "user_alias");
    let (name, label) = (fields.text("alias_name"), fields.text("alias_label"));
    fields.finish()?;
    match (name, label) {
        (Some(name), Some(label)) => Ok(Alias { label: label.to_owned(), name: name.into() }),
        _ => Err(Answer::bad_request("user_alias needs alias_name and alias_label")),
    }
}

/// All properties of a call together must be small.
fn check_size(shared: Option<&Map<String, Value>>, recipients: &[Value], words: &Words) -> Result<(), Answer> {
    let bytes = |value: &Value| value.to_string().len();
    let own = recipients.iter().filter_map(|recipient| recipient.get(words.properties)).map(bytes);
    let shared = shared.map_or(0, |map| bytes(&Value::Object(map.clone())));
    if own.sum::<usize>() + shared > PROPERTY_BYTES {
        return Err(Answer::bad_request("the properties are larger than 50 KB"));
    }
    Ok(())
}

/// What the message shows must be a text: how Braze renders an object is not documented.
fn check_shown(order: &Order) -> Result<(), Answer> {
    let templates = order.campaign.templates();
    let used = templates.iter().flat_map(|template| template::tags(template).unwrap_or_default());
    for tag in used.filter(|tag| tag.namespace == order.namespace) {
        let no_text =
            |recipient: &Recipient| recipient.properties.get(&tag.key).is_some_and(|value| !value.is_string());
        if order.recipients.iter().any(no_text) {
            let error = format!("the property {:?} that the message shows must be a string", tag.key);
            return Err(Answer::bad_request(&error));
        }
    }
    Ok(())
}
