//! The JSON of a question to chat completions, as the API reference of OpenAI has it and other servers copy it.

use std::borrow::Cow;

use models::Personal;
use serde::Serialize;
use serde_json::Value;

use super::tool_calls::Noted;
use crate::Question;
use crate::encoded::DataUrl;
use crate::media::said;
use crate::prompt::instructions;
use crate::rounds::Earlier;
use crate::tools::Tool;

/// What a server calls the bound on the answer's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// `max_tokens`.
    Tokens,
    /// `max_completion_tokens`.
    CompletionTokens,
}

/// The body of `POST /chat/completions`.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    /// Left out where nothing is offered: not every server knows it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Offered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// What a server that answers in parts is to say beside them: most say no cost unless they are asked to.
#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'static str,
    content: Option<Content<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<String>,
}

/// A text as it is; parts only where there are pictures, for not every server knows them.
#[derive(Serialize)]
#[serde(untagged)]
enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text { text: Cow<'a, str> },
    ImageUrl { image_url: Url<'a> },
}

#[derive(Serialize)]
struct Url<'a> {
    url: DataUrl<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
struct Offered {
    function: Tool,
}

impl<'a> Request<'a> {
    /// The brand's words in the one system message, everything a user ever said in user messages.
    pub(super) fn new(model: &'a str, bound: Bound, question: &'a Question, sees: bool) -> Self {
        let spoken = |role, text: &'a Personal| Message::new(role, text.as_str());
        let mut messages = vec![Message::new("system", instructions(question, sees))];
        for earlier in &question.history {
            let both = [("user", &earlier.user), ("assistant", &earlier.assistant)];
            messages
                .extend(both.into_iter().filter(|(_, text)| !text.is_empty()).map(|(role, text)| spoken(role, text)));
        }
        messages.push(newest(question, sees));
        let at_most = |name| (bound == name).then_some(question.output_tokens);
        let (max_tokens, max_completion_tokens) = (at_most(Bound::Tokens), at_most(Bound::CompletionTokens));
        let tools = question.tools.described().into_iter().map(|function| Offered { function }).collect();
        let stream = question.aloud.is_heard().then_some(true);
        let stream_options = stream.map(|include_usage| StreamOptions { include_usage });
        Self { model, messages, max_tokens, max_completion_tokens, tools, stream, stream_options }
    }

    /// Adds a round: the calls that were made, each with its result.
    pub(super) fn show(&mut self, round: &'a Earlier<Vec<Noted>>) {
        let content = round.text.as_ref().map(|text| Content::Text(text.as_str().into()));
        let tool_calls = round.noted.iter().map(|noted| noted.call.clone()).collect();
        self.messages.push(Message { role: "assistant", content, tool_calls, tool_call_id: None });
        let results = round.noted.iter().zip(&round.results).map(|(Noted { id, .. }, result)| Message {
            tool_call_id: Some(id.clone()),
            ..Message::new("tool", result.as_str())
        });
        self.messages.extend(results);
    }
}

/// The user's new words, with the pictures that belong to them.
fn newest(question: &Question, sees: bool) -> Message<'_> {
    let text = said(question, sees);
    let pictures: Vec<_> = question.pictures().filter(|_| sees).collect();
    if pictures.is_empty() {
        return Message::new("user", text);
    }
    let shown = pictures.into_iter().map(|image| Part::ImageUrl { image_url: Url { url: DataUrl(image) } });
    let parts = std::iter::once(Part::Text { text }).chain(shown).collect();
    Message { content: Some(Content::Parts(parts)), ..Message::new("user", "") }
}

impl<'a> Message<'a> {
    fn new(role: &'static str, text: impl Into<Cow<'a, str>>) -> Self {
        Self { role, content: Some(Content::Text(text.into())), tool_calls: Vec::new(), tool_call_id: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::Exchange;

    fn sent(question: &Question) -> Value {
        serde_json::to_value(Request::new("m", Bound::Tokens, question, false)).unwrap()
    }

    proptest! {
        #[test]
        fn what_users_say_is_only_ever_the_content_of_user_messages(
            text in any::<String>(),
            history in vec((any::<String>(), any::<String>()), 0..4),
        ) {
            let mut question = Question::plain(&text);
            let mut expected = vec![json!({"role": "system", "content": "Be brief."})];
            for (user, assistant) in history {
                // Who said nothing has no message.
                let both = [("user", &user), ("assistant", &assistant)].into_iter().filter(|(_, text)| !text.is_empty());
                expected.extend(both.map(|(role, text)| json!({"role": role, "content": text})));
                question.history.push(Exchange { user: user.into(), assistant: assistant.into() });
            }
            expected.push(json!({"role": "user", "content": text}));
            prop_assert_eq!(&sent(&question)["messages"], &Value::Array(expected));
        }
    }

    #[test]
    fn the_bound_goes_under_the_name_that_the_server_knows() {
        for (bound, name, other) in [
            (Bound::Tokens, "max_tokens", "max_completion_tokens"),
            (Bound::CompletionTokens, "max_completion_tokens", "max_tokens"),
        ] {
            let sent = serde_json::to_value(Request::new("m", bound, &Question::plain("hi"), false)).unwrap();
            assert_eq!((sent.get(name), sent.get(other)), (Some(&json!(800)), None));
        }
    }
}
