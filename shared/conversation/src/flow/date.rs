//! Calendar dates as people write them.

/// The date `text` means, as ISO 8601 writes it: of `2026-03-04`, `4.3.2026` and `4/3/2026`. With dots and with strokes the
/// day comes first, as in most of the world: `3/4/2026` is the third of April, also for somebody who means March. What has
/// no such day, `12/31/2026`, is no date: asking again is better than guessing.
pub(super) fn read(text: &str) -> Option<String> {
    let separator = text.chars().find(|c| matches!(c, '-' | '.' | '/'))?;
    let parts: Vec<&str> = text.split(separator).map(str::trim).collect();
    let &[first, second, third] = parts.as_slice() else { return None };
    let (year, month, day) = match separator {
        '-' => (first, second, third),
        _ => (third, second, first),
    };
    let (year, month, day) = (digits(year, 4..=4)?, digits(month, 1..=2)?, digits(day, 1..=2)?);
    (1_000 <= year && (1..=days(year, month)).contains(&day)).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let fits = length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok()).flatten()
}

/// The days of a month; none if there is no such month.
fn days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_read_day_first_unless_it_is_iso() {
        for (said, meant) in [
            ("2026-03-04", "2026-03-04"),
            ("2026-3-4", "2026-03-04"),
            ("4.3.2026", "2026-03-04"),
            ("04.03.2026", "2026-03-04"),
            ("4. 3. 2026", "2026-03-04"),
            ("4/3/2026", "2026-03-04"),
            ("29.2.2024", "2024-02-29"),
            ("29/2/2000", "2000-02-29"),
            ("31.12.1999", "1999-12-31"),
        ] {
            assert_eq!(read(said).as_deref(), Some(meant), "{said}");
        }
    }

    #[test]
    fn a_day_that_never_was_is_no_date() {
        for said in [
            "",
            "today",
            "4.3.",
            "4.3.26",
            "4/3.2026",
            "04-03-2026",
            "12/31/2026",
            "29.2.2026",
            "29.2.1900",
            "31.4.2026",
            "0.1.2026",
            "1.0.2026",
            "1.13.2026",
            "1.1.0999",
            "2026-03-04T10:00",
            "4.3.2026.",
            "+4.3.2026",
            "٤.٣.2026",
        ] {
            assert_eq!(read(said), None, "{said}");
        }
    }
}
