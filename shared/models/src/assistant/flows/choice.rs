//! The options of a question, each in one language or in several.

use std::collections::BTreeSet;

use super::super::section::Section;
use super::super::texts::Texts;
use super::Line;
use crate::folded;

/// As many as a WhatsApp list has rows, each as long as a row's title.
const MOST: usize = 10;
const LONGEST: usize = 24;

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice(Line);

impl Choice {
    /// What the option is known by, in `next` and in Braze: its text in the default language.
    pub fn value(&self) -> &str {
        self.0.text(None)
    }

    /// How the user reads it.
    pub fn text(&self, language: Option<&str>) -> &str {
        self.0.text(language)
    }

    /// Whether these words mean it, in any of its languages: whoever reads one may write another.
    pub fn is_meant_by(&self, words: &str) -> bool {
        let words = folded(words);
        self.0.all().any(|text| folded(text) == words)
    }

    /// Its texts in all languages.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.all()
    }

    /// Reads `options`: a list in which each is a text for everybody or a table of texts by language.
    pub(super) fn list(section: &mut Section, texts: &Texts) -> Vec<Self> {
        let Some(lines) = Line::list(section, "options", LONGEST, texts) else { return Vec::new() };
        let choices: Vec<_> = lines.into_iter().map(Self).collect();
        if !(1..=MOST).contains(&choices.len()) {
            section.mistake("options", &format!("must be 1 to {MOST}"));
        }
        // One option may read the same in several languages; two must not.
        let words = |choice: &Self| choice.texts().map(folded).collect::<BTreeSet<_>>();
        let all: Vec<_> = choices.iter().flat_map(words).collect();
        if all.iter().collect::<BTreeSet<_>>().len() < all.len() {
            section.mistake("options", "must differ in more than case, accents and signs around them");
        }
        choices
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Assistant, BadAssistant};
    use super::*;

    fn read(options: &str) -> (Vec<Choice>, Vec<String>) {
        let mut section = Section::root(format!("options = {options}").parse().unwrap());
        let choices = Choice::list(&mut section, &Assistant::from_toml("").unwrap().texts);
        (choices, BadAssistant::from(section.mistakes()).told())
    }

    #[test]
    fn an_option_is_read_in_the_users_language_understood_in_all_and_known_by_the_default_one() {
        let (choices, mistakes) = read(r#"["Broken", { en = "Too small", de = "Zu klein", fr = "Trop petit" }]"#);
        assert_eq!(mistakes, [""; 0]);
        let small = &choices[1];
        assert_eq!(
            (small.value(), small.text(Some("de-AT")), small.text(Some("pt"))),
            ("Too small", "Zu klein", "Too small")
        );
        for (words, means) in [("zu klein!", true), ("TROP PETIT", true), ("too small", true), ("klein", false)] {
            assert_eq!(small.is_meant_by(words), means, "{words}");
        }
        assert!(choices[0].is_meant_by("broken") && choices[0].text(Some("de")) == "Broken");
    }

    #[test]
    fn mistakes_in_options_are_named() {
        for (options, mistake) in [
            (r#"[{ de = "Ja" }]"#, "`options.1` has no text in the default language"),
            (
                r#"["Yes", { en = "No", german = "Nein" }]"#,
                "`options.2.german` is none of the assistant's languages (de, en, es, fr, pt)",
            ),
            (r#"["Yes", { en = "No", de = "yes!" }]"#, "`options` must differ"),
            (
                r#"["Yes", { en = "No", de = "so many words that no list shows them" }]"#,
                "`options.2.de` must be a text",
            ),
            (r#"["Yes", 7]"#, "`options.2` must be a text"),
            (r#""Yes""#, "`options` must be a list"),
        ] {
            let (_, mistakes) = read(options);
            assert!(mistakes.iter().any(|told| told.starts_with(mistake)), "{options}: {mistakes:?}");
        }
        assert_eq!(read(r#"[{ en = "OK", de = "OK" }]"#).1, [""; 0], "the same in two languages is one option");
    }
}
