//! What there is of questions that were put aside, and of answers that came later.

use super::Canonical;
use crate::state::{Aside, Place, State};

impl Canonical {
    pub(super) fn later(&mut self, state: &State, turns: u64) {
        self.aside(state.aside.as_deref(), turns);
        self.small(state.promised.len());
        self.bytes.extend(state.promised.iter().map(|question| question.about.0));
        self.small(state.answers.len());
        for answer in &state.answers {
            self.bytes.push(answer.question.about.0);
            self.reply(answer.reply);
            self.place(answer.place);
            self.flags([answer.late]);
        }
    }

    pub(super) fn aside(&mut self, aside: Option<&Aside>, turns: u64) {
        let Some(aside) = aside else { return self.bytes.push(0xFF) };
        self.key(aside.key, turns);
        self.bytes.push(aside.question.about.0);
        self.flags([aside.over]);
    }

    fn place(&mut self, place: Place) {
        self.small(match place {
            Place::Nowhere => 0,
            Place::Queue { seen } => 1 + u8::from(seen),
            Place::Delivered => 3,
            Place::Dead => 4,
        });
    }
}
