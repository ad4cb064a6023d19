//! What a witness of everything has seen, and the promises it holds the protocol to.

use store::{Head, HeadWrite, Owner, SendState};

use crate::rules::Rules;
use crate::state::{Draft, Letter, MOST_MESSAGES, Set, number};

/// A promise that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Broken {
    /// A message is not settled, and neither in the queue nor among the dead letters.
    Stranded,
    /// A user may read two different replies to one message.
    TwoReplies,
    /// A part went out more often than `ON_UNKNOWN` allows.
    TooManyCopies,
    /// A further copy was begun although the outcome of every one before is known.
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
    /// A send of the current part was begun, and whoever began it could not write down what became of it.
    pub(crate) uncertain: bool,
    /// Something other than the protocol ended the current turn early: a person, or a refusal for good.
    pub(crate) excused: bool,
    /// Questions to the AI since a turn ended.
    pub(crate) asked: u32,
    pub(crate) broken: Option<Broken>,
}

impl Witness {
    fn saw(&mut self, broken: Broken) {
        self.broken.get_or_insert(broken);
    }

    /// `write` was done.
    pub(crate) fn written(&mut self, write: &HeadWrite, old: Option<&Head>, new: &Head, ending: Option<Ending>) {
        match write {
            HeadWrite::Commit { .. } | HeadWrite::NextPart { .. } | HeadWrite::SendAgain { .. } => {
                self.send_begun(write, old, new);
            }
            HeadWrite::PutBack { .. } => self.uncertain &= new.turn.as_ref().is_some_and(|turn| turn.copies > 0),
            HeadWrite::ChangeOwner { .. } => self.excused |= new.turn.is_some() && new.owner == Owner::Person,
            HeadWrite::Settle { .. } => self.settled(old, new, ending),
            _ => {}
        }
    }

    fn send_begun(&mut self, write: &HeadWrite, old: Option<&Head>, new: &Head) {
        if old.is_some_and(|old| old.owner == Owner::Person) {
            self.saw(Broken::SentAfterTakeover);
        }
        match write {
            HeadWrite::SendAgain { .. } => {
                if new.turn.as_ref().is_some_and(|turn| turn.copies > 1) && !self.uncertain {
                    self.saw(Broken::NeedlessCopy);
                }
            }
            HeadWrite::Commit { .. } => (self.uncertain, self.excused) = (false, false),
            _ => self.uncertain = false,
        }
    }

    fn settled(&mut self, old: Option<&Head>, new: &Head, ending: Option<Ending>) {
        let (Some(old), Some(ending)) = (old, ending) else { return };
        self.asked = 0;
        if ending == Ending::Flagged && !self.uncertain {
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
        let (too_many, too_early) = (copies[index] > rules.most_copies, index > 0 && copies[index - 1] == 0);
        if too_many {
            self.saw(Broken::TooManyCopies);
        }
        if too_early {
            self.saw(Broken::OutOfOrder);
        }
        self.owed = (0..MOST_MESSAGES).filter(|message| self.owed.has(*message) && !self.is_answered(*message)).collect();
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
        self.uncertain |= head.turn.as_ref().is_some_and(|turn| turn.state == SendState::Sending);
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
