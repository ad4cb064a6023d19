//! Every fault at every effect: the promises hold, and where nothing is left in doubt the user reads what he would have read
//! anyhow. `cargo run -p simulation -- sweep` plays every pair of faults as well.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use responder::OnUnknown;
use simulation::sweep::{Played, SCRIPTS, Script, faults_of, pairs, places, play};
use simulation::{Effect, Fault, Moment};

const POLICIES: [OnUnknown; 2] = [OnUnknown::ResendOnce, OnUnknown::Flag];

fn sweep(name: &str) {
    let script = SCRIPTS.into_iter().find(|script| script.name == name).unwrap();
    for on_unknown in POLICIES {
        let calm = play(script, on_unknown, &[]);
        assert!(calm.violations.is_empty() && !calm.read.is_empty(), "{name}: {:?}", calm.violations);
        for effect in places(&calm) {
            for fault in faults_of(effect.name) {
                let case = format!("{name}, {on_unknown:?}: {effect} {fault:?}");
                let one = play(script, on_unknown, &[(*effect, fault.clone())]);
                assert!(one.violations.is_empty(), "{case}: {:#?}", one.violations);
                check(&case, script, &calm, &one, is_window(*effect, &fault), on_unknown);
            }
        }
    }
}

#[test]
fn one_question_survives_every_fault() {
    sweep("one question");
}

#[test]
fn a_burst_survives_every_fault() {
    sweep("a burst");
}

#[test]
fn a_long_reply_survives_every_fault() {
    sweep("a long reply");
}

#[test]
fn an_ai_that_fails_survives_every_other_fault() {
    sweep("the AI fails");
}

#[test]
fn a_message_that_comes_while_the_ai_thinks_survives_every_fault() {
    sweep("a slow answer, and more to say");
}

#[test]
fn somebody_who_becomes_known_survives_every_fault() {
    sweep("somebody becomes known");
}

#[test]
fn a_takeover_survives_every_fault() {
    sweep("a takeover while the AI thinks");
}

#[test]
fn a_head_that_forgets_survives_every_fault() {
    sweep("more than a head remembers");
}

#[test]
fn between_them_the_scripts_come_by_every_effect() {
    let mut seen: Vec<_> = SCRIPTS
        .into_iter()
        .flat_map(|script| {
            let faults = [("send", Fault::Limited(None)), ("send", Fault::Fails(Moment::After))];
            let faults = faults.map(|(name, fault)| vec![(Effect { name, nth: 0 }, fault)]);
            faults
                .into_iter()
                .chain([vec![]])
                .flat_map(move |faults| play(script, OnUnknown::ResendOnce, &faults).effects)
        })
        .map(|effect| effect.name)
        .collect();
    seen.sort_unstable();
    seen.dedup();
    let all = [
        "adopt",
        "ask",
        "claim",
        "come back",
        "commit",
        "delete",
        "deliver",
        "draft",
        "file",
        "mark",
        "next part",
        "point",
        "put back",
        "put message",
        "read head",
        "read history",
        "read messages",
        "read turn",
        "release",
        "send",
        "send again",
        "settle",
    ];
    assert_eq!(seen, all);
}

/// A send was begun and nobody could write down what became of it: the one window for a copy or a flag.
fn is_window(effect: Effect, fault: &Fault) -> bool {
    let (Fault::Dies(moment) | Fault::Fails(moment) | Fault::Freezes(moment, _)) = fault else {
        return effect.name == "send";
    };
    matches!(
        (effect.name, moment),
        ("commit" | "next part", Moment::After) | ("settle" | "next part", Moment::Before) | ("send", _)
    )
}

fn check(case: &str, script: Script, calm: &Played, one: &Played, window: bool, on_unknown: OnUnknown) {
    if window {
        let most = calm.read.len() + usize::from(on_unknown == OnUnknown::ResendOnce);
        assert!(one.read.len() <= most, "{case}: {} copies", one.read.len());
    } else if ["a takeover while the AI thinks", "the AI fails"].contains(&script.name) {
        // Who answers depends on when, and a second failure leads to the fallback line: the witness saw that it was right.
        assert!(!one.read.is_empty() && one.dead == 0, "{case}: silence");
    } else {
        // Messages may be answered together or apart.
        let words = |played: &Played| {
            let mut words: Vec<_> =
                played.read.join("\n").lines().map(|line| line.trim_start_matches("re: ").to_owned()).collect();
            words.sort_unstable();
            words
        };
        assert_eq!(words(one), words(calm), "{case}");
        assert_eq!(one.dead, 0, "{case}");
    }
}

#[test]
fn two_faults_on_one_message_keep_the_promises() {
    for on_unknown in POLICIES {
        let mut played = 0;
        pairs(SCRIPTS[0], on_unknown, 37, |faults, twice| {
            assert!(twice.violations.is_empty(), "{on_unknown:?} {faults:?}: {:#?}", twice.violations);
            played += 1;
            true
        });
        assert!(played > 150, "{played}");
    }
}
