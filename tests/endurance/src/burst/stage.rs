//! The real code of both functions around the sandbox's queue and store.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Method, header};
use ingest::{Call, Ingest, Languages, Tokens};
use platform::clock::{Clock as _, Deadline, SystemClock};
use platform::metrics::Uncounted;
use platform::random;
use platform::secrets::SecretCache;
use responder::{AssistantFiles, Deployment, OnUnknown, Record, Responder};
use sandbox::queue::{EmbeddedQueue, Received};
use store::Embedded;
use tokio::sync::Semaphore;
use tokio::task::{AbortHandle, JoinSet};

use super::neighbours::{CountingAi, FixedTokens, Got, Phones, TOKEN};
use crate::{Unfit, webhook};

/// Callers at the door, each with its share of the users.
const CALLERS: usize = 32;
/// Messages a batch holds at most, and batches at once: what the template says.
const BATCH: usize = 10;
const AT_ONCE: usize = 10;
/// The function's time-out.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Stage {
    ingest: Arc<Ingest>,
    responder: Arc<Responder>,
    work: Arc<EmbeddedQueue>,
    phones: Phones,
}

impl Stage {
    pub(super) fn new(ai: Duration) -> Result<Self, Unfit> {
        let queue = || Arc::new(EmbeddedQueue::in_memory(Arc::new(SystemClock)));
        let (work, phones) = (queue(), Phones::default());
        let assistant = AssistantFiles::load(None).map_err(|error| Unfit::new(error.to_string()))?.assistant;
        let ingest = Ingest {
            tokens: SecretCache::new(FixedTokens, Tokens::parse),
            work: Arc::<EmbeddedQueue>::clone(&work),
            agents: queue(),
            quarantine: queue(),
            clock: Arc::new(SystemClock),
            meter: Arc::new(Uncounted),
            log_ids: random::words(),
            languages: Languages::default(),
        };
        let store = Arc::new(Embedded::in_memory());
        let responder = Responder {
            deployment: Deployment::new(Arc::<Embedded>::clone(&store)),
            store,
            ai: Arc::new(CountingAi(ai)),
            messaging: Arc::new(phones.clone()),
            desk: None,
            route_ais: std::collections::BTreeMap::new(),
            media: None,
            profiles: Arc::new(braze::NoProfiles),
            work: Arc::<EmbeddedQueue>::clone(&work),
            agents: queue(),
            clock: Arc::new(SystemClock),
            meter: Arc::new(Uncounted),
            words: random::words(),
            assistant,
            on_unknown: OnUnknown::default(),
        };
        Ok(Self { ingest: Arc::new(ingest), responder: Arc::new(responder), work, phones })
    }

    /// Everybody writes a burst: beginnings of a thought, then its end. Returns when the last message of each was accepted.
    pub(super) async fn accept(&self, users: usize, burst: usize) -> Result<Vec<(String, Instant)>, Unfit> {
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS.min(users) {
            let (ingest, names) = (Arc::clone(&self.ingest), (caller..users).step_by(CALLERS));
            let names: Vec<_> = names.map(|user| format!("user-{user}")).collect();
            callers.spawn(async move { call(&ingest, &names, burst).await });
        }
        let mut accepted = Vec::new();
        while let Some(done) = callers.join_next().await {
            accepted.extend(done.map_err(|error| Unfit::new(error.to_string()))??);
        }
        Ok(accepted)
    }

    /// Feeds the responder until it is aborted.
    pub(super) fn feed(&self) -> AbortHandle {
        let (work, responder) = (Arc::clone(&self.work), Arc::clone(&self.responder));
        let feeding = async move {
            let (slots, mut invocations) = (Arc::new(Semaphore::new(AT_ONCE)), JoinSet::new());
            while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
                let batch = work.receive(BATCH).await;
                let (work, responder) = (Arc::clone(&work), Arc::clone(&responder));
                invocations.spawn(async move {
                    invoke(&work, &responder, batch).await;
                    drop(slot);
                });
                while invocations.try_join_next().is_some() {}
            }
        };
        tokio::spawn(feeding).abort_handle()
    }

    /// Waits until nothing is on the queue.
    pub(super) async fn at_rest(&self) {
        loop {
            let depth = self.work.depth();
            if depth.waiting + depth.in_flight == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) fn answers(&self) -> HashMap<String, Vec<Got>> {
        self.phones.answers()
    }
}

/// Posts each user's messages in their order, one user after the other.
async fn call(ingest: &Ingest, users: &[String], burst: usize) -> Result<Vec<(String, Instant)>, Unfit> {
    let mut headers = HeaderMap::new();
    let token = HeaderValue::from_str(&format!("Bearer {TOKEN}")).map_err(|error| Unfit::new(error.to_string()))?;
    headers.insert(header::AUTHORIZATION, token);
    let mut accepted = Vec::new();
    for user in users {
        for number in 1..=burst {
            let last = number == burst;
            let text = if last { "and what does it cost?".to_owned() } else { format!("line {number}") };
            let body = webhook::recommended(user, &text, &format!("{user}-{number}"));
            let (method, path, query) = (&Method::POST, "/inbound", "");
            let answer = ingest.handle(Call { method, path, query, headers: &headers, body: body.as_bytes() }).await;
            if !answer.status.is_success() {
                return Err(Unfit::new(format!("the door answered {}", answer.status)));
            }
            if last {
                accepted.push((user.clone(), Instant::now()));
            }
            // In one process the door must not keep the others from their turn.
            tokio::task::yield_now().await;
        }
    }
    Ok(accepted)
}

async fn invoke(queue: &EmbeddedQueue, responder: &Responder, batch: Vec<Received>) {
    let records = batch.iter().map(|received| Record {
        queue: responder::Source::Work,
        id: received.id.to_string(),
        receipt: received.receipt.clone(),
        receives: received.receives,
        body: received.body.clone(),
    });
    let deadline = Deadline::at(SystemClock.now() + TIMEOUT);
    let kept: HashSet<_> = responder.handle(records.collect(), deadline).await.into_iter().collect();
    for received in batch.iter().filter(|received| !kept.contains(&received.id.to_string())) {
        queue.delete(&received.receipt);
    }
}
