//! As the responder's `send`: part by part, and the turn that a run before left behind.

use std::rc::Rc;

use store::{Head, HeadWrite, OpenTurn, Owner, SendState};

use super::{Actor, How, Step, Written};
use crate::bug::Bug;
use crate::state::Draft;
use crate::time::TO_COME;
use crate::witness::Ending;

impl Actor<'_> {
    pub(super) fn read_turn(&mut self) {
        if self.how == How::FailsUndone {
            return self.stop();
        }
        let Some(turn) = self.run.head.turn.clone() else { return self.stop() };
        self.run.draft = self.state.draft(turn.key);
        let Some(draft) = &self.run.draft else {
            self.run.step = Step::Settle(Ending::Parked);
            return;
        };
        if draft.moment && !self.rules.has(Bug::MomentSentAgain) {
            // What went before is read once this is over.
            (self.run.told, self.run.knew) = (true, true);
            self.run.step = Step::Settle(Ending::GoesOn);
            return;
        }
        let is_stale = turn.state == SendState::Ready
            && self.state.letters.iter().enumerate().all(|(m, letter)| !draft.about.has(m) || letter.stale);
        if is_stale {
            self.state.witness.excused = true;
            self.give_up(&turn);
        } else {
            self.again(&turn);
        }
    }

    /// The head says that the current part is being sent.
    pub(super) fn deliver(&mut self, head: Rc<Head>) {
        let part = head.turn.as_ref().map_or(0, |turn| turn.part);
        let has_part = self.run.draft.as_ref().is_some_and(|draft| part <= draft.parts);
        self.run.head = head;
        self.run.step = if has_part { Step::Send } else { Step::Settle(Ending::Cut) };
    }

    pub(super) fn send(&mut self) {
        let (Some(turn), Some(draft)) = (self.run.head.turn.clone(), self.run.draft.clone()) else {
            return self.stop();
        };
        if self.rules.has(Bug::SentMoved) && self.how == How::Well {
            self.accepted(&turn);
            return;
        }
        match self.how {
            How::Well => {
                self.reaches_the_user(&draft, &turn, turn.part);
                self.accepted(&turn);
            }
            How::Unknown { delivered } => {
                self.state.abandoned(self.run);
                if delivered {
                    self.reaches_the_user(&draft, &turn, turn.part);
                }
                self.unknown(&turn);
            }
            How::Rejected => {
                self.state.witness.excused = true;
                self.give_up(&turn);
            }
            _ => self.run.step = Step::PutBack,
        }
    }

    pub(super) fn send_late(&mut self, part: u32) {
        let (Some(turn), Some(draft)) = (self.run.head.turn.clone(), self.run.draft.clone()) else {
            return self.stop();
        };
        if self.how != How::Well {
            return self.is_impossible();
        }
        self.reaches_the_user(&draft, &turn, part);
        match self.state.head.clone().filter(|head| head.turn.is_some() && self.run.holds(head)) {
            Some(head) => self.deliver(head),
            None => self.over(),
        }
    }

    fn reaches_the_user(&mut self, draft: &Draft, turn: &OpenTurn, part: u32) {
        if draft.moment {
            self.state.witness.told_of_a_moment(draft.about);
        } else {
            self.state.witness.delivered(draft, turn.parts, part, self.rules);
            if let Some(answer) = self.state.answers.iter().find(|answer| answer.reply == draft.reply) {
                self.state.witness.told_later(*answer, draft.about);
            }
        }
    }

    fn accepted(&mut self, turn: &OpenTurn) {
        self.run.step = if turn.part >= turn.parts { Step::Settle(Ending::Accepted) } else { Step::NextPart };
    }

    fn unknown(&mut self, turn: &OpenTurn) {
        if self.rules.has(Bug::UnknownTakenForRefused) {
            self.run.step = Step::PutBack;
        } else {
            self.again(turn);
        }
    }

    /// One more copy, if one may be risked; otherwise the turn is flagged.
    fn again(&mut self, turn: &OpenTurn) {
        let may = turn.copies < self.rules.most_copies;
        self.run.step = if may { Step::SendAgain } else { Step::Settle(Ending::Flagged) };
    }

    /// What may have been read stands; if nothing was, the messages are parked. The copy that was just refused is not out.
    fn give_up(&mut self, turn: &OpenTurn) {
        let refused = u32::from(turn.state == SendState::Sending || self.rules.has(Bug::EarlierCopyForgotten));
        let read = turn.part - 1 + u32::from(turn.copies > refused);
        self.run.step = if read == 0 { Step::Settle(Ending::Parked) } else { Step::PutCut { read } };
    }

    pub(super) fn next_part(&mut self) {
        let Some(turn) = self.run.head.turn.clone() else { return self.stop() };
        let write = HeadWrite::NextPart { held: self.held(), turn: turn.key, voice: turn.voice, part: turn.part };
        self.begin_send(&write, turn.part);
    }

    pub(super) fn send_again(&mut self) {
        let Some(turn) = self.run.head.turn.clone() else { return self.stop() };
        let write = HeadWrite::SendAgain { held: self.held(), turn: turn.key, voice: turn.voice, copies: turn.copies };
        self.begin_send(&write, turn.part - 1 + u32::from(turn.copies > 0));
    }

    /// If a person has taken over meanwhile, the first `read` parts stand.
    fn begin_send(&mut self, write: &HeadWrite, read: u32) {
        let moved = self.rules.has(Bug::SentMoved) && matches!(write, HeadWrite::NextPart { .. });
        match self.write(write, None) {
            Written::Done(head) if moved => {
                self.run.head = head;
                self.run.step = Step::SendLate { part: read };
            }
            Written::Done(head) => self.deliver(head),
            Written::Refused(Some(found)) if found.owner == Owner::Person => {
                self.run.head = found;
                self.run.step = Step::PutCut { read };
            }
            Written::Refused(_) | Written::Failed => self.stop(),
            Written::Unheard => {}
        }
    }

    pub(super) fn put_back(&mut self) {
        let Some(turn) = self.run.head.turn.clone() else { return self.stop() };
        let OpenTurn { key, part, copies, .. } = turn;
        let write = HeadWrite::PutBack { held: self.held(), turn: key, part, copies, retry_at: TO_COME };
        match self.write(&write, None) {
            Written::Done(head) => self.worked(head),
            Written::Refused(_) | Written::Failed => self.stop(),
            Written::Unheard => {}
        }
    }

    pub(super) fn put_cut(&mut self, read: u32) {
        let Some(draft) = self.run.draft.clone() else { return self.stop() };
        let short = Rc::new(Draft { parts: draft.parts.min(read), ..Draft::clone(&draft) });
        if self.effect(|state| state.put_draft(short)) {
            self.run.step = Step::Settle(Ending::Cut);
        }
    }
}
