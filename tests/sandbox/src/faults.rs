//! What goes wrong on purpose.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use simulated_braze::Faults as BrazeFaults;

/// The faults in force, as `POST /sandbox/faults` takes and gives them. A field that is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    /// How the AI behaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai: Option<AiFault>,
    /// How Braze behaves; documented at `simulated_braze::Faults`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub braze: Option<BrazeFaults>,
    /// How many more times the queue delivers each message at the same instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate_deliveries: Option<u32>,
    /// The responder dies once at this moment, and the message comes back a minute later, when its visibility ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash: Option<Crash>,
    /// Whether the desk can not be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk_down: Option<bool>,
    /// Whether ingest's queues can not be reached, so that it answers 503 and Braze comes again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_down: Option<bool>,
}

/// How the AI behaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AiFault {
    /// As it should.
    #[default]
    Ok,
    /// It cannot be reached. After three failures the ladder leaves it alone for 10 to 40 seconds, also when it is well again.
    Down,
    /// It takes five seconds longer.
    Slow,
    /// It answers with nothing usable.
    Nonsense,
}

/// A moment to die at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Crash {
    /// Never.
    #[default]
    Never,
    /// After the send was committed, before a byte of it is out.
    BeforeSend,
    /// After Braze accepted, before that is written down.
    AfterSend,
}

/// The faults of everything that is not Braze, shared with what they befall.
#[derive(Clone, Default)]
pub(crate) struct Switches(Arc<Mutex<Switched>>);

#[derive(Default)]
struct Switched {
    ai: AiFault,
    crash: Crash,
    desk_down: bool,
    queue_down: bool,
}

impl Switches {
    pub(crate) fn ai(&self) -> AiFault {
        self.lock().ai
    }

    pub(crate) fn set_ai(&self, fault: AiFault) {
        self.lock().ai = fault;
    }

    pub(crate) fn desk_down(&self) -> bool {
        self.lock().desk_down
    }

    pub(crate) fn set_desk_down(&self, down: bool) {
        self.lock().desk_down = down;
    }

    pub(crate) fn queue_down(&self) -> bool {
        self.lock().queue_down
    }

    pub(crate) fn set_queue_down(&self, down: bool) {
        self.lock().queue_down = down;
    }

    pub(crate) fn set_crash(&self, crash: Crash) {
        self.lock().crash = crash;
    }

    pub(crate) fn crash(&self) -> Crash {
        self.lock().crash
    }

    /// Whether to die now; dying once is enough.
    pub(crate) fn crashes(&self, moment: Crash) -> bool {
        let mut switched = self.lock();
        let now = switched.crash == moment;
        if now {
            switched.crash = Crash::Never;
        }
        now
    }

    fn lock(&self) -> MutexGuard<'_, Switched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
