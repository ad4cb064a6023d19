//! The checks themselves: a run in which all is well passes, and each broken promise is found in one that is spoilt.

mod evidence;
mod silence;

use endurance::kills::promises::{Evidence, Taken, broken};
use endurance::kills::trace::{Change, Event};

use crate::evidence::{
    FALLBACK, With, asked, committed, filed, good, good_without_copies, head, sent, spoilt, taken, typed,
};

#[test]
fn a_run_in_which_all_is_well_breaks_nothing() {
    assert_eq!(broken(&good()), [""; 0]);
}

#[test]
fn a_lost_message_is_found() {
    let lost = spoilt(|evidence| drop(evidence.taken.remove(1)));
    assert!(lost.contains("a message is lost: id-quokka1x2"), "{lost}");
    let never_queued = spoilt(|evidence| {
        evidence.events.push(Event::Accepted { message: "nowhere".to_owned(), quarantined: false });
    });
    assert!(never_queued.contains("lost: nowhere"), "{never_queued}");
    let not_parked =
        spoilt(|evidence| evidence.events.push(Event::Accepted { message: "q".to_owned(), quarantined: true }));
    assert!(not_parked.contains("lost: q"), "{not_parked}");
}

#[test]
fn a_message_in_the_quarantine_or_among_the_dead_is_not_lost() {
    let parked = spoilt(|evidence| {
        evidence.events.push(Event::Accepted { message: "q".to_owned(), quarantined: true });
        evidence.quarantined.push("q".to_owned());
    });
    assert_eq!(parked, "");
    let mut dead = good();
    dead.events.extend(typed("quokka1x3"));
    dead.dead.push("id-quokka1x3".to_owned());
    let found = broken(&dead).join("\n");
    assert_eq!(found, "id-quokka1x3 is a dead letter, without three failed attempts before it");
    let attempt = |process| [head(process, "quokka1", Change::Claim), Event::Killed { process }];
    dead.events.extend((10..14).flat_map(attempt));
    dead.events.push(head(14, "quokka1", Change::Settle));
    assert_eq!(broken(&dead), [""; 0]);
}

#[test]
fn a_turn_that_no_more_copy_may_be_sent_of_is_flagged_with_an_alarm() {
    let mut flagged = good();
    flagged.events.extend(typed("quokka1x3"));
    flagged.events.push(filed(20, "quokka1x3", 3));
    flagged.events.push(Event::Killed { process: 20 });
    // Asked for by a process that died before it was done.
    flagged.events.push(committed(20, "quokka1x3"));
    assert!(broken(&flagged).join("\n").contains("a message is lost: id-quokka1x3"), "one more copy may be sent");
    flagged.events.extend([
        head(21, "quokka1", Change::Claim),
        head(21, "quokka1", Change::SendAgain),
        Event::Killed { process: 21 },
        head(22, "quokka1", Change::Settle),
        Event::Finished { process: 22 },
    ]);
    assert_eq!(broken(&flagged), ["1 turns were given up, and 0 alarms were raised"]);
    flagged.alarms = 1;
    assert_eq!(broken(&flagged), [""; 0]);
}

/// A user's message whose process died after its commit, so that it was flagged; and what came by a second webhook, with
/// this mark, and was settled in silence.
fn flagged_with_another(mark: &str) -> Evidence {
    let mut evidence = Evidence { most_copies: 1, ..good_without_copies() };
    let queued = |message: &str, mark: &str| Event::Queued { message: message.to_owned(), mark: mark.to_owned() };
    evidence.events.extend([typed("quokka3x1"), vec![filed(40, "quokka3x1", 1), committed(40, "quokka3x1")]].concat());
    evidence.events.extend([
        Event::Killed { process: 40 },
        queued("another", mark),
        Event::Accepted { message: "another".to_owned(), quarantined: false },
        head(41, "quokka3", Change::Claim),
        head(41, "quokka3", Change::Settle),
        head(41, "quokka3", Change::Claim),
        head(41, "quokka3", Change::Settle),
        Event::Finished { process: 41 },
    ]);
    Evidence { alarms: 1, ..evidence }
}

