//! The calls to the table.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{KeysAndAttributes, ReturnValue, ReturnValuesOnConditionCheckFailure};
use models::{ConversationKey, Message, MessageId, Timestamp};
use platform::metrics::{Meter, Metric, Uncounted};

use super::item::{self, BODY, EXPIRES_AT, Item, number, state_word, text};
use super::update::Update;
use crate::head::{Head, TurnKey};
use crate::head_write::HeadWrite;
use crate::rows::{MessageRow, NewestRows, ROW_LIFE, RowState, TurnRow};
use crate::unread::readable;
use crate::{Filed, Store, StoreError, WriteError, sort_key};

/// The mailbox in a DynamoDB table with the string keys `pk` and `sk` and the TTL attribute `expires_at` (seconds). TTL
/// deletes late, so whatever is read is also compared with the time.
pub struct DynamoDb {
    pub(super) client: Client,
    pub(super) table: String,
    meter: Arc<dyn Meter>,
}

impl DynamoDb {
    /// The table called `table`. The client's timeouts bound every call.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into(), meter: Arc::new(Uncounted) }
    }

    /// The same, with the rows counted that it cannot read.
    #[must_use]
    pub fn counting(self, meter: Arc<dyn Meter>) -> Self {
        Self { meter, ..self }
    }

    pub(super) async fn get(
        &self,
        operation: &'static str,
        conversation: &ConversationKey,
        sort: String,
    ) -> Result<Option<Item>, StoreError> {
        let call = self.client.get_item().table_name(&self.table).consistent_read(true);
        let call = call.key("pk", text(conversation.as_str())).key("sk", text(sort));
        Ok(call.send().await.map_err(|error| unavailable(operation, &error))?.item)
    }

    // Some keys may stay unprocessed when the table is throttled; they are asked for again.
    async fn get_many(&self, keys: Vec<Item>) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::new();
        let mut wanted = Some(keys).filter(|keys| !keys.is_empty());
        while let Some(keys) = wanted {
            let request = KeysAndAttributes::builder().consistent_read(true).set_keys(Some(keys)).build();
            let request = request.map_err(|_| malformed("messages", "keys"))?;
            let call = self.client.batch_get_item().request_items(&self.table, request).send().await;
            let answer = call.map_err(|error| unavailable("messages", &error))?;
            found.extend(answer.responses.into_iter().flatten().flat_map(|(_, items)| items));
            let left = answer.unprocessed_keys.and_then(|mut tables| tables.remove(&self.table));
            wanted = left.map(|left| left.keys).filter(|keys| !keys.is_empty());
        }
        Ok(found)
    }

    fn putting(
        &self,
        conversation: &ConversationKey,
        turn: &TurnRow,
        now: Timestamp,
    ) -> Result<PutItemFluentBuilder, StoreError> {
        let call = self.client.put_item().table_name(&self.table);
        let call = call.item("pk", text(conversation.as_str())).item("sk", text(sort_key::turn(turn.key)));
        let call = call.item(BODY, text(json("draft", turn)?));
        Ok(call.item(EXPIRES_AT, number((now + ROW_LIFE).seconds())))
    }

    /// The `most` newest rows of turns as they lie in the table, and whether there are no others. A page ends at 1 MiB: mostly
    /// one has them all.
    async fn newest_items(&self, conversation: &ConversationKey, most: usize) -> Result<(Vec<Item>, bool), StoreError> {
        let (mut items, mut next): (Vec<Item>, Option<Item>) = (Vec::new(), None);
        loop {
            let call = self.client.query().table_name(&self.table).consistent_read(true).scan_index_forward(false);
            let call = call.key_condition_expression("pk = :pk AND begins_with(sk, :turns)");
            let call = call.expression_attribute_values(":pk", text(conversation.as_str()));
            let call = call.expression_attribute_values(":turns", text("T#"));
            let call = call.limit(i32::try_from(most - items.len()).unwrap_or(i32::MAX));
            let page = call.set_exclusive_start_key(next).send().await;
            let page = page.map_err(|error| unavailable("history", &error))?;
            items.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() || items.len() >= most {
                return Ok((items, next.is_none()));
            }
        }
    }

    async fn update(
        &self,
        conversation: &ConversationKey,
        write: &HeadWrite,
        now: Timestamp,
    ) -> Result<Item, WriteError> {
        let update = Update::of(write, now);
        let call = self.client.update_item().table_name(&self.table);
        let call = call.key("pk", text(conversation.as_str())).key("sk", text(sort_key::HEAD));
        let call = call.update_expression(update.expression()).condition_expression(update.condition());
        let names = Some(update.names).filter(|names| !names.is_empty());
        let call = call.set_expression_attribute_names(names).set_expression_attribute_values(Some(update.values));
        let call = call.return_values(ReturnValue::AllNew);
        let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match call.send().await {
            Ok(answer) => Ok(answer.attributes.unwrap_or_default()),
            Err(error) => Err(refused_head(&error)?),
        }
    }
}

fn refused_head(error: &SdkError<UpdateItemError>) -> Result<WriteError, StoreError> {
    let Some(UpdateItemError::ConditionalCheckFailedException(refusal)) = error.as_service_error() else {
        return Ok(WriteError::Failed(unavailable("head", error)));
    };
    let found = refusal.item().filter(|item| !item.is_empty());
    let found = found.map(item::read_head).transpose().map_err(|attribute| malformed("head", attribute))?;
    Ok(WriteError::Refused(found.map(Box::new)))
}

// The kind alone: an SDK error's own text may quote the request.
pub(super) fn unavailable<E: ProvideErrorMetadata>(operation: &'static str, error: &SdkError<E>) -> StoreError {
    let reason = match error {
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "no connection",
        SdkError::ServiceError(context) => context.err().code().unwrap_or("service error"),
        _ => "unreadable answer",
    };
    StoreError::Unavailable { operation, reason: reason.to_owned() }
}

