//! The world put together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::desk::{Desk, DeskEvent};
use ai::{Ai, Past, Question};
use braze::{Outcome, Paced};
use models::assistant::Assistant;
use models::{AgentAction, AgentDeed, ConversationKey, Identity, Message, MessageId, QueueMessage, Timestamp};
use platform::clock::Clock;
use platform::metrics::{Meter, Metric};
use platform::queue::Queue as _;
use platform::random::Words;
use responder::{Deployment, OnUnknown, Responder};
use sandbox::queue::EmbeddedQueue;
use store::{Embedded, Head, Store as _};
use tokio::time::Instant;

use crate::assistants::Brand;
use crate::chance::Chance;
use crate::clock::{Ahead, VirtualClock};
use crate::desk::ScriptedDesk;
use crate::effects::Effects;
use crate::faults::Faults;
use crate::machine::Machine;
use crate::neighbours::{AiScript, ScriptedAi, ScriptedBraze, Sent};
use crate::plan::{Handler, Plan};
use crate::scene::Scene;
use crate::witness::Witness;

/// The responder's machines with everything around them.
pub struct World {
    /// What the conversations are kept in.
    pub store: Arc<Embedded>,
    /// What messages wait in.
    pub queue: Arc<EmbeddedQueue>,
    /// What the wishes of agents wait in.
    pub agents: Arc<EmbeddedQueue>,
    /// What goes wrong.
    pub faults: Faults,
    /// Who watches.
    pub witness: Arc<Witness>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) ai: Arc<ScriptedAi>,
    braze: Arc<ScriptedBraze>,
    desk: Arc<ScriptedDesk>,
    pub(crate) plan: Plan,
    /// The assistant that is deployed.
    assistant: Mutex<Assistant>,
    /// They share the table and not the clock.
    pub(crate) machines: Vec<Slot>,
    counts: Arc<Counts>,
    messages: AtomicU64,
    processes: AtomicUsize,
    runs: Arc<AtomicU64>,
    /// How the queue mixes up its messages, if it does.
    pub(crate) disorder: Mutex<Option<Chance>>,
    /// Held by whoever may still put something on the queue.
    busy: Arc<()>,
}

/// A machine, and what is deployed on it.
pub(crate) struct Slot {
    pub(crate) machine: Mutex<Arc<Machine>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) handler: Mutex<Arc<dyn Handler>>,
}

#[derive(Default)]
pub(crate) struct Counts(Mutex<Vec<Metric>>);

impl Meter for Counts {
    fn count(&self, metric: Metric, amount: u64) {
        self.0.lock().unwrap().extend((0..amount).map(|_| metric));
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new(Plan::default())
    }
}

impl World {
    /// A world on one machine under `on_unknown` with the assistant that `toml` describes.
    pub fn with(on_unknown: OnUnknown, toml: &str) -> Self {
        Self::new(Plan { on_unknown, toml: toml.to_owned(), ..Plan::default() })
    }

    /// The same with machines whose clocks are ahead by this much.
    pub fn on_machines(ahead: &[Duration], on_unknown: OnUnknown, toml: &str) -> Self {
        Self::new(Plan { clocks_ahead: ahead.to_vec(), on_unknown, toml: toml.to_owned(), ..Plan::default() })
    }

    /// The world that `plan` describes.
    pub fn new(plan: Plan) -> Self {
        let clock = Arc::new(VirtualClock::default());
        let (store, faults) = (Arc::new(Embedded::in_memory()), Faults::default());
        let most_copies = if plan.on_unknown == OnUnknown::Flag { 1 } else { 2 };
        let ahead = plan.clocks_ahead.iter().max().copied().unwrap_or_default();
        let witness = Arc::new(Witness::new(store.clone(), clock.clone(), faults.clone(), most_copies, ahead));
        let (script, sent, Brand { apart, busy, .. }) = (Mutex::default(), Mutex::default(), plan.brand);
        let braze = ScriptedBraze { script, sent, apart, busy, witness: witness.clone() };
        let mut world = Self {
            store,
            queue: Arc::new(EmbeddedQueue::in_memory(clock.clone())),
            agents: Arc::new(EmbeddedQueue::in_memory(clock.clone())),
            desk: Arc::default(),
            faults,
            witness,
            clock,
            ai: Arc::default(),
            braze: Arc::new(braze),
            machines: Vec::new(),
            counts: Arc::default(),
            messages: AtomicU64::new(0),
            processes: AtomicUsize::new(0),
            runs: Arc::default(),
            disorder: Mutex::new(plan.disorder.map(Chance::new)),
            busy: Arc::default(),
            assistant: Mutex::new(Assistant::from_toml(&plan.toml).unwrap()),
            plan,
        };
        world.witness.knows_the_world(&world.assistant.lock().unwrap(), &world.plan);
        world.ai.moods.lock().unwrap().seed = world.plan.moods;
        if world.plan.desk {
            world.witness.knows_of_the_desk();
        }
        world.machines = world.plan.clocks_ahead.iter().map(|ahead| world.slot(*ahead)).collect();
        world
    }

