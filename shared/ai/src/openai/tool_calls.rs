//! The tool calls in the body of a chat completion.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use crate::tools::{Calls, Taken};

/// A call that was taken, for a next round.
pub(super) struct Noted {
    /// What the result refers to.
    pub(super) id: String,
    /// The call as it came, for the server may want to see something of its own in it again.
    pub(super) call: Value,
}

#[derive(Deserialize)]
struct Completion {
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    tool_calls: Option<Value>,
}

/// Hands the first choice's calls to `calls`. Reads `body` on its own: odd calls must not cost the text beside them.
pub(super) fn read(body: &[u8], calls: &mut Calls<'_>) -> Vec<Noted> {
    let Ok(Completion { choices }) = serde_json::from_slice(body) else {
        calls.reject();
        return Vec::new();
    };
    match choices.into_iter().next().and_then(|choice| choice.message?.tool_calls) {
        Some(Value::Array(all)) => (1..).zip(all).filter_map(|(number, call)| take(number, call, calls)).collect(),
        Some(_) => {
            calls.reject();
            Vec::new()
        }
        None => Vec::new(),
    }
}

fn take(number: usize, mut call: Value, calls: &mut Calls<'_>) -> Option<Noted> {
    let function = &call["function"];
    let arguments = match &function["arguments"] {
        Value::String(json) => Cow::Borrowed(json.as_str()),
        Value::Null => Cow::Borrowed(""),
        // Some servers give the object itself.
        other => Cow::Owned(other.to_string()),
    };
    match calls.take(function["name"].as_str().unwrap_or_default(), &arguments) {
        Taken::Ignored => return None,
        Taken::Kept => {}
        Taken::KeptEmpty => call["function"]["arguments"] = Value::from("{}"),
    }
    let id = match call["id"].as_str().filter(|id| !id.is_empty()) {
        Some(id) => id.to_owned(),
        // Nine letters and digits, as Mistral wants them.
        None => format!("call{number:05}"),
    };
    call["id"] = Value::from(id.as_str());
    call["type"] = Value::from("function");
    Some(Noted { id, call })
}
