//! How a process is to die.

use super::deed::{AT_THE_START, OF_EVERY_TURN, OF_EVERY_WEBHOOK, OF_SOME_TURNS, OF_SOME_WEBHOOKS};
use crate::chance::Chance;

/// One of the two functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Ingest,
    Responder,
}

impl Role {
    fn moments(self) -> &'static [&'static str] {
        match self {
            Self::Ingest => &OF_EVERY_WEBHOOK,
            Self::Responder => &OF_EVERY_TURN,
        }
    }

    fn rare_moments(self) -> &'static [&'static str] {
        match self {
            Self::Ingest => &OF_SOME_WEBHOOKS,
            Self::Responder => &OF_SOME_TURNS,
        }
    }
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
    /// A random or a chosen moment.
    pub(super) fn drawn(chance: &mut Chance, role: Role) -> Self {
        match chance.below(100) {
            0..35 => Self::During(f64::from(u32::try_from(chance.below(1_000)).unwrap_or_default()) / 1_000.0),
            35..42 => Self::Around { moment: AT_THE_START, after: chance.percent(50) },
            42..60 => Self::one_of(chance, role.rare_moments()),
            _ => Self::drawn_soon(chance, role),
        }
    }

    /// A moment at which the process holds no conversation: before it takes one, or after it has given it back.
    pub(super) fn drawn_free(chance: &mut Chance, role: Role) -> Self {
        let free: &[(&'static str, bool)] = match role {
            Role::Ingest => &[("queue", false), ("queue", true), (AT_THE_START, false)],
            Role::Responder => &[("put message row", false), ("file and claim", false), ("settle", true)],
        };
        let (moment, after) = *chance.of(free);
        Self::Around { moment, after }
    }

    /// A chosen moment that does not keep anybody waiting.
    pub(super) fn drawn_soon(chance: &mut Chance, role: Role) -> Self {
        Self::one_of(chance, role.moments())
    }

    fn one_of(chance: &mut Chance, moments: &[&'static str]) -> Self {
        Self::Around { moment: moments[chance.below(moments.len())], after: chance.percent(50) }
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
