//! Time as far as the protocol can see it: a moment is over or still to come. When it passes is not foreseen: a lease, a
//! quiet period and Braze's reset may each end at any step.

use std::rc::Rc;
use std::time::Duration;

use models::Timestamp;
use store::Head;

use crate::state::{Aside, Row, State};

/// It is always this moment.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_000);
/// Any later one.
pub(crate) const TO_COME: Timestamp = Timestamp::from_seconds(9_000);
/// Any earlier one, but for the epoch: that means "released".
pub(crate) const OVER: Timestamp = Timestamp::from_seconds(500);
/// Further than a quiet period ever reaches: a burst is due when its newest message is.
pub(crate) const CAP: Duration = Duration::from_secs(100_000);

/// What ends when time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    /// The lease of the last claim.
    Lease,
    /// The quiet period of everything pending.
    Quiet,
    /// The wait that Braze asked for.
    Retry,
    /// The two minutes that a message which was given up has to reach the dead letters.
    Burial,
    /// The time for which an answer is waited for.
    Wait,
}

impl Passing {
    pub(crate) const ALL: [Self; 5] = [Self::Lease, Self::Quiet, Self::Retry, Self::Burial, Self::Wait];
}

impl State {
    /// Whether `passing` is still to come.
    pub(crate) fn awaits(&self, passing: Passing) -> bool {
        let head = |waits: fn(&Head) -> bool| self.head.as_deref().is_some_and(waits);
        match passing {
            Passing::Lease => head(|head| head.leased(NOW)),
            Passing::Quiet => head(|head| head.pending.values().any(|pending| pending.due > NOW)),
            Passing::Retry => head(waits_for_braze),
            Passing::Burial => self.letters.iter().any(|letter| letter.row == Row::Parked { lately: true }),
            Passing::Wait => self.aside.as_ref().is_some_and(|aside| !aside.over),
        }
    }

    /// Lets time pass, for everybody who looks at it.
    pub(crate) fn pass(&mut self, passing: Passing) {
        if passing == Passing::Burial {
            for letter in &mut self.letters {
                if let Row::Parked { lately } = &mut letter.row {
                    *lately = false;
                }
            }
            return;
        }
        if passing == Passing::Wait {
            return self.nobody_waits_any_longer();
        }
        if let Some(head) = &mut self.head {
            age(head, passing);
        }
        self.witness.leased &= passing != Passing::Lease;
        for run in &mut self.runs {
            let run = Rc::make_mut(run);
            age(&mut run.view, passing);
            age(&mut run.head, passing);
        }
    }

    fn nobody_waits_any_longer(&mut self) {
        let over = |aside: &mut Option<Rc<Aside>>| aside.iter_mut().for_each(|aside| Rc::make_mut(aside).over = true);
        over(&mut self.aside);
        self.runs.iter_mut().for_each(|run| over(&mut Rc::make_mut(run).aside));
        self.witness.waited = 0;
    }
}

fn waits_for_braze(head: &Head) -> bool {
    head.turn.as_ref().and_then(|turn| turn.retry_at).is_some_and(|at| at > NOW)
}

fn age(head: &mut Rc<Head>, passing: Passing) {
    let is_old = match passing {
        Passing::Lease => !head.leased(NOW),
        Passing::Quiet => head.pending.values().all(|pending| pending.due <= NOW),
        Passing::Retry => !waits_for_braze(head),
        Passing::Burial | Passing::Wait => true,
    };
    if is_old {
        return;
    }
    let head = Rc::make_mut(head);
    match passing {
        Passing::Lease => head.lease_until = OVER,
        Passing::Quiet => head.pending.values_mut().for_each(|pending| pending.due = pending.due.min(OVER)),
        Passing::Retry => head.turn.iter_mut().for_each(|turn| turn.retry_at = None),
        Passing::Burial | Passing::Wait => {}
    }
}
