//! The whole door: who is let in, what is understood, what is queued where.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

mod agents;
mod chatwoot;
mod webhooks;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{HeaderMap, Method};
use ingest::{Answer, Call, Ingest, Languages, Tokens};
use models::{AgentAction, Message, QueueMessage, Timestamp};
use platform::clock::Clock;
use platform::metrics::{Meter, Metric};
use platform::queue::{Queue, QueueError};
use platform::secrets::{SecretCache, SecretSource, SecretUnavailable, Versions};

const NOW: u64 = 1_700_000_000;
const TOKENS: &str = r#"{"webhook_token": "w", "agent_token": "a"}"#;

/// Everything behind the door: what is queued and counted, and a secret that can change.
#[derive(Default)]
struct Behind {
    work: Arc<Line>,
    agents: Arc<Line>,
    quarantine: Arc<Line>,
    counted: Mutex<Vec<Metric>>,
    secret: Mutex<(String, Option<String>)>,
}

/// One of the queues.
#[derive(Default)]
struct Line {
    queued: Mutex<Vec<String>>,
    is_broken: Mutex<bool>,
}

impl Line {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.queued.lock().unwrap())
    }

    fn breaks(&self) {
        *self.is_broken.lock().unwrap() = true;
    }
}

#[async_trait]
impl Queue for Line {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        if *self.is_broken.lock().unwrap() {
            return Err(QueueError { reason: "broken".to_owned() });
        }
        self.queued.lock().unwrap().push(body);
        Ok(())
    }
}

impl Behind {
    /// What agents wish, as far as it is queued and nobody has taken it.
    fn wishes(&self) -> Vec<AgentAction> {
        let read = |text: &String| match serde_json::from_str(text).unwrap() {
            QueueMessage::AgentV1(action) => action,
            QueueMessage::InboundV1(_) => unreachable!("only agents' wishes are on the agents' queue"),
        };
        self.agents.take().iter().map(read).collect()
    }

    /// The same of what users wrote.
    fn messages(&self) -> Vec<Message> {
        let read = |text: &String| match serde_json::from_str(text).unwrap() {
            QueueMessage::InboundV1(message) => message,
            QueueMessage::AgentV1(_) => unreachable!("only users' messages are on the work queue"),
        };
        self.work.take().iter().map(read).collect()
    }
}

impl Meter for Behind {
    fn count(&self, metric: Metric, _: u64) {
        self.counted.lock().unwrap().push(metric);
    }
}

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        Timestamp::from_seconds(NOW)
    }
}

struct Shelf(Arc<Behind>);

#[async_trait]
impl SecretSource for Shelf {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let (current, previous) = self.0.secret.lock().unwrap().clone();
        Ok(Versions { current: current.into(), previous: previous.map(Into::into) })
    }
}

/// A door whose secret is `current`, and was `previous`.
fn door(current: &str, previous: Option<&str>) -> (Ingest, Arc<Behind>) {
    let behind = Arc::new(Behind::default());
    *behind.secret.lock().unwrap() = (current.to_owned(), previous.map(str::to_owned));
    let ingest = Ingest {
        tokens: SecretCache::new(Shelf(Arc::clone(&behind)), Tokens::parse),
        work: Arc::<Line>::clone(&behind.work),
        agents: Arc::<Line>::clone(&behind.agents),
        quarantine: Arc::<Line>::clone(&behind.quarantine),
        clock: Arc::<Behind>::clone(&behind),
        meter: Arc::<Behind>::clone(&behind),
        log_ids: Box::new(|| "log-id".to_owned()),
        languages: Languages::default(),
    };
    (ingest, behind)
}

/// `body` with spaces behind it, so that it has so many bytes.
fn padded(body: &str, bytes: usize) -> String {
    body.to_owned() + &" ".repeat(bytes - body.len())
}

/// Somebody posts `body` to `path` with a token, and with these headers beside it.
async fn post(ingest: &Ingest, path: &str, token: &str, more: &[(&'static str, &str)], body: &[u8]) -> Answer {
    let bearer = format!("Bearer {token}");
    let all = more.iter().copied().chain([("authorization", bearer.as_str())]);
    let headers: HeaderMap = all.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
    ingest.handle(Call { method: &Method::POST, path, query: "", headers: &headers, body }).await
}
