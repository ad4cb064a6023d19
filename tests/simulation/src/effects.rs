//! The parts a function works with, each call of which is an effect: faults befall it, and the witness sees what came of it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use braze::{Messaging, Outcome, Refusal};
use models::{ConversationKey, Message, MessageId, Reply, Timestamp};
use platform::clock::Clock;
use platform::queue::{Queue, QueueError, Timer};
use platform::secrets::{SecretSource, SecretUnavailable, Versions};
use store::{Embedded, Filed, Head, HeadWrite, MessageRow, RowState, Store, StoreError, TurnKey, TurnRow, WriteError};

use crate::faults::{Fault, Faults, Moment};
use crate::machine::Machine;
use crate::witness::Witness;

/// Changes a write before it is made: how a test seeds a mistake into the protocol. Gets the head as it is.
pub type Bend = fn(&HeadWrite, Option<&Head>) -> HeadWrite;

/// `inner`, as seen from one machine.
pub(crate) struct Effects<T: ?Sized> {
    pub(crate) inner: Arc<T>,
    pub(crate) scene: Scene,
}

/// What all effects of a machine share.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) machine: Arc<Machine>,
    pub(crate) faults: Faults,
    pub(crate) witness: Arc<Witness>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bend: Option<Bend>,
}

impl Scene {
    /// One effect, with what befalls it. `failure` is what the caller hears of a fault that gives an answer.
    async fn live<R, F>(&self, name: &'static str, effect: impl Fn() -> F, failure: impl FnOnce(&Fault) -> R) -> R
    where
        F: Future<Output = R>,
    {
        match self.faults.next(name) {
            None | Some(Fault::Twice) => effect().await,
            Some(Fault::Dies(Moment::Before)) => self.machine.die().await,
            Some(Fault::Dies(Moment::After)) => {
                effect().await;
                self.machine.die().await
            }
            Some(Fault::Freezes(Moment::Before, time)) => {
                self.machine.freeze(time).await;
                effect().await
            }
            Some(Fault::Freezes(Moment::After, time)) => {
                let result = effect().await;
                self.machine.freeze(time).await;
                result
            }
            Some(Fault::Slow(time)) => {
                tokio::time::sleep(time).await;
                effect().await
            }
            Some(Fault::Repeats) => {
                effect().await;
                effect().await
            }
            Some(fault @ Fault::Fails(Moment::After)) => {
                effect().await;
                failure(&fault)
            }
            Some(Fault::Panics) => crate::quiet::panics_on_purpose(),
            Some(fault) => failure(&fault),
        }
    }
}

#[async_trait]
impl Ai for Effects<dyn Ai> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let failure = |fault: &Fault| match fault {
            Fault::Refused(status) => Err(AiError::Refused { status: *status }),
            // What the client makes of an answer without words.
            Fault::Empty => Err(AiError::Unusable("no text")),
            _ => Err(AiError::Unavailable { status: None, retry_after: None }),
        };
        // Whoever stands still from here on asks late, which costs money and nothing else.
        self.scene.witness.asked(question, &self.scene.machine).await;
        let effect = || async {
            let answer = self.inner.answer(question, time).await;
            self.scene.witness.answered(question, &answer);
            answer
        };
        let asking = self.scene.live("ask", effect, failure);
        tokio::time::timeout(time, asking).await.unwrap_or(Err(AiError::TimedOut))
    }
}

#[async_trait]
impl Messaging for Effects<dyn Messaging> {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let now = self.scene.clock.now();
        self.scene.witness.sending(reply, time, &self.scene.machine, now);
        let failure = |fault: &Fault| match fault {
            Fault::Limited(wait) => Outcome::NotAccepted(Refusal::RateLimited(wait.map(|wait| now + wait))),
            Fault::Refused(status) => Outcome::NotAccepted(Refusal::Rejected(*status)),
            Fault::Unauthorized => Outcome::NotAccepted(Refusal::Unauthorized),
            Fault::Empty => Outcome::NotAccepted(Refusal::Unavailable),
            _ => Outcome::Unknown("a fault"),
        };
        let sending = self.scene.live("send", || self.inner.send(reply, time), failure);
        let outcome = tokio::time::timeout(time, sending).await.unwrap_or(Outcome::Unknown("timed out"));
        self.scene.witness.heard(reply, &outcome);
        outcome
    }

    fn carries_attributes(&self, reply: &Reply) -> bool {
        self.inner.carries_attributes(reply)
    }
}

