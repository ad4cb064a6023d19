//! `cargo run -- completion`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Program, shown};

/// What it is completed as: a name of one's own for `cargo run --`, which no shell can complete.
const NAME: &str = "dragoman";

/// For which shell.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The shell
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(options: &Options) {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Program::command().name(NAME), NAME, &mut script);
    shown::print(&String::from_utf8_lossy(&script));
}
