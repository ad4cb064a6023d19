//! When a backend that fails is left alone: a rule, told the time.

use std::time::Duration;

use models::Timestamp;

use crate::{AiError, Answer};

/// So many failures in a row, and the backend is left alone. Fewer would let one user's odd question do it: a question is
/// asked twice.
const FAILURES: u32 = 3;
/// How long it is left alone at first: about as long as the attempts of one turn take, so that a hiccup costs few users
/// their answer.
const FIRST_WAIT: Duration = Duration::from_secs(10);
/// How long it is left alone after trials that failed, too. With this all is well within a minute of an outage's end.
const LONGEST_WAIT: Duration = Duration::from_secs(40);
/// The longest `Retry-After` that is believed: one trial in five minutes costs nobody anything.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(5);
/// A backend that was given at least this long, or all it may ever take, was given its chance.
const FAIR: Duration = Duration::from_secs(5);

/// Whether a backend is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breaker {
    /// It is, after so many failures in a row.
    Closed {
        /// Fewer than [`FAILURES`].
        failures: u32,
    },
    /// Not before a moment. Who asks then is the trial, and for everybody else the moment moves on at once: so no trial
    /// has to be waited for, and none that is lost on the way keeps the backend out.
    Open {
        /// The moment.
        until: Timestamp,
        /// How far it moves on.
        wait: Duration,
    },
}

impl Default for Breaker {
    fn default() -> Self {
        Self::Closed { failures: 0 }
    }
}

/// What an outcome says about the backend, rather than about the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    /// It works.
    Works,
    /// It does not, and may have said for how long.
    Fails(Option<Duration>),
    /// Nothing.
    Nothing,
}

impl Breaker {
    /// Whether the backend may be asked at `now`.
    pub(crate) fn may_ask(&mut self, now: Timestamp) -> bool {
        let Self::Open { until, wait } = self else { return true };
        // A moment that is further away than any could have been set was set by a clock that was ahead.
        if now < *until && until.since(now) <= LONGEST_RETRY_AFTER {
            return false;
        }
        *wait = (*wait * 2).min(LONGEST_WAIT);
        *until = now + *wait;
        true
    }

    /// Whether the backend has failed so often and not worked since, a trial or not.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }

    /// Takes note of what came of asking. Whether that is why the backend is left alone from `now` on.
    pub(crate) fn heard(&mut self, sign: Sign, now: Timestamp) -> bool {
        let asked_to_wait = |wait: Option<Duration>| now + wait.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        match (sign, &mut *self) {
            (Sign::Nothing, _) => false,
            (Sign::Works, _) => {
                *self = Self::default();
                false
            }
            (Sign::Fails(retry_after), Self::Open { until, .. }) => {
                *until = asked_to_wait(retry_after).max(*until);
                false
            }
            (Sign::Fails(_), Self::Closed { failures }) if *failures + 1 < FAILURES => {
                *failures += 1;
                false
            }
            (Sign::Fails(retry_after), Self::Closed { .. }) => {
                let until = asked_to_wait(retry_after).max(now + FIRST_WAIT);
                *self = Self::Open { until, wait: FIRST_WAIT };
                true
            }
        }
    }
}

