//! As the responder's `turn`: read what is pending, decide, ask, draft, commit.

use std::rc::Rc;

use models::{MessageId, Spent};
use store::{Head, HeadWrite, Owner, TurnKey, Voice};

use super::{Actor, How, Run, Step, Written};
use crate::bug::Bug;
use crate::state::{Draft, Row, number};
use crate::witness::Ending;

impl Actor<'_> {
    /// Finishes the turn that a run before left behind, or makes the next one.
    pub(super) fn work(&mut self) {
        let is_ignored = self.rules.has(Bug::LeftOverIgnored)
            || self.rules.has(Bug::LeftOverIgnoredLater) && self.stands_before_the_answer();
        if self.run.head.turn.is_some() && !is_ignored {
            self.run.step = Step::ReadTurn;
        } else {
            self.look_at_rows(false);
        }
    }

    /// Rows that this run put are known to be open, and not read.
    pub(super) fn look_at_rows(&mut self, again: bool) {
        let covers = self.covers();
        if covers.iter().all(|id| self.run.fresh.has(number(id))) {
            self.run.about = covers.iter().map(number).collect();
            self.mark_from(again, 0);
        } else {
            self.run.step = Step::ReadRows { again };
        }
    }

    pub(super) fn read_rows(&mut self, again: bool) {
        if self.how == How::FailsUndone {
            return self.stop();
        }
        let is_open = |message: &usize| {
            self.run.fresh.has(*message) || !matches!(self.state.letters[*message].row, Row::Done | Row::None)
        };
        self.run.about = self.covers().iter().map(number).filter(is_open).collect();
        self.mark_from(again, 0);
    }

    fn mark_from(&mut self, again: bool, index: usize) {
        let (_, forgotten) = self.rules.done_after(&self.run.head, &self.agenda());
        if index < forgotten.len() && !self.rules.has(Bug::ForgottenUnmarked) {
            self.run.step = Step::Mark { again, index };
        } else {
            self.decide(again);
        }
    }

    pub(super) fn mark(&mut self, again: bool, index: usize) {
        let (_, forgotten) = self.rules.done_after(&self.run.head, &self.agenda());
        let message = number(&forgotten[index]);
        let is_being_filed = |run: &Rc<Run>| run.is_filing(message) && run.fresh.has(message);
        if !self.rules.slow_filing && self.state.runs.iter().any(is_being_filed) {
            return self.is_impossible();
        }
        if self.effect(|state| state.letters[message].row = Row::Done) {
            self.mark_from(again, index + 1);
        }
    }

    fn decide(&mut self, again: bool) {
        let (head, about, attempts) = (&self.run.head, self.run.about, self.run.head.attempts);
        let is_stale = (0..self.state.letters.len()).filter(|m| about.has(*m)).all(|m| self.state.letters[m].stale);
        if about.is_empty() || head.owner == Owner::Person {
            self.run.step = Step::Settle(Ending::Silent);
        } else if is_stale || attempts >= self.rules.attempts {
            self.run.step = Step::Settle(Ending::Parked);
        } else {
            self.reply(attempts + 1 == self.rules.attempts, again);
        }
    }

    /// A draft that a run before us did not live to commit, or the fallback line, or what the AI says.
    fn reply(&mut self, fallback: bool, again: bool) {
        let (number, covers) = (self.run.head.last_turn + 1, self.agenda());
        let is_overlooked = self.run.later.is_some() && self.rules.has(Bug::LeftOverIgnoredLater);
        let is_answer =
            |draft: &&Rc<Draft>| (!draft.moment || self.rules.has(Bug::MomentTakenForTheAnswer)) && !is_overlooked;
        let written = self.run.history.iter().filter(is_answer);
        let written = written.filter(|draft| draft.key.number == number && draft.covers == covers);
        match written.min_by_key(|draft| draft.own_line).cloned() {
            // A row that was cut down to nothing is no answer.
            Some(draft) if draft.parts == 0 && (!draft.own_line || fallback) => self.run.step = Step::Release,
            Some(draft) if !draft.own_line || fallback => {
                self.draft(Draft::clone(&draft), again);
            }
            _ if fallback => {
                let line = Draft { own_line: true, ..self.new_draft(1) };
                self.draft(line, again);
            }
            _ => self.ask_or_wait(again),
        }
    }

    pub(super) fn ask(&mut self, again: bool) {
        if !self.run.asked {
            let holds = self.state.head.as_deref().is_some_and(|head| self.run.holds(head));
            let question = self.question();
            self.state.witness.asked(question, holds, self.rules);
        }
        self.run.asked = self.how == How::Slow;
        if self.how == How::Slow {
            return self.takes_a_moment(again);
        }
        if self.how == How::Later {
            return self.promises();
        }
        if self.how == How::Well {
            let answer = self.new_draft(self.rules.parts);
            self.draft(answer, again);
        } else {
            self.run.step = Step::Release;
        }
    }

    /// Words that were never said before, about what is pending.
    pub(super) fn new_draft(&mut self, parts: u32) -> Draft {
        self.state.next.reply += 1;
        let reply = self.state.next.reply;
        let (covers, about) = (self.agenda(), self.run.about);
        Draft { key: self.next_turn(), covers, about, reply, parts, own_line: false, moment: false }
    }

    pub(super) fn next_turn(&self) -> TurnKey {
        let epoch = if self.rules.has(Bug::DraftsShareARow) { 0 } else { self.held().epoch };
        TurnKey { number: self.run.head.last_turn + 1, epoch }
    }

    /// The same words may have been a dead run's.
    pub(super) fn draft(&mut self, words: Draft, again: bool) {
        let (key, about) = (self.next_turn(), self.run.about);
        self.run.draft = Some(Rc::new(Draft { key, about, ..words }));
        self.run.step = Step::PutDraft { again };
    }

    pub(super) fn put_draft(&mut self, again: bool) {
        let Some(draft) = self.run.draft.clone() else { return self.stop() };
        if self.effect(|state| state.put_draft(draft)) {
            self.run.step = Step::Commit { again };
        }
    }

    /// Unless `again` is none, only as long as nothing newer was filed.
    pub(super) fn commit(&mut self, again: Option<bool>) {
        let Some(draft) = self.run.draft.clone() else { return self.stop() };
        let write = HeadWrite::Commit {
            held: self.held(),
            turn: draft.key,
            voice: Voice::Bot,
            parts: draft.parts,
            covers: draft.covers.clone(),
            seen: again.map(|_| self.run.head.sequence),
            spent: Spent::default(),
        };
        match self.write(&write, None) {
            Written::Done(head) => self.deliver(head),
            Written::Refused(Some(found)) if again.is_some() && self.is_ours(&found) && found.turn.is_none() => {
                if again == Some(true) {
                    self.run.step = Step::CommitAnyway;
                    return;
                }
                self.run.head = found;
                self.run.draft = None;
                self.look_at_rows(true);
            }
            Written::Refused(_) | Written::Failed => self.stop(),
            Written::Unheard => {}
        }
    }

    fn is_ours(&self, head: &Head) -> bool {
        self.run.holds(head) || self.rules.has(Bug::NoFence)
    }

    /// What this turn is to cover.
    fn covers(&self) -> Vec<MessageId> {
        self.rules.next_covers(self.run.before.as_ref().unwrap_or(&self.run.head))
    }

    /// The same once its rows are read: the open messages first.
    pub(super) fn agenda(&self) -> Vec<MessageId> {
        let mut covers = self.covers();
        covers.sort_by_key(|id| !self.run.about.has(number(id)));
        covers
    }
}
