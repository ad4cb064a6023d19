//! The evidence sorted: who typed what, which message has which mark, and what became of each turn.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Evidence, Taken};
use crate::kills::marks;
use crate::kills::trace::{Change, Event, Process};

pub(super) struct History<'a> {
    pub(super) evidence: &'a Evidence,
    /// The text behind each mark.
    pub(super) texts: HashMap<&'a str, &'a str>,
    /// The mark of each message that is, or was, on the queue.
    marks: HashMap<&'a str, &'a str>,
    /// The messages with each mark: several where the same webhook came twice and named no dispatch.
    pub(super) messages: HashMap<&'a str, Vec<&'a str>>,
    /// The place of each message in the order of filing.
    pub(super) places: HashMap<&'a str, u64>,
    /// What was done to each user's head.
    pub(super) heads: BTreeMap<&'a str, Vec<Done<'a>>>,
    /// Every turn by the message that names it.
    pub(super) turns: HashMap<&'a str, Turn<'a>>,
    /// Since when each user who wrote STOP hears nothing any more.
    pub(super) stopped: BTreeMap<&'a str, usize>,
    /// Since when a person owns a user's conversation.
    pub(super) owned: BTreeMap<&'a str, usize>,
    killed: HashSet<Process>,
    finished: HashMap<Process, Vec<usize>>,
    /// When an answer of Braze was lost, by who never heard it and the part it was about.
    unheard: HashMap<(Process, &'a str), Vec<usize>>,
}

/// A change of a head that was done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Done<'a> {
    /// Its place among all events.
    pub(super) at: usize,
    pub(super) process: Process,
    pub(super) change: &'a Change,
}

/// A turn that was committed.
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    pub(super) covers: &'a [String],
    /// Claims of the conversation since the turn before it ended, its own included.
    pub(super) attempts: usize,
    /// For each part that was begun, the copies of which nobody knows whether they arrived.
    unknown: Vec<usize>,
}

impl<'a> History<'a> {
    pub(super) fn new(evidence: &'a Evidence) -> Self {
        let mut history = Self {
            evidence,
            texts: HashMap::new(),
            marks: HashMap::new(),
            messages: HashMap::new(),
            places: HashMap::new(),
            heads: BTreeMap::new(),
            turns: HashMap::new(),
            stopped: BTreeMap::new(),
            owned: BTreeMap::new(),
            killed: HashSet::new(),
            finished: HashMap::new(),
            unheard: HashMap::new(),
        };
        for (at, event) in evidence.events.iter().enumerate() {
            history.add(at, event);
        }
        history.turns = history.heads.values().flat_map(|head| history.turns_of(head)).collect();
        history
    }

    fn add(&mut self, at: usize, event: &'a Event) {
        match event {
            Event::Typed { mark, text, .. } => drop(self.texts.insert(mark, text)),
            Event::Queued { message, mark } => {
                if self.marks.insert(message, mark).is_none() {
                    self.messages.entry(mark).or_default().push(message);
                }
            }
            Event::Head { process, user, change, applied: true } => {
                if let Change::File { message, sequence: Some(sequence), .. } = change {
                    self.places.insert(message, *sequence);
                }
                match change {
                    Change::OptOut => drop(self.stopped.entry(user).or_insert(at)),
                    Change::TakeOver => drop(self.owned.entry(user).or_insert(at)),
                    _ => {}
                }
                self.heads.entry(user).or_default().push(Done { at, process: *process, change });
            }
            Event::Finished { process } => self.finished.entry(*process).or_default().push(at),
            Event::Killed { process } => drop(self.killed.insert(*process)),
            Event::Unheard { process, reply } => self.unheard.entry((*process, reply)).or_default().push(at),
            Event::Accepted { .. }
            | Event::Wished { .. }
            | Event::Head { .. }
            | Event::Asked { .. }
            | Event::Sent { .. } => {}
        }
    }

    fn turns_of(&self, head: &[Done<'a>]) -> Vec<(&'a str, Turn<'a>)> {
        let (mut turns, mut attempts): (Vec<(&str, Turn)>, _) = (Vec::new(), 0);
        for (index, done) in head.iter().enumerate() {
            attempts += usize::from(done.change.claims());
            if let Change::Commit { covers } = done.change {
                let name = covers.first().map_or("", String::as_str);
                turns.push((name, Turn { covers, attempts, unknown: vec![0] }));
            }
            if let Some((name, turn)) = turns.last_mut() {
                if *done.change == Change::NextPart {
                    turn.unknown.push(0);
                }
                let part = format!("{name}#{}", turn.unknown.len());
                let unknown = done.change.begins_a_send() && self.never_knew(&head[index..], &part);
                if let Some(copies) = turn.unknown.last_mut() {
                    *copies += usize::from(unknown);
                }
            }
            if done.change.settles() {
                attempts = 0;
            }
        }
        turns
    }

    /// Whether the process that did the first of these was killed before it did any other.
    pub(super) fn died_holding(&self, head: &[Done]) -> bool {
        let Some((first, later)) = head.split_first() else { return false };
        let went_on = later.iter().any(|done| done.process == first.process);
        !went_on && self.died_after(first.process, first.at)
    }

    /// Whether the process that did the first of these, which begins a copy of `part`, could not know what became of it: it
    /// was killed first, or Braze's answer was lost before whatever it did next.
    fn never_knew(&self, head: &[Done], part: &str) -> bool {
        let Some((first, later)) = head.split_first() else { return false };
        let next = later.iter().find(|done| done.process == first.process).map_or(usize::MAX, |done| done.at);
        let lost = self.unheard.get(&(first.process, part)).map_or(&[][..], Vec::as_slice);
        lost.iter().any(|at| (first.at..next).contains(at)) || self.died_holding(head)
    }

    /// Whether the process was killed in the very invocation in which something happened at `at`. What it had asked for may
    /// have happened after its death.
    pub(super) fn died_after(&self, process: Process, at: usize) -> bool {
        let returned = self.finished.get(&process).is_some_and(|all| all.iter().any(|finished| *finished > at));
        !returned && self.killed.contains(&process)
    }

    /// Whether the message reached its conversation, and the bot was silenced there: by STOP, or by an agent.
    pub(super) fn is_left_alone(&self, message: &str) -> bool {
        let is_silent = |user| self.stopped.contains_key(user) || self.owned.contains_key(user);
        self.places.contains_key(message) && self.user_of(message).is_some_and(is_silent)
    }

    /// Who typed the message.
    pub(super) fn user_of(&self, message: &str) -> Option<&'a str> {
        self.marks.get(message).map(|mark| marks::owner(mark))
    }

    pub(super) fn mark_of(&self, message: &str) -> Option<&'a str> {
        self.marks.get(message).copied()
    }

    /// What a reply answers: the marks it names; for the fallback line, those of the messages of its turn.
    pub(super) fn answered_by(&self, taken: &'a Taken) -> Vec<&'a str> {
        if taken.text != self.evidence.fallback {
            return marks::marks(&taken.text);
        }
        let covers = self.turns.get(taken.turn()).map_or(&[][..], |turn| turn.covers);
        covers.iter().filter_map(|message| self.mark_of(message)).collect()
    }
}

impl Turn<'_> {
    /// The part with which it was given up: so many copies of it may have arrived, and nobody knows, that no more may be
    /// sent.
    pub(super) fn given_up_at(&self, most_copies: usize) -> Option<u64> {
        let part = self.unknown.iter().position(|copies| *copies >= most_copies)?;
        u64::try_from(part).ok().map(|part| part + 1)
    }
}
