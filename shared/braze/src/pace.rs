//! How fast a workspace uses up its request limit, and how far apart calls must be for it to last.

use std::time::Duration;

use models::Timestamp;

/// What Braze says with an answer: how many calls of the workspace's limit are left, and until when they must last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Calls that are left to everybody who calls this workspace.
    pub remaining: u64,
    /// When the limit begins anew.
    pub reset: Timestamp,
}

/// What is measured takes at least so long: fewer calls say nothing about how fast they are.
const MEASURED: Duration = Duration::from_secs(1);
/// Resets no further apart are one.
const SAME: Duration = Duration::from_secs(5);
/// The longest that a limit may have to last.
const WINDOW: Duration = Duration::from_hours(1);
/// What was measured holds for so long, if nothing else is heard.
const HOLDS: Duration = Duration::from_mins(1);
/// Calls that may be this close need not be kept apart.
const NO_GAP: Duration = Duration::from_millis(5);
/// The share of what may be called from now on at which a workspace is near its limit.
const NEAR: f64 = 0.5;
/// The share below which it is far again.
const FAR: f64 = 0.25;
/// The share that is aimed at in between.
const AIM: f64 = 0.9;

/// The pace of one process, which learns from Braze's answers how fast all processes call together.
///
/// Each slows down by the factor by which all of them are too fast, so that nobody has to know how many there are.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    since: Option<Since>,
    gap: Duration,
}

/// What is measured from.
#[derive(Debug)]
struct Since {
    allowance: Allowance,
    at: Timestamp,
    own_calls: u32,
}

impl Pace {
    /// The least time from one call to the next; none while the limit is far, once it has begun anew, or where no answer has
    /// said for a while that it is near.
    pub(crate) fn gap(&self, now: Timestamp) -> Duration {
        let holds = |since: &&Since| now < since.allowance.reset && now.since(since.at) < HOLDS;
        self.since.as_ref().filter(holds).map_or(Duration::ZERO, |_| self.gap)
    }

    /// Takes in the answer to a call, heard at `now`; no gap will be longer than `longest`.
    pub(crate) fn heard(&mut self, allowance: Allowance, now: Timestamp, longest: Duration) {
        let gap = self.gap(now);
        // Where nothing is left nothing is used up either.
        if allowance.remaining == 0 {
            self.gap = longest;
            self.since = Some(Since { allowance, at: now, own_calls: 0 });
            return;
        }
        let Some(since) = self.since.as_mut().filter(|since| since.is_before(allowance)) else {
            self.gap = gap;
            self.since = Some(Since { allowance, at: now, own_calls: 0 });
            return;
        };
        since.own_calls += 1;
        let measured = now.since(since.at);
        if measured < MEASURED {
            return;
        }
        let per_second = |calls: f64, time: Duration| calls / time.as_secs_f64();
        let calls = per_second(count(since.allowance.remaining - allowance.remaining), measured);
        let left = allowance.reset.since(now).clamp(MEASURED, WINDOW);
        let allowed = per_second(count(allowance.remaining), left);
        let own = per_second(f64::from(since.own_calls), measured);
        self.gap = next(gap, calls / allowed, own, longest);
        self.since = Some(Since { allowance, at: now, own_calls: 0 });
    }
}

impl Since {
    /// Whether this was said before `allowance` in the same window. Where more is left the limit began anew, or was raised, or an
    /// older answer came late. Whether the reset is always told to the same second is not documented.
    fn is_before(&self, allowance: Allowance) -> bool {
        let (own, other) = (self.allowance.reset, allowance.reset);
        own.since(other).max(other.since(own)) <= SAME && allowance.remaining <= self.allowance.remaining
    }
}

/// The gap that follows: `load` is how fast all call, as a share of what is allowed, and `own` how many calls a second are
/// this process's.
fn next(gap: Duration, load: f64, own: f64, longest: Duration) -> Duration {
    if load <= if gap.is_zero() { NEAR } else { FAR } {
        return Duration::ZERO;
    }
    // Full calls keep no gap, so that it may have to grow beyond what would do if all calls kept it.
    let seconds = if gap.is_zero() { (own * AIM / load).recip() } else { gap.as_secs_f64() * load / AIM };
    let next = Duration::try_from_secs_f64(seconds).unwrap_or(longest).min(longest);
    if next < NO_GAP { Duration::ZERO } else { next }
}

