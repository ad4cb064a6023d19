use models::{Identity, MediaKind, Part, Timestamp};
use store::{TurnKey, Wait};

use conversation::room::Room;

use super::*;

pub(super) const ROOM: Room = Room { turns: 10, tokens: 10_000 };
pub(super) const NOW: Timestamp = Timestamp::EPOCH;

pub(crate) fn row(number: u64, epoch: u64, text: &str, reply: &[&str]) -> TurnRow {
    TurnRow {
        key: TurnKey { number, epoch },
        kind: TurnKind::Answer,
        at: Timestamp::EPOCH,
        covers: vec![MessageId::stored(text)],
        log_ids: vec![],
        said: vec![Said {
            text: text.into(),
            arrival: Timestamp::EPOCH,
            route: None,
            dispatched: true,
            media: vec![],
            heard: None,
        }],
        to: Identity::new("42", "", "").unwrap(),
        reply: reply.iter().map(|part| Part::new(*part).unwrap().into()).collect(),
        attributes: models::Attributes::default(),
        unwritten: models::Attributes::default(),
        events: vec![],
        route: None,
        summary: None,
        flow: None,
        own_line: false,
        since: None,
        summing: store::Summing::Untried,
    }
}

#[test]
fn of_each_turn_that_happened_the_last_draft_is_history_oldest_first() {
    let rows = vec![
        row(4, 9, "next", &["draft"]),
        row(3, 7, "c", &["3", "and more"]),
        row(3, 6, "c", &["unsent"]),
        row(2, 5, "b", &[]),
        row(1, 2, "a", &["1"]),
    ];
    let history = History::new(rows, 3);
    let said: Vec<_> =
        history.exchanges(ROOM, NOW).into_iter().map(|e| (e.user.into_string(), e.assistant.into_string())).collect();
    assert_eq!(said, [("a".to_owned(), "1".to_owned()), ("c".to_owned(), "3\n\nand more".to_owned())]);
    assert_eq!(history.exchanges(Room { turns: 1, ..ROOM }, NOW).len(), 1);
    let looked: Vec<_> = history.last_turn().iter().map(|look| (look.text, look.dispatched)).collect();
    assert_eq!(looked, [("c", true)]);
}

#[test]
fn what_was_sent_or_said_aloud_stands_in_later_turns_as_a_word_for_it_and_its_words() {
    let mut sent = row(1, 1, "Look!", &["Nice"]);
    sent.said[0].media = vec![MediaKind::Picture, MediaKind::Voice];
    sent.said[0].heard = Some("My new shoes".into());
    let history = History::new(vec![sent], 1);
    let expected = "Look!\nMy new shoes\n[The customer sent a picture.]\n[The customer sent a voice message.]";
    assert_eq!(history.exchanges(Room { turns: 1, ..ROOM }, NOW)[0].user.as_str(), expected);
    assert_eq!(history.lines().next().unwrap().1.as_str(), "Look!\nMy new shoes");
    assert_eq!((history.last_turn()[0].text, history.repeats(&"Look!".into(), Timestamp::EPOCH)), ("Look!", 1));
}

#[test]
fn rows_that_lack_the_last_runs_draft_may_lack_more() {
    let rows = [row(2, 3, "given up", &["draft"]), row(1, 2, "a", &["1"])];
    assert!(is_whole(&rows, 4) && !is_whole(&rows, 5));
    assert!(is_whole(&[], 1) && !is_whole(&[], 2));
    let moment = TurnRow { kind: TurnKind::Moment, ..row(3, 4, "a moment", &["One moment"]) };
    let rows = [moment, row(2, 3, "b", &["2"])];
    assert!(is_whole(&rows, 4) && !is_whole(&rows, 5), "what it took may be missing");
}

#[test]
fn a_conversation_without_a_turn_has_no_past() {
    let history = History::new(vec![], 0);
    assert!(history.last_turn().is_empty() && history.exchanges(ROOM, NOW).is_empty());
}

#[test]
fn an_answer_that_was_drafted_is_taken_up_but_no_line_and_nothing_else_that_was_to_be_said() {
    let line = TurnRow { own_line: true, ..row(4, 10, "next", &["Sorry"]) };
    let hand_off = TurnRow { kind: TurnKind::HandOff(HandOffReason::Keyword), ..row(4, 9, "next", &["Bye"]) };
    let answer = row(4, 8, "next", &["answer"]);
    let covers = |text| [MessageId::stored(text)];
    let history = History::new(vec![line, hand_off, answer.clone()], 3);
    assert_eq!(history.answer_for(4, &covers("next")), Some(&answer));
    assert_eq!(history.answer_for(4, &covers("other")), None);
    assert_eq!(history.answer_for(5, &covers("next")), None);
}

