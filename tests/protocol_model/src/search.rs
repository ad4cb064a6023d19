//! The search: breadth first through every state that can be reached, so that the first way to a broken promise is a
//! shortest one.

use std::collections::HashMap;
use std::collections::VecDeque;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::{Duration, Instant};

use crate::broken::Broken;
use crate::calm::Calm;
use crate::canonical::Canonical;
use crate::rules::Rules;
use crate::state::State;
use crate::words;

/// No node.
const NONE: u32 = u32::MAX;

/// What a search came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// Different states that were reached.
    pub states: usize,
    /// Steps to the furthest one.
    pub depth: usize,
    /// How long it took.
    pub time: Duration,
    /// Whether every state that can be reached was.
    pub complete: bool,
    /// The promise that was broken, with a shortest way there.
    pub violation: Option<Violation>,
}

/// A promise that was broken.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which one.
    pub broken: Broken,
    /// What happened, step by step, in words.
    pub trace: Vec<String>,
}

/// Fingerprints are random enough as they are.
#[derive(Default)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

struct Search<'a> {
    rules: &'a Rules,
    canonical: Canonical,
    known: HashMap<u64, u32, BuildHasherDefault<Identity>>,
    /// By node: where it was reached from first.
    parents: Vec<u32>,
    fingerprints: Vec<u64>,
    calm: Calm,
}

/// Searches from `start`, through `most` states at most.
pub(crate) fn search(start: &State, rules: &Rules, most: usize, progress: &mut dyn FnMut(usize, usize)) -> Report {
    let began = Instant::now();
    let mut search = Search {
        rules,
        canonical: Canonical::default(),
        known: HashMap::default(),
        parents: Vec::new(),
        fingerprints: Vec::new(),
        calm: Calm::default(),
    };
    let (depth, broken) = search.explore(start, most, progress);
    let complete = broken.is_none() && search.parents.len() < most;
    let broken =
        broken.or_else(|| std::mem::take(&mut search.calm).restless().map(|node| (node, Broken::NeverSettles)));
    let violation = broken.map(|(node, broken)| Violation { broken, trace: search.trace(start, node) });
    Report { states: search.parents.len(), depth, time: began.elapsed(), complete, violation }
}

impl Search<'_> {
    fn explore(
        &mut self,
        start: &State,
        most: usize,
        progress: &mut dyn FnMut(usize, usize),
    ) -> (usize, Option<(u32, Broken)>) {
        let mut frontier = VecDeque::from([(0_usize, start.clone())]);
        let (mut index, mut deepest) = (0, 0);
        self.insert(start, NONE);
        while let Some((depth, state)) = frontier.pop_front() {
            if depth > deepest {
                deepest = depth;
                progress(depth, self.parents.len());
            }
            for (action, next) in state.successors(self.rules) {
                let (node, is_new) = self.insert(&next, index);
                if state.fault(action).is_none() {
                    self.calm.leads_to(node);
                }
                if let Some(broken) = next.witness.broken {
                    return (depth + 1, Some((node, broken)));
                }
                if is_new {
                    frontier.push_back((depth + 1, next));
                }
            }
            self.calm.node(state.rests());
            index += 1;
            if self.parents.len() >= most {
                break;
            }
        }
        (deepest, None)
    }

    fn insert(&mut self, state: &State, parent: u32) -> (u32, bool) {
        let fingerprint = self.canonical.fingerprint(state);
        let fresh = u32::try_from(self.parents.len()).unwrap_or(NONE);
        let node = *self.known.entry(fingerprint).or_insert(fresh);
        if node == fresh {
            self.parents.push(parent);
            self.fingerprints.push(fingerprint);
        }
        (node, node == fresh)
    }

    /// How `node` was reached, in words.
    fn trace(&mut self, start: &State, node: u32) -> Vec<String> {
        let mut way = vec![node];
        while let Some(parent) = way.last().map(|node| self.parents[*node as usize]).filter(|node| *node != NONE) {
            way.push(parent);
        }
        let mut state = start.clone();
        let mut lines = Vec::new();
        for node in way.into_iter().rev().skip(1) {
            let wanted = self.fingerprints[node as usize];
            let found =
                state.successors(self.rules).into_iter().find(|(_, next)| self.canonical.fingerprint(next) == wanted);
            let Some((action, next)) = found else { break };
            lines.push(words::of(&state, action, &next));
            state = next;
        }
        lines
    }
}
