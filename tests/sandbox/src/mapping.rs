//! What Lambda's event source mapping does: take batches off the queue, call the responder, delete what is settled.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use models::QueueMessage;
use platform::clock::{Clock as _, Deadline, SystemClock};
use responder::{Record, Responder, Source};
use tokio::sync::Semaphore;

use crate::queue::{EmbeddedQueue, Received};
use crate::whose;

/// The function's time-out.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Messages a batch holds at most, and batches that are worked on at once: what the template says.
const BATCH: usize = 10;
const AT_ONCE: usize = 10;

/// Feeds the responder from the queue until the sandbox ends.
pub(crate) async fn feed(source: Source, queue: Arc<EmbeddedQueue>, responder: Arc<Responder>) {
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
        let slot = Arc::new(slot);
        for batch in batches(queue.receive(BATCH).await) {
            let (queue, responder, slot) = (Arc::clone(&queue), Arc::clone(&responder), Arc::clone(&slot));
            tokio::spawn(async move {
                let work = Box::pin(invoke(source, &queue, &responder, batch.messages));
                whose::about(batch.conversation, work).await;
                drop(slot);
            });
        }
    }
}

/// What one invocation gets.
struct Batch {
    /// Whose messages, unless they cannot be read.
    conversation: Option<String>,
    messages: Vec<Received>,
}

/// Copies of one delivery go to invocations of their own: that is where they meet on AWS. So do conversations, which share
/// batches there: here each step is shown with its user.
fn batches(received: Vec<Received>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for message in received {
        let conversation = QueueMessage::from_json(&message.body).ok();
        let conversation = conversation.map(|message| message.conversation().as_str().to_owned());
        let takes = |batch: &&mut Batch| {
            batch.conversation == conversation && batch.messages.iter().all(|other| other.id != message.id)
        };
        match batches.iter_mut().find(takes) {
            Some(batch) => batch.messages.push(message),
            None => batches.push(Batch { conversation, messages: vec![message] }),
        }
    }
    batches
}

async fn invoke(source: Source, queue: &EmbeddedQueue, responder: &Responder, batch: Vec<Received>) {
    let records = batch.iter().map(|received| Record {
        queue: source,
        id: received.id.to_string(),
        receipt: received.receipt.clone(),
        receives: received.receives,
        body: received.body.clone(),
    });
    let deadline = Deadline::at(SystemClock.now() + TIMEOUT);
    let kept: HashSet<_> = responder.handle(records.collect(), deadline).await.into_iter().collect();
    for received in batch.iter().filter(|received| !kept.contains(&received.id.to_string())) {
        queue.delete(&received.receipt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(id: u64, body: &str) -> Received {
        Received { id, receipt: String::new(), receives: 1, body: body.to_owned() }
    }

    fn acts(conversation: &str) -> String {
        serde_json::json!({
            "type": "agent_v1", "id": "x", "log_id": "x", "conversation": conversation, "at": 1, "deed": {"kind": "release"},
        })
        .to_string()
    }

    #[test]
    fn copies_and_conversations_have_invocations_of_their_own() {
        let (ada, bob) = (acts("user:ada"), acts("user:bob"));
        let messages = [(1, &ada), (1, &ada), (2, &bob), (3, &ada)].map(|(id, body)| received(id, body));
        let batches = batches(messages.to_vec());
        let batches: Vec<_> = batches
            .iter()
            .map(|batch| (batch.conversation.as_deref(), batch.messages.iter().map(|m| m.id).collect::<Vec<_>>()))
            .collect();
        let (ada, bob) = (Some("user:ada"), Some("user:bob"));
        assert_eq!(batches, [(ada, vec![1, 3]), (ada, vec![1]), (bob, vec![2])]);
    }
}
