//! Lambda's event source mapping: from a queue to a function and back.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::future::Future;

use futures::future::join_all;
use serde_json::{Value as Json, json};

use crate::operation::Operation;
use crate::sqs::{Delivery, Queue, TakeUpTo};

/// The most bytes of an event: Lambda's invocation payload (Lambda quotas), less room for what is not a body.
const EVENT_BYTES: usize = 6 * 1024 * 1024 - 64 * 1024;

/// Feeds a function from a queue as Lambda does with `ReportBatchItemFailures`: what the function did not report as
/// failed is deleted, everything else becomes visible again in its own time.
#[derive(Debug, Clone)]
pub struct Mapping {
    queue: Queue,
    batch_size: usize,
}

/// What became of one batch. The lists hold message ids, in the order of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Deleted, as done.
    pub deleted: Vec<String>,
    /// Left in the queue.
    pub kept: Vec<String>,
    /// Why the whole batch failed, if it did.
    pub failure: Option<String>,
}

impl Mapping {
    /// A mapping with batches of up to ten.
    pub fn new(queue: Queue) -> Self {
        Self { queue, batch_size: 10 }
    }

    /// The same with another largest batch.
    #[must_use]
    pub fn with_batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// Invokes `handler` once with what can be received now; `None` if that is nothing.
    pub async fn poll<F, R, E>(&self, handler: F) -> Option<Batch>
    where
        F: Fn(Json) -> R,
        R: Future<Output = Result<Json, E>>,
        E: Display,
    {
        let taken = self.queue.cloud.queues.take(&self.queue.name, self.up_to());
        if taken.is_empty() { None } else { Some(self.invoke(taken, &handler).await) }
    }

    /// Waits for messages, then invokes `handler` once.
    pub async fn next<F, R, E>(&self, handler: F) -> Batch
    where
        F: Fn(Json) -> R,
        R: Future<Output = Result<Json, E>>,
        E: Display,
    {
        let taken = self.queue.cloud.queues.take_or_wait(&self.queue.name, self.up_to(), None).await;
        self.invoke(taken, &handler).await
    }

    /// Polls for ever, with up to `concurrency` batches in hand at once. Drop the future to stop: batches in hand are
    /// then neither deleted nor given back, like those of a function that was killed.
    pub async fn run<F, R, E>(&self, concurrency: usize, handler: F)
    where
        F: Fn(Json) -> R,
        R: Future<Output = Result<Json, E>>,
        E: Display,
    {
        let poller = || async {
            loop {
                self.next(&handler).await;
            }
        };
        join_all((0..concurrency).map(|_| poller())).await;
    }

    fn up_to(&self) -> TakeUpTo {
        TakeUpTo { messages: self.batch_size, body_bytes: EVENT_BYTES, visibility: None }
    }

    async fn invoke<F, R, E>(&self, taken: Vec<Delivery>, handler: &F) -> Batch
    where
        F: Fn(Json) -> R,
        R: Future<Output = Result<Json, E>>,
        E: Display,
    {
        self.queue.cloud.count(Operation::ReceiveMessage);
        let record = |delivery| self.queue.cloud.queues.event_record(&self.queue.name, delivery);
        let event = json!({ "Records": taken.iter().map(record).collect::<Vec<_>>() });
        let response = handler(event).await.map_err(|error| error.to_string());
        let ids: Vec<_> = taken.iter().map(Delivery::id).collect();
        let failed = response.and_then(|response| failed_items(&response, &ids));
        self.settle(&taken, failed)
    }

    fn settle(&self, taken: &[Delivery], failed: Result<BTreeSet<String>, String>) -> Batch {
        let is_kept = |delivery: &Delivery| failed.as_ref().map_or(true, |ids| ids.contains(delivery.id()));
        let (kept, done): (Vec<_>, Vec<_>) = taken.iter().partition(|delivery| is_kept(delivery));
        for delivery in &done {
            self.queue.cloud.count(Operation::DeleteMessage);
            // A receipt that is out of date deletes nothing: the message is somebody else's by now.
            self.queue.cloud.queues.delete(&self.queue.name, &delivery.receipt).ok();
        }
        let ids = |list: Vec<&Delivery>| list.into_iter().map(|delivery| delivery.id().to_owned()).collect();
        Batch { deleted: ids(done), kept: ids(kept), failure: failed.err() }
    }
}

/// The ids a response reports as failed. An empty or absent list is complete success; a response or an entry that
/// cannot be understood, or an id that is not in the batch, is complete failure (Lambda developer guide, "Handling
/// errors for an SQS event source").
fn failed_items(response: &Json, batch: &[&str]) -> Result<BTreeSet<String>, String> {
    let list = match response {
        Json::Null => return Ok(BTreeSet::new()),
        Json::Object(fields) => fields.get("batchItemFailures").unwrap_or(&Json::Null),
        _ => return Err("the response is not an object".to_owned()),
    };
    let entries = match list {
        Json::Null => return Ok(BTreeSet::new()),
        Json::Array(entries) => entries,
        _ => return Err("batchItemFailures is not a list".to_owned()),
    };
    let id = |entry: &Json| match entry.get("itemIdentifier").and_then(Json::as_str) {
        Some(id) if batch.contains(&id) => Ok(id.to_owned()),
        _ => Err(format!("an entry of batchItemFailures names no message of the batch: {entry}")),
    };
    entries.iter().map(id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_read_as_lambda_reads_it() {
        for (response, failed) in [
            (json!(null), Some(vec![])),
            (json!({}), Some(vec![])),
            (json!({ "batchItemFailures": null }), Some(vec![])),
            (json!({ "batchItemFailures": [] }), Some(vec![])),
            (json!({ "batchItemFailures": [{ "itemIdentifier": "b" }] }), Some(vec!["b"])),
            (json!({ "batchItemFailures": [{ "itemIdentifier": "" }] }), None),
            (json!({ "batchItemFailures": [{ "itemIdentifier": null }] }), None),
            (json!({ "batchItemFailures": [{ "itemidentifier": "a" }] }), None),
            (json!({ "batchItemFailures": [{ "itemIdentifier": "stranger" }] }), None),
            (json!({ "batchItemFailures": "a" }), None),
            (json!("done"), None),
        ] {
            let found = failed_items(&response, &["a", "b"]).ok();
            let expected = failed.map(|ids| ids.into_iter().map(str::to_owned).collect());
            assert_eq!(found, expected, "{response}");
        }
    }
}
