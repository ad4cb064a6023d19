//! As the responder's `settle`: the ways a run gives a conversation back.

use std::rc::Rc;

use store::{Head, HeadWrite};

use super::{Actor, Step, Written};
use crate::bug::Bug;
use crate::state::{MOST_MESSAGES, Row, id, number};
use crate::witness::Ending;

impl Actor<'_> {
    pub(super) fn settle(&mut self, ending: Ending) {
        let head = Rc::clone(&self.run.head);
        // A turn that somebody else ended cannot be ended once more.
        if matches!(ending, Ending::Accepted | Ending::Flagged | Ending::Cut) && head.turn.is_none() {
            return self.stop();
        }
        let is_aside = matches!(ending, Ending::Aside { .. });
        let (turn, covers) =
            if is_aside && !self.rules.has(Bug::AsideSettles) { (None, Vec::new()) } else { self.ended(&head) };
        let parked = ending == Ending::Parked;
        let write = HeadWrite::Settle {
            held: self.held(),
            turn,
            covers: covers.clone(),
            done: if parked { head.done.clone() } else { self.rules.done_after(&head, &covers).0 },
            last_turn: turn.filter(|_| !parked).map_or(head.last_turn, |turn| turn.number),
            aftermath: None,
            goes_on: ending == Ending::GoesOn && !self.rules.has(Bug::MomentGivesBack),
        };
        match self.write(&write, Some(ending)) {
            Written::Done(new) if parked => {
                self.run.about = covers.iter().map(number).collect();
                self.run.view = new;
                self.park_from(0);
            }
            Written::Done(new) if ending == Ending::GoesOn => self.goes_on(&new),
            Written::Done(new) if is_aside => self.is_aside(new, ending),
            Written::Done(new) if self.rules.has(Bug::SentMoved) && ending == Ending::Accepted => {
                self.run.view = new;
                let part = head.turn.as_ref().map_or(0, |turn| turn.part);
                self.run.step = Step::SendLate { part };
            }
            Written::Done(new) => self.worked(new),
            Written::Refused(_) | Written::Failed => self.stop(),
            Written::Unheard => {}
        }
    }

    /// What settling ends: the committed turn with what it covers, or a run without one.
    fn ended(&self, head: &Head) -> (Option<store::TurnKey>, Vec<models::MessageId>) {
        match &head.turn {
            Some(turn) => (Some(turn.key), turn.covers.clone()),
            None => (None, self.agenda()),
        }
    }

    fn park_from(&mut self, message: usize) {
        match (message..self.state.letters.len()).find(|message| self.run.about.has(*message)) {
            Some(message) => self.run.step = Step::MarkParked(message),
            None => self.over(),
        }
    }

    pub(super) fn mark_parked(&mut self, message: usize) {
        let marked = self.effect(|state| {
            let row = &mut state.letters[message].row;
            if *row != Row::Done {
                *row = Row::Parked { lately: true };
            }
        });
        if marked {
            self.park_from(message + 1);
        }
    }

    pub(super) fn release(&mut self) {
        match self.write(&HeadWrite::Release { held: self.held() }, None) {
            Written::Done(head) => {
                self.run.view = head;
                self.run.held = None;
                self.run.step = Step::Tell;
            }
            Written::Refused(_) | Written::Failed => self.stop(),
            Written::Unheard => {}
        }
    }

    /// The conversation is as it is now; what else is due is done as well.
    pub(super) fn worked(&mut self, head: Rc<Head>) {
        self.run.view = head;
        self.over();
    }

    pub(super) fn over(&mut self) {
        if !self.rules.has(Bug::FreshForEver) {
            let view = &self.run.view;
            self.run.fresh = (0..MOST_MESSAGES)
                .filter(|message| self.run.fresh.has(*message) && view.pending.contains_key(&id(*message)))
                .collect();
        }
        self.run.held = None;
        self.run.before = None;
        self.answer_due();
    }
}
