#![doc = include_str!("../README.md")]

mod binaries;
pub mod burst;
mod chance;
mod figures;
pub mod growth;
pub mod kills;
mod memory;
mod shared;
mod webhook;

use std::fmt;

pub use binaries::{Binaries, build, program};
pub use figures::Report;
pub use memory::Memory;

/// The run itself cannot go on: nothing is shown about any promise.
#[derive(Debug)]
pub struct Unfit(String);

impl Unfit {
    /// The run cannot go on, for this reason.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}
