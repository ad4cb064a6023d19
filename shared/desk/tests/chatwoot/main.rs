//! The Chatwoot desk against a Chatwoot on this machine: what agents see, and what retries, outages and lost answers do.

#![expect(clippy::unwrap_used, reason = "every function here is part of a test")]

mod failures;
mod fake;

use std::sync::Arc;
use std::time::Duration;

use desk::chatwoot::{Inbox, understand};
use desk::{Chatwoot, Desk as _, DeskEvent, FromDesk, Line, ReleasedBy, Speaker, What};
use fake::{ACCOUNT, Fake, IDENTIFIER, INBOX, TOKEN};
use models::assistant::DeskNotes;
use models::{ConversationKey, HandOffReason, Timestamp};
use platform::secrets::{FixedKey, Key};

const AMPLE: Duration = Duration::from_secs(20);
const NOW: u64 = 1_795_818_834;

fn inbox() -> Inbox {
    Inbox { account: ACCOUNT, number: INBOX, identifier: IDENTIFIER.to_owned(), label: Some("bot".to_owned()) }
}

fn with_token(fake: &Fake, token: Arc<dyn Key>) -> Chatwoot {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    Chatwoot::new(&fake.url, inbox(), token, http, DeskNotes::default()).unwrap()
}

fn desk(fake: &Fake) -> Chatwoot {
    with_token(fake, Arc::new(FixedKey(TOKEN.into())))
}

fn event(id: &str, what: What) -> DeskEvent {
    let conversation = ConversationKey::parse("user:ada@example.com").unwrap();
    DeskEvent { id: id.to_owned(), conversation, at: Timestamp::from_seconds(NOW), what }
}

fn message(text: &str) -> DeskEvent {
    event(text, What::Message { text: text.into(), media_urls: None })
}

fn hand_off() -> DeskEvent {
    let transcript = vec![Line { from: Speaker::User, text: "my order".into(), at: Timestamp::from_seconds(NOW) }];
    let (profile_name, language) = (Some("Ada".into()), Some("de".to_owned()));
    let reason = HandOffReason::Keyword;
    event("h1", What::HandOff { reason, summary: "A refund".into(), transcript, profile_name, language })
}

fn released(by: ReleasedBy) -> DeskEvent {
    event("r1", What::Released { by })
}

async fn deliver(desk: &Chatwoot, event: &DeskEvent) {
    assert_eq!(desk.deliver(event, AMPLE).await, Ok(()));
}

/// The messages of a conversation: what kind, and what it says.
fn written(fake: &Fake, conversation: usize) -> Vec<(String, String)> {
    let kind = |message: &fake::Message| if message.private { "note".to_owned() } else { message.kind.clone() };
    fake.with(|state| {
        state.conversations[conversation]
            .messages
            .iter()
            .map(|message| (kind(message), message.content.clone()))
            .collect()
    })
}

fn incoming(text: &str) -> (String, String) {
    ("incoming".to_owned(), text.to_owned())
}

#[tokio::test]
async fn a_hand_off_is_an_open_conversation_with_a_note_that_only_agents_see() {
    let fake = Fake::start(NOW).await;
    deliver(&desk(&fake), &hand_off()).await;
    let (contact, conversation) = fake.with(|state| (state.contacts[0].clone(), state.conversations[0].clone()));
    assert_eq!((contact.name.as_str(), contact.identifier.as_str()), ("Ada", "user:ada@example.com"));
    assert_eq!((conversation.status.as_str(), conversation.labels), ("open", vec!["bot".to_owned()]));
    let [(kind, note)] = &written(&fake, 0)[..] else { panic!("one note") };
    assert_eq!(kind, "note");
    for part in ["the user asked for a person", "A refund", "Ada", "de", "**User:** my order"] {
        assert!(note.contains(part), "{part}: {note}");
    }
}

#[tokio::test]
async fn what_the_user_writes_stands_below_it_in_order() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    deliver(&desk, &hand_off()).await;
    for text in ["one", "two", "three {{contact.email}}"] {
        deliver(&desk, &message(text)).await;
    }
    assert_eq!(written(&fake, 0)[1..], [incoming("one"), incoming("two"), incoming("three {{contact.email}}")]);
    assert_eq!(fake.with(|state| (state.contacts.len(), state.conversations.len())), (1, 1));
}

#[tokio::test]
async fn media_stand_below_the_words_and_nothing_is_said_to_be_nothing() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    for (id, text, media_urls, expected) in [
        ("1", "look", Some("https://m/1"), "look\nhttps://m/1"),
        ("2", "", Some("https://m/1"), "https://m/1"),
        ("3", " \n", None, "(no text)"),
        ("4", "look", Some(""), "look"),
    ] {
        let media_urls = media_urls.map(Into::into);
        deliver(&desk, &event(id, What::Message { text: text.into(), media_urls })).await;
        assert_eq!(written(&fake, 0).pop(), Some(incoming(expected)));
    }
}