impl Sign {
    /// What `outcome` says about a backend that was given `time`, and never gets more than `deadline`.
    pub(crate) fn of(outcome: &Result<Answer, AiError>, time: Duration, deadline: Option<Duration>) -> Self {
        match outcome {
            // A promise is worth what comes of it.
            Ok(Answer::Later(_)) | Err(AiError::LeftAlone) => Self::Nothing,
            // What it makes of one question may be the question's fault; it was there and answered.
            Ok(_) | Err(AiError::Unusable(_) | AiError::Refused { status: 400 | 413 | 422 }) => Self::Works,
            Err(AiError::TimedOut) if time < deadline.unwrap_or(FAIR).min(FAIR) => Self::Nothing,
            Err(AiError::TimedOut | AiError::Refused { .. }) => Self::Fails(None),
            Err(AiError::Unavailable { retry_after, .. }) => Self::Fails(*retry_after),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::Later;

    const DOWN: Sign = Sign::Fails(None);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    /// A breaker that opened at second 0.
    fn open(retry_after: Option<u64>) -> Breaker {
        let mut breaker = Breaker::default();
        assert!(!breaker.heard(DOWN, at(0)) && !breaker.heard(DOWN, at(0)));
        assert!(breaker.may_ask(at(0)));
        assert!(breaker.heard(Sign::Fails(retry_after.map(Duration::from_secs)), at(0)));
        breaker
    }

    /// The seconds of `seconds` at which it may be asked, and every time it fails.
    fn trials(mut breaker: Breaker, seconds: std::ops::Range<u64>) -> Vec<u64> {
        let mut trials = vec![];
        for second in seconds {
            if breaker.may_ask(at(second)) {
                trials.push(second);
                breaker.heard(DOWN, at(second));
            }
        }
        trials
    }

    #[test]
    fn three_failures_in_a_row_open_it_and_then_one_trial_at_a_time_is_let_through() {
        assert_eq!(trials(open(None), 0..200), [10, 30, 70, 110, 150, 190]);
    }

    #[test]
    fn a_retry_after_is_obeyed_within_reason_and_never_shortens_the_wait() {
        for (retry_after, first) in [(1, 10), (25, 25), (300, 300), (86_400, 300)] {
            assert_eq!(trials(open(Some(retry_after)), 0..310)[0], first, "{retry_after}");
        }
        let mut breaker = open(None);
        assert!(breaker.may_ask(at(10)));
        breaker.heard(Sign::Fails(Some(Duration::from_secs(100))), at(11));
        assert_eq!(trials(breaker, 11..200)[0], 111);
    }

    #[test]
    fn an_answer_closes_it_whenever_it_comes_and_the_count_begins_anew() {
        for second in [1, 15] {
            let mut breaker = open(None);
            breaker.may_ask(at(second));
            assert!(!breaker.heard(Sign::Works, at(second)));
            assert_eq!(breaker, Breaker::default());
        }
        let mut breaker = Breaker::default();
        for sign in [DOWN, DOWN, Sign::Works, DOWN, Sign::Nothing, DOWN] {
            assert!(!breaker.heard(sign, at(0)) && breaker.may_ask(at(0)));
        }
    }

    #[test]
    fn a_trial_of_which_nobody_hears_again_is_followed_by_another() {
        let mut breaker = open(None);
        assert!(breaker.may_ask(at(10)) && !breaker.may_ask(at(29)) && breaker.may_ask(at(30)));
    }

    #[test]
    fn a_clock_that_goes_back_does_not_keep_a_backend_out() {
        let mut breaker = open(None);
        assert!(breaker.may_ask(at(0) - Duration::from_hours(1)));
    }

    #[test]
    fn only_what_is_the_backends_fault_is_held_against_it() {
        let seconds = Duration::from_secs;
        let unavailable = |retry_after| Err(AiError::Unavailable { status: Some(429), retry_after });
        for (outcome, given, deadline, sign) in [
            (Ok(Answer::text("a")), 20, None, Sign::Works),
            (Ok(Answer::DontKnow), 20, None, Sign::Works),
            (Ok(Answer::Later(Later { within: seconds(60), passed: 0 })), 20, None, Sign::Nothing),
            (Err(AiError::Unusable("blank")), 20, None, Sign::Works),
            (Err(AiError::Refused { status: 400 }), 20, None, Sign::Works),
            (Err(AiError::Refused { status: 413 }), 20, None, Sign::Works),
            (Err(AiError::Refused { status: 422 }), 20, None, Sign::Works),
            (Err(AiError::Refused { status: 401 }), 20, None, DOWN),
            (Err(AiError::Refused { status: 404 }), 20, None, DOWN),
            (unavailable(None), 20, None, DOWN),
            (unavailable(Some(seconds(7))), 1, None, Sign::Fails(Some(seconds(7)))),
            (Err(AiError::TimedOut), 5, None, DOWN),
            (Err(AiError::TimedOut), 4, None, Sign::Nothing),
            (Err(AiError::TimedOut), 2, Some(2), DOWN),
            (Err(AiError::TimedOut), 1, Some(2), Sign::Nothing),
            (Err(AiError::TimedOut), 5, Some(20), DOWN),
            (Err(AiError::LeftAlone), 20, None, Sign::Nothing),
        ] {
            assert_eq!(Sign::of(&outcome, seconds(given), deadline.map(seconds)), sign, "{outcome:?} {given}");
        }
    }

    proptest! {
        /// Whatever happened: never silent for longer than the longest wait, and open only after three failures.
        #[test]
        fn no_history_keeps_a_backend_out_for_good(signs in vec((0_u8..4, 0_u64..400), 0..40)) {
            let (mut breaker, mut now, mut in_a_row) = (Breaker::default(), 0, 0);
            for (sign, passes) in signs {
                now += passes;
                let asked = breaker.may_ask(at(now));
                prop_assert!(asked || in_a_row >= FAILURES);
                let sign = match sign {
                    0 => Sign::Works,
                    1 => Sign::Nothing,
                    2 => DOWN,
                    _ => Sign::Fails(Some(Duration::from_secs(passes * 10))),
                };
                if asked {
                    breaker.heard(sign, at(now));
                    match sign {
                        Sign::Works => in_a_row = 0,
                        Sign::Fails(_) => in_a_row += 1,
                        Sign::Nothing => {}
                    }
                }
            }
            prop_assert!(breaker.may_ask(at(now) + LONGEST_RETRY_AFTER));
        }
    }
}
