//! A machine that a function runs on: it can die at any step, and stand still for any time.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use models::{ConversationKey, Timestamp};
use store::TurnKey;
use tokio::time::{Instant, Sleep, sleep_until};

/// One machine. It does one invocation at a time.
#[derive(Debug, Default)]
pub(crate) struct Machine {
    state: Mutex<State>,
    /// How often it died, stood still or was kept waiting, in all its life.
    held_up: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    dead: bool,
    frozen_until: Option<Instant>,
    deadline: Option<Timestamp>,
    /// The epoch of the last claim of each conversation.
    claims: HashMap<ConversationKey, u64>,
    /// The turns that were seen to their end here.
    ended: HashSet<(ConversationKey, TurnKey)>,
}

impl Machine {
    /// Runs `work`; `None` if the machine died over it.
    pub(crate) async fn run<F: Future>(&self, work: F) -> Option<F::Output> {
        *self.state.lock().unwrap() = State { deadline: self.deadline(), ..State::default() };
        let mut work = pin!(work);
        let mut thaw: Option<std::pin::Pin<Box<Sleep>>> = None;
        std::future::poll_fn(|context| {
            loop {
                if self.is_frozen(&mut thaw, context) {
                    return Poll::Pending;
                }
                if let Poll::Ready(done) = work.as_mut().poll(context) {
                    return Poll::Ready(Some(done));
                }
                let state = self.state.lock().unwrap();
                if state.dead {
                    return Poll::Ready(None);
                }
                if state.frozen_until.is_none() {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    fn is_frozen(&self, thaw: &mut Option<std::pin::Pin<Box<Sleep>>>, context: &mut Context<'_>) -> bool {
        let mut state = self.state.lock().unwrap();
        let Some(until) = state.frozen_until else { return false };
        let sleep = thaw.get_or_insert_with(|| Box::pin(sleep_until(until)));
        sleep.as_mut().reset(until);
        let frozen = sleep.as_mut().poll(context).is_pending();
        if !frozen {
            (state.frozen_until, *thaw) = (None, None);
        }
        frozen
    }

    /// By when the invocation must have answered, by the machine's own clock.
    pub(crate) fn deadline(&self) -> Option<Timestamp> {
        self.state.lock().unwrap().deadline
    }

    /// Notes the deadline of the next invocation.
    pub(crate) fn set_deadline(&self, deadline: Timestamp) {
        self.state.lock().unwrap().deadline = Some(deadline);
    }

    /// Notes that a conversation was claimed here.
    pub(crate) fn claimed(&self, key: &ConversationKey, epoch: u64) {
        self.state.lock().unwrap().claims.insert(key.clone(), epoch);
    }

    /// The epoch of the last claim of a conversation here, in this invocation.
    pub(crate) fn claim_of(&self, key: &ConversationKey) -> Option<u64> {
        self.state.lock().unwrap().claims.get(key).copied()
    }

    /// Notes that a turn was seen to its end here.
    pub(crate) fn ended(&self, key: &ConversationKey, turn: TurnKey) {
        self.state.lock().unwrap().ended.insert((key.clone(), turn));
    }

    /// Whether a turn was seen to its end here, in this invocation.
    pub(crate) fn has_ended(&self, key: &ConversationKey, turn: TurnKey) -> bool {
        self.state.lock().unwrap().ended.contains(&(key.clone(), turn))
    }

    /// Notes that it dies, stands still or is kept waiting.
    pub(crate) fn is_held_up(&self) {
        self.held_up.fetch_add(1, Ordering::Relaxed);
    }

    /// How often it was held up, in all its life.
    pub(crate) fn held_up(&self) -> usize {
        self.held_up.load(Ordering::Relaxed)
    }

    /// Dies here: nothing after this line happens.
    pub(crate) async fn die<T>(&self) -> T {
        self.state.lock().unwrap().dead = true;
        std::future::pending().await
    }

    /// Stands still for `time`, and everything on the machine with it.
    pub(crate) async fn freeze(&self, time: Duration) {
        self.state.lock().unwrap().frozen_until = Some(Instant::now() + time);
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_dead_machine_does_nothing_more() {
        let machine = Machine::default();
        let mut reached = false;
        let work = async {
            machine.die::<()>().await;
            reached = true;
        };
        assert!(machine.run(work).await.is_none());
        assert!(!reached);
    }

    #[tokio::test(start_paused = true)]
    async fn a_frozen_machine_goes_on_later_and_its_time_outs_do_not_save_it() {
        let machine = Machine::default();
        let started = Instant::now();
        let work = async {
            machine.freeze(Duration::from_secs(100)).await;
            tokio::time::timeout(Duration::from_secs(1), std::future::ready("done")).await
        };
        assert_eq!(machine.run(work).await, Some(Ok("done")));
        assert_eq!(started.elapsed(), Duration::from_secs(100));
    }
}
