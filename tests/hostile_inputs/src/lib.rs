#![doc = include_str!("../README.md")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken table shall end the test")]
#![expect(clippy::missing_panics_doc, reason = "the same")]

mod alphabet;
mod asked;
mod called;
pub mod cases;
mod chain;
mod door;
pub mod frames;
mod neighbour;
pub mod not_built;
mod notation;
mod outbound;
mod received;
mod run;
mod said;
mod sent;
mod templates;
pub mod timing;

pub use alphabet::{Chance, PIECES};
pub use door::{Arrival, Door, Visit};
pub use run::{Known, Outcome, run};
pub use templates::{Mode, Templates, Webhook, other_readings};
