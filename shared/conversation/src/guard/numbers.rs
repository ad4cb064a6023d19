//! Numbers that an AI wrote and that may be somebody's: of a telephone, of a card.

use models::assistant::Guards;
use models::{digit, is_visible};

/// Digits of the shortest telephone number, and of the longest.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// Digits that stay readable, so that whose number it is can still tell it.
const SHOWN: usize = 2;
const PLUS: [char; 2] = ['+', '＋'];

/// `text` with telephone numbers and card numbers masked, as far as `guards` wants it, and how many those were. What the brand
/// lists stays.
pub(super) fn masked(text: &str, guards: &Guards) -> (String, usize) {
    if !guards.phones && !guards.cards {
        return (text.to_owned(), 0);
    }
    let (mut kept, mut rest, mut count) = (String::with_capacity(text.len()), text, 0);
    while let Some(start) = rest.find(|c: char| is_digit(c) || PLUS.contains(&c)) {
        let (before, from) = rest.split_at(start);
        let number = run(from);
        kept.push_str(before);
        if is_masked(number, before, guards) {
            count += 1;
            let digits: Vec<char> = number.chars().filter(|c| is_digit(*c)).collect();
            kept.push_str("•••");
            kept.extend(&digits[digits.len().saturating_sub(SHOWN)..]);
        } else {
            kept.push_str(number);
        }
        rest = &from[number.len()..];
    }
    kept.push_str(rest);
    (kept, count)
}

/// The digits that `text` begins with, with what people write between them.
fn run(text: &str) -> &str {
    let end = text.char_indices().skip(1).find(|(_, c)| !is_digit(*c) && !is_between(*c));
    let all = &text[..end.map_or(text.len(), |(end, _)| end)];
    // Whatever stands behind its last digit; without any, it is the plus alone.
    let behind = all.char_indices().rev().take_while(|(place, c)| *place > 0 && !is_digit(*c)).last();
    &all[..behind.map_or(all.len(), |(place, _)| place)]
}

/// Whether people, or models, write it between the digits of one number: hyphens that do not break and spaces that show nothing
/// among them. Not the end of the line.
fn is_between(c: char) -> bool {
    " -./()－．／（）".contains(c) || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') || (c != '\n' && !is_visible(c))
}

fn is_digit(c: char) -> bool {
    digit(c).is_some()
}

/// The digits of a number, as ASCII has them.
fn digits(number: &str) -> String {
    number.chars().filter_map(digit).collect()
}

fn is_masked(number: &str, before: &str, guards: &Guards) -> bool {
    let digits = digits(number);
    if guards.numbers.iter().any(|known| self::digits(known) == digits) {
        return false;
    }
    // The order AB12345678 has letters before its digits, and telephones have a prefix.
    let free = !before.ends_with(|c: char| c.is_alphanumeric() || c == '#');
    // 01.02.2027 is a day.
    let begins_with = |zeros: &str| number.chars().map_while(digit).take(zeros.len()).eq(zeros.chars());
    let has_point = number.contains(['.', '．']);
    let is_prefixed = number.starts_with(PLUS) || begins_with("00") || (begins_with("0") && !has_point);
    let is_phone = free && is_prefixed && PHONE_DIGITS.contains(&digits.len());
    let is_card = CARD_DIGITS.contains(&digits.len()) && has_a_cards_check_digit(&digits);
    (guards.phones && is_phone) || (guards.cards && is_card)
}

/// Luhn's check, which every card's number passes and one in ten of other numbers.
fn has_a_cards_check_digit(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        .map(|(place, digit)| if place % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telephones_and_cards_are_masked_and_other_numbers_are_not() {
        let guards =
            Guards { phones: true, cards: true, numbers: vec!["0800 123 4567".to_owned()], ..Guards::default() };
        for (text, expected) in [
            ("Call +49 (221) 123-456.", "Call •••56."),
            ("Call 0221/123456, or 00492211234!", "Call •••56, or •••34!"),
            ("Free: 0800-1234567", "Free: 0800-1234567"),
            ("Call +49\u{2011}221\u{2011}123456 or 0221\u{202f}12\u{200b}34\u{2013}56", "Call •••56 or •••56"),
            ("電話：０３－１２３４－５６７８", "電話：•••７８"),
            ("اتصل ٠٢٢١١٢٣٤٥٦ أو +٤٩ ٢٢١ ١٢٣٤٥٦.", "اتصل •••٥٦ أو •••٥٦."),
            ("＋４９ ２２１ １２３４５６", "•••５６"),
            ("٠٨٠٠ ١٢٣ ٤٥٦٧", "٠٨٠٠ ١٢٣ ٤٥٦٧"),
            ("Call 0221 1234\n0800 1234567", "Call •••34\n0800 1234567"),
            ("Card 4111 1111 1111 1111 ends", "Card •••11 ends"),
            ("No card: 4111111111111112", "No card: 4111111111111112"),
            ("Order AB01234567, #012345678, 12345678", "Order AB01234567, #012345678, 12345678"),
            ("At 09:30 on 01.02.2027 for 1.000,50 €", "At 09:30 on 01.02.2027 for 1.000,50 €"),
            ("+ and 0, 0.00123456", "+ and 0, 0.00123456"),
            ("", ""),
        ] {
            assert_eq!(masked(text, &guards).0, expected);
        }
        let both = "Call +49 221 123456, card 4111 1111 1111 1111";
        for (phones, cards, expected) in [
            (false, false, both),
            (true, false, "Call •••56, card 4111 1111 1111 1111"),
            (false, true, "Call +49 221 123456, card •••11"),
            (true, true, "Call •••56, card •••11"),
        ] {
            let guards = Guards { phones, cards, ..Guards::default() };
            let count = usize::from(phones) + usize::from(cards);
            assert_eq!(masked(both, &guards), (expected.to_owned(), count), "{phones} {cards}");
        }
    }
}
