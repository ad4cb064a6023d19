//! The three functions that are compared, each with its surroundings.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use endurance::growth::{Ingest, Responder, Subject};
use endurance::{Binaries, Unfit};
use local_aws::LocalAws;
use serde_json::Value;

use crate::launch::Program;
use crate::outside::{Outside, Pace};

/// Where the binaries are.
#[derive(Debug)]
pub(crate) struct Functions {
    pub(crate) ours: Binaries,
    /// Does nothing.
    pub(crate) noop: PathBuf,
}

/// The responder with a world that can be asked what it saw.
pub(crate) struct Answering {
    pub(crate) subject: Responder,
    pub(crate) outside: Arc<Outside>,
}

impl Functions {
    /// The no-op is built for release, whatever this program is.
    pub(crate) fn built() -> Result<Self, Unfit> {
        Ok(Self { ours: Binaries::built()?, noop: endurance::build(&["noop"], true)?.join("noop") })
    }

    pub(crate) fn noop(&self) -> Program {
        Program::of("noop", &self.noop, Vec::new())
    }

    pub(crate) fn ingest(&self, subject: &Ingest) -> Program {
        program(&self.ours.ingest, subject)
    }

    pub(crate) fn responder(&self, subject: &Responder) -> Program {
        program(&self.ours.responder, subject)
    }
}

impl Answering {
    /// An AI of this pace.
    pub(crate) async fn with(pace: Pace) -> Result<Self, Unfit> {
        let aws = Arc::new(LocalAws::start().await);
        let started = Outside::start(Arc::clone(&aws), pace).await;
        let (outside, address) = started.map_err(|error| Unfit::new(error.to_string()))?;
        Ok(Self { subject: Responder::facing(aws, address)?, outside })
    }

    /// An AI that answers at once.
    pub(crate) async fn at_once() -> Result<Self, Unfit> {
        Self::with(|_| Duration::ZERO).await
    }
}

/// What it is invoked with, and how its response is looked at.
pub(crate) fn program<S: Subject>(binary: &Path, subject: &S) -> Program {
    Program::of(S::NAME, binary, subject.environment())
}

/// Says so if a response is not what it should be: a wrong answer is not worth measuring.
pub(crate) fn right<S: Subject>(subject: &S, number: usize, response: &Value) -> Result<(), Unfit> {
    let mistake = subject.mistake(number, response);
    mistake.map_or(Ok(()), |mistake| Err(Unfit::new(format!("{}: {mistake}", S::NAME))))
}
