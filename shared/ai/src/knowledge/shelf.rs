//! The passages of one language, ranked by BM25.
//!
//! Written out, not taken from the crate `bm25`: that rests on `fxhash`, which nobody maintains (RUSTSEC-2025-0057),
//! keeps the weights of words to itself, which [`Found::share`] needs, and orders equals by chance.

use std::collections::{BTreeMap, BTreeSet};

use super::languages::is_small;
use super::passages::Passage;
use super::words::{alike, stem, words};

/// How soon more of the same word stops counting: BM25's k1, at its usual value.
const SATURATION: f64 = 1.2;
/// How much the length of a passage matters: BM25's b, low because passages are of much the same length.
const LENGTH: f64 = 0.5;
/// A word in a heading counts as often as this: headings say what a passage is about.
const HEADING: f64 = 3.0;
/// The weight of small words ("where is my"): enough to choose between equals.
const SMALL: f64 = 0.2;
/// The weight of words that no passage has: people tell their story, and that must not drown the question.
const UNHEARD: f64 = 0.5;

/// Passages with an index of their words.
pub(super) struct Shelf {
    passages: Vec<Passage>,
    lengths: Vec<f64>,
    mean_length: f64,
    /// Each word with the passages it is in and how often it counts there.
    index: BTreeMap<String, Vec<(usize, f64)>>,
}

/// A passage, and how well it fits a question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Found<'a> {
    /// The passage.
    pub(super) passage: &'a Passage,
    /// Its BM25 score as a share of the best that any passage could have had, 0 to 1. One measure for how much of what
    /// was asked is there and how much it is what the passage is about, whatever the size of the shelf.
    pub(super) share: f64,
}

impl Shelf {
    /// Indexes `passages`.
    pub(super) fn new(passages: Vec<Passage>) -> Self {
        let mut index = BTreeMap::<String, Vec<(usize, f64)>>::new();
        let mut lengths = vec![];
        for (number, passage) in passages.iter().enumerate() {
            let counts = counts(passage);
            lengths.push(counts.iter().filter(|(word, _)| !is_small(word)).map(|(_, count)| count).sum());
            for (word, count) in counts {
                index.entry(word).or_default().push((number, count));
            }
        }
        let mean_length = (lengths.iter().sum::<f64>() / how_many(&lengths)).max(1.0);
        Self { passages, lengths, mean_length, index }
    }

    /// Every passage that has more than small words in common with a question with these words, as they stand in the
    /// files.
    pub(super) fn find_all(&self, asked: &BTreeSet<String>) -> Vec<Found<'_>> {
        let mut scores = vec![0.0; self.passages.len()];
        let mut is_candidate = vec![false; self.passages.len()];
        let mut best_possible = 0.0;
        for word in asked {
            let counts = self.occurrences(word);
            let weight = self.weight(word, &counts);
            best_possible += weight * (SATURATION + 1.0);
            for (&number, &count) in &counts {
                let length = 1.0 - LENGTH + LENGTH * self.lengths[number] / self.mean_length;
                scores[number] += weight * count * (SATURATION + 1.0) / (count + SATURATION * length);
                is_candidate[number] |= !is_small(word);
            }
        }
        let candidates = self.passages.iter().zip(scores).zip(is_candidate).filter(|(_, is_candidate)| *is_candidate);
        candidates.map(|((passage, score), _)| Found { passage, share: score / best_possible }).collect()
    }

    /// The passages that have the word in any form, with how often it counts there. Small words have one form.
    fn occurrences(&self, word: &str) -> BTreeMap<usize, f64> {
        let mut occurrences = BTreeMap::new();
        let small = is_small(word);
        let stem = if small { word } else { stem(word) };
        let near = self.index.range(stem.to_owned()..).take_while(|(known, _)| known.starts_with(stem));
        let same = near.filter(|(known, _)| *known == word || (!small && !is_small(known) && alike(word, known)));
        for (number, count) in same.flat_map(|(_, passages)| passages) {
            *occurrences.entry(*number).or_default() += count;
        }
        occurrences
    }

    /// How much a word tells passages apart: its inverse document frequency, less for words that say little.
    fn weight(&self, word: &str, occurrences: &BTreeMap<usize, f64>) -> f64 {
        let (all, with) = (how_many(&self.passages), how_many(occurrences));
        let rarity = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
        match (is_small(word), occurrences.is_empty()) {
            (true, true) => 0.0,
            (true, false) => rarity * SMALL,
            (false, true) => rarity * UNHEARD,
            (false, false) => rarity,
        }
    }
}

/// How often each word counts in a passage.
fn counts(passage: &Passage) -> BTreeMap<String, f64> {
    let title = words(&passage.title).into_iter().map(|word| (word, HEADING));
    let text = words(&passage.text).into_iter().map(|word| (word, 1.0));
    title.chain(text).fold(BTreeMap::new(), |mut counts, (word, count)| {
        *counts.entry(word).or_default() += count;
        counts
    })
}

fn how_many<T>(items: impl IntoIterator<Item = T>) -> f64 {
    items.into_iter().map(|_| 1.0).sum()
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn shelf(passages: &[(&str, &str)]) -> Shelf {
        let passage = |(title, text): &(&str, &str)| Passage { title: (*title).to_owned(), text: (*text).to_owned() };
        Shelf::new(passages.iter().map(passage).collect())
    }

    impl Shelf {
        /// The best one; of equals the first.
        fn find(&self, asked: &BTreeSet<String>) -> Option<Found<'_>> {
            self.find_all(asked).into_iter().reduce(|best, next| if next.share > best.share { next } else { best })
        }
    }

    fn asked(question: &str) -> BTreeSet<String> {
        words(question).into_iter().collect()
    }

    #[test]
    fn the_passage_that_is_about_the_words_wins() {
        let shelf = shelf(&[
            ("Returns", "Send it back. Refunds take a week after your return."),
            ("Refunds", "We pay a week later."),
            ("Where is my order", "On its way."),
            ("How to order", "Choose and pay."),
            ("Colours", "Red."),
            ("Sizes", "Red."),
        ]);
        for (question, expected) in [
            ("refund", Some("Refunds")),
            ("how do I return it", Some("Returns")),
            ("where is my order", Some("Where is my order")),
            ("how to order", Some("How to order")),
            ("red", Some("Colours")),
            ("where is my", None),
            ("blue", None),
            ("", None),
        ] {
            let asked = asked(question);
            let found = shelf.find(&asked).map(|found| found.passage.title.as_str());
            assert_eq!(found, expected, "{question}");
        }
    }

    #[test]
    fn what_is_not_there_lowers_the_share_and_small_words_hardly_do() {
        let shelf = shelf(&[("Shipping", "It costs three pounds."), ("Size", "One more."), ("Care", "Wash cold.")]);
        let share = |question| shelf.find(&asked(question)).map_or(0.0, |found| found.share);
        assert!(share("shipping") > share("shipping elephants"));
        assert!(share("shipping elephants") > share("shipping elephants tomorrow"));
        assert!(share("what is it with shipping") > share("shipping elephants"));
    }

    proptest! {
        #[test]
        fn a_share_is_a_share(
            passages in vec(("([a-c]{1,7} ){0,3}", "([a-c]{1,7} ){1,20}"), 0..6),
            question in "([a-c]{1,7} |where |is ){0,6}",
        ) {
            let passages: Vec<_> = passages.iter().map(|(title, text)| (title.as_str(), text.as_str())).collect();
            if let Some(found) = shelf(&passages).find(&asked(&question)) {
                prop_assert!(found.share > 0.0 && found.share < 1.0, "{}", found.share);
            }
        }
    }
}
