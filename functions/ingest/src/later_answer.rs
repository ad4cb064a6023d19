//! What a bot platform answers later: the body of a response, looked through here, so that whoever posts it hears what
//! is wrong.

use models::{NoPlatformAnswer, Personal, PlatformAnswer};

use crate::conversations::MOST_CHARACTERS;

/// The most pieces of an answer.
const MOST_MESSAGES: usize = 100;

/// An answer of which nothing could be said later on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadAnswer {
    #[error(transparent)]
    None(#[from] NoPlatformAnswer),
    #[error("\"messages\" must be at most {MOST_MESSAGES} objects")]
    Messages,
    #[error("the texts must have {MOST_CHARACTERS} characters at most, all together")]
    TooLong,
    #[error("the texts are blank; leave them out if there is no answer")]
    Blank,
    #[error("a \"summary\" alone says nothing: set \"hand_off\" to true, or leave it out if there is no answer")]
    SummaryAlone,
}

/// The answer as the JSON of a response, if something follows from it or it says that there is none.
pub(crate) fn checked(answer: &PlatformAnswer) -> Result<Personal, BadAnswer> {
    if answer.messages.len() > MOST_MESSAGES {
        return Err(BadAnswer::Messages);
    }
    let texts = answer.texts().chain(&answer.summary);
    if texts.map(|text| text.as_str().chars().count()).sum::<usize>() > MOST_CHARACTERS {
        return Err(BadAnswer::TooLong);
    }
    if answer.knows_nothing() && answer.summary.is_some() {
        return Err(BadAnswer::SummaryAlone);
    }
    if !answer.knows_nothing() && !answer.says_something() {
        return Err(BadAnswer::Blank);
    }
    // Texts and truth values can be written as JSON.
    Ok(serde_json::to_string(answer).unwrap_or_default().into())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(body: &Value) -> Result<String, String> {
        let answer = PlatformAnswer::from_body(body.clone()).map_err(BadAnswer::from);
        answer.and_then(|answer| checked(&answer)).map(Personal::into_string).map_err(|error| error.to_string())
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
            (json!({"text": null}), "{}"),
            (json!({}), "{}"),
        ] {
            assert_eq!(read(&body).as_deref(), Ok(expected), "{body}");
        }
    }

    #[test]
    fn what_could_not_be_said_is_refused_without_being_shown() {
        let long = "secret ".repeat(MOST_CHARACTERS / 7 + 1);
        for (body, named) in [
            (json!({"text": ["secret"]}), "\"text\""),
            (json!({"text": " "}), "blank"),
            (json!({"messages": "secret"}), "\"messages\""),
            (json!({"messages": [{"image": "secret"}]}), "blank"),
            (json!({"messages": [{"text": null, "image": "secret"}]}), "blank"),
            (json!({"messages": vec![json!({"text": "a"}); MOST_MESSAGES + 1]}), "at most 100"),
            (json!({"text": "a", "hand_off": "secret"}), "\"hand_off\""),
            (json!({"hand_off": true, "summary": 7}), "\"summary\""),
            (json!({"summary": "secret"}), "set \"hand_off\""),
            (json!({"messages": [], "hand_off": false, "summary": "secret"}), "set \"hand_off\""),
            (json!({"text": long}), "characters at most"),
            (json!({"text": "a", "summary": long}), "characters at most"),
        ] {
            let reason = read(&body).unwrap_err();
            assert!(reason.contains(named) && !reason.contains("secret"), "{named}: {reason}");
        }
    }
}
