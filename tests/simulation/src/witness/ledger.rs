//! What the counters must say: each metric against what happened in the world, exactly. Most are counted in the same breath
//! in which a run hears of something; so the witness listens to what runs hear, not to what was applied.

use std::collections::{HashMap, HashSet};

use ai::{AiError, Answer};
use models::{ConversationKey, Message, MessageId};
use platform::clock::Clock as _;
use platform::metrics::Metric;
use store::{Filed, Head, HeadWrite, MOST_PENDING, RowState, StoreError, TurnKey, TurnKind, TurnRow, WriteError};

use super::reaching::Unasked;
use super::sends::Heard;
use super::{End, Figure, State, Witness};
use crate::machine::Machine;

/// What was counted must be equal to what happened.
const EXACT: [Metric; 21] = [
    Metric::HandedOff,
    Metric::AgentAnswered,
    Metric::Unauthorized,
    Metric::Queued,
    Metric::Quarantined,
    Metric::Unavailable,
    Metric::ExplainIgnored,
    Metric::Answered,
    Metric::Fallback,
    Metric::AiFailed,
    Metric::SendDelayed,
    Metric::UnknownSend,
    Metric::Flagged,
    Metric::Cut,
    Metric::Parked,
    Metric::DeskRefused,
    Metric::Duplicate,
    Metric::OverBudget,
    Metric::LoopBroken,
    Metric::UnknownRoute,
    Metric::Unreadable,
];

/// What the counters must say.
#[derive(Default)]
pub(super) struct Ledger {
    expected: HashMap<Metric, usize>,
    /// What may be counted beyond that: a run whose claim is over finds that its messages are settled, cannot tell whether
    /// its own write did that, and counts its copies as whoever settled them does; and one that is told late that there are
    /// too many waiting counts its message although another delivery of it has been settled since. And whether a fallback line is
    /// said for want of questions or of answers cannot be told at one of the attempts.
    perhaps: HashMap<Metric, usize>,
    /// Copies that a run is about to settle in silence, by its claim.
    copies: HashMap<(ConversationKey, u64), usize>,
    /// What a run is about to settle because it is too much, by its claim: how it is counted, and how many there are.
    too_much: HashMap<(ConversationKey, u64), (Metric, usize)>,
    /// Claims that found a send of which nobody had written down what became of it.
    found_sending: Vec<(ConversationKey, u64)>,
    /// The open turn that a claim found.
    found: HashMap<(ConversationKey, u64), TurnKey>,
    /// Turns that were flagged, and by which claim.
    flagged: HashSet<(ConversationKey, TurnKey, u64)>,
    /// Turns whose rest was dropped, and by which claim.
    pub(super) cut: Vec<(ConversationKey, TurnKey, u64)>,
    /// Messages that somebody was told are too many.
    too_many: HashSet<MessageId>,
}

impl Ledger {
    pub(super) fn expects(&mut self, metric: Metric, amount: usize) {
        *self.expected.entry(metric).or_default() += amount;
    }
}

/// Why a turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    /// Its last part was accepted.
    Said,
    /// Its rest was dropped.
    Cut,
    /// Nobody knows whether its last part arrived.
    Flagged,
}

impl Witness {
    /// Compares what was counted with what happened.
    pub(crate) fn metrics_tell_what_happened(&self, counted: &[Metric]) {
        let mut state = self.lock();
        for metric in EXACT {
            let counted = counted.iter().filter(|other| **other == metric).count();
            let happened = state.ledger.expected.get(&metric).copied().unwrap_or_default();
            let perhaps = state.ledger.perhaps.get(&metric).copied().unwrap_or_default();
            if !(happened..=happened + perhaps).contains(&counted) {
                state.broken(format!("{metric:?} was counted {counted} times and happened {happened} times"));
            }
        }
        state.figures.set(Figure::Counted, counted.len());
    }

    /// The door answered 503.
    pub(crate) fn unavailable(&self) {
        self.lock().ledger.expects(Metric::Unavailable, 1);
    }

