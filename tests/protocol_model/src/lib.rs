#![doc = include_str!("../README.md")]

mod broken;
mod bug;
mod calm;
mod canonical;
mod fault;
mod follow;
mod rules;
mod run;
mod search;
mod setting;
pub mod settings;
mod state;
mod surroundings;
mod time;
mod witness;
mod words;

pub use broken::Broken;
pub use bug::Bug;
pub use fault::{Budget, Fault};
pub use follow::CALLS;
pub use rules::Rules;
pub use search::{Report, Violation};
pub use setting::{FLAG, RESEND_ONCE, Setting};
pub use state::State;
