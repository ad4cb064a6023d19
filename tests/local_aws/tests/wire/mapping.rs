use std::cell::RefCell;
use std::time::Duration;

use local_aws::{Batch, LocalAws, Mapping, Operation, Queue, QueueSettings};
use serde_json::{Value, json};
use tokio::time::{advance, pause, timeout};

async fn queue() -> (LocalAws, Queue) {
    let aws = LocalAws::start().await;
    aws.create_queue("dead", QueueSettings::default());
    let dead_letters = Some(("dead".to_owned(), 2));
    let queue = aws.create_queue("work", QueueSettings { dead_letters, ..QueueSettings::default() });
    pause();
    (aws, queue)
}

fn ids(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap();
    records.iter().map(|record| record["messageId"].as_str().unwrap().to_owned()).collect()
}

async fn accept(_: Value) -> Result<Value, String> {
    Ok(json!({ "batchItemFailures": [] }))
}

#[tokio::test]
async fn an_event_looks_like_lambdas() {
    let (_aws, queue) = queue().await;
    let id = queue.send("hi");
    let seen = RefCell::new(Value::Null);
    let handler = |event| {
        seen.replace(event);
        accept(Value::Null)
    };
    Mapping::new(queue.clone()).poll(handler).await.unwrap();
    let record = seen.borrow()["Records"][0].clone();
    assert_eq!(record["messageId"], json!(id));
    assert_eq!(record["body"], "hi");
    assert_eq!(record["md5OfBody"], "49f68a5c8493ec2c0bf489821c21fc3b");
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], json!(queue.arn()));
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert!(record["receiptHandle"].is_string() && record["messageAttributes"].is_object());
}

#[tokio::test]
async fn only_what_was_not_reported_is_deleted() {
    let (aws, queue) = queue().await;
    let sent: Vec<_> = (0..3).map(|n| queue.send(&n.to_string())).collect();
    let mapping = Mapping::new(queue.clone());
    let middle =
        async |event: Value| Ok::<_, String>(json!({ "batchItemFailures": [{ "itemIdentifier": ids(&event)[1] }] }));
    let batch = mapping.poll(middle).await.unwrap();
    let (deleted, kept) = (vec![sent[0].clone(), sent[2].clone()], vec![sent[1].clone()]);
    assert_eq!(batch, Batch { deleted, kept, failure: None });
    assert_eq!(queue.messages()[0].id, sent[1]);
    assert_eq!(mapping.poll(accept).await, None, "the kept message is still hidden");
    advance(Duration::from_secs(30)).await;
    assert_eq!(mapping.poll(accept).await.unwrap().deleted, [sent[1].clone()]);
    assert_eq!(aws.capacity().calls(Operation::ReceiveMessage), 2);
    assert_eq!(aws.capacity().calls(Operation::DeleteMessage), 3);
}

#[tokio::test]
async fn a_failed_invocation_keeps_everything_and_ends_in_the_dead_letter_queue() {
    let (aws, queue) = queue().await;
    queue.send("poison");
    let mapping = Mapping::new(queue.clone());
    for _ in 0..2 {
        let batch = mapping.poll(async |_| Err::<Value, _>("out of memory")).await.unwrap();
        assert_eq!((batch.kept.len(), batch.failure.as_deref()), (1, Some("out of memory")));
        advance(Duration::from_secs(30)).await;
    }
    assert_eq!(mapping.poll(accept).await, None);
    let letters = Mapping::new(aws.queue("dead").unwrap());
    assert_eq!(letters.poll(accept).await.unwrap().deleted.len(), 1);
}

#[tokio::test]
async fn a_batch_is_as_large_as_lambda_makes_it() {
    let (_aws, queue) = queue().await;
    for size in [1; 12] {
        queue.send(&"x".repeat(size));
    }
    let sizes = async |mapping: Mapping| {
        let mut sizes = Vec::new();
        while let Some(batch) = mapping.poll(accept).await {
            sizes.push(batch.deleted.len());
        }
        sizes
    };
    assert_eq!(sizes(Mapping::new(queue.clone())).await, [10, 2]);
    (0..5).for_each(|_| drop(queue.send("x")));
    assert_eq!(sizes(Mapping::new(queue.clone()).with_batch_size(2)).await, [2, 2, 1]);
    (0..8).for_each(|_| drop(queue.send(&"x".repeat(1 << 20))));
    assert_eq!(sizes(Mapping::new(queue)).await, [5, 3], "an event holds 6 MB");
}

#[tokio::test]
async fn a_running_mapping_works_on_several_batches_at_once() {
    let (_aws, queue) = queue().await;
    let mapping = Mapping::new(queue.clone()).with_batch_size(1);
    (0..4).for_each(|_| drop(queue.send("x")));
    let slow = async |event: Value| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        accept(event).await
    };
    let stopped = timeout(Duration::from_millis(1_500), mapping.run(2, slow)).await;
    assert!(stopped.is_err(), "it runs until it is dropped");
    let left = queue.messages();
    assert_eq!(left.len(), 2);
    assert!(left.iter().all(|message| message.receives == 1), "what was in hand when it stopped stays hidden");
}
