//! The rows beside the head: messages and turns, for as long as they last.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_dynamodb::types::AttributeValue;
use local_aws::LocalAws;
use models::MessageId;
use platform::metrics::{Meter, Metric};
use store::{DynamoDb, Filed, NewestRows, ROW_LIFE, Recap, RowState, Store, StoreError, Summing, TurnKey, TurnRow};

use crate::ground::client;
use crate::{NOW, TABLE, conversation, message, subjects, turn_row};

#[tokio::test]
async fn a_message_is_filed_once_and_remembers_what_became_of_it() {
    for subject in subjects().await {
        let (store, key, message) = (&subject.store, conversation(), message("m1"));
        assert_eq!(store.put_message(&key, &message, NOW).await, Ok(Filed::New), "{}", subject.name);
        assert_eq!(store.put_message(&key, &message, NOW).await, Ok(Filed::Known(RowState::Open)));
        store.mark(&key, &message.id, RowState::Parked(NOW)).await.unwrap();
        assert_eq!(store.put_message(&key, &message, NOW).await, Ok(Filed::Known(RowState::Parked(NOW))));
        store.mark(&key, &message.id, RowState::Done).await.unwrap();
        store.mark(&key, &message.id, RowState::Parked(NOW)).await.unwrap();
        let rows = store.messages(&key, &[message.id.clone(), MessageId::stored("unknown")]).await.unwrap();
        assert_eq!((rows.len(), rows[0].state, &rows[0].message), (1, RowState::Done, &message), "{}", subject.name);
        let expired = NOW + ROW_LIFE;
        assert_eq!(store.put_message(&key, &message, expired).await, Ok(Filed::New), "{}", subject.name);
    }
}

#[tokio::test]
async fn marking_a_row_that_is_gone_does_not_bring_it_back() {
    for subject in subjects().await {
        let (store, key, id) = (&subject.store, conversation(), MessageId::stored("gone"));
        store.mark(&key, &id, RowState::Done).await.unwrap();
        assert_eq!(store.messages(&key, &[id]).await, Ok(vec![]), "{}", subject.name);
    }
}

#[tokio::test]
async fn turns_come_newest_first_and_not_beyond_their_life() {
    for subject in subjects().await {
        let (store, key) = (&subject.store, conversation());
        for (number, epoch) in [(1, 1), (2, 3), (10, 12), (2, 2)] {
            store.put_turn(&key, &turn_row(TurnKey { number, epoch }), NOW).await.unwrap();
        }
        let newest = store.newest_turns(&key, 3, NOW).await.unwrap();
        let keys: Vec<_> = newest.iter().map(|row| (row.key.number, row.key.epoch)).collect();
        assert_eq!(keys, [(10, 12), (2, 3), (2, 2)], "{}", subject.name);
        assert_eq!(
            store.turn(&key, TurnKey { number: 1, epoch: 1 }).await.unwrap(),
            Some(turn_row(TurnKey { number: 1, epoch: 1 }))
        );
        assert_eq!(store.turn(&key, TurnKey { number: 3, epoch: 1 }).await, Ok(None));
        assert_eq!(store.newest_turns(&key, 3, NOW + ROW_LIFE).await, Ok(vec![]), "{}", subject.name);
    }
}

#[tokio::test]
async fn a_row_is_replaced_only_as_whoever_does_it_knows_it_and_never_brought_back() {
    for subject in subjects().await {
        let (store, key, turn) = (&subject.store, conversation(), TurnKey { number: 1, epoch: 1 });
        let (was, recap) = (turn_row(turn), |text: &str| Recap { up_to: 1, since: NOW, text: text.into() });
        let with = |text| TurnRow { summing: Summing::Done(recap(text)), ..was.clone() };
        assert_eq!(store.replace_turn(&key, &was, &with("a"), NOW).await, Ok(false), "{}: nothing there", subject.name);
        assert_eq!(store.newest_turns(&key, 3, NOW).await, Ok(vec![]), "{}", subject.name);
        store.put_turn(&key, &was, NOW).await.unwrap();
        assert_eq!(store.replace_turn(&key, &was, &with("a"), NOW).await, Ok(true), "{}", subject.name);
        assert_eq!(store.replace_turn(&key, &was, &with("b"), NOW).await, Ok(false), "{}: not known", subject.name);
        let read = store.newest_turns(&key, 3, NOW).await.unwrap();
        assert_eq!(read, [with("a")], "{}", subject.name);
        assert_eq!(store.replace_turn(&key, &read[0], &with("c"), NOW).await, Ok(true), "{}", subject.name);
        assert_eq!(store.turn(&key, turn).await, Ok(Some(with("c"))), "{}", subject.name);
        store.erase(&key, NOW, NOW).await.unwrap();
        assert_eq!(store.replace_turn(&key, &with("c"), &with("d"), NOW).await, Ok(false), "{}", subject.name);
        assert_eq!(store.newest_turns(&key, 3, NOW).await, Ok(vec![]), "{}", subject.name);
    }
}

/// Counts what is counted.
#[derive(Default)]
struct Counts(AtomicU64);

impl Meter for Counts {
    fn count(&self, metric: Metric, amount: u64) {
        if metric == Metric::RowSkipped {
            self.0.fetch_add(amount, Ordering::Relaxed);
        }
    }
}

#[tokio::test]
async fn a_row_in_words_that_this_version_does_not_know_is_skipped_and_counted_and_still_is_forgotten() {
    let ground = LocalAws::start().await;
    ground.create_table(TABLE, "expires_at");
    let (client, counts) = (client(&ground.endpoint()), Arc::new(Counts::default()));
    let (store, key) = (DynamoDb::new(client.clone(), TABLE).counting(counts.clone()), conversation());
    let turn = |number| TurnKey { number, epoch: 1 };
    for number in 1..=3 {
        store.put_turn(&key, &turn_row(turn(number)), NOW).await.unwrap();
    }
    let body = serde_json::to_string(&turn_row(turn(2))).unwrap().replace("hand_off", "sung");
    let item = client.put_item().table_name(TABLE).item("pk", AttributeValue::S(key.as_str().to_owned()));
    let item = item.item("sk", AttributeValue::S("T#0000000002#0000000001".to_owned()));
    let item = item.item("expires_at", AttributeValue::N((NOW + ROW_LIFE).seconds().to_string()));
    item.item("b", AttributeValue::S(body)).send().await.unwrap();

    let newest = store.newest_turns(&key, 3, NOW).await.unwrap();
    assert_eq!(newest, [turn_row(turn(3)), turn_row(turn(1))]);
    assert_eq!(counts.0.load(Ordering::Relaxed), 1);
    let two = store.newest_rows(&key, 2, NOW).await;
    assert_eq!(two, Ok(NewestRows { rows: vec![turn_row(turn(3))], is_all: false }), "fewer, and not all");
    let alone = store.turn(&key, turn(2)).await;
    assert_eq!(
        alone,
        Err(StoreError::Malformed { operation: "turn", attribute: "b" }),
        "never taken for one that is gone"
    );
    assert_eq!(store.keys_named(&key).await.unwrap().len(), 1);
    store.erase(&key, NOW, NOW).await.unwrap();
    assert_eq!(store.turn(&key, turn(2)).await, Ok(None));
}
