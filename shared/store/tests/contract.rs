//! One contract for every store: the embedded one in memory and on disk, and DynamoDB — on loopback, and wherever
//! `DRAGOMAN_DYNAMODB_ENDPOINT` says (a table `DRAGOMAN_TABLE` must be there).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken world shall end the test")]

mod forgetting;
mod ground;
mod history;
mod rows;
mod scripts;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ground::client;
use local_aws::{Fault, LocalAws, Operation};
use models::{ConversationKey, HandOffReason, Identity, Message, MessageId, Part, Timestamp};
use scripts::Script;
use store::{
    Claim, DynamoDb, Embedded, HEAD_LIFE, Head, HeadWrite, MOST_PENDING, Owner, RunToken, SIGN_LIFE, Said, Store,
    Summing, TurnKey, TurnKind, TurnRow, WriteError, write_head,
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const TABLE: &str = "conversations";

/// A store under test, and what it stands on.
struct Subject {
    name: &'static str,
    store: Arc<dyn Store>,
    ground: Option<LocalAws>,
}

async fn subjects() -> Vec<Subject> {
    let ground = LocalAws::start().await;
    ground.create_table(TABLE, "expires_at");
    let loopback = Arc::new(DynamoDb::new(client(&ground.endpoint()), TABLE));
    let mut subjects = vec![
        Subject { name: "memory", store: Arc::new(Embedded::in_memory()), ground: None },
        Subject { name: "disk", store: Arc::new(on_disk()), ground: None },
        Subject { name: "loopback", store: loopback, ground: Some(ground) },
    ];
    if let (Ok(endpoint), Ok(table)) = (std::env::var("DRAGOMAN_DYNAMODB_ENDPOINT"), std::env::var("DRAGOMAN_TABLE")) {
        let store = Arc::new(DynamoDb::new(client(&endpoint), table));
        subjects.push(Subject { name: "elsewhere", store, ground: None });
    }
    subjects
}

/// On a disk file that is gone from its folder as soon as it is open, so that nothing is left behind.
fn on_disk() -> Embedded {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("dragoman-contract-{}-{number}.redb", std::process::id()));
    let store = Embedded::on_disk(&file).unwrap();
    let _ = std::fs::remove_file(file);
    store
}

/// A conversation nobody else in this run uses.
fn conversation() -> ConversationKey {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    ConversationKey::parse(&format!("user:{}-{number}", std::process::id())).unwrap()
}

fn message(id: &str) -> Message {
    Message {
        id: MessageId::stored(id),
        log_id: "l".to_owned(),
        author: models::Author::User,
        identity: Identity::new("42", "", "").unwrap(),
        text: "He said \"hi\" 👋\n".into(),
        shortened: false,
        arrival: NOW,
        sent_at: Some(NOW),
        dispatched: true,
        route: None,
        language: Some("de".to_owned()),
        profile_name: None,
        media_urls: None,
    }
}

fn claim(run: &str) -> Claim {
    Claim { run: RunToken(run.to_owned()), lease_until: NOW + Duration::from_secs(70), suspects: false }
}

fn file_write(id: &str, claim: Option<Claim>) -> HeadWrite {
    HeadWrite::File { message: MessageId::stored(id), due: NOW, arrival: NOW, heard: Some(NOW), claim, create: true }
}

/// Files what arrived then, and what the user wrote at the other moment, if the user did.
fn file_at(id: &str, arrival: Timestamp, heard: Option<Timestamp>) -> HeadWrite {
    HeadWrite::File { message: MessageId::stored(id), due: NOW, arrival, heard, claim: None, create: true }
}

async fn wrote(subject: &Subject, key: &ConversationKey, write: HeadWrite, now: Timestamp) -> Head {
    subject
        .store
        .try_write(key, &write, now)
        .await
        .unwrap_or_else(|error| panic!("{}: {write:?}: {error}", subject.name))
}

fn turn_row(key: TurnKey) -> TurnRow {
    TurnRow {
        key,
        kind: TurnKind::HandOff(HandOffReason::Keyword),
        at: NOW,
        covers: vec![MessageId::stored("m1")],
        log_ids: vec![],
        said: vec![Said { text: "hi".into(), arrival: NOW, route: None, dispatched: true, media: vec![], heard: None }],
        to: Identity::new("42", "", "").unwrap(),
        reply: vec![Part::new("hello").unwrap().into()],
        attributes: models::Attributes::default(),
        unwritten: models::Attributes::default(),
        events: vec![models::Event::new("return_requested", NOW).unwrap()],
        route: models::RouteName::parse("returns"),
        summary: Some("wants a refund".into()),
        flow: None,
        own_line: true,
        since: None,
        summing: Summing::Untried,
    }
}

