//! The webhook desk against a receiver that takes the Standard Webhooks specification at its word.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod receiver;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use desk::{Desk as _, DeskError, DeskEvent, Line, ReleasedBy, Speaker, Webhook, What};
use models::{ConversationKey, HandOffReason, Timestamp};
use platform::clock::Clock;
use platform::secrets::{FixedKey, Key, SecretUnavailable};
use receiver::{Answer, Receiver};
use secrecy::SecretString;
use serde_json::json;

const AMPLE: Duration = Duration::from_secs(20);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NOW: u64 = 1_795_818_834;

/// A clock that goes on by a second each time it is asked.
struct Ticking(Mutex<u64>);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let mut second = self.0.lock().unwrap();
        *second += 1;
        Timestamp::from_seconds(NOW + *second)
    }
}

fn desk(url: &str, secret: Arc<dyn Key>) -> Webhook {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    Webhook::new(url, secret, http, Arc::new(Ticking(Mutex::new(0)))).unwrap()
}

fn fixed(secret: &str) -> Arc<dyn Key> {
    Arc::new(FixedKey(secret.into()))
}

fn event(id: &str, what: What) -> DeskEvent {
    let conversation = ConversationKey::parse("user:ada@example.com").unwrap();
    DeskEvent { id: id.to_owned(), conversation, at: Timestamp::from_seconds(NOW - 60), what }
}

fn message(id: &str) -> DeskEvent {
    event(id, What::Message { text: format!("my secret words {id}").into(), media_urls: None })
}

fn hand_off() -> DeskEvent {
    let transcript = vec![Line { from: Speaker::User, text: "é \"hi\"\n".into(), at: Timestamp::from_seconds(NOW) }];
    let (profile_name, language) = (Some("Ada".into()), Some("de".to_owned()));
    let reason = HandOffReason::Failure;
    event("h1", What::HandOff { reason, summary: "a refund".into(), transcript, profile_name, language })
}

#[tokio::test]
async fn every_event_arrives_signed_and_whole() {
    let receiver = Receiver::new(SECRET).await;
    let desk = desk(&receiver.url, fixed(SECRET));
    let events = [hand_off(), message("m1"), event("r1", What::Released { by: ReleasedBy::QuietHours })];
    for event in &events {
        assert_eq!(desk.deliver(event, AMPLE).await, Ok(()));
    }
    let kept = receiver.kept();
    assert_eq!(kept.iter().map(|kept| kept.id.clone()).collect::<Vec<_>>(), events.map(|event| event.public_id()));
    assert_eq!(
        kept[0].body,
        json!({"type": "hand_off", "version": 1, "timestamp": "2026-11-27T22:32:54.000Z", "data": {
            "conversation": "user:ada@example.com", "reason": "failure", "summary": "a refund", "profile_name": "Ada",
            "language": "de", "transcript": [{"from": "user", "text": "é \"hi\"\n", "at": "2026-11-27T22:33:54.000Z"}]}})
    );
    assert_eq!(kept[1].body["data"]["text"], "my secret words m1");
    assert_eq!(kept[2].body["data"]["by"], "quiet_hours");
}

