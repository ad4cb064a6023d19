//! Authentic bodies that could not be read, whole, for a person to look at: what a customer said is never thrown away.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use models::Timestamp;
use serde_json::json;

use crate::Call;

/// Bytes of a body that fit into one message on any queue once they are base64.
const BYTES_A_MESSAGE: usize = 180_000;

/// The messages that park the body of `call`: base64, because raw bytes may not be legal text on a queue; several if it is
/// large, each naming its place.
pub(crate) fn messages(id: &str, call: Call<'_>, reason: &str, now: Timestamp) -> Vec<String> {
    let chunks: Vec<_> =
        if call.body.is_empty() { vec![call.body] } else { call.body.chunks(BYTES_A_MESSAGE).collect() };
    let message = |(index, chunk): (usize, &&[u8])| {
        json!({
            "type": "quarantined_v1",
            "id": id,
            "reason": reason,
            "path": call.path,
            "received_at": now.millis(),
            "part": index + 1,
            "parts": chunks.len(),
            "body_base64": STANDARD.encode(chunk),
        })
        .to_string()
    };
    chunks.iter().enumerate().map(message).collect()
}
