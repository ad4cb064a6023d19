//! The canonical form of a state: what the protocol can tell apart, and nothing else. Epochs, tokens and replies are only
//! ever compared, so their numbers do not matter; nor does which of two runs came first.

mod later;

use std::hash::Hasher as _;

use store::{Head, Owner, SendState, TurnKey};

use crate::run::{Later, Run, Step, token};
use crate::state::{Draft, Letter, Place, Row, State, number};
use crate::time::{NOW, OVER};
use crate::witness::Ending;

/// Writes states as short byte strings.
#[derive(Default)]
pub(crate) struct Canonical {
    bytes: Vec<u8>,
    runs: Vec<Vec<u8>>,
    epochs: Vec<u64>,
    replies: Vec<u32>,
}

impl Canonical {
    /// A number for `state`: the same for states that the protocol cannot tell apart, and another for others but by a
    /// chance of one in 2^64.
    pub(crate) fn fingerprint(&mut self, state: &State) -> u64 {
        self.write(state);
        let mut hash = std::hash::DefaultHasher::new();
        hash.write(&self.bytes);
        hash.finish()
    }

    fn write(&mut self, state: &State) {
        self.bytes.clear();
        self.replies.clear();
        self.number_epochs(state);
        self.bytes.extend(state.budget.bytes());
        self.flags([state.told]);
        for letter in state.letters {
            self.letter(letter);
        }
        let turns = state.head.as_ref().map_or(0, |head| head.last_turn);
        match &state.head {
            None => self.bytes.push(0),
            Some(head) => {
                self.bytes.push(1);
                self.head(head, turns, true);
            }
        }
        self.drafts(&state.drafts, turns);
        self.later(state, turns);
        self.witness(state, turns);
        let runs: Vec<_> = state.runs.iter().map(|run| self.run(run, state, turns)).collect();
        self.runs = runs;
        self.runs.sort();
        for run in &self.runs {
            self.bytes.push(0xFE);
            self.bytes.extend(run);
        }
    }

    fn number_epochs(&mut self, state: &State) {
        self.epochs.clear();
        let mut keys: Vec<u64> = state.drafts.iter().map(|draft| draft.key.epoch).collect();
        keys.extend(state.head.iter().filter_map(|head| Some(head.turn.as_ref()?.key.epoch)));
        keys.extend(state.aside.iter().map(|aside| aside.key.epoch));
        keys.extend(state.witness.doubtful.iter().map(|(turn, _)| turn.epoch));
        for run in &state.runs {
            keys.extend(run.held.map(|held| held.epoch));
            keys.extend(run.head.turn.as_ref().map(|turn| turn.key.epoch));
            keys.extend(run.aside.iter().map(|aside| aside.key.epoch));
            keys.extend(run.draft.iter().chain(&run.history).map(|draft| draft.key.epoch));
        }
        keys.sort_unstable();
        keys.dedup();
        self.epochs = keys;
    }

    fn small(&mut self, number: impl TryInto<u8>) {
        self.bytes.push(number.try_into().unwrap_or(u8::MAX));
    }

    fn flags<const N: usize>(&mut self, flags: [bool; N]) {
        self.bytes.push(flags.iter().fold(0, |byte, flag| byte << 1 | u8::from(*flag)));
    }

    fn letter(&mut self, letter: Letter) {
        let row = match letter.row {
            Row::None => 0,
            Row::Open => 1,
            Row::Done => 2,
            Row::Parked { lately } => 3 + u8::from(lately),
        };
        let places = letter.copies.iter().fold(0, |byte, place| {
            byte * 5
                + match place {
                    Place::Nowhere => 0,
                    Place::Queue { seen } => 1 + u8::from(*seen),
                    Place::Delivered => 3,
                    Place::Dead => 4,
                }
        });
        self.bytes.extend([row, places]);
        self.flags([letter.stale, letter.complete]);
    }

