//! One call over HTTP, with a key that may have been replaced meanwhile.

use std::sync::Arc;
use std::time::Duration;

use models::Timestamp;
use platform::secrets::Key;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::Allowance;
use crate::outcome::{MOST_ANSWER_BYTES, Outcome, Refusal, outcome};
use crate::{OnServerError, request::Request};

/// How long the body of an answer may take once its status is there.
const BODY_WITHIN: Duration = Duration::from_secs(1);

/// Whoever can call a workspace.
pub(crate) struct Caller {
    pub(crate) http: reqwest::Client,
    /// The workspace's REST host, with no slash at its end.
    pub(crate) endpoint: String,
    pub(crate) key: Arc<dyn Key>,
}

/// What `x-ratelimit-remaining` and `x-ratelimit-reset` say, as it stands there.
pub(crate) struct Limit {
    pub(crate) remaining: Option<String>,
    pub(crate) reset: Option<String>,
}

/// What came of one call.
pub(crate) enum Called {
    /// An answer, as far as it could be read.
    Answered { status: u16, limit: Limit, body: Vec<u8> },
    /// No byte of the request left.
    NotSent(Refusal),
    /// The request may have arrived.
    NoAnswer(&'static str),
}

impl Called {
    /// Which of the three things happened.
    pub(crate) fn outcome(&self, server_errors: OnServerError) -> Outcome {
        match self {
            Self::Answered { status, limit, body } => outcome(*status, limit.reset.as_deref(), body, server_errors),
            Self::NotSent(refusal) => Outcome::NotAccepted(*refusal),
            Self::NoAnswer(reason) => Outcome::Unknown(reason),
        }
    }

    /// What the answer says of the workspace's limit, if it can be read.
    pub(crate) fn allowance(&self) -> Option<Allowance> {
        let Self::Answered { limit: Limit { remaining, reset }, .. } = self else { return None };
        let reset = Timestamp::from_seconds(reset.as_ref()?.trim().parse().ok()?);
        Some(Allowance { remaining: remaining.as_ref()?.trim().parse().ok()?, reset })
    }

    /// The body of the answer, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        let Self::Answered { body, .. } = self else { return None };
        serde_json::from_slice(body).ok()
    }

    fn key_refused(&self) -> bool {
        matches!(self, Self::Answered { status: 401, .. } | Self::NotSent(Refusal::Unauthorized))
    }
}

impl Caller {
    /// One request; a second one with a newer key if the first was turned away for its key.
    pub(crate) async fn call(&self, request: &Request, until: Instant) -> Called {
        let Some(key) = self.key(until, false).await else { return Called::NotSent(Refusal::Unavailable) };
        let first = self.post(request, &key, until).await;
        if !first.key_refused() {
            return first;
        }
        match self.key(until, true).await {
            Some(newer) if newer.expose_secret() != key.expose_secret() => self.post(request, &newer, until).await,
            _ => first,
        }
    }

    async fn key(&self, until: Instant, refreshed: bool) -> Option<SecretString> {
        let key = if refreshed { self.key.refreshed() } else { self.key.current() };
        timeout_at(until, key).await.ok()?.ok()
    }

    async fn post(&self, request: &Request, key: &SecretString, until: Instant) -> Called {
        let Ok(mut authorization) = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())) else {
            return Called::NotSent(Refusal::Unauthorized);
        };
        authorization.set_sensitive(true);
        let url = format!("{}{}", self.endpoint, request.path);
        let sending = self.http.post(url).header(AUTHORIZATION, authorization).json(&request.body).send();
        match timeout_at(until, sending).await {
            // Before a connection stands no byte of the request has left.
            Ok(Err(error)) if error.is_connect() || error.is_builder() => Called::NotSent(Refusal::Unavailable),
            Ok(Err(_)) => Called::NoAnswer("no answer came back"),
            Err(_) => Called::NoAnswer("no answer in time"),
            Ok(Ok(answer)) => read(answer, until).await,
        }
    }
}

async fn read(mut answer: reqwest::Response, until: Instant) -> Called {
    let status = answer.status().as_u16();
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let limit = Limit { remaining: header("x-ratelimit-remaining"), reset: header("x-ratelimit-reset") };
    let mut body = Vec::new();
    // The status decides; a body that is cut off, slow or endless is only less to read.
    let whole = async {
        while let (true, Ok(Some(chunk))) = (body.len() < MOST_ANSWER_BYTES, answer.chunk().await) {
            body.extend_from_slice(&chunk);
        }
    };
    let _ = timeout_at(until.min(Instant::now() + BODY_WITHIN), whole).await;
    Called::Answered { status, limit, body }
}