/// Calls as a number that can be divided: there are never so many that one is lost.
fn count(calls: u64) -> f64 {
    f64::from(u32::try_from(calls).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LONGEST: Duration = Duration::from_secs(2);
    const LIMIT: u64 = 250_000;
    const HOUR: u64 = 3_600;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    /// Processes that would call every `wish` without a gap, for so many seconds: the calls that are left after each of these.
    fn play(processes: usize, wish: Duration, seconds: u64) -> Vec<u64> {
        let mut paces: Vec<_> = (0..processes).map(|_| (Pace::default(), Duration::ZERO)).collect();
        let (mut remaining, mut each_second) = (LIMIT, Vec::new());
        for millis in 0..seconds * 1_000 {
            for (pace, next) in &mut paces {
                if *next <= Duration::from_millis(millis) && remaining > 0 {
                    remaining -= 1;
                    let allowance = Allowance { remaining, reset: Timestamp::from_seconds(HOUR) };
                    pace.heard(allowance, at(millis), LONGEST);
                    *next = Duration::from_millis(millis) + wish.max(pace.gap(at(millis)));
                }
            }
            if (millis + 1) % 1_000 == 0 {
                each_second.push(remaining);
            }
        }
        each_second
    }

    #[test]
    fn far_from_the_limit_there_is_no_gap() {
        let mut pace = Pace::default();
        for second in 0..HOUR {
            let remaining = LIMIT - second * 30;
            pace.heard(Allowance { remaining, reset: Timestamp::from_seconds(HOUR) }, at(second * 1_000), LONGEST);
            assert_eq!(pace.gap(at(second * 1_000)), Duration::ZERO, "{second}");
        }
    }

    #[test]
    fn however_many_call_too_fast_the_limit_lasts_for_the_hour() {
        for (processes, wish) in [(1, 5), (20, 100), (60, 20)] {
            let left = play(processes, Duration::from_millis(wish), HOUR);
            let (last, after_a_minute) = (*left.last().unwrap(), left[59]);
            assert!(last > 0, "{processes} processes used it up");
            assert!(last < LIMIT / 10, "{processes} processes left {last} calls unused");
            assert!(
                after_a_minute > LIMIT * 9 / 10,
                "{processes} processes used {} in a minute",
                LIMIT - after_a_minute
            );
        }
    }

    #[test]
    fn who_is_no_longer_too_fast_has_no_gap_any_more() {
        let mut pace = Pace::default();
        let mut remaining = LIMIT;
        let mut gaps = Vec::new();
        for second in 0..120 {
            remaining -= if second < 60 { 200 } else { 1 };
            pace.heard(Allowance { remaining, reset: Timestamp::from_seconds(HOUR) }, at(second * 1_000), LONGEST);
            gaps.push(pace.gap(at(second * 1_000)));
        }
        assert!(gaps[59] > Duration::ZERO);
        assert_eq!(gaps[119], Duration::ZERO);
    }

    /// What is left, when that begins anew and when it is heard, in seconds; the gap after it.
    fn hear(pace: &mut Pace, remaining: u64, reset: u64, second: u64) -> Duration {
        pace.heard(Allowance { remaining, reset: Timestamp::from_seconds(reset) }, at(second * 1_000), LONGEST);
        pace.gap(at(second * 1_000))
    }

    #[test]
    fn a_gap_that_is_not_enough_grows() {
        let mut pace = Pace::default();
        let gaps: Vec<_> = (0..10).map(|second| hear(&mut pace, LIMIT - second * 100, HOUR, second)).collect();
        assert!(gaps.is_sorted() && gaps[1] < LONGEST, "{gaps:?}");
        assert_eq!(gaps[9], LONGEST);
    }

    #[test]
    fn as_long_as_nothing_is_left_the_gap_is_the_longest() {
        let mut pace = Pace::default();
        hear(&mut pace, 100, HOUR, 0);
        assert_eq!([1, 2, 3, 60].map(|second| hear(&mut pace, 0, HOUR, second)), [LONGEST; 4]);
    }

    #[test]
    fn a_gap_ends_with_the_hour_and_where_nothing_is_heard_any_more() {
        for (begun, reset, later) in [(HOUR - 9, HOUR, HOUR), (0, 2 * HOUR, 62)] {
            let mut pace = Pace::default();
            hear(&mut pace, 100_000, reset, begun);
            assert_eq!(hear(&mut pace, 100, reset, begun + 1), LONGEST);
            assert_eq!((pace.gap(at((begun + 8) * 1_000)), pace.gap(at(later * 1_000))), (LONGEST, Duration::ZERO));
            assert_eq!(hear(&mut pace, LIMIT, reset + HOUR, later), Duration::ZERO);
        }
    }

    #[test]
    fn a_reset_that_wavers_or_is_told_in_milliseconds_is_measured_all_the_same() {
        let mut pace = Pace::default();
        hear(&mut pace, 100_000, HOUR, 0);
        assert_eq!(hear(&mut pace, 100, HOUR + 1, 1), LONGEST);
        let mut pace = Pace::default();
        hear(&mut pace, LIMIT, 1_000 * HOUR, 0);
        assert_eq!(hear(&mut pace, LIMIT - 30, 1_000 * HOUR, 1), Duration::ZERO);
        assert!(hear(&mut pace, LIMIT - 230, 1_000 * HOUR, 2) > Duration::ZERO);
    }

    proptest! {
        #[test]
        fn no_answer_makes_a_gap_longer_than_the_longest(
            answers in prop::collection::vec((0_u64..LIMIT, 0_u64..20_000, 0_u64..20_000_000), 0..50),
        ) {
            let mut pace = Pace::default();
            for (remaining, reset, now) in answers {
                pace.heard(Allowance { remaining, reset: Timestamp::from_seconds(reset) }, at(now), LONGEST);
                prop_assert!(pace.gap(at(now)) <= LONGEST);
            }
        }
    }
}
