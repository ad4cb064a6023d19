//! What a world is made of.

use std::time::Duration;

use async_trait::async_trait;
use platform::clock::Deadline;
use responder::{OnUnknown, Record, Responder};

use crate::assistants::Brand;
use crate::scene::Bend;

/// What works on a batch: the responder, or something a test puts in its place.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Works on `batch` until `deadline`; returns the ids the queue must keep.
    async fn handle(&self, batch: Vec<Record>, deadline: Deadline) -> Vec<String>;
}

#[async_trait]
impl Handler for Responder {
    async fn handle(&self, batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        Self::handle(self, batch, deadline).await
    }
}

/// An assistant that answers as often as anybody writes: for worlds that are not about budgets.
pub const NO_BUDGET: &str = "[limits]\nturns_per_minute = 10000\nturns_per_day = 100000\n";

/// What a world is made of.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is one thing that a world has or has not")]
pub struct Plan {
    /// One machine each, with a clock ahead by this much.
    pub clocks_ahead: Vec<Duration>,
    /// The same for the door's machines.
    pub doors_ahead: Vec<Duration>,
    /// The policy.
    pub on_unknown: OnUnknown,
    /// The assistant that is deployed at first, as `assistant.toml`.
    pub toml: String,
    /// What the assistants that are deployed later have in common with it.
    pub brand: Brand,
    /// Whether people say the same again and again, as somebody's own bot does.
    pub echoes: bool,
    /// Whether people are forgotten, at any time.
    pub erases: bool,
    /// Makes the handler out of a responder: itself, unless a test wants another.
    pub handler: fn(Responder) -> Box<dyn Handler>,
    /// Whether there is a desk to hand over to.
    pub desk: bool,
    /// A mistake in the protocol.
    pub bend: Option<Bend>,
    /// Whether what has not answered at its deadline is killed there; otherwise it lives on, and acts when it is long over.
    pub kills_at_deadline: bool,
    /// Lets the AI answer some questions later, as this seed decides.
    pub later: Option<u64>,
    /// Whether people come back after hours and days, and whoever promised an answer for later may take hours over it.
    pub lingers: bool,
    /// Lets the AI take its time and, at times, say much, as this seed decides.
    pub moods: Option<u64>,
    /// Lets the queue mix up the order of its messages, as this seed decides.
    pub disorder: Option<u64>,
}

impl Plan {
    /// Whether no clock of the responder's is further ahead than a lease allows for: that is a failure of its own, which ends
    /// the claims of the living.
    pub(crate) fn clocks_agree(&self) -> bool {
        self.clocks_ahead.iter().all(|ahead| *ahead < Duration::from_secs(15))
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            clocks_ahead: vec![Duration::ZERO],
            doors_ahead: vec![Duration::ZERO],
            on_unknown: OnUnknown::ResendOnce,
            toml: NO_BUDGET.to_owned(),
            brand: Brand::default(),
            echoes: false,
            erases: false,
            handler: |responder| Box::new(responder),
            desk: false,
            bend: None,
            kills_at_deadline: false,
            later: None,
            lingers: false,
            moods: None,
            disorder: None,
        }
    }
}
