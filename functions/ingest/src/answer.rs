//! The answers the door gives. Braze takes any 3xx, and any 4xx but 408 and 429, as a reason to drop the message for good,
//! so a 4xx here means: this cannot have come from our template.

use http::StatusCode;
use serde_json::{Value, json};

/// A status and a JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body; tells nothing that the caller does not know, but what `explain` was asked for.
    pub body: Value,
}

impl Answer {
    pub(crate) fn queued(message_id: &str) -> Self {
        Self::new(StatusCode::ACCEPTED, json!({"message_id": message_id, "state": "queued"}))
    }

    /// Queued as well, on the queue that a person reads: nobody is answered, and the caller need not come again.
    pub(crate) fn quarantined(message_id: &str, reason: &str) -> Self {
        let body = json!({"message_id": message_id, "state": "queued", "queue": "quarantine", "reason": reason});
        Self::new(StatusCode::ACCEPTED, body)
    }

    pub(crate) fn ignored() -> Self {
        Self::new(StatusCode::OK, json!({"state": "ignored"}))
    }

    pub(crate) fn explained(explanation: Value) -> Self {
        Self::new(StatusCode::OK, explanation)
    }

    pub(crate) fn healthy() -> Self {
        Self::new(StatusCode::OK, json!({"status": "ok"}))
    }

    pub(crate) fn unauthorized() -> Self {
        Self::error(StatusCode::UNAUTHORIZED, "unauthorized")
    }

    pub(crate) fn not_found() -> Self {
        Self::error(StatusCode::NOT_FOUND, "no such path")
    }

    pub(crate) fn wrong_method() -> Self {
        Self::error(StatusCode::METHOD_NOT_ALLOWED, "no such method on this path")
    }

    pub(crate) fn too_large(most: &str) -> Self {
        Self::error(StatusCode::PAYLOAD_TOO_LARGE, &format!("the body is larger than {most}"))
    }

    pub(crate) fn bad_request(reason: &str) -> Self {
        Self::error(StatusCode::BAD_REQUEST, reason)
    }

    pub(crate) fn unavailable(reason: &str) -> Self {
        Self::error(StatusCode::SERVICE_UNAVAILABLE, reason)
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        self.status == StatusCode::SERVICE_UNAVAILABLE
    }

    fn error(status: StatusCode, reason: &str) -> Self {
        Self::new(status, json!({"error": reason}))
    }

    fn new(status: StatusCode, body: Value) -> Self {
        Self { status, body }
    }
}
