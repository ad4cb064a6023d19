//! The deployment's number, added to where it stands.

use async_trait::async_trait;
use aws_sdk_dynamodb::types::ReturnValue;
use models::Timestamp;

use super::DynamoDb;
use super::client::{malformed, unavailable};
use super::item::{EXPIRES_AT, number, text};
use crate::tally::{LIFE, PARTITION, sort};
use crate::{StoreError, Tally};

const COUNT: &str = "n";

#[async_trait]
impl Tally for DynamoDb {
    async fn add(&self, questions: u64, now: Timestamp) -> Result<u64, StoreError> {
        let call = self.client.update_item().table_name(&self.table);
        let call = call.key("pk", text(PARTITION)).key("sk", text(sort(now)));
        let call = call.update_expression("ADD #n :more SET #x = :life");
        let call = call.expression_attribute_names("#n", COUNT).expression_attribute_names("#x", EXPIRES_AT);
        let call = call.expression_attribute_values(":more", number(questions));
        let call = call.expression_attribute_values(":life", number((now + LIFE).seconds()));
        let answer = call.return_values(ReturnValue::AllNew).send().await;
        let item = answer.map_err(|error| unavailable("tally", &error))?.attributes.unwrap_or_default();
        let count = item.get(COUNT).and_then(|count| count.as_n().ok()).and_then(|count| count.parse().ok());
        count.ok_or_else(|| malformed("tally", COUNT))
    }
}
