//! Braze's ceiling, in virtual time: how many replies get through a workspace's request limit, and how long they wait for it.
//!
//! Machines take batches from a queue, as Lambda does, ask an AI for each conversation of a batch at once, and send by the real
//! [`Paced`] to a workspace that counts calls. Nothing fails here but what the limit refuses.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use braze::{Allowance, Messaging, Outcome, Paced, Refusal, Shared, Together};
use futures::future::join_all;
use models::{Attributes, Content, Identity, MessageId, Part, Reply, ReplyId};
use platform::clock::Clock;
use tokio::time::{Instant, sleep};

use crate::chance::Chance;
use crate::clock::VirtualClock;

/// What Braze lets a workspace call in an hour, if its contract says nothing else.
pub const CALLS_PER_HOUR: u32 = 250_000;
const HOUR: Duration = Duration::from_hours(1);
/// How long the queue waits for a batch to fill: less than this is not allowed for batches of more than ten.
const WINDOW: Duration = Duration::from_secs(1);
/// An answer takes three seconds on average; the logarithms of all answers' times spread by this.
const AI_SECONDS: f64 = 3.0;
const AI_SPREAD: f64 = 0.35;
/// What a turn needs beside the AI and Braze.
const BESIDES: Duration = Duration::from_millis(150);
/// A call takes so many milliseconds, or up to twice as many.
const CALL_MILLIS: u64 = 100;
const SEND_WITHIN: Duration = Duration::from_secs(5);

/// What is played.
#[derive(Debug, Clone, Copy)]
pub struct Ceiling {
    /// Conversations that are written in every second, each in want of one reply.
    pub per_second: u32,
    /// The most conversations that a machine works on at once: the queue's batch.
    pub batch: usize,
    /// Machines.
    pub machines: usize,
    /// How long it goes on: the last so many minutes of an hour, with the share of the limit that belongs to them.
    pub minutes: u32,
    /// Whether replies may share a call.
    pub shares: bool,
    /// What chance is made from.
    pub seed: u64,
}

/// What came of it.
#[derive(Clone, Default)]
pub struct Passed {
    /// Replies that Braze accepted.
    pub accepted: u64,
    /// Replies that the limit refused: the queue would bring them back when it begins anew.
    pub refused: u64,
    /// Calls that Braze took in that time.
    pub calls: u64,
    /// Calls that were left in the end.
    pub left: u64,
    /// Conversations that nobody had begun with in the end.
    pub waiting: u64,
    /// From the moment a reply was ready until Braze had accepted it, from the shortest to the longest.
    pub waits: Vec<Duration>,
}

impl Passed {
    /// The wait that so many hundredths of all accepted replies did not exceed.
    pub fn wait(&self, hundredths: usize) -> Duration {
        let place = (self.waits.len() * hundredths / 100).min(self.waits.len().saturating_sub(1));
        self.waits.get(place).copied().unwrap_or_default()
    }
}

impl Ceiling {
    /// Plays it to its end.
    pub fn play(self) -> Passed {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.live())
    }

    async fn live(self) -> Passed {
        let clock = Arc::new(VirtualClock::default());
        let lasts = self.minutes * Duration::from_mins(1);
        let share = f64::from(CALLS_PER_HOUR) * lasts.as_secs_f64() / HOUR.as_secs_f64();
        let workspace = Arc::new(Workspace {
            clock: clock.clone(),
            state: Mutex::new(Left {
                allowance: Allowance { remaining: whole(share), reset: clock.now() + lasts },
                calls: 0,
            }),
            chance: Mutex::new(Chance::new(self.seed)),
        });
        let queue = Queue { started: Instant::now(), lasts, per_second: self.per_second, taken: AtomicU64::new(0) };
        let told = Told::default();
        let machines = (0..self.machines).map(|_| {
            let braze: Arc<dyn Messaging> =
                if self.shares { Arc::new(Paced::new(workspace.clone(), clock.clone())) } else { workspace.clone() };
            let (queue, told, workspace) = (&queue, &told, &workspace);
            async move { self.works(queue, &*braze, workspace, told, lasts).await }
        });
        join_all(machines).await;
        let Left { allowance, calls } = *workspace.state.lock().unwrap();
        let (accepted, refused) = (told.accepted.load(Ordering::Relaxed), told.refused.load(Ordering::Relaxed));
        let mut waits = told.waits.into_inner().unwrap();
        waits.sort_unstable();
        Passed { accepted, refused, calls, left: allowance.remaining, waiting: queue.waiting(), waits }
    }

    /// One machine, batch by batch.
    async fn works(self, queue: &Queue, braze: &dyn Messaging, workspace: &Workspace, told: &Told, lasts: Duration) {
        while queue.started.elapsed() < lasts {
            let batch = queue.take(self.batch).await;
            join_all(batch.map(|number| async move {
                sleep(workspace.thinks() + BESIDES).await;
                let ready = Instant::now();
                let outcome = braze.send(&reply(number), SEND_WITHIN).await;
                if queue.started.elapsed() < lasts {
                    told.hears(&outcome, ready.elapsed());
                }
            }))
            .await;
        }
    }
}

