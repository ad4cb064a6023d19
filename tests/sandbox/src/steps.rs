//! The way of a message, step by step, as the page shows it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::Timestamp;
use platform::clock::{Clock as _, SystemClock};
use serde::Serialize;
use serde_json::Value;

/// Steps that are kept for the page.
const KEPT: usize = 2_000;

/// One step.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    pub(crate) seq: u64,
    pub(crate) at: Timestamp,
    pub(crate) conversation: Option<String>,
    pub(crate) kind: Kind,
    pub(crate) title: String,
    pub(crate) body: Value,
}

/// Which part of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Webhook,
    Queue,
    Store,
    Ai,
    Braze,
    Desk,
    Fault,
}

/// Every step since the sandbox started, as far as they are kept.
#[derive(Clone, Default)]
pub(crate) struct Steps(Arc<Mutex<VecDeque<Step>>>);

impl Steps {
    pub(crate) fn add(&self, conversation: Option<&str>, kind: Kind, title: impl Into<String>, body: Value) {
        let mut steps = self.lock();
        let seq = steps.back().map_or(1, |last| last.seq + 1);
        let (conversation, at) = (conversation.map(str::to_owned), SystemClock.now());
        steps.push_back(Step { seq, at, conversation, kind, title: title.into(), body });
        if steps.len() > KEPT {
            steps.pop_front();
        }
    }

    /// The steps after number `seq`.
    pub(crate) fn after(&self, seq: u64) -> Vec<Step> {
        self.lock().iter().filter(|step| step.seq > seq).cloned().collect()
    }

    /// Forgets every step of a conversation.
    pub(crate) fn forget(&self, conversation: &str) {
        self.lock().retain(|step| step.conversation.as_deref() != Some(conversation));
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Step>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
