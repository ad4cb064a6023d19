//! What of a text a reader sees.

use icu_properties::props::{BinaryProperty as _, DefaultIgnorableCodePoint};

/// Characters that show nothing though Unicode counts them among those that do: the blank of braille, a note without its head,
/// and the marks around an annotation between lines. The first two are what people paste to send a blank message.
const BLANK: [char; 5] = ['\u{2800}', '\u{1d159}', '\u{fff9}', '\u{fffa}', '\u{fffb}'];

/// Whether `c` shows something by itself: it is neither white space nor a control character, and none of those that only say how
/// others are shown or joined (Unicode's `Default_Ignorable_Code_Point`: zero-width spaces, marks of direction, variation
/// selectors, tags, the fillers of Hangul).
pub fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !BLANK.contains(&c) && !DefaultIgnorableCodePoint::for_char(c)
}

/// Whether there is nothing to see in `text`.
pub fn is_blank(text: &str) -> bool {
    !text.contains(is_visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_signs_that_show_nothing_is_blank() {
        for blank in [
            "",
            " \t\r\n\u{a0}\u{3000}\u{2028}",
            "\0\u{7f}\u{85}",
            "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}",
            "\u{202e}\u{202c}\u{2067}\u{2069}\u{61c}\u{200e}",
            "\u{3164}\u{ffa0}\u{115f}\u{1160}",
            "\u{17b4}\u{17b5}\u{180e}\u{34f}",
            "\u{fe0f}\u{e0100}\u{2064}\u{e0041}",
            "\u{2800}\u{1d159}\u{fff9}\u{fffb}",
        ] {
            assert!(is_blank(blank), "{blank:?}");
        }
    }

    #[test]
    fn a_text_with_anything_else_in_it_is_not() {
        for seen in [
            ".",
            "\u{200b}-",
            "1\u{fe0f}\u{20e3}",
            "👍",
            "🏴\u{e0067}\u{e007f}",
            "م",
            "e\u{301}",
            "\u{301}",
            "\u{2801}",
            "\u{fffd}",
        ] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }
}
