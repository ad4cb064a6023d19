//! The parts a function works with, each call of which is an effect: faults befall it, and the witness sees what came of it.

mod sends;

use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Aloud, Answer, Past, Question, Summary};
use async_trait::async_trait;
use models::{ConversationKey, Message, MessageId, Timestamp};
use platform::queue::{Queue, QueueError, Timer};
use platform::secrets::{SecretSource, SecretUnavailable, Versions};
use store::{
    Embedded, Filed, Head, HeadWrite, MessageRow, NewestRows, RowState, Store, StoreError, TurnKey, TurnKind, TurnRow,
    WriteError,
};

use crate::faults::Fault;
use crate::scene::Scene;

/// `inner`, as seen from one machine.
pub(crate) struct Effects<T: ?Sized> {
    pub(crate) inner: Arc<T>,
    pub(crate) scene: Scene,
}

/// Asks `ai`; the witness hears what it tells before it is passed on.
async fn overheard(
    ai: &dyn Ai,
    question: &Question,
    time: Duration,
    witness: &crate::Witness,
) -> Result<Answer, AiError> {
    if !question.aloud.is_heard() {
        return ai.answer(question, time).await;
    }
    let (number, (aloud, mut hears)) = (witness.listens(), Aloud::heard());
    let asking = async {
        let question = Question { aloud, ..question.clone() };
        let answer = ai.answer(&question, time).await;
        question.aloud.close();
        answer
    };
    let hearing = async {
        while let Some(paragraph) = hears.recv().await {
            witness.told(number, &paragraph);
            question.aloud.tell(paragraph.as_str());
        }
    };
    futures::future::join(asking, hearing).await.0
}

#[async_trait]
impl Ai for Effects<dyn Ai> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn sees(&self) -> bool {
        self.inner.sees()
    }

    fn answers_later(&self) -> bool {
        self.inner.answers_later()
    }

    fn came(&self, passed: usize) {
        self.inner.came(passed);
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        self.scene.has_time_for("the AI was asked", time);
        // Whoever stands still from here on asks late, which costs money and nothing else.
        self.scene.witness.asked(question, &self.scene.machine, self.scene.process).await;
        let effect = || {
            let (inner, witness, question) = (self.inner.clone(), self.scene.witness.clone(), question.clone());
            async move {
                let answer = overheard(&*inner, &question, time, &witness).await;
                witness.answered(&question, &answer);
                answer
            }
        };
        let asking = self.scene.live("ask", effect, no_answer);
        let answer = tokio::time::timeout(time, asking).await.unwrap_or(Err(AiError::TimedOut));
        self.scene.witness.heard_of_the_ai(&answer);
        answer
    }

    fn summarises(&self) -> bool {
        self.inner.summarises()
    }

    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        self.scene.has_time_for("the AI was to sum up", time);
        self.scene.witness.to_sum_up(past, &self.scene.machine, self.scene.process);
        let effect = || {
            let (inner, past) = (self.inner.clone(), past.clone());
            async move { inner.summarise(&past, time).await }
        };
        let asking = self.scene.live("sum up", effect, no_answer);
        tokio::time::timeout(time, asking).await.unwrap_or(Err(AiError::TimedOut))
    }
}

fn no_answer<T>(fault: &Fault) -> Result<T, AiError> {
    match fault {
        Fault::Refused(status) => Err(AiError::Refused { status: *status }),
        // What the client makes of an answer without words.
        Fault::Empty => Err(AiError::Unusable("no text")),
        _ => Err(AiError::Unavailable { status: None, retry_after: None }),
    }
}

fn unavailable(_: &Fault) -> StoreError {
    StoreError::Unavailable { operation: "simulation", reason: "a fault".to_owned() }
}

