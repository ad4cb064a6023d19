//! Texts as people mean them, whatever their keyboard made of it.

use crate::normalised;

/// `text` made comparable: as keywords are, unless there is no word in it. A text of emoji alone is kept.
pub fn folded(text: &str) -> String {
    let words = normalised(text);
    if words.is_empty() { text.split_whitespace().collect::<Vec<_>>().join(" ") } else { words }
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
