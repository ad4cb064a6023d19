//! What came back from a server, as plain data.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::LOCATION;
use serde_json::Value;
use tokio::time::timeout;

/// How long a server may take.
const WITHIN: Duration = Duration::from_secs(15);
/// The most bytes of an answer that are read.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What came back.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An answer, as far as it could be read.
    Got { status: u16, location: Option<String>, body: Vec<u8> },
    /// None.
    Silence(Silence),
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    /// The host is not there: its name, its port, or its certificate.
    NoConnection,
    /// It takes too long.
    TooSlow,
    /// The connection was cut.
    Cut,
}

impl Silence {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NoConnection => {
                "no connection: no such host name, nothing listens there, or its certificate is not good"
            }
            Self::TooSlow => "no answer within 15 seconds",
            Self::Cut => "the connection was cut",
        }
    }
}

impl Answer {
    /// Sends `request`. Redirects are answers too, if the client follows none.
    pub(crate) async fn of(request: RequestBuilder) -> Self {
        timeout(WITHIN, Self::receive(request)).await.unwrap_or(Self::Silence(Silence::TooSlow))
    }

    async fn receive(request: RequestBuilder) -> Self {
        let mut answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) if error.is_connect() || error.is_builder() => return Self::Silence(Silence::NoConnection),
            Err(_) => return Self::Silence(Silence::Cut),
        };
        let status = answer.status().as_u16();
        let location = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Vec::new();
        while let (true, Ok(Some(chunk))) = (body.len() < MOST_BYTES, answer.chunk().await) {
            body.extend_from_slice(&chunk);
        }
        Self::Got { status, location, body }
    }

    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Got { status, .. } => Some(*status),
            Self::Silence(_) => None,
        }
    }

    /// The body, if it is a JSON object.
    pub(crate) fn json(&self) -> Option<Value> {
        let Self::Got { body, .. } = self else { return None };
        serde_json::from_slice(body).ok().filter(Value::is_object)
    }

    /// A text of the body's object; empty if there is none.
    pub(crate) fn text(&self, key: &str) -> String {
        self.json().and_then(|json| Some(json.get(key)?.as_str()?.to_owned())).unwrap_or_default()
    }
}

#[cfg(test)]
impl Answer {
    pub(crate) fn json_of(status: u16, body: &Value) -> Self {
        Self::Got { status, location: None, body: body.to_string().into_bytes() }
    }

    pub(crate) fn page(status: u16) -> Self {
        Self::Got { status, location: Some("https://elsewhere.example/x".to_owned()), body: b"<html>".to_vec() }
    }
}
