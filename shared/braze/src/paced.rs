//! Near a workspace's request limit, replies that are ready at the same moment in one call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use models::{Attributes, CampaignId, Reply, Timestamp};
use platform::clock::Clock;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::Messaging;
use crate::outcome::{Outcome, Refusal};
use crate::pace::{Allowance, Pace};
use crate::together::{MOST_RECIPIENTS, Together};

/// The longest that a reply waits for its call: what is left of the time for a send is enough for an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

const OUT_OF_TIME: Outcome = Outcome::NotAccepted(Refusal::OutOfTime);

/// A channel that counts calls, and takes several replies in one.
#[async_trait]
pub trait Shared: Messaging {
    /// Sends several replies by one call. What is said holds for each of them. Takes no longer than `time`.
    async fn send_together(&self, together: &Together, time: Duration) -> Outcome;

    /// Whether `reply` may share a call: not if a message goes along whole, which is one for all.
    fn shares(&self, reply: &Reply) -> bool;

    /// What was last heard of the limit.
    fn allowance(&self) -> Option<Allowance>;
}

/// Sends each reply at once by a call of its own, as long as the workspace's request limit is far. Near it, calls keep the
/// distance with which the limit lasts ([`Pace`]), unless they are full: what is ready by then goes together, to at most fifty
/// people. No call waits for one certain reply, nor any reply longer than two seconds, and each caller hears of its own.
///
/// A process knows of no other one's replies: it shares as much as it works on at once, which is the queue's batch.
pub struct Paced {
    inner: Arc<dyn Shared>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    pace: Pace,
    last_call: Option<Instant>,
    next_number: u64,
    waiting: Vec<Waiting>,
}

/// A reply that waits for its call.
struct Waiting {
    number: u64,
    since: Instant,
    reply: Reply,
    until: Until,
    tells: oneshot::Sender<Heard>,
}

/// What whoever waits is told.
enum Heard {
    Outcome(Outcome),
    /// The call was refused for what may be somebody else's mistake: nothing is out, and each goes alone.
    Alone,
}

/// What becomes of a reply that may wait no longer.
enum Turn {
    /// Another call took it along.
    Taken,
    /// It has to wait all the same, until this moment.
    Waits(Instant),
    /// It has a call of its own, with what waits beside it.
    Calls(Call),
}

/// One call, and who waits for it.
struct Call {
    together: Together,
    tells: Vec<oneshot::Sender<Heard>>,
    until: Until,
}

/// By when a reply must be sent: for timers, and by the clock, which goes on where a machine stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Until(Instant, Timestamp);

impl Until {
    /// What is left at `now`, if anything is.
    fn left(self, now: Timestamp) -> Option<Duration> {
        let left = self.0.saturating_duration_since(Instant::now()).min(self.1.since(now));
        (!left.is_zero()).then_some(left)
    }
}

impl Paced {
    /// Sends by `inner`, whose limits are told in the time of `clock`.
    pub fn new(inner: Arc<dyn Shared>, clock: Arc<dyn Clock>) -> Self {
        Self { inner, clock, state: Mutex::default() }
    }

    /// Sends one reply now, unless whoever waited stood still meanwhile: somebody else may have sent it since.
    async fn alone(&self, reply: &Reply, until: Until) -> Outcome {
        let Some(time) = until.left(self.clock.now()) else { return OUT_OF_TIME };
        self.lock().last_call = Some(Instant::now());
        let outcome = self.inner.send(reply, time).await;
        self.learn();
        outcome
    }

    /// Waits for the next call, and makes it unless somebody else's takes the reply along.
    async fn beside_others(&self, reply: &Reply, time: Duration) -> Outcome {
        let (until, latest) = (self.until(time), Instant::now() + LONGEST_WAIT.min(time / 5 * 2));
        let (number, mut hears) = self.wait(reply, until);
        let mut wakes = self.lock().opens().min(latest);
        let heard = loop {
            if let Ok(heard) = timeout_at(wakes, &mut hears).await {
                break heard.ok();
            }
            match self.turn(number, latest) {
                Turn::Waits(opens) => wakes = opens,
                // Everybody is told, this one too.
                Turn::Calls(call) => self.make(call).await,
                // Who calls says what came of it, in time, or is gone.
                Turn::Taken => break hears.await.ok(),
            }
        };
        match heard {
            Some(Heard::Outcome(outcome)) => outcome,
            Some(Heard::Alone) => self.alone(reply, until).await,
            None => Outcome::Unknown("who called for several replies was cut off"),
        }
    }

