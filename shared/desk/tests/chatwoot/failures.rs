//! Retries, outages, lost answers, wrong keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use desk::{Desk as _, DeskError, ReleasedBy};
use platform::secrets::{Key, SecretUnavailable};
use secrecy::SecretString;

use crate::fake::{Fake, Fault, TOKEN};
use crate::{AMPLE, NOW, deliver, desk, hand_off, incoming, message, released, with_token, written};

#[tokio::test]
async fn whichever_request_fails_and_however_a_retry_completes_the_event_and_repeats_nothing() {
    let pages = [Fault::Page("<html>busy</html>"), Fault::Page(r#"{"status": "ok"}"#)];
    let failures = [Fault::Status(503), Fault::Status(429), Fault::Lost(504), Fault::CutOff, Fault::Late];
    for fault in failures.into_iter().chain(pages) {
        for (event, requests) in [(hand_off(), 6), (message("two"), 4), (released(ReleasedBy::QuietHours), 4)] {
            for number in 0..requests {
                let fake = Fake::start(NOW).await;
                let desk = desk(&fake);
                deliver(&desk, &message("one")).await;
                fake.with(|state| {
                    "snoozed".clone_into(&mut state.conversations[0].status);
                    state.requests.clear();
                    state.fault = Some((number, fault));
                });
                let time = if matches!(fault, Fault::Late) { Duration::from_millis(400) } else { AMPLE };
                assert!(desk.deliver(&event, time).await.is_err(), "{fault:?} {number} {event:?}");
                let tried = fake.with(|state| (state.fault.take(), state.requests.len()).1);
                // On a busy machine the time may be over before the request that should have hung.
                assert!(tried == number + 1 || (matches!(fault, Fault::Late) && tried <= number), "{fault:?} {tried}");
                deliver(&desk, &event).await;
                deliver(&desk, &message("three")).await;
                let shown = written(&fake, 0);
                assert_eq!((shown.len(), shown[0].clone()), (3, incoming("one")), "{fault:?} {number} {event:?}");
                assert_eq!(shown[2], incoming("three"), "{fault:?} {number}");
                assert_eq!(fake.with(|state| (state.contacts.len(), state.conversations.len())), (1, 1));
            }
        }
    }
}

#[tokio::test]
async fn the_first_event_of_a_person_survives_a_lost_answer_to_each_of_its_requests() {
    for number in 0..5 {
        let fake = Fake::start(NOW).await;
        let desk = desk(&fake);
        fake.with(|state| state.fault = Some((number, Fault::Lost(502))));
        let first = desk.deliver(&hand_off(), AMPLE).await;
        assert_eq!(first, Err(DeskError::Unavailable { status: Some(502) }), "{number}");
        fake.with(|state| state.fault = None);
        deliver(&desk, &hand_off()).await;
        assert_eq!(fake.with(|state| (state.contacts.len(), state.conversations.len())), (1, 1), "{number}");
        assert_eq!(written(&fake, 0).len(), 1, "{number}");
        assert_eq!(fake.with(|state| state.conversations[0].labels.clone()), ["bot"]);
    }
}

#[tokio::test]
async fn an_event_is_found_again_below_what_agents_wrote_since() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    deliver(&desk, &message("one")).await;
    fake.with(|state| (0..70).for_each(|number| state.agent_writes(0, &format!("line {number}"))));
    deliver(&desk, &message("one")).await;
    assert_eq!(written(&fake, 0).len(), 71);
}

#[tokio::test]
async fn a_retry_does_not_open_again_what_an_agent_has_closed() {
    for event in [hand_off(), message("one")] {
        let fake = Fake::start(NOW).await;
        let desk = desk(&fake);
        deliver(&desk, &event).await;
        fake.with(|state| "resolved".clone_into(&mut state.conversations[0].status));
        deliver(&desk, &event).await;
        let after = fake.with(|state| (state.conversations.len(), state.conversations[0].status.clone()));
        assert_eq!((after, written(&fake, 0).len()), ((1, "resolved".to_owned()), 1));
    }
}

#[tokio::test]
async fn an_event_is_not_searched_among_messages_older_than_itself() {
    let fake = Fake::start(NOW - 86_400).await;
    let desk = desk(&fake);
    deliver(&desk, &message("old")).await;
    fake.with(|state| {
        (0..70).for_each(|number| state.agent_writes(0, &format!("line {number}")));
        (state.now, state.requests) = (NOW, vec![]);
    });
    deliver(&desk, &message("new")).await;
    assert_eq!(fake.with(|state| state.requests.len()), 4, "contact, conversations, one page, the message");
}

#[tokio::test]
async fn a_page_that_is_not_full_is_the_last() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    deliver(&desk, &message("one")).await;
    fake.with(|state| {
        (0..18).for_each(|number| state.agent_writes(0, &format!("line {number}")));
        state.requests.clear();
    });
    deliver(&desk, &message("two")).await;
    assert_eq!(fake.with(|state| std::mem::take(&mut state.requests).len()), 4);
    deliver(&desk, &message("three")).await;
    assert_eq!(fake.with(|state| state.requests.len()), 5, "twenty messages may have others before them");
}

