//! Errors in the shapes in which the services send them.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use serde_json::{Value as Json, json};

use crate::operation::Service;

/// A request that was not done, and why.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// The item a condition failed on, where the request asked for it.
    pub(crate) item: Option<Json>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into(), item: None }
    }

    /// DynamoDB's word for almost everything a client does wrong.
    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    /// A field of another type than the service's model has.
    pub(crate) fn serialization(message: impl Into<String>) -> Self {
        Self::new("SerializationException", message)
    }

    /// An internal error of `service`.
    pub(crate) fn internal(service: Service) -> Self {
        let code = match service {
            Service::DynamoDb | Service::Ssm => "InternalServerError",
            Service::Sqs => "InternalFailure",
            Service::SecretsManager => "InternalServiceError",
            Service::S3 => "InternalError",
        };
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::new(code, "Internal server error") }
    }

    /// `service` has no capacity left for now.
    pub(crate) fn throttled(service: Service) -> Self {
        let code = match service {
            Service::DynamoDb => "ProvisionedThroughputExceededException",
            Service::Sqs => "RequestThrottled",
            Service::SecretsManager | Service::Ssm => "ThrottlingException",
            Service::S3 => "SlowDown",
        };
        let status = if service == Service::S3 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_REQUEST };
        Self { status, ..Self::new(code, "Rate exceeded") }
    }

    /// The caller's temporary credentials are over.
    pub(crate) fn expired(service: Service) -> Self {
        let code = if service == Service::S3 { "ExpiredToken" } else { "ExpiredTokenException" };
        Self::new(code, "The security token included in the request is expired")
    }

    /// Something real AWS may understand and this server does not: never ignored, so that no test passes by luck.
    pub(crate) fn unsupported(service: Service, message: impl Into<String>) -> Self {
        let code = match service {
            Service::DynamoDb | Service::Ssm => "ValidationException",
            Service::S3 => "NotImplemented",
            Service::Sqs => "UnsupportedOperation",
            Service::SecretsManager => "InvalidParameterException",
        };
        Self::new(code, message)
    }

    /// A parameter that must be there is not.
    pub(crate) fn missing(service: Service, parameter: &str) -> Self {
        match service {
            Service::DynamoDb => Self::validation(format!(
                "1 validation error detected: Value null at '{parameter}' failed to satisfy constraint: Member must not be null"
            )),
            Service::Sqs => {
                Self::new("MissingParameter", format!("The request must contain the parameter {parameter}."))
            }
            Service::SecretsManager => {
                Self::new("InvalidParameterException", format!("The parameter {parameter} is missing."))
            }
            Service::Ssm => Self::validation(format!("The parameter {parameter} is missing.")),
            Service::S3 => Self::new("InvalidRequest", format!("{parameter} is missing.")),
        }
    }

    pub(crate) fn into_response(self, service: Service) -> Response<Body> {
        let body = match service {
            Service::S3 => format!("<Error><Code>{}</Code><Message>{}</Message></Error>", self.code, self.message),
            _ => self.body(service).to_string(),
        };
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(service.content_type()));
        if let (Service::Sqs, Ok(value)) = (service, HeaderValue::try_from(self.query_error())) {
            headers.insert("x-amzn-query-error", value);
        }
        response
    }

    fn body(&self, service: Service) -> Json {
        let Self { code, message, .. } = self;
        let mut body = match service {
            Service::DynamoDb => json!({ "__type": format!("{}#{code}", self.namespace()), "message": message }),
            Service::Sqs => json!({ "__type": format!("com.amazonaws.sqs#{code}"), "message": message }),
            Service::SecretsManager | Service::S3 => json!({ "__type": code, "Message": message }),
            Service::Ssm => json!({ "__type": code, "message": message }),
        };
        if let Some(item) = &self.item {
            body["Item"] = item.clone();
        }
        body
    }

    fn namespace(&self) -> &'static str {
        match self.code {
            "ValidationException" => "com.amazon.coral.validate",
            "SerializationException"
            | "UnknownOperationException"
            | "MissingAuthenticationTokenException"
            | "ExpiredTokenException"
            | "InvalidSignatureException" => "com.amazon.coral.service",
            _ => "com.amazonaws.dynamodb.v20120810",
        }
    }

    /// SQS tells clients that grew up with its older protocol the older name of an error.
    fn query_error(&self) -> String {
        let code = match self.code {
            "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
            "MessageNotInflight" => "AWS.SimpleQueueService.MessageNotInflight",
            "UnsupportedOperation" => "AWS.SimpleQueueService.UnsupportedOperation",
            code => code,
        };
        let at_fault = if self.status.is_server_error() { "Receiver" } else { "Sender" };
        format!("{code};{at_fault}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_own_shape() {
        let refusal = Refusal::validation("no");
        for (service, kind, text) in [
            (Service::DynamoDb, "com.amazon.coral.validate#ValidationException", "message"),
            (Service::Sqs, "com.amazonaws.sqs#ValidationException", "message"),
            (Service::SecretsManager, "ValidationException", "Message"),
        ] {
            let body = refusal.body(service);
            assert_eq!((body["__type"].as_str(), body[text].as_str()), (Some(kind), Some("no")));
        }
    }

    #[test]
    fn sqs_names_the_error_in_its_older_words_too() {
        assert_eq!(
            Refusal::new("QueueDoesNotExist", "").query_error(),
            "AWS.SimpleQueueService.NonExistentQueue;Sender"
        );
        assert_eq!(Refusal::internal(Service::Sqs).query_error(), "InternalFailure;Receiver");
    }
}
