//! Death at any step: the handler's future is dropped before or after one chosen effect, with everything it had in memory.
//! And chaos: at every effect, by chance, death, an error, or a delay that outlasts a lease.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use braze::{Messaging, Outcome};
use models::{ConversationKey, Message, MessageId, Reply, Timestamp};
use store::{Filed, Head, HeadWrite, MessageRow, RowState, Store, StoreError, TurnKey, TurnRow, WriteError};
use tokio::sync::Notify;

use crate::chaos::Chaos;

/// When, seen from an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It does not happen.
    Before,
    /// It happens, and nobody hears of it.
    After,
}

/// Counts effects and kills at one of them.
#[derive(Clone, Default)]
pub struct Mortality(Arc<Inner>);

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    death: Notify,
}

#[derive(Default)]
struct State {
    effects: Vec<&'static str>,
    fatal: Option<(usize, Moment)>,
    chaos: Option<Chaos>,
}

/// What may befall an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lives,
    Dies(Moment),
    Fails(Moment),
}

impl Mortality {
    /// Dies once, around the effect with this number (from 0).
    pub fn kill_at(&self, effect: usize, moment: Moment) {
        self.0.state.lock().unwrap().fatal = Some((effect, moment));
    }

    /// From now on anything may happen, as `chaos` has it.
    pub fn unleash(&self, chaos: Chaos) {
        self.0.state.lock().unwrap().chaos = Some(chaos);
    }

    /// From now on nothing happens any more.
    pub fn calm(&self) {
        self.0.state.lock().unwrap().chaos = None;
    }

    /// The names of all effects so far.
    pub fn effects(&self) -> Vec<&'static str> {
        self.0.state.lock().unwrap().effects.clone()
    }

    /// Waits for death.
    pub async fn death(&self) {
        self.0.death.notified().await;
    }

    async fn live<T>(&self, name: &'static str, effect: impl Future<Output = T>, failure: impl FnOnce() -> T) -> T {
        match self.fate(name) {
            Fate::Lives => effect.await,
            Fate::Dies(Moment::Before) => self.die().await,
            Fate::Fails(Moment::Before) => failure(),
            Fate::Dies(Moment::After) => {
                effect.await;
                self.die().await
            }
            Fate::Fails(Moment::After) => {
                effect.await;
                failure()
            }
        }
    }

    fn fate(&self, name: &'static str) -> Fate {
        let mut state = self.0.state.lock().unwrap();
        let number = state.effects.len();
        state.effects.push(name);
        if let Some((_, moment)) = state.fatal.filter(|(fatal, _)| *fatal == number) {
            return Fate::Dies(moment);
        }
        let Some(chaos) = &mut state.chaos else { return Fate::Lives };
        let moment = if chaos.chance(500) { Moment::Before } else { Moment::After };
        match () {
            () if chaos.chance(chaos.deaths) => Fate::Dies(moment),
            () if chaos.chance(chaos.failures) => Fate::Fails(moment),
            () => Fate::Lives,
        }
    }

    async fn die<T>(&self) -> T {
        self.0.death.notify_one();
        std::future::pending().await
    }
}

fn unavailable() -> StoreError {
    StoreError::Unavailable { operation: "chaos", reason: "by chance".to_owned() }
}

/// A part of the world whose every call is an effect to die at.
pub(crate) struct Mortal<T> {
    pub(crate) inner: T,
    pub(crate) mortality: Mortality,
}

#[async_trait]
impl<T: Ai> Ai for Mortal<T> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let failure = || Err(AiError::Unavailable { status: None, retry_after: None });
        self.mortality.live("ask", self.inner.answer(question, time), failure).await
    }
}

#[async_trait]
impl<T: Messaging> Messaging for Mortal<T> {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let failure = || Outcome::Unknown("by chance");
        self.mortality.live("send", self.inner.send(reply, time), failure).await
    }
}

#[async_trait]
impl<T: Store> Store for Mortal<Arc<T>> {
    async fn put_message(&self, key: &ConversationKey, message: &Message, now: Timestamp) -> Result<Filed, StoreError> {
        self.mortality.live("put message", self.inner.put_message(key, message, now), || Err(unavailable())).await
    }

    async fn messages(&self, key: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        self.mortality.live("read messages", self.inner.messages(key, ids), || Err(unavailable())).await
    }

    async fn mark(&self, key: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        self.mortality.live("mark", self.inner.mark(key, id, state), || Err(unavailable())).await
    }

    async fn head(&self, key: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        self.mortality.live("read head", self.inner.head(key, now), || Err(unavailable())).await
    }

    async fn try_write(&self, key: &ConversationKey, write: &HeadWrite, now: Timestamp) -> Result<Head, WriteError> {
        self.mortality.live(name_of(write), self.inner.try_write(key, write, now), || Err(unavailable().into())).await
    }

    async fn put_turn(&self, key: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        self.mortality.live("draft", self.inner.put_turn(key, turn, now), || Err(unavailable())).await
    }

    async fn turn(&self, key: &ConversationKey, turn: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        self.mortality.live("read turn", self.inner.turn(key, turn), || Err(unavailable())).await
    }

    async fn newest_turns(
        &self,
        key: &ConversationKey,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<TurnRow>, StoreError> {
        self.mortality.live("read history", self.inner.newest_turns(key, most, now), || Err(unavailable())).await
    }
}

fn name_of(write: &HeadWrite) -> &'static str {
    match write {
        HeadWrite::File { .. } => "file",
        HeadWrite::Claim { .. } => "claim",
        HeadWrite::Commit { .. } => "commit",
        HeadWrite::NextPart { .. } => "next part",
        HeadWrite::PutBack { .. } => "put back",
        HeadWrite::SendAgain { .. } => "send again",
        HeadWrite::Settle { .. } => "settle",
        HeadWrite::Release { .. } => "release",
        HeadWrite::ChangeOwner { .. } => "change owner",
        HeadWrite::Point { .. } => "point",
        HeadWrite::Adopt { .. } => "adopt",
    }
}
