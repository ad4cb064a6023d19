//! Chat completions of any server that speaks OpenAI's API: OpenAI, Azure, Ollama, vLLM, llama.cpp and many more.

mod request;
mod response;
mod retry_after;
mod tool_calls;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use platform::secrets::Key;
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};

use crate::tools::Calls;
use crate::{Ai, AiError, Answer, Question, Tools, Usage};
use request::{Bound, Request};
use response::Heard;

/// The most bytes of a body that are read: a long answer has some 50 kB.
const LARGEST_BODY: usize = 1024 * 1024;

/// Hosts where only `max_completion_tokens` works: reasoning models there refuse `max_tokens` with a 400
/// (<https://github.com/teilomillet/gollm/issues/33>). Everywhere else it is the other way round: Ollama and older
/// llama.cpp ignore the new name, so that nothing would bound the answer (<https://github.com/ollama/ollama/issues/7125>,
/// <https://github.com/ggml-org/llama.cpp/issues/13700>), and strict servers answer it with a 4xx
/// (<https://github.com/voideditor/void/issues/128>).
const COMPLETION_TOKEN_HOSTS: [&str; 4] =
    ["api.openai.com", "openai.azure.com", "services.ai.azure.com", "cognitiveservices.azure.com"];

/// A backend behind `POST {base}/chat/completions`.
pub struct OpenAi {
    endpoint: Url,
    model: String,
    bound: Bound,
    key: Option<Arc<dyn Key>>,
    http: reqwest::Client,
}

/// The base URL cannot be used. Does not show it, for it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("AI_BASE_URL must be an http:// or https:// address without a user name; set it and start again")]
pub struct BadBaseUrl;

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
        let endpoint = endpoint(base_url).ok_or(BadBaseUrl)?;
        let bound = bound(endpoint.host_str().unwrap_or_default());
        Ok(Self { endpoint, model: model.into(), bound, key, http })
    }

    /// Asks; and once more without tools where the server may have no use for them: some refuse the whole request then.
    async fn ask_in_all(&self, question: &Question) -> Result<Answer, AiError> {
        match self.ask(question).await {
            Err(AiError::Refused { status: 400 }) if question.tools != Tools::default() => {
                self.ask(&Question { tools: Tools::default(), ..question.clone() }).await
            }
            outcome => outcome,
        }
    }

    /// Asks once; and once more where something was noted but nothing said, because the user must get words.
    async fn ask(&self, question: &Question) -> Result<Answer, AiError> {
        let mut calls = Calls::new(&question.tools);
        let mut request = Request::new(&self.model, self.bound, question);
        let Heard { text, noted, usage } = response::heard(&self.round(&request).await?, &mut calls)?;
        if text.is_ok() || calls.have_words() || noted.is_empty() {
            return calls.answer(text, usage);
        }
        request.note(noted);
        let second = response::heard(&self.round(&request).await?, &mut calls)?;
        calls.answer(second.text, sum(usage, second.usage))
    }

    /// The body of a 2xx, if need be with a fresh key if the one we had is refused.
    async fn round(&self, request: &Request<'_>) -> Result<Vec<u8>, AiError> {
        let Some(key) = &self.key else { return self.attempt(request, None).await };
        let unknown_key = |_| AiError::Unavailable { status: None, retry_after: None };
        let current = key.current().await.map_err(unknown_key)?;
        match self.attempt(request, Some(&current)).await {
            Err(refused @ AiError::Refused { status: 401 }) => match key.refreshed().await {
                Ok(fresh) => self.attempt(request, Some(&fresh)).await,
                Err(_) => Err(refused),
            },
            outcome => outcome,
        }
    }

    async fn attempt(&self, body: &Request<'_>, key: Option<&SecretString>) -> Result<Vec<u8>, AiError> {
        let mut request = self.http.post(self.endpoint.clone()).json(body);
        if let Some(key) = key {
            request = request.bearer_auth(key.expose_secret().trim());
        }
        let response = request.send().await.map_err(|error| not_sent(&error))?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        succeeded(response.status().as_u16(), retry_after)?;
        json_body(response).await
    }

    /// What a server's answer means where `tools` were offered: of a 2xx its body does, of anything else the status and
    /// the `Retry-After` header.
    pub fn read(status: u16, retry_after: Option<&str>, body: &[u8], tools: &Tools) -> Result<Answer, AiError> {
        succeeded(status, retry_after)?;
        let mut calls = Calls::new(tools);
        let Heard { text, usage, .. } = response::heard(body, &mut calls)?;
        calls.answer(text, usage)
    }
}

