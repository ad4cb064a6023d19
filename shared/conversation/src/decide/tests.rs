//! What is decided, case by case.

use std::sync::LazyLock;

use models::RouteName;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn saying(text: &str) -> Pending<'_> {
    written(text, NOW)
}

fn written(text: &str, at: Timestamp) -> Pending<'_> {
    let look = Look { text, arrival: NOW, route: None, dispatched: true, media: None };
    Pending { look, written: at, beside: Beside::Nothing }
}

static ASSISTANT: LazyLock<Assistant> =
    LazyLock::new(|| Assistant::from_toml("[keywords]\nignore = [\"SHIPPING\"]").unwrap());
static NOTHING: LazyLock<Spent> = LazyLock::new(Spent::default);

/// What is decided about `pending`, if everything else is as in most conversations but for what `change` says.
fn decided<'a>(pending: &'a [Pending<'a>], change: impl FnOnce(&mut Situation<'a>)) -> Decision {
    let mut situation = Situation {
        pending,
        last_turn: &[],
        repeats: 0,
        flow_waits: false,
        owner: Answerer::Bot,
        desk: true,
        opted_out: false,
        route_hands_off: false,
        spent: &NOTHING,
        attempts: 1,
        assistant: &ASSISTANT,
        now: NOW,
    };
    change(&mut situation);
    decide(&situation)
}

fn ordinarily(pending: &[Pending]) -> Decision {
    decided(pending, |_| {})
}

#[test]
fn attempts_lead_from_the_ai_to_a_person_or_the_fallback_and_to_the_dead_letters() {
    let hello = [saying("hello")];
    let ladder = |desk| -> Vec<_> {
        (1..=5).map(|attempts| decided(&hello, |s| (s.attempts, s.desk) = (attempts, desk))).collect()
    };
    let (ask, park) = (Decision::Ask(vec![0]), Decision::Park(ParkReason::Attempts));
    let fallback = Decision::Say(BotText::Fallback, vec![0]);
    let person = Decision::HandOff(HandOffReason::Failure, vec![0]);
    assert_eq!(ladder(false), [ask.clone(), ask.clone(), fallback, park.clone(), park.clone()]);
    assert_eq!(ladder(true), [ask.clone(), ask, person, park.clone(), park]);
}

#[test]
fn a_message_without_words_gets_a_line_of_its_own() {
    assert_eq!(ordinarily(&[saying(" \n")]), Decision::Say(BotText::NoWords, vec![0]));
    assert_eq!(ordinarily(&[saying(""), saying("hi")]), Decision::Ask(vec![0, 1]));
}

#[test]
fn what_came_without_words_is_shown_to_an_ai_that_can_open_it_and_else_gets_a_line_that_says_so() {
    let with = |text, beside| Pending { beside, ..saying(text) };
    for (pending, expected) in [
        (vec![with("", Beside::Openable)], Decision::Ask(vec![0])),
        (vec![with("", Beside::Closed)], Decision::Say(BotText::NotOpened, vec![0])),
        (vec![with(" ", Beside::Closed), with("", Beside::Openable)], Decision::Ask(vec![0, 1])),
        (vec![with("", Beside::Nothing), with("", Beside::Closed)], Decision::Say(BotText::NotOpened, vec![0, 1])),
        (vec![with("what is this?", Beside::Closed)], Decision::Ask(vec![0])),
        (vec![with("stop", Beside::Openable)], Decision::Heed(OptWish::Out)),
    ] {
        assert_eq!(ordinarily(&pending), expected, "{pending:?}");
    }
}

#[test]
fn what_is_too_old_is_parked_unless_something_new_came() {
    let old = NOW - STALE_AFTER;
    assert_eq!(ordinarily(&[written("hi", old)]), Decision::Park(ParkReason::Stale));
    assert_eq!(ordinarily(&[written("hi", old), saying("still there?")]), Decision::Ask(vec![0, 1]));
}

