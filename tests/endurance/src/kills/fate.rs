//! How a process is to die.

use super::deed::{OF_INGEST, OF_RESPONDER};
use crate::chance::Chance;

/// One of the two functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ingest,
    Responder,
}

/// The end of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Fate {
    /// None, as far as this run is concerned.
    Spared,
    /// After this part of the time that an invocation usually takes.
    During(f64),
    /// When a request of this kind arrives: before it has any effect, or after it had its effect and before its answer.
    Around { moment: &'static str, after: bool },
}

impl Fate {
    /// A random or a chosen moment, as often one as the other.
    pub(super) fn drawn(chance: &mut Chance, role: Role) -> Self {
        if chance.percent(50) {
            return Self::drawn_during(chance);
        }
        let moments: &[&'static str] = match role {
            Role::Ingest => &OF_INGEST,
            Role::Responder => &OF_RESPONDER,
        };
        Self::Around { moment: chance.of(moments), after: chance.percent(50) }
    }

    /// A random moment.
    pub(super) fn drawn_during(chance: &mut Chance) -> Self {
        Self::During(f64::from(u32::try_from(chance.below(1_000)).unwrap_or_default()) / 1_000.0)
    }

    /// Whether it is met by a request of this kind, before or after its effect.
    pub(super) fn strikes(self, moment: &str, after: bool) -> bool {
        matches!(self, Self::Around { moment: own, after: side } if own == moment && side == after)
    }

    /// As a figure's name.
    pub(super) fn name(self) -> String {
        match self {
            Self::Spared => "not on purpose".to_owned(),
            Self::During(_) => "at a random moment".to_owned(),
            Self::Around { moment, after: false } => format!("before \"{moment}\""),
            Self::Around { moment, after: true } => format!("after \"{moment}\""),
        }
    }
}