#[tokio::test]
async fn the_head_remembers_the_last_that_the_user_wrote_whatever_is_filed_after_it() {
    let at = |seconds| NOW + Duration::from_secs(seconds);
    for subject in subjects().await {
        let (store, key) = (&subject.store, conversation());
        wrote(&subject, &key, file_at("m2", at(7), Some(at(2))), NOW).await;
        let refused = store.try_write(&key, &file_at("m1", at(9), Some(at(1))), NOW).await;
        assert!(matches!(refused, Err(WriteError::Refused(Some(_)))), "{}: {refused:?}", subject.name);
        for (id, arrival, heard, last) in
            [("m1", 9, None, 2), ("m3", 9, Some(2), 2), ("m4", 9, Some(4), 4), ("m5", 9, None, 4)]
        {
            let head = wrote(&subject, &key, file_at(id, at(arrival), heard.map(at)), NOW).await;
            assert_eq!(head.heard, Some(at(last)), "{}: {id}", subject.name);
        }
    }
}

#[tokio::test]
async fn conversations_do_not_see_each_other() {
    for subject in subjects().await {
        let (store, mine, other) = (&subject.store, conversation(), conversation());
        wrote(&subject, &mine, file_write("m1", None), NOW).await;
        store.put_turn(&mine, &turn_row(TurnKey { number: 1, epoch: 1 }), NOW).await.unwrap();
        assert_eq!(store.head(&other, NOW).await, Ok(None), "{}", subject.name);
        assert_eq!(store.newest_turns(&other, 9, NOW).await, Ok(vec![]));
    }
}

#[tokio::test]
async fn a_head_is_read_as_it_was_written_until_its_life_ends() {
    for subject in subjects().await {
        let (store, key) = (&subject.store, conversation());
        let written = wrote(&subject, &key, file_write("m1", Some(claim("r1"))), NOW).await;
        assert_eq!(store.head(&key, NOW).await, Ok(Some(written)), "{}", subject.name);
        assert_eq!(store.head(&key, NOW + HEAD_LIFE).await, Ok(None), "{}", subject.name);
    }
}

#[tokio::test]
async fn a_sign_is_made_to_last_by_whom_it_leads_to_and_by_nobody_else() {
    let user = |name: &str| ConversationKey::parse(&format!("user:{name}")).unwrap();
    let point = |to| HeadWrite::Point { to: user(to) };
    let later = NOW + HEAD_LIFE;
    for subject in subjects().await {
        let (store, key) = (&subject.store, conversation());
        let sign = wrote(&subject, &key, point("42"), NOW).await;
        assert!(sign.expires_at == NOW + SIGN_LIFE && SIGN_LIFE > HEAD_LIFE, "{}", subject.name);
        let other = store.try_write(&key, &point("7"), later).await;
        assert_eq!(other, Err(WriteError::Refused(Some(Box::new(sign.clone())))), "{}", subject.name);
        let renewed = wrote(&subject, &key, point("42"), later).await;
        assert_eq!(renewed, Head { expires_at: later + SIGN_LIFE, ..sign }, "{}", subject.name);
        assert_eq!(store.head(&key, NOW + SIGN_LIFE).await, Ok(Some(renewed)), "{}", subject.name);
        // Nor is a conversation made a sign, and what was said of a forgotten user stays said.
        let taken = conversation();
        let head = wrote(&subject, &taken, file_write("m1", None), NOW).await;
        let refused = store.try_write(&taken, &point("42"), NOW).await;
        assert_eq!(refused, Err(WriteError::Refused(Some(Box::new(head)))), "{}", subject.name);
        store.erase(&key, later, later).await.unwrap();
        let again = wrote(&subject, &key, point("42"), later).await;
        assert!(again.forgot(later) && again.moved_to == Some(user("42")), "{}", subject.name);
    }
}

