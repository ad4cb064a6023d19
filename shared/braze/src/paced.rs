//! Near a workspace's request limit, replies that are ready at the same moment in one call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared as Polled};
use models::{Attributes, CampaignId, Reply, Timestamp};
use platform::clock::Clock;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::Messaging;
use crate::outcome::{Outcome, Refusal};
use crate::pace::{Allowance, Pace};
use crate::request::property_bytes;
use crate::together::{MOST_RECIPIENTS, PROPERTY_BYTES, Together};

/// The longest that a reply waits for its call.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

const OUT_OF_TIME: Outcome = Outcome::NotAccepted(Refusal::OutOfTime);

/// A channel that counts calls, and takes several replies in one.
#[async_trait]
pub trait Shared: Messaging {
    /// Sends several replies by one call. What is said holds for each of them. Takes no longer than `time`.
    async fn send_together(&self, together: &Together, time: Duration) -> Outcome;

    /// Whether `reply` may share a call: not if a message goes along whole, which is one for all.
    fn shares(&self, reply: &Reply) -> bool;

    /// What an answer has said of the limit since somebody asked last.
    fn take_allowance(&self) -> Option<Allowance>;
}

/// Sends each reply at once by a call of its own, as long as the workspace's request limit is far. Near it, calls keep the
/// distance with which the limit lasts (`Pace`), unless they are full: what is ready by then goes together, to at most fifty
/// people. No call waits for one certain reply, nor any reply longer than two seconds, and each caller hears of its own.
///
/// A process knows of no other one's replies: it shares as much as it works on at once, which is the queue's batch. What may
/// share no call goes at once.
#[derive(Clone)]
pub struct Paced {
    inner: Arc<dyn Shared>,
    clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    pace: Pace,
    last_call: Option<Instant>,
    next_number: u64,
    /// In the order in which they came.
    waiting: Vec<Waiting>,
}

/// A reply that waits for its call.
struct Waiting {
    number: u64,
    since: Instant,
    reply: Reply,
    property_bytes: usize,
    until: Until,
    joins: oneshot::Sender<Call>,
}

/// A call on its way. Everybody in it keeps it going: whoever is cut off takes nobody's reply along.
type Call = Polled<BoxFuture<'static, Told>>;

/// What came of a call.
#[derive(Clone)]
struct Told {
    outcome: Outcome,
    is_shared: bool,
}

/// By when a reply must be sent, and by when its call must have begun: for timers, and by the clock, which goes on where a machine
/// stands still. What begins later has too little time for an answer.
#[derive(Debug, Clone, Copy)]
struct Until {
    ends: Instant,
    begins: (Instant, Timestamp),
}

impl Until {
    fn new(time: Duration, now: Timestamp) -> Self {
        let (started, most) = (Instant::now(), time / 10 * 7);
        Self { ends: started + time, begins: (started + most, now + most) }
    }

    /// What is left at `now`, if it is enough.
    fn left(self, now: Timestamp) -> Option<Duration> {
        let (moment, timestamp) = self.begins;
        (Instant::now() <= moment && now <= timestamp).then(|| self.ends.saturating_duration_since(Instant::now()))
    }
}

