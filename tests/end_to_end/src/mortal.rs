//! Death at any step: the handler's future is dropped before or after one chosen effect, with everything it had in memory.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use braze::{Messaging, Outcome};
use models::{ConversationKey, Message, MessageId, Reply, Timestamp};
use store::{Filed, Head, HeadWrite, MessageRow, RowState, Store, StoreError, TurnKey, TurnRow, WriteError};
use tokio::sync::Notify;

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
}

impl Mortality {
    /// Dies once, around the effect with this number (from 0).
    pub fn kill_at(&self, effect: usize, moment: Moment) {
        self.0.state.lock().unwrap().fatal = Some((effect, moment));
    }

    /// The names of all effects so far.
    pub fn effects(&self) -> Vec<&'static str> {
        self.0.state.lock().unwrap().effects.clone()
    }

    /// Waits for death.
    pub async fn death(&self) {
        self.0.death.notified().await;
    }

    async fn live<T>(&self, name: &'static str, effect: impl Future<Output = T>) -> T {
        let fatal = {
            let mut state = self.0.state.lock().unwrap();
            let number = state.effects.len();
            state.effects.push(name);
            state.fatal.filter(|(fatal, _)| *fatal == number).map(|(_, moment)| moment)
        };
        if fatal == Some(Moment::Before) {
            return self.die().await;
        }
        let result = effect.await;
        if fatal == Some(Moment::After) {
            return self.die().await;
        }
        result
    }

    async fn die<T>(&self) -> T {
        self.0.death.notify_one();
        std::future::pending().await
    }
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
        self.mortality.live("ask", self.inner.answer(question, time)).await
    }
}

#[async_trait]
impl<T: Messaging> Messaging for Mortal<T> {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        self.mortality.live("send", self.inner.send(reply, time)).await
    }
}

#[async_trait]
impl<T: Store> Store for Mortal<Arc<T>> {
    async fn put_message(&self, key: &ConversationKey, message: &Message, now: Timestamp) -> Result<Filed, StoreError> {
        self.mortality.live("put message", self.inner.put_message(key, message, now)).await
    }

    async fn messages(&self, key: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        self.mortality.live("read messages", self.inner.messages(key, ids)).await
    }

    async fn mark(&self, key: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        self.mortality.live("mark", self.inner.mark(key, id, state)).await
    }

    async fn head(&self, key: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        self.mortality.live("read head", self.inner.head(key, now)).await
    }

    async fn try_write(&self, key: &ConversationKey, write: &HeadWrite, now: Timestamp) -> Result<Head, WriteError> {
        self.mortality.live(name_of(write), self.inner.try_write(key, write, now)).await
    }

    async fn put_turn(&self, key: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        self.mortality.live("draft", self.inner.put_turn(key, turn, now)).await
    }

    async fn turn(&self, key: &ConversationKey, turn: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        self.mortality.live("read turn", self.inner.turn(key, turn)).await
    }

    async fn newest_turns(
        &self,
        key: &ConversationKey,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<TurnRow>, StoreError> {
        self.mortality.live("read history", self.inner.newest_turns(key, most, now)).await
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
    }
}
