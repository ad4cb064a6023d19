//! The steps of the protocol's model are written down by hand: whatever befalls the responder, its calls are a way through it.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use protocol_model::Fault as May;
use protocol_model::{CALLS, FLAG, RESEND_ONCE, Setting};
use responder::OnUnknown;
use simulation::sweep::{Played, SCRIPTS, Script, faults_of, places, play};
use simulation::{Effect, Fault, Moment};

/// Stories of one message, and how many parts its answer has.
const STORIES: [(&str, u32); 2] = [("one question", 1), ("a long reply", 3)];

fn story(name: &str) -> Script {
    SCRIPTS.into_iter().find(|script| script.name == name).unwrap()
}

/// What a fault of the worlds may be in the model.
fn may(fault: &Fault) -> &'static [(May, u8)] {
    match fault {
        // Whoever panics is gone, and gives nothing back.
        Fault::Dies(_) | Fault::Panics => &[(May::Death, 1)],
        Fault::Fails(_) => &[(May::Failure, 1), (May::AiFailure, 1), (May::Unknown, 1), (May::NotTold, 1)],
        Fault::Repeats => &[(May::AnswerLost, 1)],
        Fault::Freezes(..) => {
            &[(May::Zombie, 1), (May::Duplicate, 1), (May::AiFailure, 1), (May::Unknown, 1), (May::Short, 1)]
        }
        Fault::Slow(_) => &[(May::AiFailure, 1), (May::Unknown, 1), (May::Duplicate, 1)],
        Fault::Limited(_) | Fault::Unauthorized | Fault::Empty | Fault::Denied => {
            &[(May::Refusal, 1), (May::AiFailure, 1)]
        }
        Fault::Refused(_) => &[(May::Rejection, 1), (May::AiFailure, 1)],
        Fault::Twice => &[(May::Duplicate, 1)],
        Fault::Later(_) | Fault::Cut(_) | Fault::Lags(_) => &[],
    }
}

/// The orders in which the calls may have been made: as they are noted; who stood still before one made it later.
fn orders(played: &Played, effect: Effect, fault: &Fault) -> Vec<Vec<&'static str>> {
    let made: Vec<_> = played.effects.iter().filter(|effect| CALLS.contains(&effect.name)).collect();
    let noted: Vec<_> = made.iter().map(|effect| effect.name).collect();
    let late = made.iter().position(|made| **made == effect);
    let late = late.filter(|_| matches!(fault, Fault::Freezes(Moment::Before, _)));
    let mut all = vec![noted.clone()];
    for (from, to) in late.into_iter().flat_map(|from| (from + 1..noted.len()).map(move |to| (from, to))) {
        let mut moved = noted.clone();
        moved[from..=to].rotate_left(1);
        all.push(moved);
    }
    // A conversation that is not there yet is filed into twice: as if it were, which changes nothing, and so that it is.
    let first = noted.iter().position(|call| *call == "file");
    let without = first.map(|first| [&noted[..first], &noted[first + 1..]].concat());
    all.extend(without);
    for calls in &mut all {
        calls.dedup_by(|call, before| call == before && *call == "file");
    }
    all
}

#[test]
fn the_responder_makes_the_calls_of_the_model_in_its_order() {
    let mut followed = 0;
    for (name, parts) in STORIES {
        let script = story(name);
        for (on_unknown, most_copies) in [(OnUnknown::Flag, FLAG), (OnUnknown::ResendOnce, RESEND_ONCE)] {
            let calm = play(script, on_unknown, &[]);
            for effect in places(&calm) {
                for fault in faults_of(effect.name) {
                    let setting = Setting::new(name, &[true], most_copies, may(&fault)).parts(parts).slow_filing();
                    let orders = orders(&play(script, on_unknown, &[(*effect, fault.clone())]), *effect, &fault);
                    let is_way = orders.iter().any(|calls| setting.follows(calls) == calls.len());
                    let [noted, ..] = &orders[..] else { unreachable!("what is noted is among them") };
                    let up_to = setting.follows(noted);
                    assert!(is_way, "{name}, {on_unknown:?}: {effect} {fault:?}: {noted:?}, followed up to {up_to}");
                    followed += 1;
                }
            }
        }
    }
    assert!(followed > 300, "{followed}");
}

#[test]
fn any_other_order_of_what_it_calls_where_nothing_befalls_it_is_no_way_through_the_model() {
    for (name, parts) in STORIES {
        let calm = play(story(name), OnUnknown::Flag, &[]);
        let setting = Setting::new(name, &[true], FLAG, &[]).parts(parts);
        let orders = orders(&calm, calm.effects[0], &Fault::Twice);
        let calls = orders.iter().find(|calls| setting.follows(calls) == calls.len()).unwrap();
        for place in 0..calls.len() - 1 {
            let mut swapped = calls.clone();
            swapped.swap(place, place + 1);
            assert_eq!(setting.follows(&swapped), place, "{swapped:?}");
        }
    }
}
