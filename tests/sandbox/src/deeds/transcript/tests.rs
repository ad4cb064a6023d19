//! Rows as a conversation leaves them.

use std::time::Duration;

use models::{Attributes, HandOffReason, Identity, Message, MessageId, Part, Timestamp, Utterance};
use store::{MessageRow, OpenTurn, Pending, RowState, Said, SendState, TurnKey, TurnKind, TurnRow, Voice, Wait};

use super::lines::{From, State};
use super::*;

const START: Timestamp = Timestamp::from_seconds(1_793_613_600);

fn at(minutes: u64) -> Timestamp {
    START + Duration::from_mins(minutes)
}

fn row(number: u64, epoch: u64, kind: TurnKind, said: &[&str], reply: &[&str]) -> TurnRow {
    let told = |text: &&str| Said {
        text: (*text).into(),
        arrival: at(number),
        route: None,
        dispatched: false,
        media: vec![],
        heard: None,
    };
    TurnRow {
        key: TurnKey { number, epoch },
        kind,
        at: at(number) + Duration::from_secs(3),
        covers: vec![],
        log_ids: vec![],
        said: said.iter().map(told).collect(),
        to: Identity::new("42", "", "").unwrap(),
        reply: reply.iter().map(|text| Utterance::from(Part::new(*text).unwrap())).collect(),
        attributes: Attributes::default(),
        unwritten: Attributes::default(),
        events: vec![],
        route: None,
        summary: None,
        flow: None,
        own_line: false,
        since: None,
        summing: store::Summing::Untried,
    }
}

fn message(id: &str, text: &str, minute: u64) -> MessageRow {
    let message = Message {
        id: MessageId::stored(id),
        log_id: "l".to_owned(),
        author: models::Author::User,
        identity: Identity::new("42", "", "").unwrap(),
        text: text.into(),
        shortened: false,
        arrival: at(minute),
        sent_at: None,
        dispatched: false,
        route: None,
        language: None,
        profile_name: None,
        media_urls: None,
    };
    MessageRow { message, state: RowState::Open }
}

fn pending(sequence: u64) -> Pending {
    Pending { sequence, due: START, arrival: START }
}

/// Who said what, and how far it is.
fn shown(head: &Head, rows: Vec<TurnRow>, waiting: Vec<MessageRow>) -> Vec<(From, String, State)> {
    lines(head, rows, waiting).into_iter().map(|line| (line.from, line.text.into_string(), line.state)).collect()
}

#[test]
fn a_transcript_is_what_was_said_in_its_order_and_no_draft_that_came_to_nothing() {
    let head = Head { last_turn: 4, ..Head::default() };
    let rows = vec![
        row(5, 9, TurnKind::Answer, &["later"], &["never sent"]),
        row(4, 9, TurnKind::Waiting(Wait { since: START, until: START, passed: 1 }), &["Hi"], &[]),
        row(4, 8, TurnKind::Agent, &["I am Eve."], &["I am Eve."]),
        row(3, 7, TurnKind::Forwarded, &["A person, please"], &[]),
        row(2, 6, TurnKind::HandOff(HandOffReason::Keyword), &["A person, please"], &["One moment."]),
        row(1, 5, TurnKind::Answer, &["Hi", "Open?"], &["Until 6.", "Every day."]),
        row(1, 4, TurnKind::Answer, &["Hi"], &["a dead run's draft"]),
    ];
    let expected = [
        (From::Customer, "Hi"),
        (From::Customer, "Open?"),
        (From::Bot, "Until 6."),
        (From::Bot, "Every day."),
        (From::Bot, "One moment."),
        (From::Customer, "A person, please"),
        (From::Person, "I am Eve."),
    ];
    let expected: Vec<_> = expected.map(|(from, text)| (from, text.to_owned(), State::Said)).into();
    assert_eq!(shown(&head, rows, vec![]), expected);
}

#[test]
fn what_is_on_its_way_and_what_waits_stand_at_the_end_and_say_so() {
    let key = TurnKey { number: 1, epoch: 2 };
    let covers = vec![MessageId::stored("m1")];
    let (voice, state) = (Voice::Bot, SendState::Sending);
    let turn = OpenTurn { key, voice, state, part: 1, parts: 1, copies: 1, covers, retry_at: None };
    let mut head = Head { turn: Some(turn), ..Head::default() };
    for (id, sequence) in [("m1", 1), ("a-later-one", 3), ("z-earlier-one", 2)] {
        head.pending.insert(MessageId::stored(id), pending(sequence));
    }
    let rows = vec![row(1, 2, TurnKind::Answer, &["Open?"], &["Until 6."])];
    let waiting = vec![message("m1", "Open?", 1), message("a-later-one", "And?", 3), message("z-earlier-one", "Hm", 2)];
    let expected = [
        (From::Customer, "Open?", State::Said),
        (From::Bot, "Until 6.", State::BeingSent),
        (From::Customer, "Hm", State::Waiting),
        (From::Customer, "And?", State::Waiting),
    ];
    assert_eq!(shown(&head, rows, waiting), expected.map(|(from, text, state)| (from, text.to_owned(), state)));
}

#[test]
fn in_plain_text_a_line_says_when_and_who_and_no_stranger_moves_the_cursor() {
    let rows = vec![row(1, 5, TurnKind::Answer, &["two\nlines\u{1b}[2J"], &["Until 6."])];
    let lines = lines(&Head { last_turn: 1, ..Head::default() }, rows, vec![]);
    let told = told(&Transcript { owner: Owner::Bot, opted_out: true, lines });
    let expected = "2026-11-02T10:01:00.000Z  customer  two\n                                    lines\u{fffd}[2J\n\
                    2026-11-02T10:01:03.000Z  bot       Until 6.\n\
                    The bot answers; its user wants to hear nothing from the bot.";
    assert_eq!(told, expected);
}

#[tokio::test]
async fn of_somebody_unknown_or_forgotten_there_is_nothing_to_tell() {
    let store = store::Embedded::in_memory();
    let key = || ConversationKey::parse("user:42").unwrap();
    assert!(read(&store, key(), 9).await.unwrap().is_none());
    let now = SystemClock.now();
    let (message, due, arrival) = (MessageId::stored("m1"), now, now);
    let file = store::HeadWrite::File { message, due, arrival, heard: Some(arrival), claim: None, create: true };
    store::write_head(&store, &key(), &file, now).await.unwrap();
    assert!(read(&store, key(), 9).await.unwrap().is_some());
    store.erase(&key(), now, now).await.unwrap();
    assert!(read(&store, key(), 9).await.unwrap().is_none());
}
