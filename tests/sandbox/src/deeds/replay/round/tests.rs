//! Rounds through a queue in memory.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use models::{AgentAction, AgentDeed, Author, Identity, Message};
use store::{Embedded, HeadWrite, Owner, write_head};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// Dead letters in memory: those in sight, those in hand, those that were put back.
#[derive(Default)]
struct Letters {
    in_sight: Mutex<Vec<Letter>>,
    deleted: Mutex<Vec<String>>,
    put_back: Mutex<Vec<String>>,
}

impl Letters {
    fn holding(bodies: &[String]) -> Self {
        let letter = |(place, body): (usize, &String)| {
            let id = format!("record-{place}");
            Letter { receipt: id.clone(), id, body: body.clone() }
        };
        Self { in_sight: Mutex::new(bodies.iter().enumerate().map(letter).collect()), ..Self::default() }
    }
}

#[async_trait]
impl DeadLetters for Letters {
    async fn next(&self) -> Result<Vec<Letter>, QueueError> {
        let mut in_sight = self.in_sight.lock().unwrap();
        let some = in_sight.len().min(2);
        Ok(in_sight.drain(..some).collect())
    }

    async fn delete(&self, letter: &Letter) -> Result<(), QueueError> {
        self.deleted.lock().unwrap().push(letter.id.clone());
        Ok(())
    }

    async fn put_back(&self, letter: &Letter) -> Result<(), QueueError> {
        self.put_back.lock().unwrap().push(letter.id.clone());
        Ok(())
    }
}

/// A queue that keeps what it is sent, or takes nothing.
#[derive(Default)]
struct Sent {
    bodies: Mutex<Vec<String>>,
    is_down: bool,
}

#[async_trait]
impl Queue for Sent {
    async fn send(&self, body: String) -> Result<(), QueueError> {
        if self.is_down {
            return Err(QueueError { reason: "timeout".to_owned() });
        }
        self.bodies.lock().unwrap().push(body);
        Ok(())
    }
}

fn message(user: &str, log_id: &str, hours_ago: u64) -> Message {
    let arrival = NOW - Duration::from_hours(hours_ago);
    Message {
        id: MessageId::of_arrival(user, log_id, arrival),
        log_id: log_id.to_owned(),
        author: Author::User,
        identity: Identity::new(user, "", "").unwrap(),
        text: "canary words".into(),
        shortened: false,
        arrival,
        sent_at: None,
        dispatched: false,
        route: None,
        language: None,
        profile_name: None,
        media_urls: None,
    }
}

fn letter(message: &Message) -> String {
    QueueMessage::InboundV1(message.clone()).to_ascii_json()
}

fn takeover(log_id: &str) -> String {
    let conversation = ConversationKey::parse("user:42").unwrap();
    let (id, log_id, at) = (MessageId::stored("a1"), log_id.to_owned(), NOW - Duration::from_hours(1));
    let deed = AgentDeed::TakeOver;
    QueueMessage::AgentV1(AgentAction { id, log_id, conversation, at, named: true, deed }).to_ascii_json()
}

struct World {
    letters: Letters,
    work: Sent,
    agents: Sent,
    store: Arc<Embedded>,
}

impl World {
    fn with(bodies: &[String]) -> Self {
        let (work, agents) = (Sent::default(), Sent::default());
        Self { letters: Letters::holding(bodies), work, agents, store: Arc::new(Embedded::in_memory()) }
    }

    async fn round(&self, send: bool) -> Vec<(String, Option<Verdict>)> {
        let World { letters, work, agents, store } = self;
        let clock = &StoppedClock;
        let round = Round { letters, work, agents, store: &**store, clock, wishes: &[], send };
        let judged = round.go(&|_| {}).await.unwrap();
        judged.into_iter().map(|judged| (judged.log_id, judged.verdict.ok())).collect()
    }

    fn deleted(&self) -> Vec<String> {
        self.letters.deleted.lock().unwrap().clone()
    }

    fn put_back(&self) -> Vec<String> {
        self.letters.put_back.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_done_and_puts_every_letter_back() {
    let world = World::with(&[letter(&message("42", "a", 1)), "no letter of ours".to_owned(), takeover("b")]);
    let told = world.round(false).await;
    let again = Some(Verdict::SendAgain);
    let expected = [("record-1", Some(Verdict::Unreadable)), ("a", again), ("b", again)];
    assert_eq!(told, expected.map(|(log_id, verdict)| (log_id.to_owned(), verdict)));
    assert_eq!(world.put_back().len(), 3);
    assert!(world.deleted().is_empty() && world.work.bodies.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_sent_again_goes_to_its_own_queue_the_oldest_first_and_what_stays_is_put_back() {
    let (newer, older, old) = (message("42", "newer", 1), message("42", "older", 2), message("7", "old", 40));
    let world = World::with(&[letter(&newer), letter(&older), takeover("t"), letter(&old)]);
    let told = world.round(true).await;
    assert_eq!(told[0], ("old".to_owned(), Some(Verdict::TooOld)));
    assert_eq!(*world.work.bodies.lock().unwrap(), [letter(&older), letter(&newer)]);
    assert_eq!(*world.agents.bodies.lock().unwrap(), [takeover("t")]);
    assert_eq!((world.deleted().len(), world.put_back()), (3, vec!["record-3".to_owned()]));
}

#[tokio::test]
async fn a_letter_is_deleted_only_once_the_queue_has_it() {
    let mut world = World::with(&[letter(&message("42", "a", 1))]);
    world.work.is_down = true;
    assert_eq!(world.round(true).await, [("a".to_owned(), None)]);
    assert!(world.deleted().is_empty() && world.put_back() == ["record-0"]);
}

#[tokio::test]
async fn what_the_table_knows_decides_also_under_the_key_that_a_sign_leads_to() {
    let (done, with_person, moved) = (message("1", "done", 2), message("2", "person", 2), message("3", "moved", 2));
    let world = World::with(&[letter(&done), letter(&with_person), letter(&moved)]);
    let (key, store) = (done.identity.conversation(), &world.store);
    store.put_message(&key, &done, NOW).await.unwrap();
    store.mark(&key, &done.id, RowState::Done).await.unwrap();
    let takeover = HeadWrite::ChangeOwner { owner: Owner::Person, at: NOW, sending: false };
    write_head(&**store, &with_person.identity.conversation(), &takeover, NOW).await.unwrap();
    let elsewhere = ConversationKey::parse("alias:phone:+1555").unwrap();
    let sign = HeadWrite::Point { to: elsewhere.clone() };
    write_head(&**store, &moved.identity.conversation(), &sign, NOW).await.unwrap();
    write_head(&**store, &elsewhere, &takeover, NOW).await.unwrap();
    let told: Vec<_> = world.round(true).await.into_iter().filter_map(|(_, verdict)| verdict).collect();
    assert_eq!(told.iter().filter(|verdict| **verdict == Verdict::WithPerson).count(), 2, "{told:?}");
    assert!(told.contains(&Verdict::Done) && world.deleted().len() == 3);
    assert_eq!(world.work.bodies.lock().unwrap().len(), 2, "the person is to read both");
}
