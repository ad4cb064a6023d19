//! The Messages API of Anthropic, and of servers that speak it.

mod events;
mod request;
mod response;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform::secrets::Key;
use reqwest::Url;
use serde_json::Value;

use crate::http::{BadBaseUrl, Server, address, below};
use crate::rounds::{self, Dialect, Earlier, Heard, Keyed, Model};
use crate::streamed::Fold;
use crate::tools::Calls;
use crate::{Ai, AiError, Answer, Past, Question, Summary, Tools};
use request::Request;

/// The version of the API that is spoken (<https://docs.claude.com/en/api/versioning>).
const VERSION: &[(&str, &str)] = &[("anthropic-version", "2023-06-01")];

/// A backend behind `POST {base}/v1/messages` (<https://docs.claude.com/en/api/messages>).
pub struct Anthropic(Model<Keyed, Messages>);

struct Messages {
    model: String,
    sees: bool,
}

impl Anthropic {
    /// A client for the server at `base_url`: `https://api.anthropic.com`, with or without `/v1` at its end. `key` is sent as
    /// `x-api-key`.
    ///
    /// `http` must follow no redirects: a redirect would take the user's words to a host nobody chose.
    pub fn new(
        base_url: &str,
        model: impl Into<String>,
        key: Option<Arc<dyn Key>>,
        http: reqwest::Client,
    ) -> Result<Self, BadBaseUrl> {
        let url = endpoint(address(base_url)?)?;
        let door = Keyed {
            server: Server { url, key, http, headers: VERSION },
            prove: |request, key| request.header("x-api-key", key),
        };
        Ok(Self(Model::new(door, Messages { model: model.into(), sees: false })))
    }

    /// The same, with a model that is shown the pictures users send if it `sees`.
    #[must_use]
    pub fn seeing(mut self, sees: bool) -> Self {
        self.0.dialect.sees = sees;
        self
    }

    /// What a server's answer means where `tools` were offered: of a 2xx its body does, of anything else the status and
    /// the `Retry-After` header.
    pub fn read(status: u16, retry_after: Option<&str>, body: &[u8], tools: &Tools) -> Result<Answer, AiError> {
        rounds::read::<Messages>(status, retry_after, body, tools)
    }
}

#[async_trait]
impl Ai for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn sees(&self) -> bool {
        self.0.dialect.sees
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        self.0.answer(question, time).await
    }

    fn summarises(&self) -> bool {
        true
    }

    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        self.0.summarise(past, time).await
    }
}

impl Dialect for Messages {
    /// The blocks of an answer, without calls that were ignored.
    type Noted = Vec<Value>;

    fn sees(&self) -> bool {
        self.sees
    }

    fn body(&self, question: &Question, earlier: &[Earlier<Vec<Value>>]) -> Vec<u8> {
        let mut request = Request::new(&self.model, question, self.sees);
        for round in earlier {
            request.show(round);
        }
        // Text, numbers and lists: there is nothing in it that JSON cannot say.
        serde_json::to_vec(&request).unwrap_or_default()
    }

    fn folded() -> Option<Box<dyn Fold>> {
        Some(Box::<events::Message>::default())
    }

    fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Vec<Value>>, AiError> {
        response::heard(body, calls)
    }
}

/// The version of the path belongs to the API; Anthropic's own clients want the base without it, others with it.
fn endpoint(base: Url) -> Result<Url, BadBaseUrl> {
    let has_version = base.path().trim_end_matches('/').ends_with("/v1");
    below(base, if has_version { &["messages"] } else { &["v1", "messages"] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_the_same_for_a_base_with_the_version_and_without() {
        for (base, expected) in [
            ("https://api.anthropic.com", "https://api.anthropic.com/v1/messages"),
            ("https://api.anthropic.com/v1/", "https://api.anthropic.com/v1/messages"),
            ("http://127.0.0.1:4000/anthropic", "http://127.0.0.1:4000/anthropic/v1/messages"),
            ("https://proxy.example/v1?tenant=1", "https://proxy.example/v1/messages?tenant=1"),
        ] {
            assert_eq!(endpoint(address(base).unwrap()).unwrap().as_str(), expected);
        }
    }
}
