//! What happens around the responder: deliveries, time, people, the dead letters. And every step that may come next.

use std::rc::Rc;

use models::Timestamp;
use store::{HeadWrite, Owner, SendState, TurnKey};

use crate::fault::Fault;
use crate::rules::Rules;
use crate::run::{Delivery, Hearing, How, Later, Run};
use crate::state::{Answer, COPIES, MOST_MESSAGES, Place, Question, Row, State, id};
use crate::time::Passing;

/// Runs at work at the same time.
const MOST_RUNS: usize = 2;

/// One thing that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// A run begins with these deliveries.
    Deliver(Mail, Option<Mail>),
    /// A run begins with a delivery that another one has too.
    Duplicate(Mail),
    /// Time passes.
    Pass(Passing),
    /// A run does its next step.
    Run(usize, How),
    /// The promised answer to this question reaches the door.
    Answer(Question),
    /// A run begins with the answer at this place.
    Hear(usize),
    /// A run begins with an answer that another one has too.
    HearTwice(usize),
    /// Braze repeats its webhook.
    Repeat(Mail),
    /// A queue message had its last delivery.
    LastDelivery(Mail),
    /// A message that was given up came back often enough.
    Bury(Mail),
    /// A dead letter is put back into the queue.
    Redrive(Mail),
    /// A person takes the conversation over, or gives it back.
    Change(Owner),
    /// Everything delivered so far becomes too old.
    Day,
}

/// A queue message: which message, and which copy of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) message: usize,
    pub(crate) copy: usize,
}

impl State {
    /// Every action that is possible now, with the state it leads to.
    pub(crate) fn successors(&self, rules: &Rules) -> Vec<(Action, Self)> {
        let mut actions = Vec::with_capacity(32);
        for (slot, run) in self.runs.iter().enumerate() {
            let possible = run.step.hows().iter().filter(|how| how.fault().is_none_or(|fault| self.budget.has(fault)));
            actions.extend(possible.map(|how| Action::Run(slot, *how)));
        }
        actions.extend(Passing::ALL.into_iter().filter(|passing| self.awaits(*passing)).map(Action::Pass));
        self.offer_deliveries(rules, &mut actions);
        self.offer_letters(&mut actions);
        self.offer_answers(&mut actions);
        self.offer_people(&mut actions);
        let affordable = actions.into_iter().filter(|action| self.fault(*action).is_none_or(|f| self.budget.has(f)));
        affordable.filter_map(|action| Some((action, self.after(action, rules)?))).collect()
    }

    fn mails(&self) -> impl Iterator<Item = (Mail, Place)> {
        let all = (0..MOST_MESSAGES).flat_map(|message| (0..COPIES).map(move |copy| Mail { message, copy }));
        all.map(|mail| (mail, self.letters[mail.message].copies[mail.copy]))
    }

    fn offer_deliveries(&self, rules: &Rules, actions: &mut Vec<Action>) {
        if self.runs.len() >= MOST_RUNS {
            return;
        }
        for (mail, place) in self.mails() {
            match place {
                Place::Queue { .. } => {
                    actions.push(Action::Deliver(mail, None));
                    if rules.batch > 1 {
                        let others = self.mails().filter(|(_, place)| matches!(place, Place::Queue { .. }));
                        let others = others.filter(|(other, _)| other.message != mail.message);
                        actions.extend(others.map(|(other, _)| Action::Deliver(mail, Some(other))));
                    }
                }
                Place::Delivered => actions.push(Action::Duplicate(mail)),
                Place::Nowhere | Place::Dead => {}
            }
        }
    }

    fn offer_letters(&self, actions: &mut Vec<Action>) {
        for (mail, place) in self.mails() {
            match place {
                Place::Queue { seen: true } if self.is_parked(mail.message) => actions.push(Action::Bury(mail)),
                Place::Queue { seen: true } => actions.push(Action::LastDelivery(mail)),
                Place::Dead => actions.push(Action::Redrive(mail)),
                Place::Nowhere if self.letters[mail.message].row != Row::None && mail.copy > 0 => {
                    actions.push(Action::Repeat(mail));
                }
                _ => {}
            }
        }
    }

    fn offer_answers(&self, actions: &mut Vec<Action>) {
        actions.extend(self.promised.iter().map(|question| Action::Answer(*question)));
        if self.runs.len() >= MOST_RUNS {
            return;
        }
        actions.extend(self.answers.iter().enumerate().filter_map(|(place, answer)| match answer.place {
            Place::Queue { .. } => Some(Action::Hear(place)),
            Place::Delivered => Some(Action::HearTwice(place)),
            Place::Nowhere | Place::Dead => None,
        }));
    }

    fn offer_people(&self, actions: &mut Vec<Action>) {
        if let Some(head) = &self.head {
            actions.push(Action::Change(if head.owner == Owner::Bot { Owner::Person } else { Owner::Bot }));
        }
        if self.letters.iter().any(|letter| letter.row != Row::None && !letter.stale) {
            actions.push(Action::Day);
        }
    }

    /// Given up, and nobody made it pending again since.
    fn is_parked(&self, message: usize) -> bool {
        let id = id(message);
        let is_back = self.head.as_ref().is_some_and(|head| head.pending.contains_key(&id) || head.settled(&id));
        self.letters[message].row == (Row::Parked { lately: true }) && !is_back
    }

