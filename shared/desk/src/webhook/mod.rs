//! Any system that takes signed webhooks.

mod body;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use platform::clock::Clock;
use platform::secrets::Key;
use platform::standard_webhooks;
use reqwest::Url;
use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;

use crate::address::{BadAddress, address};
use crate::delivery::{self, Attempt};
use crate::{Desk, DeskError, DeskEvent};

/// Posts every event to one address, signed as [`standard_webhooks`] are.
pub struct Webhook {
    url: Url,
    secret: Arc<dyn Key>,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// A desk behind `url`. `secret` signs: `whsec_` and base64, or any other text without blanks as it is. Several with blanks
    /// between them, the newest first, sign side by side, so that a rotation needs no pause.
    ///
    /// `http` must follow no redirects: one would take the user's words to a host nobody chose. `clock` dates each try.
    pub fn new(
        url: &str,
        secret: Arc<dyn Key>,
        http: reqwest::Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BadAddress> {
        Ok(Self { url: address(url)?, secret, http, clock })
    }
}

#[async_trait]
impl Attempt for Webhook {
    fn key(&self) -> &dyn Key {
        self.secret.as_ref()
    }

    async fn attempt(&self, event: &DeskEvent, secret: &SecretString) -> Result<(), DeskError> {
        let (id, at, body) = (event.public_id(), self.clock.now().seconds(), body::body(event));
        // A secret that cannot sign is mended on our side: until then the event waits as it does in an outage.
        let signed =
            standard_webhooks::headers(secret, &id, at, &body).ok_or(DeskError::Unavailable { status: None })?;
        let request = self.http.post(self.url.clone()).header(CONTENT_TYPE, "application/json").body(body);
        let request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        // The status says all; of the body not one byte is read.
        delivery::send(request).await.map(drop)
    }
}

#[async_trait]
impl Desk for Webhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        delivery::deliver(self, event, within).await
    }
}

impl fmt::Debug for Webhook {
    // Not the whole address: its path or query may be a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Webhook({})", self.url.host_str().unwrap_or_default())
    }
}
