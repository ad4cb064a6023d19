//! A world in virtual time for the responder: an embedded queue and store, an AI and a Braze that do as they are told, and
//! death at any step. Same script, same run.

#![expect(clippy::unwrap_used, clippy::panic, clippy::missing_panics_doc, reason = "a broken world shall end the test")]

mod chaos;
mod clock;
mod mortal;
mod neighbours;
mod world;

pub use chaos::Chaos;
pub use clock::VirtualClock;
pub use mortal::{Moment, Mortality};
pub use neighbours::{AiScript, Sent};
pub use world::World;