#[test]
fn a_copy_of_a_flagged_message_is_settled_in_silence_and_any_other_message_is_lost() {
    assert_eq!(broken(&flagged_with_another("quokka3x1")), [""; 0]);
    assert_eq!(broken(&flagged_with_another("quokka3x2")), ["a message is lost: another (quokka3x2)"]);
}

#[test]
fn a_message_that_stays_pending_is_found() {
    let pending = spoilt(|evidence| evidence.open.push(("quokka1".to_owned(), "id-quokka1x2".to_owned())));
    assert!(pending.contains("not settled: id-quokka1x2 of quokka1"), "{pending}");
}

#[test]
fn a_reply_to_somebody_else_is_found() {
    let wrong = spoilt(|evidence| evidence.taken[0].to = vec!["quokka2".to_owned()]);
    assert!(wrong.contains("was sent to [\"quokka2\"]") && wrong.contains("quokka2 reads what is about quokka1x1"));
    let both = spoilt(|evidence| evidence.taken[0].to.push("quokka2".to_owned()));
    assert!(both.contains("was sent to [\"quokka1\", \"quokka2\"]"), "{both}");
    let wide = spoilt(|evidence| evidence.taken[0].is_wide = true);
    assert!(wide.contains("a reply to Some(\"quokka1\")"), "{wide}");
}

#[test]
fn a_third_copy_and_one_without_a_cause_are_found() {
    let third = spoilt(|evidence| evidence.taken.push(evidence.taken[3].clone()));
    assert!(third.contains("id-quokka2x1#1 was taken 3 times; at most 2 may be"), "{third}");
    let without_cause =
        spoilt(|evidence| evidence.events.retain(|event| !matches!(event, Event::Killed { process: 2 })));
    assert!(without_cause.contains("its sender lived to write it down"), "{without_cause}");
    let recorded = spoilt(|evidence| {
        let death = evidence.events.iter().position(|event| matches!(event, Event::Killed { process: 2 }));
        evidence.events.insert(death.unwrap_or_default(), head(2, "quokka2", Change::Settle));
    });
    assert!(recorded.contains("its sender lived to write it down"), "{recorded}");
    let unheard = spoilt(|evidence| {
        let reply = "id-quokka2x1#1".to_owned();
        evidence.events.iter_mut().filter(|event| matches!(event, Event::Killed { process: 2 })).for_each(|event| {
            *event = Event::Unheard { process: 2, reply: reply.clone() };
        });
    });
    assert_eq!(unheard, "", "an answer that was lost on purpose is a cause");
    let flagging = Evidence { most_copies: 1, ..good() };
    assert!(broken(&flagging).join("\n").contains("taken 2 times; at most 1"));
    let from_nobody = spoilt(|evidence| evidence.events.retain(|event| *event != sent(3, "quokka2x1")));
    assert!(from_nobody.contains("taken 2 times, but sent 1 times"), "{from_nobody}");
}

#[test]
fn a_second_answer_to_the_same_text_is_found() {
    let twice = spoilt(|evidence| {
        let mut again = evidence.taken[0].clone();
        again.reply = "id-quokka1x2#1".to_owned();
        evidence.events.push(sent(9, "quokka1x2"));
        evidence.taken.push(again);
    });
    assert!(twice.contains("quokka1x1 was answered in 2 turns"), "{twice}");
}

#[test]
fn a_swapped_order_is_found() {
    let swapped = spoilt(|evidence| evidence.taken.swap(0, 1));
    assert!(swapped.contains("quokka1x1 was filed before quokka1x2 and answered after it"), "{swapped}");
    let swapped_in_a_turn = spoilt(|evidence| evidence.taken[1].text = "re: quokka1x2 quokka1x1".to_owned());
    assert!(swapped_in_a_turn.contains("were not asked about in the order of filing"), "{swapped_in_a_turn}");
}

