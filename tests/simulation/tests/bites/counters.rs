//! Counters that do not tell what happened.

use std::sync::Arc;

use platform::metrics::{Meter, Metric};
use responder::Responder;

use crate::finds;

/// A meter that keeps something to itself, or counts it twice.
struct Miscounts(Arc<dyn Meter>, Metric, u64);

impl Meter for Miscounts {
    fn count(&self, metric: Metric, amount: u64) {
        self.0.count(metric, if metric == self.1 { amount * self.2 } else { amount });
    }
}

#[test]
fn a_metric_that_is_not_counted_or_counted_twice() {
    macro_rules! miscounts {
        ($metric:expr, $times:expr) => {
            finds(&format!("{:?} was counted", $metric), 500, |plan| {
                plan.handler = |responder| {
                    let meter = Arc::new(Miscounts(responder.meter.clone(), $metric, $times));
                    Box::new(Responder { meter, ..responder })
                };
            });
        };
    }
    miscounts!(Metric::Answered, 2);
    miscounts!(Metric::Fallback, 0);
    miscounts!(Metric::AiFailed, 0);
    miscounts!(Metric::SendDelayed, 2);
    miscounts!(Metric::UnknownSend, 0);
    miscounts!(Metric::Flagged, 0);
    miscounts!(Metric::Cut, 0);
    miscounts!(Metric::Parked, 0);
    miscounts!(Metric::Duplicate, 2);
    miscounts!(Metric::UnknownRoute, 0);
    miscounts!(Metric::OverBudget, 0);
    miscounts!(Metric::LoopBroken, 0);
    // What may be counted more often than it happened may not be so for no reason.
    miscounts!(Metric::Fallback, 2);
    miscounts!(Metric::OverBudget, 2);
    miscounts!(Metric::LoopBroken, 2);
    miscounts!(Metric::Flagged, 2);
    miscounts!(Metric::Cut, 2);
}
