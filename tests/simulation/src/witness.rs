//! The witness sees every effect of a run and knows the promises: it says at once when one is broken, and at the end whether
//! everything that was accepted is accounted for. It only watches; nothing in a run depends on it.

mod alike;
mod asks;
mod befallen;
mod begun;
mod budgets;
mod erasure;
mod figures;
mod flow_facts;
mod flow_moves;
mod flow_steps;
mod flows;
mod groups;
mod later;
mod ledger;
mod lines;
mod moments;
mod people;
mod phone;
mod profiles;
mod reaching;
mod recaps;
mod rest;
mod routes;
mod sends;
mod settles;
mod trace;
mod unsent;
mod writes;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use platform::clock::Clock as _;
use platform::metrics::Metric;

use models::assistant::{Assistant, ConversationFact};
use models::{AgentAction, AgentDeed, ConversationKey, Message, MessageId, Part, QueueMessage, Timestamp};
use store::{Embedded, TurnKey, TurnRow};

use crate::Plan;
use crate::clock::VirtualClock;
use crate::faults::Faults;
use befallen::Befallen;
pub(crate) use begun::GO_ON;
use budgets::{Limits, Spent};
use erasure::Erased;
pub use figures::{Figure, Figures};
pub(crate) use flow_steps::CANCEL;
use flows::Flows;
use groups::Groups;
use later::Later;
use ledger::Ledger;
pub(crate) use lines::LINE;
use people::People;
pub(crate) use people::{HUMAN, START, STOP};
use phone::{Phone, Request};
use profiles::Written;
pub(crate) use profiles::name_of;
pub(crate) use reaching::NO_FLOW;
use reaching::{Questions, Unasked};
use sends::Part as SentPart;
use trace::Trace;
use unsent::Unsent;

/// What marks a user's words: followed by a person's number and a message's, as in `canary-3-14`.
pub const CANARY: &str = "canary-";

/// Watches one world.
pub struct Witness {
    store: Arc<Embedded>,
    clock: Arc<VirtualClock>,
    faults: Faults,
    most_copies: u32,
    /// How far the clock of a machine may be ahead.
    ahead: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    befallen: Befallen,
    /// What users wrote, by its canary.
    typed: HashMap<String, String>,
    /// The conversations that are each person's own.
    own: HashMap<String, Vec<String>>,
    queued: HashMap<MessageId, Message>,
    /// Everything that was handed over under an id.
    bodies: HashMap<MessageId, Vec<Message>>,
    accepted: HashSet<MessageId>,
    conversations: HashMap<ConversationKey, Conversation>,
    rows: HashMap<(ConversationKey, MessageId), Message>,
    filed: HashMap<MessageId, ConversationKey>,
    /// Where each message stands in the order of filing.
    places: HashMap<MessageId, u64>,
    ends: HashMap<MessageId, End>,
    /// What each message that ended as a copy was like at that time.
    copies_of: HashMap<MessageId, HashSet<MessageId>>,
    answers: Vec<Vec<Part>>,
    drafts: HashMap<(ConversationKey, TurnKey), Draft>,
    parts: HashMap<String, SentPart>,
    /// Words of replies whose first message came once more after an erasure.
    read_before: HashSet<String>,
    /// Every request to Braze, in the order in which they left.
    requests: Vec<Request>,
    phones: HashMap<ConversationKey, Phone>,
    committed: HashSet<(ConversationKey, TurnKey)>,
    /// Turns that are over, however.
    over: HashSet<(ConversationKey, TurnKey)>,
    /// Why turns are over, if not because they were said.
    cut: HashSet<(ConversationKey, TurnKey)>,
    flagged: HashSet<(ConversationKey, TurnKey)>,
    ledger: Ledger,
    people: People,
    unsent: Unsent,
    questions: Questions,
    flows: Flows,
    later: Later,
    /// Who was told last that the answer takes a moment.
    moments: HashSet<ConversationKey>,
    /// How the answers to come have begun: the turns that said so, and the AI's words.
    begun: HashMap<ConversationKey, Vec<(TurnKey, String)>>,
    tellings: begun::Tellings,
    /// What profiles say.
    written: Written,
    /// Who may be written to.
    groups: Groups,
    /// What a user gets at most.
    limits: Option<Limits>,
    /// Who took over which conversation of an older name.
    adopted: Vec<(ConversationKey, ConversationKey)>,
    /// The last erasure of each conversation.
    erased: BTreeMap<ConversationKey, Erased>,
    /// Erasures that were asked for and have not left their queue.
    erasing: Vec<AgentAction>,
    /// What has its place by a row of before an erasure, which may take that: it may be answered after newer ones.
    on_old_rows: HashSet<MessageId>,
    /// Whether a clock is further ahead than a lease allows for.
    clocks_differ: bool,
    /// Whether no function outlives its deadline.
    kills_at_deadline: bool,
    /// Whether profiles say who owns a conversation.
    profiles: bool,
    /// Turns that ended without every part having been accepted.
    unfinished: HashSet<(ConversationKey, TurnKey)>,
    figures: Figures,
    trace: Trace,
    violations: Vec<String>,
}

