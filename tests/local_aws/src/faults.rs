//! Faults on purpose: what goes wrong between a client and AWS.

use std::time::Duration;

use crate::Operation;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Throttle,
    Expire,
    Fail,
    Hang,
    Delay(Duration),
    LoseRequest,
    LoseResponse,
    FailAfterApplying,
}

/// A fault of one operation: of its next call, unless [`Fault::after`], [`Fault::times`] or [`Fault::always`] say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    operation: Operation,
    effect: Effect,
    after: usize,
    times: usize,
}

impl Fault {
    fn new(operation: Operation, effect: Effect) -> Self {
        Self { operation, effect, after: 0, times: 1 }
    }

    /// Refused for want of capacity (400); nothing is applied.
    pub fn throttle(operation: Operation) -> Self {
        Self::new(operation, Effect::Throttle)
    }

    /// Refused because the caller's credentials have expired (400); nothing is applied, and the SDK does not
    /// ask again.
    pub fn expire(operation: Operation) -> Self {
        Self::new(operation, Effect::Expire)
    }

    /// An internal error (500); nothing is applied.
    pub fn fail(operation: Operation) -> Self {
        Self::new(operation, Effect::Fail)
    }

    /// Never answered and never applied: the client has to give up.
    pub fn hang(operation: Operation) -> Self {
        Self::new(operation, Effect::Hang)
    }

    /// Applied and answered, but only after this time.
    pub fn delay(operation: Operation, time: Duration) -> Self {
        Self::new(operation, Effect::Delay(time))
    }

    /// The connection is cut before anything is applied.
    pub fn lose_request(operation: Operation) -> Self {
        Self::new(operation, Effect::LoseRequest)
    }

    /// Applied, then the connection is cut before a byte of the answer: the client's retry meets its own write.
    pub fn lose_response(operation: Operation) -> Self {
        Self::new(operation, Effect::LoseResponse)
    }

    /// Applied, then answered with an internal error (500).
    pub fn fail_after_applying(operation: Operation) -> Self {
        Self::new(operation, Effect::FailAfterApplying)
    }

    /// Lets the next `calls` of the operation pass first.
    pub fn after(self, calls: usize) -> Self {
        Self { after: calls, ..self }
    }

    /// Happens to this many calls in a row.
    pub fn times(self, calls: usize) -> Self {
        Self { times: calls, ..self }
    }

    /// Happens to every call until the faults are cleared: an outage.
    pub fn always(self) -> Self {
        self.times(usize::MAX)
    }
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push(fault);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn pending(&self) -> &[Fault] {
        &self.0
    }

    /// What happens to this call of `operation`. Where several faults wait for it, the first one injected wins.
    pub(crate) fn next(&mut self, operation: Operation) -> Option<Effect> {
        let mut effect = None;
        for fault in self.0.iter_mut().filter(|fault| fault.operation == operation) {
            if fault.after > 0 {
                fault.after -= 1;
            } else if effect.is_none() {
                fault.times -= 1;
                effect = Some(fault.effect);
            }
        }
        self.0.retain(|fault| fault.times > 0);
        effect
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{GetItem, PutItem};

    fn effects(faults: Vec<Fault>, calls: usize) -> Vec<Option<Effect>> {
        let mut all = Faults::default();
        for fault in faults {
            all.add(fault);
        }
        (0..calls).map(|_| all.next(PutItem)).collect()
    }

    #[test]
    fn a_fault_hits_the_calls_it_was_meant_for() {
        let (throttle, fail) = (Some(Effect::Throttle), Some(Effect::Fail));
        for (faults, expected) in [
            (vec![Fault::throttle(PutItem)], vec![throttle, None, None]),
            (vec![Fault::throttle(PutItem).times(2)], vec![throttle, throttle, None]),
            (vec![Fault::throttle(PutItem).after(1)], vec![None, throttle, None]),
            (vec![Fault::throttle(PutItem).always()], vec![throttle, throttle, throttle]),
            (vec![Fault::throttle(GetItem)], vec![None, None, None]),
            (vec![Fault::throttle(PutItem), Fault::fail(PutItem)], vec![throttle, fail, None]),
            (vec![Fault::throttle(PutItem).after(1), Fault::fail(PutItem).after(1)], vec![None, throttle, fail]),
            (vec![Fault::throttle(PutItem).times(0)], vec![None, None, None]),
        ] {
            assert_eq!(effects(faults.clone(), 3), expected, "{faults:?}");
        }
    }
}
