//! What people say beside their questions ("Hello", "Thanks"), and what the brand says to it.

use super::passages::cut;
use super::words::words;

/// The file in which a brand declares its small talk: a heading lists phrases, and what stands under it answers them.
pub(super) const FILE: &str = "small-talk.md";

/// Every phrase, as words are compared, with what is said to it.
#[derive(Default)]
pub(super) struct SmallTalk(Vec<(Vec<String>, String)>);

impl SmallTalk {
    /// Reads the file. What stands under no heading answers nothing.
    pub(super) fn read(markdown: &str) -> Self {
        // Without a name, or what has no heading would have that as its title.
        let phrases = cut("", markdown).into_iter().flat_map(|passage| {
            let phrases: Vec<_> = passage.heading().split(',').map(words).collect();
            phrases.into_iter().map(move |phrase| (phrase, passage.text.clone()))
        });
        Self(phrases.filter(|(phrase, _)| !phrase.is_empty()).collect())
    }

    /// What is said to the phrase that `text` begins with, if there is nothing in `text` but phrases: a greeting beside
    /// anything else may be one beside a question.
    pub(super) fn answer(&self, text: &str) -> Option<&str> {
        let said = words(text);
        // Whether there is nothing but phrases from that word on.
        let mut is_talk = vec![false; said.len()];
        is_talk.push(true);
        for from in (0..said.len()).rev() {
            is_talk[from] = self.begun_by(&said[from..]).any(|(phrase, _)| is_talk[from + phrase.len()]);
        }
        self.begun_by(&said).find(|(phrase, _)| is_talk[phrase.len()]).map(|(_, answer)| answer.as_str())
    }

    fn begun_by(&self, said: &[String]) -> impl Iterator<Item = &(Vec<String>, String)> {
        self.0.iter().filter(|(phrase, _)| said.starts_with(phrase))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_nothing_but_small_talk_is_answered_and_nothing_else_is() {
        let small_talk = SmallTalk::read(
            "Under no heading.\n\n# Hello, hi, hi there, good morning, how are you\n\nHello!\n\n\
             # Thanks, thank you, ok thanks\n\nYou are welcome.\n\n# Guten Tag\n\nHallo!\n\n# !, 👋\n\nNothing.",
        );
        for (text, answer) in [
            ("Hello", Some("Hello!")),
            ("hi there 👋", Some("Hello!")),
            ("Good morning!", Some("Hello!")),
            ("Hello, how are you?", Some("Hello!")),
            ("Hello\nThanks", Some("Hello!")),
            ("thanks, hello", Some("You are welcome.")),
            ("ok thanks", Some("You are welcome.")),
            ("GUTEN TAG", Some("Hallo!")),
            ("hello order", None),
            ("hello elephants", None),
            ("hello how much is it", None),
            ("how much is it, hello", None),
            ("How about you?", None),
            ("how are", None),
            ("I have had no more of it", None),
            ("good", None),
            ("where is my", None),
            ("no heading", None),
            ("small talk", None),
            ("👋", None),
            ("", None),
        ] {
            assert_eq!(small_talk.answer(text), answer, "{text}");
        }
    }

    #[test]
    fn a_text_that_repeats_itself_for_long_is_looked_through_at_once() {
        let small_talk = SmallTalk::read("# hi, hi hi, hi hi hi\n\nHello!");
        let text = "hi ".repeat(2_000);
        assert_eq!(small_talk.answer(&text), Some("Hello!"));
        assert_eq!(small_talk.answer(&(text + "you")), None);
    }
}
