//! The real binaries as Lambda starts them, with AWS and Braze on loopback: what the tests in this package stand on.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a broken world shall end the test")]

mod door;
mod fake;
mod file_once;
mod stack;

pub use door::Door;
pub use fake::{Fake, serve};
pub use file_once::FileOnce;
pub use stack::{CAMPAIGN, Stack, TABLE, binary, documented, environment, serve_braze};
