//! The world put together.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ai::Question;
use async_trait::async_trait;
use braze::{Messaging, Outcome};
use models::assistant::Assistant;
use models::{ConversationKey, Identity, Message, MessageId, QueueMessage, Timestamp};
use platform::clock::{Clock, Deadline};
use platform::metrics::{Meter, Metric};
use platform::queue::Queue as _;
use responder::{OnUnknown, Record, Responder};
use sandbox::queue::{EmbeddedQueue, Received};
use store::{Embedded, Head, Store as _};

use crate::clock::VirtualClock;
use crate::mortal::{Mortal, Mortality};
use crate::neighbours::{AiScript, ScriptedAi, ScriptedBraze, Sent};

/// The function's time-out.
const TIMEOUT: Duration = Duration::from_secs(30);

/// One responder with everything around it.
pub struct World {
    /// What the conversations are kept in.
    pub store: Arc<Embedded>,
    /// What messages wait in.
    pub queue: Arc<EmbeddedQueue>,
    /// Kills the responder at one effect.
    pub mortality: Mortality,
    clock: Arc<VirtualClock>,
    ai: Arc<ScriptedAi>,
    braze: Arc<ScriptedBraze>,
    /// One for each machine: they share the table and not the clock.
    responders: Vec<Responder>,
    counts: Arc<Counts>,
    messages: AtomicU64,
}

#[derive(Default)]
struct Counts(Mutex<Vec<Metric>>);

impl Meter for Counts {
    fn count(&self, metric: Metric, amount: u64) {
        self.0.lock().unwrap().extend((0..amount).map(|_| metric));
    }
}

impl Default for World {
    fn default() -> Self {
        Self::with(OnUnknown::ResendOnce, "")
    }
}

impl World {
    /// A world under `on_unknown` with the assistant that `toml` describes.
    pub fn with(on_unknown: OnUnknown, toml: &str) -> Self {
        Self::on_machines(&[Duration::ZERO], on_unknown, toml)
    }

    /// The same with machines whose clocks are ahead by this much.
    pub fn on_machines(ahead: &[Duration], on_unknown: OnUnknown, toml: &str) -> Self {
        let clock = Arc::new(VirtualClock::default());
        let (store, queue) = (Arc::new(Embedded::in_memory()), Arc::new(EmbeddedQueue::in_memory(clock.clone())));
        let (ai, braze) = (Arc::new(ScriptedAi::default()), Arc::new(ScriptedBraze::default()));
        let (mortality, counts) = (Mortality::default(), Arc::new(Counts::default()));
        let runs = Arc::new(AtomicU64::new(0));
        let responder = |ahead: &Duration| {
            let runs = Arc::clone(&runs);
            Responder {
                store: Arc::new(Mortal { inner: store.clone(), mortality: mortality.clone() }),
                ai: Arc::new(Mortal { inner: Shared(ai.clone()), mortality: mortality.clone() }),
                messaging: Arc::new(Mortal { inner: Shared(braze.clone()), mortality: mortality.clone() }),
                work: queue.clone(),
                clock: Arc::new(Ahead(clock.clone(), *ahead)),
                meter: counts.clone(),
                words: Box::new(move || format!("run-{}", runs.fetch_add(1, Ordering::Relaxed))),
                assistant: Assistant::from_toml(toml).unwrap(),
                on_unknown,
            }
        };
        let responders = ahead.iter().map(responder).collect();
        Self { store, queue, mortality, clock, ai, braze, responders, counts, messages: AtomicU64::new(0) }
    }

    /// A user writes; the message is on the queue when this returns.
    pub async fn says(&self, user: &str, text: &str) -> Message {
        self.is_told(&Identity::new(user, "", "").unwrap(), text).await
    }

    /// The same for somebody with any names.
    pub async fn is_told(&self, identity: &Identity, text: &str) -> Message {
        let message = self.message(identity, text);
        self.queued(&message).await;
        message
    }