    /// Whether a live run holds the conversation.
    fn is_held(&self) -> bool {
        self.head.as_deref().is_some_and(|head| self.runs.iter().any(|run| run.has_claimed(head)))
    }

    /// What `action` counts as; `None` if nothing goes wrong by it.
    pub(crate) fn fault(&self, action: Action) -> Option<Fault> {
        match action {
            Action::Pass(Passing::Lease) => self.is_held().then_some(Fault::Zombie),
            Action::Pass(Passing::Burial) => Some(Fault::SlowBurial),
            Action::Deliver(..) | Action::Hear(_) | Action::Bury(_) | Action::Pass(_) => None,
            Action::Answer(_) => Some(Fault::Answer),
            Action::Run(_, how) => how.fault(),
            Action::Duplicate(_) | Action::HearTwice(_) => Some(Fault::Duplicate),
            Action::Repeat(_) => Some(Fault::Repeat),
            Action::LastDelivery(_) => Some(Fault::LastDelivery),
            Action::Redrive(_) => Some(Fault::Redrive),
            Action::Change(Owner::Person) => Some(Fault::Takeover),
            Action::Change(Owner::Bot) => Some(Fault::Release),
            Action::Day => Some(Fault::Day),
        }
    }

    /// The state after `action`; `None` if it is not possible.
    pub(crate) fn after(&self, action: Action, rules: &Rules) -> Option<Self> {
        let mut next = match action {
            Action::Run(slot, how) => self.step(slot, how, rules)?,
            _ => self.clone(),
        };
        if let Some(fault) = self.fault(action) {
            next.budget.spend(fault);
            next.witness.troubled |= fault != Fault::Answer;
        }
        match action {
            Action::Run(..) => {}
            Action::Deliver(first, second) => next.deliver(first, second, Place::Delivered),
            Action::Duplicate(mail) => next.deliver(mail, None, Place::Queue { seen: true }),
            Action::Answer(question) => next.is_answered(question),
            Action::Hear(place) => next.hear(place, Place::Delivered),
            Action::HearTwice(place) => next.hear(place, Place::Queue { seen: true }),
            Action::Pass(passing) => next.pass(passing),
            Action::Repeat(mail) | Action::Redrive(mail) => next.put(mail, Place::Queue { seen: false }),
            Action::LastDelivery(mail) | Action::Bury(mail) => next.put(mail, Place::Dead),
            Action::Change(owner) => next.change_owner(owner, rules),
            Action::Day => {
                next.letters.iter_mut().filter(|letter| letter.row != Row::None).for_each(|letter| letter.stale = true);
            }
        }
        next.witness.look_around(&next.letters, next.runs.len());
        next.forget_old_doubts();
        Some(next)
    }

    /// Doubts about a turn that is over count only as long as a run still has its draft in hand.
    fn forget_old_doubts(&mut self) {
        let Self { head, runs, witness, .. } = self;
        let is_over = |turn: TurnKey| head.as_ref().is_some_and(|head| turn.number <= head.last_turn);
        let in_hand = |turn: TurnKey| runs.iter().any(|run| run.draft.as_ref().is_some_and(|draft| draft.key == turn));
        witness.doubtful.retain(|(turn, _)| !is_over(*turn) || in_hand(*turn));
    }

    fn put(&mut self, mail: Mail, place: Place) {
        self.letters[mail.message].copies[mail.copy] = place;
    }

    fn deliver(&mut self, first: Mail, second: Option<Mail>, place: Place) {
        let deliveries = [Some(first), second].into_iter().flatten().map(|mail| {
            let seen = self.letters[mail.message].copies[mail.copy] != (Place::Queue { seen: false });
            Delivery { message: mail.message, copy: mail.copy, seen }
        });
        let deliveries: Vec<_> = deliveries.collect();
        for delivery in &deliveries {
            self.put(Mail { message: delivery.message, copy: delivery.copy }, place);
        }
        self.next.run += 1;
        self.runs.push(Rc::new(Run::new(self.next.run, deliveries)));
    }

    fn is_answered(&mut self, question: Question) {
        self.next.reply += 1;
        let late = self.aside.as_ref().is_some_and(|aside| aside.question == question && aside.over);
        let place = Place::Queue { seen: false };
        self.answers.push(Answer { question, reply: self.next.reply, late, place });
    }

    fn hear(&mut self, place: usize, then: Place) {
        let seen = std::mem::replace(&mut self.answers[place].place, then) != (Place::Queue { seen: false });
        self.next.run += 1;
        self.runs.push(Rc::new(Run::hearing(self.next.run, Later { answer: place, seen, hearing: Hearing::Unknown })));
    }

    fn change_owner(&mut self, owner: Owner, rules: &Rules) {
        let turn = self.head.as_ref().and_then(|head| head.turn.as_ref());
        let sending = turn.is_some_and(|turn| turn.state == SendState::Sending);
        self.next.owner += 1;
        let at = Timestamp::from_millis(self.next.owner);
        // Whoever takes over tries again until one of the two forms fits.
        let _ = self.write_head(&HeadWrite::ChangeOwner { owner, at, sending }, None, rules);
    }

    /// Whether nothing is left to be done: what is not settled is a dead letter.
    pub(crate) fn rests(&self) -> bool {
        let answers = self.answers.iter().map(|answer| answer.place);
        let mut places = self.mails().map(|(_, place)| place).chain(answers);
        self.runs.is_empty() && !places.any(|place| matches!(place, Place::Queue { .. }))
    }
}
