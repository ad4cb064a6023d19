//! How tools are described to a model: flat JSON schemas in the few words that every server knows.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use super::{FactKind, FactSpec, Tools};
use crate::Library;

pub(crate) const HAND_OFF: &str = "hand_off";
pub(super) const START_FLOW: &str = "start_flow";
pub(super) const REMEMBER: &str = "remember";
pub(super) const QUICK_REPLIES: &str = "send_quick_replies";
pub(super) const LIST: &str = "send_list";
pub(super) const MEDIA: &str = "send_media";

/// One tool as a model gets to know it.
#[derive(Serialize)]
pub(crate) struct Tool {
    pub(crate) name: Cow<'static, str>,
    /// Below the 1,024 characters that OpenAI takes: of the configuration only what is bounded there is in here.
    pub(crate) description: Cow<'static, str>,
    /// The JSON schema of the arguments.
    pub(crate) parameters: Value,
}

impl Tools {
    /// The tools that are offered, described.
    pub(crate) fn described(&self) -> Vec<Tool> {
        let mut tools = Vec::new();
        if self.hand_off {
            tools.push(hand_off());
        }
        if !self.flows.is_empty() {
            tools.push(start_flow(&self.flows));
        }
        if !self.facts.is_empty() {
            tools.push(remember(&self.facts));
        }
        if self.kinds {
            tools.extend([quick_replies(), list(), media()]);
        }
        tools.extend(self.library.iter().map(|_| Library::described()));
        tools.extend(self.brand.described());
        tools
    }
}

fn hand_off() -> Tool {
    Tool {
        name: HAND_OFF.into(),
        description: "Hands the conversation to a person. For when the user asks for one or you cannot help.".into(),
        parameters: object(
            &json!({"summary": text("What the user wants and what was tried, in one or two sentences.")}),
            &["summary"],
        ),
    }
}

fn start_flow(flows: &[(String, String)]) -> Tool {
    let names: Vec<_> = flows.iter().map(|(name, _)| name).collect();
    let lines: Vec<_> = flows.iter().map(|(name, when)| format!("{name}: {when}")).collect();
    Tool {
        name: START_FLOW.into(),
        description: "Starts a guided dialogue that asks the user for what it needs. Say nothing else then.".into(),
        parameters: object(
            &json!({"flow": {"type": "string", "enum": names, "description": lines.join("\n")}}),
            &["flow"],
        ),
    }
}

/// The value is described as a string, whatever the fact: not every server takes a union of types.
fn remember(facts: &[FactSpec]) -> Tool {
    let names: Vec<_> = facts.iter().map(|fact| &fact.name).collect();
    let lines: Vec<_> = facts.iter().map(line).collect();
    Tool {
        name: REMEMBER.into(),
        description: "Notes one fact that the user stated about themselves. Answer the user as well.".into(),
        parameters: object(
            &json!({
                "name": {"type": "string", "enum": names, "description": lines.join("\n")},
                "value": text("The value of this fact."),
            }),
            &["name", "value"],
        ),
    }
}

fn line(fact: &FactSpec) -> String {
    let kind = match &fact.kind {
        FactKind::Text => "a short text".to_owned(),
        FactKind::Number => "a number".to_owned(),
        FactKind::Bool => "true or false".to_owned(),
        FactKind::Choice(choices) => format!("one of {}", choices.join(", ")),
    };
    format!("{}: {} ({kind})", fact.name, fact.description)
}

fn quick_replies() -> Tool {
    let options = json!({
        "type": "array",
        "items": {"type": "string"},
        "description": "1 to 3 different ones of at most 20 characters.",
    });
    Tool {
        name: QUICK_REPLIES.into(),
        description: "Answers with a text and buttons to tap, instead of a text alone.".into(),
        parameters: object(
            &json!({"body": text("The text above the buttons."), "options": options}),
            &["body", "options"],
        ),
    }
}

fn list() -> Tool {
    let row = object(
        &json!({"title": text("At most 24 characters."), "description": text("At most 72 characters.")}),
        &["title"],
    );
    let rows = json!({"type": "array", "items": row, "description": "1 to 10 different ones."});
    Tool {
        name: LIST.into(),
        description: "Answers with a text and a list to choose from, instead of a text alone.".into(),
        parameters: object(
            &json!({
                "body": text("The text above the list."),
                "button": text("What opens the list; at most 20 characters."),
                "rows": rows,
            }),
            &["body", "button", "rows"],
        ),
    }
}

fn media() -> Tool {
    Tool {
        name: MEDIA.into(),
        description: "Answers with a picture or a file. Only with an address that your instructions give.".into(),
        parameters: object(&json!({"url": text("Its https address."), "caption": text("The text below.")}), &["url"]),
    }
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required})
}

fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}
