//! Digits of every script.

use icu_properties::props::{EnumeratedProperty as _, GeneralCategory};

/// The ASCII digit that `c` stands for, in whatever script it is written: `3`, `٣`, `३` and `３` are one. `None` if it is none.
pub fn digit(c: char) -> Option<char> {
    if c.is_ascii() || !is_decimal(c) {
        return Some(c).filter(char::is_ascii_digit);
    }
    // Unicode has the decimal digits of a script in one row, from 0 to 9, and nothing else among them.
    let below = (1..=u32::from(c)).map_while(|steps| char::from_u32(u32::from(c) - steps));
    let place = below.take_while(|c| is_decimal(*c)).count() % 10;
    char::from_digit(u32::try_from(place).ok()?, 10)
}

fn is_decimal(c: char) -> bool {
    GeneralCategory::for_char(c) == GeneralCategory::DecimalNumber
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_is_known_in_every_script() {
        for (digits, expected) in [
            ("0123456789", "0123456789"),
            ("٠١٢٣٤٥٦٧٨٩", "0123456789"),
            ("۰۹०९০৯๐๙", "09090909"),
            ("０９", "09"),
            ("𝟎𝟗𝟘𝟡𝟢𝟫𝟬𝟵𝟶𝟿", "0909090909"),
        ] {
            assert_eq!(digits.chars().filter_map(digit).collect::<String>(), expected, "{digits}");
        }
        for none in ['a', '+', '½', '²', '①', '五', 'Ⅳ', '\0'] {
            assert_eq!(digit(none), None, "{none:?}");
        }
    }

    #[test]
    fn the_digits_of_every_script_are_ten_in_a_row() {
        let decimals: Vec<char> = ('\0'..=char::MAX).filter(|c| is_decimal(*c)).collect();
        assert!(decimals.len() >= 600, "{}", decimals.len());
        for row in decimals.chunks(10) {
            assert_eq!(row.iter().filter_map(|c| digit(*c)).collect::<String>(), "0123456789", "{row:?}");
        }
    }
}
