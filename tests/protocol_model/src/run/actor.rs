//! A run doing its next step.

use std::rc::Rc;

use store::{Claim, Head, HeadWrite, Held};

use super::{Delivery, Holding, How, Run, Step, token};
use crate::bug;
use crate::bug::Bug;
use crate::rules::Rules;
use crate::state::{Draft, Place, State};
use crate::time::{NOW, TO_COME};
use crate::witness::Ending;

/// What a write to the head came to.
pub(super) enum Written {
    Done(Rc<Head>),
    Refused(Option<Rc<Head>>),
    Failed,
    /// Nothing is heard of it, and the run stays where it is.
    Unheard,
}

/// A run doing its next step.
pub(super) struct Actor<'a> {
    pub(super) state: &'a mut State,
    pub(super) run: &'a mut Run,
    pub(super) rules: &'a Rules,
    pub(super) how: How,
    /// The step cannot go this way here.
    pub(super) impossible: bool,
}

impl State {
    /// The state after run number `slot` did its next step like this; `None` if it cannot go so.
    pub(crate) fn step(&self, slot: usize, how: How, rules: &Rules) -> Option<Self> {
        let mut state = self.clone();
        let mut run = Rc::unwrap_or_clone(state.runs.remove(slot));
        if how == How::Dies {
            state.abandoned(&run);
            state.come_back(&run, |_| true);
            state.answer_comes_back(&run, true);
        } else {
            let mut actor = Actor { state: &mut state, run: &mut run, rules, how, impossible: false };
            let is_over = actor.run.step == Step::Tell;
            actor.go();
            if actor.impossible {
                return None;
            }
            if !is_over {
                state.runs.insert(slot, Rc::new(run));
            }
        }
        Some(state)
    }

    /// Whatever `run` was about to write down, it will not.
    pub(crate) fn abandoned(&mut self, run: &Run) {
        if let Some(head) = self.head.as_deref().filter(|head| run.holds(head)) {
            self.witness.stopped(head);
        }
    }

    /// Those deliveries of `run` that are `kept` are in the queue again; the others are deleted.
    pub(super) fn come_back(&mut self, run: &Run, kept: impl Fn(&Delivery) -> bool) {
        for delivery in &run.deliveries {
            let place = &mut self.letters[delivery.message].copies[delivery.copy];
            match *place {
                Place::Delivered if kept(delivery) => *place = Place::Queue { seen: true },
                Place::Delivered | Place::Queue { .. } if !kept(delivery) => *place = Place::Nowhere,
                _ => {}
            }
        }
    }

    /// The turn that `new` says is over, and `old` not yet.
    fn over_with(&self, old: Option<&Head>, new: &Head) -> Option<Rc<Draft>> {
        let turn = old?.turn.as_ref().filter(|turn| turn.key.number <= new.last_turn)?;
        self.draft(turn.key)
    }

    /// Writes the head, as the product's `write_head` does.
    pub(crate) fn write_head(
        &mut self,
        write: &HeadWrite,
        ending: Option<Ending>,
        rules: &Rules,
    ) -> Result<Rc<Head>, Option<Rc<Head>>> {
        let found = self.head.clone();
        if let Ok(new) = bug::apply(rules.bug, write, found.as_deref()) {
            if let Some(old) = found.as_deref().filter(|old| old.run != new.run && !old.leased(NOW)) {
                // A holder that lives on is overtaken, its lease being over: what it began to send, nobody can know.
                self.runs.iter().filter(|run| run.holds(old)).for_each(|_| self.witness.stopped(old));
            }
            self.witness.written(write, found.as_deref(), &new, ending, rules);
            if let Some(over) = self.over_with(found.as_deref(), &new) {
                self.told = over.moment;
            }
            self.drafts.retain(|draft| draft.key.number > new.last_turn);
            let new = Rc::new(new);
            self.head = Some(Rc::clone(&new));
            return Ok(new);
        }
        match found {
            Some(found) if !rules.has(Bug::OwnWriteUnrecognised) && write.was_applied(&found) => Ok(found),
            found => Err(found),
        }
    }
}

impl Actor<'_> {
    fn go(&mut self) {
        match self.run.step {
            Step::Look => self.look(),
            Step::PutRow(index) => self.put_row(index),
            Step::File(index, claim) => self.file(index, claim),
            Step::Claim(claim) => self.claim(claim),
            Step::ReadTurn => self.read_turn(),
            Step::ReadRows { again } => self.read_rows(again),
            Step::Mark { again, index } => self.mark(again, index),
            Step::PutMoment => self.put_moment(),
            Step::CommitMoment => self.commit_moment(),
            Step::SendMoment => self.send_moment(),
            Step::Ask { again } => self.ask(again),
            Step::HearHead => self.hear_head(),
            Step::HearRows => self.hear_rows(),
            Step::PutAside => self.put_aside(),
            Step::WaitOn => self.wait_on(),
            Step::PutDraft { again } => self.put_draft(again),
            Step::Commit { again } => self.commit(Some(again)),
            Step::CommitAnyway => self.commit(None),
            Step::Send => self.send(),
            Step::NextPart => self.next_part(),
            Step::SendAgain => self.send_again(),
            Step::PutBack => self.put_back(),
            Step::PutCut { read } => self.put_cut(read),
            Step::Settle(ending) => self.settle(ending),
            Step::MarkParked(index) => self.mark_parked(index),
            Step::Release => self.release(),
            Step::SendLate { part } => self.send_late(part),
            Step::Tell => self.tell(),
        }
    }

    /// Writes the head, as well as it goes.
    pub(super) fn write(&mut self, write: &HeadWrite, ending: Option<Ending>) -> Written {
        if self.how == How::FailsUndone {
            return Written::Failed;
        }
        let before = self.state.head.clone();
        let written = self.state.write_head(write, ending, self.rules);
        let is_done = match (&before, &self.state.head) {
            (Some(before), Some(after)) => !Rc::ptr_eq(before, after),
            (before, after) => before.is_some() != after.is_some(),
        };
        match self.how {
            How::Well => written.map_or_else(Written::Refused, Written::Done),
            // What is refused is refused whether its answer is heard or not: nothing new to look at.
            _ if !is_done => {
                self.is_impossible();
                Written::Unheard
            }
            How::Unheard => Written::Unheard,
            _ => Written::Failed,
        }
    }

    pub(super) fn is_impossible(&mut self) {
        self.impossible = true;
    }

    /// The effect of a call that cannot be refused. Whether the run goes on.
    pub(super) fn effect(&mut self, effect: impl FnOnce(&mut State)) -> bool {
        if self.how != How::FailsUndone {
            effect(self.state);
        }
        let goes_on = self.how == How::Well;
        if !goes_on {
            self.stop();
        }
        goes_on
    }

    /// Work on the conversation ends before its turn does: lost to another run, or the table failed.
    pub(super) fn stop(&mut self) {
        if self.how != How::Well {
            self.state.abandoned(self.run);
        }
        self.run.held = None;
        self.run.step = Step::Tell;
    }

    pub(super) fn held(&self) -> Held {
        let holding = self.run.held.unwrap_or(Holding { epoch: 0, claim: 0 });
        Held { epoch: holding.epoch, run: token(holding.claim) }
    }

    pub(super) fn new_claim(&mut self) -> u32 {
        self.state.next.claim += 1;
        self.state.next.claim
    }

    pub(super) fn claim_of(&self, number: u32) -> Claim {
        Claim { run: token(number), lease_until: TO_COME, suspects: self.run.alone }
    }
}