    /// The door answered 202 and put this into the quarantine, in which there is so much now.
    pub(crate) fn quarantined(&self, readable: bool, depth: usize) {
        let mut state = self.lock();
        state.step(self.clock.now(), || "quarantined".to_owned());
        state.ledger.expects(Metric::Quarantined, 1);
        state.figures.count(Figure::Quarantined);
        if readable {
            state.broken("a genuine body was quarantined".to_owned());
        }
        if depth < state.figures.get(Figure::Quarantined) {
            state.broken("a body is said to be in quarantine and is not".to_owned());
        }
    }

    pub(super) fn expects(&self, metric: Metric, amount: usize) {
        self.lock().ledger.expects(metric, amount);
    }

    /// A run heard of its question.
    pub(crate) fn heard_of_the_ai(&self, answer: &Result<Answer, AiError>) {
        if answer.is_err() {
            self.expects(Metric::AiFailed, 1);
        }
    }

    /// A run heard of the row it put: once for each conversation in which it puts one.
    pub(crate) fn heard_of_a_row(&self, message: &Message, filed: &Result<Filed, StoreError>) {
        let unknown = message.route.is_some() && !self.lock().knows_the_route(message);
        if unknown && *filed == Ok(Filed::New) {
            self.expects(Metric::UnknownRoute, 1);
        }
    }

    /// A run is about to mark a row.
    pub(crate) fn marking(&self, key: &ConversationKey, id: &MessageId, row: RowState) {
        let mut state = self.lock();
        // What the head is about to forget is marked as well.
        let is_known = state.conversations.get(key).is_some_and(|conversation| conversation.done.contains(id));
        let is_too_many = row == RowState::Done && state.ledger.too_many.remove(id);
        match state.ends.get(id) {
            _ if row != RowState::Done || (is_known && !is_too_many) => {}
            None => state.ledger.expects(Metric::OverBudget, 1),
            Some(_) => *state.ledger.perhaps.entry(Metric::OverBudget).or_default() += 1,
        }
    }

    /// A run that took a conversation over reads the turn it found there.
    pub(crate) fn finishes(&self, key: &ConversationKey, machine: &Machine, row: &Result<Option<TurnRow>, StoreError>) {
        let mut state = self.lock();
        let claim = machine.claim_of(key).map(|epoch| (key.clone(), epoch));
        if matches!(row, Ok(Some(_))) && claim.is_some_and(|claim| state.ledger.found_sending.contains(&claim)) {
            state.ledger.expects(Metric::UnknownSend, 1);
        }
    }

    /// Whether a turn stands, as far as a run knows that is about to put its row: it is cut with that. Once the run has ended
    /// it, the row only notes what Braze was told.
    pub(crate) fn is_standing(&self, key: &ConversationKey, row: &TurnRow, machine: &Machine) -> bool {
        let (state, turn) = (self.lock(), (key.clone(), row.key));
        // Who was forgotten with it ended it too.
        if row.kind == TurnKind::Begun {
            return false;
        }
        let is_whole = state.drafts.get(&turn).is_some_and(|draft| draft.row.reply == row.reply);
        let ended_with_its_user = is_whole && state.is_of_before(key, row.key.epoch);
        let found = machine.claim_of(key).and_then(|epoch| state.ledger.found.get(&(key.clone(), epoch)));
        // A run that stood still while another one ended its turn shortens the row in vain, and counts that.
        let is_shorter = state.drafts.get(&turn).is_some_and(|draft| row.reply.len() < draft.row.reply.len());
        let was_open = !state.over.contains(&turn) || found == Some(&row.key) || is_shorter;
        state.committed.contains(&turn) && was_open && !machine.has_ended(key, row.key) && !ended_with_its_user
    }

    /// A run heard that the row was put with which it cut a turn.
    pub(crate) fn heard_of_a_cut(&self, key: &ConversationKey, row: &TurnRow, machine: &Machine) {
        let mut state = self.lock();
        if let Some(epoch) = machine.claim_of(key) {
            state.ledger.cut.push((key.clone(), row.key, epoch));
            state.ledger.expects(Metric::Cut, 1);
        }
    }

