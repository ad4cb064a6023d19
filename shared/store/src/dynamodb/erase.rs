//! Forgetting a conversation: an empty head first, which ends every run, then everything else.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use models::{ConversationKey, Timestamp};

use super::client::{DynamoDb, malformed, unavailable};
use super::item::{self, Item, text};
use crate::head::Head;
use crate::rows::keys_of;
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
        for row in self.rows(conversation).await? {
            let Some(sort) = row.get("sk").and_then(|sort| sort.as_s().ok()) else { continue };
            if sort != sort_key::HEAD && is_of_before(sort, &row, at, old.as_ref()) {
                self.delete(conversation, sort).await?;
            }
        }
        Ok(old)
    }

    /// What cannot be read names nobody.
    pub(super) async fn all_keys_named(
        &self,
        conversation: &ConversationKey,
    ) -> Result<Vec<ConversationKey>, StoreError> {
        let rows = self.rows(conversation).await?;
        Ok(keys_of(rows.iter().filter_map(|row| match row.get("sk")?.as_s().ok()?.as_str() {
            sort_key::HEAD => None,
            sort if sort.starts_with("M#") => Some(item::read_message(row).ok()?.message.identity),
            _ => Some(item::read_turn_row(row).ok()?.to),
        })))
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
            if head.as_ref().is_some_and(|head| head.forgot(at)) {
                return Ok(head);
            }
            let tombstone = head.clone().unwrap_or_default().tombstone(at, now);
            let mut call = self.client.put_item().table_name(&self.table);
            call = call.set_item(Some(item::tombstone(conversation, &tombstone)));
            // Whatever a run or a filing changes, one of these changes with it.
            let mut unchanged =
                vec![if found.is_some() { "attribute_exists(pk)" } else { "attribute_not_exists(pk)" }.to_owned()];
            for name in ["ep", "sq", "lu", "tk", "tp", "mt"] {
                match found.as_ref().and_then(|item| item.get(name)) {
                    Some(value) => {
                        unchanged.push(format!("{name} = :{name}"));
                        call = call.expression_attribute_values(format!(":{name}"), value.clone());
                    }
                    None => unchanged.push(format!("attribute_not_exists({name})")),
                }
            }
            let call = call.condition_expression(unchanged.join(" AND "));
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

    async fn rows(&self, conversation: &ConversationKey) -> Result<Vec<Item>, StoreError> {
        let (mut rows, mut next): (Vec<Item>, Option<HashMap<_, _>>) = (Vec::new(), None);
        loop {
            let call = self.client.query().table_name(&self.table).consistent_read(true);
            let call = call.key_condition_expression("pk = :pk");
            let call = call.expression_attribute_values(":pk", text(conversation.as_str()));
            let page = call.set_exclusive_start_key(next).send().await.map_err(|error| unavailable("erase", &error))?;
            rows.extend(page.items.unwrap_or_default());
            next = page.last_evaluated_key.filter(|key| !key.is_empty());
            if next.is_none() {
                return Ok(rows);
            }
        }
    }

    pub(super) async fn delete(&self, conversation: &ConversationKey, sort: &str) -> Result<(), StoreError> {
        let key = Item::from([("pk".to_owned(), text(conversation.as_str())), ("sk".to_owned(), text(sort))]);
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(key));
        call.send().await.map(drop).map_err(|error| unavailable("forget", &error))
    }
}

/// What cannot be read is nobody's to keep.
fn is_of_before(sort: &str, row: &Item, at: Timestamp, buried: Option<&Head>) -> bool {
    if sort.starts_with("M#") {
        item::read_message(row).map_or(true, |row| row.is_of_before(at))
    } else {
        item::read_turn_row(row).map_or(true, |row| row.is_of_before(at, buried))
    }
}