#[test]
fn copies_are_silent_and_what_was_answered_is_not_answered_again() {
    let returns = RouteName::parse("returns").unwrap();
    let plain = [saying("return")];
    let named = Look { route: Some(&returns), ..plain[0].look };
    let late = [Pending { look: named, ..plain[0] }];
    let nothing = Decision::Silence(Silence::NothingNew);
    let (before_named, before_plain) = ([named], [plain[0].look]);
    assert_eq!(decided(&plain, |s| s.last_turn = &before_named), nothing);
    assert_eq!(decided(&late, |s| s.last_turn = &before_plain), nothing, "however well it is named");
    assert_eq!(ordinarily(&plain), Decision::Ask(vec![0]));
}

#[test]
fn of_two_copies_the_one_by_a_named_route_is_answered() {
    let returns = RouteName::parse("returns").unwrap();
    let plain = saying("return");
    let named = Pending { look: Look { route: Some(&returns), ..plain.look }, ..plain };
    assert_eq!(ordinarily(&[plain, named]), Decision::Ask(vec![1]));
    assert_eq!(ordinarily(&[named, plain, saying("please")]), Decision::Ask(vec![0, 2]));
}

#[test]
fn a_keyword_that_braze_answers_is_not_answered_here() {
    assert_eq!(ordinarily(&[saying("shipping?")]), Decision::Silence(Silence::NothingNew));
    assert_eq!(ordinarily(&[saying("Shipping"), saying("how much?")]), Decision::Ask(vec![1]));
}

#[test]
fn what_is_written_to_a_person_goes_to_the_desk_whatever_it_says() {
    for (text, wish) in
        [("hello", None), ("", None), ("human", None), ("STOP", Some(OptWish::Out)), ("START", Some(OptWish::In))]
    {
        let decision = decided(&[written(text, NOW - STALE_AFTER)], |s| {
            (s.owner, s.attempts, s.opted_out) = (Answerer::Person(NOW - Duration::from_hours(1)), 9, true);
        });
        assert_eq!(decision, Decision::Forward(vec![0], wish), "{text}");
    }
}

#[test]
fn the_bot_takes_a_conversation_back_that_its_people_have_left() {
    let last_deed = |hours| NOW - Duration::from_hours(hours);
    let hello = [saying("hello")];
    let after = |hours| decided(&hello, |s| s.owner = Answerer::Person(last_deed(hours)));
    assert_eq!(after(12), Decision::TakeBack(NOW));
    assert_eq!(after(13), Decision::TakeBack(NOW - Duration::from_hours(1)));
    assert_eq!(after(11), Decision::Forward(vec![0], None));
}

#[test]
fn what_was_written_to_people_stays_theirs_however_late_it_is_and_what_is_newer_waits_with_it() {
    let last_deed = NOW - Duration::from_hours(20);
    let arrived = |text, arrival| {
        let message = saying(text);
        Pending { look: Look { arrival, ..message.look }, ..message }
    };
    let (before, after) = (NOW - Duration::from_hours(9), NOW - Duration::from_hours(8));
    for (arrivals, expected) in [
        (vec![before], Decision::Forward(vec![0], None)),
        (vec![before, after], Decision::Forward(vec![0, 1], None)),
        (vec![after, before], Decision::Forward(vec![0, 1], None)),
        (vec![after], Decision::TakeBack(after)),
        (vec![NOW, after], Decision::TakeBack(after)),
    ] {
        let texts = ["Hello?", "Are you there?"];
        let pending: Vec<_> = texts.iter().zip(&arrivals).map(|(text, at)| arrived(text, *at)).collect();
        assert_eq!(decided(&pending, |s| s.owner = Answerer::Person(last_deed)), expected, "{arrivals:?}");
    }
}

