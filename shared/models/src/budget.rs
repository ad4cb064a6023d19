//! How many turns a user has had lately.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Timestamp;

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

/// The turns of one conversation in the present minute and day, each counted from the first turn in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// In the minute.
    pub minute: Window,
    /// In the day.
    pub day: Window,
    /// The user was told that it is too much, and not been answered since.
    pub told: bool,
}

/// A stretch of time, and how often something happened in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// When it began, in whole seconds.
    pub start: Timestamp,
    /// How often.
    pub count: u32,
}

/// The most turns a user gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// In a minute.
    pub per_minute: u32,
    /// In a day.
    pub per_day: u32,
}

impl Budget {
    /// Whether one more turn at `now` is too much after `spent`.
    pub fn is_used_up(&self, spent: &Spent, now: Timestamp) -> bool {
        spent.minute.at(now, MINUTE).count >= self.per_minute || spent.day.at(now, DAY).count >= self.per_day
    }
}

impl Spent {
    /// With one more turn at `now`.
    #[must_use]
    pub fn and_a_turn(&self, now: Timestamp) -> Self {
        Self { minute: self.minute.at(now, MINUTE).more(), day: self.day.at(now, DAY).more(), told: false }
    }

    /// When the day that is counted at `now` began.
    pub fn day_began(&self, now: Timestamp) -> Timestamp {
        self.day.at(now, DAY).start
    }

    /// With the user told, at the price of a turn, that it is too much.
    #[must_use]
    pub fn and_told(&self, now: Timestamp) -> Self {
        Self { told: true, ..self.and_a_turn(now) }
    }
}

impl Window {
    /// This window at `now`: a new one if it is over, or has not begun by this clock.
    fn at(self, now: Timestamp, length: Duration) -> Self {
        let start = Timestamp::from_seconds(now.seconds());
        if now.since(self.start) < length && self.start <= now { self } else { Self { start, count: 0 } }
    }

    fn more(self) -> Self {
        Self { count: self.count.saturating_add(1), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { per_minute: 3, per_day: 5 };

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    fn after(turns: &[u64]) -> Spent {
        turns.iter().fold(Spent::default(), |spent, seconds| spent.and_a_turn(at(*seconds)))
    }

    #[test]
    fn a_minute_and_a_day_hold_so_many_turns_and_then_begin_anew() {
        for (turns, now, used_up) in [
            (vec![], 0, false),
            (vec![0, 1], 2, false),
            (vec![0, 1, 2], 3, true),
            (vec![0, 1, 2], 59, true),
            (vec![0, 1, 2], 60, false),
            (vec![0, 100, 200, 300], 400, false),
            (vec![0, 100, 200, 300, 400], 500, true),
            (vec![0, 100, 200, 300, 400], 24 * 3_600 - 1, true),
            (vec![0, 100, 200, 300, 400], 24 * 3_600, false),
        ] {
            assert_eq!(BUDGET.is_used_up(&after(&turns), at(now)), used_up, "{turns:?} at {now}");
        }
    }

    #[test]
    fn a_day_begins_with_its_first_turn_and_the_next_one_when_it_is_over() {
        let spent = after(&[100, 5_000]);
        for (now, began) in [(5_000, 100), (100 + 24 * 3_600 - 1, 100), (100 + 24 * 3_600, 100 + 24 * 3_600)] {
            assert_eq!(spent.day_began(at(now)), at(began), "{now}");
        }
        assert_eq!(Spent::default().day_began(at(7)), at(7));
    }

    #[test]
    fn a_clock_that_is_behind_begins_anew_rather_than_never() {
        assert!(!BUDGET.is_used_up(&after(&[100, 100, 100]), at(99)));
    }

    #[test]
    fn being_told_lasts_until_the_next_turn() {
        let told = after(&[0, 1]).and_told(at(2));
        assert!(told.told && told.minute.count == 3);
        assert!(!told.and_a_turn(at(60)).told);
    }
}
