//! What is searched.

mod later;

use crate::broken::Broken;
use crate::bug::Bug;
use crate::fault::Fault::{
    AiFailure, AnswerLost, Day, Death, Duplicate, Failure, LastDelivery, NotTold, Redrive, Refusal, Rejection, Release,
    Repeat, Short, SlowBurial, Takeover, Unknown, Zombie,
};
use crate::setting::{FLAG, RESEND_ONCE, Setting};

const ONE: &[bool] = &[true];
const TWO: &[bool] = &[true, true];
const THREE: &[bool] = &[true, true, true];
const FRAGMENT_AND_WHOLE: &[bool] = &[false, true];
const FRAGMENTS: &[bool] = &[false, false];

/// Small enough for every test run; together they have every fault.
pub fn small() -> Vec<Setting> {
    let new = Setting::new;
    let mut settings = vec![
        new("one message, a troubled table", ONE, FLAG, &[(Death, 1), (AnswerLost, 1), (Failure, 1), (Duplicate, 1)]),
        new(
            "one message, a troubled Braze",
            ONE,
            RESEND_ONCE,
            &[(AnswerLost, 1), (Death, 1), (Unknown, 2), (Refusal, 1), (Short, 1)],
        )
        .parts(2),
        new(
            "one message, refused",
            ONE,
            RESEND_ONCE,
            &[(Unknown, 1), (Rejection, 1), (LastDelivery, 1), (Redrive, 1), (SlowBurial, 1)],
        )
        .parts(2),
        new("one message, taken over", ONE, RESEND_ONCE, &[(Death, 1), (Takeover, 1), (Release, 1), (Zombie, 1)])
            .parts(2),
        new("one message, an AI that fails", ONE, FLAG, &[(AiFailure, 3), (Death, 2), (Redrive, 1)]),
        new("one message, leases that end", ONE, RESEND_ONCE, &[(Zombie, 1), (Duplicate, 1), (Refusal, 1)]).parts(2),
        new("one message, an AI that takes long", ONE, RESEND_ONCE, &[(Death, 1), (Unknown, 1), (Zombie, 1)]).moments(),
        new("two messages", TWO, RESEND_ONCE, &[(Death, 1)]),
        new("three messages, nothing goes wrong", THREE, FLAG, &[]).attempts(3),
        new("two messages, a lease that ends", TWO, FLAG, &[(Zombie, 1), (Unknown, 1), (AiFailure, 1)]),
        new("two messages, one is lost from sight", TWO, FLAG, &[(LastDelivery, 1), (Redrive, 1), (Repeat, 1)]),
        new("two messages, a day", TWO, RESEND_ONCE, &[(Unknown, 1), (Refusal, 1), (Day, 1)]),
        new("fragments in a batch", FRAGMENTS, FLAG, &[(AnswerLost, 1), (NotTold, 1)]).batch(2),
        new("a head that forgets", TWO, FLAG, &[(Repeat, 1)]).memory(1),
        new("parts, and a head that forgets", TWO, FLAG, &[(Repeat, 1)]).parts(2).memory(1),
    ];
    settings.extend(later::small());
    settings
}

/// What a machine explores in some minutes.
pub fn large() -> Vec<Setting> {
    let new = Setting::new;
    let mut settings = vec![
        new(
            "one message under flag",
            ONE,
            FLAG,
            &[(Death, 2), (AnswerLost, 1), (Failure, 1), (Duplicate, 1), (Unknown, 1), (Refusal, 1), (Rejection, 1)],
        )
        .parts(2),
        new(
            "one message under resend_once",
            ONE,
            RESEND_ONCE,
            &[
                (Death, 2),
                (AnswerLost, 1),
                (Failure, 1),
                (Unknown, 2),
                (Refusal, 1),
                (Rejection, 1),
                (Short, 1),
                (Redrive, 1),
            ],
        )
        .parts(2),
        new(
            "one message, taken over",
            ONE,
            RESEND_ONCE,
            &[(Death, 1), (AnswerLost, 1), (Unknown, 1), (Refusal, 1), (Duplicate, 1), (Takeover, 1), (Release, 1)],
        )
        .parts(2),
        new("one message, leases that end", ONE, RESEND_ONCE, &[(Death, 1), (Duplicate, 1), (Repeat, 1), (Zombie, 2)])
            .parts(2),
        new(
            "one message, every attempt fails",
            ONE,
            FLAG,
            &[(Death, 5), (AiFailure, 3), (AnswerLost, 1), (SlowBurial, 1), (LastDelivery, 1), (Redrive, 2)],
        ),
        new(
            "one message, an AI that takes long",
            ONE,
            RESEND_ONCE,
            &[(Death, 2), (AnswerLost, 1), (Failure, 1), (Unknown, 1), (AiFailure, 1), (Takeover, 1), (Release, 1)],
        )
        .moments(),
        new("two messages, an AI that takes long", TWO, FLAG, &[(Death, 1), (Zombie, 1), (Duplicate, 1)]).moments(),
        new("two messages, a troubled table", TWO, FLAG, &[(Death, 1), (AnswerLost, 1), (Failure, 1), (AiFailure, 1)]),
        new("two messages, taken over", TWO, RESEND_ONCE, &[(Death, 1), (Takeover, 1), (Release, 1), (Refusal, 1)])
            .parts(2),
        new(
            "two messages, a lease that ends",
            TWO,
            RESEND_ONCE,
            &[(Death, 1), (Duplicate, 1), (Zombie, 1), (Unknown, 1)],
        ),
        new(
            "two messages, dead letters",
            TWO,
            RESEND_ONCE,
            &[(Death, 1), (Rejection, 1), (LastDelivery, 1), (Redrive, 1), (Day, 1)],
        ),
        new(
            "two messages, a day of refusals",
            TWO,
            RESEND_ONCE,
            &[(Unknown, 1), (Refusal, 2), (Day, 1), (Redrive, 1), (Death, 1)],
        ),
        new("three messages under flag", THREE, FLAG, &[(Death, 1), (Unknown, 1)]),
        new("three messages, dead letters", THREE, RESEND_ONCE, &[(Death, 1), (LastDelivery, 1), (Redrive, 1)]),
        new("fragments in a batch", FRAGMENTS, FLAG, &[(Death, 1), (AnswerLost, 1), (Duplicate, 1), (NotTold, 1)])
            .batch(2),
        new("a fragment and its end", FRAGMENT_AND_WHOLE, RESEND_ONCE, &[(Death, 1), (Zombie, 1), (LastDelivery, 1)]),
        new("a head that forgets", TWO, FLAG, &[(Repeat, 1), (Zombie, 1), (Death, 1)]).memory(1),
        new("parts, and a head that forgets", TWO, RESEND_ONCE, &[(Repeat, 1), (Unknown, 1), (Death, 1)])
            .parts(2)
            .memory(1),
        new("three messages and a head that forgets", THREE, FLAG, &[(Repeat, 1)]).memory(1),
    ];
    settings.extend(later::large());
    settings
}

