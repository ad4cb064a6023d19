//! A question in the types of the Converse API.

use aws_sdk_bedrockruntime::error::BuildError;
use aws_sdk_bedrockruntime::operation::converse::ConverseInput;
use aws_sdk_bedrockruntime::operation::converse::builders::ConverseInputBuilder;
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ConversationRole, InferenceConfiguration, Message, SystemContentBlock, Tool as Offered,
    ToolConfiguration, ToolInputSchema, ToolResultBlock, ToolResultContentBlock, ToolSpecification,
};

use super::document::document;
use crate::Question;
use crate::prompt::{Speaker, instructions, turns};
use crate::tools::Tool;

/// The brand's words in the system prompt, everything a user ever said in user messages; in the second round what was noted in
/// the first.
pub(super) fn converse(
    model: &str,
    question: &Question,
    noted: Vec<ContentBlock>,
) -> Result<ConverseInputBuilder, BuildError> {
    let mut messages = Vec::new();
    for turn in turns(question) {
        let role = match turn.speaker {
            Speaker::User => ConversationRole::User,
            Speaker::Assistant => ConversationRole::Assistant,
        };
        messages.push(message(role, turn.texts.into_iter().map(|text| ContentBlock::Text(text.to_owned())).collect())?);
    }
    if !noted.is_empty() {
        let results = noted.iter().filter_map(|block| block.as_tool_use().ok()).map(|call| result(call.tool_use_id()));
        let results = results.collect::<Result<_, _>>()?;
        messages.extend([message(ConversationRole::Assistant, noted)?, message(ConversationRole::User, results)?]);
    }
    // A blank text is refused.
    let system = Some(instructions(question)).filter(|text| !text.trim().is_empty());
    let most = i32::try_from(question.output_tokens).unwrap_or(i32::MAX);
    Ok(ConverseInput::builder()
        .model_id(model)
        .set_messages(Some(messages))
        .set_system(system.map(|text| vec![SystemContentBlock::Text(text.into_owned())]))
        .inference_config(InferenceConfiguration::builder().max_tokens(most).build())
        .set_tool_config(offer(question.tools.described())?))
}

fn message(role: ConversationRole, content: Vec<ContentBlock>) -> Result<Message, BuildError> {
    Message::builder().role(role).set_content(Some(content)).build()
}

fn result(call: &str) -> Result<ContentBlock, BuildError> {
    let noted = ToolResultContentBlock::Text("Noted.".to_owned());
    Ok(ContentBlock::ToolResult(ToolResultBlock::builder().tool_use_id(call).content(noted).build()?))
}

/// The tools; none at all where there is none, for a list must not be empty.
fn offer(tools: Vec<Tool>) -> Result<Option<ToolConfiguration>, BuildError> {
    if tools.is_empty() {
        return Ok(None);
    }
    let offered = tools.into_iter().map(|Tool { name, description, parameters }| {
        let schema = ToolInputSchema::Json(document(parameters));
        let tool = ToolSpecification::builder().name(name).description(description).input_schema(schema);
        tool.build().map(Offered::ToolSpec)
    });
    ToolConfiguration::builder().set_tools(Some(offered.collect::<Result<_, _>>()?)).build().map(Some)
}
