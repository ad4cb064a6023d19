//! A run of the responder, as a machine of small steps: each is one call to the table, the AI or Braze, with everything
//! decided after it. The files below it are named after those of the responder that they follow.

mod actor;
mod attend;
mod filing;
mod later;
mod moment;
mod send;
mod settle;
mod step;
mod turn;

use std::rc::Rc;

use store::{Head, RunToken};

use crate::state::{Aside, Draft, Set};

use actor::{Actor, Written};
pub(crate) use later::{Hearing, Later};
pub(crate) use step::{How, Step};

/// A run at work.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a run knows")]
pub(crate) struct Run {
    /// Its name in a trace.
    pub(crate) name: u32,
    pub(crate) deliveries: Vec<Delivery>,
    /// The answer that it was brought; then there are no deliveries.
    pub(crate) later: Option<Later>,
    /// It may take a conversation whose last run ended badly.
    pub(crate) alone: bool,
    /// The conversation when it was looked at last outside of a turn.
    pub(crate) view: Rc<Head>,
    pub(crate) held: Option<Holding>,
    /// Messages whose rows this run put.
    pub(crate) fresh: Set,
    pub(crate) settled: Set,
    pub(crate) failed: Set,
    pub(crate) step: Step,
    /// The conversation as the turn knows it.
    pub(crate) head: Rc<Head>,
    /// The view before the claim, where a bug goes by it.
    pub(crate) before: Option<Rc<Head>>,
    /// Drafts that stood in the table at the claim.
    pub(crate) history: Vec<Rc<Draft>>,
    /// The newest question that had been put aside at the claim.
    pub(crate) aside: Option<Rc<Aside>>,
    /// Its time was over when this run came to ask.
    pub(crate) passed: bool,
    /// Its answer is waited on, and the user is told so first.
    pub(crate) waits: bool,
    /// The open messages of this turn.
    pub(crate) about: Set,
    /// Told that it takes a moment, and nothing since.
    pub(crate) told: bool,
    /// The last thing the user had read at the claim was that it takes a moment.
    pub(crate) knew: bool,
    /// The AI was asked, and its answer is still to come.
    pub(crate) asked: bool,
    /// The reply, once there is one.
    pub(crate) draft: Option<Rc<Draft>>,
}

/// One delivery of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delivery {
    pub(crate) message: usize,
    pub(crate) copy: usize,
    /// It was delivered before.
    pub(crate) seen: bool,
}

/// Proof of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holding {
    pub(crate) epoch: u64,
    pub(crate) claim: u32,
}

impl Run {
    /// A run for `deliveries`.
    pub(crate) fn new(name: u32, deliveries: Vec<Delivery>) -> Self {
        Self::beginning(name, deliveries, None, false)
    }

    /// A run for an answer that came later.
    pub(crate) fn hearing(name: u32, later: Later) -> Self {
        Self::beginning(name, Vec::new(), Some(later), false)
    }

    /// The same from the beginning, in a function where nothing else is going on.
    fn begin_alone(&mut self) {
        let later = self.later.map(|later| Later { hearing: Hearing::Unknown, ..later });
        *self = Self::beginning(self.name, std::mem::take(&mut self.deliveries), later, true);
    }

    fn beginning(name: u32, deliveries: Vec<Delivery>, later: Option<Later>, alone: bool) -> Self {
        let seen = deliveries.iter().any(|delivery| delivery.seen);
        let nothing = Rc::new(Head::default());
        Self {
            name,
            deliveries,
            later,
            alone,
            view: Rc::clone(&nothing),
            held: None,
            fresh: Set::default(),
            settled: Set::default(),
            failed: Set::default(),
            step: match later {
                Some(_) => Step::HearHead,
                None if seen => Step::Look,
                None => Step::PutRow(0),
            },
            head: nothing,
            before: None,
            history: Vec::new(),
            aside: None,
            passed: false,
            waits: false,
            about: Set::default(),
            told: false,
            knew: false,
            asked: false,
            draft: None,
        }
    }

    /// Whether `head` is this run's.
    pub(crate) fn holds(&self, head: &Head) -> bool {
        self.held.is_some_and(|held| held.epoch == head.epoch && head.run == Some(token(held.claim)))
    }

    /// Whether it has put the row of `message` and not yet its place in the head.
    pub(crate) fn is_filing(&self, message: usize) -> bool {
        matches!(self.step, Step::File(index, _) if self.deliveries[index].message == message)
    }

    /// Whether `head` is this run's, even if it has not heard of it yet.
    pub(crate) fn has_claimed(&self, head: &Head) -> bool {
        let is_unheard = match self.step {
            Step::File(_, Some(claim)) | Step::Claim(claim) => head.run == Some(token(claim)),
            _ => false,
        };
        is_unheard || self.holds(head)
    }
}

/// The token of claim number `claim`.
pub(crate) fn token(claim: u32) -> RunToken {
    RunToken(claim.to_string())
}
