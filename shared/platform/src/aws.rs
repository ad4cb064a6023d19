//! The AWS twins of this crate's interfaces.

mod kept_text;
mod lambda;
mod signed;

use std::time::Duration;

use async_trait::async_trait;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::ProvideRegion as _;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use secrecy::SecretString;

use crate::queue::{Queue, QueueError, Timer, whole_seconds};
use crate::secrets::{SecretSource, SecretUnavailable, Versions};

pub use aws_config::SdkConfig;
pub use kept_text::{Code, KeptText, NotRead};
pub use lambda::Lambda;
pub use signed::{NotSigned, Service, Signer};

/// The queues'.
pub const SQS: Service = Service { host: "sqs", name: "sqs", id: "SQS" };
/// Where models are called. It has no SDK here: that is larger than all it would be used for.
pub const BEDROCK: Service = Service { host: "bedrock-runtime", name: "bedrock", id: "Bedrock Runtime" };
/// The table's.
pub const DYNAMODB: Service = Service { host: "dynamodb", name: "dynamodb", id: "DynamoDB" };

/// How long one attempt of an AWS call may take. A write that hung would be applied after the lease it belongs to.
const ATTEMPT: Duration = Duration::from_secs(1);
/// How long an AWS call may take with its retries.
const OPERATION: Duration = Duration::from_secs(3);
/// How long an operator's program waits for a connection.
const PATIENCE: Duration = Duration::from_secs(10);

/// The SDK's configuration out of the environment and wherever else the SDK looks, with time-outs on every call; but the
/// region from the environment alone: off AWS the search would wait for a machine that does not answer. A function has
/// [`Lambda`].
pub async fn config() -> SdkConfig {
    config_in(EnvironmentVariableRegionProvider::new().region().await).await
}

async fn config_in(region: Option<Region>) -> SdkConfig {
    let Some(region) = region else {
        // Nothing can be called without one, and whatever looks for credentials would search for it after all.
        return SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    };
    aws_config::defaults(BehaviorVersion::latest()).region(region).timeout_config(timeouts()).load().await
}

/// The same for a program that an operator starts: it may be far from AWS, and no lease hangs on it.
pub async fn patient_config() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(PATIENCE).operation_timeout(3 * PATIENCE).build();
    config().await.into_builder().timeout_config(timeouts).build()
}

/// Whether there are credentials to call as. Without them the SDK reports what looks like a network that is down.
pub async fn has_credentials(config: &SdkConfig) -> bool {
    match config.credentials_provider() {
        Some(provider) => provider.provide_credentials().await.is_ok(),
        None => false,
    }
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(ATTEMPT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

/// A secret in Secrets Manager.
pub struct ManagedSecret {
    client: aws_sdk_secretsmanager::Client,
    id: String,
    previous: bool,
}

impl ManagedSecret {
    /// The secret `id` (its ARN or name), in force only.
    pub fn current(config: &SdkConfig, id: impl Into<String>) -> Self {
        Self { client: aws_sdk_secretsmanager::Client::new(config), id: id.into(), previous: false }
    }

    /// The secret `id`, together with the version before the last rotation.
    pub fn with_previous(config: &SdkConfig, id: impl Into<String>) -> Self {
        Self { previous: true, ..Self::current(config, id) }
    }

    async fn version(&self, stage: &str) -> Result<Option<SecretString>, SecretUnavailable> {
        let call = self.client.get_secret_value().secret_id(&self.id).version_stage(stage);
        match call.send().await {
            Ok(answer) => Ok(answer.secret_string.map(SecretString::from)),
            Err(error) if error.code() == Some("ResourceNotFoundException") => Ok(None),
            Err(error) => Err(SecretUnavailable::Unreachable { name: self.id.clone(), reason: kind(&error) }),
        }
    }
}

#[async_trait]
impl SecretSource for ManagedSecret {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let previous = async { if self.previous { self.version("AWSPREVIOUS").await } else { Ok(None) } };
        let (current, previous) = tokio::join!(self.version("AWSCURRENT"), previous);
        let missing = || SecretUnavailable::Unreachable { name: self.id.clone(), reason: "it has no value".to_owned() };
        // An old version that is only out of reach must not pass for one that does not exist: the late would be refused.
        Ok(Versions { current: current?.ok_or_else(missing)?, previous: previous? })
    }
}

/// A queue in SQS.
pub struct SqsQueue {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl SqsQueue {
    /// The queue at `url`.
    pub fn new(config: &SdkConfig, url: impl Into<String>) -> Self {
        Self { client: aws_sdk_sqs::Client::new(config), url: url.into() }
    }

    /// The queue at `url`, by the same client: to make one is a tenth of a start.
    #[must_use]
    pub fn beside(&self, url: impl Into<String>) -> Self {
        Self { client: self.client.clone(), url: url.into() }
    }
}

#[async_trait]
impl Queue for SqsQueue {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        let sent = self.client.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.map(drop).map_err(|error| QueueError { reason: kind(&error) })
    }
}

#[async_trait]
impl Timer for SqsQueue {
    async fn come_back(&self, receipt: &str, delay: Duration) -> Result<(), QueueError> {
        let call = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(receipt);
        let changed = call.visibility_timeout(whole_seconds(delay)).send().await;
        changed.map(drop).map_err(|error| QueueError { reason: kind(&error) })
    }
}

/// The kind of a failure alone: an SDK error's own text may quote the request.
pub fn kind<E: ProvideErrorMetadata>(error: &SdkError<E>) -> String {
    match error {
        SdkError::TimeoutError(_) => "timeout".to_owned(),
        SdkError::DispatchFailure(_) => "no connection".to_owned(),
        SdkError::ServiceError(context) => context.err().code().unwrap_or("service error").to_owned(),
        _ => "unreadable answer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_region_in_the_environment_nobody_searches_for_one() {
        let config = config_in(None).await;
        assert!(config.region().is_none() && config.credentials_provider().is_none());
        let config = config_in(Some(Region::new("eu-central-1"))).await;
        assert_eq!(config.region().map(ToString::to_string).as_deref(), Some("eu-central-1"));
    }
}