    pub(crate) fn slot(&self, ahead: Duration) -> Slot {
        let clock: Arc<dyn Clock> = Arc::new(Ahead(self.clock.clone(), ahead));
        let machine = Arc::new(Machine::default());
        let handler = Mutex::new(self.deployed(&machine, &clock));
        Slot { machine: Mutex::new(machine), clock, handler }
    }

    pub(crate) fn deployed(&self, machine: &Arc<Machine>, clock: &Arc<dyn Clock>) -> Arc<dyn Handler> {
        let scene = self.scene(machine, clock);
        let ai: Arc<dyn Ai> = self.ai.clone();
        let braze = Effects { inner: self.braze.clone(), scene: scene.clone() };
        let desk: Arc<dyn Desk> = self.desk.clone();
        let desk: Arc<dyn Desk> = Arc::new(Effects { inner: desk, scene: scene.clone() });
        let responder = Responder {
            deployment: Deployment::new(self.store.clone()),
            store: Arc::new(Effects { inner: self.store.clone(), scene: scene.clone() }),
            ai: Arc::new(Effects { inner: ai, scene: scene.clone() }),
            messaging: Arc::new(Paced::new(Arc::new(braze), clock.clone())),
            desk: self.plan.desk.then_some(desk),
            route_ais: std::collections::BTreeMap::new(),
            media: None,
            profiles: Arc::new(Effects { inner: Arc::new(braze::NoProfiles), scene: scene.clone() }),
            work: Arc::new(Effects { inner: self.queue.clone(), scene: scene.clone() }),
            agents: Arc::new(Effects { inner: self.agents.clone(), scene }),
            clock: clock.clone(),
            meter: self.counts.clone(),
            words: self.words(),
            assistant: self.assistant.lock().unwrap().clone(),
            on_unknown: self.plan.on_unknown,
        };
        (self.plan.handler)(responder).into()
    }

    /// Words like those nobody can guess, but the same in every run.
    pub(crate) fn words(&self) -> Words {
        let runs = Arc::clone(&self.runs);
        Box::new(move || format!("run-{}", runs.fetch_add(1, Ordering::Relaxed)))
    }

    pub(crate) fn scene(&self, machine: &Arc<Machine>, clock: &Arc<dyn Clock>) -> Scene {
        Scene {
            machine: machine.clone(),
            process: self.processes.fetch_add(1, Ordering::Relaxed),
            faults: self.faults.clone(),
            witness: self.witness.clone(),
            clock: clock.clone(),
            bend: self.plan.bend,
        }
    }

    /// The assistant is another one from now on. The first machines run it from their next invocation on, with nothing in
    /// memory; the others when they are replaced.
    pub fn deploy(&self, toml: &str, machines: usize) {
        *self.assistant.lock().unwrap() = Assistant::from_toml(toml).unwrap();
        for slot in self.machines.iter().take(machines) {
            let machine = slot.machine.lock().unwrap().clone();
            *slot.handler.lock().unwrap() = self.deployed(&machine, &slot.clock);
        }
    }

    /// As long as this is held, the pollers wait for more.
    pub fn keeps_busy(&self) -> Arc<()> {
        self.busy.clone()
    }

