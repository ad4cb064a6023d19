//! Users to whom the bot has to be silent: who wrote STOP, and whose conversation a person has.

use endurance::kills::promises::{Evidence, broken};
use endurance::kills::trace::{Change, Event};

use crate::evidence::{With, committed, filed, good, head, sent, taken, turn, typed};

/// A user who is answered, writes STOP, and goes on writing.
fn stopped() -> Evidence {
    let mut events = turn(50, "quokka3x1", 1);
    events.extend([typed("quokka3x2"), vec![filed(51, "quokka3x2", 2), head(51, "quokka3", Change::OptOut)]].concat());
    events.extend([typed("quokka3x3"), vec![filed(51, "quokka3x3", 3), head(51, "quokka3", Change::Settle)]].concat());
    events.push(Event::Finished { process: 51 });
    let evidence = good();
    let told = evidence.taken.iter().cloned().chain([taken("quokka3x1", "re: quokka3x1")]).collect();
    let events = [evidence.events.clone(), events].concat();
    Evidence { events, stops: vec!["quokka3x2".to_owned()], ..evidence }.with(told)
}

#[test]
fn after_stop_silence_is_kept_and_no_other_silence_is_excused() {
    assert_eq!(broken(&stopped()), [""; 0]);
    let mut unheeded = stopped();
    unheeded.events.retain(|event| *event != head(51, "quokka3", Change::OptOut));
    let lost = ["a message is lost: id-quokka3x2 (quokka3x2)", "a message is lost: id-quokka3x3 (quokka3x3)"];
    assert_eq!(broken(&unheeded), lost);
    let mut never_filed = stopped();
    never_filed.events.retain(|event| *event != filed(51, "quokka3x3", 3));
    assert_eq!(broken(&never_filed), lost[1..]);
}

#[test]
fn a_word_after_stop_and_an_answer_to_it_are_found() {
    let mut late = stopped();
    let at = late.events.iter().position(|event| *event == sent(50, "quokka3x1"));
    let sent = late.events.remove(at.unwrap());
    late.events.push(sent);
    assert!(broken(&late).contains(&"id-quokka3x1#1 was sent after quokka3 had written STOP".to_owned()));
    let mut answered = stopped();
    answered.taken.push(taken("quokka3x2", "re: quokka3x2"));
    assert!(broken(&answered).contains(&"quokka3x2 is STOP, and was answered".to_owned()));
}

#[test]
fn a_reply_in_parts_may_end_where_the_user_wrote_stop_and_has_no_gap() {
    let of_three = |part: u64| {
        let mut evidence = stopped();
        if let Some(last) = evidence.taken.last_mut() {
            (last.part, last.parts) = (part, 3);
        }
        let taken = evidence.taken.clone();
        broken(&evidence.with(taken)).join("\n")
    };
    assert_eq!(of_three(1), "");
    assert!(of_three(2).contains("of the 3 parts of id-quokka3x1 came [2]"));
}

/// A user who is answered, is taken over by an agent, and goes on writing.
fn taken_over() -> Evidence {
    let mut events = turn(60, "quokka4x1", 1);
    events.push(Event::Wished { user: "quokka4".to_owned() });
    events.push(head(61, "quokka4", Change::TakeOver));
    events.extend([typed("quokka4x2"), vec![filed(61, "quokka4x2", 2), head(61, "quokka4", Change::Settle)]].concat());
    events.push(Event::Finished { process: 61 });
    let evidence = good();
    let told = evidence.taken.iter().cloned().chain([taken("quokka4x1", "re: quokka4x1")]).collect();
    Evidence { events: [evidence.events.clone(), events].concat(), ..evidence }.with(told)
}

#[test]
fn the_bot_is_silent_beside_a_person_and_may_end_what_it_had_begun() {
    assert_eq!(broken(&taken_over()), [""; 0]);
    let mut in_flight = taken_over();
    let (begun, over) = (sent(60, "quokka4x1"), head(61, "quokka4", Change::TakeOver));
    in_flight.events.retain(|event| *event != over);
    let at = in_flight.events.iter().position(|event| *event == begun);
    in_flight.events.insert(at.unwrap(), over);
    assert_eq!(broken(&in_flight), [""; 0]);
}

#[test]
fn a_word_of_the_bot_beside_a_person_and_a_takeover_that_is_lost_are_found() {
    let mut beside = taken_over();
    beside.events.push(committed(61, "quokka4x2"));
    let found = broken(&beside).join("\n");
    assert!(found.contains("the bot began to say something to quokka4, who is a person's"), "{found}");
    let mut lost = taken_over();
    lost.events.retain(|event| *event != head(61, "quokka4", Change::TakeOver));
    let found = broken(&lost).join("\n");
    assert!(found.contains("an agent was to have the conversation of quokka4, and has it not"), "{found}");
    assert!(found.contains("a message is lost: id-quokka4x2"), "{found}");
}
