#![doc = include_str!("../README.md")]

mod agenda;
mod agents_words;
mod answer;
mod ask;
mod assistant;
mod attend;
mod backends;
mod batch;
mod begin;
mod cut_short;
mod delivered;
mod deliveries;
mod deployment;
mod desks;
mod draft;
mod ended;
mod facts;
mod filing;
mod forward;
mod heed;
mod history;
mod keep;
mod later;
mod lines;
mod matter;
mod media;
mod moment;
mod owner;
mod rest;
mod secret;
mod send;
mod settings;
mod settle;
mod signs;
mod started_flow;
mod summarise;
mod take_up;
mod turn;
mod way;
mod welcome;
mod window;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, MediaReader};
use braze::{Messaging, Profiles};
use desk::Desk;
use models::RouteName;
use models::assistant::Assistant;
use platform::clock::Clock;
use platform::metrics::Meter;
use platform::queue::Timer;
use platform::random::Words;
use store::Store;

pub use assistant::{ASSISTANT_SCHEMA, AssistantFiles, PackError};
pub use backends::{Backends, BadBackend, Means};
pub use batch::{Record, Source};
pub use deployment::Deployment;
pub use desks::DeskSettings;
pub use secret::{SecretKey, Secrets};
pub use settings::{AiSettings, Settings};

/// How long one send may take.
pub(crate) const SEND_WITHIN: Duration = Duration::from_secs(5);
/// What must be left after a send to write down what became of it: one operation of the table with its retries.
pub(crate) const RECORD_WITHIN: Duration = Duration::from_secs(3);
/// How much longer than the work a lease lasts: clocks differ, and a killed function may live on for a moment.
pub(crate) const LEASE_MARGIN: Duration = Duration::from_secs(15);

/// The responder: everything the handler needs, made once a process.
pub struct Responder {
    /// The conversations.
    pub store: Arc<dyn Store>,
    /// How much the whole deployment has asked today.
    pub deployment: Deployment,
    /// What answers.
    pub ai: Arc<dyn Ai>,
    /// What answers on routes that have something else for it.
    pub route_ais: BTreeMap<RouteName, Arc<dyn Ai>>,
    /// What opens the pictures and voice messages that users send; `None` if nobody looks at any.
    pub media: Option<MediaReader>,
    /// What carries replies.
    pub messaging: Arc<dyn Messaging>,
    /// What writes to profiles.
    pub profiles: Arc<dyn Profiles>,
    /// Where people answer, if they do.
    pub desk: Option<Arc<dyn Desk>>,
    /// The queue that user messages come from.
    pub work: Arc<dyn Timer>,
    /// The queue that agents' wishes come from.
    pub agents: Arc<dyn Timer>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The counters.
    pub meter: Arc<dyn Meter>,
    /// Makes run tokens.
    pub words: Words,
    /// The assistant's configuration.
    pub assistant: Assistant,
    /// What follows a send of which nobody knows whether it arrived.
    pub on_unknown: OnUnknown,
}

/// What follows a send of which nobody knows whether it arrived. Braze has no idempotency key: one of the two must be risked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnUnknown {
    /// Send it once more: the user may read it twice, never more often.
    #[default]
    ResendOnce,
    /// Leave it: the user may never read it; counted and alarmed.
    Flag,
}

impl OnUnknown {
    /// Copies of one part that may ever be begun.
    pub(crate) fn most_copies(self) -> u32 {
        match self {
            Self::ResendOnce => 2,
            Self::Flag => 1,
        }
    }
}