    /// A run is about to write.
    pub(crate) fn writing(&self, key: &ConversationKey, write: &HeadWrite) {
        let mut state = self.lock();
        match write {
            HeadWrite::Settle { .. } if is_parked(write) => {}
            HeadWrite::Settle { turn: Some(turn), covers, last_turn, .. }
                if covers.is_empty() && *last_turn < turn.number => {}
            HeadWrite::Settle { held, turn: Some(turn), .. }
                if state.why_over(key, *turn, held.epoch) == Some(Over::Flagged) =>
            {
                // A hand-off that somebody has decided about meanwhile is written once more, without.
                let is_first = state.ledger.flagged.insert((key.clone(), *turn, held.epoch));
                state.ledger.expects(Metric::Flagged, usize::from(is_first));
            }
            HeadWrite::Settle { held, turn: None, covers, last_turn, aftermath, .. } => {
                let open = state.open(covers);
                let copies = state.copies_among(key, &open);
                // Among others they are counted where a person was told of those; where nothing is said, all are copies.
                let (known, silent) = state
                    .conversations
                    .get(key)
                    .map_or((0, false), |known| (known.last_turn, known.opted_out || aftermath.is_some()));
                // What agents write is sent whatever the user wishes.
                let silent = silent && !open.first().is_some_and(|id| state.is_line(id));
                // A wish that Braze did not take has a row too.
                let kind = state.kind(key, TurnKey { number: *last_turn, epoch: held.epoch });
                let forwards = *last_turn > known && kind != TurnKind::Heeded;
                let counts = forwards || !silent || copies == open.len();
                let too_much = if silent || forwards { None } else { state.too_much(key, &open) };
                let copies = if counts && too_much.is_none() { copies } else { 0 };
                if let Some(end) = too_much {
                    let metric = if end == End::OverBudget { Metric::OverBudget } else { Metric::LoopBroken };
                    state.ledger.too_much.insert((key.clone(), held.epoch), (metric, open.len()));
                }
                state.ledger.copies.insert((key.clone(), held.epoch), copies);
            }
            HeadWrite::Commit { held, turn, covers, .. } => {
                let draft = state.drafts.get(&(key.clone(), *turn)).map(|draft| &draft.row);
                let begun = draft.is_some_and(|row| state.is_begun_by_a_system(row));
                let said = draft.map_or(0, |row| if begun { covers.len() } else { row.said.len() });
                let copies = state.open(covers).len().saturating_sub(said);
                state.ledger.copies.insert((key.clone(), held.epoch), copies);
            }
            _ => {}
        }
    }

