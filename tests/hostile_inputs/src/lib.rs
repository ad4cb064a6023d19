#![doc = include_str!("../README.md")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a broken table shall end the test")]

mod alphabet;
mod asked;
mod called;
pub mod cases;
mod chain;
mod door;
mod neighbour;
pub mod not_built;
mod notation;
mod outbound;
mod received;
mod run;
mod said;
mod sent;
mod templates;

pub use alphabet::{Chance, PIECES};
pub use door::{Arrival, Door, Visit};
pub use notation::Notation;
pub use run::{Outcome, run};
pub use templates::{Mode, Templates, Webhook};
