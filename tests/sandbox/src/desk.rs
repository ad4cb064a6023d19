//! The sandbox's own desk: what agents would see, and whether they can be reached.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use desk::{Desk, DeskError, DeskEvent, Line, Speaker, What};
use serde_json::{Value, json};

use crate::faults::Switches;
use crate::steps::{Kind, Steps};

/// Every event that reached the desk, oldest first.
pub(crate) type Told = Arc<Mutex<Vec<Value>>>;

/// A desk with a window in it: its own, or one elsewhere.
pub(crate) struct WatchedDesk {
    pub(crate) elsewhere: Option<Arc<dyn Desk>>,
    pub(crate) told: Told,
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
        let shown = shown(event);
        self.steps.add(Some(conversation), Kind::Desk, "the desk is told", shown.clone());
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.iter().any(|event| event["id"] == shown["id"]) {
            told.push(shown);
        }
        Ok(())
    }
}

fn shown(event: &DeskEvent) -> Value {
    let what = match &event.what {
        What::HandOff { reason, summary, transcript, .. } => json!({
            "type": "hand_off", "reason": reason, "summary": summary.as_str(),
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
    let from = match line.from {
        Speaker::User => "user",
        Speaker::Bot => "bot",
        Speaker::Agent => "agent",
    };
    json!({"from": from, "text": line.text.as_str(), "at": line.at.millis()})
}
