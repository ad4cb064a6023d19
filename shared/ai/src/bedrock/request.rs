//! The JSON of a question to the Converse API.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::encoded::Base64;
use crate::prompt::{Speaker, Turn, instructions, turns};
use crate::rounds::Earlier;
use crate::tools::Tool;
use crate::{Image, Question};

/// The body of `POST /model/{model}/converse`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    /// None if there are no instructions: a blank text is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<[Text<'a>; 1]>,
    messages: Vec<Message<'a>>,
    inference_config: Value,
    /// None if there is no tool: a list must not be empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<Value>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
struct Text<'a> {
    text: Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Block<'a> {
    Text(Text<'a>),
    Image {
        image: Picture<'a>,
    },
    /// As it came, or made here.
    Other(Value),
}

#[derive(Serialize)]
struct Picture<'a> {
    format: &'static str,
    source: Source<'a>,
}

#[derive(Serialize)]
struct Source<'a> {
    bytes: Base64<'a>,
}

impl<'a> Request<'a> {
    /// The brand's words in the system prompt, everything a user ever said in user messages.
    pub(super) fn new(question: &'a Question, sees: bool) -> Self {
        let system = Some(instructions(question, sees)).filter(|text| !text.trim().is_empty());
        // The API counts in 32 bits with a sign.
        let most = question.output_tokens.min(i32::MAX.unsigned_abs());
        let mut messages: Vec<_> = turns(question, sees).into_iter().map(Message::from).collect();
        if let Some(newest) = messages.last_mut().filter(|_| sees) {
            newest.content.extend(question.pictures().map(picture));
        }
        Self {
            system: system.map(|text| [Text { text }]),
            messages,
            inference_config: json!({ "maxTokens": most }),
            tool_config: offer(question.tools.described()),
        }
    }

    /// Adds a round: the blocks of the answer, and the result of each call in them.
    pub(super) fn show(&mut self, round: &Earlier<Vec<Value>>) {
        let calls = round.noted.iter().filter_map(|block| block.get("toolUse"));
        let results = calls.zip(&round.results).map(|(call, result)| {
            let result = json!({"toolUseId": call["toolUseId"], "content": [{"text": result.as_str()}]});
            Block::Other(json!({ "toolResult": result }))
        });
        let results = results.collect();
        let noted = round.noted.iter().cloned().map(Block::Other).collect();
        self.messages
            .extend([Message { role: "assistant", content: noted }, Message { role: "user", content: results }]);
    }
}

impl<'a> From<Turn<'a>> for Message<'a> {
    fn from(turn: Turn<'a>) -> Self {
        let role = match turn.speaker {
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        };
        let content = turn.texts.into_iter().map(|text| Block::Text(Text { text })).collect();
        Self { role, content }
    }
}

fn picture(image: &Image) -> Block<'_> {
    let source = Source { bytes: Base64(image.bytes()) };
    Block::Image { image: Picture { format: image.kind().name(), source } }
}

fn offer(tools: Vec<Tool>) -> Option<Value> {
    let offered = |Tool { name, description, parameters }| json!({"toolSpec": {"name": name, "description": description, "inputSchema": {"json": parameters}}});
    let tools: Vec<_> = tools.into_iter().map(offered).collect();
    (!tools.is_empty()).then(|| json!({ "tools": tools }))
}
