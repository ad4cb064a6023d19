//! Keywords: messages that mean one thing as a whole, like STOP, however they were typed.

use std::collections::BTreeSet;

use icu_normalizer::{DecomposingNormalizer, DecomposingNormalizerBorrowed};
use icu_properties::props::{BinaryProperty as _, DefaultIgnorableCodePoint, EnumeratedProperty as _};
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};

/// What makes up a word. The rest - white space, punctuation, symbols, emoji - only parts words.
const WORDLY: GeneralCategoryGroup = GeneralCategoryGroup::Letter
    .union(GeneralCategoryGroup::NonspacingMark)
    .union(GeneralCategoryGroup::SpacingMark)
    .union(GeneralCategoryGroup::Number);
const NFKD: DecomposingNormalizerBorrowed = DecomposingNormalizer::new_nfkd();

/// Bytes of a message that can still be a keyword: some letters and a lot of decoration. Nothing longer is looked at.
pub const LONGEST_MESSAGE: usize = 4096;

/// The words of `text` as keywords are compared: without letter case, accents and invisible characters, in plain letters
/// where they came in full width, bold or circled, and with one space between words, whatever stood there.
///
/// So `STOP`, `stop.`, `Ｓｔｏｐ 🛑` and `ST\u{200b}OP` are one, and so are `Arrêt` and `ARRET`, `opt-out` and `Opt out`.
/// Letters of another alphabet stay what they are: a Cyrillic `ЅТОР` is no STOP. Mapping look-alikes to one another would
/// make real words of other languages into keywords, and who writes so means to get past a filter, not to be understood.
/// Letters with a sign of their own, like `ø` and `œ`, stay too.
pub fn normalised(text: &str) -> String {
    // Most are plain letters, where there is nothing to decompose; and every keyword is normalised at every start.
    if text.is_ascii() {
        return words(&text.to_ascii_lowercase(), |c| c.is_ascii_alphanumeric());
    }
    folded(text)
}

fn folded(text: &str) -> String {
    // Decomposing sorts the marks behind a letter, so what is no mark goes before: invisible characters, and the iota below
    // a Greek letter, whose capital is a letter. Then letters come out that had no case: those of 𝐒𝐓𝐎𝐏.
    let visible = text.chars().filter(|c| !DefaultIgnorableCodePoint::for_char(*c)).flat_map(without_case);
    let folded: String = NFKD.normalize_iter(visible).flat_map(without_case).filter(|c| !is_accent(*c)).collect();
    words(&folded, is_wordly)
}