    fn until(&self, time: Duration) -> Until {
        Until(Instant::now() + time, self.clock.now() + time)
    }

    fn wait(&self, reply: &Reply, until: Until) -> (u64, oneshot::Receiver<Heard>) {
        let (tells, hears) = oneshot::channel();
        let mut state = self.lock();
        let number = state.next_number;
        state.next_number += 1;
        state.waiting.push(Waiting { number, since: Instant::now(), reply: reply.clone(), until, tells });
        (number, hears)
    }

    /// What becomes of the reply called `number`, which waits for no pace after `latest`.
    fn turn(&self, number: u64, latest: Instant) -> Turn {
        let mut state = self.lock();
        let (now, opens) = (Instant::now(), state.opens().min(latest));
        let Some(place) = state.waiting.iter().position(|waiting| waiting.number == number) else { return Turn::Taken };
        if now < opens {
            return Turn::Waits(opens);
        }
        state.last_call = Some(now);
        let own = state.waiting.remove(place);
        let mut call = Call { together: Together::default(), tells: Vec::new(), until: own.until };
        // First whose turn it is, then the others in the order in which they came. Whoever has given up will never hear.
        let others = std::mem::take(&mut state.waiting).into_iter().filter(|waiting| !waiting.tells.is_closed());
        state.waiting = std::iter::once(own).chain(others).filter_map(|waiting| call.take(waiting)).collect();
        Turn::Calls(call)
    }

    async fn make(&self, call: Call) {
        let outcome = match call.until.left(self.clock.now()) {
            Some(time) => self.send_all(&call.together, time).await,
            None => OUT_OF_TIME,
        };
        let is_anybodys = call.tells.len() > 1 && matches!(outcome, Outcome::NotAccepted(Refusal::Rejected(_)));
        for tells in call.tells {
            // Nobody may be there to hear it any more.
            drop(tells.send(if is_anybodys { Heard::Alone } else { Heard::Outcome(outcome.clone()) }));
        }
    }

    async fn send_all(&self, together: &Together, time: Duration) -> Outcome {
        let outcome = match together.replies() {
            [one] => self.inner.send(one, time).await,
            several => {
                tracing::info!(replies = several.len(), "near Braze's request limit: several replies in one call");
                self.inner.send_together(together, time).await
            }
        };
        self.learn();
        outcome
    }

    /// Takes in what the last answer said of the limit.
    fn learn(&self) {
        let now = self.clock.now();
        if let Some(allowance) = self.inner.allowance() {
            self.lock().pace.heard(allowance, now, LONGEST_WAIT);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// When the next call may be made: at once if it is full, and else when the gap is over since the last call and since somebody
    /// began to wait, so that a call has others in it.
    fn opens(&self) -> Instant {
        let oldest = self.waiting.first().map(|waiting| waiting.since);
        match oldest.max(self.last_call) {
            Some(since) if self.waiting.len() < MOST_RECIPIENTS => since + self.pace.gap(),
            _ => Instant::now(),
        }
    }
}

impl Call {
    /// Takes a reply along, or gives it back.
    fn take(&mut self, waiting: Waiting) -> Option<Waiting> {
        if !self.together.add(&waiting.reply) {
            return Some(waiting);
        }
        self.until = self.until.min(waiting.until);
        self.tells.push(waiting.tells);
        None
    }
}

#[async_trait]
impl Messaging for Paced {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        if self.lock().pace.gap().is_zero() || !self.inner.shares(reply) {
            return self.alone(reply, self.until(time)).await;
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
