//! The events of a chat completion that comes in parts, brought together to one that came as a whole.

use serde_json::{Map, Value, json};

use crate::AiError;
use crate::streamed::{BROKE_OFF, Fold, Part};

/// What its last event says.
const DONE: &str = "[DONE]";
/// The most calls of an answer that are looked at: what follows is passed over, as calls are that were not asked for.
const MOST_CALLS: usize = 64;

/// The first choice, as far as it has come.
#[derive(Default)]
pub(super) struct Completion {
    text: Option<String>,
    calls: Vec<Call>,
    usage: Value,
    is_over: bool,
}

/// A call: what its parts are told apart by, and all that they said.
struct Call {
    index: Option<u64>,
    call: Map<String, Value>,
}

impl Fold for Completion {
    fn take(&mut self, data: &str) -> Result<Part, AiError> {
        if data.trim() == DONE {
            self.is_over = true;
            return Ok(Part::End);
        }
        let Ok(Value::Object(mut chunk)) = serde_json::from_str(data) else {
            return Err(AiError::Unusable("a part of it is not JSON"));
        };
        if chunk.get("error").is_some_and(|error| !error.is_null()) {
            return Err(BROKE_OFF);
        }
        if let Some(usage) = chunk.remove("usage").filter(|usage| !usage.is_null()) {
            self.usage = usage;
        }
        let is_first = |choice: &Value| choice["index"].as_u64().unwrap_or(0) == 0;
        let Some(Value::Array(choices)) = chunk.remove("choices") else { return Ok(Part::Other) };
        let Some(mut choice) = choices.into_iter().find(is_first) else { return Ok(Part::Other) };
        // What it cost may come behind the end. Some servers write an empty reason into every part.
        self.is_over |= choice["finish_reason"].as_str().is_some_and(|reason| !reason.is_empty());
        Ok(choice.get_mut("delta").map_or(Part::Other, |delta| self.delta(delta)))
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn whole(self: Box<Self>) -> Result<Vec<u8>, AiError> {
        let Self { text, calls, usage, is_over } = *self;
        if !is_over {
            return Err(BROKE_OFF);
        }
        let mut message = json!({"role": "assistant", "content": text});
        if !calls.is_empty() {
            message["tool_calls"] = calls.into_iter().map(|call| Value::Object(call.call)).collect();
        }
        Ok(json!({"choices": [{"index": 0, "message": message}], "usage": usage}).to_string().into_bytes())
    }
}

impl Completion {
    fn delta(&mut self, delta: &mut Value) -> Part {
        let text = text(&delta["content"]);
        if let Some(text) = &text {
            self.text.get_or_insert_default().push_str(text);
        }
        match delta.get_mut("tool_calls").map(Value::take) {
            Some(Value::Array(calls)) if !calls.is_empty() => {
                for call in calls {
                    self.call(call);
                }
                Part::Call
            }
            _ => text.filter(|text| !text.is_empty()).map_or(Part::Other, Part::Text),
        }
    }

    /// Adds a part to the call it belongs to. Some servers number calls, some only name them, and some say every call at once
    /// and number all of them 0.
    fn call(&mut self, part: Value) {
        let Value::Object(part) = part else { return };
        let index = part.get("index").and_then(Value::as_u64);
        let id = |call: &Map<String, Value>| call.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let (own, nameless) = (id(&part), id(&part).is_empty());
        let is_of = |call: &&mut Call| {
            let is_same_place = index.is_none() || call.index.is_none() || call.index == index;
            is_same_place && (nameless || id(&call.call) == own)
        };
        let is_full = self.calls.len() >= MOST_CALLS;
        match self.calls.iter_mut().rev().find(is_of) {
            Some(call) => add(&mut call.call, part),
            None if !is_full => self.calls.push(Call { index, call: without_index(part) }),
            None => {}
        }
    }
}

/// What is said, as one text or in pieces.
fn text(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(parts.iter().filter_map(|part| part["text"].as_str()).collect()),
        _ => None,
    }
}

/// Adds a part of a call to it: arguments go on, and whatever else is new is kept.
fn add(call: &mut Map<String, Value>, part: Map<String, Value>) {
    for (name, value) in without_index(part) {
        match (name.as_str(), call.get_mut(&name), value) {
            (_, _, Value::Null) => {}
            ("function", Some(Value::Object(function)), Value::Object(more)) => add_function(function, more),
            (_, None | Some(Value::Null), value) => drop(call.insert(name, value)),
            _ => {}
        }
    }
}

fn add_function(function: &mut Map<String, Value>, more: Map<String, Value>) {
    for (name, value) in more {
        match (name.as_str(), function.get_mut(&name), value) {
            ("arguments", Some(Value::String(arguments)), Value::String(more)) => arguments.push_str(&more),
            (_, None | Some(Value::Null), value) => drop(function.insert(name, value)),
            ("name", Some(Value::String(known)), value) if known.is_empty() => drop(function.insert(name, value)),
            _ => {}
        }
    }
}

/// A call that came as a whole is not numbered.
fn without_index(mut call: Map<String, Value>) -> Map<String, Value> {
    call.remove("index");
    call
}

#[cfg(test)]
mod tests;
