//! The tokens that open the door, and telling a good one from a bad one without telling anything else.

use std::fmt;

use desk::chatwoot::is_authentic;
use http::{HeaderMap, header};
use models::Timestamp;
use platform::secrets::{SecretUnavailable, Versions};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use crate::Call;

/// Who may come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Braze's webhook campaigns.
    Webhook,
    /// Agents and operators.
    Agent,
    /// Bot platforms that answer later. They need no more than this: an agent's token takes conversations over and forgets them.
    Platform,
    /// Chatwoot, which has no token to show: it signs.
    Chatwoot,
}

/// The tokens in force and those before the last rotation, as digests: equal lengths, nothing to leak. And the secrets of
/// Chatwoot's inbox, by which it signs.
pub struct Tokens {
    webhook: Vec<[u8; 32]>,
    agent: Vec<[u8; 32]>,
    answers: Vec<[u8; 32]>,
    chatwoot: Vec<SecretString>,
}

#[derive(Deserialize)]
struct Stored {
    webhook_token: SecretString,
    agent_token: SecretString,
    #[serde(default)]
    answers_token: Option<SecretString>,
    #[serde(default)]
    chatwoot_secret: Option<SecretString>,
}

impl Tokens {
    /// Reads the secret `{"webhook_token": …, "agent_token": …, "answers_token": …?, "chatwoot_secret": …?}`. They must differ:
    /// whoever knows one must not have another. A previous version that cannot be read is left out.
    ///
    /// In a version with an `answers_token` that alone opens the door for answers, and in one without it the agents' does. So a
    /// platform that still shows the agents' token is let in until the version after the one that gave it a token of its own.
    pub fn parse(versions: &Versions) -> Result<Self, SecretUnavailable> {
        let current = Stored::read(&versions.current)?;
        let previous = versions.previous.as_ref().and_then(|previous| Stored::read(previous).ok());
        let all = [Some(current), previous];
        let digests = |token: fn(&Stored) -> &SecretString| all.iter().flatten().map(|s| digest(token(s))).collect();
        Ok(Self {
            webhook: digests(|stored| &stored.webhook_token),
            agent: digests(|stored| &stored.agent_token),
            answers: digests(|stored| stored.answers_token.as_ref().unwrap_or(&stored.agent_token)),
            chatwoot: all.iter().flatten().filter_map(|stored| stored.chatwoot_secret.clone()).collect(),
        })
    }

    /// Whether `call`, which came in at `now`, proves to be from `audience`.
    pub(crate) fn admits(&self, audience: Audience, call: Call<'_>, now: Timestamp) -> bool {
        match audience {
            Audience::Webhook => is_known(presented(call.headers), &self.webhook),
            Audience::Agent => is_known(presented(call.headers), &self.agent),
            Audience::Platform => is_known(presented(call.headers), &self.answers),
            Audience::Chatwoot => self.chatwoot.iter().any(|secret| is_authentic(call.headers, call.body, secret, now)),
        }
    }

    /// Whether anybody of `audience` can come in at all.
    pub(crate) fn expects(&self, audience: Audience) -> bool {
        audience != Audience::Chatwoot || !self.chatwoot.is_empty()
    }
}

