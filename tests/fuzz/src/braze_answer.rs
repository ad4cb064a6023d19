//! Any answer to a send.

use braze::{OnServerError, Outcome, Refusal, outcome};
use serde_json::Value;

use crate::answer::Answer;

/// A message counts as accepted exactly for a 2xx. It counts as not accepted only where that is certain: of the server
/// errors, only where Braze itself says so and is believed.
pub fn braze_answer(bytes: &[u8]) {
    let Some(Answer { status, header, body }) = Answer::of(bytes) else { return };
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    for policy in [OnServerError::TrustBraze, OnServerError::TrustNobody] {
        let certain = policy == OnServerError::TrustBraze && json["message"].is_string();
        match (status, outcome(status, header, body, policy)) {
            (200..=299, Outcome::Accepted { dispatch_id, remarks, left_out: false }) => {
                assert_eq!(dispatch_id.as_deref(), json["dispatch_id"].as_str());
                assert_eq!(remarks, !json["notice"].is_null() || !json["errors"].is_null());
            }
            (408, Outcome::Unknown(_)) | (401, Outcome::NotAccepted(Refusal::Unauthorized)) => {}
            (500..=599, Outcome::Unknown(_)) => assert!(!certain),
            (500..=599, Outcome::NotAccepted(Refusal::Unavailable)) => assert!(certain),
            (429, Outcome::NotAccepted(Refusal::RateLimited(at))) => assert!(at.is_none() || header.is_some()),
            (status, Outcome::NotAccepted(Refusal::Rejected(said))) => {
                assert_eq!(said, status);
                assert!(!matches!(status, 200..=299 | 401 | 408 | 429 | 500..=599));
            }
            (status, outcome) => panic!("{status} was read as {outcome:?}"),
        }
    }
}
