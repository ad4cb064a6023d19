//! Answers in Braze's shapes.

use serde_json::{Value, json};

/// A status and a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn new(status: u16, body: Value) -> Self {
        Self { status, body }
    }

    /// A fatal error. (Braze documentation, "API errors".)
    pub(crate) fn fatal(status: u16, message: &str) -> Self {
        Self::new(status, json!({ "message": message }))
    }

    /// A fatal 400 with more words on what is wrong.
    pub(crate) fn bad(message: &str, errors: &[String]) -> Self {
        Self::new(400, json!({ "message": message, "errors": errors }))
    }

    /// A 400 for what Braze's documentation forbids and gives no message of its own.
    pub(crate) fn bad_request(error: &str) -> Self {
        Self::bad("Bad Request", &[error.to_owned()])
    }

    /// A send was accepted.
    pub(crate) fn sent(dispatch_id: &str, live: bool) -> Self {
        let mut body = json!({ "dispatch_id": dispatch_id, "message": "success" });
        if !live {
            body["notice"] = json!("The campaign is paused. Resume it to ensure that messages are sent.");
        }
        Self::new(201, body)
    }
}
