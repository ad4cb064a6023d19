//! What every desk over HTTP has in common: the time, the key, and what an answer means.

use std::time::Duration;

use async_trait::async_trait;
use platform::secrets::Key;
use reqwest::{RequestBuilder, Response, StatusCode};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{DeskError, DeskEvent};

/// The most bytes of an answer that are read. The longest useful one, twenty conversations with the person's last words
/// in each, has some 100 kB.
const LARGEST_BODY: usize = 1024 * 1024;

/// A desk that needs a key.
#[async_trait]
pub(crate) trait Attempt: Send + Sync {
    /// Where the key comes from.
    fn key(&self) -> &dyn Key;
    /// Tells the desk once, with this key.
    async fn attempt(&self, event: &DeskEvent, key: &SecretString) -> Result<(), DeskError>;
}

/// Tells the desk once, and once more if the key was refused and there is a newer one; all within `time`.
pub(crate) async fn deliver(desk: &impl Attempt, event: &DeskEvent, time: Duration) -> Result<(), DeskError> {
    let whole = async {
        let unknown = |_| DeskError::Unavailable { status: None };
        let mut current = desk.key().current().await.map_err(unknown)?;
        // One that is not there yet may have been set since: nobody should have to deploy for it.
        if current.expose_secret().trim().is_empty() {
            current = desk.key().refreshed().await.map_err(unknown)?;
        }
        match desk.attempt(event, &current).await {
            Err(refused @ DeskError::Refused { status: 401 }) => match desk.key().refreshed().await {
                Ok(newer) if newer.expose_secret() != current.expose_secret() => desk.attempt(event, &newer).await,
                _ => Err(refused),
            },
            outcome => outcome,
        }
    };
    tokio::time::timeout(time, whole).await.unwrap_or(Err(DeskError::TimedOut))
}

/// Sends `request`; an answer comes back only if it is a 2xx.
pub(crate) async fn send(request: RequestBuilder) -> Result<Response, DeskError> {
    let response = request.send().await.map_err(|error| not_sent(&error))?;
    match response.status().as_u16() {
        200..=299 => Ok(response),
        status @ (408 | 425 | 429 | 500..) => Err(DeskError::Unavailable { status: Some(status) }),
        // About what this event says. An address where nothing is, or that takes no JSON, says nothing about it.
        status @ (400 | 409 | 413 | 422) => Err(DeskError::Rejected { status }),
        // A redirect, too: it is not followed, for it would take the person's words to a host nobody chose.
        status => Err(DeskError::Refused { status }),
    }
}

/// The body of an answer as JSON. One that is cut off, too long or something else than expected was not made by the desk but
/// by something in front of it.
pub(crate) async fn read<T: serde::de::DeserializeOwned>(mut response: Response) -> Result<T, DeskError> {
    let unusable = DeskError::Unavailable { status: Some(response.status().as_u16()) };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| not_sent(&error))? {
        if body.len() + chunk.len() > LARGEST_BODY {
            return Err(unusable);
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| unusable)
}

/// What a failed call means. The error itself is dropped: its text has the address.
fn not_sent(error: &reqwest::Error) -> DeskError {
    if error.is_builder() {
        // Only the key can be at fault: with a line break or the like in it, it is no header value for any server.
        DeskError::Refused { status: StatusCode::UNAUTHORIZED.as_u16() }
    } else if error.is_timeout() && !error.is_connect() {
        DeskError::TimedOut
    } else {
        DeskError::Unavailable { status: None }
    }
}
