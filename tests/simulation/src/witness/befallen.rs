//! Whom each fault befell: what is excused by one is excused for them, and for nobody else.

use std::collections::{HashMap, HashSet};

use super::Witness;
use crate::faults::{Fault, Moment};

impl Witness {
    /// `fault` is about to befall an effect that is about these.
    pub(crate) fn befalls(&self, effect: &'static str, about: &[String], fault: &Fault) {
        let mut state = self.lock();
        state.befallen.note(effect, about, fault);
        state.questions.uncounted += u64::from(*fault == Fault::Panics);
    }
}

/// What befell whom.
#[derive(Default)]
pub(super) struct Befallen {
    /// What came when its sender had given it up, stood still over it, or died and could not tidy up behind it: by the effect's
    /// name and whom it was about.
    late: HashSet<(&'static str, String)>,
    /// How often something about somebody failed that is kept in the table, by their name.
    of_each: HashMap<String, usize>,
}

impl Befallen {
    fn note(&mut self, effect: &'static str, about: &[String], fault: &Fault) {
        if matches!(fault, Fault::Lags(_) | Fault::Cut(_) | Fault::Freezes(..) | Fault::Dies(Moment::After)) {
            self.late.extend(about.iter().map(|name| (effect, name.clone())));
        }
        if !["send", "track"].contains(&effect) {
            for name in about {
                *self.of_each.entry(name.clone()).or_default() += 1;
            }
        }
    }

    /// Whether an effect of these names about this person came when its sender was not there any more, or not yet again.
    pub(super) fn came_late(&self, effects: &[&'static str], name: &str) -> bool {
        effects.iter().any(|effect| self.late.contains(&(*effect, name.to_owned())))
    }

    /// How often something about this person was not written down or not read, or nobody heard of it.
    pub(super) fn failures(&self, name: &str) -> usize {
        self.of_each.get(name).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_befell_one_excuses_nobody_else() {
        let mut befallen = Befallen::default();
        befallen.note("draft", &["a".to_owned()], &Fault::Lags(Duration::ZERO));
        befallen.note("track", &["b".to_owned()], &Fault::Fails(Moment::After));
        assert_eq!(["a", "b"].map(|name| befallen.came_late(&["draft", "point"], name)), [true, false]);
        assert_eq!(["a", "b"].map(|name| befallen.failures(name)), [1, 0]);
    }
}