#[async_trait]
impl Store for Effects<Embedded> {
    async fn put_message(&self, key: &ConversationKey, message: &Message, now: Timestamp) -> Result<Filed, StoreError> {
        let effect = || {
            let (inner, key, message) = (self.inner.clone(), key.clone(), message.clone());
            let witness = self.scene.witness.clone();
            async move {
                let filed = inner.put_message(&key, &message, now).await;
                if filed == Ok(Filed::New) {
                    witness.has_a_row(&key, message);
                }
                filed
            }
        };
        let filed = self.scene.live(("put message", key), effect, |fault| Err(unavailable(fault))).await;
        self.scene.witness.heard_of_a_row(message, &filed);
        filed
    }

    async fn messages(&self, key: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        let effect = || {
            let (inner, key, ids) = (self.inner.clone(), key.clone(), ids.to_vec());
            async move { inner.messages(&key, &ids).await }
        };
        self.scene.live(("read messages", key), effect, |fault| Err(unavailable(fault))).await
    }

    async fn mark(&self, key: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        self.scene.witness.marking(key, id, state);
        let effect = || {
            let (inner, key, id) = (self.inner.clone(), key.clone(), id.clone());
            let witness = self.scene.witness.clone();
            async move {
                witness.marked(&key, &id, state);
                inner.mark(&key, &id, state).await
            }
        };
        self.scene.live(("mark", key), effect, |fault| Err(unavailable(fault))).await
    }

    async fn head(&self, key: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        let effect = || {
            let (inner, key) = (self.inner.clone(), key.clone());
            async move { inner.head(&key, now).await }
        };
        self.scene.live(("read head", key), effect, |fault| Err(unavailable(fault))).await
    }

    async fn try_write(&self, key: &ConversationKey, write: &HeadWrite, now: Timestamp) -> Result<Head, WriteError> {
        self.scene.witness.writing(key, write);
        self.scene.witness.ends(key, write, &self.scene.machine, self.scene.clock.now());
        let effect = || {
            let (inner, key, asked, scene) = (self.inner.clone(), key.clone(), write.clone(), self.scene.clone());
            async move {
                let before = inner.head(&key, now).await?;
                let bent = scene.bend.map(|bend| bend(&asked, before.as_ref()));
                let write = bent.as_ref().unwrap_or(&asked);
                let after = inner.try_write(&key, write, now).await?;
                scene.witness.is_held(&asked, before.as_ref());
                scene.witness.wrote(&key, write, before.as_ref(), &after).await;
                if before.is_none_or(|before| before.epoch < after.epoch) {
                    scene.machine.claimed(&key, after.epoch);
                }
                Ok(after)
            }
        };
        let written = self.scene.live((name_of(write), key), effect, |fault| Err(unavailable(fault).into())).await;
        self.scene.witness.heard_of_a_write(key, write, &written, &self.scene.machine);
        written
    }

    async fn put_turn(&self, key: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        let is_question = matches!(turn.kind, TurnKind::Waiting(_));
        // Under a key of whoever asked before.
        let renewer = self.scene.machine.claim_of(key).filter(|claim| is_question && *claim != turn.key.epoch);
        let effect = || {
            let (inner, key, turn) = (self.inner.clone(), key.clone(), turn.clone());
            let witness = self.scene.witness.clone();
            async move {
                match renewer {
                    Some(claim) => witness.asked_anew(&key, &turn, claim),
                    None => witness.drafted(&key, &turn),
                }
                inner.put_turn(&key, &turn, now).await
            }
        };
        let stood = self.scene.witness.is_standing(key, turn, &self.scene.machine);
        let put = self.scene.live(("draft", key), effect, |fault| Err(unavailable(fault))).await;
        if stood && put.is_ok() {
            self.scene.witness.heard_of_a_cut(key, turn, &self.scene.machine);
        }
        put
    }

    async fn replace_turn(
        &self,
        key: &ConversationKey,
        was: &TurnRow,
        turn: &TurnRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (is_question, claim) = (matches!(turn.kind, TurnKind::Waiting(_)), self.scene.machine.claim_of(key));
        let effect = || {
            let (inner, key, was, turn) = (self.inner.clone(), key.clone(), was.clone(), turn.clone());
            let (witness, claim) = (self.scene.witness.clone(), claim.unwrap_or_default());
            async move {
                let before = inner.turn(&key, turn.key).await?;
                let replaced = inner.replace_turn(&key, &was, &turn, now).await?;
                if replaced && is_question {
                    witness.asked_anew(&key, &turn, claim);
                } else if replaced {
                    witness.kept_a_recap(&key, before.as_ref(), &turn);
                }
                Ok(replaced)
            }
        };
        let name = if is_question { "ask anew" } else { "keep recap" };
        self.scene.live((name, key), effect, |fault| Err(unavailable(fault))).await
    }

