//! The ladder down is taken step by step: a fallback line only after two attempts that came to nothing, a dead letter only
//! after three.

use std::collections::HashSet;

use super::History;

/// The claim on which the fallback line goes out, and the one on which a message is given up, as the assistant's default
/// `attempts` has it.
const FALLBACK_AT: usize = 3;
const PARKED_AT: usize = 4;

pub(super) fn check(history: &History) -> Vec<String> {
    let fallbacks = history.evidence.taken.iter().filter(|taken| taken.text == history.evidence.fallback);
    let early =
        fallbacks.filter(|taken| history.turns.get(taken.turn()).is_none_or(|turn| turn.attempts < FALLBACK_AT));
    let early =
        early.map(|taken| format!("{} is the fallback line, without two failed attempts before it", taken.reply));
    let given_up: HashSet<_> = history.heads.iter().filter(|(_, head)| gave_up(head)).map(|(user, _)| *user).collect();
    let dead = history.evidence.dead.iter();
    let untimely = dead.filter(|message| !history.user_of(message).is_some_and(|user| given_up.contains(user)));
    let untimely =
        untimely.map(|message| format!("{message} is a dead letter, without three failed attempts before it"));
    early.chain(untimely).collect()
}

/// Whether a conversation was claimed so often in a row that something in it was given up.
fn gave_up(head: &[super::history::Done]) -> bool {
    let mut attempts = 0;
    head.iter().any(|done| {
        attempts += usize::from(done.change.claims());
        let settled = done.change.settles();
        let gave_up = settled && attempts >= PARKED_AT;
        if settled {
            attempts = 0;
        }
        gave_up
    })
}