/// Whether a token is one of `tokens`, each of which is compared to its end.
fn is_known(token: &[u8], tokens: &[[u8; 32]]) -> bool {
    let presented: [u8; 32] = Sha256::digest(token).into();
    tokens.iter().fold(Choice::from(0), |any, token| any | token.ct_eq(&presented)).into()
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
        let stored: Self = serde_json::from_str(secret.expose_secret()).map_err(|_| {
            bad("it must be JSON with the texts webhook_token and agent_token, and perhaps answers_token and chatwoot_secret")
        })?;
        let both = [&stored.webhook_token, &stored.agent_token];
        let all = both.into_iter().chain(&stored.answers_token).chain(&stored.chatwoot_secret);
        let all: Vec<_> = all.map(|text| text.expose_secret().trim()).collect();
        if all.contains(&"") {
            return Err(bad("a token is blank"));
        }
        if (1..all.len()).any(|place| all[..place].contains(&all[place])) {
            return Err(bad("webhook_token, agent_token, answers_token and chatwoot_secret must differ"));
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

    /// Whether a call with this token is let in.
    fn admits(tokens: &Tokens, audience: Audience, token: &str) -> bool {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap())]);
        let call = Call { method: &http::Method::POST, path: "", query: "", headers: &headers, body: b"" };
        tokens.admits(audience, call, Timestamp::from_seconds(1_700_000_000))
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
            (Audience::Chatwoot, "w2", false),
            (Audience::Chatwoot, "a2", false),
            (Audience::Webhook, "", false),
            (Audience::Webhook, "w", false),
            (Audience::Webhook, "W2", false),
            (Audience::Webhook, "w2 ", false),
            (Audience::Webhook, "w1,w2", false),
        ] {
            assert_eq!(admits(&tokens, audience, token), admitted, "{token}");
        }
    }

    #[test]
    fn each_token_opens_its_own_door_and_no_other() {
        let with = |of: &str, answers: &str| -> SecretString {
            format!(r#"{{"webhook_token": "w{of}", "agent_token": "a{of}"{answers}}}"#).into()
        };
        let (own, none) = (r#", "answers_token": "p2""#, "");
        for (current, previous, webhook, agent, platform) in [
            // Without a token of its own a platform shows the agents'.
            (with("2", none), None, "w2", "a2", "a2"),
            (with("2", none), Some(with("1", none)), "w1 w2", "a1 a2", "a1 a2"),
            (with("2", own), None, "w2", "a2", "p2"),
            // The version that gives it one leaves it the time of one rotation.
            (with("2", own), Some(with("1", none)), "w1 w2", "a1 a2", "a1 p2"),
            (with("2", own), Some(with("1", r#", "answers_token": "p1""#)), "w1 w2", "a1 a2", "p1 p2"),
            (with("2", none), Some(with("1", r#", "answers_token": "p1""#)), "w1 w2", "a1 a2", "p1 a2"),
        ] {
            let tokens = Tokens::parse(&Versions { current, previous }).unwrap();
            let doors = [(Audience::Webhook, webhook), (Audience::Agent, agent), (Audience::Platform, platform)];
            for (audience, opens) in doors {
                for token in ["w1", "w2", "a1", "a2", "p1", "p2", "", "p"] {
                    let is_good = opens.split(' ').any(|good| good == token);
                    assert_eq!(admits(&tokens, audience, token), is_good, "{audience:?} {token:?} {opens}");
                }
            }
            assert!(tokens.expects(Audience::Platform));
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
            r#"{"webhook_token": "hush", "agent_token": "hush\n"}"#,
            r#"{"webhook_token": "hush", "agent_token": "a", "chatwoot_secret": "hush"}"#,
            r#"{"webhook_token": "w", "agent_token": "hush", "chatwoot_secret": "hush\n"}"#,
            r#"{"webhook_token": "hush", "agent_token": "a", "chatwoot_secret": " "}"#,
            r#"{"webhook_token": "hush", "agent_token": "a", "chatwoot_secret": 42}"#,
            r#"{"webhook_token": "hush", "agent_token": "a", "answers_token": "hush"}"#,
            r#"{"webhook_token": "w", "agent_token": "hush", "answers_token": " hush"}"#,
            r#"{"webhook_token": "w", "agent_token": "a", "answers_token": "hush", "chatwoot_secret": "hush"}"#,
            r#"{"webhook_token": "hush", "agent_token": "a", "answers_token": ""}"#,
            r#"{"webhook_token": "hush", "agent_token": "a", "answers_token": 42}"#,
        ] {
            let error = Tokens::parse(&Versions { current: text.into(), previous: None }).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
        }
    }

    #[test]
    fn a_rotation_that_keeps_a_token_locks_nobody_out() {
        let versions = Versions { current: secret("w1", "a2"), previous: Some(secret("w1", "a1")) };
        let tokens = Tokens::parse(&versions).unwrap();
        assert!(admits(&tokens, Audience::Webhook, "w1"));
        assert_eq!(format!("{tokens:?}"), "Tokens");
    }

    #[test]
    fn a_broken_previous_version_locks_nobody_out() {
        let versions = Versions { current: secret("w2", "a2"), previous: Some("old format".into()) };
        assert!(admits(&Tokens::parse(&versions).unwrap(), Audience::Webhook, "w2"));
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
