//! From an HTTP request to an operation and back, with the faults that tests asked for in between.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use serde_json::{Value as Json, json};

use crate::dynamodb::Database;
use crate::faults::{Effect, Faults};
use crate::fields::Fields;
use crate::operation::{Operation, Service};
use crate::refusal::Refusal;
use crate::secrets::Vault;
use crate::server::Lost;
use crate::shared::Shared;
use crate::sqs::Queues;
use crate::texts::Texts;

/// More than any operation takes: 1 MiB of text, every character of which may be escaped.
const BODY_LIMIT: usize = 16 << 20;

/// Everything behind the door.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) database: Shared<Database>,
    pub(crate) queues: Queues,
    pub(crate) vault: Shared<Vault>,
    pub(crate) texts: Shared<Texts>,
    pub(crate) faults: Shared<Faults>,
    pub(crate) calls: Shared<BTreeMap<Operation, u64>>,
}

pub(crate) fn router(cloud: Arc<Cloud>) -> Router {
    let router = Router::new().route("/", post(answer)).route("/{bucket}/{*key}", get(object));
    router.layer(DefaultBodyLimit::max(BODY_LIMIT)).with_state(cloud)
}

/// S3, with the bucket in the path. It refuses whoever does not sign the body's hash.
async fn object(
    State(cloud): State<Arc<Cloud>>,
    Path((bucket, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let has_hash = headers.contains_key("x-amz-content-sha256");
    let hashed =
        has_hash.then_some(()).ok_or_else(|| Refusal::new("InvalidRequest", "x-amz-content-sha256 is missing"));
    let outcome = match authorised(Service::S3, &headers).and(hashed) {
        Ok(()) => {
            let request = json!({ "Bucket": bucket, "Key": key }).to_string();
            cloud.call(Operation::GetObject, request.as_bytes()).await
        }
        Err(refusal) => Outcome::Refused(refusal),
    };
    match outcome {
        Outcome::Done(Json::String(text)) => Response::new(Body::from(text)),
        other => other.into_response(Service::S3),
    }
}

async fn answer(State(cloud): State<Arc<Cloud>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let Some((service, name)) = target(&headers) else {
        return Refusal::new("UnknownOperationException", "no service has this target")
            .into_response(Service::DynamoDb);
    };
    let outcome = match authorised(service, &headers).and_then(|()| known(service, name)) {
        Ok(operation) => cloud.call(operation, &body).await,
        Err(refusal) => Outcome::Refused(refusal),
    };
    outcome.into_response(service)
}

fn target(headers: &HeaderMap) -> Option<(Service, &str)> {
    let (prefix, name) = headers.get("x-amz-target")?.to_str().ok()?.split_once('.')?;
    Some((Service::of_target(prefix)?, name))
}

fn known(service: Service, name: &str) -> Result<Operation, Refusal> {
    let unknown = || Refusal::new("UnknownOperationException", format!("{name} is not supported here."));
    Operation::of(service, name).ok_or_else(unknown)
}

/// Signatures are not computed here, but a client that would not sign, or for another service, is refused.
fn authorised(service: Service, headers: &HeaderMap) -> Result<(), Refusal> {
    let text = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !text.starts_with("AWS4-HMAC-SHA256 Credential=") {
        return Err(Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token"));
    }
    let scope = format!("/{}/aws4_request", service.signing_name());
    if !text.contains(&scope) {
        return Err(Refusal::new("InvalidSignatureException", "Credential should be scoped to correct service."));
    }
    Ok(())
}

/// How a call ends, as its client sees it.
enum Outcome {
    Done(Json),
    Refused(Refusal),
    Lost,
}

impl Outcome {
    fn into_response(self, service: Service) -> Response<Body> {
        match self {
            Self::Done(json) => {
                let mut response = Response::new(Body::from(json.to_string()));
                let content_type = HeaderValue::from_static(service.content_type());
                response.headers_mut().insert(header::CONTENT_TYPE, content_type);
                response
            }
            Self::Refused(refusal) => refusal.into_response(service),
            Self::Lost => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                response.extensions_mut().insert(Lost);
                response
            }
        }
    }
}

impl From<Result<Json, Refusal>> for Outcome {
    fn from(result: Result<Json, Refusal>) -> Self {
        result.map_or_else(Self::Refused, Self::Done)
    }
}

impl Cloud {
    /// Counts the call, whatever becomes of it: AWS bills requests, not successes.
    pub(crate) fn count(&self, operation: Operation) {
        *self.calls.lock().entry(operation).or_default() += 1;
    }

    async fn call(&self, operation: Operation, body: &[u8]) -> Outcome {
        self.count(operation);
        let service = operation.service();
        let effect = self.faults.lock().next(operation);
        match effect {
            None => self.perform(operation, body).await.into(),
            Some(Effect::Throttle) => Outcome::Refused(Refusal::throttled(service)),
            Some(Effect::Expire) => Outcome::Refused(Refusal::expired(service)),
            Some(Effect::Fail) => Outcome::Refused(Refusal::internal(service)),
            Some(Effect::Hang) => pending().await,
            Some(Effect::Delay(time)) => {
                tokio::time::sleep(time).await;
                self.perform(operation, body).await.into()
            }
            Some(Effect::LoseRequest) => Outcome::Lost,
            Some(Effect::LoseResponse) => {
                self.perform(operation, body).await.ok();
                Outcome::Lost
            }
            Some(Effect::FailAfterApplying) => {
                self.perform(operation, body).await.ok();
                Outcome::Refused(Refusal::internal(service))
            }
        }
    }

    async fn perform(&self, operation: Operation, body: &[u8]) -> Result<Json, Refusal> {
        let service = operation.service();
        let fields = Fields::parse(service, body)?;
        match service {
            Service::DynamoDb => self.database.lock().perform(operation, fields),
            Service::Sqs => self.queues.perform(operation, fields).await,
            Service::SecretsManager => self.vault.lock().get_secret_value(fields),
            Service::S3 => self.texts.lock().get_object(fields),
            Service::Ssm => self.texts.lock().get_parameter(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_aws::new_cloud;
    use axum::body::to_bytes;

    const SIGNED: &str =
        "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/secretsmanager/aws4_request, Signature=0";

    async fn kind(target: &str, authorisation: &str, body: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert("x-amz-target", HeaderValue::from_str(target).unwrap());
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(authorisation).unwrap());
        let cloud = State(Arc::new(new_cloud("http://127.0.0.1:1")));
        let response = answer(cloud, headers, Bytes::copy_from_slice(body.as_bytes())).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body: Json = serde_json::from_slice(&to_bytes(response.into_body(), 10_000).await.unwrap()).unwrap();
        body["__type"].as_str().unwrap().to_owned()
    }

    #[tokio::test]
    async fn only_a_signed_request_for_a_known_operation_gets_to_its_service() {
        let read = "secretsmanager.GetSecretValue";
        for (target, authorisation, body, code) in [
            (read, SIGNED, r#"{"SecretId": "x"}"#, "ResourceNotFoundException"),
            (read, SIGNED, "not JSON", "SerializationException"),
            (read, "", r#"{"SecretId": "x"}"#, "MissingAuthenticationTokenException"),
            (read, "Bearer x", r#"{"SecretId": "x"}"#, "MissingAuthenticationTokenException"),
            (read, &SIGNED.replace("secretsmanager", "sqs"), r#"{"SecretId": "x"}"#, "InvalidSignatureException"),
            ("secretsmanager.PutSecretValue", SIGNED, "{}", "UnknownOperationException"),
            ("AmazonEC2.RunInstances", SIGNED, "{}", "com.amazon.coral.service#UnknownOperationException"),
            ("", SIGNED, "{}", "com.amazon.coral.service#UnknownOperationException"),
        ] {
            assert_eq!(kind(target, authorisation, body).await, code, "{target} {authorisation}");
        }
    }
}
