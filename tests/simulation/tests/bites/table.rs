//! A table that tells the responder something else than what stands in it, and to which other drafts go than it wrote.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use models::{ConversationKey, Message, MessageId, Timestamp};
use responder::Responder;
use simulation::Handler;
use store::{
    Filed, Head, HeadWrite, MessageRow, NewestRows, RowState, Store, StoreError, TurnKey, TurnRow, WriteError,
};

/// What is put between a responder and its table.
#[derive(Clone, Copy)]
pub(crate) struct Lies {
    /// What becomes of a head on its way to the responder.
    pub(crate) head: fn(Head) -> Head,
    /// What becomes of a message's row on its way to the responder.
    pub(crate) row: fn(MessageRow) -> MessageRow,
    /// What becomes of a turn's row on its way to the responder.
    pub(crate) read: fn(TurnRow) -> TurnRow,
    /// What becomes of a turn's row on its way to the table.
    pub(crate) written: fn(TurnRow) -> TurnRow,
    /// How far ahead of all others the clock is by which writes are made.
    pub(crate) hurries: Duration,
    /// Whether an erasure is said to be done, and is not.
    pub(crate) keeps: bool,
    /// Whether rows that are to be forgotten stay.
    pub(crate) keeps_rows: bool,
    /// What is found of the names in the rows.
    pub(crate) names: fn(Vec<ConversationKey>) -> Vec<ConversationKey>,
    /// Whether the first turn of a conversation stays readable, whatever becomes of it.
    pub(crate) remembers: bool,
    /// What becomes of a turn's row on its way to the table that gets a recap.
    pub(crate) recapped: fn(TurnRow) -> TurnRow,
}

impl Default for Lies {
    fn default() -> Self {
        Self {
            head: |head| head,
            row: |row| row,
            read: |row| row,
            written: |row| row,
            hurries: Duration::ZERO,
            keeps: false,
            keeps_rows: false,
            names: |names| names,
            remembers: false,
            recapped: |row| row,
        }
    }
}

/// A table behind lies.
pub(crate) struct Table(Arc<dyn Store>, Lies, Mutex<HashMap<ConversationKey, TurnRow>>);

impl Table {
    /// A responder that works with such a table.
    pub(crate) fn behind(responder: Responder, lies: Lies) -> Box<dyn Handler> {
        Box::new(Responder { store: Arc::new(Self(responder.store.clone(), lies, Mutex::default())), ..responder })
    }
}

#[async_trait]
impl Store for Table {
    async fn put_message(&self, key: &ConversationKey, message: &Message, now: Timestamp) -> Result<Filed, StoreError> {
        self.0.put_message(key, message, now).await
    }

    async fn messages(&self, key: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        Ok(self.0.messages(key, ids).await?.into_iter().map(self.1.row).collect())
    }

    async fn mark(&self, key: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        self.0.mark(key, id, state).await
    }

    async fn head(&self, key: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        Ok(self.0.head(key, now).await?.map(self.1.head))
    }

    async fn try_write(&self, key: &ConversationKey, write: &HeadWrite, now: Timestamp) -> Result<Head, WriteError> {
        match self.0.try_write(key, write, now + self.1.hurries).await {
            Ok(head) => Ok((self.1.head)(head)),
            Err(WriteError::Refused(Some(head))) => Err(WriteError::Refused(Some(Box::new((self.1.head)(*head))))),
            Err(error) => Err(error),
        }
    }

    async fn put_turn(&self, key: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        self.0.put_turn(key, &(self.1.written)(turn.clone()), now).await
    }

    async fn replace_turn(
        &self,
        key: &ConversationKey,
        was: &TurnRow,
        turn: &TurnRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.0.replace_turn(key, was, &(self.1.recapped)(turn.clone()), now).await
    }

    async fn turn(&self, key: &ConversationKey, turn: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        Ok(self.0.turn(key, turn).await?.map(self.1.read))
    }

    async fn newest_rows(&self, key: &ConversationKey, most: usize, now: Timestamp) -> Result<NewestRows, StoreError> {
        let NewestRows { rows, is_all } = self.0.newest_rows(key, most, now).await?;
        let mut rows: Vec<_> = rows.into_iter().map(self.1.read).collect();
        if self.1.remembers {
            let mut first = self.2.lock().unwrap();
            if let Some(row) = rows.last().filter(|row| !first.contains_key(key) && !row.reply.is_empty()) {
                let number = TurnKey { number: 0, epoch: row.key.epoch };
                first.insert(key.clone(), TurnRow { key: number, ..row.clone() });
            }
            rows.extend(first.get(key).cloned());
        }
        Ok(NewestRows { rows, is_all })
    }

    async fn keys_named(&self, key: &ConversationKey) -> Result<Vec<ConversationKey>, StoreError> {
        Ok((self.1.names)(self.0.keys_named(key).await?))
    }

    async fn erase(&self, key: &ConversationKey, at: Timestamp, now: Timestamp) -> Result<Option<Head>, StoreError> {
        if self.1.keeps {
            let head = self.0.head(key, now).await?;
            return Ok(head.map(|head| Head { erased_at: Some(at), ..head }));
        }
        self.0.erase(key, at, now).await
    }

    async fn forget(&self, key: &ConversationKey, id: &MessageId) -> Result<(), StoreError> {
        if self.1.keeps_rows { Ok(()) } else { self.0.forget(key, id).await }
    }
}
