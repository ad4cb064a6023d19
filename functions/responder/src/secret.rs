//! The responder's secret: the keys of the systems it calls.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use platform::secrets::{Key, SecretCache, SecretUnavailable, Versions};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// The secret `{"braze_api_key": …, "ai_api_key": …?, "desk_token": …?}`.
#[derive(Deserialize)]
pub struct Secrets {
    braze_api_key: SecretString,
    #[serde(default)]
    ai_api_key: Option<SecretString>,
    #[serde(default)]
    desk_token: Option<SecretString>,
}

impl Secrets {
    /// Reads the stored secret.
    pub fn parse(versions: &Versions) -> Result<Self, SecretUnavailable> {
        let bad = |reason: &str| SecretUnavailable::Malformed {
            name: "RESPONDER_SECRET_ID".to_owned(),
            reason: reason.to_owned(),
        };
        // What serde says may quote the secret: only the form is named.
        let secrets: Self = serde_json::from_str(versions.current.expose_secret())
            .map_err(|_| bad("it must be JSON with the text braze_api_key"))?;
        if secrets.braze_api_key.expose_secret().trim().is_empty() {
            return Err(bad("braze_api_key is blank"));
        }
        Ok(secrets)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

/// One of the keys, looked up in the cached secret whenever it is needed.
pub enum SecretKey {
    /// Braze's REST key.
    Braze(Arc<SecretCache<Secrets>>),
    /// The AI's key; empty if the secret has none.
    Ai(Arc<SecretCache<Secrets>>),
    /// The desk's token; empty if the secret has none.
    Desk(Arc<SecretCache<Secrets>>),
}

impl SecretKey {
    fn of(&self, secrets: &Secrets) -> SecretString {
        match self {
            Self::Braze(_) => secrets.braze_api_key.clone(),
            Self::Ai(_) => secrets.ai_api_key.clone().unwrap_or_default(),
            Self::Desk(_) => secrets.desk_token.clone().unwrap_or_default(),
        }
    }

    fn cache(&self) -> &SecretCache<Secrets> {
        match self {
            Self::Braze(cache) | Self::Ai(cache) | Self::Desk(cache) => cache,
        }
    }
}

#[async_trait]
impl Key for SecretKey {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        self.cache().current().await.map(|secrets| self.of(&secrets))
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        self.cache().refreshed().await.map(|secrets| self.of(&secrets))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_secret_is_named_without_being_shown() {
        for text in ["hush", r#"{"braze_api_key": " "}"#, r#"{"ai_api_key": "hush"}"#] {
            let error = Secrets::parse(&Versions { current: text.into(), previous: None }).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }
}
