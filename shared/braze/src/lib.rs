#![doc = include_str!("../README.md")]

mod call;
mod client;
mod delivery;
mod gathered;
mod outcome;
mod pace;
mod paced;
mod request;
mod together;
mod track;

use std::time::Duration;

use async_trait::async_trait;
use models::{Attributes, CampaignId, Reply};

pub use client::{Client, OnServerError};
pub use delivery::{ApprovedTemplate, Delivery, Sender};
pub use gathered::Gathered;
pub use outcome::{Outcome, Refusal, outcome};
pub use pace::Allowance;
pub use paced::{Paced, Shared};
pub use together::Together;
pub use track::{MOST_OBJECTS, ProfileUpdate, TrackOutcome, Tracked, Updated};

/// A channel that carries one part of a reply to one person.
#[async_trait]
pub trait Messaging: Send + Sync {
    /// Sends `reply` once and says which of the three things happened. Takes no longer than `time`.
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome;

    /// Whether a reply by that campaign, or by the channel's own way, writes all of these attributes. What is not carried is left
    /// out without a word, and is for [`Profiles`] to write.
    fn carries(&self, attributes: &Attributes, campaign: Option<&CampaignId>) -> bool {
        let (_, _) = (attributes, campaign);
        true
    }

    /// Whether it can bring a text, as an approved template, to somebody who has not written for a day.
    fn has_template(&self) -> bool {
        false
    }
}

/// What is known about people, kept by Braze.
#[async_trait]
pub trait Profiles: Send + Sync {
    /// Writes `updates`, several people to a call, and says of every object what became of it. Makes no new people. Takes no
    /// longer than `within`.
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome;
}

/// Writes nothing and says that it did: for where nobody has a profile.
pub struct NoProfiles;

#[async_trait]
impl Profiles for NoProfiles {
    async fn track(&self, updates: &[ProfileUpdate], _: Duration) -> TrackOutcome {
        let written = |update: &ProfileUpdate| Updated {
            attributes: (!update.attributes.is_empty()).then_some(Tracked::Written),
            events: vec![Tracked::Written; update.events.len()],
        };
        TrackOutcome { updates: updates.iter().map(written).collect() }
    }
}
