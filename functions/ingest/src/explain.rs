//! `explain`: what the door understood of a body, for whoever sets up the campaign. Queues nothing.

use models::Timestamp;
use serde_json::{Value, json};

use crate::Call;
use crate::body::{Body, Unreadable};

const HEADER: &str = "x-dragoman-explain";

/// Whether an explanation is asked for: the query and the header together, so that a query forgotten in a campaign's URL
/// does not swallow its messages.
pub(crate) fn asked(call: Call<'_>) -> bool {
    in_query(call) && call.headers.get(HEADER).is_some_and(|value| value == "1")
}

/// Whether the query stands there without the header.
pub(crate) fn left_in_the_url(call: Call<'_>) -> bool {
    in_query(call) && !asked(call)
}

fn in_query(call: Call<'_>) -> bool {
    call.query.split('&').any(|pair| pair == "explain=1")
}

/// What was understood of a body, with every warning in words.
pub(crate) fn explain(body: &Result<Body, Unreadable>, arrival: Timestamp) -> Value {
    match body {
        Err(reason) => json!({
            "understood": false,
            "reason": reason.to_string(),
            "what_would_happen": "202, and the body goes to the quarantine queue",
        }),
        Ok(body) => json!({
            "understood": true,
            "template": body.template,
            "conversation": body.identity.conversation().as_str(),
            "message_id": body.message_id(arrival).as_str(),
            "text": body.text.as_str(),
            "characters": body.text.as_str().chars().count(),
            "dispatch_id": body.dispatch_id,
            "sent_at": body.sent_at,
            "language": body.language,
            "profile_name": body.profile_name.as_ref().map(models::Personal::as_str),
            "media_urls": body.media_urls.as_ref().map(models::Personal::as_str),
            "warnings": body.warnings.iter().map(|warning| json!({
                "warning": warning, "advice": warning.advice(),
            })).collect::<Vec<_>>(),
        }),
    }
}
