//! What can be asked of the server, and of which service.

use std::fmt;

/// An operation the server knows. Every other one is refused as unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are AWS's own, and its reference is their documentation")]
pub enum Operation {
    BatchGetItem,
    DeleteItem,
    GetItem,
    PutItem,
    Query,
    UpdateItem,
    ChangeMessageVisibility,
    DeleteMessage,
    GetQueueAttributes,
    ReceiveMessage,
    SendMessage,
    GetSecretValue,
    GetObject,
    GetParameter,
}

/// One of the services, told apart by the first half of `X-Amz-Target`; S3 has none, and is asked by paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    DynamoDb,
    Sqs,
    SecretsManager,
    S3,
    Ssm,
}

use Operation::{
    BatchGetItem, ChangeMessageVisibility, DeleteItem, DeleteMessage, GetItem, GetObject, GetParameter,
    GetQueueAttributes, GetSecretValue, PutItem, Query, ReceiveMessage, SendMessage, UpdateItem,
};

impl Operation {
    const ALL: [Self; 14] = [
        BatchGetItem,
        DeleteItem,
        GetItem,
        PutItem,
        Query,
        UpdateItem,
        ChangeMessageVisibility,
        DeleteMessage,
        GetQueueAttributes,
        ReceiveMessage,
        SendMessage,
        GetSecretValue,
        GetObject,
        GetParameter,
    ];

    /// The operation of `service` with this name.
    pub(crate) fn of(service: Service, name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.service() == service && operation.to_string() == name)
    }

    pub(crate) fn service(self) -> Service {
        match self {
            BatchGetItem | DeleteItem | GetItem | PutItem | Query | UpdateItem => Service::DynamoDb,
            ChangeMessageVisibility | DeleteMessage | GetQueueAttributes | ReceiveMessage | SendMessage => Service::Sqs,
            GetSecretValue => Service::SecretsManager,
            GetObject => Service::S3,
            GetParameter => Service::Ssm,
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Service {
    const WITH_TARGETS: [Self; 4] = [Self::DynamoDb, Self::Sqs, Self::SecretsManager, Self::Ssm];

    /// The service whose `X-Amz-Target` begins with `prefix`.
    pub(crate) fn of_target(prefix: &str) -> Option<Self> {
        Self::WITH_TARGETS.into_iter().find(|service| service.target() == prefix)
    }

    fn target(self) -> &'static str {
        match self {
            Self::DynamoDb => "DynamoDB_20120810",
            Self::Sqs => "AmazonSQS",
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "AmazonSSM",
            Self::S3 => "",
        }
    }

    /// The name of the service in a signature's scope.
    pub(crate) fn signing_name(self) -> &'static str {
        match self {
            Self::DynamoDb => "dynamodb",
            Self::Sqs => "sqs",
            Self::SecretsManager => "secretsmanager",
            Self::Ssm => "ssm",
            Self::S3 => "s3",
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::DynamoDb | Self::Sqs => "application/x-amz-json-1.0",
            Self::SecretsManager | Self::Ssm => "application/x-amz-json-1.1",
            Self::S3 => "application/xml",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_found_only_in_its_own_service() {
        assert_eq!(Operation::of(Service::Sqs, "SendMessage"), Some(SendMessage));
        assert_eq!(Operation::of(Service::DynamoDb, "SendMessage"), None);
        assert_eq!(Operation::of(Service::DynamoDb, "Scan"), None);
    }
}
