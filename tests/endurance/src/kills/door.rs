//! The public door: an HTTP API in front of ingest, as API Gateway is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse as _;
use serde_json::{Map, Value};
use tokio::sync::{Mutex, OnceCell};

use super::environment::Environment;
use super::fate::Role;
use super::trace::Event;
use super::world::World;
use crate::webhook;

/// Environments of ingest.
const AT_ONCE: usize = 2;
/// Of a hundred webhooks, how many come twice.
const TWICE: usize = 4;

/// The door; it opens once there is something behind it.
#[derive(Clone, Default)]
pub(super) struct Door(Arc<OnceCell<Behind>>);

struct Behind {
    world: Arc<World>,
    environments: Vec<Mutex<Environment>>,
    next: AtomicUsize,
}

impl Door {
    pub(super) fn router(&self) -> Router {
        Router::new().fallback(knock).with_state(self.clone())
    }

    pub(super) fn open(&self, world: &Arc<World>) {
        let environments = (0..AT_ONCE).map(|_| Mutex::new(Environment::new(Role::Ingest, world))).collect();
        let behind = Behind { world: Arc::clone(world), environments, next: AtomicUsize::new(0) };
        // There is nothing behind it yet: nobody else opens it.
        let _ = self.0.set(behind);
    }

    /// Ends the environments behind it.
    pub(super) async fn close(&self) {
        for environment in self.0.get().iter().flat_map(|behind| &behind.environments) {
            environment.lock().await.stop().await;
        }
    }
}

async fn knock(State(door): State<Door>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<axum::body::Body> {
    let Some(behind) = door.0.get() else { return StatusCode::SERVICE_UNAVAILABLE.into_response() };
    let event = webhook::event(uri.path(), &texts(&headers), &String::from_utf8_lossy(&body));
    if behind.world.chance.lock().percent(TWICE) {
        behind.invoke(event.clone()).await;
    }
    let Some(answer) = behind.invoke(event).await else { return StatusCode::BAD_GATEWAY.into_response() };
    let status = answer["statusCode"].as_u64().and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    let body = answer["body"].as_str().unwrap_or_default().to_owned();
    (status.unwrap_or(StatusCode::BAD_GATEWAY), body).into_response()
}

impl Behind {
    async fn invoke(&self, event: Value) -> Option<Value> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let is_webhook = event["rawPath"] == "/inbound";
        let answer = self.environments[turn % AT_ONCE].lock().await.invoke(event).await?;
        if is_webhook && answer["statusCode"].as_u64().is_some_and(|status| (200..300).contains(&status)) {
            let told: Value = serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
            let message = told["message_id"].as_str().unwrap_or_default().to_owned();
            let quarantined = told["queue"] == "quarantine";
            self.world.trace.add(Event::Accepted { message, quarantined });
        }
        Some(answer)
    }
}

fn texts(headers: &HeaderMap) -> Map<String, Value> {
    let text = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        Some((name.as_str().to_owned(), Value::from(value.to_str().ok()?)))
    };
    headers.iter().filter_map(text).collect()
}