#[test]
fn several_messages_are_one_text_of_several_lines() {
    let texts = ["hi".into(), "one sec".into()];
    assert_eq!(joined(texts.iter()).as_str(), "hi\none sec");
}

fn with_people() -> History {
    let kind = |kind, row: TurnRow| TurnRow { kind, ..row };
    let said_by_agent = kind(TurnKind::Agent, row(4, 4, "Hello, Eve here", &["Hello, Eve here"]));
    History::new(
        vec![
            said_by_agent,
            kind(TurnKind::Forwarded, row(3, 3, "human", &[])),
            kind(TurnKind::HandOff(HandOffReason::Keyword), row(2, 2, "human", &["I pass you on"])),
            row(1, 1, "hi", &["hello"]),
        ],
        4,
    )
}

#[test]
fn the_assistant_reads_that_people_had_the_conversation_and_left_it() {
    let history = with_people();
    let read = history.exchanges(ROOM, NOW).into_iter().map(|e| (e.user.into_string(), e.assistant.into_string()));
    let expected = [
        ("hi", "hello".to_owned()),
        ("", "I pass you on".to_owned()),
        ("human", String::new()),
        ("", format!("{PERSON_WROTE}Hello, Eve here")),
        ("", PEOPLE_LEFT.to_owned()),
    ];
    assert_eq!(read.collect::<Vec<_>>(), expected.map(|(user, assistant)| (user.to_owned(), assistant)));
}

#[test]
fn the_desk_reads_who_said_what_and_nothing_twice() {
    let history = with_people();
    let lines: Vec<_> = history.lines().map(|(from, text, _)| (from, text.into_string())).collect();
    let expected = [
        (Some(Author::User), "hi"),
        (None, "hello"),
        (None, "I pass you on"),
        (Some(Author::User), "human"),
        (Some(Author::Agent), "Hello, Eve here"),
    ];
    assert_eq!(lines, expected.map(|(from, text)| (from, text.to_owned())));
    assert_eq!(history.hand_off(Timestamp::EPOCH), Some((HandOffReason::Keyword, None)));
    assert_eq!(history.hand_off(Timestamp::from_seconds(1)), None, "somebody took it once more");
    assert!(history.told_the_desk_since(Timestamp::EPOCH));
    assert!(!history.told_the_desk_since(Timestamp::from_seconds(1)));
}

#[test]
fn the_time_that_messages_took_to_the_desk_is_counted_once_and_only_since_an_agents_last_deed() {
    let told = |number, arrival, at| {
        let mut row =
            TurnRow { kind: TurnKind::Forwarded, at: Timestamp::from_seconds(at), ..row(number, number, "hi", &[]) };
        row.said[0].arrival = Timestamp::from_seconds(arrival);
        row
    };
    for (rows, since, expected) in [
        (vec![], 0, 0),
        (vec![told(1, 100, 103)], 50, 3),
        (vec![told(2, 200, 260), told(1, 100, 103)], 50, 63),
        (vec![told(2, 102, 110), told(1, 100, 103)], 50, 10),
        (vec![told(1, 100, 150)], 120, 30),
        (vec![told(2, 200, 260), told(1, 100, 103)], 150, 60),
    ] {
        let history = History::new(rows.clone(), 2);
        let waited = history.on_the_way_to_people(Timestamp::from_seconds(since));
        assert_eq!(waited, Duration::from_secs(expected), "{rows:?} since {since}");
    }
}

#[test]
fn what_the_user_said_last_is_not_what_was_handed_over_or_what_an_agent_said() {
    let history = with_people();
    assert_eq!(history.last_turn().iter().map(|look| look.text).collect::<Vec<_>>(), ["human"]);
    assert_eq!(history.last_agent_turn().iter().map(|look| look.text).collect::<Vec<_>>(), ["Hello, Eve here"]);
    assert_eq!(history.repeats(&"human".into(), Timestamp::EPOCH), 1);
    let at = |second, row: TurnRow| TurnRow { at: Timestamp::from_seconds(second), ..row };
    let again = vec![at(9, row(3, 3, "again", &["a"])), at(5, row(2, 2, "again", &["b"])), row(1, 1, "hi", &["c"])];
    let history = History::new(again, 3);
    let since = |second| history.repeats(&"again".into(), Timestamp::from_seconds(second));
    assert_eq!([0, 5, 6, 10].map(since), [2, 2, 1, 0]);
}

