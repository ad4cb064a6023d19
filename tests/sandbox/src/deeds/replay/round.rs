//! One round through the dead letters: all are taken in hand, each is judged, and, if that is wanted, its verdict is done.

use std::collections::HashSet;
use std::time::Duration;

use models::{ConversationKey, Keywords, MessageId, QueueMessage, Timestamp};
use platform::clock::Clock;
use platform::queue::{Queue, QueueError};
use store::{Head, RowState, Store, StoreError};

use super::super::deployed;
use super::letters::{DeadLetters, Letter};
use super::verdict::{Asks, Fate, Known, Verdict, done_with, verdict};

/// Everything a round needs.
pub(super) struct Round<'a> {
    pub(super) letters: &'a dyn DeadLetters,
    /// Where users' messages go again.
    pub(super) work: &'a dyn Queue,
    /// Where agents' wishes go again.
    pub(super) agents: &'a dyn Queue,
    pub(super) store: &'a dyn Store,
    pub(super) clock: &'a dyn Clock,
    /// The keywords by which users say that they want silence, or no silence any more.
    pub(super) wishes: &'a [&'a Keywords],
    /// Whether the verdicts are done, and not only told.
    pub(super) send: bool,
}

/// A letter, and what became of it, or would.
#[derive(Debug)]
pub(super) struct Judged {
    /// What follows it through the logs; of one that cannot be read the queue's name for it.
    pub(super) log_id: String,
    /// How long ago it was written, if that is known.
    pub(super) age: Option<Duration>,
    /// The verdict, or why there is none, or why it was not done: then the letter stays.
    pub(super) verdict: Result<Verdict, Trouble>,
}

/// Why nothing became of a letter.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the table cannot be read ({}); the letter stays", deployed::kind(.0))]
    Store(#[from] StoreError),
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// A letter in hand.
struct InHand {
    letter: Letter,
    says: Option<QueueMessage>,
}

impl Round<'_> {
    /// Goes through all letters, the oldest first. `tell` hears how far it is.
    pub(super) async fn go(&self, tell: &(dyn Fn(&str) + Sync)) -> Result<Vec<Judged>, QueueError> {
        let in_hand = self.take(tell).await?;
        let mut judged = Vec::new();
        for (place, InHand { letter, says }) in in_hand.iter().enumerate() {
            tell(&format!("looking at dead letter {} of {}", place + 1, in_hand.len()));
            let verdict = self.deal_with(letter, says.as_ref()).await;
            let stays = verdict.as_ref().map_or(Fate::Stays, |verdict| verdict.fate()) == Fate::Stays;
            if !self.send || stays {
                // If this fails, the letter is back all the same, a little later.
                let _ = self.letters.put_back(letter).await;
            }
            let log_id = says.as_ref().map_or(letter.id.as_str(), QueueMessage::log_id).to_owned();
            let age = says.as_ref().map(|says| self.clock.now().since(written(says)));
            judged.push(Judged { log_id, age, verdict });
        }
        Ok(judged)
    }

    /// Every letter there is, by its age: a conversation goes on in the order in which it was written.
    async fn take(&self, tell: &(dyn Fn(&str) + Sync)) -> Result<Vec<InHand>, QueueError> {
        let (mut in_hand, mut seen) = (Vec::new(), HashSet::new());
        loop {
            let some = self.letters.next().await?;
            let fresh: Vec<_> = some.into_iter().filter(|letter| seen.insert(letter.id.clone())).collect();
            if fresh.is_empty() {
                in_hand.sort_by_key(|InHand { says, .. }| says.as_ref().map(QueueMessage::arrival));
                return Ok(in_hand);
            }
            in_hand.extend(fresh.into_iter().map(|letter| {
                let says = QueueMessage::from_json(&letter.body).ok();
                InHand { letter, says }
            }));
            tell(&format!("{} dead letters", in_hand.len()));
        }
    }

    async fn deal_with(&self, letter: &Letter, says: Option<&QueueMessage>) -> Result<Verdict, Trouble> {
        let Some(says) = says else { return Ok(Verdict::Unreadable) };
        let verdict = self.judge(says).await?;
        if self.send && verdict.fate() != Fate::Stays {
            if verdict.fate() == Fate::Sent {
                let queue = if matches!(says, QueueMessage::InboundV1(_)) { self.work } else { self.agents };
                queue.send(letter.body.clone()).await?;
            }
            // Sent first: a letter that is there twice is answered once, one that is gone never.
            self.letters.delete(letter).await?;
        }
        Ok(verdict)
    }

    async fn judge(&self, says: &QueueMessage) -> Result<Verdict, StoreError> {
        let id = &done_with(says);
        let (head, row) = self.known(says.conversation(), id).await?;
        let asks = Asks::of(says, self.wishes);
        let known = Known { asks, id, arrival: says.arrival(), written: written(says), row, head: head.as_ref() };
        Ok(verdict(&known, self.clock.now()))
    }

    /// The head and the row of a message, where a sign may lead to: never further than one step.
    async fn known(
        &self,
        mut key: ConversationKey,
        id: &MessageId,
    ) -> Result<(Option<Head>, Option<RowState>), StoreError> {
        let mut head = self.store.head(&key, self.clock.now()).await?;
        if let Some(to) = head.as_ref().and_then(|head| head.moved_to.clone()) {
            head = self.store.head(&to, self.clock.now()).await?;
            key = to;
        }
        let rows = self.store.messages(&key, std::slice::from_ref(id)).await?;
        Ok((head, rows.first().map(|row| row.state)))
    }
}

fn written(says: &QueueMessage) -> Timestamp {
    match says {
        QueueMessage::InboundV1(message) => message.written(),
        QueueMessage::AgentV1(action) => action.at,
    }
}

#[cfg(test)]
mod tests;