    /// A run heard of its write.
    pub(crate) fn heard_of_a_write(
        &self,
        key: &ConversationKey,
        write: &HeadWrite,
        written: &Result<Head, WriteError>,
        machine: &Machine,
    ) {
        let applied = match written {
            Ok(_) => true,
            Err(WriteError::Refused(Some(found))) => write.was_applied(found),
            Err(_) => false,
        };
        let mut state = self.lock();
        if let (HeadWrite::File { message, .. }, Err(WriteError::Refused(Some(found)))) = (write, written)
            && found.pending.len() >= MOST_PENDING
        {
            state.ledger.too_many.insert(message.clone());
        }
        if !applied {
            return;
        }
        if let HeadWrite::Settle { turn: Some(turn), .. } = write {
            machine.ended(key, *turn);
        }
        match write {
            HeadWrite::Settle { covers, .. } if is_parked(write) => {
                state.ledger.expects(Metric::Parked, covers.len());
            }
            // A turn that is taken back settles nothing; that nothing of it was read is checked where it is written.
            HeadWrite::Settle { turn: Some(turn), covers, last_turn, .. }
                if covers.is_empty() && *last_turn < turn.number => {}
            HeadWrite::Settle { held, turn: Some(turn), .. }
                if state.why_over(key, *turn, held.epoch) == Some(Over::Said) =>
            {
                let metric = match state.kind(key, *turn) {
                    TurnKind::HandOff(_) => Metric::HandedOff,
                    TurnKind::Agent => Metric::AgentAnswered,
                    _ => Metric::Answered,
                };
                state.ledger.expects(metric, 1);
            }
            HeadWrite::Settle { held, turn: None, covers, done, .. } => {
                // The desk may have taken some and refused others.
                let given_up = covers.iter().filter(|id| !done.contains(id)).count();
                state.ledger.expects(Metric::Parked, given_up);
                let copies = state.ledger.copies.remove(&(key.clone(), held.epoch)).unwrap_or_default();
                state.ledger.expects(Metric::Duplicate, copies);
                if let Some((metric, amount)) = state.ledger.too_much.remove(&(key.clone(), held.epoch)) {
                    state.ledger.expects(metric, amount);
                }
                if written.is_err() {
                    for metric in [Metric::Duplicate, Metric::OverBudget, Metric::LoopBroken] {
                        *state.ledger.perhaps.entry(metric).or_default() += covers.len();
                    }
                }
            }
            HeadWrite::Commit { held, turn, .. } => {
                let copies = state.ledger.copies.remove(&(key.clone(), held.epoch)).unwrap_or_default();
                let draft = state.drafts.get(&(key.clone(), *turn));
                let own_line = draft.is_some_and(|draft| draft.row.own_line && !state.says_too_much(&draft.row))
                    && state.kind(key, *turn) == TurnKind::Answer;
                let unasked = draft.filter(|_| own_line).map(|draft| draft.unasked);
                state.ledger.expects(Metric::Duplicate, copies);
                match unasked {
                    Some(Unasked::No) => state.ledger.expects(Metric::Fallback, 1),
                    Some(Unasked::Perhaps) => *state.ledger.perhaps.entry(Metric::Fallback).or_default() += 1,
                    // That is counted as `DeploymentOverBudget`.
                    Some(Unasked::Yes) | None => {}
                }
            }
            _ => {}
        }
    }
}

/// Whether a write gives messages up: then it does not remember them as settled.
pub(super) fn is_parked(write: &HeadWrite) -> bool {
    matches!(write, HeadWrite::Settle { covers, done, .. }
        if !covers.is_empty() && covers.iter().all(|id| !done.contains(id)))
}

impl State {
    /// Those of a turn's messages that had not ended before.
    pub(super) fn open(&self, covers: &[MessageId]) -> Vec<MessageId> {
        let is_open = |id: &&MessageId| self.ends.get(*id).is_none_or(|end| *end == End::Parked);
        covers.iter().filter(is_open).cloned().collect()
    }

    /// A claim found this head.
    pub(super) fn found_by_a_claim(&mut self, key: &ConversationKey, before: &Head, epoch: u64) {
        let Some(turn) = &before.turn else { return };
        self.ledger.found.insert((key.clone(), epoch), turn.key);
        if turn.state == store::SendState::Sending {
            self.ledger.found_sending.push((key.clone(), epoch));
        }
    }

    /// Why the holder of `epoch` says that a turn is over; none if the turn had been cut before and nothing was left of it.
    pub(super) fn why_over(&self, key: &ConversationKey, turn: TurnKey, epoch: u64) -> Option<Over> {
        let draft = self
            .drafts
            .get(&(key.clone(), turn))
            .filter(|draft| !matches!(draft.row.kind, TurnKind::Moment | TurnKind::Begun))?;
        let parts = u32::try_from(draft.row.reply.len()).unwrap_or_default();
        let own = |request: &&super::phone::Request| {
            request.key == *key && request.turn == turn && request.epoch == Some(epoch) && request.part == parts
        };
        let last = self.requests.iter().rev().find(own).and_then(|request| request.heard);
        if self.ledger.cut.iter().any(|cut| *cut == (key.clone(), turn, epoch)) {
            return Some(Over::Cut);
        }
        let conversation = self.conversations.get(key)?;
        let begun = conversation.last_part.filter(|(last, _)| *last == turn).map_or(0, |(_, part)| part);
        if begun > parts {
            return (conversation.begun_by != epoch).then_some(Over::Flagged);
        }
        Some(if last == Some(Heard::Accepted) { Over::Said } else { Over::Flagged })
    }
}
