//! An answer in blocks, of text and of calls, as some APIs write it.

use models::Personal;
use serde_json::{Value, json};

use crate::AiError;
use crate::rounds::words;
use crate::tools::{Calls, Taken};

/// How an API writes a call into a block.
pub(crate) struct Calling {
    /// The call in a block that is one; it has a `name` and an `input`.
    pub(crate) call: fn(&mut Value) -> Option<&mut Value>,
    /// The field with the call's id.
    pub(crate) id: &'static str,
}

/// What was said, which may be cut off where it reached the bound on its length.
pub(crate) fn text(content: &[Value]) -> Result<Personal, AiError> {
    let texts: Vec<_> = content.iter().filter_map(|block| block["text"].as_str()).collect();
    if texts.is_empty() { Err(AiError::Unusable("it holds no text")) } else { words(texts.concat()) }
}

impl Calling {
    /// What a next round has to show, if anything was called: everything but blank texts and calls that were ignored, for a
    /// model may want to see its own thoughts again. A call at the end of an answer that was cut off may be half a call.
    pub(crate) fn noted(&self, content: Vec<Value>, is_cut: bool, calls: &mut Calls<'_>) -> Option<Vec<Value>> {
        let (mut shown, mut any) = (Vec::new(), false);
        let last = content.len();
        for (number, mut block) in (1..).zip(content) {
            if let Some(call) = (self.call)(&mut block) {
                if is_cut && number == last {
                    calls.reject();
                    continue;
                }
                match take(call, calls) {
                    Taken::Ignored => continue,
                    Taken::Kept => {}
                    Taken::KeptEmpty => call["input"] = json!({}),
                }
                if call[self.id].as_str().is_none_or(str::is_empty) {
                    call[self.id] = Value::from(format!("call{number:05}"));
                }
                any = true;
            } else if is_blank_text(&block) {
                continue;
            }
            shown.push(block);
        }
        any.then_some(shown)
    }
}

fn take(call: &Value, calls: &mut Calls<'_>) -> Taken {
    let arguments = match &call["input"] {
        Value::Null => String::new(),
        input => input.to_string(),
    };
    calls.take(call["name"].as_str().unwrap_or_default(), &arguments)
}

fn is_blank_text(block: &Value) -> bool {
    let is_text = block["type"] == "text" || block.get("text").is_some();
    is_text && block["text"].as_str().is_none_or(|text| text.trim().is_empty())
}
