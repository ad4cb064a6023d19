//! Forgetting a conversation: an empty head first, which ends every run, then everything else.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use models::{ConversationKey, Timestamp};

use super::client::{DynamoDb, malformed, unavailable};
use super::item::{self, Item, number, text};
use crate::head::Head;
use crate::{StoreError, sort_key};

/// How often the head may change between reading and replacing it before the erasure is given back, to be tried again.
const TRIES: u32 = 5;

impl DynamoDb {
    pub(super) async fn erase_all(
        &self,
        conversation: &ConversationKey,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        let old = self.bury(conversation, at, now).await?;
        for sort in self.sort_keys(conversation).await? {
            if sort != sort_key::HEAD {
                self.delete(conversation, &sort).await?;
            }
        }
        Ok(old)
    }

    /// Replaces the head by its tombstone.
    async fn bury(
        &self,
        conversation: &ConversationKey,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        for _ in 0..TRIES {
            let found = self.get("erase", conversation, sort_key::HEAD.to_owned()).await?;
            let head = found.as_ref().map(item::read_head).transpose();
            let head = head.map_err(|attribute| malformed("erase", attribute))?;
            let tombstone = head.clone().unwrap_or_default().tombstone(at, now);
            let call = self.client.put_item().table_name(&self.table);
            let call = call.set_item(Some(item::tombstone(conversation, &tombstone)));
            // A sign to another conversation has no epoch.
            let call = match head.as_ref().map(|head| head.epoch) {
                None => call.condition_expression("attribute_not_exists(pk)"),
                Some(0) => call.condition_expression("attribute_exists(pk) AND attribute_not_exists(ep)"),
                Some(epoch) => {
                    call.condition_expression("ep = :seen").expression_attribute_values(":seen", number(epoch))
                }
            };
            match call.send().await {
                Ok(_) => return Ok(head),
                Err(error) => {
                    let refused =
                        error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception);
                    if !refused {
                        return Err(unavailable("erase", &error));
                    }
                }
            }
        }
        Err(StoreError::Unavailable { operation: "erase", reason: "the head kept changing".to_owned() })
    }

    async fn sort_keys(&self, conversation: &ConversationKey) -> Result<Vec<String>, StoreError> {
        let (mut sorts, mut next): (Vec<String>, Option<HashMap<_, _>>) = (Vec::new(), None);
        loop {
            let call = self.client.query().table_name(&self.table).consistent_read(true);
            let call = call.key_condition_expression("pk = :pk");
            let call = call.expression_attribute_values(":pk", text(conversation.as_str()));
            let page = call.set_exclusive_start_key(next).send().await.map_err(|error| unavailable("erase", &error))?;
            let found = page.items.unwrap_or_default();
            sorts.extend(found.iter().filter_map(|item| item.get("sk")?.as_s().ok().cloned()));
            next = page.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() {
                return Ok(sorts);
            }
        }
    }

    pub(super) async fn delete(&self, conversation: &ConversationKey, sort: &str) -> Result<(), StoreError> {
        let key = Item::from([("pk".to_owned(), text(conversation.as_str())), ("sk".to_owned(), text(sort))]);
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(key));
        call.send().await.map(drop).map_err(|error| unavailable("forget", &error))
    }
}