#[test]
fn the_newest_wish_counts_and_after_an_opt_out_there_is_silence() {
    let out = |texts: &[&str], opted_out| {
        let pending: Vec<_> = texts.iter().map(|text| saying(text)).collect();
        decided(&pending, |s| s.opted_out = opted_out)
    };
    for (texts, opted_out, expected) in [
        (&["STOP"][..], false, Decision::Heed(OptWish::Out)),
        (&["stop!", "why did you write?"], false, Decision::Heed(OptWish::Out)),
        (&["please stop sending me late parcels"], false, Decision::Ask(vec![0])),
        (&["STOP"], true, Decision::Heed(OptWish::Out)),
        (&["hello"], true, Decision::Silence(Silence::OptedOut)),
        (&["human"], true, Decision::Silence(Silence::OptedOut)),
        (&["START"], true, Decision::OptIn(vec![0])),
        (&["STOP", "START"], true, Decision::OptIn(vec![0, 1])),
        (&["START", "Where is my order?"], true, Decision::HearAgain),
        (&["Where is my order?", "START"], true, Decision::HearAgain),
        (&["START", "Where is my order?"], false, Decision::Ask(vec![0, 1])),
        (&["START", "Where is my order?", "STOP"], true, Decision::Heed(OptWish::Out)),
        (&["START", "STOP"], true, Decision::Heed(OptWish::Out)),
        (&["START"], false, Decision::Ask(vec![0])),
    ] {
        assert_eq!(out(texts, opted_out), expected, "{texts:?} {opted_out}");
    }
}

#[test]
fn a_wish_that_comes_late_is_heeded_without_a_word() {
    let late = |text| [written(text, NOW - STALE_AFTER)];
    for (text, opted_out, wish) in
        [("STOP", false, OptWish::Out), ("STOP", true, OptWish::Out), ("START", true, OptWish::In)]
    {
        assert_eq!(decided(&late(text), |s| s.opted_out = opted_out), Decision::Heed(wish), "{text}");
    }
}

#[test]
fn who_asks_for_a_person_gets_one_where_there_is_a_desk() {
    let asks = [saying("hello"), saying("Talk to a human!")];
    assert_eq!(ordinarily(&asks), Decision::HandOff(HandOffReason::Keyword, vec![0, 1]));
    assert_eq!(decided(&asks, |s| s.desk = false), Decision::Ask(vec![0, 1]));
    let hello = [saying("hello")];
    assert_eq!(decided(&hello, |s| s.route_hands_off = true), Decision::HandOff(HandOffReason::Route, vec![0]));
}

#[test]
fn too_many_turns_get_one_line_and_then_silence() {
    let turns = (0..20).fold(Spent::default(), |spent, _| spent.and_a_turn(NOW));
    let (told, fewer) = (turns.and_told(NOW), (0..19).fold(Spent::default(), |spent, _| spent.and_a_turn(NOW)));
    let hello = [saying("hello")];
    for (spent, attempts, expected) in [
        (&turns, 1, Decision::Say(BotText::OverBudget, vec![0])),
        (&turns, 3, Decision::Say(BotText::OverBudget, vec![0])),
        (&told, 1, Decision::Silence(Silence::OverBudget)),
        (&told, 3, Decision::Silence(Silence::OverBudget)),
        (&fewer, 1, Decision::Ask(vec![0])),
    ] {
        assert_eq!(decided(&hello, |s| (s.spent, s.attempts) = (spent, attempts)), expected, "{attempts}");
    }
}

#[test]
fn the_same_words_are_not_answered_for_ever() {
    let hello = [saying("I am out of office")];
    assert_eq!(decided(&hello, |s| s.repeats = 4), Decision::Ask(vec![0]));
    assert_eq!(decided(&hello, |s| s.repeats = 5), Decision::Say(BotText::OverBudget, vec![0]));
    let told = Spent { told: true, ..Spent::default() };
    assert_eq!(decided(&hello, |s| (s.repeats, s.spent) = (5, &told)), Decision::Silence(Silence::Loop));
    assert_eq!(decided(&hello, |s| (s.repeats, s.spent) = (4, &told)), Decision::Ask(vec![0]));
}

#[test]
fn a_flow_that_waits_takes_the_same_answer_as_often_as_it_asks() {
    let five = [saying("5")];
    let within = |flow_waits| decided(&five, |s| (s.repeats, s.flow_waits) = (5, flow_waits));
    let too_much = Decision::Say(BotText::OverBudget, vec![0]);
    assert_eq!((within(true), within(false)), (Decision::Ask(vec![0]), too_much));
}
