//! DynamoDB's numbers: decimal, exact, up to 38 significant digits.

use std::cmp::Ordering;
use std::fmt;

use crate::refusal::Refusal;

/// 10^38, the first coefficient that has too many digits; it fits an `i128`, and so does the sum of two below it
/// unless the sum itself has too many digits.
const TOO_BIG: i128 = 10_i128.pow(38);

/// `coefficient * 10^exponent`, without trailing zeros in the coefficient; zero is `0 * 10^0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Number {
    coefficient: i128,
    exponent: i32,
}

impl Number {
    pub(crate) const ZERO: Self = Self { coefficient: 0, exponent: 0 };

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let not_a_number =
            || Refusal::validation(format!("The parameter cannot be converted to a numeric value: {text}"));
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().map_err(|_| not_a_number())?.into()),
            None => (text, 0),
        };
        let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(not_a_number());
        }
        let significant = digits.trim_start_matches('0').trim_end_matches('0');
        if significant.len() > 38 {
            return Err(too_precise());
        }
        let dropped = digits.len() - digits.trim_end_matches('0').len();
        let exponent = exponent + i32_of(dropped) - i32_of(fraction.len());
        let coefficient: i128 =
            if significant.is_empty() { 0 } else { significant.parse().map_err(|_| not_a_number())? };
        Self::new(if mantissa.starts_with('-') { -coefficient } else { coefficient }, exponent)
    }

    /// Brings a number to its one form and checks its range.
    fn new(mut coefficient: i128, mut exponent: i32) -> Result<Self, Refusal> {
        if coefficient == 0 {
            return Ok(Self::ZERO);
        }
        while coefficient % 10 == 0 {
            coefficient /= 10;
            exponent += 1;
        }
        let number = Self { coefficient, exponent };
        match number.magnitude() {
            _ if coefficient.abs() >= TOO_BIG => Err(too_precise()),
            126.. => Err(out_of_range("overflow", "larger")),
            ..-130 => Err(out_of_range("underflow", "smaller")),
            _ => Ok(number),
        }
    }

    pub(crate) fn of_count(count: usize) -> Self {
        Self::new(i128::try_from(count).unwrap_or(i128::MAX), 0).unwrap_or(Self::ZERO)
    }

    pub(crate) fn plus(self, other: Self) -> Result<Self, Refusal> {
        let exponent = match (self.coefficient, other.coefficient) {
            (0, _) => return Ok(other),
            (_, 0) => return Ok(self),
            _ => self.exponent.min(other.exponent),
        };
        let sum = self.at(exponent).zip(other.at(exponent)).and_then(|(a, b)| a.checked_add(b));
        Self::new(sum.ok_or_else(too_precise)?, exponent)
    }

    pub(crate) fn minus(self, other: Self) -> Result<Self, Refusal> {
        self.plus(Self { coefficient: -other.coefficient, ..other })
    }

    /// The coefficient this number has with a smaller exponent, if it does not get too long.
    fn at(self, exponent: i32) -> Option<i128> {
        let zeros = u32::try_from(self.exponent - exponent).ok()?;
        self.coefficient.checked_mul(10_i128.checked_pow(zeros)?).filter(|scaled| scaled.abs() < TOO_BIG)
    }

    fn digits(self) -> i32 {
        self.coefficient.checked_abs().and_then(i128::checked_ilog10).map_or(0, |log| i32_of(log as usize) + 1)
    }

    /// The power of ten of the first digit.
    fn magnitude(self) -> i32 {
        self.exponent + self.digits() - 1
    }

    /// One byte per two significant digits, one more, and one for a minus sign (developer guide, "DynamoDB item sizes
    /// and formats", which calls it approximate; the sign is what measurements of others found).
    pub(crate) fn size(self) -> usize {
        let digits = usize::try_from(self.digits()).unwrap_or(0);
        1 + digits.div_ceil(2) + usize::from(self.coefficient < 0)
    }

    /// The number as seconds, rounded down; `None` where it is negative or beyond all calendars.
    pub(crate) fn whole_seconds(self) -> Option<u64> {
        let text = self.to_string();
        text.split('.').next()?.parse().ok()
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.coefficient.signum().cmp(&other.coefficient.signum());
        if signs != Ordering::Equal || self.coefficient == 0 {
            return signs;
        }
        let larger = self.magnitude().cmp(&other.magnitude());
        // Of the same magnitude, the one with fewer digits can always be written with as many as the other.
        let exponent = self.exponent.min(other.exponent);
        let size = larger.then_with(|| self.at(exponent).map(i128::abs).cmp(&other.at(exponent).map(i128::abs)));
        if self.coefficient < 0 { size.reverse() } else { size }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.coefficient < 0 { "-" } else { "" };
        let mut digits = self.coefficient.abs().to_string();
        let Ok(zeros) = usize::try_from(self.exponent) else {
            let fraction = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(0);
            let padded = format!("{digits:0>width$}", width = fraction + 1);
            let (whole, rest) = padded.split_at(padded.len() - fraction);
            return write!(f, "{sign}{whole}.{rest}");
        };
        digits.push_str(&"0".repeat(zeros));
        write!(f, "{sign}{digits}")
    }
}

