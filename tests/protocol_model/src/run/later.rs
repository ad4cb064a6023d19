//! As the responder's `later`: a question is put aside, and taken up again when its answer is here or its time is over.

use std::rc::Rc;

use store::{Head, Owner};

use super::{Actor, How, Run, Step};
use crate::bug::Bug;
use crate::state::{Aside, Place, Question, State, id, number};
use crate::time::NOW;
use crate::witness::Ending;

/// An answer that a run was brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Later {
    /// Its place among the answers.
    pub(crate) answer: usize,
    /// It was delivered before.
    pub(crate) seen: bool,
    pub(crate) hearing: Hearing,
}

/// What an answer met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hearing {
    /// Nothing yet.
    Unknown,
    /// Whoever asked may not have put the question aside yet.
    NotYet,
    /// Nobody waits for it.
    Refused,
    /// It is waited for, or a person is to read the question.
    TakenUp,
}

impl State {
    /// The answer of `run` is in its queue again, or deleted.
    pub(super) fn answer_comes_back(&mut self, run: &Run, kept: bool) {
        let Some(later) = run.later else { return };
        let place = &mut self.answers[later.answer].place;
        match *place {
            Place::Delivered if kept => *place = Place::Queue { seen: true },
            Place::Delivered | Place::Queue { .. } if !kept => *place = Place::Nowhere,
            _ => {}
        }
    }
}

