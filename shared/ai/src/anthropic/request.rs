//! The JSON of a question to the Messages API.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::encoded::Base64;
use crate::prompt::{Speaker, Turn, instructions, turns};
use crate::rounds::Earlier;
use crate::tools::Tool;
use crate::{Image, Question};

/// The body of `POST /v1/messages`.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    max_tokens: u32,
    #[serde(skip_serializing_if = "is_blank")]
    system: Cow<'a, str>,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Vec<Block<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Block<'a> {
    Text {
        r#type: &'static str,
        text: Cow<'a, str>,
    },
    Image {
        r#type: &'static str,
        source: Source<'a>,
    },
    /// As it came, or made here.
    Other(Value),
}

/// A picture in the request itself.
#[derive(Serialize)]
struct Source<'a> {
    r#type: &'static str,
    media_type: &'static str,
    data: Base64<'a>,
}

#[derive(Serialize)]
struct Offered {
    name: Cow<'static, str>,
    description: Cow<'static, str>,
    input_schema: Value,
}

impl<'a> Request<'a> {
    /// The brand's words in the system prompt, everything a user ever said in user messages.
    pub(super) fn new(model: &'a str, question: &'a Question, sees: bool) -> Self {
        let offered = |Tool { name, description, parameters }| Offered { name, description, input_schema: parameters };
        let mut messages: Vec<_> = turns(question, sees).into_iter().map(Message::from).collect();
        if let Some(newest) = messages.last_mut().filter(|_| sees) {
            newest.content.extend(question.pictures().map(picture));
        }
        Self {
            model,
            max_tokens: question.output_tokens,
            system: instructions(question, sees),
            messages,
            tools: question.tools.described().into_iter().map(offered).collect(),
            stream: question.aloud.is_heard().then_some(true),
        }
    }

    /// Adds a round: the blocks of the answer, and the result of each call in them.
    pub(super) fn show(&mut self, round: &Earlier<Vec<Value>>) {
        let calls = round.noted.iter().filter(|block| block["type"] == "tool_use");
        let results = calls.zip(&round.results).map(|(call, result)| {
            let result = json!({"type": "tool_result", "tool_use_id": call["id"], "content": result.as_str()});
            Block::Other(result)
        });
        let results = results.collect();
        let noted = round.noted.iter().cloned().map(Block::Other).collect();
        self.messages
            .extend([Message { role: "assistant", content: noted }, Message { role: "user", content: results }]);
    }
}

impl<'a> From<Turn<'a>> for Message<'a> {
    fn from(Turn { speaker, texts }: Turn<'a>) -> Self {
        let role = match speaker {
            Speaker::User => "user",
            Speaker::Assistant => "assistant",
        };
        Self { role, content: texts.into_iter().map(|text| Block::Text { r#type: "text", text }).collect() }
    }
}

fn picture(image: &Image) -> Block<'_> {
    let source = Source { r#type: "base64", media_type: image.kind().mime(), data: Base64(image.bytes()) };
    Block::Image { r#type: "image", source }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(question: &Question) -> Value {
        serde_json::to_value(Request::new("m", question, false)).unwrap()
    }

    #[test]
    fn without_instructions_there_is_no_system_prompt() {
        let question = Question { instructions: " ".to_owned(), ..Question::plain("hi") };
        assert_eq!(sent(&question).get("system"), None);
    }
}
