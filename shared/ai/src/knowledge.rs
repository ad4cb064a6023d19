//! Answers out of a folder of Markdown files, without any network and without any model.

mod languages;
mod passages;
mod shelf;
mod small_talk;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Ai, AiError, Answer, Question};
pub use passages::Passage;
use shelf::{Found, Shelf};
use small_talk::SmallTalk;

/// The share of the best possible score from which a passage counts as being about the question. Chosen on the
/// questions of `tests/knowledge`: lower, it answers "what is the capital of France?" with the delivery times there.
const ABOUT: f64 = 0.3;
/// What a passage in another language than the question's is worth: it must fit twice as well.
const OTHER_LANGUAGE: f64 = 0.5;

/// A backend that answers with the passage of the brand's own texts that fits the question best, word for word, or says
/// [`Answer::DontKnow`]. It finds what shares words with the question; it does not understand.
pub struct Knowledge {
    files: Vec<(String, String)>,
    /// What was made of the files when the first question came.
    read: OnceLock<Read>,
}

/// What the files say.
struct Read {
    small_talk: SmallTalk,
    /// One shelf for each language that the other files are in.
    shelves: BTreeMap<Option<&'static str>, Shelf>,
}

impl Knowledge {
    /// Takes files as name (used as title where a file has no heading) and Markdown. The one called `small-talk.md` is
    /// not searched: its headings list what people say beside questions.
    pub fn new(files: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { files: files.into_iter().collect(), read: OnceLock::new() }
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The `most` passages that fit `text` best, the best one first. `language` is what the user's profile names. Some
    /// may be about something else that shares words with it.
    pub fn nearest(&self, text: &str, language: Option<&str>, most: usize) -> Vec<&Passage> {
        let mut found = self.found(text, language);
        // A stable order: of equals the first, as in the files.
        found.sort_by(|one, other| other.share.total_cmp(&one.share));
        found.into_iter().take(most).map(|found| found.passage).collect()
    }

    /// What is said to small talk; else the passage that is about `question`, if there is one.
    fn find(&self, question: &Question) -> Option<&str> {
        let text = question.text.as_str();
        self.read().small_talk.answer(text).or_else(|| {
            let found = self.found(text, question.language.as_deref()).into_iter();
            let best = found.reduce(|best, next| if next.share > best.share { next } else { best });
            best.filter(|best| best.share >= ABOUT).map(|best| best.passage.text.as_str())
        })
    }

    fn read(&self) -> &Read {
        self.read.get_or_init(|| Read::new(&self.files))
    }

    fn found(&self, text: &str, profile: Option<&str>) -> Vec<Found<'_>> {
        let asked: BTreeSet<_> = words::words(text).into_iter().collect();
        let shelves = &self.read().shelves;
        let language = languages::language(text).or_else(|| languages::known(profile?));
        // A question in a language that no file is in is as good as one in any.
        let language = language.filter(|language| shelves.contains_key(&Some(*language)));
        let found = shelves.iter().flat_map(|(shelf_language, shelf)| {
            let foreign = language.is_some() && *shelf_language != language;
            let worth = if foreign { OTHER_LANGUAGE } else { 1.0 };
            shelf.find_all(&asked).into_iter().map(move |found| Found { share: found.share * worth, ..found })
        });
        found.collect()
    }
}

impl Read {
    fn new(files: &[(String, String)]) -> Self {
        let mut small_talk = SmallTalk::default();
        let mut passages = BTreeMap::<_, Vec<Passage>>::new();
        for (name, markdown) in files {
            if name == small_talk::FILE {
                small_talk = SmallTalk::read(markdown);
            } else {
                passages.entry(languages::language(markdown)).or_default().extend(passages::cut(name, markdown));
            }
        }
        let shelves = passages.into_iter().map(|(language, passages)| (language, Shelf::new(passages))).collect();
        Self { small_talk, shelves }
    }
}

#[async_trait]
impl Ai for Knowledge {
    fn name(&self) -> &'static str {
        "knowledge"
    }

    async fn answer(&self, question: &Question, _: Duration) -> Result<Answer, AiError> {
        let found = self.find(question);
        Ok(found.map_or(Answer::DontKnow, Answer::text))
    }
}

/// Of the same files.
impl PartialEq for Knowledge {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl Eq for Knowledge {}

impl fmt::Debug for Knowledge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Knowledge of {} files", self.files.len())
    }
}
