//! A receiver of webhooks, stricter than most: it wants every header once, checks the signature with code of its own, and
//! keeps each event once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac_sha2::{Digest as _, Sha256};
use serde_json::Value;

/// How one request is answered, once its signature was found good.
pub(crate) enum Answer {
    /// With this status; what is not a 2xx was not kept.
    Status(u16),
    /// Kept, and answered with this error all the same, as a proxy does.
    Lost(u16),
    /// Kept, and never answered.
    Late,
    /// Kept, and answered with a body without end.
    Endless,
    /// Sent to another address.
    Redirect(u16, String),
}

#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) id: String,
    pub(crate) body: Value,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    kept: Vec<Kept>,
    times: Vec<u64>,
}

pub(crate) struct Receiver {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    /// Serves on a free port until the test ends, and knows one secret.
    pub(crate) async fn new(secret: &'static str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let app = Router::new().fallback(move |method: Method, headers: HeaderMap, body: Bytes| {
            let shared = Arc::clone(&shared);
            async move { answer(&shared, secret, &method, &headers, &body).await }
        });
        tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, state }
    }

    /// How the next requests are answered; the rest gets 200.
    pub(crate) fn answers(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.lock().unwrap().answers.extend(answers);
    }

    /// The events that were kept, in the order in which they came.
    pub(crate) fn kept(&self) -> Vec<Kept> {
        self.state.lock().unwrap().kept.clone()
    }

    /// The `webhook-timestamp` of every try.
    pub(crate) fn times(&self) -> Vec<u64> {
        self.state.lock().unwrap().times.clone()
    }

    pub(crate) fn tries(&self) -> usize {
        self.times().len()
    }
}

async fn answer(state: &Mutex<State>, secret: &str, method: &Method, headers: &HeaderMap, body: &[u8]) -> Response {
    let only = |name: &str| -> String {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(values.len(), 1, "{name}");
        values[0].to_str().unwrap().to_owned()
    };
    assert_eq!((method, only("content-type").as_str()), (&Method::POST, "application/json"));
    let (id, at, signatures) = (only("webhook-id"), only("webhook-timestamp"), only("webhook-signature"));
    assert!(!id.is_empty() && !id.contains('.') && id.len() < 256, "{id}");
    let answer = {
        let mut state = state.lock().unwrap();
        state.times.push(at.parse().unwrap());
        let expected = signature(secret, format!("{id}.{at}.").as_bytes(), body);
        if !signatures.split(' ').any(|signature| signature == expected) {
            return response(401);
        }
        let answer = state.answers.pop_front().unwrap_or(Answer::Status(200));
        let takes = !matches!(answer, Answer::Status(300..) | Answer::Redirect(..));
        let body = serde_json::from_slice(body).unwrap();
        match state.kept.iter().find(|kept| kept.id == id) {
            Some(before) => assert_eq!(before.body, body, "another body under the same id"),
            None if takes => state.kept.push(Kept { id, body }),
            None => {}
        }
        answer
    };
    match answer {
        Answer::Status(status) | Answer::Lost(status) => response(status),
        Answer::Late => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            response(200)
        }
        Answer::Endless => {
            Response::new(Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>()))
        }
        Answer::Redirect(status, to) => {
            Response::builder().status(status).header("location", to).body(Body::empty()).unwrap()
        }
    }
}

fn response(status: u16) -> Response {
    Response::builder().status(status).body(Body::from("my secret words are in this answer")).unwrap()
}

/// HMAC-SHA256 by the book (RFC 2104), for keys up to a block.
fn signature(secret: &str, head: &[u8], body: &[u8]) -> String {
    let key =
        secret.strip_prefix("whsec_").map_or_else(|| secret.as_bytes().to_vec(), |key| STANDARD.decode(key).unwrap());
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(&key);
    let inner =
        Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(head).chain_update(body).finalize();
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize();
    format!("v1,{}", STANDARD.encode(outer))
}