#[tokio::test]
async fn a_refusal_shows_what_stands_there() {
    for subject in subjects().await {
        let key = conversation();
        let unborn = HeadWrite::Release { held: claim("r1").held(&Head::default()) };
        assert_eq!(
            subject.store.try_write(&key, &unborn, NOW).await,
            Err(WriteError::Refused(None)),
            "{}",
            subject.name
        );
        let head = wrote(&subject, &key, file_write("m1", None), NOW).await;
        let again = subject.store.try_write(&key, &file_write("m1", None), NOW).await;
        assert_eq!(again, Err(WriteError::Refused(Some(Box::new(head)))), "{}", subject.name);
    }
}

#[tokio::test]
async fn a_flood_ends_at_the_bound() {
    for subject in subjects().await {
        let key = conversation();
        for number in 0..MOST_PENDING {
            wrote(&subject, &key, file_write(&format!("m{number}"), None), NOW).await;
        }
        let more = subject.store.try_write(&key, &file_write("more", None), NOW).await;
        assert!(
            matches!(more, Err(WriteError::Refused(Some(head))) if head.pending.len() == MOST_PENDING),
            "{}",
            subject.name
        );
    }
}

#[tokio::test]
async fn of_two_changes_of_owner_the_later_one_stands_and_the_same_moment_is_not_later() {
    let change = |owner, at| HeadWrite::ChangeOwner { owner, at, sending: false };
    let second = Duration::from_secs(1);
    for subject in subjects().await {
        let key = conversation();
        let taken = wrote(&subject, &key, change(Owner::Person, NOW), NOW).await;
        for at in [NOW - second, NOW] {
            let late = subject.store.try_write(&key, &change(Owner::Bot, at), NOW).await;
            assert_eq!(late, Err(WriteError::Refused(Some(Box::new(taken.clone())))), "{}: {at:?}", subject.name);
        }
        let given_back = wrote(&subject, &key, change(Owner::Bot, NOW + second), NOW).await;
        assert_eq!(given_back.owner, Owner::Bot, "{}", subject.name);
        wrote(&subject, &key, file_write("m1", Some(claim("r1"))), NOW).await;
        let fenced = wrote(&subject, &key, change(Owner::Bot, NOW + 2 * second), NOW).await;
        assert_eq!(fenced.attempts, 0, "{}: the run that this ends was no failed attempt", subject.name);
    }
}

#[tokio::test]
async fn every_script_means_the_same_in_every_store() {
    let subjects = subjects().await;
    for seed in 0..40 {
        let key = conversation();
        let mut script = Script::new(seed);
        let mut head = None;
        for step in 0..40 {
            let (write, now) = (script.next(head.as_ref()), script.now());
            let expected = write.apply(head.as_ref(), now);
            for subject in &subjects {
                let found = subject.store.try_write(&key, &write, now).await;
                let case = format!("{}: seed {seed}, step {step}: {write:?} on {head:?}", subject.name);
                match (&expected, found) {
                    (Ok(expected), Ok(found)) => assert_eq!(found, *expected, "{case}"),
                    (Err(_), Err(WriteError::Refused(found))) => assert_eq!(found.map(|found| *found), head, "{case}"),
                    (_, found) => panic!("{case}: {found:?}, expected {expected:?}"),
                }
            }
            head = expected.ok().or(head);
        }
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_recognised_as_our_own() {
    let ground = LocalAws::start().await;
    ground.create_table(TABLE, "expires_at");
    let store = DynamoDb::new(client(&ground.endpoint()), TABLE);
    // The SDK makes only so many retries in a process before it stops making any: every kind of write is lost a few times.
    let mut lost = std::collections::HashMap::new();
    for seed in 0..40 {
        let (key, mut script, mut head) = (conversation(), Script::new(seed), None);
        for _ in 0..40 {
            let (write, now) = (script.next(head.as_ref()), script.now());
            let expected = write.apply(head.as_ref(), now).ok();
            let times: &mut u32 = lost.entry(std::mem::discriminant(&write)).or_default();
            if expected.is_some() && *times < 5 {
                *times += 1;
                ground.inject(Fault::lose_response(Operation::UpdateItem));
            }
            let found = write_head(&store, &key, &write, now).await;
            assert!(
                expected.is_none() || found.as_ref().ok() == expected.as_ref(),
                "seed {seed}: {write:?} on {head:?}: {found:?}"
            );
            head = expected.or(head);
        }
    }
    assert!(lost.values().filter(|times| **times == 5).count() >= 9, "{lost:?}");
}