fn words(text: &str, is_wordly: impl Fn(char) -> bool) -> String {
    let words: Vec<&str> = text.split(|c| !is_wordly(c)).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// `ß`, `ẞ` and `ss` become one only by way of the capitals, and `ẞ` only by way of `ß`.
fn without_case(letter: char) -> impl Iterator<Item = char> {
    letter.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Of a decomposed letter; marks of Arabic, Hindi or Thai make other words and are none.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn is_wordly(c: char) -> bool {
    WORDLY.contains(GeneralCategory::for_char(c))
}

/// Keywords that mean the same, [`normalised`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keywords(BTreeSet<String>);

impl Keywords {
    /// Whether the whole message is one of the keywords: "STOP!!" is, "stop sending this" is not.
    pub fn matches(&self, message: &str) -> bool {
        message.len() <= LONGEST_MESSAGE && self.0.contains(&normalised(message))
    }
}

impl<T: AsRef<str>> FromIterator<T> for Keywords {
    /// A keyword without letters and digits is left out: it would match every emoji.
    fn from_iter<I: IntoIterator<Item = T>>(keywords: I) -> Self {
        let keywords = keywords.into_iter().map(|keyword| normalised(keyword.as_ref()));
        Self(keywords.filter(|keyword| !keyword.is_empty()).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn however_a_keyword_is_typed_it_is_one() {
        for (keyword, ways) in [
            (
                "stop",
                &[
                    "STOP",
                    " stop. ",
                    "Stop\u{200b}",
                    "\u{feff}S\u{ad}T\u{200d}O\u{2060}P\u{fe0f}",
                    "ＳＴＯＰ",
                    "STOP 🛑",
                    "🙏🏽STOP🏴󠁧󠁢󠁥󠁮󠁧󠁿",
                    "*STOP*",
                    "«Stop!»",
                    "\u{202e}stop\u{202c}",
                    "\t\nstop\r\n\u{3000}\u{3164}",
                    "𝐒𝐓𝐎𝐏",
                    "Ⓢⓣⓞⓟ",
                    "S\u{336}T\u{336}O\u{336}P\u{336}",
                    "stop\0",
                ][..],
            ),
            ("arret", &["ARRÊT", "arre\u{302}t", "Arrêt !", "ARRET"]),
            ("parar", &["PARAR", "¡Parar!", "párar"]),
            ("opt out", &["opt-out", "Opt  out", "OPT‑OUT.", "opt\nout"]),
            ("parler a quelqu un", &["Parler à quelqu'un", "parler à quelqu’un", "PARLER À QUELQU´UN"]),
            ("schluss", &["Schluß", "SCHLUẞ", "SCHLUSS"]),
            ("24 7", &["24/7", "２４/７"]),
            ("रोको", &["रोको।", "«रोको»"]),
            ("στοπ", &["ΣΤΟΠ", "στόπ"]),
            ("λογοσ", &["ΛΟΓΟΣ", "λόγος"]),
            ("ωι\u{11133}", &["ῲ\u{11133}", "ῺΙ\u{11133}"]),
        ] {
            for way in ways {
                assert_eq!(normalised(way), keyword, "{way:?}");
                assert!(Keywords::from_iter([keyword]).matches(way), "{way:?}");
                assert!(Keywords::from_iter([way]).matches(keyword), "{way:?}");
            }
        }
    }

    #[test]
    fn what_says_more_or_something_else_is_no_keyword() {
        let keywords = Keywords::from_iter(["stop", "opt out"]);
        for other in [
            "",
            "🛑",
            "stop it",
            "please stop",
            "stopp",
            "sto",
            "s t o p",
            "S.T.O.P.",
            "stop stop",
            "optout",
            "out opt",
            "nonstop",
            "stop1",
            "why did you STOP",
        ] {
            assert!(!keywords.matches(other), "{other:?}");
        }
    }

    #[test]
    fn letters_of_another_alphabet_are_text() {
        for look_alike in ["SТOP", "ЅТОР", "STΟP", "ꓢꓔꓳꓑ", "5T0P"] {
            assert!(!Keywords::from_iter(["stop"]).matches(look_alike), "{look_alike:?}");
        }
        assert_eq!(normalised("СТОП!"), "стоп");
        assert_eq!(normalised("øre œuf"), "øre œuf");
    }

    #[test]
    fn marks_that_make_another_word_stay() {
        for (one, other) in [("कल", "काल"), ("か", "が"), ("ใกล", "ใกล้")] {
            assert_ne!(normalised(one), normalised(other));
        }
    }

    #[test]
    fn a_keyword_without_letters_matches_nothing() {
        let keywords = Keywords::from_iter(["", "🛑", " - ", "\u{200b}"]);
        assert_eq!(keywords, Keywords::default());
        assert!(!keywords.matches("") && !keywords.matches("🛑"));
    }

    #[test]
    fn a_long_message_is_no_keyword_and_is_not_read() {
        let stop = Keywords::from_iter(["stop"]);
        let decorated = |bytes: usize| format!("stop{}", "!".repeat(bytes - 4));
        assert!(stop.matches(&decorated(LONGEST_MESSAGE)));
        assert!(!stop.matches(&decorated(LONGEST_MESSAGE + 1)));
    }

    /// Every character of the blocks where anything is folded, beside marks that a careless order of the steps would leave
    /// unsorted.
    #[test]
    fn normalising_again_changes_nothing_whatever_the_character() {
        let blocks = ['\0'..='\u{33ff}', '\u{a640}'..='\u{abff}', '\u{f900}'..='\u{11fff}', '\u{1d000}'..='\u{1ffff}'];
        for c in blocks.into_iter().flatten() {
            let once = normalised(&format!("a{c}\u{94d}{c}\u{315}b"));
            assert_eq!(normalised(&once), once, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn plain_letters_take_a_shorter_way_to_the_same_words(text in "[\\x00-\\x7f]{0,60}") {
            prop_assert_eq!(normalised(&text), folded(&text));
        }

        #[test]
        fn case_and_decoration_change_nothing(text in any::<String>()) {
            let once = normalised(&text);
            prop_assert_eq!(&normalised(&once), &once);
            prop_assert_eq!(&normalised(&text.to_uppercase()), &once);
            prop_assert_eq!(&normalised(&text.to_lowercase()), &once);
            prop_assert_eq!(&normalised(&format!("« {text}\u{200b} 🛑!")), &once);
        }
    }
}
