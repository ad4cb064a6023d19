//! What another bot platform answers: the one reader of a response's body and of an answer that comes later through the door.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::Personal;

/// What a platform says. Written as JSON it is read as the same again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlatformAnswer {
    /// The words, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Personal>,
    /// The same in pieces, behind it if there are both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<PlatformMessage>,
    /// Whether a person is to go on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hand_off: bool,
    /// What that person should know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<Personal>,
}

/// One piece of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlatformMessage {
    /// Its words; none where it is a picture, buttons or the like, which are not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Personal>,
}

/// A body that is no answer: what is wrong with which key, and nothing of what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoPlatformAnswer {
    /// `text`.
    #[error("\"text\" must be a text, or be left out")]
    Text,
    /// `messages`.
    #[error("\"messages\" must be a list of objects, each perhaps with a \"text\", or be left out")]
    Messages,
    /// `hand_off`.
    #[error("\"hand_off\" must be true or false, or be left out")]
    HandOff,
    /// `summary`.
    #[error("\"summary\" must be a text, or be left out")]
    Summary,
    /// The whole.
    #[error("it must be a JSON object, or a list of them")]
    Form,
}

impl PlatformAnswer {
    /// Reads a whole body: an object with the keys of an answer, or a list of pieces, as Rasa's REST channel writes them.
    pub fn from_body(body: Value) -> Result<Self, NoPlatformAnswer> {
        match body {
            Value::Object(keys) => Self::from_keys(keys),
            Value::Array(_) => Ok(Self { messages: pieces(body)?, ..Self::default() }),
            _ => Err(NoPlatformAnswer::Form),
        }
    }

    /// Reads what stands under the keys of an answer. What is `null` is left out, and other keys are not looked at.
    pub fn from_keys(mut keys: Map<String, Value>) -> Result<Self, NoPlatformAnswer> {
        let mut take = |key: &str| keys.remove(key).unwrap_or_default();
        Ok(Self {
            text: text(take("text"), NoPlatformAnswer::Text)?,
            messages: pieces(take("messages"))?,
            hand_off: match take("hand_off") {
                Value::Null => false,
                Value::Bool(hand_off) => hand_off,
                _ => return Err(NoPlatformAnswer::HandOff),
            },
            summary: text(take("summary"), NoPlatformAnswer::Summary)?,
        })
    }

    /// The texts in it, in the order in which they are said.
    pub fn texts(&self) -> impl Iterator<Item = &Personal> {
        self.text.iter().chain(self.messages.iter().filter_map(|message| message.text.as_ref()))
    }

    /// Whether it says that the platform has no answer: a summary alone is none.
    pub fn knows_nothing(&self) -> bool {
        self.text.is_none() && self.messages.is_empty() && !self.hand_off
    }

    /// Whether anything follows from it: words, or a hand-off. What neither does that nor knows nothing cannot be used.
    pub fn says_something(&self) -> bool {
        self.hand_off || self.texts().any(|text| !crate::is_blank(text.as_str()))
    }
}

/// A text, or nothing; `wrong` if it is something else.
fn text(value: Value, wrong: NoPlatformAnswer) -> Result<Option<Personal>, NoPlatformAnswer> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.into())),
        _ => Err(wrong),
    }
}

fn pieces(value: Value) -> Result<Vec<PlatformMessage>, NoPlatformAnswer> {
    let pieces = match value {
        Value::Null => vec![],
        Value::Array(pieces) => pieces,
        _ => return Err(NoPlatformAnswer::Messages),
    };
    let piece = |piece| match piece {
        Value::Object(mut keys) => {
            let text = text(keys.remove("text").unwrap_or_default(), NoPlatformAnswer::Messages)?;
            Ok(PlatformMessage { text })
        }
        _ => Err(NoPlatformAnswer::Messages),
    };
    pieces.into_iter().map(piece).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: &Value) -> Result<PlatformAnswer, NoPlatformAnswer> {
        PlatformAnswer::from_body(body.clone())
    }

    #[test]
    fn what_is_read_is_written_so_that_it_is_read_as_the_same_again() {
        for (body, written) in [
            (json!({"text": "Hello"}), r#"{"text":"Hello"}"#),
            (
                json!({"text": "Hold on", "hand_off": true, "summary": "7", "more": [1]}),
                r#"{"text":"Hold on","hand_off":true,"summary":"7"}"#,
            ),
            (
                json!({"messages": [{"text": "a", "recipient_id": "b"}, {"image": "x"}, {"text": null}]}),
                r#"{"messages":[{"text":"a"},{},{}]}"#,
            ),
            (json!([{"recipient_id": "b", "text": "a"}]), r#"{"messages":[{"text":"a"}]}"#),
            (json!({"text": null, "messages": null, "hand_off": null, "summary": null}), "{}"),
            (json!({"messages": [], "hand_off": false}), "{}"),
            (json!([]), "{}"),
        ] {
            let answer = read(&body).unwrap();
            assert_eq!(serde_json::to_string(&answer).unwrap(), written, "{body}");
            assert_eq!(read(&serde_json::from_str(written).unwrap()), Ok(answer), "{body}");
        }
    }

    #[test]
    fn what_is_no_answer_is_named_by_its_key_and_never_shown() {
        for (body, expected) in [
            (json!({"text": 7}), NoPlatformAnswer::Text),
            (json!({"text": ["secret"]}), NoPlatformAnswer::Text),
            (json!({"messages": "secret"}), NoPlatformAnswer::Messages),
            (json!({"messages": ["secret"]}), NoPlatformAnswer::Messages),
            (json!({"messages": [["secret"]]}), NoPlatformAnswer::Messages),
            (json!({"messages": [{"text": 7}]}), NoPlatformAnswer::Messages),
            (json!({"text": "secret", "hand_off": "yes"}), NoPlatformAnswer::HandOff),
            (json!({"summary": {"secret": 1}}), NoPlatformAnswer::Summary),
            (json!(["secret"]), NoPlatformAnswer::Messages),
            (json!("secret"), NoPlatformAnswer::Form),
            (json!(null), NoPlatformAnswer::Form),
            (json!(7), NoPlatformAnswer::Form),
        ] {
            assert_eq!(read(&body), Err(expected), "{body}");
            assert!(!expected.to_string().contains("secret"));
        }
    }

    #[test]
    fn an_answer_says_something_or_knows_nothing_or_is_of_no_use() {
        for (body, says, knows_nothing) in [
            (json!({"text": "a"}), true, false),
            (json!({"messages": [{"image": "x"}, {"text": "a"}]}), true, false),
            (json!({"hand_off": true}), true, false),
            (json!({"text": " ", "hand_off": true}), true, false),
            (json!({}), false, true),
            (json!({"summary": "x"}), false, true),
            (json!({"text": " "}), false, false),
            (json!({"messages": [{"image": "x"}]}), false, false),
        ] {
            let answer = read(&body).unwrap();
            assert_eq!((answer.says_something(), answer.knows_nothing()), (says, knows_nothing), "{body}");
        }
    }
}
