//! The one HTTP client of a process, for everything that is not AWS.

use std::time::Duration;

/// How long a connection may take to come up.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up; the function cannot start")]
pub struct ClientError;

/// A client that follows no redirect: one would carry a key to another host. Each call sets its own time-out.
pub fn client() -> Result<reqwest::Client, ClientError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("dragoman/", env!("CARGO_PKG_VERSION")));
    builder.build().map_err(|_| ClientError)
}
