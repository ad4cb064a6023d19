//! What a campaign or a Canvas is triggered with. The names stand in the README of this crate.

use models::{Content, List, QuickReplies, Reply};
use serde_json::{Map, Value, json};

/// The words, whatever the kind, which part of which reply they are, and what is particular to the kind.
pub(super) fn of(reply: &Reply) -> Value {
    let mut properties = match &reply.content {
        Content::Text(_) => Map::new(),
        Content::QuickReplies(kind) => quick_replies(kind),
        Content::List(kind) => list(kind),
        Content::Media(kind) => {
            let caption = kind.caption().map(|caption| ("caption".to_owned(), json!(caption.as_str())));
            let url = ("media_url".to_owned(), json!(kind.url()));
            [named("media"), url].into_iter().chain(caption).collect()
        }
        Content::Template(_) => Map::from_iter([named("template")]),
        Content::Campaign(kind) => {
            let own = kind.properties().map(|(name, value)| (name.as_str().to_owned(), json!(value.as_str())));
            own.chain([named("campaign")]).collect()
        }
    };
    properties.insert("external_system_msg_body".to_owned(), json!(reply.content.text().as_str()));
    properties.insert("reply_id".to_owned(), json!(reply.id.as_str()));
    properties.insert("part".to_owned(), json!(reply.part));
    properties.insert("parts".to_owned(), json!(reply.parts));
    Value::Object(properties)
}

fn quick_replies(kind: &QuickReplies) -> Map<String, Value> {
    let texts = (1..).zip(kind.options()).map(|(number, option)| (format!("option_{number}"), json!(option.as_str())));
    let count = ("options".to_owned(), json!(kind.options().len()));
    texts.chain([named("quick_replies"), body(kind.body().as_str()), count]).collect()
}

fn list(kind: &List) -> Map<String, Value> {
    let mut properties = Map::from_iter([named("list"), body(kind.body().as_str())]);
    properties.insert("button".to_owned(), json!(kind.button().as_str()));
    properties.insert("rows".to_owned(), json!(kind.rows().len()));
    for (number, row) in (1..).zip(kind.rows()) {
        properties.insert(format!("row_{number}"), json!(row.title().as_str()));
        if let Some(description) = row.description() {
            properties.insert(format!("row_{number}_description"), json!(description.as_str()));
        }
    }
    properties
}

fn named(kind: &str) -> (String, Value) {
    ("kind".to_owned(), json!(kind))
}

fn body(text: &str) -> (String, Value) {
    ("body".to_owned(), json!(text))
}
