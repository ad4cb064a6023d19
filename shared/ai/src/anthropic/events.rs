//! The events of a message that comes in parts (<https://docs.claude.com/en/docs/build-with-claude/streaming>), brought together
//! to one that came as a whole.

use serde_json::{Value, json};

use crate::AiError;
use crate::streamed::{BROKE_OFF, Fold, Part};

/// The most blocks of a message: thoughts, texts and calls.
const MOST_BLOCKS: usize = 256;
const MISFIT: AiError = AiError::Unusable("the parts of it do not fit together");

/// The message, as far as it has come.
#[derive(Default)]
pub(super) struct Message {
    blocks: Vec<Block>,
    stop_reason: Value,
    usage: Value,
    is_over: bool,
}

/// A block as it began, what its parts are told apart by, and the JSON of its call.
struct Block {
    index: u64,
    begun: Value,
    input: String,
}

impl Fold for Message {
    fn take(&mut self, data: &str) -> Result<Part, AiError> {
        let Ok(mut event) = serde_json::from_str::<Value>(data) else {
            return Err(AiError::Unusable("a part of it is not JSON"));
        };
        let mut taken = |place| event.pointer_mut(place).map(Value::take).unwrap_or_default();
        let kind = taken("/type");
        match kind.as_str().unwrap_or_default() {
            "error" => return Err(BROKE_OFF),
            "message_start" => self.usage = taken("/message/usage"),
            "content_block_start" => return self.begin(&taken("/index"), taken("/content_block")),
            "content_block_delta" => return self.go_on(&taken("/index"), taken("/delta")),
            "message_delta" => {
                self.stop_reason = taken("/delta/stop_reason");
                self.is_over |= self.stop_reason.is_string();
                self.count(taken("/usage"));
            }
            "message_stop" => {
                self.is_over = true;
                return Ok(Part::End);
            }
            // `ping`, the end of a block, and what may be added (https://docs.claude.com/en/api/versioning).
            _ => {}
        }
        Ok(Part::Other)
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn whole(self: Box<Self>) -> Result<Vec<u8>, AiError> {
        let Self { blocks, stop_reason, usage, is_over } = *self;
        if !is_over {
            return Err(BROKE_OFF);
        }
        let content: Vec<_> = blocks.into_iter().map(Block::whole).collect();
        let message = json!({"type": "message", "content": content, "stop_reason": stop_reason, "usage": usage});
        Ok(message.to_string().into_bytes())
    }
}

impl Message {
    fn begin(&mut self, index: &Value, block: Value) -> Result<Part, AiError> {
        let index = index.as_u64().ok_or(MISFIT)?;
        if !block.is_object() || self.blocks.len() >= MOST_BLOCKS {
            return Err(MISFIT);
        }
        let text = block["text"].as_str().unwrap_or_default().to_owned();
        let is_call = block["type"] == "tool_use";
        self.blocks.push(Block { index, begun: block, input: String::new() });
        Ok(if is_call { Part::Call } else { said(text) })
    }

    fn go_on(&mut self, index: &Value, mut delta: Value) -> Result<Part, AiError> {
        let index = index.as_u64();
        let block = self.blocks.iter_mut().rev().find(|block| Some(block.index) == index).ok_or(MISFIT)?;
        let kind = delta.get_mut("type").map(Value::take).unwrap_or_default();
        match kind.as_str().unwrap_or_default() {
            "text_delta" => {
                let text = delta["text"].as_str().unwrap_or_default().to_owned();
                append(&mut block.begun["text"], &text);
                Ok(said(text))
            }
            "input_json_delta" => {
                block.input.push_str(delta["partial_json"].as_str().unwrap_or_default());
                Ok(Part::Call)
            }
            "thinking_delta" => {
                append(&mut block.begun["thinking"], delta["thinking"].as_str().unwrap_or_default());
                Ok(Part::Other)
            }
            "signature_delta" => {
                block.begun["signature"] = delta["signature"].take();
                Ok(Part::Other)
            }
            _ => Ok(Part::Other),
        }
    }

    /// What it costs; counts that come later stand for earlier ones.
    fn count(&mut self, later: Value) {
        match (&mut self.usage, later) {
            (Value::Object(usage), Value::Object(later)) => {
                usage.extend(later.into_iter().filter(|(_, count)| !count.is_null()));
            }
            (usage, later @ Value::Object(_)) => *usage = later,
            _ => {}
        }
    }
}

impl Block {
    /// A call's input that is not JSON stays a text, which fits no tool.
    fn whole(self) -> Value {
        let Self { begun: mut block, input, .. } = self;
        if !input.is_empty() {
            block["input"] = serde_json::from_str(&input).unwrap_or(Value::String(input));
        }
        block
    }
}

fn said(text: String) -> Part {
    if text.is_empty() { Part::Other } else { Part::Text(text) }
}

fn append(field: &mut Value, more: &str) {
    match field {
        Value::String(text) => text.push_str(more),
        other => *other = Value::from(more),
    }
}

#[cfg(test)]
mod tests;
