//! AWS on loopback for tests: SQS, Secrets Manager and DynamoDB as far as Dragoman uses them.