#[tokio::test]
async fn a_status_says_whether_to_try_again() {
    let unavailable = |status| Err(DeskError::Unavailable { status: Some(status) });
    let refused = |status| Err(DeskError::Refused { status });
    let rejected = |status| Err(DeskError::Rejected { status });
    for (status, expected) in [
        (200, Ok(())),
        (202, Ok(())),
        (204, Ok(())),
        (299, Ok(())),
        (408, unavailable(408)),
        (429, unavailable(429)),
        (500, unavailable(500)),
        (502, unavailable(502)),
        (504, unavailable(504)),
        (301, refused(301)),
        (304, refused(304)),
        (400, rejected(400)),
        (401, refused(401)),
        (403, refused(403)),
        (404, refused(404)),
        (405, refused(405)),
        (406, refused(406)),
        (409, rejected(409)),
        (410, refused(410)),
        (413, rejected(413)),
        (415, refused(415)),
        (422, rejected(422)),
        (431, refused(431)),
        (425, unavailable(425)),
    ] {
        let receiver = Receiver::new(SECRET).await;
        receiver.answers([Answer::Status(status)]);
        assert_eq!(desk(&receiver.url, fixed(SECRET)).deliver(&message("m1"), AMPLE).await, expected, "{status}");
        assert_eq!(receiver.tries(), 1, "{status}: trying again is the caller's business");
    }
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_other_host_never_hears_of_it() {
    for status in [301, 302, 303, 307, 308] {
        let (elsewhere, receiver) = (Receiver::new(SECRET).await, Receiver::new(SECRET).await);
        receiver.answers([Answer::Redirect(status, elsewhere.url.clone())]);
        let outcome = desk(&receiver.url, fixed(SECRET)).deliver(&message("m1"), AMPLE).await;
        assert_eq!((outcome, elsewhere.tries()), (Err(DeskError::Refused { status }), 0));
    }
}

#[tokio::test]
async fn a_receiver_that_drops_repetitions_has_each_event_once_whatever_answers_were_lost() {
    let receiver = Receiver::new(SECRET).await;
    let desk = desk(&receiver.url, fixed(SECRET));
    receiver.answers([
        Answer::Status(503),
        Answer::Lost(504),
        Answer::Late,
        Answer::Status(200),
        Answer::Lost(500),
        Answer::Status(429),
        Answer::Status(200),
    ]);
    for event in [message("m1"), message("m2"), message("m3")] {
        let mut tries = 0;
        while desk.deliver(&event, Duration::from_millis(500)).await.is_err() {
            tries += 1;
            assert!(tries < 10, "it never ends");
        }
    }
    let texts: Vec<_> = receiver.kept().iter().map(|kept| kept.body["data"]["text"].clone()).collect();
    assert_eq!(texts, ["my secret words m1", "my secret words m2", "my secret words m3"]);
    assert_eq!(receiver.tries(), 8);
    assert!(receiver.times().is_sorted_by(|one, next| one < next), "each try has its own time");
}

#[tokio::test]
async fn the_body_of_an_answer_is_not_waited_for() {
    let receiver = Receiver::new(SECRET).await;
    receiver.answers([Answer::Endless]);
    let start = Instant::now();
    assert_eq!(desk(&receiver.url, fixed(SECRET)).deliver(&message("m1"), AMPLE).await, Ok(()));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_receiver_that_is_silent_or_not_there_is_tried_later() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let time = Duration::from_millis(300);
    let start = Instant::now();
    assert_eq!(desk(&url, fixed(SECRET)).deliver(&message("m1"), time).await, Err(DeskError::TimedOut));
    assert!(start.elapsed() >= time && start.elapsed() < time + Duration::from_secs(1));
    drop(silent);
    let outcome = desk(&url, fixed(SECRET)).deliver(&message("m1"), AMPLE).await;
    assert_eq!(outcome, Err(DeskError::Unavailable { status: None }));
}

/// Gives out one secret until it is asked to look again.
struct Rotated(&'static str, Result<&'static str, SecretUnavailable>);

#[async_trait]
impl Key for Rotated {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        Ok(self.0.into())
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        self.1.clone().map(SecretString::from)
    }
}

#[tokio::test]
async fn a_rotation_loses_nothing() {
    let unreachable = || SecretUnavailable::Unreachable { name: "desk".to_owned(), reason: "timeout".to_owned() };
    let refused = Err(DeskError::Refused { status: 401 });
    for (secret, expected, tries) in [
        // Both sign while the receiver knows one of them.
        (Rotated("whsec_bmV3IHNlY3JldA== whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Err(unreachable())), Ok(()), 1),
        (Rotated("old", Ok(SECRET)), Ok(()), 2),
        // Set after the function had read the secret.
        (Rotated(" ", Ok(SECRET)), Ok(()), 1),
        (Rotated("old", Ok("also wrong")), refused, 2),
        (Rotated("old", Ok("old")), refused, 1),
        (Rotated("old", Err(unreachable())), refused, 1),
    ] {
        let receiver = Receiver::new(SECRET).await;
        assert_eq!(desk(&receiver.url, Arc::new(secret)).deliver(&message("m1"), AMPLE).await, expected);
        assert_eq!((receiver.tries(), receiver.kept().len()), (tries, usize::from(expected.is_ok())));
    }
}

#[tokio::test]
async fn without_a_usable_secret_nothing_leaves_and_the_event_waits() {
    let receiver = Receiver::new(SECRET).await;
    for secret in ["", "whsec_***"] {
        let outcome = desk(&receiver.url, fixed(secret)).deliver(&message("m1"), AMPLE).await;
        assert_eq!((outcome, receiver.tries()), (Err(DeskError::Unavailable { status: None }), 0));
    }
}

#[tokio::test]
async fn nothing_personal_or_secret_is_shown() {
    let receiver = Receiver::new("another secret").await;
    let desk = desk(&format!("{}path-token?q=query-token", receiver.url), fixed(SECRET));
    let error = desk.deliver(&hand_off(), AMPLE).await.unwrap_err();
    let shown = format!("{desk:?} {error} {error:?} {:?}", hand_off());
    for secret in ["ada", "Ada", "refund", "hi", "token", "whsec", "MfKQ"] {
        assert!(!shown.replace("Unauthorized", "").contains(secret), "{secret}: {shown}");
    }
}
