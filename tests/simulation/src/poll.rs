//! What Lambda does: it fetches batches from the queue, invokes machines, and deletes what they did not keep.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use models::QueueMessage;
use platform::clock::Deadline;
use platform::queue::{Queue as _, Timer as _};
use responder::{Record, Source};
use sandbox::queue::{EmbeddedQueue, Received};

use crate::faults::Fault;
use crate::machine::Machine;
use crate::witness::Figure;
use crate::world::{Slot, World};

/// The function's time-out.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long the queue keeps a message: `MessageRetentionPeriod` in template.yaml.
const KEPT_FOR: Duration = Duration::from_hours(96);
/// How long nothing may happen before nothing does any more, where people and answers take days: longer than a message may rest
/// in a queue, and than anybody is waited for.
const LONG_QUIET: Duration = Duration::from_hours(72);
/// How long after its deadline a function may live on until it is killed.
const KILLED_WITHIN: Duration = Duration::from_millis(700);

impl World {
    /// Works on the queue with `pollers` at once until nothing has happened for a long time: everything is settled or dead.
    /// Then nothing may be broken.
    pub async fn settle(&self, pollers: usize) {
        self.work(pollers).await;
        self.at_rest().await;
        let broken = self.witness.violations();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    /// The same on one machine for three days, however long nothing happens.
    pub async fn settle_for_days(&self) {
        let busy = self.keeps_busy();
        let waits = async {
            tokio::time::sleep(Duration::from_hours(72)).await;
            drop(busy);
        };
        futures::future::join(waits, self.settle(1)).await;
    }

    /// Works on the queue with `pollers` at once until nothing has happened for a long time.
    pub(crate) async fn work(&self, pollers: usize) {
        let quiet = if self.plan.lingers { LONG_QUIET } else { Duration::from_hours(2) };
        // A poller is a machine of its own, or shares one clock and deployment with others.
        let work = pollers.max(self.machines.len());
        let polling = (0..work + 2).map(|number| async move {
            let agents = number >= work;
            let spare = (number >= self.machines.len())
                .then(|| self.slot(self.plan.clocks_ahead[number % self.machines.len()]));
            let slot = spare.as_ref().unwrap_or_else(|| &self.machines[number]);
            // Each queue has pollers of its own.
            let source = if agents { Source::Agents } else { Source::Work };
            loop {
                match tokio::time::timeout(quiet, self.receive(source)).await {
                    Ok(batch) => self.invoke(slot, source, batch).await,
                    Err(_) if self.is_busy() => {}
                    Err(_) => return,
                }
            }
        });
        futures::future::join_all(polling).await;
    }

    /// A batch, in whatever order the queue likes.
    async fn receive(&self, source: Source) -> Vec<Received> {
        let most = self.disorder.lock().unwrap().as_mut().map_or(10, |chance| 1 + chance.index(10));
        let mut batch = self.queue_of(source).receive(most).await;
        if let Some(chance) = self.disorder.lock().unwrap().as_mut() {
            for place in (1..batch.len()).rev() {
                batch.swap(place, chance.index(place + 1));
            }
        }
        batch
    }

    /// Checks a world in which nothing moves any more.
    pub(crate) async fn at_rest(&self) {
        let dead = [self.queue.dead_letters(), self.agents.dead_letters()].concat();
        self.witness.at_rest(&dead).await;
    }

    fn queue_of(&self, source: Source) -> &Arc<EmbeddedQueue> {
        match source {
            Source::Work => &self.queue,
            Source::Agents => &self.agents,
        }
    }

    /// Works on what is on the queue right now, once.
    pub async fn poll_once(&self) {
        self.poll_on(0).await;
    }

    /// The same on another machine.
    pub async fn poll_on(&self, machine: usize) {
        if let Ok(batch) = tokio::time::timeout(Duration::from_millis(1), self.queue.receive(10)).await {
            self.invoke(&self.machines[machine], Source::Work, batch).await;
        }
    }

    /// The same with what agents asked for.
    pub async fn poll_agents_once(&self) {
        self.poll_agents_on(0).await;
    }

    /// The same on another machine.
    pub async fn poll_agents_on(&self, machine: usize) {
        if let Ok(batch) = tokio::time::timeout(Duration::from_millis(1), self.agents.receive(10)).await {
            self.invoke(&self.machines[machine], Source::Agents, batch).await;
        }
    }

    async fn invoke(&self, slot: &Slot, source: Source, batch: Vec<Received>) {
        let batch = self.delivered(source, batch).await;
        let records = batch.iter().map(|received| Record {
            queue: source,
            id: received.id.to_string(),
            receipt: received.receipt.clone(),
            receives: received.receives,
            body: received.body.clone(),
        });
        let machine = slot.machine.lock().unwrap().clone();
        let deadline = slot.clock.now() + TIMEOUT;
        machine.set_deadline(deadline);
        let held_up = machine.held_up();
        let began = self.witness.figures().get(Figure::Steps);
        let handler = slot.handler.lock().unwrap().clone();
        let records: Vec<_> = records.collect();
        let handling = async move { handler.handle(records, Deadline::at(deadline)).await };
        let mut handled = Box::pin(AssertUnwindSafe(handling).catch_unwind());
        let lives = if self.plan.kills_at_deadline { TIMEOUT + KILLED_WITHIN } else { Duration::MAX };
        let ended = tokio::time::timeout(lives, machine.run(handled.as_mut())).await.ok().flatten();
        let Some(ended) = ended else {
            if machine.held_up() == held_up {
                self.witness.broken("a run was not over by its deadline, and nothing had held it up");
            }
            machine.is_held_up();
            // What replaces a dead machine starts with nothing in memory.
            let machine = Arc::new(Machine::default());
            *slot.handler.lock().unwrap() = self.deployed(&machine, &slot.clock);
            *slot.machine.lock().unwrap() = machine;
            return;
        };
        if slot.clock.now() > deadline && machine.held_up() == held_up {
            self.witness.broken("a run was over after its deadline, and nothing had held it up");
        }
        let Ok(kept) = ended else { return self.witness.broken("a panic escaped") };
        let known: HashSet<_> = batch.iter().map(|received| received.id.to_string()).collect();
        if kept.iter().any(|id| !known.contains(id)) {
            self.witness.broken("the answer to a batch names a message that was not in it");
        }
        for received in batch.iter().filter(|received| !kept.contains(&received.id.to_string())) {
            self.witness.deleted(&received.body, began).await;
            if self.faults.next("delete").is_none() {
                self.queue_of(source).delete(&received.receipt);
            }
        }
    }

    /// The queue delivers a message again when nobody thinks of it any more; no longer than it keeps one at all.
    fn comes_once_more(&self, source: Source, body: String, after: Duration) {
        let reached_the_door = serde_json::from_str(&body).ok().map(|message| match message {
            QueueMessage::InboundV1(message) => message.arrival,
            QueueMessage::AgentV1(action) => action.at,
        });
        if reached_the_door.is_some_and(|at| self.now().since(at) + after > KEPT_FOR) {
            return;
        }
        let (queue, busy) = (self.queue_of(source).clone(), self.keeps_busy());
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            queue.send(body).await.unwrap();
            drop(busy);
        });
    }

    /// The part of a batch that arrives, and now.
    async fn delivered(&self, source: Source, mut batch: Vec<Received>) -> Vec<Received> {
        let mut arrived = Vec::new();
        for received in batch.drain(..) {
            let fault = self.faults.next("deliver");
            let again = match &fault {
                Some(Fault::Twice) => Some(Duration::ZERO),
                Some(Fault::Slow(time)) => Some(*time),
                _ => None,
            };
            if let Some(delay) = again {
                drop(self.queue_of(source).come_back(&received.receipt, delay).await);
            }
            if let Some(Fault::Later(time)) = fault {
                self.comes_once_more(source, received.body.clone(), time);
            }
            if !matches!(fault, Some(Fault::Slow(_))) {
                arrived.push(received);
            }
        }
        arrived
    }
}
