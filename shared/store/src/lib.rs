#![doc = include_str!("../README.md")]

mod claim;
mod dynamodb;
#[cfg(feature = "embedded")]
mod embedded;
mod head;
mod head_write;
mod rows;
mod sort_key;
mod tally;
mod unread;
mod write;

use async_trait::async_trait;
use models::{ConversationKey, Message, MessageId, Timestamp};

pub use claim::Claim;
pub use dynamodb::DynamoDb;
#[cfg(feature = "embedded")]
pub use embedded::{Embedded, OpenError};
pub use head::{
    HEAD_LIFE, Head, Held, MOST_COVERED, MOST_PENDING, NEVER, OpenTurn, Owner, Pending, REMEMBERED, RunToken,
    SIGN_LIFE, SendState, TOMBSTONE_LIFE, TurnKey, Voice,
};
pub use head_write::{Aftermath, ConditionFailed, HeadWrite};
pub use rows::{MessageRow, NewestRows, ROW_LIFE, Recap, RowState, Said, Summing, TurnKind, TurnRow, Wait};
pub use tally::{Asked, Tally, day};

/// The mailbox of every conversation. Each method but [`Store::erase`] is one call to the store, or as many as it takes to read what
/// does not fit the answer to one. What a decision hangs on is read consistently.
#[async_trait]
pub trait Store: Send + Sync {
    /// Files the row of a message, unless there is one; then says what became of that.
    async fn put_message(
        &self,
        conversation: &ConversationKey,
        message: &Message,
        now: Timestamp,
    ) -> Result<Filed, StoreError>;

    /// The rows of `ids` that exist, in no particular order. At most [`MOST_PENDING`] ids.
    async fn messages(&self, conversation: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError>;

    /// Notes what became of a message; a row that is gone stays gone, and what is done stays done.
    async fn mark(&self, conversation: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError>;

    /// The head, unless there is none or it is past its life.
    async fn head(&self, conversation: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError>;

    /// Writes the head if the write's condition holds, and returns what it is then. Callers want [`write_head`], which
    /// recognises a write that was applied without our hearing of it.
    async fn try_write(
        &self,
        conversation: &ConversationKey,
        write: &HeadWrite,
        now: Timestamp,
    ) -> Result<Head, WriteError>;

    /// Stores a draft under its own key.
    async fn put_turn(&self, conversation: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError>;

    /// Stores `turn` in the place of its row if that is still `was`; whether it did. A row that is gone stays gone, and what
    /// somebody else has written into it since stands.
    async fn replace_turn(
        &self,
        conversation: &ConversationKey,
        was: &TurnRow,
        turn: &TurnRow,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// One draft or turn. One that this version cannot read is [`StoreError::Malformed`] and not skipped: the head may say that it is
    /// on its way, and whoever goes on without it leaves its messages unanswered, or answers what was answered. Only whoever asks can
    /// tell how long to wait for a version that reads it.
    async fn turn(&self, conversation: &ConversationKey, key: TurnKey) -> Result<Option<TurnRow>, StoreError>;

    /// Of the `most` rows with the highest turn numbers those that this version can read, newest first: drafts that were never
    /// committed among them. What a newer version wrote in words of its own is skipped and remarked upon: for want of it a history
    /// is shorter, a summary or a draft is made once more, and a flow is thought to be where it was; an error would silence the
    /// whole conversation. What must not happen twice does not hang on it, but on the head and on the rows of messages, of which
    /// none is skipped. `most` is 1 or more.
    async fn newest_rows(
        &self,
        conversation: &ConversationKey,
        most: usize,
        now: Timestamp,
    ) -> Result<NewestRows, StoreError>;

    /// The rows of [`Store::newest_rows`], for whom it does not matter whether there are older ones.
    async fn newest_turns(
        &self,
        conversation: &ConversationKey,
        most: usize,
        now: Timestamp,
    ) -> Result<Vec<TurnRow>, StoreError> {
        Ok(self.newest_rows(conversation, most, now).await?.rows)
    }

    /// The keys of everybody whose names stand in the conversation's rows, each once: what may lead here.
    async fn keys_named(&self, conversation: &ConversationKey) -> Result<Vec<ConversationKey>, StoreError>;

    /// Forgets everything of the conversation that had reached the door by `at`; it stays forgotten though it come once
    /// more. Returns the head as it was. A head that was forgotten as of then already stays as it is. A run of before can
    /// write nothing to the head any more, but may leave a draft: done once more, this finds it.
    async fn erase(
        &self,
        conversation: &ConversationKey,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError>;

    /// Forgets the row of a message.
    async fn forget(&self, conversation: &ConversationKey, id: &MessageId) -> Result<(), StoreError>;
}

/// What filing a row found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filed {
    /// It was not there.
    New,
    /// It was there, and this is what had become of it.
    Known(RowState),
}

/// The store could not do its work. Nothing is known of whether it was done: the protocol allows for both.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The table did not answer, or not in time, or refused the call.
    #[error("the table failed at {operation}: {reason}; the message is kept and tried again")]
    Unavailable {
        /// What was tried.
        operation: &'static str,
        /// The kind of failure, in the store's words for kinds.
        reason: String,
    },
    /// An item is not of the form this version writes.
    #[error("an item read at {operation} has no usable {attribute}; the message is kept until it is a dead letter")]
    Malformed {
        /// What was tried.
        operation: &'static str,
        /// Which attribute.
        attribute: &'static str,
    },
}

/// Why a head was not written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The condition did not hold; this is what stood there instead.
    #[error("the conversation has moved on; what was meant is looked at again")]
    Refused(Option<Box<Head>>),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] StoreError),
}

/// Writes the head; a refusal is believed only after looking whether it was our own write that stood in the way.
pub async fn write_head(
    store: &dyn Store,
    conversation: &ConversationKey,
    write: &HeadWrite,
    now: Timestamp,
) -> Result<Head, WriteError> {
    match store.try_write(conversation, write, now).await {
        Err(WriteError::Refused(Some(found))) if write.was_applied(&found) => Ok(*found),
        result => result,
    }
}