    /// A head, or a run's view of one; `turns` is the number of the last turn that is counted from.
    fn head(&mut self, head: &Head, turns: u64, with_lease: bool) {
        let lease = match head.lease_until {
            _ if !with_lease => 0,
            until if until > NOW => 2,
            until if until == OVER => 1,
            _ => 0,
        };
        let attempts = u8::try_from(head.attempts.min(7)).unwrap_or(7);
        self.bytes.push(lease << 4 | attempts << 1 | u8::from(head.owner == Owner::Person));
        self.small(head.last_turn + 64 - turns);
        let mut pending: Vec<_> = head.pending.iter().collect();
        pending.sort_by_key(|(_, pending)| pending.sequence);
        for (id, pending) in pending {
            self.small(number(id) * 2 + usize::from(pending.due > NOW) + 1);
        }
        self.bytes.push(0xFF);
        self.done(head);
        self.turn(head, turns);
    }

    fn done(&mut self, head: &Head) {
        for id in &head.done {
            self.small(number(id));
        }
        self.bytes.push(0xFF);
    }

    fn turn(&mut self, head: &Head, turns: u64) {
        let Some(turn) = &head.turn else { return self.bytes.push(0) };
        self.key(turn.key, turns);
        self.flags([true, turn.state == SendState::Sending, turn.retry_at.is_some_and(|at| at > NOW)]);
        self.small(turn.part * 16 + turn.parts * 4 + turn.copies);
        self.covers(&turn.covers);
    }

    fn key(&mut self, key: TurnKey, turns: u64) {
        self.small(key.number + 64 - turns);
        let rank = self.epochs.binary_search(&key.epoch).unwrap_or(usize::MAX);
        self.small(rank);
    }

    fn covers(&mut self, covers: &[models::MessageId]) {
        for id in covers {
            self.small(number(id));
        }
        self.bytes.push(0xFF);
    }

    fn reply(&mut self, reply: u32) {
        let place = self.replies.iter().position(|other| *other == reply).unwrap_or_else(|| {
            self.replies.push(reply);
            self.replies.len() - 1
        });
        self.small(place);
    }

    fn drafts(&mut self, drafts: &[std::rc::Rc<Draft>], turns: u64) {
        self.small(drafts.len());
        for draft in drafts {
            self.draft(draft, turns);
        }
    }

    fn draft(&mut self, draft: &Draft, turns: u64) {
        self.key(draft.key, turns);
        self.covers(&draft.covers);
        self.bytes.push(draft.about.0);
        self.reply(draft.reply);
        self.small(draft.parts * 4 + u32::from(draft.own_line) * 2 + u32::from(draft.moment));
    }

    fn witness(&mut self, state: &State, turns: u64) {
        let witness = &state.witness;
        self.bytes.extend([witness.settled.0, witness.owed.0]);
        self.flags([witness.excused, witness.leased]);
        self.small(witness.doubtful.len());
        for (turn, part) in &witness.doubtful {
            self.key(*turn, turns);
            self.small(*part);
        }
        self.small(witness.asked);
        self.bytes.extend([witness.moments.0, witness.aside, witness.waited, witness.given_up.0]);
        self.small(witness.delivered.len());
        for delivered in &witness.delivered {
            self.reply(delivered.reply);
            self.bytes.push(delivered.about.0);
            let copies = delivered.copies.iter().fold(0, |copies, of_part| copies * 4 + of_part);
            self.small(delivered.parts * 64 + copies);
        }
    }

    fn run(&mut self, run: &Run, state: &State, turns: u64) -> Vec<u8> {
        let start = self.bytes.len();
        let head = state.head.as_deref();
        for delivery in &run.deliveries {
            self.small(delivery.message * 4 + delivery.copy * 2 + usize::from(delivery.seen));
        }
        self.bytes.push(0xFF);
        if let Some(Later { answer, seen, hearing }) = run.later {
            self.small(answer * 8 + usize::from(seen) * 4 + hearing as usize);
        }
        self.bytes.extend([run.settled.0, run.failed.0]);
        self.step(run, head);
        if run.step != Step::Tell {
            self.bytes.push(run.fresh.0);
            let is_run = run.held.is_some_and(|held| head.is_some_and(|head| head.run == Some(token(held.claim))));
            self.flags([run.alone, run.held.is_some(), is_run, head.is_some_and(|head| run.holds(head))]);
            self.small(run.held.map_or(usize::MAX, |held| self.epochs.binary_search(&held.epoch).unwrap_or(0)));
        }
        match run.step {
            Step::Look | Step::HearHead => {}
            Step::HearRows | Step::PutRow(_) | Step::File(..) => self.head(&run.view, turns, true),
            Step::Claim(_) => {
                self.head(&run.view, turns, true);
            }
            Step::Tell => self.verdicts(run, head, turns),
            _ => {
                self.verdicts(run, head, turns);
                self.work(run, state, turns);
            }
        }
        self.bytes.split_off(start)
    }

