use std::time::Duration;

use aws_sdk_sqs::error::ProvideErrorMetadata as _;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName, QueueAttributeName};
use local_aws::{Queue, QueueSettings};
use tokio::time::{Instant, advance, pause};

use crate::sdk::Sdk;

async fn queue_with(settings: QueueSettings) -> (Sdk, Queue) {
    let sdk = Sdk::start().await;
    let queue = sdk.aws.create_queue("work", settings);
    (sdk, queue)
}

async fn receive(sdk: &Sdk, queue: &Queue) -> Vec<Message> {
    let request = sdk.sqs.receive_message().queue_url(queue.url()).max_number_of_messages(10);
    let all = request.message_system_attribute_names(MessageSystemAttributeName::All);
    all.send().await.unwrap().messages.unwrap_or_default()
}

fn attribute<'a>(message: &'a Message, name: &MessageSystemAttributeName) -> &'a str {
    &message.attributes().unwrap()[name]
}

#[tokio::test]
async fn a_message_arrives_byte_for_byte_with_its_checksum() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    let body = "{\"text\": \"caf\u{e9} \u{1f44d}\\n\"}\n";
    let sent = sdk.sqs.send_message().queue_url(queue.url()).message_body(body).message_group_id("user:1");
    let sent = sent.send().await.unwrap();
    let [message] = receive(&sdk, &queue).await.try_into().unwrap();
    assert_eq!(message.body(), Some(body));
    assert_eq!(message.message_id(), sent.message_id());
    assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
    assert_eq!(attribute(&message, &MessageSystemAttributeName::MessageGroupId), "user:1");
    assert_eq!(attribute(&message, &MessageSystemAttributeName::ApproximateReceiveCount), "1");
}

#[tokio::test]
async fn a_message_comes_back_when_its_visibility_ends_until_it_is_deleted() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    queue.send("hi");
    pause();
    let [first] = receive(&sdk, &queue).await.try_into().unwrap();
    advance(Duration::from_secs(29)).await;
    assert_eq!(receive(&sdk, &queue).await, []);
    advance(Duration::from_secs(2)).await;
    let [second] = receive(&sdk, &queue).await.try_into().unwrap();
    assert_eq!(attribute(&second, &MessageSystemAttributeName::ApproximateReceiveCount), "2");
    assert_eq!(
        attribute(&first, &MessageSystemAttributeName::ApproximateFirstReceiveTimestamp),
        attribute(&second, &MessageSystemAttributeName::ApproximateFirstReceiveTimestamp)
    );
    for (receipt, left) in [(&first, 1), (&second, 0), (&second, 0)] {
        let receipt = receipt.receipt_handle().unwrap();
        sdk.sqs.delete_message().queue_url(queue.url()).receipt_handle(receipt).send().await.unwrap();
        assert_eq!(queue.messages().len(), left, "an older receipt deletes nothing, a second delete is no error");
    }
}

#[tokio::test]
async fn a_message_given_back_returns_when_it_was_asked_to() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    queue.send("hi");
    pause();
    for seconds in [7_u16, 0, 3600] {
        let [message] = receive(&sdk, &queue).await.try_into().unwrap();
        let change = sdk.sqs.change_message_visibility().queue_url(queue.url()).visibility_timeout(seconds.into());
        change.receipt_handle(message.receipt_handle().unwrap()).send().await.unwrap();
        let time = Duration::from_secs(seconds.into());
        assert_eq!(queue.messages()[0].hidden_for, time);
        advance(time).await;
    }
    assert_eq!(receive(&sdk, &queue).await.len(), 1);
}

#[tokio::test]
async fn a_visibility_that_aws_would_not_take_is_refused() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    queue.send("hi");
    pause();
    let [message] = receive(&sdk, &queue).await.try_into().unwrap();
    let receipt = message.receipt_handle().unwrap().to_owned();
    let change = async |receipt: &str, seconds: i32| {
        let request = sdk.sqs.change_message_visibility().queue_url(queue.url()).receipt_handle(receipt);
        let answer = request.visibility_timeout(seconds).send().await;
        answer.err().map(|error| error.code().unwrap_or_default().to_owned())
    };
    advance(Duration::from_secs(10)).await;
    let invalid = Some("InvalidParameterValue".to_owned());
    assert_eq!(change(&receipt, -1).await, invalid);
    assert_eq!(change(&receipt, 43_201).await, invalid);
    assert_eq!(change(&receipt, 43_200).await, invalid, "12 hours count from the receive");
    assert_eq!(change(&receipt, 43_180).await, None);
    assert_eq!(change("nonsense", 1).await, Some("ReceiptHandleIsInvalid".to_owned()));
    assert_eq!(change(&receipt, 0).await, None);
    assert_eq!(change(&receipt, 1).await, Some("AWS.SimpleQueueService.MessageNotInflight".to_owned()));
    receive(&sdk, &queue).await;
    assert_eq!(change(&receipt, 1).await, invalid, "the receipt belongs to an earlier receive");
}

