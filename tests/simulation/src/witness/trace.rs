//! What happened, as lines: always summed up, so that two runs can be compared, and kept where somebody wants to read them.

use std::hash::{DefaultHasher, Hasher as _};

use models::Timestamp;

use crate::clock::BEGINNING;

/// The trace of a run: each line with the seconds since the world began.
#[derive(Default)]
pub(super) struct Trace {
    sum: DefaultHasher,
    lines: Option<Vec<String>>,
}

impl Trace {
    pub(super) fn keep(&mut self) {
        self.lines.get_or_insert_default();
    }

    pub(super) fn add(&mut self, now: Timestamp, line: &str) {
        self.sum.write_u64(now.millis());
        self.sum.write(line.as_bytes());
        if let Some(lines) = &mut self.lines {
            let millis = now.since(BEGINNING).as_millis();
            lines.push(format!("{:>7}.{:03} {line}", millis / 1_000, millis % 1_000));
        }
    }

    pub(super) fn get(&self) -> (u64, Vec<String>) {
        (self.sum.finish(), self.lines.clone().unwrap_or_default())
    }
}