#[async_trait]
impl Ai for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        tokio::time::timeout(time, self.ask_in_all(question)).await.unwrap_or(Err(AiError::TimedOut))
    }
}

fn endpoint(base_url: &str) -> Option<Url> {
    let mut url = Url::parse(base_url.trim()).ok()?;
    let usable = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    url.set_fragment(None);
    url.path_segments_mut().ok()?.pop_if_empty().extend(["chat", "completions"]);
    usable.then_some(url)
}

/// The name of the token bound at `host`: one of the listed hosts or a subdomain of it.
fn bound(host: &str) -> Bound {
    let is_in = |domain: &&str| host.strip_suffix(*domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    if COMPLETION_TOKEN_HOSTS.iter().any(is_in) { Bound::CompletionTokens } else { Bound::Tokens }
}

/// Whether this is a 2xx; otherwise what it means.
fn succeeded(status: u16, retry_after: Option<&str>) -> Result<(), AiError> {
    match status {
        200..=299 => Ok(()),
        408 | 429 | 500.. => {
            let retry_after = retry_after.and_then(|value| retry_after::wait(value, SystemTime::now()));
            Err(AiError::Unavailable { status: Some(status), retry_after })
        }
        status => Err(AiError::Refused { status }),
    }
}

/// What both rounds cost, as far as the server says.
fn sum(first: Option<Usage>, second: Option<Usage>) -> Option<Usage> {
    let both = first.zip(second).map(|(first, second)| Usage {
        input_tokens: first.input_tokens.saturating_add(second.input_tokens),
        output_tokens: first.output_tokens.saturating_add(second.output_tokens),
    });
    both.or(first).or(second)
}

/// What a failed call means. The error itself is dropped: its text has the URL.
fn not_sent(error: &reqwest::Error) -> AiError {
    if error.is_builder() {
        // Only the key can be at fault: with a line break or the like in it, it is no header value for any server.
        AiError::Refused { status: StatusCode::UNAUTHORIZED.as_u16() }
    } else if error.is_timeout() {
        AiError::TimedOut
    } else {
        AiError::Unavailable { status: None, retry_after: None }
    }
}

/// The body of a 200, if it says it is JSON (or says nothing) and is no larger than it may be.
async fn json_body(mut response: Response) -> Result<Vec<u8>, AiError> {
    let is_json = |value: &reqwest::header::HeaderValue| value.to_str().is_ok_and(|value| value.contains("json"));
    if !response.headers().get(CONTENT_TYPE).is_none_or(is_json) {
        return Err(AiError::Unusable("it is not JSON"));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| not_sent(&error))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(AiError::Unusable("it is larger than 1 MiB"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_below_the_base_with_or_without_a_slash() {
        for (base, expected) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
            (" http://127.0.0.1:11434/v1\n", "http://127.0.0.1:11434/v1/chat/completions"),
            ("http://localhost:8080", "http://localhost:8080/chat/completions"),
            (
                "https://x.openai.azure.com/openai/v1?api-version=preview",
                "https://x.openai.azure.com/openai/v1/chat/completions?api-version=preview",
            ),
        ] {
            assert_eq!(endpoint(base).as_ref().map(Url::as_str), Some(expected), "{base}");
        }
    }

    #[test]
    fn a_base_that_is_no_plain_web_address_is_refused_without_being_shown() {
        for base in [
            "",
            "api.openai.com/v1",
            "ftp://host/v1",
            "file:///v1",
            "https://",
            "https://me:pass@host/v1",
            "mailto:a@b",
        ] {
            let refused = OpenAi::new(base, "m", None, reqwest::Client::new()).err();
            assert_eq!(refused, Some(BadBaseUrl), "{base}");
        }
        assert!(!BadBaseUrl.to_string().contains("pass"));
    }

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
