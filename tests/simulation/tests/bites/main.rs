//! What the witness is there for: mistakes put into the responder, or into what it works with, each found by the check that
//! guards against it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken world shall end the test")]

mod begun;
mod budgets;
mod counters;
mod erasure;
mod excuses;
mod flows;
mod later;
mod lines;
mod moments;
mod people;
mod phone;
mod profiles;
mod protocol;
mod routes;
mod summaries;
mod table;
mod window;

use simulation::{Effect, Fault, Plan, Run};

/// Runs worlds with this change until one breaks a promise in these words.
pub(crate) fn finds(words: &str, worlds: u64, change: impl Fn(&mut Plan)) {
    finds_beside(None, words, worlds, change);
}

/// The same in worlds where nothing but these faults happens: what excuses whom they befall excuses nobody else.
pub(crate) fn finds_beside(faults: Option<&[(Effect, Fault)]>, words: &str, worlds: u64, change: impl Fn(&mut Plan)) {
    let mut others = Vec::new();
    for seed in 0..worlds {
        let mut run = Run { faults: faults.map(<[_]>::to_vec), ..Run::of(seed) };
        run.plan.later = None;
        change(&mut run.plan);
        let broken = run.tell().violations;
        if broken.iter().any(|what| what.contains(words)) {
            return;
        }
        others.extend(broken);
    }
    panic!("{words:?} was not found, but {others:#?}");
}
