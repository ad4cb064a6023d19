//! The claim of a conversation, and what proves it.

use std::time::Duration;

use models::Timestamp;

use crate::head::{Head, Held, RunToken};

/// The claim of a conversation by one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Unique to this claim.
    pub run: RunToken,
    /// The function's deadline and a margin.
    pub lease_until: Timestamp,
    /// Whether a conversation whose last run ended badly may be taken.
    pub suspects: bool,
}

impl Claim {
    /// What holders prove themselves with, once `head` is what the claim returned.
    pub fn held(&self, head: &Head) -> Held {
        Held { epoch: head.epoch, run: self.run.clone() }
    }

    /// A claim that ends `margin` after the function's `deadline`: no foreign clock is trusted more closely than that.
    pub fn until(run: RunToken, deadline: Timestamp, margin: Duration, suspects: bool) -> Self {
        Self { run, lease_until: deadline + margin, suspects }
    }
}
