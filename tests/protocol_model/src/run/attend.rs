//! As the responder's `attend`: look, file everything, answer what is due, say what is over.

use std::rc::Rc;

use store::{Head, HeadWrite};

use super::{Actor, Delivery, Holding, How, Step, Written};
use crate::bug::Bug;
use crate::state::{State, id, number};
use crate::time::{CAP, NOW};

impl Actor<'_> {
    pub(super) fn look(&mut self) {
        if self.how == How::FailsUndone {
            self.run.failed = self.run.deliveries.iter().map(|delivery| delivery.message).collect();
            return self.stop();
        }
        if let Some(head) = &self.state.head {
            if head.suspect() && !head.leased(NOW) && !self.run.alone {
                return self.run.begin_alone();
            }
            self.run.view = Rc::clone(head);
        }
        self.file_from(0);
    }

    /// The next delivery that is not known to have its place; after the last one, the work.
    pub(super) fn file_from(&mut self, first: usize) {
        for index in first..self.run.deliveries.len() {
            let message = self.run.deliveries[index].message;
            if self.run.view.pending.contains_key(&id(message)) {
                continue;
            }
            if self.run.view.settled(&id(message)) {
                self.run.settled.add(message);
                continue;
            }
            self.run.step = Step::PutRow(index);
            return;
        }
        self.answer_due();
    }

    /// Works on the conversation if it is held, claims it if something is due and nobody has it, or is over.
    pub(super) fn answer_due(&mut self) {
        self.run.draft = None;
        if self.run.held.is_some() {
            self.run.head = Rc::clone(&self.run.view);
            return self.work();
        }
        self.run.step = Step::Tell;
        let view = &self.run.view;
        let due = view.due(CAP).is_some_and(|due| due <= NOW) && self.may_work();
        let free = !view.leased(NOW) && view.retry_at(NOW).is_none();
        if view.pending.is_empty() || !due || !free {
            return;
        }
        if view.suspect() && !self.run.alone {
            return self.run.begin_alone();
        }
        self.run.step = Step::Claim(self.new_claim());
    }

    pub(super) fn claim(&mut self, claim: u32) {
        let Some(message) = self.run.view.pending.keys().next().cloned() else { return self.stop() };
        let write = HeadWrite::Claim { message, claim: self.claim_of(claim) };
        match self.write(&write, None) {
            Written::Done(head) => {
                let before = Rc::clone(&self.run.view);
                self.run.before = self.rules.has(Bug::StaleSet).then_some(before);
                self.took(claim, head);
            }
            Written::Refused(Some(found)) => {
                self.run.view = found;
                self.run.step = Step::Tell;
            }
            Written::Refused(None) | Written::Failed => self.stop(),
            Written::Unheard => {}
        }
    }

    /// The conversation is ours. Its history was read beside the claim.
    pub(super) fn took(&mut self, claim: u32, head: Rc<Head>) {
        self.run.held = Some(Holding { epoch: head.epoch, claim });
        self.run.history =
            self.state.drafts.iter().filter(|draft| draft.key.number > head.last_turn).cloned().collect();
        self.run.aside.clone_from(&self.state.aside);
        (self.run.asked, self.run.passed, self.run.waits) = (false, false, false);
        self.run.told = self.state.told && !self.rules.has(Bug::MomentForgotten);
        self.run.knew = self.run.told;
        self.run.view = head;
        self.answer_due();
    }

    pub(super) fn tell(&mut self) {
        if self.run.later.is_some() {
            return self.tell_of_the_answer();
        }
        let is_untold = self.how == How::NotTold;
        let run = &*self.run;
        let over = |delivery: &Delivery| self.is_over(self.state, delivery);
        let over: Vec<_> = run.deliveries.iter().map(|delivery| (*delivery, over(delivery))).collect();
        let deletes_kept = is_untold && self.rules.has(Bug::UntoldDeleted);
        if is_untold && over.iter().all(|(_, over)| *over) {
            return self.is_impossible();
        }
        let kept = |delivery: &Delivery| {
            let over = over.iter().any(|(other, over)| other == delivery && *over);
            !over && !deletes_kept
        };
        self.state.come_back(run, kept);
    }

    fn is_over(&self, state: &State, delivery: &Delivery) -> bool {
        let (run, id) = (&*self.run, id(delivery.message));
        if run.failed.has(delivery.message) {
            return false;
        }
        let is_aside = run.waits && self.rules.has(Bug::AsideDeleted);
        if run.settled.has(delivery.message) || run.view.settled(&id) || is_aside {
            return true;
        }
        let is_pending = run.view.pending.contains_key(&id);
        let is_conflict =
            is_pending && run.view.leased(NOW) && !state.head.as_deref().is_some_and(|head| run.holds(head));
        (self.rules.has(Bug::ConflictAcknowledged) && is_conflict)
            || (self.rules.has(Bug::ParkedAcknowledged) && !is_pending)
    }

    /// Whether a bug leaves the work to the newest message of the burst.
    fn may_work(&self) -> bool {
        let newest = self.run.view.pending.iter().max_by_key(|(_, pending)| pending.sequence).map(|(id, _)| number(id));
        let has_it = self.run.deliveries.iter().any(|delivery| Some(delivery.message) == newest);
        !self.rules.has(Bug::NewestOnly) || has_it
    }
}
