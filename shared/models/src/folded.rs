//! Texts as people mean them, whatever their keyboard made of it.

use icu_normalizer::DecomposingNormalizerBorrowed;

/// `text` made comparable: small letters, no accents, one space between words, no signs around it (unless there is nothing
/// else: a text of emoji alone is kept).
pub fn folded(text: &str) -> String {
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(text);
    // The accents of Latin, Greek and Cyrillic; the marks of other scripts are letters in their own right.
    let plain: String = decomposed.chars().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect();
    let small = plain.to_lowercase();
    let words = small.trim_matches(|c: char| !c.is_alphanumeric());
    let kept = if words.is_empty() { small.trim() } else { words };
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_width_spaces_and_signs_around_do_not_matter() {
        for (typed, meant) in [
            ("  Réclamation! ", "reclamation"),
            ("e\u{301}te\u{301}", "ete"),
            ("ÜBER\u{a0} ALLES…", "uber alles"),
            ("ＲＥＦＵＮＤ", "refund"),
            ("Refund 💸", "refund"),
            ("1️⃣", "1"),
            ("👍", "👍"),
            (" ", ""),
        ] {
            assert_eq!(folded(typed), meant, "{typed}");
        }
    }

    #[test]
    fn letters_and_words_do_matter() {
        for (one, other) in [("return", "returns"), ("send back", "sendback"), ("कि", "की"), ("👍", "👎")] {
            assert_ne!(folded(one), folded(other));
        }
    }
}
