//! How long a server asks us to wait: the `Retry-After` header of RFC 9110, section 10.2.3.

use std::time::{Duration, SystemTime};

/// The longest wait that is believed; it also keeps callers' sums of times in range.
const LONGEST: Duration = Duration::from_hours(24);

/// The wait that `value`, whole seconds or an HTTP date, asks for at `now`. `None` if it is neither or lies in the past.
pub(crate) fn wait(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    let wait = if value.bytes().all(|byte| byte.is_ascii_digit()) {
        value.parse().map(Duration::from_secs).ok()
    } else {
        httpdate::parse_http_date(value).ok().and_then(|at| at.duration_since(now).ok())
    };
    wait.map(|wait| wait.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_everything_else_is_no_wait() {
        let now = httpdate::parse_http_date("Mon, 02 Nov 2026 10:00:00 GMT").unwrap();
        for (value, seconds) in [
            ("0", Some(0)),
            ("1", Some(1)),
            (" 600 ", Some(600)),
            ("99999999", Some(LONGEST.as_secs())),
            ("Mon, 02 Nov 2026 10:00:30 GMT", Some(30)),
            ("Sat, 02 Nov 2126 10:00:30 GMT", Some(LONGEST.as_secs())),
            ("Mon, 02 Nov 2026 09:59:59 GMT", None),
            ("-1", None),
            ("+1", None),
            ("1.5", None),
            ("1e3", None),
            ("soon", None),
            ("", None),
            ("99999999999999999999999", None),
            ("Mon, 99 Nov 2026 10:00:30 GMT", None),
            ("٣", None),
        ] {
            assert_eq!(wait(value, now), seconds.map(Duration::from_secs), "{value:?}");
        }
    }
}
