//! Whole worlds in virtual time: ingest and responder against everything that can go wrong.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a broken world shall end the test")]

mod chance;
mod clock;
mod door;
mod effects;
mod faults;
mod machine;
mod neighbours;
mod people;
mod quiet;
mod run;
mod shrink;
pub mod sweep;
mod witness;
mod world;

pub use chance::Chance;
pub use clock::VirtualClock;
pub use effects::Bend;
pub use faults::{Effect, Fault, Faults, Moment, Weather};
pub use neighbours::{AiScript, Sent};
pub use run::{Run, Told};
pub use shrink::shrink;
pub use witness::{CANARY, Figure, Figures, Witness};
pub use world::{Handler, Plan, World};
