//! The HTTP side.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use models::{Recipient, Reply};
use platform::secrets::Key;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

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
    /// Braze refused a `braze_id` as recipient once: the next ones go by alias at once.
    braze_id_refused: AtomicBool,
}

impl Client {
    /// A client for the workspace whose REST host is `endpoint` (no slash at its end), sending through `campaign`.
    /// `http` must follow no redirects: one would carry the key to another host.
    pub fn new(http: reqwest::Client, endpoint: &str, campaign: impl Into<String>, key: Arc<dyn Key>) -> Self {
        let url = format!("{endpoint}/campaigns/trigger/send");
        let (server_errors, braze_id_refused) = (OnServerError::default(), AtomicBool::new(false));
        Self { http, url, campaign: campaign.into(), key, server_errors, braze_id_refused }
    }

    /// The same client with another reading of server errors.
    #[must_use]
    pub fn on_server_error(self, server_errors: OnServerError) -> Self {
        Self { server_errors, ..self }
    }

    async fn send_within(&self, reply: &Reply) -> Outcome {
        let known = reply.to.recipients();
        let mut recipients = known.iter().filter(|recipient| known.len() == 1 || !self.is_hopeless(recipient));
        let Some(first) = recipients.next() else { return Outcome::NotAccepted(Refusal::Rejected(400)) };
        let outcome = self.send_to(first, reply).await;
        match (first, &outcome, recipients.next()) {
            (Recipient::Braze(_), Outcome::NotAccepted(Refusal::Rejected(400)), Some(alias)) => {
                let outcome = self.send_to(alias, reply).await;
                // Only if the alias passes was it the name that Braze minded.
                if matches!(outcome, Outcome::Accepted { .. }) {
                    self.braze_id_refused.store(true, Ordering::Relaxed);
                }
                outcome
            }
            _ => outcome,
        }
    }

    fn is_hopeless(&self, recipient: &Recipient) -> bool {
        matches!(recipient, Recipient::Braze(_)) && self.braze_id_refused.load(Ordering::Relaxed)
    }

    /// One request; a second one with a newer key if the first was turned away for its key.
    async fn send_to(&self, recipient: &Recipient, reply: &Reply) -> Outcome {
        let Ok(key) = self.key.current().await else { return Outcome::NotAccepted(Refusal::Unavailable) };
        match self.post(recipient, reply, &key).await {
            Outcome::NotAccepted(Refusal::Unauthorized) => match self.key.refreshed().await {
                Ok(newer) if newer.expose_secret() != key.expose_secret() => self.post(recipient, reply, &newer).await,
                _ => Outcome::NotAccepted(Refusal::Unauthorized),
            },
            outcome => outcome,
        }
    }

    async fn post(&self, recipient: &Recipient, reply: &Reply, key: &SecretString) -> Outcome {
        let Ok(mut authorization) = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret())) else {
            return Outcome::NotAccepted(Refusal::Unauthorized);
        };
        authorization.set_sensitive(true);
        let body = request::trigger_send(&self.campaign, recipient, reply);
        let sent = self.http.post(&self.url).header(AUTHORIZATION, authorization).json(&body).send().await;
        match sent {
            // Before a connection stands no byte of the request has left.
            Err(error) if error.is_connect() || error.is_builder() => Outcome::NotAccepted(Refusal::Unavailable),
            Err(_) => Outcome::Unknown("no answer came back"),
            Ok(answer) => self.read(answer).await,
        }
    }

    async fn read(&self, mut answer: reqwest::Response) -> Outcome {
        let status = answer.status().as_u16();
        let reset = answer.headers().get("x-ratelimit-reset").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        // The status decides; a body that is cut off, slow or endless is only less to read.
        let whole = async {
            while let (true, Ok(Some(chunk))) = (body.len() < MOST_ANSWER_BYTES, answer.chunk().await) {
                body.extend_from_slice(&chunk);
            }
        };
        let _ = tokio::time::timeout(BODY_WITHIN, whole).await;
        outcome(status, reset.as_deref(), &body, self.server_errors)
    }
}

#[async_trait]
impl Messaging for Client {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let sent = tokio::time::timeout(time, self.send_within(reply)).await;
        sent.unwrap_or(Outcome::Unknown("no answer in time"))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.url)
    }
}

#[cfg(test)]
mod tests;
