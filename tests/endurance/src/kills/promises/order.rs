//! Per user, what was filed first is answered first.

use std::collections::BTreeMap;

use super::History;
use crate::kills::marks::{marks, owner};

pub(super) fn check(history: &History) -> Vec<String> {
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, taken) in history.evidence.taken.iter().enumerate().filter(|(_, taken)| taken.part == 1) {
        for mark in history.answered_by(taken) {
            first.entry(mark).or_insert(at);
        }
    }
    let mut users: BTreeMap<&str, Vec<(u64, usize, &str)>> = BTreeMap::new();
    for (mark, at) in first {
        if let Some(place) = place(history, mark) {
            users.entry(owner(mark)).or_default().push((place, at, mark));
        }
    }
    let mut broken = Vec::new();
    for answered in users.values_mut() {
        answered.sort_unstable();
        let swapped = answered.windows(2).filter(|pair| pair[0].1 > pair[1].1);
        broken
            .extend(swapped.map(|pair| format!("{} was filed before {} and answered after it", pair[0].2, pair[1].2)));
    }
    broken.extend(history.evidence.taken.iter().filter_map(|taken| within_a_turn(history, &taken.text)));
    broken
}

/// The place of a text in the order of filing; none if one of its messages is a dead letter, which loses its place.
fn place(history: &History, mark: &str) -> Option<u64> {
    places(history, mark).into_iter().min()
}

/// The places of every message with this text.
fn places(history: &History, mark: &str) -> Vec<u64> {
    let messages = history.messages.get(mark).map_or(&[][..], Vec::as_slice);
    if messages.iter().any(|message| history.evidence.dead.iter().any(|dead| dead == message)) {
        return Vec::new();
    }
    messages.iter().filter_map(|message| history.places.get(message).copied()).collect()
}

/// Texts that are answered together are asked about in their order, too. A text that came twice may stand at either place.
fn within_a_turn(history: &History, text: &str) -> Option<String> {
    let (marks, mut last) = (marks(text), 0);
    for mark in &marks {
        let places = places(history, mark);
        match places.iter().filter(|place| **place >= last).min() {
            Some(place) => last = *place,
            None if places.is_empty() => {}
            None => return Some(format!("{marks:?} were not asked about in the order of filing")),
        }
    }
    None
}
