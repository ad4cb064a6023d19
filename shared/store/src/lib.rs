//! The mailbox of a conversation: DynamoDB, and an embedded twin held to the same contract tests.
