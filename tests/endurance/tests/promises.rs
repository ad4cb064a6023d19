//! The checks themselves: a run in which all is well passes, and each broken promise is found in one that is spoilt.

use endurance::kills::promises::{Evidence, Taken, broken};
use endurance::kills::trace::{Change, Event, Process};

const FALLBACK: &str = "fallback";

fn head(process: Process, user: &str, change: Change) -> Event {
    Event::Head { process, user: user.to_owned(), change, applied: true }
}

fn typed(mark: &str) -> Vec<Event> {
    let user = mark.split_once('x').map_or("", |(user, _)| user).to_owned();
    let (message, mark) = (format!("id-{mark}"), mark.to_owned());
    vec![
        Event::Typed { user, text: format!("{mark} \"hi\"?"), mark: mark.clone() },
        Event::Queued { message: message.clone(), mark },
        Event::Accepted { message, quarantined: false },
    ]
}

fn filed(process: Process, mark: &str, sequence: u64) -> Event {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    let change = Change::File { message: format!("id-{mark}"), sequence: Some(sequence), claims: true };
    head(process, user, change)
}

fn asked(mark: &str) -> Event {
    let (question, answer) = (format!("{mark} \"hi\"?"), format!("re: {mark}"));
    Event::Asked { question, history: Vec::new(), answer }
}

fn committed(process: Process, mark: &str) -> Event {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    head(process, user, Change::Commit { covers: vec![format!("id-{mark}")] })
}

fn sent(process: Process, mark: &str) -> Event {
    Event::Sent { process, reply: format!("id-{mark}#1"), taken: true }
}

fn taken(mark: &str, text: &str) -> Taken {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    let (to, reply) = (vec![user.to_owned()], format!("id-{mark}#1"));
    Taken { to, reply, part: 1, parts: 1, text: text.to_owned(), is_wide: false }
}

/// One whole turn about one message, by a process that nobody kills.
fn turn(process: Process, mark: &str, sequence: u64) -> Vec<Event> {
    let user = mark.split_once('x').map_or("", |(user, _)| user);
    let mut events = typed(mark);
    events.extend([
        filed(process, mark, sequence),
        asked(mark),
        committed(process, mark),
        sent(process, mark),
        head(process, user, Change::Settle),
        Event::Finished { process },
    ]);
    events
}

/// Two users: one has two messages answered, the other's process died after its send and another one sent it again.
fn good() -> Evidence {
    let mut events = [turn(1, "quokka1x1", 1), turn(1, "quokka1x2", 2), typed("quokka2x1")].concat();
    events.extend([
        filed(2, "quokka2x1", 1),
        asked("quokka2x1"),
        committed(2, "quokka2x1"),
        sent(2, "quokka2x1"),
        Event::Killed { process: 2 },
        head(3, "quokka2", Change::Claim),
        head(3, "quokka2", Change::SendAgain),
        sent(3, "quokka2x1"),
        head(3, "quokka2", Change::Settle),
        Event::Finished { process: 3 },
    ]);
    let taken: Vec<_> = ["quokka1x1", "quokka1x2", "quokka2x1", "quokka2x1"]
        .into_iter()
        .map(|mark| taken(mark, &format!("re: {mark}")))
        .collect();
    Evidence { most_copies: 2, fallback: FALLBACK.to_owned(), events, ..Evidence::default() }.with(taken)
}

/// The user whose messages were answered at once.
fn good_without_copies() -> Evidence {
    let taken = ["quokka1x1", "quokka1x2"].map(|mark| taken(mark, &format!("re: {mark}"))).to_vec();
    let events = [turn(1, "quokka1x1", 1), turn(1, "quokka1x2", 2)].concat();
    Evidence { most_copies: 2, fallback: FALLBACK.to_owned(), events, ..Evidence::default() }.with(taken)
}

trait With {
    fn with(self, taken: Vec<Taken>) -> Self;
}

impl With for Evidence {
    /// What Braze took, as it shows on the phones.
    fn with(mut self, taken: Vec<Taken>) -> Self {
        self.phones.clear();
        for one in &taken {
            let phone = self.phones.entry(one.to.first().cloned().unwrap_or_default()).or_default();
            phone.push(one.text.clone());
        }
        Self { taken, ..self }
    }
}

fn spoilt(spoil: impl FnOnce(&mut Evidence)) -> String {
    let mut evidence = good();
    spoil(&mut evidence);
    let taken = evidence.taken.clone();
    broken(&evidence.with(taken)).join("\n")
}

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