/// A draft, the step at which it was stored, and whether it is said for want of questions.
struct Draft {
    row: TurnRow,
    step: usize,
    unasked: Unasked,
}

/// What the witness knows of one conversation.
#[derive(Default)]
struct Conversation {
    has_messages: bool,
    /// The sends that a write of an epoch has begun and nobody has made yet. A slow machine may make one when it is long given up.
    begun: Vec<(TurnKey, u32, u64)>,
    /// Those that were refused together with other people's: whoever made one may make it once more, alone.
    alone: Vec<(TurnKey, u32, u64)>,
    /// The highest place in the order of filing that a committed turn covered.
    answered_up_to: u64,
    /// The step at which it was last claimed.
    claimed_at: usize,
    /// Its epoch and attempts at that claim.
    epoch: u64,
    attempts: u32,
    /// When that was.
    claimed_when: Timestamp,
    /// What was pending at that claim.
    waiting_then: HashSet<MessageId>,
    /// The last part begun.
    last_part: Option<(TurnKey, u32)>,
    /// The epoch of whoever began it.
    begun_by: u64,
    /// The ids it remembers as settled.
    done: Vec<MessageId>,
    /// Whether it ever had as many messages waiting as it may.
    was_full: bool,
    /// What the last turn answered.
    last_said: Vec<MessageId>,
    /// What the last turn of an agent's said.
    last_lines: Vec<MessageId>,
    /// The number of the last turn.
    last_turn: u64,
    /// Whether its user has opted out.
    opted_out: bool,
    /// What its user had.
    spent: Spent,
}

/// How a message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Answered(TurnKey),
    /// A copy of another message.
    Copy,
    /// A person owned the conversation.
    LeftToPerson,
    /// Its user had opted out, or did so with it.
    Silent,
    /// Given up: it must be found among the dead letters.
    Parked,
    /// Its conversation had too many waiting.
    TurnedAway,
    /// Its user had as many turns as anybody gets, and was told.
    OverBudget,
    /// It was what its user had been answered again and again.
    Looped,
    /// The brand began with it, and it could not be said.
    NotBegun,
    /// Its user was forgotten.
    Forgotten,
}

impl Witness {
    pub(crate) fn new(
        store: Arc<Embedded>,
        clock: Arc<VirtualClock>,
        faults: Faults,
        most_copies: u32,
        ahead: Duration,
    ) -> Self {
        crate::quiet::listen();
        drop(crate::quiet::lines());
        Self { store, clock, faults, most_copies, ahead, state: Mutex::default() }
    }

    /// This is what the assistant allows its users, and whether functions are killed at their deadline.
    pub(crate) fn knows_the_world(&self, assistant: &Assistant, plan: &Plan) {
        let mut state = self.lock();
        state.clocks_differ = !plan.clocks_agree();
        state.groups.known = assistant.profile.opt_out_group.is_some();
        state.profiles = assistant.profile.facts.contains(&ConversationFact::Owner);
        (state.limits, state.kills_at_deadline) = (Some(Limits::of(assistant)), plan.kills_at_deadline);
        state.flows = if plan.brand.flows { Flows::of(assistant) } else { Flows::default() };
        state.questions.most = assistant.limits.questions_per_day;
    }

    /// Keeps the lines of the trace from now on, not only their sum.
    pub fn keep_trace(&self) {
        self.lock().trace.keep();
    }

    /// The trace so far: its sum, and its lines if they were kept.
    pub fn trace(&self) -> (u64, Vec<String>) {
        self.lock().trace.get()
    }

    /// The promises broken so far.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// The figures so far.
    pub fn figures(&self) -> Figures {
        let mut figures = self.lock().figures;
        figures.set(Figure::Faults, self.faults.count());
        figures
    }

