//! The HTTP side.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use models::{Recipient, Reply};
use platform::secrets::Key;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};

use crate::outcome::{MOST_ANSWER_BYTES, Outcome, Refusal, outcome};
use crate::{Messaging, request};

/// How long the body of an answer may take once its status is there.
const BODY_WITHIN: Duration = Duration::from_secs(1);

/// What a 5xx with a Braze error body means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnServerError {
    /// What Braze's error page says: nothing was sent.
    #[default]
    TrustBraze,
    /// Nobody knows.
    TrustNobody,
}

/// Braze's `/campaigns/trigger/send` for one reply campaign.
pub struct Client {
    http: reqwest::Client,
    url: String,
    campaign: String,
    key: Arc<dyn Key>,
    server_errors: OnServerError,
}

impl Client {
    /// A client for the workspace whose REST host is `endpoint` (no slash at its end), sending through `campaign`.
    /// `http` must follow no redirects: one would carry the key to another host.
    pub fn new(http: reqwest::Client, endpoint: &str, campaign: impl Into<String>, key: Arc<dyn Key>) -> Self {
        let url = format!("{endpoint}/campaigns/trigger/send");
        Self { http, url, campaign: campaign.into(), key, server_errors: OnServerError::default() }
    }

    /// The same client with another reading of server errors.
    #[must_use]
    pub fn on_server_error(self, server_errors: OnServerError) -> Self {
        Self { server_errors, ..self }
    }

    /// One request; a second one with a newer key if the first was turned away for its key.
    async fn send_to(&self, recipient: &Recipient, reply: &Reply, until: Instant) -> Outcome {
        let Some(key) = self.key(until, false).await else { return Outcome::NotAccepted(Refusal::Unavailable) };
        match self.post(recipient, reply, &key, until).await {
            Outcome::NotAccepted(Refusal::Unauthorized) => match self.key(until, true).await {
                Some(newer) if newer.expose_secret() != key.expose_secret() => {
                    self.post(recipient, reply, &newer, until).await
                }
                _ => Outcome::NotAccepted(Refusal::Unauthorized),
            },
            outcome => outcome,
        }
    }

    async fn key(&self, until: Instant, refreshed: bool) -> Option<SecretString> {
        let key = if refreshed { self.key.refreshed() } else { self.key.current() };
        timeout_at(until, key).await.ok()?.ok()
    }

    async fn post(&self, recipient: &Recipient, reply: &Reply, key: &SecretString, until: Instant) -> Outcome {
        let Ok(mut authorization) = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())) else {
            return Outcome::NotAccepted(Refusal::Unauthorized);
        };
        authorization.set_sensitive(true);
        let body = request::trigger_send(&self.campaign, recipient, reply);
        let sending = self.http.post(&self.url).header(AUTHORIZATION, authorization).json(&body).send();
        match timeout_at(until, sending).await {
            // Before a connection stands no byte of the request has left.
            Ok(Err(error)) if error.is_connect() || error.is_builder() => Outcome::NotAccepted(Refusal::Unavailable),
            Ok(Err(_)) => Outcome::Unknown("no answer came back"),
            Err(_) => Outcome::Unknown("no answer in time"),
            Ok(Ok(answer)) => self.read(answer, until).await,
        }
    }

    async fn read(&self, mut answer: reqwest::Response, until: Instant) -> Outcome {
        let status = answer.status().as_u16();
        let reset = answer.headers().get("x-ratelimit-reset").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        // The status decides; a body that is cut off, slow or endless is only less to read.
        let whole = async {
            while let (true, Ok(Some(chunk))) = (body.len() < MOST_ANSWER_BYTES, answer.chunk().await) {
                body.extend_from_slice(&chunk);
            }
        };
        let _ = timeout_at(until.min(Instant::now() + BODY_WITHIN), whole).await;
        outcome(status, reset.as_deref(), &body, self.server_errors)
    }
}

#[async_trait]
impl Messaging for Client {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let until = Instant::now() + time;
        let mut outcome = Outcome::NotAccepted(Refusal::Rejected(400));
        for recipient in reply.to.recipients() {
            outcome = self.send_to(&recipient, reply, until).await;
            // A name that Braze does not take is refused with 400, and so is a wrong campaign: where there is no external
            // id, the next name is tried before the refusal is believed.
            let name_refused = outcome == Outcome::NotAccepted(Refusal::Rejected(400));
            if !name_refused || matches!(recipient, Recipient::External(_)) {
                break;
            }
        }
        outcome
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.url)
    }
}

#[cfg(test)]
mod tests;
