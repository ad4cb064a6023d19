//! Text as words that can be compared.

use unicode_segmentation::UnicodeSegmentation as _;

/// The letters two words must share at their beginning to count as the same word in another form. Cutting words off is
/// the cheapest stemming there is; on this crate's table of questions it did as well as Snowball's stemmers, and it
/// works in languages nobody thought of.
const STEM: usize = 5;

/// The words of `text`: lower case, without accents. Single Latin letters and digits, mere apostrophe debris, are left out.
pub(super) fn words(text: &str) -> Vec<String> {
    let pieces = text.unicode_words().flat_map(|word| word.split(['\'', '’']));
    pieces.map(folded).filter(|word| word.len() > 1).collect()
}

fn folded(word: &str) -> String {
    word.chars().flat_map(char::to_lowercase).fold(String::with_capacity(word.len()), |mut folded, letter| {
        match letter {
            'à'..='å' | 'ā' | 'ă' | 'ą' => folded.push('a'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'è'..='ë' | 'ē' | 'ę' | 'ě' => folded.push('e'),
            'ì'..='ï' | 'ī' | 'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ò'..='ö' | 'ø' | 'ō' | 'ő' => folded.push('o'),
            'ś' | 'š' | 'ş' | 'ș' => folded.push('s'),
            'ţ' | 'ț' => folded.push('t'),
            'ù'..='ü' | 'ū' | 'ů' | 'ű' => folded.push('u'),
            'ý' | 'ÿ' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            // An accent written as a character of its own.
            '\u{300}'..='\u{36f}' => {}
            other => folded.push(other),
        }
        folded
    })
}

/// What every word starts with that is [`alike`] to `word`, as far as an ordered search can use it.
pub(super) fn stem(word: &str) -> &str {
    let end = word.char_indices().nth(3).map_or(word.len(), |(end, _)| end);
    &word[..end]
}

/// Whether two words are forms of one: `return` and `returned`, `dog` and `dogs`, `Lieferung` and `Lieferzeit`, but not
/// `pay` and `paypal`: words of three letters may differ by one more at most, shorter ones not at all.
pub(super) fn alike(one: &str, other: &str) -> bool {
    let (one_length, other_length) = (one.chars().count(), other.chars().count());
    let (short, long) = (one_length.min(other_length), one_length.max(other_length));
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    one == other || (shared >= short.min(STEM) && (short > 3 || (short == 3 && long == 4)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_are_lower_case_and_without_accents() {
        for (text, expected) in [
            ("Wo ist MEIN Päckchen?", vec!["wo", "ist", "mein", "packchen"]),
            ("l'étiquette d’un artículo", vec!["etiquette", "un", "articulo"]),
            ("cafe\u{301} Größe œuvre ŁÓDŹ", vec!["cafe", "grosse", "oeuvre", "lodz"]),
            ("can't wi-fi 2 + 2 = 14", vec!["can", "wi", "fi", "14"]),
            ("👍 ... !?", vec![]),
            ("返品 возврат", vec!["返", "品", "возврат"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn forms_of_one_word_are_alike() {
        for (one, other, expected) in [
            ("return", "returned", true),
            ("open", "opening", true),
            ("lieferung", "lieferzeit", true),
            ("dog", "dogs", true),
            ("dog", "dogma", false),
            ("pay", "paypal", false),
            ("to", "toy", false),
            ("size", "sink", false),
            ("refund", "reform", false),
            ("返", "返", true),
        ] {
            assert_eq!(alike(one, other), expected, "{one} {other}");
            assert_eq!(alike(other, one), expected, "{other} {one}");
        }
    }

    proptest! {
        #[test]
        fn alike_words_have_a_stem_in_common(one in "[abé]{0,7}", other in "[abé]{0,7}") {
            let stem_of_shorter = if stem(&one).len() < stem(&other).len() { stem(&one) } else { stem(&other) };
            if alike(&one, &other) {
                prop_assert!(one.starts_with(stem_of_shorter) && other.starts_with(stem_of_shorter));
            }
        }

        #[test]
        fn any_text_has_words(text in any::<String>()) {
            prop_assert!(words(&text).iter().all(|word| word.len() > 1));
        }
    }
}
