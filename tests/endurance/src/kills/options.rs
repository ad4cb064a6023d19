//! What a run can be told.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Kill the functions' processes at random and chosen moments while webhooks keep coming, and see whether every promise
/// holds.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// How many processes to kill.
    #[arg(long, default_value_t = 1_000)]
    pub count: usize,
    /// Draws the texts and the fates of the processes; what meets what is up to the machine. Default: the time.
    #[arg(long)]
    pub seed: Option<u64>,
    /// The program of ministack, an emulator of AWS that is not ours; started and stopped by this run.
    #[arg(long, value_name = "PATH", default_value = ".venv/emulator/bin/ministack")]
    pub emulator: PathBuf,
    /// An emulator that is running already.
    #[arg(long, value_name = "URL", conflicts_with = "emulator")]
    pub endpoint: Option<String>,
    /// Our own stand-in for AWS instead of an emulator.
    #[arg(long, conflicts_with_all = ["emulator", "endpoint"])]
    pub local: bool,
    /// Only moments at which the dying process holds no conversation, so that nothing has to wait for the end of a lease.
    #[arg(long)]
    pub quick: bool,
    /// What the responder is told to do about a send of which nobody knows whether it arrived.
    #[arg(long, value_enum, default_value_t = OnUnknown::ResendOnce)]
    pub on_unknown: OnUnknown,
    /// Breaks a promise on purpose, to see that the run notices.
    #[arg(long, value_enum)]
    pub sabotage: Option<Sabotage>,
}

/// The responder's `ON_UNKNOWN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum OnUnknown {
    /// Send it once more.
    ResendOnce,
    /// Leave it.
    Flag,
}

impl OnUnknown {
    /// As the function's environment has it.
    pub(crate) fn setting(self) -> &'static str {
        match self {
            Self::ResendOnce => "resend_once",
            Self::Flag => "flag",
        }
    }

    /// The most copies of one part that a user may read.
    pub(crate) fn most_copies(self) -> usize {
        match self {
            Self::ResendOnce => 2,
            Self::Flag => 1,
        }
    }
}

/// What is done now and then between the functions and the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// A message on its way to the queue is dropped, and its sender told that all is well.
    Drop,
    /// A send is repeated twice.
    Copy,
    /// A send goes to somebody else.
    Misdirect,
    /// A word of a question is changed.
    Garble,
}