pub(super) fn malformed(operation: &'static str, attribute: &'static str) -> StoreError {
    StoreError::Malformed { operation, attribute }
}

fn json<T: serde::Serialize>(operation: &'static str, row: &T) -> Result<String, StoreError> {
    serde_json::to_string(row).map_err(|_| malformed(operation, BODY))
}

impl fmt::Debug for DynamoDb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamoDb({})", self.table)
    }
}

#[async_trait]
impl Store for DynamoDb {
    async fn put_message(
        &self,
        conversation: &ConversationKey,
        message: &Message,
        now: Timestamp,
    ) -> Result<Filed, StoreError> {
        let call = self.client.put_item().table_name(&self.table);
        let call = call.item("pk", text(conversation.as_str())).item("sk", text(sort_key::message(&message.id)));
        let call = call.item(BODY, text(json("file", message)?));
        let call = call.item(EXPIRES_AT, number((now + ROW_LIFE).seconds()));
        let call = call.condition_expression("attribute_not_exists(pk) OR expires_at <= :now");
        let call = call.expression_attribute_values(":now", number(now.seconds()));
        let call = call.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = call.send().await else { return Ok(Filed::New) };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refusal)) => {
                let state = item::read_state(&refusal.item().cloned().unwrap_or_default());
                state.map(Filed::Known).map_err(|attribute| malformed("file", attribute))
            }
            _ => Err(unavailable("file", &error)),
        }
    }

    async fn messages(&self, conversation: &ConversationKey, ids: &[MessageId]) -> Result<Vec<MessageRow>, StoreError> {
        let key = |id| {
            let (pk, sk) = (text(conversation.as_str()), text(sort_key::message(id)));
            Item::from([("pk".to_owned(), pk), ("sk".to_owned(), sk)])
        };
        let items = self.get_many(ids.iter().map(key).collect()).await?;
        let rows = items.iter().map(item::read_message).collect::<Result<_, _>>();
        rows.map_err(|attribute| malformed("messages", attribute))
    }

    async fn mark(&self, conversation: &ConversationKey, id: &MessageId, state: RowState) -> Result<(), StoreError> {
        let call = self.client.update_item().table_name(&self.table);
        let call = call.key("pk", text(conversation.as_str())).key("sk", text(sort_key::message(id)));
        let call = call.update_expression("SET st = :st");
        let call = call.condition_expression("attribute_exists(pk) AND (attribute_not_exists(st) OR st <> :done)");
        let call = call.expression_attribute_values(":done", text(state_word(RowState::Done)));
        match call.expression_attribute_values(":st", text(state_word(state))).send().await {
            Ok(_) => Ok(()),
            Err(error) if is_refusal(&error) => Ok(()),
            Err(error) => Err(unavailable("mark", &error)),
        }
    }

    async fn head(&self, conversation: &ConversationKey, now: Timestamp) -> Result<Option<Head>, StoreError> {
        let item = self.get("head", conversation, sort_key::HEAD.to_owned()).await?;
        let head = item.as_ref().map(item::read_head).transpose();
        let head = head.map_err(|attribute| malformed("head", attribute))?;
        Ok(head.filter(|head| head.expires_at > now))
    }

    async fn try_write(
        &self,
        conversation: &ConversationKey,
        write: &HeadWrite,
        now: Timestamp,
    ) -> Result<Head, WriteError> {
        let item = self.update(conversation, write, now).await?;
        Ok(item::read_head(&item).map_err(|attribute| malformed("head", attribute))?)
    }

    async fn put_turn(&self, conversation: &ConversationKey, turn: &TurnRow, now: Timestamp) -> Result<(), StoreError> {
        let call = self.putting(conversation, turn, now)?;
        call.send().await.map(drop).map_err(|error| unavailable("draft", &error))
    }

    async fn replace_turn(
        &self,
        conversation: &ConversationKey,
        was: &TurnRow,
        turn: &TurnRow,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let call = self.putting(conversation, turn, now)?.condition_expression("b = :was");
        match call.expression_attribute_values(":was", text(json("recap", was)?)).send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let refused = error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception);
                if refused { Ok(false) } else { Err(unavailable("recap", &error)) }
            }
        }
    }

    async fn turn(&self, conversation: &ConversationKey, key: TurnKey) -> Result<Option<TurnRow>, StoreError> {
        let item = self.get("turn", conversation, sort_key::turn(key)).await?;
        item.as_ref().map(item::read_turn_row).transpose().map_err(|attribute| malformed("turn", attribute))
    }

    async fn newest_rows(
        &self,
        conversation: &ConversationKey,
        most: usize,
        now: Timestamp,
    ) -> Result<NewestRows, StoreError> {
        let (items, is_all) = self.newest_items(conversation, most).await?;
        let kept = items.iter().filter(|item| !item::expired(item, now));
        let (rows, unread) = readable(kept.map(|item| (item::sort_key(item), item::read_turn_row(item))));
        if unread > 0 {
            self.meter.count(Metric::RowSkipped, unread);
        }
        Ok(NewestRows { rows, is_all })
    }

    async fn keys_named(&self, conversation: &ConversationKey) -> Result<Vec<ConversationKey>, StoreError> {
        self.all_keys_named(conversation).await
    }

    async fn erase(
        &self,
        conversation: &ConversationKey,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        self.erase_all(conversation, at, now).await
    }

    async fn forget(&self, conversation: &ConversationKey, id: &MessageId) -> Result<(), StoreError> {
        self.delete(conversation, &sort_key::message(id)).await
    }
}

fn is_refusal(error: &SdkError<UpdateItemError>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
