//! What a store keeps of somebody who is forgotten, and by which names it finds them.

use std::time::Duration;

use models::{Identity, Message};
use store::{HeadWrite, Owner, Said, TOMBSTONE_LIFE, TurnKey, TurnRow, WriteError};

use crate::{NOW, conversation, file_at, file_write, message, subjects, turn_row, wrote};

#[tokio::test]
async fn what_is_forgotten_is_gone_and_stays_out_and_what_comes_later_is_left_alone() {
    let at = |seconds| NOW + Duration::from_secs(seconds);
    for subject in subjects().await {
        let (store, key) = (&subject.store, conversation());
        let arrived = |id: &str, seconds| Message { arrival: at(seconds), ..message(id) };
        let file = |message: &Message| file_at(message.id.as_str(), message.arrival, Some(message.arrival));
        let said = |seconds| {
            let said = Said {
                text: "hi".into(),
                arrival: at(seconds),
                route: None,
                dispatched: true,
                media: vec![],
                heard: None,
            };
            TurnRow { said: vec![said], at: at(9), ..turn_row(TurnKey { number: seconds, epoch: 1 }) }
        };
        let (old, new) = (arrived("m1", 1), arrived("m2", 3));
        store.put_message(&key, &old, NOW).await.unwrap();
        let before = wrote(&subject, &key, file(&old), NOW).await;
        store.put_turn(&key, &said(1), NOW).await.unwrap();
        assert_eq!(store.erase(&key, at(2), NOW).await, Ok(Some(before.clone())), "{}", subject.name);

        assert_eq!(store.messages(&key, std::slice::from_ref(&old.id)).await, Ok(vec![]), "{}", subject.name);
        assert_eq!(store.newest_turns(&key, 9, NOW).await, Ok(vec![]), "{}", subject.name);
        let tombstone = before.tombstone(at(2), NOW);
        let stays_out = [file(&old), HeadWrite::ChangeOwner { owner: Owner::Person, at: at(2), sending: false }];
        for write in stays_out {
            let refused = store.try_write(&key, &write, NOW).await;
            let Err(WriteError::Refused(Some(head))) = refused else { panic!("{}: {refused:?}", subject.name) };
            assert_eq!(*head, tombstone, "{}", subject.name);
        }
        assert!(tombstone.forgot(at(2)) && !tombstone.forgot(at(3)) && tombstone.epoch > before.epoch);
        assert_eq!(store.head(&key, NOW + TOMBSTONE_LIFE).await, Ok(None), "{}", subject.name);

        // A draft that a run of before left, and a conversation that begins anew.
        store.put_turn(&key, &said(2), NOW).await.unwrap();
        store.put_message(&key, &new, NOW).await.unwrap();
        let begun = wrote(&subject, &key, file(&new), NOW).await;
        store.put_turn(&key, &said(3), NOW).await.unwrap();
        assert_eq!(store.erase(&key, at(2), NOW).await, Ok(Some(begun.clone())), "{}", subject.name);
        assert_eq!(store.head(&key, NOW).await, Ok(Some(begun)), "{}", subject.name);
        assert_eq!(store.messages(&key, std::slice::from_ref(&new.id)).await.unwrap().len(), 1, "{}", subject.name);
        assert_eq!(store.newest_turns(&key, 9, NOW).await, Ok(vec![said(3)]), "{}", subject.name);
        assert_eq!(store.erase(&conversation(), NOW, NOW).await, Ok(None), "{}: nobody was there", subject.name);
    }
}

#[tokio::test]
async fn the_names_of_everybody_in_the_rows_are_found_however_many_rows_there_are() {
    let alias = |number: u64| format!("alias:phone:+1555000{number}");
    for subject in subjects().await {
        let (store, key) = (&subject.store, conversation());
        assert_eq!(store.keys_named(&key).await, Ok(vec![]), "{}", subject.name);
        wrote(&subject, &key, file_write("m1", None), NOW).await;
        for number in 0..3 {
            let row = TurnRow {
                to: Identity::new("42", "", &format!("+1555000{number}")).unwrap(),
                ..turn_row(TurnKey { number, epoch: 1 })
            };
            store.put_turn(&key, &row, NOW).await.unwrap();
            let of_a_message = Identity::new("", &format!("b{number}"), "").unwrap();
            let filed = Message { identity: of_a_message, ..message(&format!("m{number}")) };
            store.put_message(&key, &filed, NOW).await.unwrap();
        }
        let mut names: Vec<_> =
            store.keys_named(&key).await.unwrap().iter().map(|key| key.as_str().to_owned()).collect();
        names.sort();
        let expected =
            [alias(0), alias(1), alias(2), "braze:b0".into(), "braze:b1".into(), "braze:b2".into(), "user:42".into()];
        assert_eq!(names, expected, "{}", subject.name);
    }
}

#[tokio::test]
async fn a_message_is_forgotten_alone() {
    for subject in subjects().await {
        let (store, key) = (&subject.store, conversation());
        let (first, second) = (message("m1"), message("m2"));
        store.put_message(&key, &first, NOW).await.unwrap();
        store.put_message(&key, &second, NOW).await.unwrap();
        store.forget(&key, &first.id).await.unwrap();
        let left = store.messages(&key, &[first.id.clone(), second.id.clone()]).await.unwrap();
        assert_eq!(left.iter().map(|row| &row.message.id).collect::<Vec<_>>(), [&second.id], "{}", subject.name);
    }
}
