//! A witness of everything that happens, who holds the protocol to its promises. What the head's own rules say is not asked
//! of the head again: they are on trial.

use models::Timestamp;
use store::{Claim, Head, HeadWrite, OpenTurn, Owner, SendState, TurnKey};

use crate::broken::Broken;
use crate::rules::Rules;
use crate::state::{Answer, Draft, Letter, MOST_MESSAGES, MOST_PARTS, Question, Set, id, number};
use crate::time::NOW;

/// Why messages stop being pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Every part was accepted.
    Accepted,
    /// Nobody knows of a part, and no further copy of it may be sent.
    Flagged,
    /// A person took over, or Braze refuses the rest for good.
    Cut,
    /// Nothing is to be said.
    Silent,
    /// They are given up.
    Parked,
    /// It was said that the answer takes a moment; nothing stops being pending.
    GoesOn,
    /// The question is put aside; nothing stops being pending. `new`: it was asked by this very run.
    Aside { new: bool },
}

/// Copies of a reply that reached the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivered {
    pub(crate) reply: u32,
    pub(crate) about: Set,
    pub(crate) parts: u32,
    pub(crate) copies: [u32; MOST_PARTS],
}

/// Everything that happened, as far as the promises speak of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witness {
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) settled: Set,
    /// Settled as answered, with something of the reply still on its way.
    pub(crate) owed: Set,
    /// Parts of turns of which a send was begun that nobody could write down the outcome of.
    pub(crate) doubtful: Vec<(TurnKey, u32)>,
    /// Something other than the protocol ended the current turn early: a person, or a refusal for good.
    pub(crate) excused: bool,
    /// Somebody has the conversation: claimed, not given back, and the lease not over.
    pub(crate) leased: bool,
    /// Anything went wrong so far. (The budget shows it as well.)
    pub(crate) troubled: bool,
    /// Questions to the AI since a turn ended.
    pub(crate) asked: u32,
    /// The questions that were put aside since a turn ended: a bit for each set of messages.
    pub(crate) aside: u8,
    /// Those of them whose answers may still come in time.
    pub(crate) waited: u8,
    /// Messages that were given up at some time.
    pub(crate) given_up: Set,
    /// Messages of which the user was told that the answer takes a moment.
    pub(crate) moments: Set,
    pub(crate) broken: Option<Broken>,
}

impl Witness {
    fn must(&mut self, holds: bool, otherwise: Broken) {
        if !holds {
            self.broken.get_or_insert(otherwise);
        }
    }

    /// `write` was done.
    pub(crate) fn written(
        &mut self,
        write: &HeadWrite,
        old: Option<&Head>,
        new: &Head,
        ending: Option<Ending>,
        rules: &Rules,
    ) {
        self.leased &= !gives_back(write, old);
        match write {
            HeadWrite::File { claim: Some(claim), .. } | HeadWrite::Claim { claim, .. } => self.claimed(claim, old),
            HeadWrite::Commit { covers, seen, .. } => {
                self.excused = false;
                self.send_begun(old, new);
                let is_whole = covers.len() >= new.pending.len().min(rules.memory);
                self.must(seen.is_none() || is_whole || covers.is_empty(), Broken::NewerIgnored);
            }
            HeadWrite::NextPart { .. } | HeadWrite::SendAgain { .. } => self.send_begun(old, new),
            HeadWrite::PutBack { turn, part, .. } if new.turn.as_ref().is_some_and(|turn| turn.copies == 0) => {
                self.doubtful.retain(|doubtful| *doubtful != (*turn, *part));
            }
            HeadWrite::ChangeOwner { .. } => self.excused |= new.turn.is_some() && new.owner == Owner::Person,
            HeadWrite::Settle { .. } => self.settled(old, new, ending),
            _ => {}
        }
    }