#[test]
fn the_first_words_are_those_before_which_nobody_said_any_that_could_arrive() {
    let said_by = |kind| TurnRow { kind, ..row(1, 1, "a", &["1"]) };
    let template = || {
        let line = models::Template::flatten(&Part::new("Hello").unwrap()).remove(0);
        models::Utterance { content: models::Content::Template(line), campaign: None }
    };
    let mut group = models::Attributes::default();
    group.subscribe(models::SubscriptionGroupId::new("g").unwrap(), models::Subscription::Subscribed);
    for (rows, turn, first) in [
        (vec![], 1, true),
        (vec![said_by(TurnKind::Answer)], 2, false),
        (vec![said_by(TurnKind::Agent)], 2, false),
        (vec![said_by(TurnKind::DeskDown)], 2, false),
        // May never have arrived, and says nothing that an answer would not.
        (vec![said_by(TurnKind::Moment)], 2, true),
        // To somebody who never wrote.
        (vec![TurnRow { reply: vec![template()], ..said_by(TurnKind::Agent) }], 2, true),
        (vec![TurnRow { reply: vec![template()], ..said_by(TurnKind::Answer) }], 2, false),
        // They had written, long ago; and may have unsubscribed since.
        (vec![TurnRow { reply: vec![template()], attributes: group, ..said_by(TurnKind::Agent) }], 2, false),
        // Nothing of it was read.
        (vec![TurnRow { reply: vec![], ..said_by(TurnKind::HandOff(HandOffReason::Keyword)) }], 2, true),
        (vec![TurnRow { reply: vec![], ..said_by(TurnKind::Forwarded) }], 2, true),
        (vec![TurnRow { reply: vec![], ..row(7, 7, "a", &[]) }], 8, false),
    ] {
        let told: Vec<_> = rows.iter().map(|row| (row.kind, row.reply.len())).collect();
        assert_eq!(History::new(rows, turn - 1).are_first_words(turn), first, "{told:?}");
    }
}

#[test]
fn a_flow_waits_until_something_is_said_to_it_or_its_user_wants_silence() {
    let flow = || FlowState {
        flow: "f".to_owned(),
        step: "s".to_owned(),
        asked: 1,
        values: BTreeMap::new(),
        language: None,
        since: Timestamp::EPOCH,
        touched: Timestamp::EPOCH,
    };
    let asks = || TurnRow { flow: Some(flow()), ..row(1, 1, "a", &["Which?"]) };
    let then = |kind, flow| TurnRow { kind, flow, ..row(2, 2, "b", &[]) };
    for (kind, carried, waits) in [
        (TurnKind::Agent, None, true),
        (TurnKind::Forwarded, Some(flow()), true),
        (TurnKind::Answer, None, false),
        (TurnKind::Heeded, None, false),
        (TurnKind::Heeded, Some(flow()), true),
    ] {
        let history = History::new(vec![then(kind, carried), asks()], 2);
        assert_eq!(history.flow().is_some(), waits, "{kind:?}");
    }
}

#[test]
fn what_is_waited_for_is_no_part_of_what_was_said_and_the_newest_question_counts() {
    let wait = Wait { since: Timestamp::EPOCH, until: Timestamp::from_seconds(120), passed: 1 };
    let waiting = |number, epoch, text| TurnRow { kind: TurnKind::Waiting(wait), ..row(number, epoch, text, &[]) };
    let rows = vec![waiting(2, 4, "c"), waiting(2, 3, "b"), waiting(1, 3, "a"), row(1, 2, "a", &["1"])];
    let history = History::new(rows, 1);
    let pending = ["a", "b", "c"].map(MessageId::stored);
    let newest = history.waiting(None, |id| pending.contains(id)).unwrap();
    assert_eq!((newest.question(), newest.row.said.len()), (MessageId::stored("c"), 1));
    // A run that was fenced has put its own since.
    let late = History::new(vec![waiting(2, 5, "b"), waiting(2, 4, "c"), waiting(2, 3, "b")], 1);
    for (name, open, expected) in [
        (Some("c"), &pending[..], Some(4)),
        (Some("b"), &pending, Some(5)),
        (Some("d"), &pending, Some(5)),
        (Some("c"), &pending[..2], Some(5)),
        (None, &pending, Some(5)),
        (Some("c"), &[], None),
    ] {
        let found = late.waiting(name.map(MessageId::stored).as_ref(), |id| open.contains(id));
        assert_eq!(found.map(|waiting| waiting.row.key.epoch), expected, "{name:?} of {open:?}");
    }
    assert_eq!(history.newest_kind(), Some(TurnKind::Answer));
    assert_eq!(history.lines().count(), 2, "what was said in the turn, once");
    assert!(history.answer_for(2, &[MessageId::stored("c")]).is_none());
    assert!(!is_whole(&[waiting(2, 4, "c")], 5), "its run went on, and may have written more");
}

