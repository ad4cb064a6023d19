//! The way of a message, step by step, as the page shows it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use models::Timestamp;
use platform::clock::{Clock as _, SystemClock};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;

use crate::whose;

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
    /// A template of Braze is not what it should be, and this message noticed.
    Trap,
    /// The user was forgotten: what is shown of them has to go.
    Erased,
}

/// Every step since the sandbox started, as far as they are kept.
#[derive(Clone)]
pub(crate) struct Steps {
    steps: Arc<Mutex<VecDeque<Step>>>,
    count: Arc<watch::Sender<u64>>,
}

impl Default for Steps {
    fn default() -> Self {
        Self { steps: Arc::default(), count: Arc::new(watch::Sender::new(0)) }
    }
}

impl Steps {
    /// Adds a step about `conversation`, or about whomever the task is, and gives its number.
    pub(crate) fn add(&self, conversation: Option<&str>, kind: Kind, title: impl Into<String>, body: Value) -> u64 {
        let mut steps = self.lock();
        let (seq, at) = (*self.count.borrow() + 1, SystemClock.now());
        let conversation = conversation.map(str::to_owned).or_else(whose::conversation);
        steps.push_back(Step { seq, at, conversation, kind, title: title.into(), body });
        if steps.len() > KEPT {
            steps.pop_front();
        }
        self.count.send_replace(seq);
        seq
    }

    /// Says whom the step with the number `seq` was about, once that is known.
    pub(crate) fn attribute(&self, seq: u64, conversation: Option<&str>) {
        let mut steps = self.lock();
        if let (Some(conversation), Some(step)) = (conversation, steps.iter_mut().find(|step| step.seq == seq)) {
            step.conversation = Some(conversation.to_owned());
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

    /// The number of the newest step, for whoever waits for news.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.count.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_of_one_user_leaves_the_numbers_and_everybody_else() {
        let steps = Steps::default();
        let first = steps.add(None, Kind::Webhook, "POST /inbound", Value::Null);
        steps.attribute(first, Some("user:ada"));
        steps.add(Some("user:bob"), Kind::Queue, "message queued", Value::Null);
        steps.add(Some("user:ada"), Kind::Queue, "message queued", Value::Null);
        steps.forget("user:ada");
        assert_eq!(steps.add(None, Kind::Fault, "faults set", Value::Null), 4);
        assert_eq!(steps.after(0).iter().map(|step| step.seq).collect::<Vec<_>>(), [2, 4]);
    }
}
