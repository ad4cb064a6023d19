//! What is searched where answers may come later.

use super::{ONE, TWO};
use crate::broken::Broken;
use crate::bug::Bug;
use crate::fault::Fault::{
    AiFailure, Answer, AnswerLost, Death, Duplicate, Failure, LastDelivery, Redrive, Release, Takeover, Unknown, Zombie,
};
use crate::setting::{FLAG, RESEND_ONCE, Setting};

/// Small enough for every test run.
pub(super) fn small() -> Vec<Setting> {
    let new = Setting::new;
    vec![
        new("one message, an answer that comes later", ONE, FLAG, &[(Answer, 2), (Death, 1), (Zombie, 1)]).later(),
        new(
            "one message, later, taken over",
            ONE,
            RESEND_ONCE,
            &[(Answer, 1), (Takeover, 1), (Release, 1), (Duplicate, 1)],
        )
        .later()
        .moments(),
        new("two messages, an answer that comes later", TWO, FLAG, &[(Answer, 1)]).later().attempts(3),
    ]
}

/// What a machine explores in some minutes.
pub(super) fn large() -> Vec<Setting> {
    let new = Setting::new;
    vec![
        new(
            "one message, an answer that comes later",
            ONE,
            RESEND_ONCE,
            &[(Answer, 2), (Death, 2), (AnswerLost, 1), (AiFailure, 1)],
        )
        .later(),
        new(
            "one message, later, a troubled table",
            ONE,
            FLAG,
            &[(Answer, 1), (Failure, 2), (AnswerLost, 1), (Unknown, 1)],
        )
        .later(),
        new("one message, later, with a person", ONE, FLAG, &[(Answer, 1), (Death, 1), (Takeover, 1), (Release, 1)])
            .later()
            .moments(),
        new(
            "one message, later, every attempt fails",
            ONE,
            FLAG,
            &[(Answer, 1), (Death, 3), (AiFailure, 3), (LastDelivery, 1), (Redrive, 1)],
        )
        .later(),
    ]
}

/// For every mistake in waiting for an answer a setting that shows it, and the promise that it breaks.
pub(super) fn seeded() -> Vec<(Setting, Broken)> {
    let of = |name, messages, bug, faults| Setting::new(name, messages, FLAG, faults).later().with(bug);
    let one = |bug: Bug, faults| of("one message", ONE, bug, faults);
    let two = |bug: Bug, faults| of("two messages", TWO, bug, faults);
    vec![
        (one(Bug::PromisedAgain, &[]), Broken::AskedTooOften),
        (one(Bug::AsideDeleted, &[]), Broken::Stranded),
        (one(Bug::AsideSettles, &[]), Broken::Unanswered),
        (one(Bug::AsideForgotten, &[]), Broken::AskedAgain),
        (one(Bug::MomentInItsPlace, &[]).moments(), Broken::AskedAgain),
        (one(Bug::LeftOverIgnoredLater, &[(Answer, 1), (Death, 1)]), Broken::TwoReplies),
        (two(Bug::AnyQuestion, &[(Answer, 1)]), Broken::AnotherQuestion),
        (one(Bug::AnyTime, &[(Answer, 1)]), Broken::SaidTooLate),
        (one(Bug::AnswerAcknowledged, &[(Answer, 1)]), Broken::AnswerDropped),
    ]
}
