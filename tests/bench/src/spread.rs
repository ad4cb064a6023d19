//! The middle of many times, and their slow end.

use std::time::Duration;

/// The time that so many percent of all do not exceed; zero of none.
pub(crate) fn percentile(times: impl IntoIterator<Item = Duration>, percent: usize) -> Duration {
    let mut times: Vec<_> = times.into_iter().collect();
    times.sort_unstable();
    let rank = (times.len() * percent).div_ceil(100);
    times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

pub(crate) fn median(times: impl IntoIterator<Item = Duration>) -> Duration {
    percentile(times, 50)
}

/// How many times the other.
pub(crate) fn ratio(time: Duration, other: Duration) -> f64 {
    time.as_secs_f64() / other.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_time_that_was_measured() {
        let times = || (1..=200).rev().map(Duration::from_millis);
        assert_eq!(percentile(times(), 50), Duration::from_millis(100));
        assert_eq!(percentile(times(), 99), Duration::from_millis(198));
        assert_eq!(percentile(times(), 100), Duration::from_millis(200));
        assert_eq!(percentile(times().take(1), 99), Duration::from_millis(200));
        assert_eq!(percentile([], 50), Duration::ZERO);
    }
}
