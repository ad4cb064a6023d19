//! The deployment's number, added to where it stands.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;
use models::Timestamp;

use super::DynamoDb;
use super::client::{malformed, unavailable};
use super::item::{EXPIRES_AT, Item, number, text};
use crate::tally::{LIFE, PARTITION, sort};
use crate::{Asked, StoreError, Tally};

const QUESTIONS: &str = "q";
const TOKENS: &str = "t";

#[async_trait]
impl Tally for DynamoDb {
    async fn add(&self, asked: Asked, now: Timestamp) -> Result<Asked, StoreError> {
        let call = self.client.update_item().table_name(&self.table);
        let call = call.key("pk", text(PARTITION)).key("sk", text(sort(now)));
        let call = call.update_expression("ADD #q :q, #t :t SET #x = :life");
        let call = call.expression_attribute_names("#q", QUESTIONS).expression_attribute_names("#t", TOKENS);
        let call = call.expression_attribute_names("#x", EXPIRES_AT);
        let call = call.expression_attribute_values(":q", number(asked.questions));
        let call = call.expression_attribute_values(":t", number(asked.tokens));
        let call = call.expression_attribute_values(":life", number((now + LIFE).seconds()));
        let answer = call.return_values(ReturnValue::AllNew).send().await;
        let item = answer.map_err(|error| unavailable("tally", &error))?.attributes.unwrap_or_default();
        Ok(Asked { questions: count(&item, QUESTIONS)?, tokens: count(&item, TOKENS)? })
    }
}

fn count(item: &Item, name: &'static str) -> Result<u64, StoreError> {
    let count = item.get(name).and_then(|count| count.as_n().ok()).and_then(|count| count.parse().ok());
    count.ok_or_else(|| malformed("tally", name))
}