#[tokio::test]
async fn a_status_says_whether_to_try_again() {
    let unavailable = |status| Err(DeskError::Unavailable { status: Some(status) });
    let refused = |status| Err(DeskError::Refused { status });
    let rejected = |status| Err(DeskError::Rejected { status });
    for (status, expected) in [
        (408, unavailable(408)),
        (429, unavailable(429)),
        (500, unavailable(500)),
        (503, unavailable(503)),
        (302, refused(302)),
        (401, refused(401)),
        (404, refused(404)),
        (405, refused(405)),
        (410, refused(410)),
        (400, rejected(400)),
        (413, rejected(413)),
        (422, rejected(422)),
    ] {
        for number in 0..4 {
            let fake = Fake::start(NOW).await;
            fake.with(|state| state.fault = Some((number, Fault::Status(status))));
            assert_eq!(desk(&fake).deliver(&message("one"), AMPLE).await, expected, "{status} {number}");
            assert_eq!(fake.with(|state| state.requests.len()), number + 1, "nothing is tried again");
        }
    }
}

#[tokio::test]
async fn a_conversation_that_was_deleted_meanwhile_gets_a_successor() {
    // It is gone when its messages are looked at, or when it is written into.
    for number in [2, 3] {
        let fake = Fake::start(NOW).await;
        let desk = desk(&fake);
        deliver(&desk, &message("one")).await;
        fake.with(|state| {
            state.requests.clear();
            state.fault = Some((number, Fault::Status(404)));
        });
        deliver(&desk, &message("two")).await;
        assert_eq!((written(&fake, 0), written(&fake, 1)), (vec![incoming("one")], vec![incoming("two")]));
    }
}

#[tokio::test]
async fn a_contact_that_was_deleted_meanwhile_is_made_anew_by_the_next_try() {
    // It is gone when its conversations are looked for, or when one is begun.
    for number in [1, 2] {
        let fake = Fake::start(NOW).await;
        let desk = desk(&fake);
        fake.with(|state| state.fault = Some((number, Fault::Status(404))));
        assert_eq!(desk.deliver(&message("one"), AMPLE).await, Err(DeskError::Refused { status: 404 }));
        fake.with(|state| (state.contacts.clear(), state.fault.take()));
        deliver(&desk, &message("one")).await;
        assert_eq!((written(&fake, 0), fake.with(|state| state.contacts.len())), (vec![incoming("one")], 1));
    }
}

#[tokio::test]
async fn the_time_holds_for_all_requests_together() {
    let fake = Fake::start(NOW).await;
    for number in [0, 2] {
        fake.with(|state| state.fault = Some((state.requests.len() + number, Fault::Late)));
        let (start, time) = (Instant::now(), Duration::from_millis(500));
        assert_eq!(desk(&fake).deliver(&message("one"), time).await, Err(DeskError::TimedOut));
        assert!(start.elapsed() >= time && start.elapsed() < time + Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_chatwoot_that_is_not_there_is_tried_later() {
    let mut fake = Fake::start(NOW).await;
    fake.url = "http://127.0.0.1:1".to_owned();
    let outcome = desk(&fake).deliver(&message("one"), AMPLE).await;
    assert_eq!(outcome, Err(DeskError::Unavailable { status: None }));
}

/// Gives out an old token until it is asked to look again.
struct Rotated(&'static str);

#[async_trait]
impl Key for Rotated {
    async fn current(&self) -> Result<SecretString, SecretUnavailable> {
        Ok("old-token".into())
    }

    async fn refreshed(&self) -> Result<SecretString, SecretUnavailable> {
        Ok(self.0.into())
    }
}

#[tokio::test]
async fn a_refused_token_is_read_again_once() {
    for (newer, expected) in [
        (TOKEN, Ok(())),
        ("agents-token\n", Ok(())),
        ("wrong", Err(DeskError::Refused { status: 401 })),
        ("two\nlines", Err(DeskError::Refused { status: 401 })),
    ] {
        let fake = Fake::start(NOW).await;
        assert_eq!(with_token(&fake, Arc::new(Rotated(newer))).deliver(&message("one"), AMPLE).await, expected);
        assert_eq!(fake.with(|state| state.conversations.len()), usize::from(expected.is_ok()));
    }
}

#[tokio::test]
async fn nothing_personal_or_secret_is_shown() {
    let fake = Fake::start(NOW).await;
    fake.with(|state| state.fault = Some((1, Fault::Status(422))));
    let desk = desk(&fake);
    let error = desk.deliver(&hand_off(), AMPLE).await.unwrap_err();
    let shown = format!("{desk:?} {error} {error:?} {:?} {:?}", hand_off(), crate::inbox());
    for secret in ["ada", "Ada", "refund", "order", TOKEN, crate::IDENTIFIER, "words"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}
