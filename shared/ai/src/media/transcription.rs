//! Voice messages in words, by any server that transcribes as OpenAI's does: `POST {base}/audio/transcriptions`
//! (<https://platform.openai.com/docs/api-reference/audio/createTranscription>).

use std::sync::Arc;
use std::time::Duration;

use models::Personal;
use models::assistant::Voice;
use platform::secrets::Key;
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::multipart::{Form, form};
use super::sniff::AudioKind;
use crate::http::{BadBaseUrl, Server, address, below};
use crate::rounds::words;
use crate::{AiError, Usage};

/// What somebody says, and what it cost to hear it.
pub(super) struct Heard {
    pub(super) words: Personal,
    pub(super) usage: Option<Usage>,
    /// How long it was, rounded up; 0 if the server does not say.
    pub(super) seconds: u64,
}

pub(super) struct Transcriber {
    server: Server,
    model: String,
    language: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    text: String,
    #[serde(default)]
    usage: serde_json::Value,
}

impl Transcriber {
    pub(super) fn new(voice: &Voice, key: Option<Arc<dyn Key>>, http: Client) -> Result<Self, BadBaseUrl> {
        let url = below(address(&voice.base_url)?, &["audio", "transcriptions"])?;
        let server = Server { url, key, http, headers: &[] };
        Ok(Self { server, model: voice.model.clone(), language: voice.language.clone() })
    }

    pub(super) async fn transcribe(&self, sound: &[u8], kind: AudioKind, time: Duration) -> Result<Heard, AiError> {
        let language = self.language.as_deref().map(|language| ("language", language));
        let fields: Vec<_> =
            [("model", self.model.as_str()), ("response_format", "json")].into_iter().chain(language).collect();
        let Form { content_type, body } = form(&fields, kind.names(), sound);
        let prove = |request: RequestBuilder, key: &SecretString| Ok(request.bearer_auth(key.expose_secret().trim()));
        let answer = tokio::time::timeout(time, self.server.post_as(&content_type, body, prove)).await;
        heard(&answer.unwrap_or(Err(AiError::TimedOut))?)
    }
}

fn heard(body: &[u8]) -> Result<Heard, AiError> {
    let Answer { text, usage } =
        serde_json::from_slice(body).map_err(|_| AiError::Unusable("it is no transcription"))?;
    let count = |name: &str| usage[name].as_u64();
    let tokens = count("input_tokens").zip(count("output_tokens"));
    // Seconds come as whole numbers or not.
    let seconds = usage["seconds"].as_f64().filter(|seconds| (0.0..86_400.0).contains(seconds)).unwrap_or_default();
    Ok(Heard {
        words: words(text)?,
        usage: tokens.map(|(input_tokens, output_tokens)| Usage { input_tokens, output_tokens }),
        seconds: Duration::from_secs_f64(seconds.ceil()).as_secs(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_their_price_are_read_and_anything_else_is_a_failure() {
        for (body, expected) in [
            (r#"{"text": "Where is it?"}"#, Some((None, 0))),
            (r#"{"text": "Where is it?", "usage": {"type": "duration", "seconds": 3.2}}"#, Some((None, 4))),
            (
                r#"{"text": "Where is it?", "usage": {"input_tokens": 14, "output_tokens": 5}}"#,
                Some((Some((14, 5)), 0)),
            ),
            (r#"{"text": "Where is it?", "usage": {"seconds": -1e300}}"#, Some((None, 0))),
            (r#"{"text": "Where is it?", "usage": "much"}"#, Some((None, 0))),
            (r#"{"text": " "}"#, None),
            (r#"{"text": 7}"#, None),
            (r#"{"error": {"message": "no"}}"#, None),
            ("Where is it?", None),
        ] {
            let heard = heard(body.as_bytes()).ok().map(|heard| {
                assert_eq!(heard.words.as_str(), "Where is it?");
                (heard.usage.map(|usage| (usage.input_tokens, usage.output_tokens)), heard.seconds)
            });
            assert_eq!(heard, expected, "{body}");
        }
    }
}