    /// A message of its own dispatch that nobody has queued yet.
    pub fn message(&self, identity: &Identity, text: &str) -> Message {
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        Message {
            id: MessageId::of_webhook(&format!("d{number}"), "", identity.conversation().as_str(), text),
            log_id: format!("l{number}"),
            identity: identity.clone(),
            text: text.into(),
            shortened: false,
            arrival: self.now(),
            sent_at: None,
            dispatched: true,
            route: None,
            language: None,
            profile_name: None,
            media_urls: None,
        }
    }

    /// This very message is on the queue (once more).
    pub async fn queued(&self, message: &Message) {
        self.queue.send(QueueMessage::InboundV1(message.clone()).to_ascii_json()).await.unwrap();
    }

    /// What the AI does with its next questions.
    pub fn ai_will(&self, script: impl IntoIterator<Item = AiScript>) {
        self.ai.script.lock().unwrap().extend(script);
    }

    /// What Braze says to the next sends, and whether it delivers them.
    pub fn braze_will(&self, script: impl IntoIterator<Item = (Outcome, bool)>) {
        self.braze.script.lock().unwrap().extend(script);
    }

    /// Works on the queue with `pollers` at once until nothing has happened for a long time: everything is settled or dead.
    pub async fn settle(&self, pollers: usize) {
        let quiet = Duration::from_hours(2);
        let polling = (0..pollers).map(|number| async move {
            while let Ok(batch) = tokio::time::timeout(quiet, self.queue.receive(10)).await {
                self.invoke(number, batch).await;
            }
        });
        futures::future::join_all(polling).await;
    }

    /// Works on what is on the queue right now, once.
    pub async fn poll_once(&self) {
        if let Ok(batch) = tokio::time::timeout(Duration::from_millis(1), self.queue.receive(10)).await {
            self.invoke(0, batch).await;
        }
    }

    async fn invoke(&self, machine: usize, batch: Vec<Received>) {
        let responder = &self.responders[machine % self.responders.len()];
        let records = batch.iter().map(|received| Record {
            id: received.id.to_string(),
            receipt: received.receipt.clone(),
            receives: received.receives,
            body: received.body.clone(),
        });
        let handled = responder.handle(records.collect(), Deadline::at(responder.clock.now() + TIMEOUT));
        let kept = tokio::select! {
            kept = handled => kept,
            () = self.mortality.death() => return,
        };
        let kept: HashSet<_> = kept.into_iter().collect();
        for received in batch.iter().filter(|received| !kept.contains(&received.id.to_string())) {
            self.queue.delete(&received.receipt);
        }
    }

    /// Every question the AI got.
    pub fn asked(&self) -> Vec<Question> {
        self.ai.asked.lock().unwrap().clone()
    }

    /// Every request Braze got.
    pub fn sent(&self) -> Vec<Sent> {
        self.braze.sent.lock().unwrap().clone()
    }

    /// What `user` read.
    pub fn read_by(&self, user: &str) -> Vec<String> {
        let to = format!("user:{user}");
        self.sent().into_iter().filter(|sent| sent.to == to && sent.delivered).map(|sent| sent.text).collect()
    }

    /// How often something was counted.
    pub fn counted(&self, metric: Metric) -> usize {
        self.counts.0.lock().unwrap().iter().filter(|counted| **counted == metric).count()
    }

    /// The head of a user's conversation.
    pub async fn head(&self, user: &str) -> Head {
        let key = ConversationKey::parse(&format!("user:{user}")).unwrap();
        self.store.head(&key, self.now()).await.unwrap().unwrap_or_default()
    }

    /// The time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// A clock that is wrong.
struct Ahead(Arc<VirtualClock>, Duration);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        self.0.now() + self.1
    }
}

/// A scripted neighbour that the world looks into while the responder holds it.
struct Shared<T>(Arc<T>);

#[async_trait]
impl ai::Ai for Shared<ScriptedAi> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<ai::Answer, ai::AiError> {
        self.0.answer(question, time).await
    }
}

#[async_trait]
impl Messaging for Shared<ScriptedBraze> {
    async fn send(&self, reply: &models::Reply, time: Duration) -> Outcome {
        self.0.send(reply, time).await
    }
}
