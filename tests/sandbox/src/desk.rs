//! The sandbox's own desk: what it was told, what its agents did, and whether it can be reached.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use desk::{Desk, DeskError, DeskEvent, Line, Speaker, What};
use models::AgentAction;
use serde_json::{Value, json};

use crate::faults::Switches;
use crate::steps::{Kind, Steps};
use crate::threads::{Owned, Thread, thread};

/// Everything that happened at the desk, oldest first.
#[derive(Clone, Default)]
pub(crate) struct DeskLog(Arc<Mutex<Vec<Entry>>>);

/// One thing that happened at the desk.
#[derive(Clone)]
pub(crate) enum Entry {
    /// The responder told it something.
    Told(DeskEvent),
    /// An agent asked for something.
    Did(AgentAction),
}

impl Entry {
    pub(crate) fn conversation(&self) -> &str {
        match self {
            Self::Told(event) => event.conversation.as_str(),
            Self::Did(action) => action.conversation.as_str(),
        }
    }

    /// Whether it is the same thing once more.
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Told(one), Self::Told(other)) => one.id == other.id,
            (Self::Did(one), Self::Did(other)) => one.id == other.id,
            _ => false,
        }
    }
}

impl DeskLog {
    /// Notes what happened, once.
    pub(crate) fn note(&self, entry: Entry) {
        let mut entries = self.lock();
        if !entries.iter().any(|other| other.repeats(&entry)) {
            entries.push(entry);
        }
    }

    /// What the desk was told, as `/sandbox/desk` shows it.
    pub(crate) fn told(&self) -> Vec<Value> {
        let told = |entry: &Entry| if let Entry::Told(event) = entry { Some(shown(event)) } else { None };
        self.lock().iter().filter_map(told).collect()
    }

    /// The conversations that people own, longest first.
    pub(crate) fn threads(&self, owned: impl Iterator<Item = Owned>) -> Vec<Thread> {
        let entries = self.lock();
        let of = |conversation: &str| -> Vec<&Entry> {
            entries.iter().filter(|entry| entry.conversation() == conversation).collect()
        };
        let mut threads: Vec<_> = owned
            .map(|owned| (of(&owned.conversation), owned))
            .map(|(entries, owned)| thread(owned, &entries))
            .collect();
        threads.sort_by_key(Thread::place);
        threads
    }

    /// Forgets what happened with a user.
    pub(crate) fn forget(&self, conversation: &str) {
        self.lock().retain(|entry| entry.conversation() != conversation);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A desk with a window in it: its own, or one elsewhere.
pub(crate) struct WatchedDesk {
    pub(crate) elsewhere: Option<Arc<dyn Desk>>,
    pub(crate) log: DeskLog,
    pub(crate) steps: Steps,
    pub(crate) faults: Switches,
}

#[async_trait]
impl Desk for WatchedDesk {
    fn name(&self) -> &'static str {
        self.elsewhere.as_ref().map_or("page", |desk| desk.name())
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        let conversation = event.conversation.as_str();
        if self.faults.desk_down() {
            self.steps.add(Some(conversation), Kind::Desk, "the desk is down", Value::Null);
            return Err(DeskError::Unavailable { status: Some(503) });
        }
        if let Some(desk) = &self.elsewhere {
            desk.deliver(event, within).await?;
        }
        self.log.note(Entry::Told(event.clone()));
        self.steps.add(Some(conversation), Kind::Desk, "the desk is told", shown(event));
        Ok(())
    }
}

fn shown(event: &DeskEvent) -> Value {
    let what = match &event.what {
        What::HandOff { reason, summary, transcript, profile_name, language } => json!({
            "type": "hand_off", "reason": reason, "summary": summary.as_str(),
            "profile_name": profile_name.as_ref().map(models::Personal::as_str), "language": language,
            "transcript": transcript.iter().map(line).collect::<Vec<_>>(),
        }),
        What::Message { text, media_urls } => json!({
            "type": "message", "text": text.as_str(), "media_urls": media_urls.as_ref().map(models::Personal::as_str),
        }),
        What::Released { by } => json!({"type": "released", "by": by}),
        What::NotSent { reason, text } => json!({"type": "not_sent", "reason": reason, "text": text.as_str()}),
    };
    json!({"id": event.id, "conversation": event.conversation.as_str(), "at": event.at.millis(), "what": what})
}

fn line(line: &Line) -> Value {
    json!({"from": speaker(line.from), "text": line.text.as_str(), "at": line.at.millis()})
}

/// Who spoke, in a word.
pub(crate) fn speaker(from: Speaker) -> &'static str {
    match from {
        Speaker::User => "user",
        Speaker::Bot => "bot",
        Speaker::Agent => "agent",
    }
}
