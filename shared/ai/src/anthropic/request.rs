//! The JSON of a question to the Messages API.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::{Value, json};

use crate::Question;
use crate::prompt::instructions;
use crate::rounds::Earlier;
use crate::tools::Tool;

/// The first message must be a user's (<https://docs.claude.com/en/api/messages>). It stands for what the user may have said
/// before a conversation that begins, as far as it is known, with words of ours.
const SOMETHING: &str = "…";

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
        text: &'a str,
    },
    /// As it came, or made here.
    Other(Value),
}

#[derive(Serialize)]
struct Offered {
    name: Cow<'static, str>,
    description: Cow<'static, str>,
    input_schema: Value,
}

impl<'a> Request<'a> {
    /// The brand's words in the system prompt, everything a user ever said in user messages.
    pub(super) fn new(model: &'a str, question: &'a Question) -> Self {
        let offered = |Tool { name, description, parameters }| Offered { name, description, input_schema: parameters };
        let mut request = Self {
            model,
            max_tokens: question.output_tokens,
            system: instructions(question),
            messages: Vec::new(),
            tools: question.tools.described().into_iter().map(offered).collect(),
        };
        for earlier in &question.history {
            for (role, text) in [("user", earlier.user.as_str()), ("assistant", earlier.assistant.as_str())] {
                // A blank text is refused.
                if !is_blank(text) {
                    request.says(role, text);
                }
            }
        }
        request.says("user", question.text.as_str());
        request
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

    /// Adds words: to the message before, if it is of the same role, for not every server takes two in a row.
    fn says(&mut self, role: &'static str, text: &'a str) {
        if self.messages.is_empty() && role != "user" {
            self.says("user", SOMETHING);
        }
        let block = Block::Text { r#type: "text", text };
        match self.messages.last_mut().filter(|last| last.role == role) {
            Some(last) => last.content.push(block),
            None => self.messages.push(Message { role, content: vec![block] }),
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Exchange;

    fn question(history: Vec<(String, String)>, text: &str) -> Question {
        let exchange =
            |(user, assistant): (String, String)| Exchange { user: user.into(), assistant: assistant.into() };
        Question { history: history.into_iter().map(exchange).collect(), ..Question::plain(text) }
    }

    fn sent(question: &Question) -> Value {
        serde_json::to_value(Request::new("m", question)).unwrap()
    }

    proptest! {
        #[test]
        fn roles_take_turns_from_a_users_on_and_what_users_say_is_only_in_their_messages(
            text in any::<String>(),
            history in vec(("[a ]{0,3}|\\PC*", "[b ]{0,3}|\\PC*"), 0..6),
        ) {
            let sent = sent(&question(history.clone(), &text));
            prop_assert_eq!(&sent["system"], "Be brief.");
            let mut said = vec![];
            for (place, message) in sent["messages"].as_array().unwrap().iter().enumerate() {
                prop_assert_eq!(&message["role"], if place % 2 == 0 { "user" } else { "assistant" });
                let blocks = message["content"].as_array().unwrap();
                said.extend(blocks.iter().map(|block| (message["role"].clone(), block["text"].clone())));
            }
            let mut expected: Vec<_> = history
                .into_iter()
                .flat_map(|(user, assistant)| [("user", user), ("assistant", assistant)])
                .filter(|(_, text)| !text.trim().is_empty())
                .collect();
            if expected.first().is_some_and(|(role, _)| *role == "assistant") {
                expected.insert(0, ("user", SOMETHING.to_owned()));
            }
            expected.push(("user", text));
            let expected: Vec<_> = expected.into_iter().map(|(role, text)| (json!(role), json!(text))).collect();
            prop_assert_eq!(said, expected);
        }
    }

    #[test]
    fn without_instructions_there_is_no_system_prompt() {
        let question = Question { instructions: " ".to_owned(), ..question(vec![], "hi") };
        assert_eq!(sent(&question).get("system"), None);
    }
}
