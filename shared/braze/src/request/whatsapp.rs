//! The `whats_app` object of `/messages/send`.

use models::{Content, List, Media, Part, QuickReplies, Row};
use serde_json::{Value, json};

use crate::delivery::Sender;

/// A message as `sender` writes it; `None` if it has no template and needs one.
pub(super) fn object(sender: &Sender, content: &Content) -> Option<Value> {
    let (message_type, message) = match content {
        Content::Text(_) | Content::Campaign(_) => text(content.text()),
        Content::QuickReplies(kind) => ("quick_reply_response_message", quick_replies(kind)),
        Content::List(kind) => ("list_response_message", list(kind)),
        // Pictures are all that Braze documents here; the address of anything else goes as words.
        Content::Media(kind) if kind.is_another_file() => text(content.text()),
        Content::Media(kind) => ("text_image_response_message", picture(kind)),
        Content::Template(kind) => {
            let template = sender.template.as_ref()?;
            let message = json!({
                "template_name": template.name,
                "template_language_code": template.language_code,
                "body_variables": {"0": kind.text().as_str()},
            });
            ("template_message", message)
        }
    };
    Some(json!({
        "app_id": sender.app_id,
        "subscription_group_id": sender.subscription_group_id,
        "message_type": message_type,
        "message": message,
    }))
}

fn text(text: &Part) -> (&'static str, Value) {
    ("text_response_message", json!({"body": text.as_str()}))
}

fn quick_replies(kind: &QuickReplies) -> Value {
    let buttons: Vec<_> = kind.options().iter().map(|option| json!({"text": option.as_str()})).collect();
    json!({"body": kind.body().as_str(), "buttons": buttons})
}

fn list(kind: &List) -> Value {
    let rows: Vec<_> = kind.rows().iter().map(row).collect();
    // A section needs a title of its own; with one section the words on the button say what is in it.
    let section = json!({"section_title": kind.button().as_str(), "list_rows": rows});
    let list = json!({"list_button_text": kind.button().as_str(), "list_sections": [section]});
    json!({"body": kind.body().as_str(), "list": list})
}

fn row(row: &Row) -> Value {
    let mut object = json!({"row_title": row.title().as_str()});
    if let Some(description) = row.description() {
        object["row_description"] = json!(description.as_str());
    }
    object
}

fn picture(kind: &Media) -> Value {
    let mut object = json!({"image_uri": kind.url()});
    if let Some(caption) = kind.caption() {
        object["caption"] = json!(caption.as_str());
    }
    object
}
