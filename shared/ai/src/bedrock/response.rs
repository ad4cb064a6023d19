//! An answer in the types of the Converse API.

use aws_sdk_bedrockruntime::operation::converse::ConverseOutput;
use aws_sdk_bedrockruntime::types::{ContentBlock, ConverseOutput as Output, StopReason, TokenUsage, ToolUseBlock};
use models::Personal;
use serde_json::Value;

use super::document::json;
use crate::rounds::{Heard, words};
use crate::tools::Calls;
use crate::{AiError, Usage};

/// What an answer holds; its tool calls go to `calls`.
pub(super) fn heard(answer: ConverseOutput, calls: &mut Calls<'_>) -> Result<Heard<Vec<ContentBlock>>, AiError> {
    let is_cut = match answer.stop_reason() {
        StopReason::MaxTokens | StopReason::ModelContextWindowExceeded => true,
        // What was said up to there is not meant to be used, or is not the model's.
        StopReason::GuardrailIntervened => return Err(AiError::Unusable("a guardrail stopped it")),
        StopReason::ContentFiltered => return Err(AiError::Unusable("the model refused to answer")),
        StopReason::MalformedModelOutput | StopReason::MalformedToolUse => {
            return Err(AiError::Unusable("the model wrote something malformed"));
        }
        _ => false,
    };
    let usage = answer.usage().and_then(cost);
    let content = match answer.output {
        Some(Output::Message(message)) => message.content,
        _ => Vec::new(),
    };
    let text = text(&content);
    let noted = noted(content, is_cut, calls);
    Ok(Heard { text, noted, usage })
}

/// What was said, which may be cut off where it reached the bound on its length.
fn text(content: &[ContentBlock]) -> Result<Personal, AiError> {
    let texts: Vec<_> = content.iter().filter_map(|block| block.as_text().ok()).map(String::as_str).collect();
    if texts.is_empty() { Err(AiError::Unusable("it holds no text")) } else { words(texts.concat()) }
}

/// What a next round has to show, if anything was noted: everything but blank texts and calls that were ignored, for a model
/// may want to see its own thoughts again. A call at the end of an answer that was cut off may be half a call. What the SDK does
/// not know it cannot write.
fn noted(content: Vec<ContentBlock>, is_cut: bool, calls: &mut Calls<'_>) -> Option<Vec<ContentBlock>> {
    let (mut shown, mut any) = (Vec::new(), false);
    let last = content.len();
    for (number, block) in (1..).zip(content) {
        match &block {
            ContentBlock::ToolUse(_) if is_cut && number == last => {
                calls.reject();
                continue;
            }
            ContentBlock::ToolUse(call) if !take(call, calls) => continue,
            ContentBlock::ToolUse(_) => any = true,
            ContentBlock::ReasoningContent(_) => {}
            _ => continue,
        }
        shown.push(block);
    }
    any.then_some(shown)
}

fn take(call: &ToolUseBlock, calls: &mut Calls<'_>) -> bool {
    let arguments = match json(call.input()) {
        Value::Null => String::new(),
        input => input.to_string(),
    };
    calls.take(call.name(), &arguments)
}

/// The API counts what came out of a cache beside the tokens of the question
/// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html>). An odd count is none, nor are zeros:
/// the SDK puts them where there is no count.
fn cost(usage: &TokenUsage) -> Option<Usage> {
    let cached = [usage.cache_read_input_tokens(), usage.cache_write_input_tokens()];
    let counts = [usage.input_tokens()].into_iter().chain(cached.into_iter().flatten());
    let input_tokens = counts.map(|count| u64::try_from(count).ok()).sum::<Option<u64>>()?;
    let usage = Usage { input_tokens, output_tokens: u64::try_from(usage.output_tokens()).ok()? };
    (usage.input_tokens > 0 || usage.output_tokens > 0).then_some(usage)
}
