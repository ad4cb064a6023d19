//! A run of the responder, as a machine of small steps: each is one call to the table, the AI or Braze, with everything
//! decided after it. The files below it are named after those of the responder that they follow.

mod attend;
mod filing;
mod send;
mod settle;
mod turn;

use std::rc::Rc;

use store::{Claim, Head, HeadWrite, Held, RunToken};

use crate::bug;
use crate::bug::Bug;
use crate::fault::Fault;
use crate::rules::Rules;
use crate::state::{Draft, Place, Set, State};
use crate::time::TO_COME;
use crate::witness::Ending;

/// A run at work.
#[derive(Clone)]
pub(crate) struct Run {
    /// Its name in a trace.
    pub(crate) name: u32,
    pub(crate) deliveries: Vec<Delivery>,
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
    /// The open messages of this turn.
    pub(crate) about: Set,
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

/// What a run does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Reads the head: one of its messages was delivered before.
    Look,
    /// Puts the row of this delivery.
    PutRow(usize),
    /// Writes this delivery into the head, with a claim if it may.
    File(usize, Option<u32>),
    /// Takes the conversation.
    Claim(u32),
    /// Reads the row of a turn that was left behind.
    ReadTurn,
    /// Reads the rows of what is pending. `again`: for the second time.
    ReadRows { again: bool },
    /// Marks the row of the so-manieth id that the head will forget.
    Mark { again: bool, index: usize },
    /// Asks the AI.
    Ask { again: bool },
    /// Stores the draft.
    PutDraft { again: bool },
    /// Commits it.
    Commit { again: bool },
    /// Sends the current part.
    Send,
    /// Begins the next part.
    NextPart,
    /// Begins one more copy.
    SendAgain,
    /// Notes that nothing is out.
    PutBack,
    /// Shortens the row to the parts that were read.
    PutCut { read: u32 },
    /// Ends the turn.
    Settle(Ending),
    /// Marks the row of the so-manieth message that was given up.
    MarkParked(usize),
    /// Gives the conversation back.
    Release,
    /// Sends what was written down before: only where a bug has it so.
    SendLate { part: u32 },
    /// Tells the queue which deliveries are over.
    Tell,
}

/// How a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// As it should.
    Well,
    /// The run dies before it.
    Dies,
    /// It happens; its answer is lost, and the client will repeat it.
    Unheard,
    /// It happens, and is reported as failed.
    FailsDone,
    /// It does not happen, and is reported as failed.
    FailsUndone,
    /// The AI has no answer.
    AiFails,
    /// Nobody knows whether Braze accepted.
    Unknown { delivered: bool },
    /// Braze does not accept for now.
    Refused,
    /// Braze refuses for good.
    Rejected,
    /// No time is left to send.
    Short,
    /// The queue cannot be told.
    NotTold,
}

impl How {
    pub(crate) fn fault(self) -> Option<Fault> {
        match self {
            Self::Well => None,
            Self::Dies => Some(Fault::Death),
            Self::Unheard => Some(Fault::AnswerLost),
            Self::FailsDone | Self::FailsUndone => Some(Fault::Failure),
            Self::AiFails => Some(Fault::AiFailure),
            Self::Unknown { .. } => Some(Fault::Unknown),
            Self::Refused => Some(Fault::Refusal),
            Self::Rejected => Some(Fault::Rejection),
            Self::Short => Some(Fault::Short),
            Self::NotTold => Some(Fault::NotTold),
        }
    }
}

