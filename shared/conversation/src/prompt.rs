//! What of a user's words is kept and shown to an AI.

use models::is_blank;
use unicode_segmentation::UnicodeSegmentation as _;

/// Stands where a text was cut, so that neither the AI nor a reader of the history takes it for whole.
const NOTICE: &str = " […]";

/// The words as the assistant keeps them: byte for byte, without control characters that no keyboard types, cut between
/// graphemes after `most` characters with a notice, unless there was nothing to see in all of it.
pub fn kept_words(text: &str, shortened: bool, most: usize) -> String {
    let typed: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect();
    let mut left = most;
    let cut = typed.graphemes(true).find_map(|grapheme| {
        let characters = grapheme.chars().count();
        let over = characters > left;
        left = left.saturating_sub(characters);
        over.then(|| grapheme.as_ptr().addr() - typed.as_ptr().addr())
    });
    match cut {
        // Nothing that anybody could see was cut off, and nothing is left of it.
        Some(end) if !shortened && is_blank(&typed) => typed[..end].to_owned(),
        Some(end) => format!("{}{NOTICE}", &typed[..end]),
        None if shortened => typed + NOTICE,
        None => typed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_words_pass_byte_for_byte() {
        for text in ["He said \"hi\"", "a\r\nb\tc", "C:\\temp", "👩‍👩‍👧", "hi\", \"user_id\": \"victim", " spaces "]
        {
            assert_eq!(kept_words(text, false, 100), text);
        }
    }

    #[test]
    fn invisible_control_characters_are_left_out() {
        assert_eq!(kept_words("a\u{0}b\u{1b}[31mc\u{7f}", false, 100), "ab[31mc");
    }

    #[test]
    fn a_long_text_is_cut_between_graphemes_and_says_so() {
        assert_eq!(kept_words("abcdef", false, 4), "abcd […]");
        assert_eq!(kept_words("ab👩‍👩‍👧cd", false, 4), "ab […]");
        assert_eq!(kept_words("abc", true, 4), "abc […]");
        assert_eq!(kept_words("    e", false, 4), "     […]");
    }

    #[test]
    fn where_nothing_was_said_nothing_was_cut_off() {
        for nothing in ["      ", "\u{200b}\u{3164}\u{2028}\u{200b}\u{200b}"] {
            let kept = kept_words(nothing, false, 4);
            assert!(nothing.starts_with(&kept) && is_blank(&kept) && kept.chars().count() == 4, "{kept:?}");
            assert!(!is_blank(&kept_words(nothing, true, 4)), "nobody knows what the door cut off");
        }
    }
}