impl Actor<'_> {
    pub(super) fn hear_head(&mut self) {
        let Some(answer) = self.answer() else { return self.stop() };
        if self.how == How::FailsUndone {
            return self.hears(Hearing::NotYet);
        }
        if let Some(head) = &self.state.head {
            self.run.view = Rc::clone(head);
        }
        if self.run.view.pending.contains_key(&id(answer.newest)) {
            self.run.step = Step::HearRows;
        } else {
            self.hears(Hearing::Refused);
        }
    }

    pub(super) fn hear_rows(&mut self) {
        let Some(question) = self.answer() else { return self.stop() };
        if self.how == How::FailsUndone {
            return self.hears(Hearing::NotYet);
        }
        let standing = self.standing(question);
        self.hears(standing);
        if standing == Hearing::TakenUp {
            self.answer_due();
        }
    }

    fn hears(&mut self, hearing: Hearing) {
        self.run.later.iter_mut().for_each(|later| later.hearing = hearing);
        self.run.step = Step::Tell;
    }

    /// What the answer to `question` meets.
    fn standing(&self, question: Question) -> Hearing {
        let place = |message: usize| self.run.view.pending.get(&id(message)).map(|pending| pending.sequence);
        if self.run.view.owner == Owner::Person {
            return Hearing::TakenUp;
        }
        let waiting = self.state.aside.as_deref().filter(|aside| place(aside.question.newest).is_some());
        match waiting {
            Some(_) if self.rules.has(Bug::AnyQuestion) => Hearing::TakenUp,
            Some(aside) if place(aside.question.newest) > place(question.newest) => Hearing::Refused,
            Some(aside) if aside.question == question && self.is_too_late() => Hearing::Refused,
            Some(aside) if aside.question == question => Hearing::TakenUp,
            _ => self.not_asked(),
        }
    }

    /// It comes back as long as the run that was promised it can still be at work, and some deliveries more.
    fn not_asked(&self) -> Hearing {
        let seen = self.run.later.is_some_and(|later| later.seen);
        let is_put_aside = self.state.runs.iter().any(|run| run.step == Step::PutAside);
        if seen && !is_put_aside { Hearing::Refused } else { Hearing::NotYet }
    }

    fn answer(&self) -> Option<Question> {
        self.run.later.map(|later| self.state.answers[later.answer].question)
    }

    fn is_too_late(&self) -> bool {
        self.run.later.is_some_and(|later| self.state.answers[later.answer].late) && !self.rules.has(Bug::AnyTime)
    }

    /// Whether a turn was left behind that says something else than the answer this run was brought.
    pub(super) fn stands_before_the_answer(&self) -> bool {
        let reply = self.run.later.map(|later| self.state.answers[later.answer].reply);
        let left = self.run.head.turn.as_ref().and_then(|turn| self.state.draft(turn.key)).map(|draft| draft.reply);
        reply.is_some() && left.is_some() && reply != left
    }

    /// The question that is asked about the open messages.
    pub(super) fn question(&self) -> Question {
        let mut open = self.agenda().into_iter().map(|id| number(&id)).filter(|message| self.run.about.has(*message));
        Question { about: self.run.about, newest: open.next_back().unwrap_or_default() }
    }

    /// What becomes of the question that would be asked now.
    pub(super) fn ask_or_wait(&mut self, again: bool) {
        let question = self.question();
        let waiting = self.run.aside.as_deref().copied().filter(|aside| self.run.about.has(aside.question.newest));
        let waiting = waiting.filter(|_| !self.rules.has(Bug::AsideForgotten));
        let is_same = waiting.is_some_and(|aside| aside.question == question);
        let is_over = waiting.is_some_and(|aside| aside.over);
        let is_own = self.answer() == Some(question) || self.rules.has(Bug::AnyQuestion);
        match self.run.later {
            Some(later) if is_same && is_own && !self.is_too_late() => {
                let reply = self.state.answers[later.answer].reply;
                let words = crate::state::Draft { reply, ..self.new_draft(self.rules.parts) };
                self.draft(words, again);
            }
            _ if is_same && !is_over => self.run.step = Step::WaitOn,
            _ => {
                self.run.passed = is_over && !self.rules.has(Bug::PromisedAgain);
                self.run.step = Step::Ask { again };
            }
        }
    }

    /// The AI promises its answer for later. Whoever has waited in vain is not promised it again.
    pub(super) fn promises(&mut self) {
        if !self.rules.later || self.run.passed {
            return self.is_impossible();
        }
        let question = self.question();
        if !self.state.promised.contains(&question) {
            self.state.promised.push(question);
        }
        self.run.step = Step::PutAside;
    }

    pub(super) fn put_aside(&mut self) {
        let question = self.question();
        let before = self.run.aside.as_deref().filter(|aside| self.run.about.has(aside.question.newest));
        // Nobody is waited for longer than was said at first.
        let over = before.is_some_and(|before| before.over);
        let aside = Aside { key: self.next_turn(), question, over };
        if !self.effect(|state| state.put_aside(aside)) {
            return;
        }
        self.run.aside = Some(Rc::new(aside));
        self.run.step = Step::Settle(Ending::Aside { new: true });
        if self.rules.has(Bug::MomentInItsPlace) && !self.run.told {
            self.run.waits = true;
            self.says_a_moment();
        }
    }

    /// The conversation is given free, and the user may be told first that it takes a moment.
    pub(super) fn wait_on(&mut self) {
        self.run.step = Step::Settle(Ending::Aside { new: false });
        if self.how == How::Slow {
            if !self.rules.moments || self.run.knew {
                return self.is_impossible();
            }
            self.run.waits = true;
            self.says_a_moment();
        }
    }

    /// The question is put aside: there is nothing to do until something else comes.
    pub(super) fn is_aside(&mut self, head: Rc<Head>, ending: Ending) {
        let over = self.run.aside.as_ref().is_none_or(|aside| aside.over);
        // Who has lost the conversation takes the write for done, since there is nothing that it would settle.
        if self.run.holds(&head) {
            let question = self.question();
            self.state.witness.put_aside(question, ending == Ending::Aside { new: true }, over);
        }
        (self.run.view, self.run.held, self.run.waits) = (head, None, true);
        self.run.step = Step::Tell;
    }

    pub(super) fn tell_of_the_answer(&mut self) {
        let Some(later) = self.run.later else { return };
        let answer = self.state.answers[later.answer];
        let view = &self.run.view;
        let is_pending = view.pending.contains_key(&id(answer.question.newest));
        let is_conflict = view.leased(NOW) && !self.state.head.as_deref().is_some_and(|head| self.run.holds(head));
        let is_acknowledged = is_conflict && self.rules.has(Bug::AnswerAcknowledged);
        let is_over = match later.hearing {
            Hearing::Refused => true,
            Hearing::TakenUp => !is_pending || is_acknowledged,
            Hearing::Unknown | Hearing::NotYet => false,
        };
        if self.how == How::NotTold && is_over {
            return self.is_impossible();
        }
        if is_over && later.hearing == Hearing::TakenUp {
            self.state.witness.drops(answer, self.state.head.as_deref());
        }
        self.state.answer_comes_back(self.run, !is_over);
    }
}
