//! The whole front door in memory: what it answered, let in and put aside.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use http::{HeaderMap, HeaderValue, Method, header};
use ingest::{Answer, Call, Ingest, Languages, Tokens};
use models::Timestamp;
use platform::clock::Clock;
use platform::metrics::Uncounted;
use platform::queue::{Queue, QueueError};
use platform::secrets::{SecretCache, SecretSource, SecretUnavailable, Versions};

/// The tokens in force, and the webhook's before the last rotation.
pub(crate) const WEBHOOK: &str = "webhook-5f1c";
pub(crate) const WEBHOOK_BEFORE: &str = "webhook-0ld";
pub(crate) const AGENT: &str = "agent-9b2e";
/// The token of a platform that answers later.
pub(crate) const ANSWERS: &str = "answers-7c4d";

/// When every request reaches the door.
pub(crate) const ARRIVAL: Timestamp = Timestamp::from_seconds(1_700_000_003);

/// What became of one request.
pub(crate) struct Visit {
    pub(crate) answer: Answer,
    /// What went to the work queue.
    pub(crate) queued: Vec<String>,
    /// What went to the agent queue.
    pub(crate) asked: Vec<String>,
    /// What went to the quarantine queue.
    pub(crate) parked: Vec<String>,
}

/// Posts `body` to `path`, with the query `query`, at a door of its own.
pub(crate) fn post(path: &str, query: &str, headers: &HeaderMap, body: &[u8]) -> Visit {
    let queue = || Arc::new(Basket::default());
    let (work, agents, quarantine) = (queue(), queue(), queue());
    let ingest = Ingest {
        tokens: SecretCache::new(Shelf, Tokens::parse),
        work: Arc::clone(&work) as Arc<dyn Queue>,
        agents: Arc::clone(&agents) as Arc<dyn Queue>,
        quarantine: Arc::clone(&quarantine) as Arc<dyn Queue>,
        clock: Arc::new(Standing),
        meter: Arc::new(Uncounted),
        log_ids: Box::new(|| "log-id".to_owned()),
        languages: Languages::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let call = Call { method: &Method::POST, path, query, headers, body };
    let answer = runtime.block_on(ingest.handle(call));
    Visit { answer, queued: work.emptied(), asked: agents.emptied(), parked: quarantine.emptied() }
}

/// The headers of Braze's webhook, with the good token.
pub(crate) fn from_braze() -> HeaderMap {
    let token = HeaderValue::try_from(format!("Bearer {WEBHOOK}")).expect("a header");
    HeaderMap::from_iter([(header::AUTHORIZATION, token)])
}

/// A queue that keeps what it is given.
#[derive(Default)]
struct Basket(Mutex<Vec<String>>);

impl Basket {
    fn emptied(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Queue for Basket {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(body);
        Ok(())
    }
}

/// The secret of the door.
struct Shelf;

#[async_trait]
impl SecretSource for Shelf {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let secret = |webhook| {
            format!(r#"{{"webhook_token": "{webhook}", "agent_token": "{AGENT}", "answers_token": "{ANSWERS}"}}"#)
                .into()
        };
        Ok(Versions { current: secret(WEBHOOK), previous: Some(secret(WEBHOOK_BEFORE)) })
    }
}

/// A clock that stands still.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        ARRIVAL
    }
}
