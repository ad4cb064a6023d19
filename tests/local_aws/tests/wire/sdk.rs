//! The server with a client of each SDK.

use std::collections::HashMap;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::operation::get_item::GetItemOutput;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::config::Credentials;
use local_aws::LocalAws;

pub(crate) const TABLE: &str = "conversations";

pub(crate) struct Sdk {
    pub(crate) aws: LocalAws,
    pub(crate) dynamodb: aws_sdk_dynamodb::Client,
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
}

impl Sdk {
    /// A fresh server that has one empty table.
    pub(crate) async fn start() -> Self {
        let aws = LocalAws::start().await;
        aws.create_table(TABLE, "expires_at");
        let config = aws_config::defaults(BehaviorVersion::latest())
            .endpoint_url(aws.endpoint())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("local", "local", None, None, "test"))
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(5)))
            .load()
            .await;
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            sqs: aws_sdk_sqs::Client::new(&config),
            secrets: aws_sdk_secretsmanager::Client::new(&config),
            aws,
        }
    }

    /// Puts an item with these attributes beside its keys.
    pub(crate) async fn put(&self, sk: &str, attributes: Item) {
        let item = key(sk).into_iter().chain(attributes).collect();
        self.dynamodb.put_item().table_name(TABLE).set_item(Some(item)).send().await.unwrap();
    }

    pub(crate) async fn get(&self, sk: &str) -> GetItemOutput {
        let get = self.dynamodb.get_item().table_name(TABLE).set_key(Some(key(sk))).consistent_read(true);
        get.send().await.unwrap()
    }
}

pub(crate) type Item = HashMap<String, AttributeValue>;

pub(crate) fn key(sk: &str) -> Item {
    item([("pk", s("user:1")), ("sk", s(sk))])
}

pub(crate) fn item<const N: usize>(attributes: [(&str, AttributeValue); N]) -> Item {
    attributes.map(|(name, value)| (name.to_owned(), value)).into()
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) fn list(texts: &[&str]) -> AttributeValue {
    AttributeValue::L(texts.iter().map(|text| s(text)).collect())
}
