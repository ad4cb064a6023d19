//! Calls over HTTP: to the declared hosts, without a redirect, and with an end to time and bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use models::Personal;
use models::assistant::HttpTools;
use platform::http::is_local;
use platform::metrics::{Meter, Metric};
use platform::secrets::Key;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::IgnoredAny;

use super::{Caller, ToolFailure, ToolRequest};

/// The most bytes of an answer that are read.
const LARGEST_BODY: usize = 256 * 1024;
/// The most characters of an answer that a model is shown: some 2,000 tokens.
const SHOWN: usize = 8_000;
const CUT: &str = "\n[The rest is not shown.]";

/// A tool cannot be set up. Does not show its address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTool {
    /// Its address is none.
    #[error("`tools.{0}.url` is no address; mend it and start again")]
    Address(String),
    /// Its host is a number of a network of its own.
    #[error("`tools.{0}.url` is no public address; if it is meant so, say `private = true`")]
    Local(String),
    /// Its key is nowhere.
    #[error("`tools.{0}.key` names a key that is not there; set it and start again")]
    NoKey(String),
}

/// Makes the calls of all tools.
pub struct HttpCaller {
    ways: BTreeMap<String, Way>,
    meter: Arc<dyn Meter>,
}

/// How one tool is reached.
struct Way {
    http: Client,
    key: Option<Arc<dyn Key>>,
}

impl HttpCaller {
    /// Calls for `tools`. `public` must connect to public addresses alone; tools that are declared private go by `http`.
    /// Neither may follow redirects: a redirect would take a key and a user's id to a host nobody chose. `key` has the key in
    /// a field of the secret. Calls and failures are counted by `meter`.
    pub fn new(
        tools: &HttpTools,
        public: &Client,
        http: &Client,
        key: &dyn Fn(&str) -> Option<Arc<dyn Key>>,
        meter: Arc<dyn Meter>,
    ) -> Result<Self, BadTool> {
        let way = |(name, tool): (&str, &models::assistant::HttpTool)| {
            let name = name.to_owned();
            let Ok(url) = Url::parse(&tool.url.origin) else { return Err(BadTool::Address(name)) };
            if !tool.private && is_local(&url) {
                return Err(BadTool::Local(name));
            }
            let key = tool.key.as_deref().map(|field| key(field).ok_or_else(|| BadTool::NoKey(name.clone())));
            let http = if tool.private { http } else { public };
            Ok((name, Way { http: http.clone(), key: key.transpose()? }))
        };
        Ok(Self { ways: tools.iter().map(way).collect::<Result<_, _>>()?, meter })
    }

    async fn ask(&self, request: &ToolRequest) -> Result<Personal, ToolFailure> {
        let way = self.ways.get(&request.tool).ok_or(ToolFailure::Unreachable)?;
        let Some(key) = &way.key else { return way.send(request, None).await };
        let current = key.current().await.map_err(|_| ToolFailure::NoKey)?;
        match way.send(request, Some(&current)).await {
            refused @ Err(ToolFailure::Status(401)) => match key.refreshed().await {
                Ok(fresh) => way.send(request, Some(&fresh)).await,
                Err(_) => refused,
            },
            outcome => outcome,
        }
    }
}

#[async_trait]
impl Caller for HttpCaller {
    async fn call(&self, request: &ToolRequest, time: Duration) -> Result<Personal, ToolFailure> {
        self.meter.count(Metric::ToolCalled, 1);
        let outcome = tokio::time::timeout(time, self.ask(request)).await.unwrap_or(Err(ToolFailure::TimedOut));
        if let Err(failure) = outcome
            && !failure.is_nothing_found()
        {
            self.meter.count(Metric::ToolFailed, 1);
            tracing::warn!(tool = request.tool, %failure, "a call of a tool brought nothing");
        }
        outcome
    }
}

impl Way {
    async fn send(&self, request: &ToolRequest, key: Option<&SecretString>) -> Result<Personal, ToolFailure> {
        let response = self.written(request, key)?.send().await.map_err(|error| failure(&error))?;
        match response.status().as_u16() {
            200..=299 => data(response).await,
            status => Err(ToolFailure::Status(status)),
        }
    }

    fn written(&self, request: &ToolRequest, key: Option<&SecretString>) -> Result<RequestBuilder, ToolFailure> {
        let url = request.url.as_str();
        let mut written = match &request.body {
            None => self.http.get(url),
            Some(body) => self.http.post(url).header(CONTENT_TYPE, "application/json").body(body.as_str().to_owned()),
        };
        written = written.header(ACCEPT, "application/json, text/plain;q=0.9");
        if let Some(word) = &request.idempotency_key {
            written = written.header("idempotency-key", word);
        }
        match key.map(|key| key.expose_secret().trim()) {
            Some("") => Err(ToolFailure::NoKey),
            Some(key) => Ok(written.bearer_auth(key)),
            None => Ok(written),
        }
    }
}

/// What a failed call means. The error itself is dropped: its text has the URL, and that the user's id.
fn failure(error: &reqwest::Error) -> ToolFailure {
    // Everything else of a request was looked at before: only the key can be no header value.
    if error.is_builder() { ToolFailure::NoKey } else { ToolFailure::Unreachable }
}

/// The body of a 2xx as a model may be shown it, cut where it is too long.
async fn data(mut response: Response) -> Result<Personal, ToolFailure> {
    let kind = response.headers().get(CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?").to_ascii_lowercase());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(ToolFailure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    let text = String::from_utf8(body).map_err(|_| ToolFailure::NoData)?;
    if !text.trim().is_empty() && !is_data(kind.as_deref(), &text) {
        return Err(ToolFailure::NoData);
    }
    Ok(match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}{CUT}", &text[..end]).into(),
        None => text.into(),
    })
}

/// Whether a body is what it says, and that is JSON or plain text. A page is neither: it is where people log in.
fn is_data(kind: Option<&str>, text: &str) -> bool {
    let kind = kind.unwrap_or("text/plain").split(';').next().unwrap_or_default().trim();
    let is_json = kind == "application/json" || kind.ends_with("+json");
    match kind {
        _ if is_json => serde_json::from_str::<IgnoredAny>(text).is_ok(),
        "text/plain" | "text/csv" | "text/markdown" => true,
        _ => false,
    }
}
