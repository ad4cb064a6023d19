//! What every backend over HTTP has in common: where it is, its key, what a status means, and a body that has an end.

use std::sync::Arc;
use std::time::SystemTime;

use platform::secrets::Key;
use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, StatusCode, Url};
use secrecy::SecretString;

use crate::{AiError, retry_after};

/// The most bytes of a body that are read: a long answer has some 50 kB.
pub(crate) const LARGEST_BODY: usize = 1024 * 1024;
const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";

/// The address cannot be used. Does not show it, for it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address of an AI must be an http:// or https:// address without a user name; mend it and start again")]
pub struct BadBaseUrl;

/// Reads an address; the fragment is dropped, a query is kept.
pub(crate) fn address(text: &str) -> Result<Url, BadBaseUrl> {
    let mut url = Url::parse(text.trim()).map_err(|_| BadBaseUrl)?;
    let usable = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    url.set_fragment(None);
    usable.then_some(url).ok_or(BadBaseUrl)
}

/// The address some steps below `base`, which may end with a slash.
pub(crate) fn below(mut base: Url, steps: &[&str]) -> Result<Url, BadBaseUrl> {
    base.path_segments_mut().map_err(|()| BadBaseUrl)?.pop_if_empty().extend(steps);
    Ok(base)
}

/// One address that is posted to.
pub(crate) struct Server {
    pub(crate) url: Url,
    pub(crate) key: Option<Arc<dyn Key>>,
    /// Must follow no redirects: a redirect would take the user's words to a host nobody chose.
    pub(crate) http: reqwest::Client,
    /// What every request carries beside its key.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

impl Server {
    /// Posts `body`, which is JSON, and returns the body of a 2xx. `prove` puts the key to use; if it is refused, that is
    /// done once more with a fresh one.
    pub(crate) async fn post(
        &self,
        body: Vec<u8>,
        prove: impl Fn(RequestBuilder, &SecretString) -> Result<RequestBuilder, AiError> + Send + Sync,
    ) -> Result<Vec<u8>, AiError> {
        self.post_as(JSON, body, prove).await
    }

    /// The same for whom a 202 is an answer of its own: what it says is its body only if that is JSON.
    pub(crate) async fn post_or_accept(
        &self,
        body: Vec<u8>,
        prove: impl Fn(RequestBuilder, &SecretString) -> Result<RequestBuilder, AiError> + Send + Sync,
    ) -> Result<Posted, AiError> {
        Ok(Posted::new(self.exchange(self.request(body), prove).await?).await)
    }

    /// The same where the body may come in parts, as they are ready.
    pub(crate) async fn post_streamed(
        &self,
        body: Vec<u8>,
        prove: impl Fn(RequestBuilder, &SecretString) -> Result<RequestBuilder, AiError> + Send + Sync,
    ) -> Result<Body, AiError> {
        let response = self.exchange(self.request(body), prove).await?;
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if content_type.is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with(EVENTS)) {
            return Ok(Body::InParts(Parts(response)));
        }
        // Not every server knows how to.
        json_body(response).await.map(Body::Whole)
    }

    /// The same with a body that says what it is.
    pub(crate) async fn post_as(
        &self,
        content_type: &str,
        body: Vec<u8>,
        prove: impl Fn(RequestBuilder, &SecretString) -> Result<RequestBuilder, AiError> + Send + Sync,
    ) -> Result<Vec<u8>, AiError> {
        json_body(self.exchange(self.request_as(content_type, body), prove).await?).await
    }

    async fn exchange(
        &self,
        request: RequestBuilder,
        prove: impl Fn(RequestBuilder, &SecretString) -> Result<RequestBuilder, AiError> + Send + Sync,
    ) -> Result<Response, AiError> {
        let Some(key) = &self.key else { return self.try_once(request).await };
        let unknown_key = |_| AiError::Unavailable { status: None, retry_after: None };
        let current = key.current().await.map_err(unknown_key)?;
        // The body is shared, not copied: there may be pictures in it.
        let again = request.try_clone();
        match self.try_once(prove(request, &current)?).await {
            Err(refused @ AiError::Refused { status: 401 }) => match (key.refreshed().await, again) {
                (Ok(fresh), Some(again)) => self.try_once(prove(again, &fresh)?).await,
                _ => Err(refused),
            },
            outcome => outcome,
        }
    }

    /// A request without a key.
    pub(crate) fn request(&self, body: Vec<u8>) -> RequestBuilder {
        self.request_as(JSON, body)
    }

    fn request_as(&self, content_type: &str, body: Vec<u8>) -> RequestBuilder {
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, content_type).body(body);
        self.headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
    }

    /// Sends `request`, and returns the body of a 2xx.
    pub(crate) async fn attempt(&self, request: RequestBuilder) -> Result<Vec<u8>, AiError> {
        json_body(self.try_once(request).await?).await
    }

    async fn try_once(&self, request: RequestBuilder) -> Result<Response, AiError> {
        let response = request.send().await.map_err(|error| not_sent(&error))?;
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        succeeded(response.status().as_u16(), retry_after)?;
        Ok(response)
    }
}

/// A 2xx.
pub(crate) struct Posted {
    pub(crate) status: u16,
    body: Result<Vec<u8>, AiError>,
}

impl Posted {
    async fn new(response: Response) -> Self {
        Self { status: response.status().as_u16(), body: json_body(response).await }
    }

    /// Its body, if that is what it should be.
    pub(crate) fn whole(self) -> Result<Vec<u8>, AiError> {
        self.body
    }
}

/// The body of a 2xx that may come in parts.
pub(crate) enum Body {
    /// It does not.
    Whole(Vec<u8>),
    /// It does, as server-sent events.
    InParts(Parts),
}

/// The parts of a body that have yet to come.
pub(crate) struct Parts(Response);

impl Parts {
    /// What comes next; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, AiError> {
        self.0.chunk().await.map_err(|error| not_sent(&error))
    }
}

/// Whether this is a 2xx; otherwise what it means.
pub(crate) fn succeeded(status: u16, retry_after: Option<&str>) -> Result<(), AiError> {
    match status {
        200..=299 => Ok(()),
        408 | 429 | 500.. => {
            let retry_after = retry_after.and_then(|value| retry_after::wait(value, SystemTime::now()));
            Err(AiError::Unavailable { status: Some(status), retry_after })
        }
        status => Err(AiError::Refused { status }),
    }
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
    let is_json = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains("json"));
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
    fn steps_go_below_the_base_with_or_without_a_slash() {
        for (base, expected) in [
            ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/chat/completions"),
            (" http://127.0.0.1:11434/v1\n", "http://127.0.0.1:11434/v1/chat/completions"),
            ("http://localhost:8080", "http://localhost:8080/chat/completions"),
            ("http://localhost:8080/v1#part", "http://localhost:8080/v1/chat/completions"),
            (
                "https://x.openai.azure.com/openai/v1?api-version=preview",
                "https://x.openai.azure.com/openai/v1/chat/completions?api-version=preview",
            ),
        ] {
            let url = address(base).and_then(|base| below(base, &["chat", "completions"]));
            assert_eq!(url.as_ref().map(Url::as_str), Ok(expected), "{base}");
        }
    }

    #[test]
    fn an_address_that_is_no_plain_web_address_is_refused_without_being_shown() {
        for base in [
            "",
            "api.openai.com/v1",
            "ftp://host/v1",
            "file:///v1",
            "https://",
            "https://me:pass@host/v1",
            "mailto:a@b",
        ] {
            assert_eq!(address(base), Err(BadBaseUrl), "{base}");
        }
        assert!(!BadBaseUrl.to_string().contains("pass"));
    }
}
