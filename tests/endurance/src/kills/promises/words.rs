//! The AI reads exactly what the user typed, and the user exactly what the AI said.

use std::collections::{BTreeMap, HashMap};

use super::History;
use crate::kills::marks::{marks, occurrences, owner};
use crate::kills::trace::Event;

pub(super) fn check(history: &History) -> Vec<String> {
    let mut broken = Vec::new();
    let mut answers: HashMap<&str, Vec<String>> = HashMap::new();
    for event in &history.evidence.events {
        let Event::Asked { question, history: before, answer } = event else { continue };
        let asked = marks(question);
        let user = asked.first().map_or("", |mark| owner(mark));
        if !is_what_was_typed(history, question) {
            broken.push(format!("the AI was asked something else than was typed: {question:?}"));
        }
        let foreign = before.iter().flat_map(|said| marks(said)).chain(asked).filter(|mark| owner(mark) != user);
        broken.extend(foreign.map(|mark| format!("the AI was told of {mark} in a question of {user}")));
        let changed = before.iter().step_by(2).filter(|said| !is_what_was_typed(history, said));
        broken.extend(changed.map(|said| format!("the history has something else than was typed: {said:?}")));
        answers.entry(user).or_default().push(plain(answer));
    }
    for taken in history.evidence.taken.iter().filter(|taken| taken.text != history.evidence.fallback) {
        let said = answers.get(taken.user().unwrap_or_default()).map_or(&[][..], Vec::as_slice);
        if !said.iter().any(|answer| answer.contains(&plain(&taken.text))) {
            broken.push(format!("{} says what the AI did not say to {:?}", taken.reply, taken.to));
        }
    }
    broken.extend(missing_parts(history));
    broken
}

/// Whether `said` is nothing but typed texts, one a line.
fn is_what_was_typed(history: &History, said: &str) -> bool {
    let texts: Option<Vec<_>> = occurrences(said).into_iter().map(|mark| history.texts.get(mark).copied()).collect();
    texts.is_some_and(|texts| !texts.is_empty() && texts.join("\n") == said)
}

/// A reply is whole, or ends with the part with which it was given up: that one may have arrived. Where the bot was
/// silenced it may end with any part.
fn missing_parts(history: &History) -> Vec<String> {
    let mut turns: BTreeMap<&str, (u64, Vec<u64>)> = BTreeMap::new();
    for taken in &history.evidence.taken {
        let (parts, seen) = turns.entry(taken.turn()).or_default();
        *parts = taken.parts;
        seen.push(taken.part);
    }
    let most = history.evidence.most_copies;
    let broken = turns.into_iter().filter_map(|(turn, (parts, mut seen))| {
        seen.dedup();
        let last = history.turns.get(turn).and_then(|turn| turn.given_up_at(most));
        let is_well = [Some(parts), last, last.map(|part| part - 1)]
            .into_iter()
            .flatten()
            .chain(history.is_left_alone(turn).then_some(seen.len() as u64))
            .any(|last| seen == (1..=last).collect::<Vec<_>>());
        (!is_well).then(|| format!("of the {parts} parts of {turn} came {seen:?}"))
    });
    broken.collect()
}

/// Without the white space between words, where the shaping of a reply may break a line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
