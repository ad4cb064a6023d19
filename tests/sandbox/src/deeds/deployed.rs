//! What is deployed, as an operator's credentials reach it.

use platform::aws::{KeptText, SdkConfig, patient_config};
use reqwest::Client;
use responder::{AssistantFiles, PackError};
use store::DynamoDb;

use super::Misuse;

/// What an AWS call that failed may hang on.
pub(super) const CREDENTIALS: &str = "Do AWS_REGION and your credentials fit the stack? If they come from SSO, \
                                      `eval \"$(aws configure export-credentials --format env)\"` puts them where they are found";

/// AWS as the environment says: region and credentials.
pub(super) async fn aws() -> Result<SdkConfig, Misuse> {
    let config = patient_config().await;
    match config.region() {
        Some(_) => Ok(config),
        None => Err(Misuse("AWS_REGION must be given: the region of the stack".to_owned())),
    }
}

/// The table called `name`.
pub(super) fn table(config: &SdkConfig, name: &str) -> DynamoDb {
    DynamoDb::new(aws_sdk_dynamodb::Client::new(config), name)
}

/// The assistant at `config`, as the responder reads it: a file, or what is kept at AWS. Only then is AWS asked for.
pub(super) async fn assistant(
    config: Option<&str>,
    http: &Client,
) -> Result<Result<AssistantFiles, PackError>, Misuse> {
    if config.and_then(KeptText::at).is_none() {
        return Ok(AssistantFiles::load(config));
    }
    Ok(AssistantFiles::fetch(config, &aws().await?, http).await)
}
