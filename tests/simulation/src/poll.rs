//! What Lambda does: it fetches batches from the queue, invokes machines, and deletes what they did not keep.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt as _;
use platform::clock::Deadline;
use platform::queue::Timer as _;
use responder::Record;
use sandbox::queue::Received;

use crate::faults::Fault;
use crate::world::{Slot, World};

/// The function's time-out.
const TIMEOUT: Duration = Duration::from_secs(30);

impl World {
    /// Works on the queue with `pollers` at once until nothing has happened for a long time: everything is settled or dead.
    /// Then nothing may be broken.
    pub async fn settle(&self, pollers: usize) {
        self.work(pollers).await;
        self.witness.at_rest(&self.queue.dead_letters()).await;
        let broken = self.witness.violations();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    /// Works on the queue with `pollers` at once until nothing has happened for a long time.
    pub(crate) async fn work(&self, pollers: usize) {
        let quiet = Duration::from_hours(2);
        // A poller is a machine of its own, or shares one clock and deployment with others.
        let polling = (0..pollers.max(self.machines.len())).map(|number| async move {
            let spare = (number >= self.machines.len())
                .then(|| self.slot(self.plan.clocks_ahead[number % self.machines.len()]));
            let slot = spare.as_ref().unwrap_or_else(|| &self.machines[number]);
            while let Ok(batch) = tokio::time::timeout(quiet, self.queue.receive(10)).await {
                self.invoke(slot, batch).await;
            }
        });
        futures::future::join_all(polling).await;
    }

    /// Works on what is on the queue right now, once.
    pub async fn poll_once(&self) {
        if let Ok(batch) = tokio::time::timeout(Duration::from_millis(1), self.queue.receive(10)).await {
            self.invoke(&self.machines[0], batch).await;
        }
    }

    async fn invoke(&self, slot: &Slot, batch: Vec<Received>) {
        let batch = self.delivered(batch).await;
        let records = batch.iter().map(|received| Record {
            queue: responder::Source::Work,
            id: received.id.to_string(),
            receipt: received.receipt.clone(),
            receives: received.receives,
            body: received.body.clone(),
        });
        let deadline = slot.clock.now() + TIMEOUT;
        slot.machine.set_deadline(deadline);
        let handler = slot.handler.lock().unwrap().clone();
        let handled = AssertUnwindSafe(handler.handle(records.collect(), Deadline::at(deadline))).catch_unwind();
        let kept =
            slot.machine.run(handled).await.map(|handled| handled.map_err(|_| self.witness.broken("a panic escaped")));
        let Some(Ok(kept)) = kept else {
            // What replaces a dead machine starts with nothing in memory.
            *slot.handler.lock().unwrap() = self.deployed(&slot.machine, &slot.clock);
            return;
        };
        let known: HashSet<_> = batch.iter().map(|received| received.id.to_string()).collect();
        if kept.iter().any(|id| !known.contains(id)) {
            self.witness.broken("the answer to a batch names a message that was not in it");
        }
        for received in batch.iter().filter(|received| !kept.contains(&received.id.to_string())) {
            self.witness.deleted(&received.body).await;
            if self.faults.next("delete").is_none() {
                self.queue.delete(&received.receipt);
            }
        }
    }

    /// The part of a batch that arrives, and now.
    async fn delivered(&self, mut batch: Vec<Received>) -> Vec<Received> {
        let mut arrived = Vec::new();
        for received in batch.drain(..) {
            let fault = self.faults.next("deliver");
            let again = match &fault {
                Some(Fault::Twice) => Some(Duration::ZERO),
                Some(Fault::Slow(time)) => Some(*time),
                _ => None,
            };
            if let Some(delay) = again {
                drop(self.queue.come_back(&received.receipt, delay).await);
            }
            if !matches!(fault, Some(Fault::Slow(_))) {
                arrived.push(received);
            }
        }
        arrived
    }
}
