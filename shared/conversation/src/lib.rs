//! The rules of a conversation, pure: due times, decisions, reply shaping. Time is an argument.

pub mod decide;
pub mod flow;
pub mod guard;
pub mod language;
pub mod likeness;
pub mod prompt;
pub mod quiet;
pub mod resumed;
pub mod room;
pub mod shape;
pub mod window;