impl Step {
    /// Everything that may befall this step.
    pub(crate) fn hows(self) -> &'static [How] {
        match self {
            Self::Look | Self::ReadRows { .. } | Self::ReadTurn => &[How::Well, How::Dies, How::FailsUndone],
            // To repeat these changes nothing.
            Self::Mark { .. } | Self::PutDraft { .. } | Self::PutCut { .. } | Self::MarkParked(_) => {
                &[How::Well, How::Dies, How::FailsDone, How::FailsUndone]
            }
            Self::Ask { .. } => &[How::Well, How::Dies, How::AiFails],
            Self::Send | Self::SendLate { .. } => &[
                How::Well,
                How::Dies,
                How::Unknown { delivered: true },
                How::Unknown { delivered: false },
                How::Refused,
                How::Rejected,
                How::Short,
            ],
            Self::Tell => &[How::Well, How::Dies, How::NotTold],
            _ => &[How::Well, How::Dies, How::Unheard, How::FailsDone, How::FailsUndone],
        }
    }
}

/// What a write to the head came to.
enum Written {
    Done(Rc<Head>),
    Refused(Option<Rc<Head>>),
    Failed,
    Unheard,
}

/// A run doing its next step.
struct Actor<'a> {
    state: &'a mut State,
    run: &'a mut Run,
    rules: &'a Rules,
    how: How,
}

/// The step cannot go this way here.
struct Impossible;

type Going = Result<(), Impossible>;

impl Run {
    /// A run for `deliveries`.
    pub(crate) fn new(name: u32, deliveries: Vec<Delivery>) -> Self {
        let nothing = Rc::new(Head::default());
        let mut run = Self {
            name,
            deliveries,
            alone: false,
            view: Rc::clone(&nothing),
            held: None,
            fresh: Set::default(),
            settled: Set::default(),
            failed: Set::default(),
            step: Step::Tell,
            head: nothing,
            before: None,
            history: Vec::new(),
            about: Set::default(),
            draft: None,
        };
        run.begin(false);
        run
    }

    fn begin(&mut self, alone: bool) {
        let seen = self.deliveries.iter().any(|delivery| delivery.seen);
        let deliveries = std::mem::take(&mut self.deliveries);
        let nothing = Rc::new(Head::default());
        *self = Self {
            name: self.name,
            deliveries,
            alone,
            view: Rc::clone(&nothing),
            held: None,
            fresh: Set::default(),
            settled: Set::default(),
            failed: Set::default(),
            step: if seen { Step::Look } else { Step::PutRow(0) },
            head: nothing,
            before: None,
            history: Vec::new(),
            about: Set::default(),
            draft: None,
        };
    }

    /// Whether `head` is this run's.
    pub(crate) fn holds(&self, head: &Head) -> bool {
        self.held.is_some_and(|held| held.epoch == head.epoch && head.run == Some(token(held.claim)))
    }
}

/// The token of claim number `claim`.
pub(crate) fn token(claim: u32) -> RunToken {
    RunToken(claim.to_string())
}

impl State {
    /// The state after run number `slot` did its next step like this; `None` if it cannot go so.
    pub(crate) fn step(&self, slot: usize, how: How, rules: &Rules) -> Option<Self> {
        let mut state = self.clone();
        let mut run = Rc::unwrap_or_clone(state.runs.remove(slot));
        if how == How::Dies {
            state.abandoned(&run);
            state.come_back(&run, |_| true);
        } else {
            let mut actor = Actor { state: &mut state, run: &mut run, rules, how };
            let is_over = actor.run.step == Step::Tell;
            actor.go().ok()?;
            if !is_over {
                state.runs.insert(slot, Rc::new(run));
            }
        }
        Some(state)
    }

    /// Whatever `run` was about to write down, it will not.
    pub(crate) fn abandoned(&mut self, run: &Run) {
        if let Some(head) = self.head.as_deref().filter(|head| run.holds(head)) {
            self.witness.stopped(head);
        }
    }

    /// Those deliveries of `run` that are `kept` are in the queue again; the others are deleted.
    fn come_back(&mut self, run: &Run, kept: impl Fn(&Delivery) -> bool) {
        for delivery in &run.deliveries {
            let place = &mut self.letters[delivery.message].copies[delivery.copy];
            match *place {
                Place::Delivered if kept(delivery) => *place = Place::Queue { seen: true },
                Place::Delivered | Place::Queue { .. } if !kept(delivery) => *place = Place::Nowhere,
                _ => {}
            }
        }
    }

