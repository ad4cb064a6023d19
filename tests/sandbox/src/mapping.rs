//! What Lambda's event source mapping does: take batches off the queue, call the responder, delete what is settled.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use platform::clock::{Clock as _, Deadline, SystemClock};
use responder::{Record, Responder, Source};
use tokio::sync::Semaphore;

use crate::queue::{EmbeddedQueue, Received};

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
                invoke(source, &queue, &responder, batch).await;
                drop(slot);
            });
        }
    }
}

/// Copies of one delivery go to invocations of their own: that is where they meet on AWS.
fn batches(received: Vec<Received>) -> Vec<Vec<Received>> {
    let mut batches: Vec<Vec<Received>> = Vec::new();
    for message in received {
        match batches.iter_mut().find(|batch| batch.iter().all(|other| other.id != message.id)) {
            Some(batch) => batch.push(message),
            None => batches.push(vec![message]),
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
