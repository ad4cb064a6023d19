//! The embedded queue: at least once, with visibility, redelivery and dead letters, as SQS has them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use models::Timestamp;
use platform::clock::Clock;
use platform::queue::{Queue, QueueError, Timer};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use crate::disk::{Disk, Shelf};

/// Deliveries after which a message becomes a dead letter: what the template says.
const MOST_RECEIVES: u32 = 20;
/// How long a delivered message is invisible: the template's function time-out and half a minute.
pub const VISIBILITY: Duration = Duration::from_mins(1);

/// A queue, its dead letters, and who waits for it.
pub struct EmbeddedQueue {
    state: Mutex<State>,
    changed: Notify,
    disk: Disk,
    shelf: Shelf,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct State {
    next: u64,
    messages: BTreeMap<u64, Message>,
    dead: BTreeMap<u64, String>,
    duplicates: u32,
}

#[derive(Clone, Serialize, Deserialize)]
struct Message {
    body: String,
    receives: u32,
    visible_at: Timestamp,
}

/// One delivery.
#[derive(Debug, Clone)]
pub struct Received {
    /// Which message.
    pub id: u64,
    /// The handle of this delivery.
    pub receipt: String,
    /// How often the message was delivered, this time included.
    pub receives: u32,
    /// The body.
    pub body: String,
}

/// How much is in a queue.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Depth {
    /// Messages that can be delivered now.
    pub waiting: usize,
    /// Messages that were delivered, or put off, and are invisible.
    pub in_flight: usize,
}

impl EmbeddedQueue {
    /// An empty queue that lives as long as the process, by `clock`'s time.
    pub fn in_memory(clock: Arc<dyn Clock>) -> Self {
        Self::open(Disk::none(), Shelf::Queue, clock)
    }

    /// The queue on `shelf` as it was when the sandbox stopped last; empty without a disk.
    pub(crate) fn open(disk: Disk, shelf: Shelf, clock: Arc<dyn Clock>) -> Self {
        let (messages, dead) = (disk.load::<Message>(shelf), disk.load::<String>(shelf.of_the_dead()));
        let last = messages.keys().chain(dead.keys()).max().copied();
        let state = State { next: last.map_or(0, |last| last + 1), messages, dead, duplicates: 0 };
        Self { state: Mutex::new(state), changed: Notify::new(), disk, shelf, clock }
    }

    /// Up to `most` messages that are visible, waiting until there is one.
    pub async fn receive(&self, most: usize) -> Vec<Received> {
        loop {
            let changed = self.changed.notified();
            let (batch, next) = self.take(most, self.clock.now());
            if !batch.is_empty() {
                return batch;
            }
            let wait = next.map_or(Duration::from_hours(1), |next| next.since(self.clock.now()));
            let _ = tokio::time::timeout(wait.max(Duration::from_millis(1)), changed).await;
        }
    }

    /// Ends a message, if `receipt` is of its last delivery or an earlier one.
    pub fn delete(&self, receipt: &str) {
        if let Some(id) = id_of(receipt) {
            self.lock().messages.remove(&id);
            self.disk.remove(self.shelf, id);
        }
    }

    /// Delivers each message so many more times at the same instant.
    pub fn duplicate_deliveries(&self, copies: u32) {
        self.lock().duplicates = copies;
    }

    /// How many more times each message is delivered.
    pub fn copies(&self) -> u32 {
        self.lock().duplicates
    }

    /// How much is in it.
    pub fn depth(&self) -> Depth {
        let (state, now) = (self.lock(), self.clock.now());
        let waiting = state.messages.values().filter(|message| message.visible_at <= now).count();
        Depth { waiting, in_flight: state.messages.len() - waiting }
    }

    /// The bodies of its dead letters, oldest first.
    pub fn dead_letters(&self) -> Vec<String> {
        self.lock().dead.values().cloned().collect()
    }

    /// Puts every dead letter back, as if nobody had tried it yet, and says how many there were.
    pub fn redrive(&self) -> usize {
        let mut state = self.lock();
        let dead = std::mem::take(&mut state.dead);
        let count = dead.len();
        for (id, body) in dead {
            let message = Message { body, receives: 0, visible_at: self.clock.now() };
            self.disk.save(self.shelf, id, &message);
            self.disk.remove(self.shelf.of_the_dead(), id);
            state.messages.insert(id, message);
        }
        drop(state);
        self.changed.notify_waiters();
        count
    }

