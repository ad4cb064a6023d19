//! Every reply went to the one user who asked, and nobody reads what is anothers'.

use super::History;
use crate::kills::marks::{marks, owner};

pub(super) fn check(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    for taken in &history.evidence.taken {
        let asker = history.user_of(taken.turn());
        if taken.user().is_none() || taken.user() != asker {
            broken.push(format!("a reply to {asker:?} was sent to {:?}: {}", taken.to, taken.reply));
        }
    }
    for (user, lines) in &history.evidence.phones {
        let foreign = lines.iter().flat_map(|line| marks(line)).filter(|mark| owner(mark) != user);
        broken.extend(foreign.map(|mark| format!("{user} reads what is about {mark}")));
    }
    let read: usize = history.evidence.phones.values().map(Vec::len).sum();
    if read != history.evidence.taken.len() {
        broken.push(format!("Braze took {} parts, and {read} are on the phones", history.evidence.taken.len()));
    }
    let refused = history.evidence.refused.iter().map(|answer| format!("Braze refused a call: {answer}"));
    let undelivered =
        history.evidence.undelivered.iter().map(|reason| format!("Braze delivered something not: {reason}"));
    broken.extend(refused.chain(undelivered));
    broken
}
