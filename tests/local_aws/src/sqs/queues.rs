//! All queues: sending, waiting for messages, and the way into a dead-letter queue.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::clock::Clock;
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::sqs::QueueSettings;
use crate::sqs::queue::{Delivery, QueueState, Stored, TakeUpTo};

/// The queues by name.
#[derive(Debug, Clone)]
pub(crate) struct Queues {
    state: Shared<State>,
    changed: Arc<watch::Sender<()>>,
    pub(crate) clock: Clock,
    endpoint: String,
}

#[derive(Debug, Default)]
struct State {
    queues: BTreeMap<String, QueueState>,
    copies: u64,
}

impl Queues {
    pub(crate) fn new(clock: Clock, endpoint: String) -> Self {
        Self { state: Shared::default(), changed: Arc::new(watch::Sender::default()), clock, endpoint }
    }

    pub(crate) fn create(&self, name: &str, settings: QueueSettings) {
        let queue = QueueState { name: name.to_owned(), settings, messages: Vec::new() };
        self.state.lock().queues.insert(name.to_owned(), queue);
    }

    pub(crate) fn url(&self, name: &str) -> String {
        format!("{}/000000000000/{name}", self.endpoint)
    }

    /// The name of the queue behind a URL; only URLs that [`Queues::url`] made are known.
    pub(crate) fn name_of(&self, url: &str) -> Option<String> {
        let name = url.strip_prefix(&format!("{}/000000000000/", self.endpoint))?;
        self.state.lock().queues.contains_key(name).then(|| name.to_owned())
    }

    /// Files a message and returns its id.
    pub(crate) fn send(
        &self,
        name: &str,
        body: &str,
        group: Option<String>,
        delay: Option<Duration>,
    ) -> Option<String> {
        let mut state = self.state.lock();
        state.copies += 1;
        let copy = state.copies;
        let queue = state.queues.get_mut(name)?;
        let now = Instant::now();
        let id = format!("00000000-0000-4000-9000-{copy:012x}");
        queue.messages.push(Stored {
            id: id.clone(),
            body: body.to_owned(),
            group,
            sent: now,
            first_received: None,
            last_received: None,
            receives: 0,
            visible: now + delay.unwrap_or(queue.settings.delay),
            died_in: None,
            copy,
        });
        self.changed.send_replace(());
        Some(id)
    }

    /// Puts a second copy of a message into the queue, to be received at once: standard queues deliver at least once.
    pub(crate) fn duplicate(&self, name: &str, id: &str) -> Option<()> {
        let mut state = self.state.lock();
        state.copies += 1;
        let copy = state.copies;
        let queue = state.queues.get_mut(name)?;
        let original = queue.messages.iter().find(|message| message.id == id)?;
        let twin = Stored { visible: Instant::now(), last_received: None, copy, ..original.clone() };
        queue.messages.push(twin);
        self.changed.send_replace(());
        Some(())
    }

    /// Hands out what is visible now.
    pub(crate) fn take(&self, name: &str, up_to: TakeUpTo) -> Vec<Delivery> {
        let now = Instant::now();
        let mut state = self.state.lock();
        if state.bury(name, now) {
            self.changed.send_replace(());
        }
        state.queues.get_mut(name).map_or_else(Vec::new, |queue| queue.take(up_to, now))
    }

    /// The same, waiting until `deadline` for the first message; forever if there is none.
    pub(crate) async fn take_or_wait(&self, name: &str, up_to: TakeUpTo, deadline: Option<Instant>) -> Vec<Delivery> {
        let mut changes = self.changed.subscribe();
        loop {
            let taken = self.take(name, up_to);
            let over = deadline.is_some_and(|deadline| deadline <= Instant::now());
            if over || !taken.is_empty() {
                return taken;
            }
            let next = [deadline, self.next_visible(name)].into_iter().flatten().min();
            tokio::select! {
                _ = changes.changed() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {}
            }
        }
    }

    fn next_visible(&self, name: &str) -> Option<Instant> {
        self.state.lock().queues.get(name)?.next_visible()
    }

    pub(crate) fn delete(&self, name: &str, receipt: &str) -> Result<(), Refusal> {
        self.with(name, |queue, _| queue.delete(receipt))
    }

    pub(crate) fn change_visibility(&self, name: &str, receipt: &str, time: Duration) -> Result<(), Refusal> {
        let outcome = self.with(name, |queue, now| queue.change_visibility(receipt, time, now));
        self.changed.send_replace(());
        outcome
    }

    /// Settings and messages of a queue, without what has expired.
    pub(super) fn look<T>(&self, name: &str, view: impl FnOnce(&QueueState, Instant) -> T) -> Result<T, Refusal> {
        self.with(name, |queue, now| {
            queue.expire(now);
            Ok(view(queue, now))
        })
    }

    fn with<T>(
        &self,
        name: &str,
        act: impl FnOnce(&mut QueueState, Instant) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut state = self.state.lock();
        let queue = state.queues.get_mut(name).ok_or_else(no_such_queue)?;
        act(queue, Instant::now())
    }
}

impl State {
    /// Drops what is too old and moves what was received too often to the dead-letter queue. Says whether there was any.
    fn bury(&mut self, name: &str, now: Instant) -> bool {
        let Some(queue) = self.queues.get_mut(name) else { return false };
        queue.expire(now);
        let dead = queue.take_dead(now);
        let Some((grave, _)) = queue.settings.dead_letters.clone() else { return false };
        let Some(grave) = self.queues.get_mut(&grave) else { return false };
        let any = !dead.is_empty();
        grave.messages.extend(dead.into_iter().map(|message| Stored {
            visible: now,
            last_received: None,
            died_in: Some(name.to_owned()),
            ..message
        }));
        any
    }
}

pub(super) fn no_such_queue() -> Refusal {
    Refusal::new("QueueDoesNotExist", "The specified queue does not exist.")
}
