//! The tokens that open the door, and telling a good one from a bad one without telling anything else.

use std::fmt;

use http::{HeaderMap, header};
use platform::secrets::{SecretUnavailable, Versions};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

/// Who may come in with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Braze's webhook campaigns.
    Webhook,
    /// Agents and operators.
    Agent,
}

/// The tokens in force and those before the last rotation, as digests: equal lengths, nothing to leak.
pub struct Tokens {
    webhook: Vec<[u8; 32]>,
    agent: Vec<[u8; 32]>,
}

#[derive(Deserialize)]
struct Stored {
    webhook_token: SecretString,
    agent_token: SecretString,
}

impl Tokens {
    /// Reads the secret `{"webhook_token": …, "agent_token": …}`. The two must differ: whoever knows one must not have
    /// the other. A previous version that cannot be read is left out.
    pub fn parse(versions: &Versions) -> Result<Self, SecretUnavailable> {
        let current = Stored::read(&versions.current)?;
        let previous = versions.previous.as_ref().and_then(|previous| Stored::read(previous).ok());
        let all = [Some(current), previous];
        let digests = |token: fn(&Stored) -> &SecretString| all.iter().flatten().map(|s| digest(token(s))).collect();
        Ok(Self { webhook: digests(|stored| &stored.webhook_token), agent: digests(|stored| &stored.agent_token) })
    }

    /// Whether `presented` opens the door for `audience`. Every token is compared to its end.
    pub(crate) fn admits(&self, audience: Audience, presented: &[u8]) -> bool {
        let known = match audience {
            Audience::Webhook => &self.webhook,
            Audience::Agent => &self.agent,
        };
        let presented: [u8; 32] = Sha256::digest(presented).into();
        let equal = known.iter().fold(Choice::from(0), |any, token| any | token.ct_eq(&presented));
        equal.into()
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens")
    }
}

impl Stored {
    fn read(secret: &SecretString) -> Result<Self, SecretUnavailable> {
        let bad = |reason: &str| SecretUnavailable::Malformed {
            name: "INGEST_SECRET_ID".to_owned(),
            reason: reason.to_owned(),
        };
        // What serde says may quote the secret: only the form is named.
        let stored: Self = serde_json::from_str(secret.expose_secret())
            .map_err(|_| bad("it must be JSON with the texts webhook_token and agent_token"))?;
        let (webhook, agent) = (stored.webhook_token.expose_secret(), stored.agent_token.expose_secret());
        if webhook.trim().is_empty() || agent.trim().is_empty() {
            return Err(bad("a token is blank"));
        }
        if webhook == agent {
            return Err(bad("webhook_token and agent_token must differ"));
        }
        Ok(stored)
    }
}

fn digest(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret()).into()
}

/// The token of `Authorization: Bearer <token>`; empty, and so never good, if there is none or more than one.
pub(crate) fn presented(headers: &HeaderMap) -> &[u8] {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        // The name of the scheme may be in any case (RFC 9110, 11.1); the token may not.
        (Some(value), None) => match value.as_bytes().split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"Bearer ") => token,
            _ => b"",
        },
        _ => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(webhook: &str, agent: &str) -> SecretString {
        format!(r#"{{"webhook_token": "{webhook}", "agent_token": "{agent}"}}"#).into()
    }

    #[test]
    fn current_and_previous_tokens_hold_each_for_its_audience() {
        let versions = Versions { current: secret("w2", "a2"), previous: Some(secret("w1", "a1")) };
        let tokens = Tokens::parse(&versions).unwrap();
        for (audience, token, admitted) in [
            (Audience::Webhook, "w2", true),
            (Audience::Webhook, "w1", true),
            (Audience::Webhook, "a2", false),
            (Audience::Agent, "a1", true),
            (Audience::Agent, "w2", false),
            (Audience::Webhook, "", false),
            (Audience::Webhook, "w", false),
            (Audience::Webhook, "W2", false),
            (Audience::Webhook, "w2 ", false),
            (Audience::Webhook, "w1,w2", false),
        ] {
            assert_eq!(tokens.admits(audience, token.as_bytes()), admitted, "{token}");
        }
    }

    #[test]
    fn a_secret_that_would_open_too_much_is_refused_without_being_shown() {
        for text in [
            r#"{"webhook_token": "hush", "agent_token": "hush"}"#,
            r#"{"webhook_token": "hush"}"#,
            "hush",
            "{}",
            r#"{"webhook_token": "hush", "agent_token": " "}"#,
        ] {
            let error = Tokens::parse(&Versions { current: text.into(), previous: None }).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_rotation_that_keeps_a_token_locks_nobody_out() {
        let versions = Versions { current: secret("w1", "a2"), previous: Some(secret("w1", "a1")) };
        let tokens = Tokens::parse(&versions).unwrap();
        assert!(tokens.admits(Audience::Webhook, b"w1"));
        assert_eq!(format!("{tokens:?}"), "Tokens");
    }

    #[test]
    fn a_broken_previous_version_locks_nobody_out() {
        let versions = Versions { current: secret("w2", "a2"), previous: Some("old format".into()) };
        assert!(Tokens::parse(&versions).unwrap().admits(Audience::Webhook, b"w2"));
    }

    #[test]
    fn only_one_bearer_header_counts() {
        let mut headers = HeaderMap::new();
        assert_eq!(presented(&headers), b"");
        headers.append(header::AUTHORIZATION, "Basic dzp3".parse().unwrap());
        assert_eq!(presented(&headers), b"");
        headers.insert(header::AUTHORIZATION, "Bearer one".parse().unwrap());
        assert_eq!(presented(&headers), b"one");
        headers.insert(header::AUTHORIZATION, "bearer one".parse().unwrap());
        assert_eq!(presented(&headers), b"one");
        headers.append(header::AUTHORIZATION, "Bearer two".parse().unwrap());
        assert_eq!(presented(&headers), b"");
    }
}
