//! How much a store reads of what was said, and whether it says that there is more.

use local_aws::Operation;
use store::{NewestRows, ROW_LIFE, Said, TurnKey, TurnRow};

use crate::{NOW, Subject, conversation, subjects, turn_row};

fn turn(number: u64) -> TurnRow {
    turn_row(TurnKey { number, epoch: 1 })
}

/// The turns with these numbers, in that order.
fn turns(numbers: impl IntoIterator<Item = u64>) -> Vec<TurnRow> {
    numbers.into_iter().map(turn).collect()
}

/// Whether it says that these are all when it was asked for exactly as many as there are. DynamoDB does not: that would take
/// one call more.
fn is_exact(subject: &Subject) -> bool {
    matches!(subject.name, "memory" | "disk")
}

fn queries(subject: &Subject) -> Option<u64> {
    Some(subject.ground.as_ref()?.capacity().calls(Operation::Query))
}

#[tokio::test]
async fn whether_there_are_older_turns_is_told_in_one_call() {
    for subject in subjects().await {
        let (store, key, name) = (&subject.store, conversation(), subject.name);
        let nothing = NewestRows { rows: vec![], is_all: true };
        assert_eq!(store.newest_rows(&key, 1, NOW).await, Ok(nothing), "{name}: no conversation");
        for number in 1..=3 {
            store.put_turn(&key, &turn(number), NOW).await.unwrap();
        }
        let cases = [
            (1, vec![3], false),
            (2, vec![3, 2], false),
            (3, vec![3, 2, 1], is_exact(&subject)),
            (4, vec![3, 2, 1], true),
        ];
        for (most, numbers, is_all) in cases {
            let before = queries(&subject);
            let newest = store.newest_rows(&key, most, NOW).await;
            assert_eq!(newest, Ok(NewestRows { rows: turns(numbers), is_all }), "{name}: {most}");
            assert_eq!(queries(&subject), before.map(|calls| calls + 1), "{name}: {most}");
        }
    }
}

#[tokio::test]
async fn rows_that_have_expired_hide_no_older_one() {
    let expires_now = NOW - ROW_LIFE;
    for subject in subjects().await {
        let (store, key, name) = (&subject.store, conversation(), subject.name);
        for (number, at) in [(1, NOW), (2, NOW), (3, expires_now), (4, expires_now)] {
            store.put_turn(&key, &turn(number), at).await.unwrap();
        }
        for (most, numbers, is_all) in [(2, vec![], false), (3, vec![2], false), (5, vec![2, 1], true)] {
            let newest = store.newest_rows(&key, most, NOW).await;
            assert_eq!(newest, Ok(NewestRows { rows: turns(numbers), is_all }), "{name}: {most}");
        }
    }
}

/// Ten of these rows are some 3 MiB, and DynamoDB reads 1 MiB in a call.
#[tokio::test]
async fn as_many_rows_are_read_as_were_asked_for_however_large_they_are() {
    let said = Said { text: "x".repeat(300 << 10).as_str().into(), ..turn(1).said.remove(0) };
    let large = |number| TurnRow { said: vec![said.clone()], ..turn(number) };
    for subject in subjects().await {
        let (store, key, name) = (&subject.store, conversation(), subject.name);
        for number in 1..=10 {
            store.put_turn(&key, &large(number), NOW).await.unwrap();
        }
        let cases = [(6, false, 2), (10, is_exact(&subject), 3), (11, true, 3)];
        for (most, is_all, calls) in cases {
            let before = queries(&subject);
            let newest = store.newest_rows(&key, most, NOW).await.unwrap();
            let numbers: Vec<_> = newest.rows.iter().map(|row| row.key.number).collect();
            let expected: Vec<_> = (1..=10).rev().take(most).collect();
            assert_eq!((numbers, newest.is_all), (expected, is_all), "{name}: {most}");
            assert!(newest.rows.iter().all(|row| row.said == large(1).said), "{name}: {most}");
            assert_eq!(queries(&subject), before.map(|before| before + calls), "{name}: {most}");
        }
    }
}
