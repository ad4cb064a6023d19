//! Chat completions of any server that speaks OpenAI's API: OpenAI, Azure, Ollama, vLLM, llama.cpp and many more.

mod events;
mod request;
mod response;
mod tool_calls;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform::secrets::Key;

use crate::http::{BadBaseUrl, Server, address, below};
use crate::rounds::{self, Dialect, Earlier, Heard, Keyed, Model};
use crate::streamed::Fold;
use crate::tools::Calls;
use crate::{Ai, AiError, Answer, Past, Question, Summary, Tools};
use request::{Bound, Request};
use tool_calls::Noted;

/// Hosts where only `max_completion_tokens` works: reasoning models there refuse `max_tokens` with a 400
/// (<https://github.com/teilomillet/gollm/issues/33>). Everywhere else it is the other way round: Ollama and older
/// llama.cpp ignore the new name, so that nothing would bound the answer (<https://github.com/ollama/ollama/issues/7125>,
/// <https://github.com/ggml-org/llama.cpp/issues/13700>), and strict servers answer it with a 4xx
/// (<https://github.com/voideditor/void/issues/128>).
const COMPLETION_TOKEN_HOSTS: [&str; 4] =
    ["api.openai.com", "openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"];

/// A backend behind `POST {base}/chat/completions`.
pub struct OpenAi(Model<Keyed, ChatCompletions>);

struct ChatCompletions {
    model: String,
    bound: Bound,
    sees: bool,
}

impl OpenAi {
    /// A client for the server at `base_url` (`https://api.openai.com/v1`, `http://127.0.0.1:11434/v1`), with or without
    /// a slash at its end; a query, as Azure's `?api-version=…`, is kept. `key` is sent as a bearer token.
    ///
    /// `http` must follow no redirects: a redirect would take the user's words to a host nobody chose.
    pub fn new(
        base_url: &str,
        model: impl Into<String>,
        key: Option<Arc<dyn Key>>,
        http: reqwest::Client,
    ) -> Result<Self, BadBaseUrl> {
        let url = below(address(base_url)?, &["chat", "completions"])?;
        let bound = bound(url.host_str().unwrap_or_default());
        let door =
            Keyed { server: Server { url, key, http, headers: &[] }, prove: |request, key| request.bearer_auth(key) };
        Ok(Self(Model::new(door, ChatCompletions { model: model.into(), bound, sees: false })))
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
        rounds::read::<ChatCompletions>(status, retry_after, body, tools)
    }
}

#[async_trait]
impl Ai for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
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

impl Dialect for ChatCompletions {
    type Noted = Vec<Noted>;

    fn sees(&self) -> bool {
        self.sees
    }

    fn body(&self, question: &Question, earlier: &[Earlier<Vec<Noted>>]) -> Vec<u8> {
        let mut request = Request::new(&self.model, self.bound, question, self.sees);
        for round in earlier {
            request.show(round);
        }
        // Text, numbers and lists: there is nothing in it that JSON cannot say.
        serde_json::to_vec(&request).unwrap_or_default()
    }

    fn folded() -> Option<Box<dyn Fold>> {
        Some(Box::<events::Completion>::default())
    }

    fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Vec<Noted>>, AiError> {
        response::heard(body, calls)
    }
}

/// The name of the token bound at `host`: one of the listed hosts or a subdomain of it.
fn bound(host: &str) -> Bound {
    let is_in = |domain: &&str| host.strip_suffix(*domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if COMPLETION_TOKEN_HOSTS.iter().any(is_in) { Bound::CompletionTokens } else { Bound::Tokens }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_openai_and_azure_get_the_new_name_of_the_bound() {
        for (host, expected) in [
            ("api.openai.com", Bound::CompletionTokens),
            ("eu.api.openai.com", Bound::CompletionTokens),
            ("brand.openai.azure.com", Bound::CompletionTokens),
            ("brand.services.ai.azure.com", Bound::CompletionTokens),
            ("notapi.openai.com", Bound::Tokens),
            ("api.openai.com.example.org", Bound::Tokens),
            ("127.0.0.1", Bound::Tokens),
            ("api.mistral.ai", Bound::Tokens),
        ] {
            assert_eq!(bound(host), expected, "{host}");
        }
    }
}