/// What waits to be answered.
struct Queue {
    started: Instant,
    /// How long people write.
    lasts: Duration,
    per_second: u32,
    taken: AtomicU64,
}

impl Queue {
    fn waiting(&self) -> u64 {
        let written = whole(self.started.elapsed().min(self.lasts).as_secs_f64() * f64::from(self.per_second));
        written.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    /// The numbers of a batch: as many as there are when it is full, or when its window is over.
    async fn take(&self, most: usize) -> std::ops::Range<u64> {
        let (most, since) = (most as u64, Instant::now());
        while self.waiting() < most && since.elapsed() < WINDOW {
            sleep(WINDOW / 20).await;
        }
        let some = self.waiting().min(most);
        let first = self.taken.fetch_add(some, Ordering::Relaxed);
        first..first + some
    }
}

/// A workspace that takes every call as long as there are any left.
struct Workspace {
    clock: Arc<VirtualClock>,
    state: Mutex<Left>,
    chance: Mutex<Chance>,
}

#[derive(Clone, Copy)]
struct Left {
    allowance: Allowance,
    calls: u64,
}

impl Workspace {
    async fn call(&self) -> Outcome {
        let millis = CALL_MILLIS + self.chance.lock().unwrap().below(CALL_MILLIS);
        sleep(Duration::from_millis(millis)).await;
        let mut left = self.state.lock().unwrap();
        if self.clock.now() >= left.allowance.reset {
            // What was begun in this hour is sent in the next, and not counted.
            return Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };
        }
        if left.allowance.remaining == 0 {
            return Outcome::NotAccepted(Refusal::RateLimited(Some(left.allowance.reset)));
        }
        left.allowance.remaining -= 1;
        left.calls += 1;
        Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false }
    }

    /// How long the AI takes for an answer: as answers are, some much longer than most.
    fn thinks(&self) -> Duration {
        let mut chance = self.chance.lock().unwrap();
        let thousandths: u32 = (0..12).map(|_| u32::try_from(chance.below(1_000)).unwrap_or_default()).sum();
        let normal = f64::from(thousandths) / 1_000.0 - 6.0;
        let mean_of_logarithms = AI_SECONDS.ln() - AI_SPREAD * AI_SPREAD / 2.0;
        Duration::from_secs_f64((mean_of_logarithms + AI_SPREAD * normal).exp())
    }
}

#[async_trait]
impl Messaging for Workspace {
    async fn send(&self, _: &Reply, _: Duration) -> Outcome {
        self.call().await
    }
}

#[async_trait]
impl Shared for Workspace {
    async fn send_together(&self, _: &Together, _: Duration) -> Outcome {
        self.call().await
    }

    fn shares(&self, _: &Reply) -> bool {
        true
    }

    fn take_allowance(&self) -> Option<Allowance> {
        Some(self.state.lock().unwrap().allowance)
    }
}

#[derive(Default)]
struct Told {
    accepted: AtomicU64,
    refused: AtomicU64,
    waits: Mutex<Vec<Duration>>,
}

impl Told {
    fn hears(&self, outcome: &Outcome, waited: Duration) {
        if matches!(outcome, Outcome::Accepted { .. }) {
            self.accepted.fetch_add(1, Ordering::Relaxed);
            self.waits.lock().unwrap().push(waited);
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn reply(number: u64) -> Reply {
    Reply {
        to: Identity::new(&format!("user-{number}"), "", "").unwrap(),
        id: ReplyId::new(&MessageId::stored("m"), 1),
        content: Content::Text(Part::new(WORDS).unwrap()),
        campaign: None,
        attributes: Attributes::default(),
        part: 1,
        parts: 1,
    }
}

/// As long as replies mostly are.
const WORDS: &str = "We are open from Monday to Friday, from nine in the morning until six in the evening, and on \
                     Saturdays until four. Would you like me to look up when your parcel will arrive?";

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small, and not negative")]
fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: Ceiling = Ceiling { per_second: 1_000, batch: 250, machines: 60, minutes: 3, shares: true, seed: 1 };

    #[test]
    fn a_thousand_replies_a_second_get_through_a_limit_of_sixty_nine_calls() {
        let passed = SOME.play();
        assert_eq!(passed.refused, 0);
        assert!(passed.accepted > 160_000, "{} in {} calls", passed.accepted, passed.calls);
        assert!(passed.wait(99) < Duration::from_millis(2_500), "{:?}", passed.wait(99));
    }

    #[test]
    fn without_shared_calls_they_use_the_limit_up() {
        let passed = Ceiling { shares: false, ..SOME }.play();
        assert!(passed.refused > passed.accepted, "{} refused, {} accepted", passed.refused, passed.accepted);
    }

    #[test]
    fn where_the_limit_is_far_nothing_waits_and_nothing_is_shared() {
        let passed = Ceiling { per_second: 20, machines: 5, ..SOME }.play();
        assert_eq!(passed.calls, passed.accepted);
        assert!(passed.wait(100) <= Duration::from_millis(2 * CALL_MILLIS), "{:?}", passed.wait(100));
    }
}