    /// Writes the head, as the product's `write_head` does.
    pub(crate) fn write_head(
        &mut self,
        write: &HeadWrite,
        ending: Option<Ending>,
        rules: &Rules,
    ) -> Result<Rc<Head>, Option<Rc<Head>>> {
        let found = self.head.clone();
        if let Ok(new) = bug::apply(rules.bug, write, found.as_deref()) {
            self.witness.written(write, found.as_deref(), &new, ending);
            self.drafts.retain(|draft| draft.key.number > new.last_turn);
            let new = Rc::new(new);
            self.head = Some(Rc::clone(&new));
            return Ok(new);
        }
        match found {
            Some(found) if !rules.has(Bug::OwnWriteUnrecognised) && write.was_applied(&found) => Ok(found),
            found => Err(found),
        }
    }
}

impl Actor<'_> {
    fn go(&mut self) -> Going {
        match self.run.step {
            Step::Look => self.look(),
            Step::PutRow(index) => self.put_row(index),
            Step::File(index, claim) => self.file(index, claim),
            Step::Claim(claim) => self.claim(claim),
            Step::ReadTurn => self.read_turn(),
            Step::ReadRows { again } => self.read_rows(again),
            Step::Mark { again, index } => self.mark(again, index),
            Step::Ask { again } => self.ask(again),
            Step::PutDraft { again } => self.put_draft(again),
            Step::Commit { again } => self.commit(again),
            Step::Send => self.send(),
            Step::NextPart => self.next_part(),
            Step::SendAgain => self.send_again(),
            Step::PutBack => self.put_back(),
            Step::PutCut { read } => self.put_cut(read),
            Step::Settle(ending) => self.settle(ending),
            Step::MarkParked(index) => self.mark_parked(index),
            Step::Release => self.release(),
            Step::SendLate { part } => self.send_late(part),
            Step::Tell => self.tell(),
        }
    }

    /// Writes the head, as well as it goes.
    fn write(&mut self, write: &HeadWrite, ending: Option<Ending>) -> Result<Written, Impossible> {
        if self.how == How::FailsUndone {
            return Ok(Written::Failed);
        }
        let before = self.state.head.clone();
        let written = self.state.write_head(write, ending, self.rules);
        let is_done = match (&before, &self.state.head) {
            (Some(before), Some(after)) => !Rc::ptr_eq(before, after),
            (before, after) => before.is_some() != after.is_some(),
        };
        match self.how {
            How::Well => Ok(written.map_or_else(Written::Refused, Written::Done)),
            // What is refused is refused whether its answer is heard or not: nothing new to look at.
            _ if !is_done => Err(Impossible),
            How::Unheard => Ok(Written::Unheard),
            _ => Ok(Written::Failed),
        }
    }

    /// The effect of a call that cannot be refused. Whether the run goes on.
    fn effect(&mut self, effect: impl FnOnce(&mut State)) -> bool {
        if self.how != How::FailsUndone {
            effect(self.state);
        }
        let goes_on = self.how == How::Well;
        if !goes_on {
            self.stop();
        }
        goes_on
    }

    /// Work on the conversation ends before its turn does: lost to another run, or the table failed.
    fn stop(&mut self) {
        if self.how != How::Well {
            self.state.abandoned(self.run);
        }
        self.run.held = None;
        self.run.step = Step::Tell;
    }

    fn held(&self) -> Held {
        let holding = self.run.held.unwrap_or(Holding { epoch: 0, claim: 0 });
        Held { epoch: holding.epoch, run: token(holding.claim) }
    }

    fn new_claim(&mut self) -> u32 {
        self.state.next.claim += 1;
        self.state.next.claim
    }

    fn claim_of(&self, number: u32) -> Claim {
        Claim { run: token(number), lease_until: TO_COME, suspects: self.run.alone }
    }
}
