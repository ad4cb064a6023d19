//! The real door with queues that remember.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use ingest::{Answer, Call, Ingest, Languages, Tokens};
use models::Timestamp;
use platform::clock::Clock;
use platform::metrics::Uncounted;
use platform::queue::{Queue, QueueError};
use platform::secrets::{SecretCache, SecretSource, SecretUnavailable, Versions};

/// When every request arrives, unless a test lets time pass.
pub(crate) const ARRIVAL: Timestamp = Timestamp::from_seconds(1_700_000_003);
/// The secret the door knows, unless a case brings its own.
const SECRET: &str = r#"{"webhook_token": "right-webhook-token", "agent_token": "right-agent-token",
    "chatwoot_secret": "right-chatwoot-secret"}"#;
const PREVIOUS: &str = r#"{"webhook_token": "older-webhook-token", "agent_token": "older-agent-token",
    "chatwoot_secret": "older-chatwoot-secret"}"#;
/// The header of a webhook that may come in.
const GOOD: HeaderValue = HeaderValue::from_static("Bearer right-webhook-token");

/// A real `Ingest`, and what it handed on.
pub struct Door {
    ingest: Ingest,
    work: Arc<Kept>,
    agents: Arc<Kept>,
    quarantine: Arc<Kept>,
    clock: Arc<Stopped>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The method.
    pub method: Method,
    /// The path, as the gateway decoded it.
    pub path: String,
    /// The query, raw.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
}

/// What came of a request.
#[derive(Debug)]
pub struct Arrival {
    /// What the caller was answered.
    pub answer: Answer,
    /// What went onto the work queue.
    pub queued: Vec<String>,
    /// What went onto the agents' queue.
    pub asked: Vec<String>,
    /// What went onto the quarantine queue.
    pub parked: Vec<String>,
}

impl Visit {
    /// A webhook as Braze sends it.
    pub fn webhook() -> Self {
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, GOOD)]);
        Self { method: Method::POST, path: "/inbound".to_owned(), query: String::new(), headers }
    }

    /// The same, asking what would be understood.
    #[must_use]
    pub fn asking(mut self) -> Self {
        "explain=1".clone_into(&mut self.query);
        self.headers.insert(HeaderName::from_static("x-dragoman-explain"), HeaderValue::from_static("1"));
        self
    }
}

impl Default for Door {
    fn default() -> Self {
        Self::with_secret(SECRET, Some(PREVIOUS))
    }
}

impl Door {
    /// A door that knows this secret, and this one from before the last rotation.
    pub fn with_secret(current: &str, previous: Option<&str>) -> Self {
        let queue = || Arc::new(Kept::default());
        let (work, agents, quarantine) = (queue(), queue(), queue());
        let clock = Arc::new(Stopped(AtomicU64::new(ARRIVAL.millis())));
        let versions = Versions { current: current.into(), previous: previous.map(Into::into) };
        let ingest = Ingest {
            tokens: SecretCache::new(Fixed(versions), Tokens::parse),
            work: Arc::<Kept>::clone(&work),
            agents: Arc::<Kept>::clone(&agents),
            quarantine: Arc::<Kept>::clone(&quarantine),
            clock: Arc::<Stopped>::clone(&clock),
            meter: Arc::new(Uncounted),
            log_ids: Box::new(|| "log-id".to_owned()),
            languages: Languages::default(),
        };
        Self { ingest, work, agents, quarantine, clock }
    }

    /// Lets one request in, or not.
    pub async fn visit(&self, visit: &Visit, body: &[u8]) -> Arrival {
        let Visit { method, path, query, headers } = visit;
        let answer = self.ingest.handle(Call { method, path, query, headers, body }).await;
        Arrival { answer, queued: self.work.take(), asked: self.agents.take(), parked: self.quarantine.take() }
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock.0.fetch_add(seconds * 1_000, Ordering::Relaxed);
    }

    /// Goes back to [`ARRIVAL`].
    pub(crate) fn start_again(&self) {
        self.clock.0.store(ARRIVAL.millis(), Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl Kept {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[async_trait]
impl Queue for Kept {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        self.0.lock().unwrap().push(body);
        Ok(())
    }
}

struct Fixed(Versions);

#[async_trait]
impl SecretSource for Fixed {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        Ok(self.0.clone())
    }
}

struct Stopped(AtomicU64);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::Relaxed))
    }
}