fn i32_of(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX / 2)
}

fn too_precise() -> Refusal {
    Refusal::validation("Attempting to store more than 38 significant digits in a Number")
}

fn out_of_range(kind: &str, direction: &str) -> Refusal {
    Refusal::validation(format!(
        "Number {kind}. Attempting to store a number with magnitude {direction} than supported range"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn a_number_has_one_form_whatever_it_was_written_like() {
        for (text, form) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("007", "7"),
            ("1.50", "1.5"),
            ("+3", "3"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e3", "1000"),
            ("1E-3", "0.001"),
            ("-12.5e1", "-125"),
            ("1234567890123456789012345678901234567800", "1234567890123456789012345678901234567800"),
        ] {
            assert_eq!(number(text).to_string(), form, "{text}");
        }
    }

    #[test]
    fn what_dynamodb_does_not_store_is_refused() {
        let nines = "9".repeat(38);
        assert!(Number::parse(&format!("{nines}e87")).is_ok());
        assert!(Number::parse("1e-130").is_ok());
        for bad in
            ["", "-", ".", "one", " 1", "1 ", "0x1", "1e", "1e+-1", "1_000", &format!("{nines}9"), "1e126", "1e-131"]
        {
            assert!(Number::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn sizes_count_significant_digits() {
        for (text, size) in [
            ("0", 1),
            ("7", 2),
            ("12", 2),
            ("123", 3),
            ("-123", 4),
            ("1200", 2),
            ("1700000000000", 2),
            ("1700000000001", 8),
        ] {
            assert_eq!(number(text).size(), size, "{text}");
        }
    }

    #[test]
    fn sums_are_exact_or_refused() {
        assert_eq!(number("0.1").plus(number("0.2")).unwrap(), number("0.3"));
        assert_eq!(number("5").minus(number("5.0")).unwrap(), Number::ZERO);
        assert_eq!(number("1e100").plus(Number::ZERO).unwrap(), number("1e100"));
        assert!(number("1e100").plus(number("1")).is_err());
        assert!(number(&"9".repeat(38)).plus(number(&"8".repeat(38))).is_err());
    }

    proptest! {
        #[test]
        fn numbers_compare_and_add_like_integers(a in -1_000_000_000_i64..1_000_000_000, b in -1_000_000_000_i64..1_000_000_000, shift in 0_u32..9) {
            let text = |n: i64| format!("{n}e-{shift}");
            let (x, y) = (number(&text(a)), number(&text(b)));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.plus(y).unwrap(), number(&text(a + b)));
            prop_assert_eq!(x.minus(y).unwrap(), number(&text(a - b)));
            prop_assert_eq!(number(&x.to_string()), x);
        }

        #[test]
        fn any_text_is_a_number_or_refused(text in "[-+0-9.eE ]{0,60}") {
            if let Ok(x) = Number::parse(&text) {
                prop_assert_eq!(Number::parse(&x.to_string()).unwrap(), x);
            }
        }
    }
}
