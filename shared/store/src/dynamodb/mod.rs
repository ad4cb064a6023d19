//! The mailbox in DynamoDB.

mod client;
mod item;
mod update;

pub use client::DynamoDb;