    fn claimed(&mut self, claim: &Claim, old: Option<&Head>) {
        let ended_badly = |head: &Head| head.attempts > 0 && head.lease_until != Timestamp::EPOCH;
        self.must(claim.suspects || !old.is_some_and(ended_badly), Broken::NotAlone);
        self.must(!self.leased, Broken::Overtaken);
        self.leased = true;
    }

    fn send_begun(&mut self, old: Option<&Head>, new: &Head) {
        self.must(old.is_none_or(|old| old.owner == Owner::Bot), Broken::SentAfterTakeover);
        let retry_at = old.and_then(|old| old.turn.as_ref()?.retry_at);
        self.must(retry_at.is_none_or(|at| at <= NOW), Broken::TooEarly);
        let is_doubted = |turn: &OpenTurn| turn.copies <= 1 || self.doubts(turn.key, turn.part);
        self.must(new.turn.as_ref().is_none_or(is_doubted), Broken::NeedlessCopy);
    }

    fn settled(&mut self, old: Option<&Head>, new: &Head, ending: Option<Ending>) {
        let (Some(old), Some(ending)) = (old, ending) else { return };
        if matches!(ending, Ending::GoesOn | Ending::Aside { .. }) {
            self.must(old.pending.keys().all(|id| new.pending.contains_key(id)), Broken::Unanswered);
            return;
        }
        (self.asked, self.aside, self.waited) = (0, 0, 0);
        self.must(ending != Ending::Parked || self.troubled, Broken::GivenUp);
        let is_doubted = old.turn.as_ref().is_none_or(|turn| self.doubts(turn.key, turn.part));
        self.must(ending != Ending::Flagged || is_doubted, Broken::NeedlessFlag);
        if ending == Ending::Parked {
            let given_up = old.pending.keys().filter(|id| !new.pending.contains_key(*id));
            given_up.for_each(|id| self.given_up.add(number(id)));
            return;
        }
        for id in old.pending.keys().filter(|id| !new.pending.contains_key(*id)) {
            let message = number(id);
            if self.settled.has(message) {
                continue;
            }
            let is_covered = old.turn.as_ref().is_some_and(|turn| turn.covers.contains(id));
            let fine = match ending {
                Ending::Accepted | Ending::Parked | Ending::GoesOn | Ending::Aside { .. } => true,
                Ending::Flagged => is_covered,
                Ending::Cut => is_covered && self.excused,
                Ending::Silent => old.owner == Owner::Person,
            };
            self.must(fine, Broken::Unanswered);
            if ending == Ending::Accepted && !self.is_answered(message) {
                self.owed.add(message);
            }
            self.settled.add(message);
        }
    }

    fn is_answered(&self, message: usize) -> bool {
        let whole = |reply: &Delivered| reply.copies.iter().take(reply.parts as usize).all(|copies| *copies > 0);
        self.delivered.iter().any(|reply| reply.about.has(message) && whole(reply))
    }

    /// Part `part` of `draft` reached the user.
    pub(crate) fn delivered(&mut self, draft: &Draft, parts: u32, part: u32, rules: &Rules) {
        let is_other = |other: &Delivered| other.reply != draft.reply && other.about.meets(draft.about);
        self.must(!self.delivered.iter().any(is_other), Broken::TwoReplies);
        let place = self.delivered.iter().position(|other| other.reply == draft.reply).unwrap_or_else(|| {
            self.delivered.push(Delivered { reply: draft.reply, about: draft.about, parts, copies: [0; MOST_PARTS] });
            self.delivered.len() - 1
        });
        let copies = &mut self.delivered[place].copies;
        let index = part as usize - 1;
        copies[index] += 1;
        let (copies, before) = (copies[index], index.checked_sub(1).map(|before| copies[before]));
        self.must(copies <= rules.most_copies, Broken::TooManyCopies);
        self.must(copies <= 1 || self.doubts(draft.key, part), Broken::NeedlessCopy);
        self.must(before != Some(0), Broken::OutOfOrder);
        let is_owed = |message: &usize| self.owed.has(*message) && !self.is_answered(*message);
        self.owed = (0..MOST_MESSAGES).filter(is_owed).collect();
    }

