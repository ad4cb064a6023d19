use std::time::{Duration, Instant};

use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure::AllOld;
use local_aws::{Fault, Operation, QueueSettings};

use crate::sdk::{Sdk, TABLE, item, key, s};

async fn file(sdk: &Sdk, sk: &str, run: &str) -> Result<PutItemOutput, SdkError<PutItemError>> {
    let row = key(sk).into_iter().chain(item([("ru", s(run))])).collect();
    let put = sdk.dynamodb.put_item().table_name(TABLE).set_item(Some(row));
    put.condition_expression("attribute_not_exists(pk)").return_values_on_condition_check_failure(AllOld).send().await
}

#[tokio::test]
async fn the_retry_after_a_lost_response_meets_its_own_write() {
    let sdk = Sdk::start().await;
    for fault in [Fault::lose_response(Operation::PutItem), Fault::fail_after_applying(Operation::PutItem)] {
        sdk.aws.reset_capacity();
        sdk.aws.inject(fault.clone());
        let sk = format!("{fault:?}");
        let error = file(&sdk, &sk, "mine").await.unwrap_err().into_service_error();
        let PutItemError::ConditionalCheckFailedException(refused) = error else { panic!("{error:?}") };
        assert_eq!(refused.item().unwrap()["ru"], s("mine"), "what refused the retry is the write itself");
        assert_eq!(sdk.aws.capacity().calls(Operation::PutItem), 2);
        assert_eq!(sdk.aws.pending_faults(), []);
    }
}

#[tokio::test]
async fn a_retry_after_a_call_that_was_not_applied_succeeds() {
    let sdk = Sdk::start().await;
    let put = Operation::PutItem;
    for fault in [Fault::throttle(put), Fault::fail(put), Fault::lose_request(put), Fault::fail(put).times(2)] {
        sdk.aws.inject(fault.clone());
        file(&sdk, &format!("{fault:?}"), "mine").await.unwrap();
    }
}

#[tokio::test]
async fn the_sdk_names_what_it_met_when_it_gives_up() {
    let sdk = Sdk::start().await;
    // It does not ask again with credentials that have expired.
    for (fault, calls, code) in [
        (Fault::throttle(Operation::PutItem), 3, "ProvisionedThroughputExceededException"),
        (Fault::expire(Operation::PutItem), 1, "ExpiredTokenException"),
        (Fault::fail(Operation::PutItem), 3, "InternalServerError"),
    ] {
        sdk.aws.inject(fault.times(calls));
        assert_eq!(file(&sdk, code, "mine").await.unwrap_err().code(), Some(code));
        assert_eq!(sdk.aws.item(TABLE, "user:1", code), None);
        assert_eq!(sdk.aws.pending_faults(), [], "{code}");
    }
    sdk.aws.inject(Fault::lose_request(Operation::PutItem).times(3));
    assert!(matches!(file(&sdk, "lost", "mine").await.unwrap_err(), SdkError::DispatchFailure(_)));
    assert_eq!(sdk.aws.item(TABLE, "user:1", "lost"), None);
}

#[tokio::test]
async fn a_fault_waits_for_the_call_it_was_meant_for() {
    let sdk = Sdk::start().await;
    sdk.aws.inject(Fault::lose_response(Operation::PutItem).after(2));
    for (sk, done) in [("1", true), ("2", true), ("3", false), ("4", true)] {
        assert_eq!(file(&sdk, sk, "mine").await.is_ok(), done, "{sk}");
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_never_applied() {
    let sdk = Sdk::start().await;
    sdk.aws.inject(Fault::hang(Operation::PutItem));
    let hung = tokio::time::timeout(Duration::from_millis(100), file(&sdk, "C", "mine")).await;
    assert!(hung.is_err());
    assert_eq!(sdk.aws.items(TABLE), Vec::<serde_json::Value>::new());
    file(&sdk, "C", "mine").await.unwrap();
}

#[tokio::test]
async fn a_delayed_call_takes_its_time() {
    let sdk = Sdk::start().await;
    sdk.aws.inject(Fault::delay(Operation::PutItem, Duration::from_millis(50)));
    let started = Instant::now();
    file(&sdk, "C", "mine").await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_lost_response_to_a_send_leaves_two_messages() {
    let sdk = Sdk::start().await;
    let queue = sdk.aws.create_queue("work", QueueSettings::default());
    sdk.aws.inject(Fault::lose_response(Operation::SendMessage));
    sdk.sqs.send_message().queue_url(queue.url()).message_body("hi").send().await.unwrap();
    assert_eq!(queue.messages().len(), 2);
}
