//! What a witness of everything has seen, and the promises it holds the protocol to.

use models::Timestamp;
use store::{Claim, Head, HeadWrite, OpenTurn, Owner, SendState, TurnKey};

use crate::rules::Rules;
use crate::state::{Draft, Letter, MOST_MESSAGES, Set, number};
use crate::time::NOW;

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A message is not settled, and neither in the queue nor among the dead letters.
    Stranded,
    /// A user may read two different replies to one message.
    TwoReplies,
    /// A part went out more often than `ON_UNKNOWN` allows.
    TooManyCopies,
    /// A further copy was begun, or arrived, although the outcome of every one before is known.
    NeedlessCopy,
    /// A turn was flagged although the outcome of every send is known.
    NeedlessFlag,
    /// A message was settled without an answer, and nobody meant that.
    Unanswered,
    /// A send was begun while a person owned the conversation.
    SentAfterTakeover,
    /// A part reached the user before the one it follows.
    OutOfOrder,
    /// The AI was asked more often about one turn than its attempts allow.
    AskedTooOften,
    /// A reply was begun although something newer was filed, and the AI was not yet asked once more.
    NewerIgnored,
    /// A send was begun before Braze allows it.
    TooEarly,
    /// A conversation whose last run ended badly was taken by a run that has other conversations too.
    NotAlone,
    /// A conversation was taken while somebody's lease of it held.
    Overtaken,
    /// A message was given up although nothing went wrong.
    GivenUp,
    /// With nothing going wrong any more, the conversation never comes to rest.
    NeverSettles,
}

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
}

/// Copies of a reply that reached the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivered {
    pub(crate) reply: u32,
    pub(crate) about: Set,
    pub(crate) parts: u32,
    pub(crate) copies: [u32; 2],
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
    pub(crate) broken: Option<Broken>,
}

impl Witness {
    fn saw(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
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
            HeadWrite::Commit { .. } | HeadWrite::NextPart { .. } | HeadWrite::SendAgain { .. } => {
                self.send_begun(write, old, new, rules);
            }
            HeadWrite::PutBack { turn, part, .. } if new.turn.as_ref().is_some_and(|turn| turn.copies == 0) => {
                self.doubtful.retain(|doubtful| *doubtful != (*turn, *part));
            }
            HeadWrite::ChangeOwner { .. } => self.excused |= new.turn.is_some() && new.owner == Owner::Person,
            HeadWrite::Settle { .. } => self.settled(old, new, ending),
            _ => {}
        }
    }

    fn claimed(&mut self, claim: &Claim, old: Option<&Head>) {
        // Said anew, and not asked of the head: it is the head's own rule that is on trial.
        let ended_badly = |head: &Head| head.attempts > 0 && head.lease_until != Timestamp::EPOCH;
        if old.is_some_and(ended_badly) && !claim.suspects {
            self.saw(Broken::NotAlone);
        }
        if std::mem::replace(&mut self.leased, true) {
            self.saw(Broken::Overtaken);
        }
    }

    fn send_begun(&mut self, write: &HeadWrite, old: Option<&Head>, new: &Head, rules: &Rules) {
        if old.is_some_and(|old| old.owner == Owner::Person) {
            self.saw(Broken::SentAfterTakeover);
        }
        let retry_at = old.and_then(|old| old.turn.as_ref()?.retry_at);
        if retry_at.is_some_and(|at| at > NOW) {
            self.saw(Broken::TooEarly);
        }
        match write {
            HeadWrite::SendAgain { .. } => {
                let is_doubted = |turn: &OpenTurn| turn.copies <= 1 || self.doubts(turn.key, turn.part);
                let is_needless = !new.turn.as_ref().is_none_or(is_doubted);
                self.broken = self.broken.or(is_needless.then_some(Broken::NeedlessCopy));
            }
            HeadWrite::Commit { covers, seen, .. } => {
                self.excused = false;
                let is_newer = covers.len() < new.pending.len().min(rules.memory);
                if seen.is_some() && is_newer {
                    self.saw(Broken::NewerIgnored);
                }
            }
            _ => {}
        }
    }

    fn settled(&mut self, old: Option<&Head>, new: &Head, ending: Option<Ending>) {
        let (Some(old), Some(ending)) = (old, ending) else { return };
        self.asked = 0;
        if ending == Ending::Parked && !self.troubled {
            self.saw(Broken::GivenUp);
        }
        let is_known = old.turn.as_ref().is_some_and(|turn| !self.doubts(turn.key, turn.part));
        if ending == Ending::Flagged && is_known {
            self.saw(Broken::NeedlessFlag);
        }
        for id in old.pending.keys().filter(|id| !new.pending.contains_key(*id)) {
            let message = number(id);
            if ending == Ending::Parked || self.settled.has(message) {
                continue;
            }
            if ending == Ending::Accepted && !self.is_answered(message) {
                self.owed.add(message);
            }
            let fine = match ending {
                Ending::Accepted => true,
                Ending::Flagged => old.turn.as_ref().is_some_and(|turn| turn.covers.contains(id)),
                Ending::Cut => self.excused && old.turn.as_ref().is_some_and(|turn| turn.covers.contains(id)),
                Ending::Silent | Ending::Parked => old.owner == Owner::Person,
            };
            if !fine {
                self.saw(Broken::Unanswered);
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
        if self.delivered.iter().any(|other| other.reply != draft.reply && other.about.meets(draft.about)) {
            self.saw(Broken::TwoReplies);
        }
        let place = self.delivered.iter().position(|other| other.reply == draft.reply).unwrap_or_else(|| {
            self.delivered.push(Delivered { reply: draft.reply, about: draft.about, parts, copies: [0; 2] });
            self.delivered.len() - 1
        });
        let copies = &mut self.delivered[place].copies;
        let index = part as usize - 1;
        copies[index] += 1;
        let (copies, before) = (copies[index], index.checked_sub(1).map_or(1, |before| copies[before]));
        if copies > rules.most_copies {
            self.saw(Broken::TooManyCopies);
        }
        if copies > 1 && !self.doubts(draft.key, part) {
            self.saw(Broken::NeedlessCopy);
        }
        if before == 0 {
            self.saw(Broken::OutOfOrder);
        }
        self.owed =
            (0..MOST_MESSAGES).filter(|message| self.owed.has(*message) && !self.is_answered(*message)).collect();
    }

    /// The AI was asked.
    pub(crate) fn asked(&mut self, rules: &Rules) {
        self.asked += 1;
        // Every attempt but the last two asks, and once more if something newer came.
        if self.asked > 2 * (rules.attempts - 2) {
            self.saw(Broken::AskedTooOften);
        }
    }

    /// Whoever began a send on `head` is stopped, or may be overtaken, before writing down what became of it.
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
        if letters.iter().enumerate().any(is_lost) {
            self.saw(Broken::Stranded);
        }
        if runs == 0 && !self.owed.is_empty() {
            self.saw(Broken::Unanswered);
        }
    }
}

/// Whether `write` ends the lease on `old`: only its holder can, or a person whom no send stands in the way.
fn gives_back(write: &HeadWrite, old: Option<&Head>) -> bool {
    match write {
        HeadWrite::Settle { held, .. } | HeadWrite::Release { held } | HeadWrite::PutBack { held, .. } => {
            old.is_some_and(|old| old.epoch == held.epoch && old.run.as_ref() == Some(&held.run))
        }
        HeadWrite::ChangeOwner { sending, .. } => !sending,
        _ => false,
    }
}
