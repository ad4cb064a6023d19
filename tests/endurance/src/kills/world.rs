//! What everything in a run shares.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use simulated_braze::SimulatedBraze;

use super::cloud::Cloud;
use super::fate::{Fate, Role};
use super::options::Options;
use super::sabotage::Saboteur;
use super::trace::{Process, Trace};
use crate::binaries::Binaries;
use crate::chance::Chance;
use crate::shared::Shared;

pub(super) struct World {
    pub(super) options: Options,
    pub(super) binaries: Binaries,
    pub(super) cloud: Cloud,
    pub(super) braze: Arc<SimulatedBraze>,
    pub(super) http: reqwest::Client,
    /// Where simulated Braze and the AI listen.
    pub(super) braze_address: String,
    pub(super) ai_address: String,
    /// The assistant's configuration.
    pub(super) assistant: PathBuf,
    pub(super) trace: Trace,
    pub(super) chance: Shared<Chance>,
    pub(super) saboteur: Saboteur,
    pub(super) tally: Tally,
    /// Texts that must be in no log.
    pub(super) canaries: Vec<String>,
}

/// What is counted on the way.
#[derive(Default)]
pub(super) struct Tally {
    processes: AtomicU32,
    /// Kills that are still to be given out.
    tickets: Shared<usize>,
    /// Kills by the fate that they were.
    pub(super) kills: Shared<BTreeMap<String, usize>>,
    /// Requests that this run does not understand.
    pub(super) unknown: Shared<HashSet<String>>,
    /// Lines that the functions wrote, and those with a canary or a panic in them.
    pub(super) lines: Shared<usize>,
    pub(super) leaks: Shared<Vec<String>>,
    /// How often the functions counted a flagged send.
    pub(super) alarms: Shared<usize>,
    /// Processes that ended or failed although nobody killed them.
    pub(super) failures: Shared<Vec<String>>,
    /// Processes that were killed because an invocation took too long.
    pub(super) timed_out: Shared<usize>,
    /// How long an invocation takes that nobody interrupts, of each function.
    pace: Shared<[Duration; 2]>,
}

impl World {
    /// A number that no process had before.
    pub(super) fn next_process(&self) -> Process {
        self.tally.processes.fetch_add(1, Ordering::Relaxed)
    }

    /// How many processes there were.
    pub(super) fn processes(&self) -> u32 {
        self.tally.processes.load(Ordering::Relaxed)
    }

    /// A fate for a new process: one of those still to be given out.
    pub(super) fn next_fate(&self, role: Role) -> Fate {
        let mut tickets = self.tally.tickets.lock();
        if *tickets == 0 {
            return Fate::Spared;
        }
        *tickets -= 1;
        let mut chance = self.chance.lock();
        if self.options.quick { Fate::drawn_free(&mut chance, role) } else { Fate::drawn(&mut chance, role) }
    }

    /// The fate of a process that ended otherwise is given out again.
    pub(super) fn give_back(&self, fate: Fate) {
        if fate != Fate::Spared {
            *self.tally.tickets.lock() += 1;
        }
    }

    /// Kills so far.
    pub(super) fn kills(&self) -> usize {
        self.tally.kills.lock().values().sum()
    }
}

impl Tally {
    /// Nothing yet, and `kills` to be given out.
    pub(super) fn new(kills: usize) -> Self {
        let pace = [Duration::from_millis(20), Duration::from_millis(200)];
        Self { tickets: Shared::new(kills), pace: Shared::new(pace), ..Self::default() }
    }

    pub(super) fn killed(&self, fate: Fate) {
        *self.kills.lock().entry(fate.name()).or_default() += 1;
    }

    /// How long an invocation of this function takes at the moment.
    pub(super) fn pace(&self, role: Role) -> Duration {
        self.pace.lock()[role as usize]
    }

    /// An invocation that nobody interrupted took `time`.
    pub(super) fn took(&self, role: Role, time: Duration) {
        let pace = &mut self.pace.lock()[role as usize];
        *pace = (*pace * 4 + time) / 5;
    }
}
