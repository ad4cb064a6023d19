//! As the responder's `moment`: a turn of its own that says that the answer takes a moment, while the AI is asked.

use std::rc::Rc;

use models::Spent;
use store::{Head, HeadWrite, Voice};

use super::{Actor, How, Step, Written};
use crate::bug::Bug;
use crate::state::Draft;
use crate::witness::Ending;

impl Actor<'_> {
    /// The AI takes long: the user is told so, unless that is the last thing they read.
    pub(super) fn takes_a_moment(&mut self, again: bool) {
        if !self.rules.moments || again || self.run.told {
            return self.is_impossible();
        }
        self.says_a_moment();
    }

    pub(super) fn says_a_moment(&mut self) {
        let line = Draft { own_line: true, moment: true, ..self.new_draft(1) };
        self.run.draft = Some(Rc::new(line));
        self.run.step = Step::PutMoment;
    }

    pub(super) fn put_moment(&mut self) {
        let Some(moment) = self.run.draft.clone() else { return self.stop() };
        if self.effect(|state| state.put_draft(moment)) {
            self.run.step = Step::CommitMoment;
        }
    }

    pub(super) fn commit_moment(&mut self) {
        let Some(moment) = self.run.draft.clone() else { return self.stop() };
        let write = HeadWrite::Commit {
            held: self.held(),
            turn: moment.key,
            voice: Voice::Bot,
            parts: 1,
            covers: if self.rules.has(Bug::MomentSettles) { moment.covers.clone() } else { Vec::new() },
            seen: Some(self.run.head.sequence),
            spent: Spent::default(),
        };
        match self.write(&write, None) {
            Written::Done(head) => {
                self.run.told = true;
                self.run.head = in_the_light_of(&self.run.head, &head);
                self.run.step = Step::SendMoment;
            }
            // Something newer was filed: the answer looks at that.
            Written::Refused(Some(found)) if self.run.holds(&found) && found.turn.is_none() => {
                self.run.told = true;
                self.after_a_moment();
            }
            Written::Refused(_) | Written::Failed => self.stop(),
            Written::Unheard => {}
        }
    }

    /// Once, and without a second copy whatever becomes of it.
    pub(super) fn send_moment(&mut self) {
        if matches!(self.how, How::Well | How::Unknown { delivered: true }) {
            self.state.witness.told_of_a_moment(self.run.about);
        }
        self.run.step = Step::Settle(Ending::GoesOn);
    }

    /// The turn is over, and the conversation still ours. A run before did not live to hear the answer it asked for.
    pub(super) fn goes_on(&mut self, head: &Head) {
        self.run.head = in_the_light_of(&self.run.head, head);
        self.run.draft = None;
        if self.run.asked || self.run.waits {
            self.after_a_moment();
        } else {
            self.look_at_rows(false);
        }
    }

    /// The AI is heard, or its answer waited on.
    fn after_a_moment(&mut self) {
        self.run.draft = None;
        self.run.step =
            if self.run.waits { Step::Settle(Ending::Aside { new: false }) } else { Step::Ask { again: false } };
    }
}

/// The head as it is now, with what was pending when the turn began: what came since is not in the question.
fn in_the_light_of(known: &Head, now: &Head) -> Rc<Head> {
    Rc::new(Head { pending: known.pending.clone(), sequence: known.sequence, ..now.clone() })
}
