//! What became of a send, read from the answer.

use models::Timestamp;
use serde_json::Value;

use crate::OnServerError;

/// What became of a send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Braze took it: any 2xx, whatever its body. Accepted is not delivered; Braze tells nobody what was.
    Accepted {
        /// Braze's id of the dispatch, for its own logs.
        dispatch_id: Option<String>,
        /// Braze added a notice or a list of errors: worth a look.
        remarks: bool,
        /// Braze refused what was to be written along, and took the message without any of it.
        left_out: bool,
    },
    /// No message is out.
    NotAccepted(Refusal),
    /// A request may have arrived; nobody knows.
    Unknown(&'static str),
}

/// Why no message is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Over the workspace's request limit: not before this moment, if Braze says which.
    RateLimited(Option<Timestamp>),
    /// Braze cannot be reached or is down; later may be better.
    Unavailable,
    /// The key is not known to this cluster; a new one may have to be put in place.
    Unauthorized,
    /// Braze will refuse it every time: the status. 400 for a wrong campaign, 403 for a missing permission, 404 for a wrong
    /// host, 3xx for a host that is none.
    Rejected(u16),
    /// The time for it was over before Braze was asked.
    OutOfTime,
    /// The way of sending cannot name this person or has no such kind of message; Braze was not asked.
    Unsupported,
}

impl Refusal {
    /// Whether the same may be taken later.
    pub fn may_pass(self) -> bool {
        match self {
            Self::RateLimited(_) | Self::Unavailable | Self::Unauthorized | Self::OutOfTime => true,
            Self::Rejected(_) | Self::Unsupported => false,
        }
    }
}

/// The most bytes of an answer that are read.
pub(crate) const MOST_ANSWER_BYTES: usize = 64 * 1024;

/// Reads a whole answer. `reset` is the value of `x-ratelimit-reset`: seconds since the epoch.
pub fn outcome(status: u16, reset: Option<&str>, body: &[u8], server_errors: OnServerError) -> Outcome {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let says = |key: &str| json.as_ref().and_then(|json| json.get(key)).filter(|value| !value.is_null());
    match status {
        200..=299 => Outcome::Accepted {
            dispatch_id: says("dispatch_id").and_then(Value::as_str).map(str::to_owned),
            remarks: says("notice").is_some() || says("errors").is_some(),
            left_out: false,
        },
        429 => {
            let reset = reset.and_then(|seconds| seconds.trim().parse().ok()).map(Timestamp::from_seconds);
            Outcome::NotAccepted(Refusal::RateLimited(reset))
        }
        401 => Outcome::NotAccepted(Refusal::Unauthorized),
        // Braze's error page says that nothing was sent; a proxy's page in its place says nothing.
        500..=599 if server_errors == OnServerError::TrustBraze && says("message").is_some_and(Value::is_string) => {
            Outcome::NotAccepted(Refusal::Unavailable)
        }
        500..=599 => Outcome::Unknown("a server error that is not Braze's"),
        408 => Outcome::Unknown("the request timed out on the way"),
        status => Outcome::NotAccepted(Refusal::Rejected(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_one_of_three_outcomes() {
        let accepted = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };
        let unavailable = Outcome::NotAccepted(Refusal::Unavailable);
        let rejected = |status| Outcome::NotAccepted(Refusal::Rejected(status));
        let proxy = Outcome::Unknown("a server error that is not Braze's");
        for (status, body, expected) in [
            (201, r#"{"message": "success"}"#, accepted.clone()),
            (202, r#"{"message": "queued"}"#, accepted.clone()),
            (200, "<html>", accepted),
            (400, r#"{"message": "Invalid Campaign ID"}"#, rejected(400)),
            (403, "", rejected(403)),
            (404, "", rejected(404)),
            (302, "", rejected(302)),
            (401, "", Outcome::NotAccepted(Refusal::Unauthorized)),
            (500, r#"{"message": "Internal Server Error"}"#, unavailable),
            (502, "<html>Bad Gateway</html>", proxy.clone()),
            (504, "", proxy.clone()),
            (503, r#"{"message": null}"#, proxy),
            (408, r#"{"message": "Request Timeout"}"#, Outcome::Unknown("the request timed out on the way")),
        ] {
            assert_eq!(outcome(status, None, body.as_bytes(), OnServerError::TrustBraze), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_server_error_is_unknown_when_brazes_word_is_not_trusted() {
        let body = br#"{"message": "Internal Server Error"}"#;
        assert!(matches!(outcome(500, None, body, OnServerError::TrustNobody), Outcome::Unknown(_)));
    }

    #[test]
    fn the_reset_is_read_if_it_can_be() {
        let reset = |header| match outcome(429, header, b"", OnServerError::TrustBraze) {
            Outcome::NotAccepted(Refusal::RateLimited(reset)) => reset.map(Timestamp::seconds),
            other => panic!("{other:?}"),
        };
        for (header, expected) in
            [(Some("1700000000"), Some(1_700_000_000)), (Some("soon"), None), (Some("-1"), None), (None, None)]
        {
            assert_eq!(reset(header), expected, "{header:?}");
        }
    }

    #[test]
    fn remarks_on_a_success_are_noticed() {
        let body = br#"{"message": "success", "dispatch_id": "d1", "errors": ["one"]}"#;
        let expected = Outcome::Accepted { dispatch_id: Some("d1".to_owned()), remarks: true, left_out: false };
        assert_eq!(outcome(201, None, body, OnServerError::TrustBraze), expected);
        for (body, expected) in [(r#"{"notice": "n"}"#, true), (r#"{"notice": null, "errors": null}"#, false)] {
            let found = outcome(201, None, body.as_bytes(), OnServerError::TrustBraze);
            assert_eq!(found, Outcome::Accepted { dispatch_id: None, remarks: expected, left_out: false }, "{body}");
        }
    }
}
