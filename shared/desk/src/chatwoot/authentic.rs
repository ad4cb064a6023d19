//! Whether a webhook comes from Chatwoot.

use std::time::Duration;

use http::HeaderMap;
use models::Timestamp;
use platform::hmac_sha256;
use secrecy::{ExposeSecret as _, SecretString};

/// How old a webhook may be, and how far Chatwoot's clock may be ahead: what Chatwoot recommends. A failed delivery is
/// signed anew for each of its tries.
const TOLERANCE: Duration = Duration::from_mins(5);

/// Whether `body` was signed with `secret` less than five minutes before or after `now`: `X-Chatwoot-Signature` is
/// `sha256=` and the HMAC-SHA256 in hex of `X-Chatwoot-Timestamp`, a dot and the body. `secret` is the inbox's own webhook
/// secret (a text that Chatwoot makes; its bytes are the key), not the token of its identity validation.
///
/// An API inbox signs since Chatwoot 4.13.0 (<https://github.com/chatwoot/chatwoot/pull/13892>, `lib/webhooks/trigger.rb`;
/// the versions: <https://github.com/chatwoot/chatwoot/issues/13862>). Before that nothing tells its webhooks from
/// anybody's (<https://github.com/chatwoot/chatwoot/issues/9354>), and this says no to all of them.
pub fn is_authentic(headers: &HeaderMap, body: &[u8], secret: &SecretString, now: Timestamp) -> bool {
    let read = || {
        let at = only(headers, "x-chatwoot-timestamp")?;
        Some((at, at.parse().ok()?, signature(only(headers, "x-chatwoot-signature")?)?))
    };
    let Some((at, seconds, signature)) = read() else { return false };
    let at_moment = Timestamp::from_seconds(seconds);
    let fresh = now.since(at_moment) <= TOLERANCE && at_moment.since(now) <= TOLERANCE;
    let secret = secret.expose_secret().trim();
    let signed = hmac_sha256::is_signature(&signature, secret.as_bytes(), &[at.as_bytes(), b".", body]);
    fresh && signed && !secret.is_empty()
}

/// A header's value, if it is there once: of two, nobody knows which one was meant.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn signature(header: &str) -> Option<[u8; 32]> {
    let hex = header.strip_prefix("sha256=").filter(|hex| hex.len() == 64 && hex.is_ascii())?;
    let mut bytes = [0; 32];
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        let digit = |index: usize| char::from(digits[index]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "s3cr3t-of-the-inbox";
    const BODY: &[u8] = br#"{"event":"message_created"}"#;
    // printf '%s' '1700000000.{"event":"message_created"}' | openssl dgst -sha256 -hmac s3cr3t-of-the-inbox
    const SIGNATURE: &str = "sha256=52e670e35795dc9559a8bdbe9fd2a0af6fccb2e135e38475ad7742da84580f42";
    const AT: u64 = 1_700_000_000;

    fn headers(signature: &str, at: &str) -> HeaderMap {
        let named = [("x-chatwoot-signature", signature), ("x-chatwoot-timestamp", at)];
        named.into_iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    fn admitted(headers: &HeaderMap, body: &[u8], secret: &str, seconds: u64) -> bool {
        is_authentic(headers, body, &secret.into(), Timestamp::from_seconds(seconds))
    }

    #[test]
    fn what_chatwoot_signed_is_authentic_for_five_minutes() {
        let good = headers(SIGNATURE, "1700000000");
        for seconds in [AT, AT + 299, AT + 300, AT - 300] {
            assert!(admitted(&good, BODY, SECRET, seconds), "{seconds}");
        }
        for seconds in [AT + 301, AT - 301, 0] {
            assert!(!admitted(&good, BODY, SECRET, seconds), "{seconds}");
        }
        assert!(admitted(&good, BODY, &format!("{SECRET}\n"), AT));
        assert!(admitted(
            &headers(&SIGNATURE.to_uppercase().replace("SHA256", "sha256"), "1700000000"),
            BODY,
            SECRET,
            AT
        ));
    }

    #[test]
    fn a_byte_of_difference_anywhere_is_refused() {
        let good = headers(SIGNATURE, "1700000000");
        assert!(!admitted(&good, br#"{"event":"message_created"} "#, SECRET, AT));
        assert!(!admitted(&good, BODY, "another", AT));
        for (signature, at) in [
            (SIGNATURE, "1700000001"),
            (SIGNATURE, "01700000000"),
            (SIGNATURE, "-1"),
            (SIGNATURE, ""),
            (&SIGNATURE[7..], "1700000000"),
            (&SIGNATURE[..70], "1700000000"),
            (&SIGNATURE.replace("sha256", "sha1"), "1700000000"),
            ("sha256=", "1700000000"),
            (&format!("sha256={}", "0".repeat(64)), "1700000000"),
            (&format!("sha256={}", "z".repeat(64)), "1700000000"),
        ] {
            assert!(!admitted(&headers(signature, at), BODY, SECRET, AT), "{signature} {at}");
        }
    }

    #[test]
    fn without_a_signature_or_a_secret_nobody_comes_in() {
        assert!(!admitted(&HeaderMap::new(), BODY, SECRET, AT));
        // What somebody would send who knows that the secret is still empty.
        let signature = "sha256=97f7be4e2259c0746899faa635e36c884f4306cd97334ec887c3e73ae7a632f4";
        for secret in ["", " \n"] {
            assert!(!admitted(&headers(signature, "1700000000"), BODY, secret, AT));
        }
    }

    #[test]
    fn a_header_that_stands_twice_counts_as_none() {
        for name in ["x-chatwoot-signature", "x-chatwoot-timestamp"] {
            let mut twice = headers(SIGNATURE, "1700000000");
            let value = twice[name].clone();
            twice.append(name, value);
            assert!(!admitted(&twice, BODY, SECRET, AT), "{name}");
        }
    }
}