    pub(crate) fn is_busy(&self) -> bool {
        Arc::strong_count(&self.busy) > 1
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
            author: models::Author::User,
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
        let body = QueueMessage::InboundV1(message.clone()).to_ascii_json();
        self.witness.queued(&body);
        self.queue.send(body).await.unwrap();
        self.witness.accepted(message.id.as_str());
    }

    /// What the AI does with its next questions.
    pub fn ai_will(&self, script: impl IntoIterator<Item = AiScript>) {
        let script: Vec<_> = script.into_iter().collect();
        let later = script.iter().any(|does| matches!(does, AiScript::Later(_)));
        self.ai.later.fetch_or(later, Ordering::Relaxed);
        self.ai.script.lock().unwrap().extend(script);
    }

    /// What the AI adds to its answers from now on.
    pub(crate) fn ai_always(&self, words: &'static str) {
        *self.ai.always.lock().unwrap() = Some(words);
    }

    /// What Braze says to the next sends, and whether it delivers them.
    pub fn braze_will(&self, script: impl IntoIterator<Item = (Outcome, bool)>) {
        self.braze.script.lock().unwrap().extend(script);
    }

    /// Every question the AI got.
    pub fn asked(&self) -> Vec<Question> {
        self.ai.asked.lock().unwrap().clone()
    }

    /// What the AI says instead of what it was shown when it sums conversations up next.
    pub fn ai_sums_up(&self, words: impl IntoIterator<Item = &'static str>) {
        self.ai.sums_up.lock().unwrap().extend(words);
    }

    /// Everything that the AI was to sum up.
    pub fn summed_up(&self) -> Vec<Past> {
        self.ai.summed_up.lock().unwrap().clone()
    }

    /// Every request Braze got.
    pub fn sent(&self) -> Vec<Sent> {
        self.braze.sent.lock().unwrap().clone()
    }

    /// Every event the desk was told.
    pub fn told(&self) -> Vec<DeskEvent> {
        self.desk.told.lock().unwrap().clone()
    }

    /// An agent asks for something; it is on the queue when this returns.
    pub async fn agent(&self, conversation: &str, name: Option<&str>, deed: AgentDeed) -> AgentAction {
        let number = self.messages.fetch_add(1, Ordering::Relaxed);
        let action = AgentAction {
            id: MessageId::of_request(conversation, name.unwrap_or(&format!("a{number}"))),
            log_id: format!("l{number}"),
            conversation: ConversationKey::parse(conversation).unwrap(),
            at: self.now(),
            named: name.is_some(),
            deed,
        };
        self.agent_again(&action).await;
        action
    }

    /// This very wish is on the queue (once more).
    pub async fn agent_again(&self, action: &AgentAction) {
        let body = QueueMessage::AgentV1(action.clone()).to_ascii_json();
        self.witness.queued(&body);
        self.agents.send(body).await.unwrap();
    }

    /// What `user` read.
    pub fn read_by(&self, user: &str) -> Vec<String> {
        let to = format!("user:{user}");
        self.sent().into_iter().filter(|sent| sent.to == to && sent.delivered).map(|sent| sent.text).collect()
    }

    /// What whoever has one of these names read last.
    pub(crate) fn last_read_by(&self, keys: &[String]) -> Option<String> {
        let sent = self.braze.sent.lock().unwrap();
        let last = sent.iter().rev().find(|sent| sent.delivered && keys.contains(&sent.to));
        last.map(|sent| sent.text.clone())
    }

    /// Everything that was counted.
    pub(crate) fn counted_in_all(&self) -> Vec<Metric> {
        self.counts.0.lock().unwrap().clone()
    }

    pub(crate) fn meter(&self) -> Arc<dyn Meter> {
        self.counts.clone()
    }

    /// When `user` read the first word.
    pub fn first_read_by(&self, user: &str) -> Option<Instant> {
        let to = format!("user:{user}");
        self.braze.sent.lock().unwrap().iter().find(|sent| sent.to == to && sent.delivered).map(|sent| sent.at)
    }

    /// How many questions the AI got before this moment.
    pub fn asked_before(&self, moment: Instant) -> usize {
        self.ai.asked_at.lock().unwrap().iter().filter(|at| **at < moment).count()
    }

    /// Braze forgets what it was told to do.
    pub fn braze_is_back(&self) {
        self.braze.script.lock().unwrap().clear();
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