    fn step(&mut self, run: &Run, head: Option<&Head>) {
        let is_ours = |claim: u32| head.is_some_and(|head| head.run == Some(token(claim)));
        let (kind, detail) = match run.step {
            Step::Look => (0, 0),
            Step::PutRow(index) => (1, index),
            Step::File(index, None) => (2, index),
            Step::File(index, Some(claim)) => (3, index * 2 + usize::from(is_ours(claim))),
            Step::Claim(claim) => (4, usize::from(is_ours(claim))),
            Step::ReadTurn => (5, 0),
            Step::ReadRows { again } => (6, usize::from(again)),
            Step::Mark { again, index } => (7, index * 2 + usize::from(again)),
            Step::Ask { again } => (8, usize::from(again)),
            Step::PutDraft { again } => (9, usize::from(again)),
            Step::Commit { again } => (10, usize::from(again)),
            Step::Send => (11, 0),
            Step::NextPart => (12, 0),
            Step::SendAgain => (13, 0),
            Step::PutBack => (14, 0),
            Step::PutCut { read } => (15, read as usize),
            Step::Settle(ending) => (16, ended(ending)),
            Step::MarkParked(message) => (17, message),
            Step::Release => (18, 0),
            Step::SendLate { part } => (19, part as usize),
            Step::Tell => (20, 0),
            Step::PutMoment => (21, 0),
            Step::CommitMoment => (22, 0),
            Step::SendMoment => (23, 0),
            Step::CommitAnyway => (24, 0),
            Step::HearHead => (25, 0),
            Step::HearRows => (26, 0),
            Step::PutAside => (27, 0),
            Step::WaitOn => (28, 0),
        };
        self.bytes.push(kind);
        self.small(detail);
    }

    /// What the view still decides while a turn is at work: which deliveries are over, and the answer.
    fn verdicts(&mut self, run: &Run, head: Option<&Head>, turns: u64) {
        if run.later.is_some() {
            self.head(&run.view, turns, true);
        }
        self.flags([run.waits]);
        for delivery in &run.deliveries {
            let id = crate::state::id(delivery.message);
            let (settled, pending) = (run.view.settled(&id), run.view.pending.contains_key(&id));
            let conflict = run.view.leased(NOW) && !head.is_some_and(|head| run.holds(head));
            self.flags([settled, pending, conflict]);
        }
    }

    fn work(&mut self, run: &Run, state: &State, turns: u64) {
        self.head(&run.head, turns, false);
        if let Some(before) = &run.before {
            self.head(before, turns, false);
        }
        self.bytes.push(run.about.0);
        let is_newest = state.head.as_ref().is_some_and(|head| head.sequence == run.head.sequence);
        self.flags([is_newest, run.told, run.knew, run.asked, run.passed, run.waits]);
        self.aside(run.aside.as_deref(), turns);
        self.drafts(&run.history, turns);
        match &run.draft {
            Some(draft) => self.draft(draft, turns),
            None => self.bytes.push(0xFF),
        }
    }
}

fn ended(ending: Ending) -> usize {
    match ending {
        Ending::Accepted => 0,
        Ending::Flagged => 1,
        Ending::Cut => 2,
        Ending::Silent => 3,
        Ending::Parked => 4,
        Ending::GoesOn => 5,
        Ending::Aside { new } => 6 + usize::from(new),
    }
}
