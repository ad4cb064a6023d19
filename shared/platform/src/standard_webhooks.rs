//! Signed webhooks as in the Standard Webhooks specification, version 1.0.0
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::hmac_sha256;

/// How the specification marks a secret that is written in base64.
const PREFIX: &str = "whsec_";

/// A secret that cannot sign. Does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot sign: it must not be blank, and behind `whsec_` there must be base64; \
     `echo \"whsec_$(openssl rand -base64 32)\"` makes a good one"
)]
pub struct CannotSign;

/// Whether `secrets` sign: [`headers`] has some for every webhook then. For the start, before there is a webhook to be lost.
pub fn check(secrets: &SecretString) -> Result<(), CannotSign> {
    signatures(secrets, "", 0, b"").map(drop).ok_or(CannotSign)
}

/// The headers of a webhook whose `body` is sent at this second: what it is called, the same for every try; when it was
/// sent; and one signature for each secret.
///
/// A secret is `whsec_` and base64, or any other text without blanks as it is. Several with blanks between them, the newest
/// first, sign side by side, so that a rotation needs no pause. `None` if there is no secret, or one whose base64 is broken.
pub fn headers(secrets: &SecretString, id: &str, at_seconds: u64, body: &[u8]) -> Option<[(&'static str, String); 3]> {
    let signatures = signatures(secrets, id, at_seconds, body)?;
    Some([
        ("webhook-id", id.to_owned()),
        ("webhook-timestamp", at_seconds.to_string()),
        ("webhook-signature", signatures),
    ])
}

/// The value of `webhook-signature`: one signature for each secret, with blanks between them.
fn signatures(secrets: &SecretString, id: &str, at_seconds: u64, body: &[u8]) -> Option<String> {
    let at = at_seconds.to_string();
    let signature = |secret: &str| {
        let key = match secret.strip_prefix(PREFIX) {
            Some(base64) => STANDARD.decode(base64).ok()?,
            None => secret.as_bytes().to_vec(),
        };
        let signature = hmac_sha256::sign(&key, &[id.as_bytes(), b".", at.as_bytes(), b".", body])?;
        (!key.is_empty()).then(|| format!("v1,{}", STANDARD.encode(signature)))
    };
    let all = secrets.expose_secret().split_ascii_whitespace().map(signature).collect::<Option<Vec<_>>>()?;
    (!all.is_empty()).then(|| all.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const AT: u64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    /// From the reference libraries' tests ("sign function works").
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn sign(secret: &str) -> Option<String> {
        signatures(&secret.into(), ID, AT, BODY)
    }

    #[test]
    fn the_vector_of_the_specification_holds() {
        assert_eq!(sign(SECRET).as_deref(), Some(SIGNATURE));
        assert_eq!(sign(&format!(" {SECRET}\n")).as_deref(), Some(SIGNATURE));
        let named = [("webhook-id", ID), ("webhook-timestamp", "1614265330"), ("webhook-signature", SIGNATURE)];
        let named = named.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(headers(&SECRET.into(), ID, AT, BODY), Some(named));
    }

    #[test]
    fn two_secrets_sign_side_by_side() {
        let secrets = format!("a-new-secret {SECRET}");
        assert_eq!(check(&secrets.as_str().into()), Ok(()));
        let both = sign(&secrets).unwrap();
        let (new, old) = both.split_once(' ').unwrap();
        assert_eq!((Some(new.to_owned()), old), (sign("a-new-secret"), SIGNATURE));
    }

    #[test]
    fn a_secret_without_the_prefix_is_taken_as_it_is() {
        // printf '%s' "$ID.$AT.$BODY" | openssl dgst -sha256 -hmac plain -binary | base64
        assert_eq!(sign("plain").as_deref(), Some("v1,tgOMx2V+ymftc5zrV4Kwy5UOWZAx1XMh0yu4Sm/6/r0="));
        assert_ne!(sign("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), sign(SECRET));
    }

    #[test]
    fn a_secret_that_is_none_signs_nothing() {
        for secret in ["", " ", "whsec_", "whsec_n@t-base64", "whsec_abc", "good whsec_***"] {
            assert_eq!((sign(secret), check(&secret.into())), (None, Err(CannotSign)), "{secret}");
        }
    }

    #[test]
    fn id_time_and_body_are_all_signed() {
        let secret = SECRET.into();
        for other in [
            signatures(&secret, "msg_other", AT, BODY),
            signatures(&secret, ID, AT + 1, BODY),
            signatures(&secret, ID, AT, b"{}"),
        ] {
            assert!(other.is_some_and(|other| other != SIGNATURE));
        }
    }
}
