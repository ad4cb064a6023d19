//! Every message whose webhook got a 2xx was answered, or is a dead letter, or in quarantine, or was flagged, or was left
//! alone: its user wrote STOP, or an agent took the conversation over. None is lost.

use std::collections::{HashMap, HashSet};

use super::History;
use super::history::Turn;
use crate::kills::trace::Event;

/// What became of an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered,
    Fallback,
    Dead,
    Quarantined,
    Flagged,
    LeftAlone,
    Lost,
}

pub(super) fn check(history: &History) -> Vec<String> {
    let fates = fates(history);
    let lost = fates.iter().filter(|(_, fate)| *fate == Fate::Lost);
    let lost = lost.map(|(message, _)| {
        let mark = history.mark_of(message).unwrap_or("a message that never was on the queue");
        format!("a message is lost: {message} ({mark})")
    });
    let dead: HashSet<_> = history.evidence.dead.iter().collect();
    let open = history.evidence.open.iter().filter(|(_, message)| !dead.contains(message));
    let open = open.map(|(user, message)| format!("a message is not settled: {message} of {user}"));
    lost.chain(open).chain(silently_flagged(history)).collect()
}

/// Turns that were given up must have raised an alarm each, also if some of their parts were read.
fn silently_flagged(history: &History) -> Option<String> {
    let given_up = |turn: &&Turn| turn.given_up_at(history.evidence.most_copies).is_some();
    let (turns, alarms) = (history.turns.values().filter(given_up).count(), history.evidence.alarms);
    (turns > alarms).then(|| format!("{turns} turns were given up, and {alarms} alarms were raised"))
}

/// Each accepted message once, with what became of it.
pub(super) fn fates<'a>(history: &'a History) -> Vec<(&'a str, Fate)> {
    let evidence = history.evidence;
    let mut answered: HashMap<&str, Fate> = HashMap::new();
    for taken in &evidence.taken {
        let fate = if taken.text == evidence.fallback { Fate::Fallback } else { Fate::Answered };
        for mark in history.answered_by(taken) {
            let best = answered.entry(mark).or_insert(fate);
            *best = if fate == Fate::Answered { fate } else { *best };
        }
    }
    let set = |ids: &'a [String]| ids.iter().map(String::as_str).collect::<HashSet<&str>>();
    let (dead, quarantined) = (set(&evidence.dead), set(&evidence.quarantined));
    // By text: a copy of what was flagged is settled in silence, as an answer to it might be the second one.
    let given_up: HashSet<&str> = history
        .turns
        .values()
        .filter(|turn| turn.given_up_at(evidence.most_copies).is_some())
        .flat_map(|turn| turn.covers.iter().filter_map(|message| history.mark_of(message)))
        .collect();
    let mut seen = HashSet::new();
    let accepted = evidence.events.iter().filter_map(|event| match event {
        Event::Accepted { message, quarantined } => Some((message.as_str(), *quarantined)),
        _ => None,
    });
    let accepted = accepted.filter(|(message, _)| seen.insert(*message));
    let fate = |(message, in_quarantine): (&'a str, bool)| {
        let mark = history.mark_of(message);
        let answer = mark.and_then(|mark| answered.get(mark));
        let fate = match answer {
            Some(fate) => *fate,
            None if in_quarantine && quarantined.contains(message) => Fate::Quarantined,
            None if dead.contains(message) => Fate::Dead,
            None if mark.is_some_and(|mark| given_up.contains(mark)) => Fate::Flagged,
            None if history.is_left_alone(message) => Fate::LeftAlone,
            None => Fate::Lost,
        };
        (message, fate)
    };
    accepted.map(fate).collect()
}