#[test]
fn changed_and_foreign_words_are_found() {
    let changed = spoilt(|evidence| {
        for event in &mut evidence.events {
            if let Event::Asked { question, .. } = event {
                *question = question.replace('"', "'");
            }
        }
    });
    assert!(changed.contains("the AI was asked something else than was typed"), "{changed}");
    let foreign = spoilt(|evidence| {
        for event in &mut evidence.events {
            if let Event::Asked { history, .. } = event {
                *history = vec!["quokka2x1 \"hi\"?".to_owned(), "re: quokka2x1".to_owned()];
            }
        }
    });
    assert!(foreign.contains("the AI was told of quokka2x1 in a question of quokka1"), "{foreign}");
    let invented = spoilt(|evidence| evidence.taken[0].text = "quokka1x1 something else".to_owned());
    assert!(invented.contains("says what the AI did not say"), "{invented}");
}

#[test]
fn a_missing_part_is_found() {
    let missing = spoilt(|evidence| evidence.taken[0].parts = 2);
    assert!(missing.contains("of the 2 parts of id-quokka1x1 came [1]"), "{missing}");
}

/// A user's reply of three parts, of which Braze took `taken` in this order; the answer to a copy of the second was lost,
/// and the process that sent the next copy died, before or after Braze took it.
fn in_three_parts(parts: &[u64]) -> Evidence {
    let mut evidence = good();
    let part = |part: u64| format!("id-quokka3x1#{part}");
    let send = |process, number| Event::Sent { process, reply: part(number), taken: true };
    evidence.events.extend(typed("quokka3x1"));
    evidence.events.extend([filed(30, "quokka3x1", 1), asked("quokka3x1"), committed(30, "quokka3x1"), send(30, 1)]);
    evidence.events.extend([head(30, "quokka3", Change::NextPart), send(30, 2)]);
    evidence.events.extend([
        Event::Unheard { process: 30, reply: part(2) },
        head(30, "quokka3", Change::SendAgain),
        Event::Killed { process: 30 },
        head(31, "quokka3", Change::Claim),
        head(31, "quokka3", Change::Settle),
        Event::Finished { process: 31 },
    ]);
    let told = parts.iter().map(|number| Taken {
        reply: part(*number),
        part: *number,
        parts: 3,
        ..taken("quokka3x1", "re: quokka3x1")
    });
    let taken = evidence.taken.iter().cloned().chain(told).collect();
    Evidence { alarms: 1, ..evidence }.with(taken)
}

#[test]
fn a_part_of_which_one_answer_was_lost_and_one_sender_died_may_be_the_last() {
    assert_eq!(broken(&in_three_parts(&[1, 2])), [""; 0]);
    let silent = Evidence { alarms: 0, ..in_three_parts(&[1, 2]) };
    assert_eq!(broken(&silent), ["1 turns were given up, and 0 alarms were raised"]);
    for (spoilt, without) in [
        ("the answer was heard", Event::Unheard { process: 30, reply: "id-quokka3x1#2".to_owned() }),
        ("the sender lived", Event::Killed { process: 30 }),
        ("no second copy was begun", head(30, "quokka3", Change::SendAgain)),
    ] {
        let mut evidence = in_three_parts(&[1, 2]);
        evidence.events.retain(|event| *event != without);
        let found = broken(&evidence).join("\n");
        assert!(found.contains("of the 3 parts of id-quokka3x1 came [1, 2]"), "{spoilt}: {found}");
    }
    let gap = broken(&in_three_parts(&[1, 3])).join("\n");
    assert!(gap.contains("of the 3 parts of id-quokka3x1 came [1, 3]"), "{gap}");
}

#[test]
fn a_fallback_line_that_comes_too_early_is_found() {
    let early = spoilt(|evidence| FALLBACK.clone_into(&mut evidence.taken[0].text));
    assert!(early.contains("is the fallback line, without two failed attempts"), "{early}");
}

#[test]
fn what_braze_refuses_or_does_not_deliver_is_found() {
    let refused = spoilt(|evidence| evidence.refused.push("400".to_owned()));
    let undelivered = spoilt(|evidence| evidence.undelivered.push("no such user".to_owned()));
    assert!(refused.contains("Braze refused") && undelivered.contains("no such user"));
    let mut unread = good();
    unread.phones.clear();
    assert!(broken(&unread).join("\n").contains("Braze took 4 parts, and 0 are on the phones"));
}
