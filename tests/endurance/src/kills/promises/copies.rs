//! A part is sent once; a second time only where nobody could know of the first; never more often than the policy says. And
//! a text gets one answer.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::History;
use crate::kills::trace::{Event, Process};

pub(super) fn check(history: &History) -> Vec<String> {
    let sends = sends(history);
    let mut broken = Vec::new();
    for (reply, copies) in taken(history) {
        let most = history.evidence.most_copies;
        if copies > most {
            broken.push(format!("{reply} was taken {copies} times; at most {most} may be"));
        }
        let sent = sends.get(reply).map_or(&[][..], Vec::as_slice);
        if sent.len() != copies {
            broken.push(format!("{reply} was taken {copies} times, but sent {} times", sent.len()));
        }
        let repeated = sent.iter().take(sent.len().saturating_sub(1));
        broken.extend(
            repeated
                .filter(|(process, at)| !is_excused(history, reply, *process, *at))
                .map(|_| format!("{reply} was sent again although its sender lived to write it down")),
        );
    }
    broken.extend(answered_twice(history));
    broken
}

/// Parts that were taken more than once.
pub(super) fn doubles(history: &History) -> usize {
    taken(history).values().filter(|copies| **copies > 1).count()
}

fn taken<'a>(history: &History<'a>) -> BTreeMap<&'a str, usize> {
    let mut taken = BTreeMap::new();
    for one in &history.evidence.taken {
        *taken.entry(one.reply.as_str()).or_default() += 1;
    }
    taken
}

/// Who sent each part, and when, of those sends that were taken.
fn sends<'a>(history: &History<'a>) -> HashMap<&'a str, Vec<(Process, usize)>> {
    let mut sends: HashMap<&str, Vec<_>> = HashMap::new();
    for (at, event) in history.evidence.events.iter().enumerate() {
        if let Event::Sent { process, reply, taken: true } = event {
            sends.entry(reply).or_default().push((*process, at));
        }
    }
    sends
}

/// Whether the process that sent this could not write down what became of it: it was killed first, or never heard.
fn is_excused(history: &History, reply: &str, process: Process, at: usize) -> bool {
    let turn = reply.split_once('#').map_or("", |(turn, _)| turn);
    let head = history.user_of(turn).and_then(|user| history.heads.get(user)).map_or(&[][..], Vec::as_slice);
    let recorded = head.iter().any(|done| done.process == process && done.at > at && done.change.records_a_send());
    let unheard = history.evidence.events[at..]
        .iter()
        .any(|event| matches!(event, Event::Unheard { process: own, reply: part } if *own == process && part == reply));
    unheard || (!recorded && history.died_after(process, at))
}

/// Texts that more turns answer than there were messages with them.
fn answered_twice(history: &History) -> Vec<String> {
    let mut turns: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for taken in &history.evidence.taken {
        for mark in history.answered_by(taken) {
            turns.entry(mark).or_default().insert(taken.turn());
        }
    }
    let messages = |mark: &str| history.messages.get(mark).map_or(0, Vec::len);
    let twice = turns.iter().filter(|(mark, turns)| turns.len() > messages(mark));
    twice.map(|(mark, turns)| format!("{mark} was answered in {} turns", turns.len())).collect()
}