/// For every bug a setting that shows it, and the promise that it breaks.
pub fn seeded() -> Vec<(Setting, Broken)> {
    let new = Setting::new;
    let one = |bug: Bug, most_copies, faults| new("one message", ONE, most_copies, faults).with(bug);
    let two = |bug: Bug, most_copies, faults| new("two messages", TWO, most_copies, faults).with(bug);
    let mut settings = vec![
        (one(Bug::LeftOverIgnored, FLAG, &[(Death, 1)]), Broken::TooManyCopies),
        (one(Bug::NoFence, FLAG, &[(Zombie, 1), (Duplicate, 1)]), Broken::TooManyCopies),
        (one(Bug::OwnerIgnored, FLAG, &[(Takeover, 1)]).parts(2), Broken::SentAfterTakeover),
        (one(Bug::DuplicatesEnd, FLAG, &[(AnswerLost, 1)]), Broken::Stranded),
        (two(Bug::StaleSet, FLAG, &[(Refusal, 1)]), Broken::TwoReplies),
        (one(Bug::NoDoneGuard, FLAG, &[(Duplicate, 1)]), Broken::TwoReplies),
        (two(Bug::SettlesAll, FLAG, &[]), Broken::Unanswered),
        (one(Bug::SentMoved, FLAG, &[(Death, 1)]), Broken::Unanswered),
        (new("a fragment", FRAGMENT_AND_WHOLE, FLAG, &[(NotTold, 1)]).with(Bug::UntoldDeleted), Broken::Stranded),
        (two(Bug::ConflictAcknowledged, FLAG, &[]), Broken::Stranded),
        (two(Bug::ForgottenUnmarked, FLAG, &[(Repeat, 1)]).memory(1), Broken::TwoReplies),
        (one(Bug::OwnWriteUnrecognised, FLAG, &[(AnswerLost, 1)]), Broken::NeedlessFlag),
        (one(Bug::CopiesCountedLate, RESEND_ONCE, &[(Death, 2)]), Broken::TooManyCopies),
        (one(Bug::AttemptsCountedLate, FLAG, &[(Death, 2)]).attempts(3), Broken::AskedTooOften),
        (new("two fragments", FRAGMENTS, FLAG, &[(LastDelivery, 1)]).with(Bug::NewestOnly), Broken::NeverSettles),
        (one(Bug::DraftsShareARow, RESEND_ONCE, &[(Zombie, 1), (Duplicate, 1), (Death, 1)]), Broken::TwoReplies),
        (one(Bug::UnknownTakenForRefused, FLAG, &[(Unknown, 1)]), Broken::TooManyCopies),
        (one(Bug::ParkedAcknowledged, FLAG, &[(Rejection, 1)]), Broken::Stranded),
        (one(Bug::TakeoverFencesNobody, FLAG, &[(Takeover, 1), (Release, 1)]), Broken::Unanswered),
        (two(Bug::EarlierCopyForgotten, RESEND_ONCE, &[(Unknown, 1), (Refusal, 1), (Day, 1)]), Broken::TwoReplies),
        (new("three messages", THREE, FLAG, &[(Repeat, 1)]).memory(1).with(Bug::FreshForEver), Broken::TwoReplies),
        (one(Bug::MomentSettles, FLAG, &[(Death, 1)]).moments(), Broken::Unanswered),
        (two(Bug::MomentGivesBack, FLAG, &[(AiFailure, 1)]).attempts(3).moments(), Broken::AskedTooOften),
        (one(Bug::MomentSentAgain, RESEND_ONCE, &[(Death, 1)]).moments(), Broken::MomentTwice),
        (one(Bug::MomentForgotten, FLAG, &[(Death, 1)]).moments(), Broken::MomentTwice),
        (one(Bug::MomentTakenForTheAnswer, FLAG, &[(Death, 1)]).attempts(3).moments(), Broken::Unanswered),
    ];
    settings.extend(later::seeded());
    settings
}

/// Where the model's one assumption about speed is dropped, and what breaks then: a run that lies still between a
/// message's row and its place in the head, while others settle that message and as many more as the head remembers.
pub fn beyond() -> (Setting, Broken) {
    let setting = Setting::new("filing slower than forgetting", TWO, FLAG, &[(Repeat, 1)]);
    (setting.memory(1).slow_filing(), Broken::TwoReplies)
}
