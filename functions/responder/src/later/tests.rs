use std::time::Duration;

use models::Timestamp;
use store::{Pending, TurnKey, TurnKind};

use super::*;

const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

const WAIT: Wait = Wait { since: at(100), until: at(220), passed: 1 };

fn id(name: &str) -> MessageId {
    MessageId::stored(name)
}

/// The row of a question about these messages.
fn aside(messages: &[MessageId]) -> TurnRow {
    TurnRow {
        key: TurnKey { number: 1, epoch: 1 },
        kind: TurnKind::Waiting(WAIT),
        covers: messages.to_vec(),
        ..crate::history::tests::row(1, 1, "", &[])
    }
}

fn later<'a>(question: &'a MessageId, body: &'a Personal, at: Timestamp) -> LaterAnswer<'a> {
    LaterAnswer { question, body, at, unusable: AtomicBool::new(false) }
}

#[test]
fn a_question_is_asked_once_within_its_time_and_its_answer_is_taken_if_it_came_within_it() {
    let (first, second, words) = (id("m1"), id("m2"), Personal::from("{}"));
    let both = [first.clone(), second.clone()];
    let rows = [&both[..1], &both[..], &both[1..]].map(aside);
    let [waiting, about_both, about_second] = [0, 1, 2].map(|place: usize| Waiting::of(&rows[place]));
    let burst = MessageId::of_question(&both).unwrap();
    let open = |most: usize| &both[..most];
    for (question, open, waiting, answer, now, expected) in [
        (&first, open(1), None, None, 110, Stance::Ask(None)),
        (&first, open(1), waiting, None, 110, Stance::WaitOn(WAIT)),
        (&first, open(1), waiting, None, 219, Stance::WaitOn(WAIT)),
        (&first, open(1), waiting, None, 220, Stance::Ask(Some(WAIT))),
        (&first, open(1), waiting, Some((&first, 220)), 230, Stance::Take(WAIT)),
        (&first, open(1), waiting, Some((&first, 221)), 230, Stance::Ask(Some(WAIT))),
        (&first, open(1), waiting, Some((&second, 110)), 120, Stance::WaitOn(WAIT)),
        (&first, open(1), None, Some((&first, 110)), 120, Stance::Ask(None)),
        // More was written meanwhile: what the first question was asked is not all of it.
        (&second, open(2), waiting, Some((&first, 110)), 120, Stance::Ask(Some(WAIT))),
        (&second, open(2), waiting, None, 300, Stance::Ask(Some(WAIT))),
        // A copy of what was asked is nothing to ask about.
        (&first, open(2), waiting, None, 120, Stance::WaitOn(WAIT)),
        (&burst, open(2), about_both, Some((&burst, 110)), 120, Stance::Take(WAIT)),
        // The first of both was given up: what is asked now is another question, however it ends.
        (&second, &both[1..], about_both, Some((&burst, 110)), 120, Stance::Ask(Some(WAIT))),
        (&second, &both[1..], about_second, Some((&burst, 110)), 120, Stance::WaitOn(WAIT)),
        // What was waited for is over.
        (&second, &both[1..], waiting, None, 120, Stance::Ask(None)),
    ] {
        let answer = answer.map(|(question, seconds)| later(question, &words, at(seconds)));
        let stance = stance(question, open, waiting, answer.as_ref(), at(now));
        assert_eq!(stance, expected, "{question:?} {open:?} {now}");
    }
}

#[test]
fn whoever_goes_on_writing_is_waited_for_no_longer_than_from_the_first_question() {
    let asked = ai::Later { within: Duration::from_mins(2), passed: 2 };
    let wait = |since, until| Wait { since: at(since), until: at(until), passed: 2 };
    assert_eq!(wait_for(asked, at(100), None, at(103)), wait(100, 223));
    assert_eq!(wait_for(asked, at(200), Some(WAIT), at(201)), wait(100, 220));
    let shorter = ai::Later { within: Duration::from_secs(5), ..asked };
    assert_eq!(wait_for(shorter, at(110), Some(WAIT), at(111)), wait(100, 116));
}

#[test]
fn an_answer_is_wanted_as_long_as_its_question_is_the_one_that_is_waited_for() {
    let mut head = Head::default();
    for (sequence, name) in [(1, "m1"), (2, "m2")] {
        head.pending.insert(id(name), Pending { sequence, due: at(100), arrival: at(100) });
    }
    let person = Head { owner: Owner::Person, ..head.clone() };
    let silent = Head { opted_out: true, ..head.clone() };
    for (head, waits_for, question, seconds, expected) in [
        (&head, Some("m2"), "m2", 220, Standing::Wanted),
        (&head, Some("m2"), "m2", 221, Standing::Refused(Refusal::TooLate)),
        (&head, Some("m2"), "m1", 110, Standing::Refused(Refusal::Replaced)),
        // The run that asked about both may not have put that aside yet.
        (&head, Some("m1"), "m2", 110, Standing::NotYet),
        (&head, None, "m1", 110, Standing::NotYet),
        (&head, Some("m0"), "m1", 110, Standing::NotYet),
        (&head, Some("m0"), "m0", 110, Standing::Refused(Refusal::Over)),
        (&Head::default(), Some("m1"), "m1", 110, Standing::Refused(Refusal::Over)),
        (&person, Some("m2"), "m2", 110, Standing::WithPerson),
        (&silent, Some("m2"), "m2", 110, Standing::Refused(Refusal::OptedOut)),
    ] {
        let row = waits_for.map(|name| aside(&[id(name)]));
        let waiting = row.as_ref().and_then(Waiting::of);
        assert_eq!(standing(head, waiting, &id(question), at(seconds)), expected, "{question} {waits_for:?} {seconds}");
    }
}

#[test]
fn what_did_not_come_in_time_is_passed_over_where_it_was_asked_and_nowhere_else() {
    let row = aside(&[id("m1")]);
    let nobody = TurnRow { kind: TurnKind::Waiting(Wait { passed: 0, ..WAIT }), ..row.clone() };
    for (row, is_same_way, now, expected) in [
        (Some(&row), true, 219, 0),
        (Some(&row), true, 220, 1),
        // On another way the first was not asked yet: it is not passed over for what somebody else promised.
        (Some(&row), false, 220, 0),
        (Some(&nobody), true, 220, 1),
        (None, true, 220, 0),
    ] {
        assert_eq!(passed(row.and_then(Waiting::of), is_same_way, at(now)), expected, "{is_same_way} {now}");
    }
}
