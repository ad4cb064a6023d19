//! The command line.

use clap::Parser;

/// Hostile and odd inputs, and what the real code makes of them.
///
/// Without options it runs the table in `cases` and counts it by class. Exit code 1 says that a promise is broken.
#[derive(Debug, Clone, Parser)]
#[command(name = "cargo run --release -p hostile_inputs --", version)]
pub(crate) struct Options {
    /// Instead: render so many random hostile texts into each template, and read them with our reader and a plain JSON parser
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) frames: Option<u64>,

    /// Instead: measure whether a wrong token takes longer to refuse the later the mistake in it stands
    #[arg(long)]
    pub(crate) timing: bool,

    /// Requests measured by --timing
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub(crate) requests: u64,

    /// The seed of everything random
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
}