impl Paced {
    /// Sends by `inner`, whose limits are told in the time of `clock`.
    pub fn new(inner: Arc<dyn Shared>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, state: Arc::default() }
    }

    /// Sends one reply now, unless whoever waited stood still meanwhile: somebody else may have sent it since.
    async fn alone(&self, reply: &Reply, until: Until) -> Outcome {
        let Some(time) = until.left(self.clock.now()) else { return OUT_OF_TIME };
        let outcome = self.inner.send(reply, time).await;
        self.learn();
        outcome
    }

    /// Waits for the next call, and makes it unless somebody else's takes the reply along.
    async fn beside_others(&self, reply: &Reply, time: Duration) -> Outcome {
        let (until, latest) = (Until::new(time, self.clock.now()), Instant::now() + LONGEST_WAIT.min(time / 5 * 2));
        let (number, mut joins, mut wakes) = self.wait(reply, until, latest);
        let call = loop {
            match timeout_at(wakes, &mut joins).await {
                Ok(Ok(call)) => break call,
                // Nobody has it any more, and nobody has sent it.
                Ok(Err(_)) => return OUT_OF_TIME,
                Err(_) => match self.turn(number, latest) {
                    Ok(call) => break call,
                    Err(opens) => wakes = opens,
                },
            }
        };
        let Told { outcome, is_shared } = call.await;
        if is_shared && may_be_anothers(&outcome) { self.alone(reply, until).await } else { outcome }
    }

    /// The reply's number among those that wait, where it hears of its call, and when it may make one.
    fn wait(&self, reply: &Reply, until: Until, latest: Instant) -> (u64, oneshot::Receiver<Call>, Instant) {
        let ((joins, hears), now) = (oneshot::channel(), self.clock.now());
        let (property_bytes, since) = (property_bytes(reply), Instant::now());
        let mut state = self.lock();
        let number = state.next_number;
        state.next_number += 1;
        state.waiting.push(Waiting { number, since, reply: reply.clone(), property_bytes, until, joins });
        (number, hears, state.opens(since, now).min(latest))
    }

    /// The call of the reply called `number`, with what waits beside it; or when to ask again. After `latest` it waits for no pace.
    fn turn(&self, number: u64, latest: Instant) -> Result<Call, Instant> {
        let (now, timestamp) = (Instant::now(), self.clock.now());
        let mut state = self.lock();
        let opens = state.opens(now, timestamp).min(latest);
        let place = state.waiting.iter().position(|waiting| waiting.number == number);
        // Who is not among them has just been taken along, and will hear so.
        let Some(place) = place.filter(|_| opens <= now) else { return Err(opens.max(now)) };
        state.last_call = Some(now);
        let own = state.waiting.remove(place);
        // First whose turn it is, then the others in the order in which they came. Whoever has given up will never hear.
        let others = std::mem::take(&mut state.waiting).into_iter().filter(|waiting| !waiting.joins.is_closed());
        let mut together = Together::default();
        let (taken, left): (Vec<_>, _) =
            std::iter::once(own).chain(others).partition(|waiting| together.add(&waiting.reply));
        state.waiting = left;
        drop(state);
        let until = taken.iter().map(|waiting| waiting.until).min_by_key(|until| until.ends);
        let call = self.clone().make(together, until).boxed().shared();
        for waiting in taken {
            // Whoever makes the call does not listen, and another may have gone.
            drop(waiting.joins.send(call.clone()));
        }
        Ok(call)
    }

    async fn make(self, together: Together, until: Option<Until>) -> Told {
        let is_shared = together.replies().len() > 1;
        let Some(time) = until.and_then(|until| until.left(self.clock.now())) else {
            return Told { outcome: OUT_OF_TIME, is_shared };
        };
        let outcome = match together.replies() {
            [one] => self.inner.send(one, time).await,
            several => {
                tracing::info!(replies = several.len(), "near Braze's request limit: several replies in one call");
                self.inner.send_together(&together, time).await
            }
        };
        if is_shared && matches!(outcome, Outcome::Accepted { remarks: true, .. }) {
            tracing::warn!(
                replies = together.replies().len(),
                "Braze remarks on a shared call, and not on whose reply"
            );
        }
        self.learn();
        Told { outcome, is_shared }
    }

    /// Takes in what the last answer said of the limit.
    fn learn(&self) {
        let now = self.clock.now();
        if let Some(allowance) = self.inner.take_allowance() {
            self.lock().pace.heard(allowance, now, LONGEST_WAIT);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a call may have been refused for what is one recipient's mistake: no message is out then, and each goes alone.
fn may_be_anothers(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::NotAccepted(Refusal::Rejected(400 | 413)))
}

impl State {
    /// When the next call may be made: at once if it is full, and else when the gap is over since the last call and since somebody
    /// began to wait, so that a call has others in it.
    fn opens(&self, now: Instant, timestamp: Timestamp) -> Instant {
        let oldest = self.waiting.first().map(|waiting| waiting.since);
        match oldest.max(self.last_call) {
            Some(since) if !self.is_full() => since + self.pace.gap(timestamp),
            _ => now,
        }
    }

    /// Whether nothing more fits in a call of those who wait, by the campaign of who has waited longest.
    fn is_full(&self) -> bool {
        let Some(oldest) = self.waiting.first() else { return false };
        let waits = |waiting: &&Waiting| waiting.reply.campaign == oldest.reply.campaign && !waiting.joins.is_closed();
        let sizes = self.waiting.iter().filter(waits).map(|waiting| waiting.property_bytes);
        let (count, bytes) = sizes.fold((0, 0), |(count, bytes), size| (count + 1, bytes + size));
        count >= MOST_RECIPIENTS || bytes > PROPERTY_BYTES
    }
}

#[async_trait]
impl Messaging for Paced {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let now = self.clock.now();
        if self.lock().pace.gap(now).is_zero() || !self.inner.shares(reply) {
            return self.alone(reply, Until::new(time, now)).await;
        }
        self.beside_others(reply, time).await
    }

    fn carries(&self, attributes: &Attributes, campaign: Option<&CampaignId>) -> bool {
        self.inner.carries(attributes, campaign)
    }

    fn has_template(&self) -> bool {
        self.inner.has_template()
    }
}

#[cfg(test)]
mod tests;
