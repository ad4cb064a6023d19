//! The mailbox in DynamoDB.

mod client;
mod erase;
mod item;
mod tally;
mod update;

pub use client::DynamoDb;