#[tokio::test]
async fn what_was_received_too_often_becomes_a_dead_letter_with_its_words() {
    let sdk = Sdk::start().await;
    let dead = sdk.aws.create_queue("dead", QueueSettings::default());
    let dead_letters = Some(("dead".to_owned(), 2));
    let visibility = Duration::from_secs(1);
    let queue = sdk.aws.create_queue("work", QueueSettings { dead_letters, visibility, ..QueueSettings::default() });
    let id = queue.send("poison");
    pause();
    for _ in 0..2 {
        assert_eq!(receive(&sdk, &queue).await.len(), 1);
        assert_eq!(dead.messages(), []);
        advance(visibility).await;
    }
    assert_eq!(receive(&sdk, &queue).await, []);
    assert_eq!(queue.messages(), []);
    let [letter] = receive(&sdk, &dead).await.try_into().unwrap();
    assert_eq!((letter.message_id(), letter.body()), (Some(id.as_str()), Some("poison")));
    assert_eq!(attribute(&letter, &MessageSystemAttributeName::DeadLetterQueueSourceArn), queue.arn());
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_wakes_who_waits_for_it() {
    let sdk = Sdk::start().await;
    let dead = sdk.aws.create_queue("dead", QueueSettings::default());
    let dead_letters = Some(("dead".to_owned(), 1));
    let visibility = Duration::from_secs(5);
    let queue = sdk.aws.create_queue("work", QueueSettings { dead_letters, visibility, ..QueueSettings::default() });
    queue.send("poison");
    assert_eq!(receive(&sdk, &queue).await.len(), 1);
    let started = Instant::now();
    let wait = sdk.sqs.receive_message().queue_url(dead.url()).wait_time_seconds(20).send();
    let bury = async {
        tokio::time::sleep(visibility).await;
        receive(&sdk, &queue).await
    };
    let (letters, received) = tokio::join!(wait, bury);
    assert_eq!((received.len(), letters.unwrap().messages().len()), (0, 1));
    assert!(started.elapsed() < 2 * visibility);
}

#[tokio::test(start_paused = true)]
async fn a_long_poll_waits_for_a_message_and_no_longer_than_asked() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    let poll = || sdk.sqs.receive_message().queue_url(queue.url()).wait_time_seconds(20).send();
    let started = Instant::now();
    assert_eq!(poll().await.unwrap().messages(), []);
    assert!((20..22).contains(&started.elapsed().as_secs()));
    let later = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        queue.send("hi");
    };
    let (answer, ()) = tokio::join!(poll(), later);
    assert_eq!(answer.unwrap().messages()[0].body(), Some("hi"));
}

#[tokio::test]
async fn delays_and_retention_run_from_the_sending() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    pause();
    sdk.sqs.send_message().queue_url(queue.url()).message_body("later").delay_seconds(60).send().await.unwrap();
    let attributes = async || {
        let request = sdk.sqs.get_queue_attributes().queue_url(queue.url());
        let all = request.attribute_names(QueueAttributeName::All).send().await.unwrap().attributes.unwrap();
        let count = |name: QueueAttributeName| all[&name].parse::<u32>().unwrap();
        [
            count(QueueAttributeName::ApproximateNumberOfMessages),
            count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
            count(QueueAttributeName::ApproximateNumberOfMessagesDelayed),
        ]
    };
    assert_eq!(attributes().await, [0, 0, 1]);
    advance(Duration::from_mins(1)).await;
    assert_eq!(attributes().await, [1, 0, 0]);
    receive(&sdk, &queue).await;
    assert_eq!(attributes().await, [0, 1, 0]);
    advance(Duration::from_hours(4 * 24)).await;
    assert_eq!(attributes().await, [0, 0, 0]);
}

#[tokio::test]
async fn a_second_copy_is_a_delivery_of_its_own() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    let id = queue.send("hi");
    let [first] = receive(&sdk, &queue).await.try_into().unwrap();
    assert!(queue.duplicate(&id));
    assert!(!queue.duplicate("unknown"));
    let [copy] = receive(&sdk, &queue).await.try_into().unwrap();
    assert_eq!(copy.message_id(), first.message_id());
    let receipt = first.receipt_handle().unwrap();
    sdk.sqs.delete_message().queue_url(queue.url()).receipt_handle(receipt).send().await.unwrap();
    assert_eq!(queue.messages().len(), 1);
}

#[tokio::test]
async fn what_sqs_would_not_take_is_refused() {
    let (sdk, queue) = queue_with(QueueSettings::default()).await;
    let send = |body: &str| sdk.sqs.send_message().queue_url(queue.url()).message_body(body);
    let long = "x".repeat((1 << 20) + 1);
    for (request, code) in [
        (send(""), "MissingParameter"),
        (send(&long), "InvalidParameterValue"),
        (send("bell \u{7}"), "InvalidMessageContents"),
        (send("x").delay_seconds(901), "InvalidParameterValue"),
        (send("x").message_group_id("a b"), "InvalidParameterValue"),
        (send("x").message_deduplication_id("d"), "AWS.SimpleQueueService.UnsupportedOperation"),
        (send("x").queue_url("http://127.0.0.1:1/000000000000/work"), "AWS.SimpleQueueService.NonExistentQueue"),
    ] {
        assert_eq!(request.send().await.unwrap_err().code(), Some(code));
    }
    send(&long[1..]).send().await.unwrap();
    let eleven = sdk.sqs.receive_message().queue_url(queue.url()).max_number_of_messages(11).send().await;
    assert_eq!(eleven.unwrap_err().code(), Some("InvalidParameterValue"));
    let purge = sdk.sqs.purge_queue().queue_url(queue.url()).send().await;
    assert_eq!(purge.unwrap_err().code(), Some("UnknownOperationException"));
}