    fn take(&self, most: usize, now: Timestamp) -> (Vec<Received>, Option<Timestamp>) {
        let mut state = self.lock();
        let visible = |message: &Message| message.visible_at <= now;
        let ready: Vec<_> = state.messages.iter().filter(|(_, m)| visible(m)).map(|(id, _)| *id).take(most).collect();
        let batch: Vec<_> = ready.iter().filter_map(|id| self.deliver(&mut state, *id, now)).flatten().collect();
        (batch, state.messages.values().map(|message| message.visible_at).min())
    }

    /// Counts a delivery, or lays the message with the dead letters if it had its last one.
    fn deliver(&self, state: &mut State, id: u64, now: Timestamp) -> Option<Vec<Received>> {
        let message = state.messages.get_mut(&id)?;
        if message.receives >= MOST_RECEIVES {
            let message = state.messages.remove(&id)?;
            self.disk.remove(self.shelf, id);
            self.disk.save(self.shelf.of_the_dead(), id, &message.body);
            state.dead.insert(id, message.body);
            return None;
        }
        message.receives += 1;
        message.visible_at = now + VISIBILITY;
        self.disk.save(self.shelf, id, message);
        let receipt = format!("{id}/{}", message.receives);
        let received = Received { id, receipt, receives: message.receives, body: message.body.clone() };
        Some(vec![received; 1 + state.duplicates as usize])
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id_of(receipt: &str) -> Option<u64> {
    receipt.split_once('/')?.0.parse().ok()
}

#[async_trait]
impl Queue for EmbeddedQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        {
            let mut state = self.lock();
            let (id, message) = (state.next, Message { body, receives: 0, visible_at: self.clock.now() });
            self.disk.save(self.shelf, id, &message);
            state.next += 1;
            state.messages.insert(id, message);
        }
        self.changed.notify_waiters();
        Ok(())
    }
}

#[async_trait]
impl Timer for EmbeddedQueue {
    async fn come_back(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        let delay = Duration::from_secs(u64::try_from(platform::queue::whole_seconds(delay)).unwrap_or_default());
        let gone = || QueueError { reason: "the receipt is of no message".to_owned() };
        let id = id_of(receipt).ok_or_else(gone)?;
        {
            let mut state = self.lock();
            let message = state.messages.get_mut(&id).ok_or_else(gone)?;
            message.visible_at = self.clock.now() + delay;
            self.disk.save(self.shelf, id, message);
        }
        self.changed.notify_waiters();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn queue_of(body: &str) -> EmbeddedQueue {
        let queue = EmbeddedQueue::in_memory(Arc::new(platform::clock::SystemClock));
        queue.send(body.to_owned()).await.unwrap();
        queue
    }

    #[tokio::test]
    async fn a_message_is_invisible_once_delivered_and_comes_back_when_told_to() {
        let queue = queue_of("hi").await;
        let first = queue.receive(10).await.remove(0);
        assert_eq!((first.body.as_str(), first.receives), ("hi", 1));
        assert!(tokio::time::timeout(Duration::from_millis(50), queue.receive(10)).await.is_err());
        queue.come_back(&first.receipt, Duration::ZERO).await.unwrap();
        assert_eq!(queue.receive(10).await[0].receives, 2);
    }

    #[tokio::test]
    async fn a_deleted_message_does_not_come_back() {
        let queue = queue_of("hi").await;
        let first = queue.receive(10).await.remove(0);
        queue.delete(&first.receipt);
        assert!(queue.come_back(&first.receipt, Duration::ZERO).await.is_err());
        let depth = queue.depth();
        assert_eq!((depth.waiting, depth.in_flight), (0, 0));
    }

    #[tokio::test]
    async fn after_its_last_delivery_a_message_is_a_dead_letter() {
        let queue = queue_of("poison").await;
        for _ in 0..MOST_RECEIVES {
            let received = queue.receive(1).await.remove(0);
            queue.come_back(&received.receipt, Duration::ZERO).await.unwrap();
        }
        assert!(tokio::time::timeout(Duration::from_millis(50), queue.receive(1)).await.is_err());
        assert_eq!(queue.dead_letters(), ["poison"]);
    }

    #[tokio::test]
    async fn duplicates_are_delivered_at_the_same_instant() {
        let queue = queue_of("hi").await;
        queue.duplicate_deliveries(2);
        assert_eq!(queue.receive(10).await.len(), 3);
    }
}
