//! What a bot platform answers later: the body of a response, looked through here, so that whoever posts it hears what
//! is wrong.

use models::Personal;
use serde::Serialize;
use serde_json::Value;

use crate::conversations::MOST_CHARACTERS;

/// The most pieces of an answer.
const MOST_MESSAGES: usize = 100;

/// What a response says, each key with whatever it holds. Left out is what is `null`.
#[derive(Serialize)]
pub(crate) struct LaterAnswer {
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) text: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) messages: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) hand_off: Value,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub(crate) summary: Value,
}

/// An answer that could not be read later on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadAnswer {
    #[error("\"text\" must be a text, or be left out")]
    Text,
    #[error("\"messages\" must be at most {MOST_MESSAGES} objects, each perhaps with a \"text\", or be left out")]
    Messages,
    #[error("\"hand_off\" must be true or false, or be left out")]
    HandOff,
    #[error("\"summary\" must be a text, or be left out")]
    Summary,
    #[error("the texts must have {MOST_CHARACTERS} characters at most, all together")]
    TooLong,
    #[error("the texts are blank; leave them out if there is no answer")]
    Blank,
    #[error("a \"summary\" alone says nothing: set \"hand_off\" to true, or leave it out if there is no answer")]
    SummaryAlone,
}

impl LaterAnswer {
    /// The answer as the JSON of a response.
    pub(crate) fn checked(mut self) -> Result<Personal, BadAnswer> {
        let is_text = |value: &Value| value.is_null() || value.is_string();
        if !is_text(&self.text) {
            return Err(BadAnswer::Text);
        }
        if !is_text(&self.summary) {
            return Err(BadAnswer::Summary);
        }
        if !self.hand_off.is_null() && !self.hand_off.is_boolean() {
            return Err(BadAnswer::HandOff);
        }
        let messages = match &mut self.messages {
            Value::Null => &mut Vec::new(),
            Value::Array(messages) if messages.len() <= MOST_MESSAGES => messages,
            _ => return Err(BadAnswer::Messages),
        };
        let mut texts: Vec<_> = self.text.as_str().into_iter().collect();
        for message in messages.iter_mut() {
            let message = message.as_object_mut().ok_or(BadAnswer::Messages)?;
            // Pictures, buttons and the like are not looked at, and what is null is left out, as where a response says so.
            message.retain(|key, value| key == "text" && !value.is_null());
            texts.extend(
                message.get("text").map_or(Ok(None), |text| text.as_str().map(Some).ok_or(BadAnswer::Messages))?,
            );
        }
        let summary = self.summary.as_str();
        if texts.iter().copied().chain(summary).map(|text| text.chars().count()).sum::<usize>() > MOST_CHARACTERS {
            return Err(BadAnswer::TooLong);
        }
        let says_something = texts.iter().any(|text| !text.trim().is_empty()) || self.hand_off == Value::Bool(true);
        if !says_something && (self.text.is_string() || !messages.is_empty()) {
            return Err(BadAnswer::Blank);
        }
        if !says_something && summary.is_some() {
            return Err(BadAnswer::SummaryAlone);
        }
        // Values that were read from JSON can be written as JSON.
        Ok(serde_json::to_string(&self).unwrap_or_default().into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(body: &Value) -> Result<String, String> {
        let take = |key: &str| body.get(key).cloned().unwrap_or_default();
        let answer = LaterAnswer {
            text: take("text"),
            messages: take("messages"),
            hand_off: take("hand_off"),
            summary: take("summary"),
        };
        answer.checked().map(Personal::into_string).map_err(|error| error.to_string())
    }

    #[test]
    fn what_a_response_says_is_handed_on_and_nothing_else() {
        for (body, expected) in [
            (json!({"text": "Hello"}), r#"{"text":"Hello"}"#),
            (
                json!({"text": "Hold on", "hand_off": true, "summary": "7"}),
                r#"{"text":"Hold on","hand_off":true,"summary":"7"}"#,
            ),
            (json!({"hand_off": true}), r#"{"hand_off":true}"#),
            (
                json!({"messages": [{"text": "a", "recipient_id": "b"}, {"image": "x"}]}),
                r#"{"messages":[{"text":"a"},{}]}"#,
            ),
            (json!({"messages": [{"text": null, "image": "x"}, {"text": "a"}]}), r#"{"messages":[{},{"text":"a"}]}"#),
            (json!({"text": null}), "{}"),
            (json!({}), "{}"),
        ] {
            assert_eq!(checked(&body).as_deref(), Ok(expected), "{body}");
        }
    }

    #[test]
    fn what_could_not_be_said_is_refused_without_being_shown() {
        let long = "secret ".repeat(MOST_CHARACTERS / 7 + 1);
        for (body, named) in [
            (json!({"text": ["secret"]}), "\"text\""),
            (json!({"text": " "}), "blank"),
            (json!({"messages": "secret"}), "\"messages\""),
            (json!({"messages": ["secret"]}), "\"messages\""),
            (json!({"messages": [{"text": 7}]}), "\"messages\""),
            (json!({"messages": [{"image": "secret"}]}), "blank"),
            (json!({"messages": [{"text": null, "image": "secret"}]}), "blank"),
            (json!({"messages": vec![json!({"text": "a"}); MOST_MESSAGES + 1]}), "\"messages\""),
            (json!({"text": "a", "hand_off": "secret"}), "\"hand_off\""),
            (json!({"hand_off": true, "summary": 7}), "\"summary\""),
            (json!({"summary": "secret"}), "set \"hand_off\""),
            (json!({"messages": [], "hand_off": false, "summary": "secret"}), "set \"hand_off\""),
            (json!({"text": long}), "characters at most"),
            (json!({"text": "a", "summary": long}), "characters at most"),
        ] {
            let reason = checked(&body).unwrap_err();
            assert!(reason.contains(named) && !reason.contains("secret"), "{named}: {reason}");
        }
    }
}
