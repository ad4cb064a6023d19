//! Where something was taken out of a text: what stood around it is joined, without the hole.

/// Signs that hold nothing once they meet, also with blanks between them.
const PAIRS: [(&str, &str); 8] =
    [("[](", ")"), ("(", ")"), ("[", "]"), ("<", ">"), ("“", "”"), ("„", "“"), ("„", "”"), ("«", "»")];
const OPENING: &[char] = &['(', '[', '<', '“', '„', '«'];
/// “ is not among them: it closes „, and opens as well.
const CLOSING: &[char] = &[')', ']', '>', '”', '»'];
/// Signs that hold nothing once they touch. With a blank between them one ends and one begins something.
const TWINS: &[char] = &['*', '_', '~', '`', '"', '\''];
const ENDS: &[char] = &['.', '!', '?', '…'];
const PAUSES: &[char] = &[',', ';', ':'];

/// `before` and `after`, between which something stood. Nothing is changed but blanks, line breaks, empty brackets, empty
/// emphasis, punctuation and a list's dash right beside the seam: words that led to it ("see:") stay.
pub(super) fn joined(before: &str, after: &str) -> String {
    let (before, after) = without_shells(before, after);
    let gap = before.ends_with(is_blank) || after.starts_with(is_blank);
    // French has a blank before some signs; one that touched what was taken out had none.
    let touches = after.starts_with(is_sign) || after.starts_with(CLOSING);
    let (before, after) = (before.trim_end_matches(is_blank), after.trim_start_matches(is_blank));
    if after.is_empty() || after.starts_with('\n') {
        return lines(without_dash(before), after);
    }
    if before.is_empty() || before.ends_with('\n') || before.ends_with(OPENING) {
        return format!("{before}{}", led_by_a_word(after));
    }
    if after.starts_with(CLOSING) {
        return format!("{}{after}", before.trim_end_matches(PAUSES));
    }
    if is_ended(after) && (touches || after.starts_with(['.', ',', '…'])) {
        // Of two signs one is enough.
        return if before.ends_with(ENDS) {
            format!("{before}{}", after.trim_start_matches(is_sign))
        } else {
            format!("{}{after}", before.trim_end_matches(PAUSES))
        };
    }
    format!("{before}{}{after}", if gap { " " } else { "" })
}

/// Without the brackets and markers that would hold nothing.
fn without_shells<'a>(mut before: &'a str, mut after: &'a str) -> (&'a str, &'a str) {
    loop {
        let (b, a) = (before.trim_end_matches(is_blank), after.trim_start_matches(is_blank));
        let pair = PAIRS.iter().find_map(|(open, close)| Some((b.strip_suffix(*open)?, a.strip_prefix(*close)?)));
        let twins = || TWINS.iter().find_map(|sign| Some((before.strip_suffix(*sign)?, after.strip_prefix(*sign)?)));
        match pair.or_else(twins) {
            Some(inner) => (before, after) = inner,
            None => return (before, after),
        }
    }
}

/// A line that has lost its end, or all it had: then it goes, and the larger distance to the next stays.
fn lines(before: &str, after: &str) -> String {
    let (upper, lower) = (before.trim_end_matches('\n'), after.trim_start_matches('\n'));
    if upper.is_empty() || lower.is_empty() {
        return format!("{upper}{lower}");
    }
    let breaks = (before.len() - upper.len()).max(after.len() - lower.len());
    format!("{upper}{}{lower}", "\n".repeat(breaks))
}

/// Without the dash of a list on a line of its own.
fn without_dash(before: &str) -> &str {
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    if before[line..].trim() == "-" { &before[..line] } else { before }
}

/// Without the signs that belonged to what stood before them.
fn led_by_a_word(after: &str) -> &str {
    if is_ended(after) { after.trim_start_matches(is_sign).trim_start_matches(is_blank) } else { after }
}

/// Whether `after` begins with signs that belong to no word behind them, as those of ".5" do.
fn is_ended(after: &str) -> bool {
    let rest = after.trim_start_matches(is_sign);
    rest.len() < after.len() && !rest.starts_with(char::is_alphanumeric)
}

fn is_sign(sign: char) -> bool {
    ENDS.contains(&sign) || PAUSES.contains(&sign)
}

fn is_blank(sign: char) -> bool {
    sign.is_whitespace() && sign != '\n'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_words_is_left_at_a_seam() {
        for (before, after, expected) in [
            // Blanks.
            ("see ", " now", "see now"),
            ("see  ", "", "see"),
            ("see", " now", "see now"),
            ("", " now", "now"),
            ("", "", ""),
            // Brackets, quotes and emphasis that hold nothing; not those that hold something.
            ("our shop (", ").", "our shop."),
            ("our shop ( ", " ) is", "our shop is"),
            ("our shop [](", ") is", "our shop is"),
            ("a ([<", ">]) b", "a b"),
            ("a „", "“ b", "a b"),
            ("at *_", "_*.", "at."),
            ("*this* ", " *that*", "*this* *that*"),
            ("(see ", ") now", "(see) now"),
            ("(see: ", ")", "(see)"),
            ("(", ", or call us)", "(or call us)"),
            ("(hours, ", " )", "(hours)"),
            // Punctuation.
            ("See ", ".", "See."),
            ("See ", " .", "See."),
            ("See ", " , or", "See, or"),
            ("Voyez ", " !", "Voyez !"),
            ("See ", "!", "See!"),
            ("See: ", ".", "See."),
            ("Hello, ", ", Eve", "Hello, Eve"),
            ("Order now. ", ". Then", "Order now. Then"),
            ("Really? ", " Yes", "Really? Yes"),
            ("from ", " .5 on", "from .5 on"),
            ("", ", or call us", "or call us"),
            ("Here:\n", ". Or call", "Here:\nOr call"),
            ("see: ", " now", "see: now"),
            // Lines.
            ("Go to ", "\nbye", "Go to\nbye"),
            ("Here:\n", "\nbye", "Here:\nbye"),
            ("Here:\n*", "*\nbye", "Here:\nbye"),
            ("Here:\n\n", "\nbye", "Here:\n\nbye"),
            ("Here:\n\n", "\n\nbye", "Here:\n\nbye"),
            ("Here:\n\n", "", "Here:"),
            ("", "\n\nbye", "bye"),
            ("- a\n- ", "\n- b", "- a\n- b"),
            ("9 - ", "\nbye", "9 -\nbye"),
        ] {
            assert_eq!(joined(before, after), expected, "{before:?} {after:?}");
        }
    }
}
