//! The `whats_app` object of `/messages/send`: five types of message, each with fields of its own. Headers and footers are
//! not simulated and refused.

use serde_json::{Map, Value};

use super::answer::Answer;
use super::fields::Fields;
use crate::campaigns::{Kind, ReplyCampaign};
use crate::layout::{BUTTONS, Layout, ROWS};
use crate::workspace::Workspace;

/// A message that a call brings along, as if a campaign had it. Its texts may hold Liquid, which is rendered.
pub(super) fn read(messages: &Map<String, Value>, workspace: &Workspace) -> Result<ReplyCampaign, Answer> {
    let mut fields = Fields::of(messages, "messages");
    let message = fields.object("whats_app");
    fields.finish()?;
    let mut fields = Fields::of(message.ok_or_else(no_message)?, "whats_app");
    let app = fields.text("app_id");
    let group = fields.text("subscription_group_id");
    let message_type = fields.text("message_type");
    let message = fields.object("message");
    fields.finish()?;
    if app != Some(&workspace.app) || group != Some(&workspace.subscription_group) {
        return Err(Answer::bad_request("app_id and subscription_group_id must be those of this workspace"));
    }
    let (message_type, message) = (message_type.unwrap_or_default(), message.ok_or_else(no_message)?);
    let (text, layout, kind) = match message_type {
        "text_response_message" => (text(message)?, Layout::Text, Kind::Response),
        "quick_reply_response_message" => response(quick_replies(message)?),
        "list_response_message" => response(list(message)?),
        "text_image_response_message" => response(image(message)?),
        "template_message" => (template(message, workspace)?, Layout::Text, Kind::Template),
        _ => {
            let known = "there is no such message_type".to_owned();
            return Err(Answer::bad("Mismatched Message Type", &[known]));
        }
    };
    Ok(ReplyCampaign { message: text, layout, kind, ..ReplyCampaign::recommended("messages/send") })
}

pub(super) fn no_message() -> Answer {
    Answer::fatal(400, "No message to send")
}

fn response((text, layout): (String, Layout)) -> (String, Layout, Kind) {
    (text, layout, Kind::Response)
}

fn text(message: &Map<String, Value>) -> Result<String, Answer> {
    let mut fields = Fields::of(message, "message");
    let body = fields.text("body");
    fields.flag("preview_url");
    fields.finish()?;
    body.map(str::to_owned).ok_or_else(no_message)
}

fn quick_replies(message: &Map<String, Value>) -> Result<(String, Layout), Answer> {
    let mut fields = Fields::of(message, "message");
    let (body, buttons) = (fields.text("body"), fields.list("buttons"));
    fields.finish()?;
    let buttons = objects(buttons, "buttons")?.into_iter().map(|button| {
        let mut fields = Fields::of(button, "a button");
        let text = fields.text("text");
        fields.finish()?;
        text.map(str::to_owned).ok_or_else(|| missing("text of a button"))
    });
    let buttons = buttons.collect::<Result<Vec<_>, Answer>>()?;
    if !(1..=BUTTONS).contains(&buttons.len()) {
        return Err(Answer::bad_request("there must be 1 to 3 buttons"));
    }
    Ok((body.map(str::to_owned).ok_or_else(no_message)?, Layout::QuickReplies(buttons)))
}

fn list(message: &Map<String, Value>) -> Result<(String, Layout), Answer> {
    let mut fields = Fields::of(message, "message");
    let (body, list) = (fields.text("body"), fields.object("list"));
    fields.finish()?;
    let mut fields = Fields::of(list.ok_or_else(|| missing("list"))?, "list");
    let (button, sections) = (fields.text("list_button_text"), fields.list("list_sections"));
    fields.finish()?;
    let sections = objects(sections, "list_sections")?.into_iter().map(section).collect::<Result<Vec<_>, _>>()?;
    let rows = sections.concat();
    if !(1..=ROWS).contains(&rows.len()) {
        return Err(Answer::bad_request("there must be 1 to 10 rows"));
    }
    let button = button.ok_or_else(|| missing("list_button_text"))?.to_owned();
    Ok((body.map(str::to_owned).ok_or_else(no_message)?, Layout::List { button, rows }))
}

fn section(section: &Map<String, Value>) -> Result<Vec<(String, String)>, Answer> {
    let mut fields = Fields::of(section, "a section");
    let (title, rows) = (fields.text("section_title"), fields.list("list_rows"));
    fields.finish()?;
    let title = title.ok_or_else(|| missing("section_title"))?;
    if title.chars().count() > 24 {
        return Err(Answer::bad_request("section_title has more than 24 characters"));
    }
    let rows = objects(rows, "list_rows")?.into_iter().map(|row| {
        let mut fields = Fields::of(row, "a row");
        let (title, description) = (fields.text("row_title"), fields.text("row_description"));
        fields.finish()?;
        let title = title.ok_or_else(|| missing("row_title"))?;
        Ok((title.to_owned(), description.unwrap_or_default().to_owned()))
    });
    rows.collect()
}

fn image(message: &Map<String, Value>) -> Result<(String, Layout), Answer> {
    let mut fields = Fields::of(message, "message");
    let (uri, caption) = (fields.text("image_uri"), fields.text("caption"));
    fields.finish()?;
    let uri = uri.ok_or_else(|| missing("image_uri"))?;
    Ok((caption.unwrap_or_default().to_owned(), Layout::Image(uri.to_owned())))
}

/// More variables than any template here has.
const MOST_VARIABLES: usize = 99;

/// The text of an approved template with the variables of the call in it.
fn template(message: &Map<String, Value>, workspace: &Workspace) -> Result<String, Answer> {
    let mut fields = Fields::of(message, "message");
    let (name, language) = (fields.text("template_name"), fields.text("template_language_code"));
    let variables = fields.object("body_variables");
    fields.finish()?;
    let found = workspace
        .templates
        .iter()
        .find(|template| Some(template.name.as_str()) == name && Some(template.language_code.as_str()) == language);
    let template = found.ok_or_else(|| Answer::bad_request("no template has this name in this language"))?;
    let wanted = (1..=MOST_VARIABLES).take_while(|number| template.body.contains(&placeholder(*number))).count();
    let variables = variables.cloned().unwrap_or_default();
    if variables.len() != wanted {
        return Err(Answer::bad_request("the template has another number of body_variables"));
    }
    (0..wanted).try_fold(template.body.clone(), |text, index| {
        let variable = variables.get(&index.to_string()).and_then(Value::as_str).filter(|text| !text.is_empty());
        let variable =
            variable.ok_or_else(|| Answer::bad_request("body_variables are strings under \"0\", \"1\" …"))?;
        Ok(text.replace(&placeholder(index + 1), variable))
    })
}

fn placeholder(number: usize) -> String {
    format!("{{{{{number}}}}}")
}

fn objects<'a>(list: Option<&'a [Value]>, name: &str) -> Result<Vec<&'a Map<String, Value>>, Answer> {
    let objects = list.ok_or_else(|| missing(name))?.iter().map(Value::as_object);
    objects.collect::<Option<_>>().ok_or_else(|| Answer::bad_request(&format!("{name} must hold objects")))
}

fn missing(name: &str) -> Answer {
    Answer::bad_request(&format!("{name} is missing"))
}
