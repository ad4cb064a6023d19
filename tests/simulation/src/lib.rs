#![doc = include_str!("../README.md")]
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a broken world shall end the test")]

mod agents;
mod assistants;
pub mod ceiling;
mod chance;
mod clock;
mod desk;
mod door;
mod effects;
mod faults;
mod flows;
mod later;
mod machine;
mod neighbours;
mod people;
mod plan;
mod poll;
mod profiles;
mod quiet;
mod run;
mod scene;
mod shrink;
pub mod sweep;
mod witness;
mod world;

pub use assistants::Brand;
pub use chance::Chance;
pub use clock::VirtualClock;
pub use faults::{EFFECTS, Effect, Fault, Faults, Moment, Weather};
pub use neighbours::{AiScript, Sent};
pub use plan::{Handler, NO_BUDGET, Plan};
pub use run::{Run, Told};
pub use scene::Bend;
pub use shrink::shrink;
pub use witness::{CANARY, Figure, Figures, Witness};
pub use world::World;