fn unavailable(_: &Fault) -> StoreError {
    StoreError::Unavailable { operation: "simulation", reason: "a fault".to_owned() }
}

#[async_trait]
impl Store for Effects<Embedded> {
    async fn put_message(&self, key: &ConversationKey, message: &Message, now: Timestamp) -> Result<Filed, StoreError> {
        let effect = || self.inner.put_message(key, message, now);
        self.scene.live("put message", effect, |fault| Err(unavailable(fault))).await
    }

    async fn messages(&self, key: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        self.scene.live("read messages", || self.inner.messages(key, ids), |fault| Err(unavailable(fault))).await
    }

    async fn mark(&self, key: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        self.scene.live("mark", || self.inner.mark(key, id, state), |fault| Err(unavailable(fault))).await
    }

    async fn head(&self, key: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        self.scene.live("read head", || self.inner.head(key, now), |fault| Err(unavailable(fault))).await
    }

    async fn try_write(&self, key: &ConversationKey, write: &HeadWrite, now: Timestamp) -> Result<Head, WriteError> {
        let effect = || async {
            let before = self.inner.head(key, now).await?;
            let bent = self.scene.bend.map(|bend| bend(write, before.as_ref()));
            let write = bent.as_ref().unwrap_or(write);
            let after = self.inner.try_write(key, write, now).await?;
            self.scene.witness.wrote(key, write, before.as_ref(), &after).await;
            if before.is_none_or(|before| before.epoch < after.epoch) {
                self.scene.machine.claimed(key, after.epoch);
            }
            Ok(after)
        };
        self.scene.live(name_of(write), effect, |fault| Err(unavailable(fault).into())).await
    }

    async fn put_turn(&self, key: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        let effect = || async {
            self.scene.witness.drafted(key, turn);
            self.inner.put_turn(key, turn, now).await
        };
        self.scene.live("draft", effect, |fault| Err(unavailable(fault))).await
    }

    async fn turn(&self, key: &ConversationKey, turn: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        self.scene.live("read turn", || self.inner.turn(key, turn), |fault| Err(unavailable(fault))).await
    }

    async fn newest_turns(
        &self,
        key: &ConversationKey,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<TurnRow>, StoreError> {
        let effect = || self.inner.newest_turns(key, most, now);
        self.scene.live("read history", effect, |fault| Err(unavailable(fault))).await
    }

    async fn erase(&self, key: &ConversationKey, at: Timestamp, now: Timestamp) -> Result<Option<Head>, StoreError> {
        self.scene.live("erase", || self.inner.erase(key, at, now), |fault| Err(unavailable(fault))).await
    }

    async fn forget(&self, key: &ConversationKey, id: &MessageId) -> Result<(), StoreError> {
        self.scene.live("forget", || self.inner.forget(key, id), |fault| Err(unavailable(fault))).await
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

fn queue_failed(_: &Fault) -> Result<(), QueueError> {
    Err(QueueError { reason: "a fault".to_owned() })
}

#[async_trait]
impl<T: Queue> Queue for Effects<T> {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        let effect = || async {
            self.scene.witness.queued(&body);
            self.inner.send(body.clone()).await
        };
        self.scene.live("hand over", effect, queue_failed).await
    }
}

#[async_trait]
impl<T: Timer> Timer for Effects<T> {
    async fn come_back(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        self.scene.live("come back", || self.inner.come_back(receipt, delay), queue_failed).await
    }
}

#[async_trait]
impl<T: SecretSource> SecretSource for Effects<T> {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let unreachable = |_: &Fault| {
            let (name, reason) = ("secret".to_owned(), "a fault".to_owned());
            Err(SecretUnavailable::Unreachable { name, reason })
        };
        self.scene.live("read secret", || self.inner.read(), unreachable).await
    }
}
