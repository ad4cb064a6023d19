//! What is deployed, as an operator's credentials reach it.

use platform::aws::{KeptText, SdkConfig, has_credentials, patient_config};
use reqwest::Client;
use responder::{AssistantFiles, PackError};
use store::{DynamoDb, StoreError};

use super::Misuse;

/// What an AWS call that failed may hang on.
pub(crate) const CREDENTIALS: &str = "Do AWS_REGION and your credentials fit the stack? If they come from SSO, \
                                      `eval \"$(aws configure export-credentials --format env)\"` puts them where they are found";

const NO_CREDENTIALS: &str = "there are no AWS credentials here, or they have run out. `aws configure` makes them, or AWS_ACCESS_KEY_ID and \
                              AWS_SECRET_ACCESS_KEY hold them; if they come from SSO, \
                              `eval \"$(aws configure export-credentials --format env)\"` puts them where they are found";

/// AWS as the environment says: region and credentials.
pub(super) async fn aws() -> Result<SdkConfig, Misuse> {
    let config = patient_config().await;
    if config.region().is_none() {
        return Err(Misuse("AWS_REGION must be given: the region of the stack".to_owned()));
    }
    if !has_credentials(&config).await {
        return Err(Misuse(NO_CREDENTIALS.to_owned()));
    }
    Ok(config)
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

/// Why the table called `name` could not be read, and what to do next. The store's own words are about a message, which the
/// function keeps and works on again; who only reads has none.
pub(super) fn not_read(name: &str, error: &StoreError) -> String {
    format!("the table {name} cannot be read ({}). {}", kind(error), next_step(error))
}

/// What kind of failure it was, as the SDK or the table names it.
pub(super) fn kind(error: &StoreError) -> &str {
    match error {
        StoreError::Unavailable { reason, .. } => reason,
        StoreError::Malformed { .. } => "an item is of no known form",
    }
}

fn next_step(error: &StoreError) -> &'static str {
    if matches!(error, StoreError::Malformed { .. }) {
        return "Another version of Dragoman wrote it: call the version that is deployed";
    }
    match kind(error) {
        "ResourceNotFoundException" => {
            "There is no table of this name in AWS_REGION: --table is TableName of the stack's outputs, AWS_REGION the \
             stack's region"
        }
        "AccessDeniedException" => {
            "These credentials may not read it: --help names the permissions that they need on this table"
        }
        "timeout" | "no connection" => {
            "Nothing answers there: is this machine online, and do AWS_REGION and, if they are set, HTTPS_PROXY and \
             AWS_ENDPOINT_URL lead to the table?"
        }
        "ProvisionedThroughputExceededException" | "ThrottlingException" | "RequestLimitExceeded" => {
            "It has too much to do at the moment: call again"
        }
        _ => CREDENTIALS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_is_said_with_what_to_do_next_and_never_of_a_message_that_is_kept() {
        for (reason, next) in [
            ("ResourceNotFoundException", "TableName of the stack's outputs"),
            ("AccessDeniedException", "may not read it"),
            ("no connection", "is this machine online"),
            ("ThrottlingException", "call again"),
            ("UnrecognizedClientException", "aws configure export-credentials"),
        ] {
            let error = StoreError::Unavailable { operation: "head", reason: reason.to_owned() };
            let told = not_read("talks", &error);
            assert!(told.starts_with(&format!("the table talks cannot be read ({reason}). ")), "{told}");
            assert!(told.contains(next) && !told.contains("kept"), "{told}");
        }
        let odd = not_read("talks", &StoreError::Malformed { operation: "head", attribute: "owner" });
        assert!(odd.contains("the version that is deployed") && !odd.contains("kept"), "{odd}");
    }
}
