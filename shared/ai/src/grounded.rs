//! A model that is shown what the brand's own texts say about the question.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{Ai, AiError, Answer, Knowledge, Library, Passage, Past, Question, Summary, Tools};

/// Passages shown with one question.
pub(crate) const MOST_PASSAGES: usize = 4;
/// Characters of passages shown with one question.
const MOST_CHARACTERS: usize = 6_000;
const INTRODUCTION: &str = "The brand's own texts say the following, which may or may not be about the customer's question. \
                            Take facts about the brand from here and from above alone; where neither says it, say that you do not know.";

/// A backend whose instructions are followed by the passages of the [`Knowledge`] that fit the question best, under their
/// headings. They are the brand's words, so they belong there; the user's stay where they are.
pub struct Grounded {
    knowledge: Arc<Knowledge>,
    searchable: bool,
    inner: Arc<dyn Ai>,
}

impl Grounded {
    /// `inner`, shown what `knowledge` has; if that is `searchable`, it may also look there by itself.
    pub fn new(knowledge: Arc<Knowledge>, searchable: bool, inner: Arc<dyn Ai>) -> Self {
        Self { searchable: searchable && !knowledge.is_empty(), knowledge, inner }
    }

    /// The instructions with what fits; as they are where nothing does.
    fn instructions(&self, question: &Question) -> Option<String> {
        let asked = question.text.as_str();
        let language = question.language.as_deref();
        let mut passages = self.knowledge.nearest(asked, language, MOST_PASSAGES);
        if let Some(before) = question.history.last().filter(|_| passages.is_empty()) {
            // "And to Norway?" says what it is about only with what was asked before.
            passages = self.knowledge.nearest(&format!("{} {asked}", before.user.as_str()), language, MOST_PASSAGES);
        }
        let shown = shown(&passages);
        (!shown.is_empty())
            .then(|| format!("{}\n\n# Knowledge\n\n{INTRODUCTION}{shown}", question.instructions.trim_end()))
    }
}

#[async_trait]
impl Ai for Grounded {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn sees(&self) -> bool {
        self.inner.sees()
    }

    fn answers_later(&self) -> bool {
        self.inner.answers_later()
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let mut question = question.clone();
        if self.searchable {
            let library = Library::new(Arc::clone(&self.knowledge), question.language.clone());
            question.tools = Tools { library: Some(library), ..question.tools };
        }
        if let Some(instructions) = self.instructions(&question) {
            question.instructions = instructions;
        }
        self.inner.answer(&question, time).await
    }

    fn summarises(&self) -> bool {
        self.inner.summarises()
    }

    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        self.inner.summarise(past, time).await
    }
}

/// Passages as a model is shown them, each under its headings; of those that are too long together the first that fit.
pub(crate) fn shown(passages: &[&Passage]) -> String {
    let mut left = MOST_CHARACTERS;
    let fits = |passage: &String| left.checked_sub(passage.chars().count()).map(|rest| left = rest).is_some();
    passages.iter().map(|passage| format!("\n\n## {}\n\n{}", passage.title, passage.text)).filter(fits).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use models::{ConversationKey, MessageId};

    use super::*;
    use crate::Exchange;

    /// Remembers what it was asked.
    #[derive(Default)]
    struct Fake(Mutex<Vec<Question>>);

    #[async_trait]
    impl Ai for Fake {
        fn name(&self) -> &'static str {
            "fake"
        }

        async fn answer(&self, question: &Question, _: Duration) -> Result<Answer, AiError> {
            self.0.lock().unwrap().push(question.clone());
            Ok(Answer::text("yes"))
        }
    }

    const SHOP: &str =
        "# Shipping\n\nIt costs three pounds.\n\n# Returns\n\nWithin 30 days.\n\n# Norway\n\nNo shipping there.";

    /// The question as the model got it.
    async fn asked(text: &str, history: Vec<Exchange>, files: &[&str]) -> Question {
        let question = Question {
            conversation: ConversationKey::parse("user:42").unwrap(),
            id: MessageId::stored("m1"),
            instructions: "Be brief.\n".to_owned(),
            language: None,
            history,
            text: text.into(),
            media: vec![],
            output_tokens: 1,
            tools: Tools::default(),
            passed: 0,
            aloud: crate::Aloud::default(),
        };
        let knowledge = Knowledge::new(files.iter().map(|text| ("a.md".to_owned(), (*text).to_owned())));
        let fake = Arc::new(Fake::default());
        let grounded = Grounded::new(Arc::new(knowledge), true, Arc::<Fake>::clone(&fake));
        grounded.answer(&question, Duration::from_secs(1)).await.unwrap();
        let asked = fake.0.lock().unwrap().remove(0);
        assert_eq!((&asked.text, &asked.history), (&question.text, &question.history));
        assert_eq!(asked.tools.library.is_some(), !files.is_empty(), "where there is nothing, nothing is searched");
        asked
    }

    #[tokio::test]
    async fn what_fits_follows_the_instructions_under_its_heading_the_best_first() {
        let instructions = asked("what does shipping to Norway cost?", vec![], &[SHOP]).await.instructions;
        assert!(instructions.starts_with("Be brief.\n\n# Knowledge\n\n"), "{instructions}");
        let place = |text: &str| instructions.find(text);
        assert!(place("## Norway\n\nNo shipping there.") < place("## Shipping\n\nIt costs three pounds."));
        assert!(place("## Norway").is_some() && place("Returns").is_none(), "{instructions}");
    }

    #[tokio::test]
    async fn where_nothing_fits_the_question_is_asked_as_it_is() {
        assert_eq!(asked("hello there", vec![], &[SHOP]).await.instructions, "Be brief.\n");
        assert_eq!(asked("shipping?", vec![], &[]).await.instructions, "Be brief.\n");
    }

    #[tokio::test]
    async fn a_question_that_leans_on_the_one_before_finds_what_that_was_about() {
        let before = Exchange { user: "can I return it?".into(), assistant: "Yes.".into() };
        assert!(asked("how long?", vec![before], &[SHOP]).await.instructions.contains("Within 30 days."));
    }

    #[tokio::test]
    async fn no_more_is_shown_than_a_prompt_can_bear() {
        let long: Vec<_> =
            (0..9).map(|number| format!("# Shipping {number}\n\n{}", "shipping costs ".repeat(130))).collect();
        let files: Vec<_> = long.iter().map(String::as_str).collect();
        let instructions = asked("what does shipping cost?", vec![], &files).await.instructions;
        assert_eq!(instructions.matches("## Shipping").count(), 3);
    }
}
