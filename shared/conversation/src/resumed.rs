//! A text that was to go on where another one broke off.

/// What stands in `text` behind what was `told`, if it begins with just that, however either is marked up: the rest of a model's
/// words that was asked to go on and repeats what it had said.
pub fn after<'a>(told: &str, text: &'a str) -> Option<&'a str> {
    let mut letters = text.char_indices().filter(|(_, c)| c.is_alphanumeric());
    let mut end = 0;
    for expected in told.chars().filter(|c| c.is_alphanumeric()) {
        let (place, letter) = letters.next().filter(|(_, letter)| letter.to_lowercase().eq(expected.to_lowercase()))?;
        end = place + letter.len_utf8();
    }
    let rest = &text[end..];
    // What was told are whole paragraphs: what still marks up the last of them up to its end goes with it.
    let line = rest.find('\n').unwrap_or(rest.len());
    if end == 0 || rest[..line].contains(char::is_alphanumeric) {
        return None;
    }
    let rest = &rest[line..];
    let behind_a_fence = || {
        let (_, closing) = rest.split_once('\n').filter(|_| text[..end].lines().filter(is_fence).count() % 2 == 1)?;
        Some(closing.split_once('\n').filter(|(line, _)| is_fence(line))?.1)
    };
    Some(behind_a_fence().unwrap_or(rest).trim_start_matches(['\n', '\r']))
}

/// Whether the line opens or closes code.
fn is_fence(line: &&str) -> bool {
    line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_whole_paragraphs_that_stand_at_the_beginning_are_repeated() {
        for (told, text, rest) in [
            ("One.", "One.\n\nTwo.", Some("Two.")),
            ("One.\n\nTwo: a.", "**One**.\n\n## Two:\n\n*a*.\n\n- **Three**", Some("- **Three**")),
            ("Är es so?", "är es so!\r\n\r\nJa.", Some("Ja.")),
            ("```a```", "```\na\n```\n\n```\nb\n```", Some("```\nb\n```")),
            ("```a```", "```\na\n```\n\nOne.", Some("One.")),
            ("One.", "One.", Some("")),
            ("One.", "One. And more of it.", None),
            ("One.", "Once upon a time.", None),
            ("One.\n\nTwo.", "One.", None),
            ("One.", "Two.\n\nOne.", None),
            ("One.", "", None),
            ("", "One.", None),
            ("🦊", "One.", None),
        ] {
            assert_eq!(after(told, text), rest, "{told:?} {text:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_was_told_the_rest_is_what_follows(told in "\\PC{0,30}[a-z]", rest in "[a-z]\\PC{0,40}") {
            let again = format!("{told}\n\n{rest}");
            prop_assert_eq!(after(&told, &again), Some(rest.as_str()));
        }
    }
}