fn begins(number: u64, about: &str, reply: &[&str]) -> TurnRow {
    TurnRow { kind: TurnKind::Begun, said: vec![], ..row(number, number, about, reply) }
}

#[test]
fn what_was_begun_since_the_last_turn_is_one_answer_that_goes_on() {
    for (why, rows, last, expected) in [
        ("nothing was", vec![row(1, 1, "a", &["1"])], 1, None),
        ("one paragraph", vec![begins(1, "a", &["1"])], 1, Some(("a", "1"))),
        ("in their order", vec![begins(2, "a", &["2"]), begins(1, "a", &["1"])], 2, Some(("a", "1\n\n2"))),
        ("it is over", vec![row(2, 1, "a", &["2"]), begins(1, "a", &["1"])], 2, None),
        (
            "the one before it is over",
            vec![begins(3, "b", &["3"]), row(2, 1, "a", &["2"]), begins(1, "a", &["1"])],
            3,
            Some(("b", "3")),
        ),
        ("never committed", vec![begins(1, "a", &["1"])], 0, None),
        ("not taken by Braze", vec![begins(1, "a", &[])], 1, None),
        ("the second was not", vec![begins(2, "a", &[]), begins(1, "a", &["1"])], 2, Some(("a", "1"))),
        ("an earlier one was given up", vec![begins(2, "b", &["2"]), begins(1, "a", &["1"])], 2, Some(("b", "2"))),
    ] {
        let history = History::new(rows, last);
        let begun = history.begun();
        let begun = begun.as_ref().map(|begun| (begun.covers[0].as_str(), begun.reply.as_str()));
        assert_eq!(begun, expected, "{why}");
        assert_eq!(history.asked_for_a_moment(), expected.is_some(), "{why}");
    }
}

#[test]
fn what_a_run_has_begun_itself_stands_behind_what_it_read() {
    let read = History::new(vec![begins(2, "a", &["2"]), row(1, 1, "b", &["1"])], 2);
    let with = read.with_begun(vec![begins(3, "a", &["3"]), begins(4, "a", &["4"])]);
    assert_eq!(with.begun().unwrap().reply.as_str(), "2\n\n3\n\n4");
    assert_eq!(read.begun().unwrap().reply.as_str(), "2", "what was read stays as it was");
}

#[test]
fn an_answer_and_how_it_was_begun_are_one_exchange_and_what_is_not_over_is_said_last() {
    let rows = vec![
        begins(5, "c", &["3, begun"]),
        row(4, 4, "b", &["2, and the rest"]),
        begins(3, "b", &["2, begun"]),
        begins(2, "b", &[]),
        row(1, 1, "a", &["1"]),
    ];
    let history = History::new(rows, 5);
    let said: Vec<_> = history.exchanges(ROOM, NOW).into_iter().map(|e| e.assistant.into_string()).collect();
    assert_eq!(said[..2], ["1".to_owned(), "2, begun\n\n2, and the rest".to_owned()]);
    let lines: Vec<_> = history.lines().map(|(_, words, _)| words.into_string()).collect();
    assert_eq!(lines, ["a", "1", "b", "2, begun", "2, and the rest", "3, begun"]);
}

#[test]
fn whoever_only_heard_a_beginning_that_was_not_taken_is_still_a_newcomer() {
    for (rows, turn, expected) in [
        (vec![], 1, true),
        (vec![begins(1, "a", &[])], 2, true),
        (vec![begins(1, "a", &["1"])], 2, true),
        (vec![row(1, 1, "a", &["1"])], 2, false),
        (vec![begins(2, "a", &[]), row(1, 1, "a", &["1"])], 3, false),
        (vec![begins(7, "a", &[])], 8, false),
    ] {
        let history = History::new(rows, turn - 1);
        assert_eq!(history.are_first_words(turn), expected, "{turn}");
    }
}
