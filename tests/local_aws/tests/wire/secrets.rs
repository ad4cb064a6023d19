use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use local_aws::{Fault, Operation};

use crate::sdk::Sdk;

#[tokio::test]
async fn a_rotation_moves_the_current_value_to_previous() {
    let sdk = Sdk::start().await;
    let arn = sdk.aws.put_secret("ingest", "old");
    sdk.aws.put_secret("ingest", "new");
    for (id, stage, text) in [
        ("ingest", None, "new"),
        (arn.as_str(), None, "new"),
        ("ingest", Some("AWSCURRENT"), "new"),
        (arn.as_str(), Some("AWSPREVIOUS"), "old"),
    ] {
        let read = sdk.secrets.get_secret_value().secret_id(id).set_version_stage(stage.map(str::to_owned));
        let secret = read.send().await.unwrap();
        assert_eq!(secret.secret_string(), Some(text), "{id} {stage:?}");
        assert_eq!(secret.arn(), Some(arn.as_str()));
    }
}

#[tokio::test]
async fn a_secret_or_a_version_that_is_not_there_is_reported_as_such() {
    let sdk = Sdk::start().await;
    sdk.aws.put_secret("ingest", "only");
    for (id, stage) in [("other", "AWSCURRENT"), ("ingest", "AWSPREVIOUS")] {
        let error = sdk.secrets.get_secret_value().secret_id(id).version_stage(stage).send().await.unwrap_err();
        assert!(matches!(error.into_service_error(), GetSecretValueError::ResourceNotFoundException(_)));
    }
}

#[tokio::test]
async fn an_outage_lasts_until_it_is_cleared() {
    let sdk = Sdk::start().await;
    sdk.aws.put_secret("ingest", "text");
    sdk.aws.inject(Fault::fail(Operation::GetSecretValue).always());
    let read = || sdk.secrets.get_secret_value().secret_id("ingest").send();
    let error = read().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    assert!(matches!(error.into_service_error(), GetSecretValueError::InternalServiceError(_)));
    assert_eq!(sdk.aws.capacity().calls(Operation::GetSecretValue), 3, "the SDK tries three times");
    sdk.aws.clear_faults();
    assert_eq!(read().await.unwrap().secret_string(), Some("text"));
}