    async fn turn(&self, key: &ConversationKey, turn: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        let effect = || {
            let (inner, key) = (self.inner.clone(), key.clone());
            async move { inner.turn(&key, turn).await }
        };
        let row = self.scene.live(("read turn", key), effect, |fault| Err(unread(fault))).await;
        self.scene.witness.finishes(key, &self.scene.machine, &row);
        row
    }

    async fn newest_rows(&self, key: &ConversationKey, most: usize, now: Timestamp) -> Result<NewestRows, StoreError> {
        let effect = || {
            let (inner, key) = (self.inner.clone(), key.clone());
            async move { inner.newest_rows(&key, most, now).await }
        };
        self.scene.live(("read history", key), effect, |fault| Err(unavailable(fault))).await
    }

    async fn erase(&self, key: &ConversationKey, at: Timestamp, now: Timestamp) -> Result<Option<Head>, StoreError> {
        let effect = || {
            let (inner, key, witness) = (self.inner.clone(), key.clone(), self.scene.witness.clone());
            async move {
                let before = inner.erase(&key, at, now).await?;
                let after = inner.head(&key, now).await?.unwrap_or_default();
                witness.erased(&key, at, before.as_ref(), &after);
                Ok(before)
            }
        };
        self.scene.live(("erase", key), effect, |fault| Err(unavailable(fault))).await
    }

    async fn keys_named(&self, key: &ConversationKey) -> Result<Vec<ConversationKey>, StoreError> {
        let effect = || {
            let (inner, key) = (self.inner.clone(), key.clone());
            async move { inner.keys_named(&key).await }
        };
        self.scene.live(("read names", key), effect, |fault| Err(unavailable(fault))).await
    }

    async fn forget(&self, key: &ConversationKey, id: &MessageId) -> Result<(), StoreError> {
        let effect = || {
            let (inner, key, id) = (self.inner.clone(), key.clone(), id.clone());
            async move { inner.forget(&key, &id).await }
        };
        self.scene.live(("forget", key), effect, |fault| Err(unavailable(fault))).await
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

/// A row that is of no form which this version knows, or none at all.
fn unread(fault: &Fault) -> StoreError {
    match fault {
        Fault::Empty => StoreError::Malformed { operation: "turn", attribute: "b" },
        fault => unavailable(fault),
    }
}

pub(crate) fn queue_failed(_: &Fault) -> Result<(), QueueError> {
    Err(QueueError { reason: "a fault".to_owned() })
}

#[async_trait]
impl<T: Queue + 'static> Queue for Effects<T> {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        let effect = || {
            let (inner, witness, body) = (self.inner.clone(), self.scene.witness.clone(), body.clone());
            async move {
                witness.queued(&body);
                inner.send(body).await
            }
        };
        self.scene.live("hand over", effect, queue_failed).await
    }
}

#[async_trait]
impl<T: Timer + 'static> Timer for Effects<T> {
    async fn come_back(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        let effect = || {
            let (inner, receipt) = (self.inner.clone(), receipt.to_owned());
            async move { inner.come_back(&receipt, delay).await }
        };
        self.scene.live("come back", effect, queue_failed).await
    }
}

#[async_trait]
impl<T: SecretSource + 'static> SecretSource for Effects<T> {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let unreachable = |_: &Fault| {
            let (name, reason) = ("secret".to_owned(), "a fault".to_owned());
            Err(SecretUnavailable::Unreachable { name, reason })
        };
        let effect = || {
            let inner = self.inner.clone();
            async move { inner.read().await }
        };
        self.scene.live("read secret", effect, unreachable).await
    }
}
