//! The JSON that the Converse API answers with.

use serde::Deserialize;
use serde_json::Value;

use crate::blocks::{Calling, text};
use crate::rounds::Heard;
use crate::tools::Calls;
use crate::{AiError, Usage};

const CALLING: Calling =
    Calling { call: |block| block.get_mut("toolUse").filter(|call| call.is_object()), id: "toolUseId" };

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    output: Output,
    #[serde(default)]
    stop_reason: Value,
    /// Read on its own: an odd count must not cost the answer.
    #[serde(default)]
    usage: Value,
}

#[derive(Deserialize)]
struct Output {
    message: Message,
}

#[derive(Deserialize)]
struct Message {
    /// Blocks of text, calls of tools, and others that are none of ours.
    content: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are the API's")]
struct Counts {
    /// Without what is counted by the next two
    /// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>).
    input_tokens: u64,
    cache_read_input_tokens: Option<u64>,
    cache_write_input_tokens: Option<u64>,
    output_tokens: u64,
}

/// What the body of a 200 holds; its tool calls go to `calls`.
pub(super) fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Vec<Value>>, AiError> {
    let Ok(Body { output: Output { message }, stop_reason, usage }) = serde_json::from_slice(body) else {
        return Err(AiError::Unusable("it is no message"));
    };
    let is_cut = match stop_reason.as_str() {
        Some("max_tokens" | "model_context_window_exceeded") => true,
        // What was said up to there is not meant to be used, or is not the model's.
        Some("guardrail_intervened") => return Err(AiError::Unusable("a guardrail stopped it")),
        Some("content_filtered") => return Err(AiError::Unusable("the model refused to answer")),
        Some("malformed_model_output" | "malformed_tool_use") => {
            return Err(AiError::Unusable("the model wrote something malformed"));
        }
        _ => false,
    };
    let text = text(&message.content);
    let noted = CALLING.noted(message.content, is_cut, calls);
    Ok(Heard { text, noted, usage: Counts::deserialize(usage).ok().map(Usage::from) })
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let cached = [counts.cache_read_input_tokens, counts.cache_write_input_tokens];
        let input_tokens = cached.into_iter().flatten().fold(counts.input_tokens, u64::saturating_add);
        Self { input_tokens, output_tokens: counts.output_tokens }
    }
}
