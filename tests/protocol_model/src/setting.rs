//! The settings that are searched: who writes what, and what may go wrong how often.

use store::REMEMBERED;

use crate::bug::Bug;
use crate::fault::{Budget, Fault};
use crate::rules::Rules;
use crate::search::{Report, search};
use crate::state::{COPIES, Counters, Letter, MOST_MESSAGES, Place, Row, Set, State};
use crate::witness::Witness;

/// One thing to search.
#[derive(Debug, Clone)]
pub struct Setting {
    /// What is special about it.
    pub name: &'static str,
    /// For each message, whether it looks complete as it comes.
    pub complete: &'static [bool],
    /// The rules.
    pub rules: Rules,
    /// What may go wrong, and how often.
    pub faults: Vec<(Fault, u8)>,
}

/// `ON_UNKNOWN=flag`.
pub const FLAG: u32 = 1;
/// `ON_UNKNOWN=resend_once`.
pub const RESEND_ONCE: u32 = 2;

impl Setting {
    /// Messages that look complete or not, under a policy for unknown sends.
    pub fn new(name: &'static str, complete: &'static [bool], most_copies: u32, faults: &[(Fault, u8)]) -> Self {
        let rules = Rules {
            most_copies,
            attempts: 4,
            parts: 1,
            memory: REMEMBERED,
            batch: 1,
            slow_filing: false,
            moments: false,
            later: false,
            bug: None,
        };
        Self { name, complete, rules, faults: faults.to_vec() }
    }

    /// The same with replies of so many parts.
    #[must_use]
    pub fn parts(mut self, parts: u32) -> Self {
        self.rules.parts = parts;
        self
    }

    /// The same with a claim count on which messages are given up.
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.rules.attempts = attempts;
        self
    }

    /// The same with a head that remembers only so many settled ids.
    #[must_use]
    pub fn memory(mut self, memory: usize) -> Self {
        self.rules.memory = memory;
        self
    }

    /// The same with batches of several messages.
    #[must_use]
    pub fn batch(mut self, batch: usize) -> Self {
        self.rules.batch = batch;
        self
    }

    /// The same with runs that may be slower to file a message than others are to settle as many as a head remembers.
    #[must_use]
    pub fn slow_filing(mut self) -> Self {
        self.rules.slow_filing = true;
        self
    }

    /// The same with an AI that may take so long that users are told of it.
    #[must_use]
    pub fn moments(mut self) -> Self {
        self.rules.moments = true;
        self
    }

    /// The same with an AI that may promise its answer for later.
    #[must_use]
    pub fn later(mut self) -> Self {
        self.rules.later = true;
        self
    }

    /// The same with a mistake.
    #[must_use]
    pub fn with(mut self, bug: Bug) -> Self {
        self.rules.bug = Some(bug);
        self
    }

    /// What it is about, in words.
    pub fn words(&self) -> String {
        let policy = if self.rules.most_copies == FLAG { "flag" } else { "resend_once" };
        let faults: Vec<_> = self.faults.iter().map(|(fault, times)| format!("{times} × {}", fault.words())).collect();
        format!("{policy}; parts of a reply: {}; {}", self.rules.parts, faults.join(", "))
    }

    /// Searches through `most` states at most; `progress` hears of each new depth and the states so far.
    pub fn search(&self, most: usize, mut progress: impl FnMut(usize, usize)) -> Report {
        search(&self.start(), &self.rules, most, &mut progress)
    }

    /// Every message waits in the queue. Those there are not count as settled.
    pub(crate) fn start(&self) -> State {
        let letters = std::array::from_fn(|message| {
            let mut copies = [Place::Nowhere; COPIES];
            if message < self.complete.len() {
                copies[0] = Place::Queue { seen: false };
            }
            let complete = self.complete.get(message).copied().unwrap_or_default();
            Letter { row: Row::None, copies, stale: false, complete }
        });
        let settled: Set = (self.complete.len()..MOST_MESSAGES).collect();
        State {
            head: None,
            drafts: Vec::new(),
            letters,
            aside: None,
            promised: Vec::new(),
            answers: Vec::new(),
            runs: Vec::new(),
            told: false,
            budget: Budget::of(&self.faults),
            witness: Witness { settled, ..Witness::default() },
            next: Counters::default(),
        }
    }
}