    /// It reached the user that the answer takes a moment.
    pub(crate) fn told_of_a_moment(&mut self, about: Set) {
        self.must(!self.moments.meets(about), Broken::MomentTwice);
        self.moments.0 |= about.0;
    }

    /// The AI was asked `question`, by whoever `holds` the conversation or by somebody whose claim is over.
    pub(crate) fn asked(&mut self, question: Question, holds: bool, rules: &Rules) {
        self.asked += 1;
        // Every attempt but the last two asks, and once more if something newer came; and as often again for each question
        // that was put aside.
        let lives = 1 + self.aside.count_ones();
        self.must(self.asked <= 2 * (rules.attempts - 2) * lives, Broken::AskedTooOften);
        self.must(!holds || self.waited & bit(question) == 0, Broken::AskedAgain);
    }

    /// `question` was put aside, for the first time if it is `new`.
    pub(crate) fn put_aside(&mut self, question: Question, new: bool, over: bool) {
        self.must(!new || self.aside & bit(question) == 0, Broken::AskedTooOften);
        self.aside |= bit(question);
        if !over {
            self.waited |= bit(question);
        }
    }

    /// What came later reached the user, as an answer to `about`.
    pub(crate) fn told_later(&mut self, answer: Answer, about: Set) {
        self.must(answer.question.about == about, Broken::AnotherQuestion);
        self.must(!answer.late, Broken::SaidTooLate);
    }

    /// An answer leaves its queue, `head` being as it is, although its question was found waited for. It goes with a question
    /// that was given up.
    pub(crate) fn drops(&mut self, answer: Answer, head: Option<&Head>) {
        let is_given_up = self.given_up.has(answer.question.newest);
        let waits = |head: &Head| head.owner == Owner::Bot && head.pending.contains_key(&id(answer.question.newest));
        let is_waited_for = self.waited & bit(answer.question) != 0 && head.is_some_and(waits);
        self.must(answer.late || is_given_up || !is_waited_for, Broken::AnswerDropped);
    }

    /// Whoever began a send on `head` is stopped, or overtaken, before writing down what became of it.
    pub(crate) fn stopped(&mut self, head: &Head) {
        let sending = head.turn.as_ref().filter(|turn| turn.state == SendState::Sending);
        let Some(turn) = sending.filter(|turn| !self.doubts(turn.key, turn.part)) else { return };
        self.doubtful.push((turn.key, turn.part));
        self.doubtful.sort_unstable();
    }

    /// Whether a send of this part was begun of which nobody knows the outcome.
    fn doubts(&self, turn: TurnKey, part: u32) -> bool {
        self.doubtful.contains(&(turn, part))
    }

    /// Looks for messages that nobody has any more, and for replies that nobody will send any more.
    pub(crate) fn look_around(&mut self, letters: &[Letter; MOST_MESSAGES], runs: usize) {
        let is_lost = |(message, letter): (usize, &Letter)| !self.settled.has(message) && !letter.is_somewhere();
        self.must(!letters.iter().enumerate().any(is_lost), Broken::Stranded);
        self.must(runs > 0 || self.owed.is_empty(), Broken::Unanswered);
    }
}

/// What stands for a question among those there may be.
fn bit(question: Question) -> u8 {
    1 << question.about.0
}

/// Whether `write` ends the lease on `old`: only its holder can, or a person whom no send stands in the way.
fn gives_back(write: &HeadWrite, old: Option<&Head>) -> bool {
    match write {
        HeadWrite::Settle { goes_on: true, .. } => false,
        HeadWrite::Settle { held, .. } | HeadWrite::Release { held } | HeadWrite::PutBack { held, .. } => {
            old.is_some_and(|old| old.epoch == held.epoch && old.run.as_ref() == Some(&held.run))
        }
        HeadWrite::ChangeOwner { sending, .. } => !sending,
        _ => false,
    }
}
