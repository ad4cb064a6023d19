//! Numbers as people write them.

/// More digits than this do not all survive in the numbers of JSON.
const MOST_DIGITS: usize = 15;

/// The number `text` means, written as in JSON: `12,5` and `12.5` are 12.5; `1.234,50` and `1,234.50` are 1234.5. One sign
/// with three digits behind it, `1,234`, can mean either and is no number; `0,125` can mean one thing only.
pub(super) fn read(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix(['-', '−']) {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = split(digits)?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let fits =
        !whole.is_empty() && whole.len() + fraction.len() <= MOST_DIGITS && is_digits(&whole) && is_digits(fraction);
    if !fits {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (_, "") => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction}"),
    })
}

/// The digits before the decimal sign, without the signs between thousands, and those behind it.
fn split(digits: &str) -> Option<(String, &str)> {
    let signs: Vec<char> = digits.chars().filter(|c| matches!(c, '.' | ',')).collect();
    match signs[..] {
        [] => Some((digits.to_owned(), "")),
        [sign] => {
            let (whole, fraction) = digits.split_once(sign)?;
            let is_ambiguous = fraction.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0');
            (!fraction.is_empty() && !is_ambiguous).then(|| (whole.to_owned(), fraction))
        }
        [thousands, .., last] if thousands == last => Some((ungrouped(digits, thousands)?, "")),
        [thousands, .., last] => {
            let (whole, fraction) = digits.rsplit_once(last)?;
            (!fraction.is_empty()).then_some((ungrouped(whole, thousands)?, fraction))
        }
    }
}

/// `digits` without `sign` between every three of them.
fn ungrouped(digits: &str, sign: char) -> Option<String> {
    let (first, rest) = digits.split_once(sign)?;
    let is_grouped = (1..=3).contains(&first.len()) && rest.split(sign).all(|group| group.len() == 3);
    is_grouped.then(|| digits.replace(sign, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_its_writer_meant_it() {
        for (said, meant) in [
            ("12", "12"),
            ("12,5", "12.5"),
            ("12.5", "12.5"),
            ("-3,50", "-3.5"),
            ("−3", "-3"),
            ("+7", "7"),
            ("007", "7"),
            ("-0,0", "0"),
            ("0,125", "0.125"),
            ("1234,567", "1234.567"),
            ("1.234,50", "1234.5"),
            ("1,234.50", "1234.5"),
            ("1.234.567", "1234567"),
            ("1,234,567.891", "1234567.891"),
        ] {
            assert_eq!(read(said).as_deref(), Some(meant), "{said}");
            let json: f64 = serde_json::from_str(meant).unwrap();
            assert_eq!(json.to_string(), meant, "JSON keeps it");
        }
    }

    #[test]
    fn what_may_mean_two_numbers_or_none_is_none() {
        for said in [
            "",
            "-",
            "+",
            "x",
            "1,234",
            "1.234",
            "12.",
            ",5",
            "1.2.3",
            "1,23,456",
            "1.234,",
            "12.34.567,8",
            "1,2.3,456",
            "--1",
            "12 kg",
            "1e5",
            "0x10",
            "٣",
            "½",
            "NaN",
            "inf",
            "1234567890123456",
        ] {
            assert_eq!(read(said), None, "{said}");
        }
    }
}
