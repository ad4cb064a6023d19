//! Points in time as people and other systems read them.

use models::Timestamp;

const SECONDS_PER_DAY: u64 = 86_400;

/// A moment in UTC, as ISO 8601 writes it: `2026-11-27T22:33:54.120Z`.
pub(crate) fn iso(at: Timestamp) -> String {
    let (date, second) = (date(at.seconds() / SECONDS_PER_DAY), at.seconds() % SECONDS_PER_DAY);
    let (hours, minutes, seconds) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{date}T{hours:02}:{minutes:02}:{seconds:02}.{:03}Z", at.millis() % 1_000)
}

/// A moment in UTC for a person: `2026-11-27 22:33`.
pub(crate) fn to_the_minute(at: Timestamp) -> String {
    let (date, minute) = (date(at.seconds() / SECONDS_PER_DAY), at.seconds() % SECONDS_PER_DAY / 60);
    format!("{date} {:02}:{:02}", minute / 60, minute % 60)
}

/// The date so many days after 1970-01-01, counted in years that begin in March, so that the leap day is a year's last
/// (`civil_from_days` in <https://howardhinnant.github.io/date_algorithms.html>).
fn date(days: u64) -> String {
    // From 0000-03-01, in eras of 400 years.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_based = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_based + 2) / 5 + 1;
    let month = if march_based < 10 { march_based + 3 } else { march_based - 9 };
    let year = 400 * era + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        for (millis, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_800_007, "2000-03-01T00:00:00.007Z"),
            (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
            (1_795_818_834_120, "2026-11-27T22:33:54.120Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso(Timestamp::from_millis(millis)), expected);
        }
        assert_eq!(to_the_minute(Timestamp::from_millis(1_795_818_834_120)), "2026-11-27 22:33");
    }

    proptest! {
        #[test]
        fn a_date_counted_back_is_the_day_it_came_from(days in 0_u64..3_000_000) {
            let written = date(days);
            let parts: Vec<u64> = written.split('-').map(|part| part.parse().unwrap()).collect();
            let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
            let before = |year: u64| 365 * year + year.div_ceil(4) - year.div_ceil(100) + year.div_ceil(400);
            let lengths = [31, if leap(parts[0]) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            let month = usize::try_from(parts[1]).unwrap();
            prop_assert!((1..=12).contains(&month) && (1..=lengths[month - 1]).contains(&parts[2]), "{written}");
            let counted = before(parts[0]) - before(1970) + lengths[..month - 1].iter().sum::<u64>() + parts[2] - 1;
            prop_assert_eq!(counted, days);
        }
    }
}
