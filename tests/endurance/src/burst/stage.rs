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
use store::{Embedded, Store as _};
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
    store: Arc<Embedded>,
    ai: Arc<CountingAi>,
    phones: Phones,
    /// For the batches that may be worked on at once.
    slots: Arc<Semaphore>,
}

impl Stage {
    pub(super) fn new(thinks_for: Duration) -> Result<Self, Unfit> {
        let queue = || Arc::new(EmbeddedQueue::in_memory(Arc::new(SystemClock)));
        let (work, phones) = (queue(), Phones::default());
        let (store, ai) = (Arc::new(Embedded::in_memory()), Arc::new(CountingAi::new(thinks_for)));
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
        let responder = Responder {
            deployment: Deployment::new(Arc::<Embedded>::clone(&store)),
            store: Arc::<Embedded>::clone(&store),
            ai: Arc::<CountingAi>::clone(&ai),
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
        let (ingest, responder, slots) = (Arc::new(ingest), Arc::new(responder), Arc::new(Semaphore::new(AT_ONCE)));
        Ok(Self { ingest, responder, work, store, ai, phones, slots })
    }

    /// Everybody writes a burst: beginnings of a thought, then its end. Returns when the last message of each was accepted.
    pub(super) async fn accept(&self, users: usize, burst: usize) -> Result<Vec<(String, Instant)>, Unfit> {
        let (mut callers, dispatch) = (JoinSet::new(), random::words());
        for caller in 0..CALLERS.min(users) {
            let (ingest, names) = (Arc::clone(&self.ingest), (caller..users).step_by(CALLERS));
            let (names, dispatch): (Vec<_>, _) = (names.map(|user| format!("user-{user}")).collect(), dispatch());
            callers.spawn(async move { call(&ingest, &names, burst, &dispatch).await });
        }
        let mut accepted = Vec::new();
        while let Some(done) = callers.join_next().await {
            accepted.extend(done.map_err(|error| Unfit::new(error.to_string()))??);
        }
        Ok(accepted)
    }

    /// Feeds the responder until it is aborted.
    pub(super) fn feed(&self) -> AbortHandle {
        let (work, responder, slots) = (Arc::clone(&self.work), Arc::clone(&self.responder), Arc::clone(&self.slots));
        let feeding = async move {
            let mut invocations = JoinSet::new();
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

    /// From now on the AI answers nobody before so many have asked, and there is a batch for each of them.
    pub(super) fn expect(&self, crowd: usize) {
        self.ai.expect(crowd);
        self.slots.add_permits(crowd);
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

    /// What everybody got since this was asked last.
    pub(super) fn answers(&self) -> HashMap<String, Vec<Got>> {
        self.phones.answers()
    }

    /// The most conversations that were worked on at the same moment since a crowd was expected.
    pub(super) fn most_at_once(&self) -> usize {
        self.ai.most_at_once()
    }

    /// Takes out of the table what it is there to keep. With the same users in every round it holds the same after each: what
    /// grows all the same is kept by mistake.
    pub(super) async fn forget_everybody(&self) -> Result<(), Unfit> {
        for (conversation, _) in self.store.conversations() {
            let now = SystemClock.now();
            let erased = self.store.erase(&conversation, now, now).await;
            erased.map_err(|error| Unfit::new(error.to_string()))?;
        }
        Ok(())
    }
}

/// Posts each user's messages in their order, one user after the other.
async fn call(
    ingest: &Ingest,
    users: &[String],
    burst: usize,
    dispatch: &str,
) -> Result<Vec<(String, Instant)>, Unfit> {
    let mut headers = HeaderMap::new();
    let token = HeaderValue::from_str(&format!("Bearer {TOKEN}")).map_err(|error| Unfit::new(error.to_string()))?;
    headers.insert(header::AUTHORIZATION, token);
    let mut accepted = Vec::new();
    for user in users {
        for number in 1..=burst {
            let last = number == burst;
            let text = if last { "and what does it cost?".to_owned() } else { format!("line {number}") };
            let body = webhook::recommended(user, &text, &format!("{dispatch}-{user}-{number}"));
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