    /// A user whose own these conversations are wrote `text`, which holds this canary.
    pub(crate) fn typed(&self, canary: &str, text: &str, own: &[String]) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("typed {canary}"));
        state.own.insert(person(canary).to_owned(), own.to_vec());
        state.typed.insert(canary.to_owned(), text.to_owned());
    }

    /// A message is on the queue.
    pub(crate) fn queued(&self, body: &str) {
        let message = match QueueMessage::from_json(body) {
            Ok(QueueMessage::InboundV1(message)) => message,
            Ok(QueueMessage::AgentV1(action)) => {
                if action.deed == AgentDeed::Release {
                    self.is_given_back(action.at);
                }
                if action.deed == AgentDeed::Erase {
                    self.lock().erasing.push(action.clone());
                }
                if let AgentDeed::Answer { question, body } = &action.deed {
                    self.is_answered_later(question, body.as_str(), action.at);
                }
                match action.message() {
                    Some(message) => message,
                    None => return,
                }
            }
            Err(_) => return,
        };
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("queued {} {:?}", message.id.as_str(), message.text.as_str()));
        for canary in canaries(message.text.as_str()) {
            let typed = state.typed.get(&canary).cloned();
            if typed.as_ref().is_some_and(|typed| typed != message.text.as_str()) {
                state.broken(format!("the words of {canary} changed on the way to the queue"));
            }
        }
        if !body.is_ascii() {
            state.broken("a queue message is not ASCII".to_owned());
        }
        state.bodies.entry(message.id.clone()).or_default().push(message.clone());
        state.queued.entry(message.id.clone()).or_insert(message);
    }

    /// A message has its row in a conversation. It may have come by the door more than once: it arrived when the row says so.
    pub(crate) fn has_a_row(&self, key: &ConversationKey, message: Message) {
        let mut state = self.lock();
        if !state.bodies.get(&message.id).is_some_and(|bodies| bodies.contains(&message)) {
            state.broken(format!("the row of {:?} says something else than its queue message", message.id));
        }
        state.rows.insert((key.clone(), message.id.clone()), message);
    }

    /// The door answered 202 for this message.
    pub(crate) fn accepted(&self, id: &str) {
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("accepted {id}"));
        let id = MessageId::stored(id);
        if !state.queued.contains_key(&id) {
            state.broken(format!("{} was accepted and is not on the queue", id.as_str()));
        }
        state.ledger.expects(Metric::Queued, 1);
        if state.accepted.insert(id) {
            state.figures.count(Figure::Accepted);
        }
    }

    /// The door said no to a genuine webhook, which Braze would not repeat.
    pub(crate) fn turned_away(&self, status: u16) {
        self.lock().broken(format!("a genuine webhook was answered {status}"));
    }

    /// Something else broke a promise.
    pub(crate) fn broken(&self, what: impl Into<String>) {
        self.lock().broken(what.into());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn step(&mut self, now: Timestamp, line: impl FnOnce() -> String) {
        self.figures.count(Figure::Steps);
        self.trace.add(now, &line());
        self.look_at_logs();
    }

    fn all_broken(&mut self, what: Vec<String>) {
        for what in what {
            self.broken(what);
        }
    }

    fn broken(&mut self, what: String) {
        self.trace.add(Timestamp::EPOCH, &format!("BROKEN: {what}"));
        self.violations.push(what);
    }

    /// No log line may hold a user's words, a number or a secret.
    fn look_at_logs(&mut self) {
        let lines = crate::quiet::lines();
        if let Some(line) = lines.lines().find(|line| FORBIDDEN.iter().any(|word| line.contains(word))) {
            self.broken(format!("a log line tells too much: {line}"));
        }
    }
}

/// What no log line may hold: words, numbers, secrets, instructions. Worlds use no others.
pub(crate) const FORBIDDEN: [&str; 5] = [CANARY, LINE, "+1555", "secret-", "You are the canary prompt"];

/// The canaries in a text, in their order.
pub(crate) fn canaries(text: &str) -> Vec<String> {
    let after = text.match_indices(CANARY).map(|(start, _)| &text[start..]);
    after.map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect()).collect()
}

/// The person in a canary.
fn person(canary: &str) -> &str {
    canary.strip_prefix(CANARY).and_then(|rest| rest.split('-').next()).unwrap_or_default()
}