#[tokio::test]
async fn two_people_have_two_contacts() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    deliver(&desk, &message("one")).await;
    let other = ConversationKey::parse("user:ada@example.co").unwrap();
    deliver(&desk, &DeskEvent { conversation: other, ..message("two") }).await;
    let names = fake.with(|state| state.contacts.iter().map(|contact| contact.name.clone()).collect::<Vec<_>>());
    assert_eq!(names, ["user:ada@example.com", "user:ada@example.co"]);
    assert_eq!((written(&fake, 0), written(&fake, 1)), (vec![incoming("one")], vec![incoming("two")]));
}

#[tokio::test]
async fn after_an_agent_closed_it_the_next_hand_off_is_a_new_conversation() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    deliver(&desk, &message("one")).await;
    fake.with(|state| "resolved".clone_into(&mut state.conversations[0].status));
    deliver(&desk, &hand_off()).await;
    deliver(&desk, &message("two")).await;
    assert_eq!((written(&fake, 0).len(), written(&fake, 1).len()), (1, 2));
    assert_eq!(fake.with(|state| state.conversations[0].status.clone()), "resolved");
}

#[tokio::test]
async fn a_hand_off_opens_what_waits_or_is_kept_as_one_conversation() {
    for (status, locked) in [("pending", false), ("snoozed", false), ("resolved", true)] {
        let fake = Fake::start(NOW).await;
        let desk = desk(&fake);
        deliver(&desk, &message("one")).await;
        fake.with(|state| {
            state.locked = locked;
            status.clone_into(&mut state.conversations[0].status);
            state.conversations[0].labels = vec!["vip".to_owned()];
        });
        deliver(&desk, &hand_off()).await;
        let conversation = fake.with(|state| state.conversations[0].clone());
        assert_eq!((conversation.status.as_str(), conversation.messages.len()), ("open", 2), "{status}");
        assert_eq!(conversation.labels, ["vip", "bot"]);
    }
}

#[tokio::test]
async fn a_release_is_noted_and_closes_nothing() {
    for by in [ReleasedBy::Agent, ReleasedBy::QuietHours] {
        let fake = Fake::start(NOW).await;
        let desk = desk(&fake);
        deliver(&desk, &hand_off()).await;
        deliver(&desk, &released(by)).await;
        let (kind, note) = written(&fake, 0).pop().unwrap();
        assert!(kind == "note" && note.contains("The assistant answers again"), "{note}");
        assert_eq!(fake.with(|state| state.conversations[0].status.clone()), "open");
    }
}

#[tokio::test]
async fn a_release_of_what_is_closed_or_never_was_leaves_no_trace() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    deliver(&desk, &released(ReleasedBy::Agent)).await;
    assert_eq!(fake.with(|state| state.conversations.len()), 0);
    deliver(&desk, &hand_off()).await;
    fake.with(|state| "resolved".clone_into(&mut state.conversations[0].status));
    deliver(&desk, &released(ReleasedBy::Agent)).await;
    assert_eq!(written(&fake, 0).len(), 1);
}

#[tokio::test]
async fn a_conversation_in_somebody_elses_inbox_is_left_alone() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    deliver(&desk, &message("one")).await;
    fake.with(|state| state.elsewhere(0));
    deliver(&desk, &message("two")).await;
    assert_eq!((written(&fake, 0).len(), written(&fake, 1).len()), (2, 0));
}

#[tokio::test]
async fn of_all_that_chatwoot_tells_only_what_agents_do_comes_back() {
    let fake = Fake::start(NOW).await;
    let desk = desk(&fake);
    for event in [hand_off(), message("one"), released(ReleasedBy::QuietHours)] {
        deliver(&desk, &event).await;
    }
    let understood = || {
        let webhooks = fake.with(|state| state.webhooks());
        webhooks.iter().filter_map(|webhook| understand(webhook)).collect::<Vec<_>>()
    };
    assert_eq!(understood(), []);
    fake.with(|state| {
        state.agent_writes(0, "Hello, Ada.");
        "resolved".clone_into(&mut state.conversations[0].status);
    });
    let conversation = hand_off().conversation;
    let id = fake.with(|state| format!("chatwoot-{}", state.conversations[0].messages[3].id));
    let said = FromDesk::Message { conversation: conversation.clone(), id, text: "Hello, Ada.".into() };
    assert_eq!(understood(), [said, FromDesk::Release { conversation }]);
}
