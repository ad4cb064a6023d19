//! As the responder's `filing`: the row first, then the place in the head.

use std::rc::Rc;

use store::HeadWrite;

use super::{Actor, How, Step, Written};
use crate::bug::Bug;
use crate::state::{Row, id};
use crate::time::{NOW, TO_COME};

impl Actor<'_> {
    pub(super) fn put_row(&mut self, index: usize) {
        let delivery = self.run.deliveries[index];
        let message = delivery.message;
        let row = self.state.letters[message].row;
        if self.how != How::Well && self.how != How::FailsUndone && row != Row::None {
            return self.is_impossible();
        }
        if self.how != How::FailsUndone && row == Row::None {
            self.state.letters[message].row = Row::Open;
        }
        match self.how {
            How::Well => {}
            How::Unheard => return,
            _ => return self.not_filed(index),
        }
        match row {
            Row::None => self.run.fresh.add(message),
            Row::Done => return self.was_settled(index),
            Row::Parked { lately: true } if delivery.seen => return self.file_from(index + 1),
            Row::Open | Row::Parked { .. } if self.rules.has(Bug::DuplicatesEnd) => return self.was_settled(index),
            Row::Open | Row::Parked { .. } => {}
        }
        let is_last = index + 1 == self.run.deliveries.len();
        let claims = is_last && self.state.letters[message].complete;
        let claim = if claims { Some(self.new_claim()) } else { None };
        self.run.step = Step::File(index, claim);
    }

    pub(super) fn file(&mut self, index: usize, claim: Option<u32>) {
        let message = self.run.deliveries[index].message;
        let due = if self.state.letters[message].complete { NOW } else { TO_COME };
        let claiming = claim.map(|claim| self.claim_of(claim));
        let write = HeadWrite::File {
            message: id(message),
            due,
            arrival: NOW,
            heard: Some(NOW),
            claim: claiming,
            create: true,
        };
        match self.write(&write, None) {
            Written::Done(head) => match claim {
                Some(claim) if head.run == Some(super::token(claim)) => self.took(claim, head),
                _ => self.placed(index, head),
            },
            Written::Refused(Some(found)) if found.settled(&id(message)) => self.was_settled(index),
            Written::Refused(Some(found)) if found.pending.contains_key(&id(message)) => self.placed(index, found),
            Written::Refused(_) if claim.is_some() => self.run.step = Step::File(index, None),
            Written::Refused(_) | Written::Failed => self.not_filed(index),
            Written::Unheard => {}
        }
    }

    fn placed(&mut self, index: usize, head: Rc<store::Head>) {
        self.run.view = head;
        self.file_from(index + 1);
    }

    fn was_settled(&mut self, index: usize) {
        self.run.settled.add(self.run.deliveries[index].message);
        self.file_from(index + 1);
    }

    fn not_filed(&mut self, index: usize) {
        let message = self.run.deliveries[index].message;
        self.run.failed.add(message);
        self.run.fresh.remove(message);
        self.file_from(index + 1);
    }
}
