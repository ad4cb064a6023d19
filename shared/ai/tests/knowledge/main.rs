//! The `knowledge` backend on the texts of two made-up brands, in five languages.

#![expect(clippy::unwrap_used, clippy::panic, reason = "every function here is part of a test")]

mod questions;

use std::time::Duration;

use ai::{Ai as _, Answer, Knowledge, Question, Tools};
use models::Personal;
use proptest::collection::vec;
use proptest::prelude::*;
use questions::{Case, HOTEL, HOTEL_MISSES, SHOP, SHOP_MISSES};

const SHOP_FILES: [&str; 5] = [
    include_str!("shop/en.md"),
    include_str!("shop/de.md"),
    include_str!("shop/fr.md"),
    include_str!("shop/es.md"),
    include_str!("shop/pt.md"),
];
const HOTEL_FILES: [&str; 2] = [include_str!("hotel/en.md"), include_str!("hotel/de.md")];

fn brand(files: &[&str]) -> Knowledge {
    Knowledge::new(files.iter().map(|text| ("questions.md".to_owned(), (*text).to_owned())))
}

fn ask(knowledge: &Knowledge, text: &str, language: Option<&str>) -> Option<String> {
    let question = Question {
        id: models::MessageId::stored("m1"),
        conversation: models::ConversationKey::parse("user:1").unwrap(),
        instructions: String::new(),
        language: language.map(str::to_owned),
        history: vec![],
        text: text.into(),
        media: vec![],
        output_tokens: 1,
        tools: Tools::default(),
        passed: 0,
        aloud: ai::Aloud::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    match runtime.block_on(knowledge.answer(&question, Duration::from_secs(1))).unwrap() {
        Answer::Said { text, usage: None, .. } => text.map(Personal::into_string),
        Answer::Said { .. } => panic!("this costs no tokens"),
        Answer::DontKnow | Answer::Later(_) => None,
    }
}

/// The cases that come out otherwise than they should, with how they do.
fn misses(knowledge: &Knowledge, cases: &'static [Case]) -> Vec<(&'static str, Option<String>)> {
    let answers = cases.iter().map(|(question, right)| (*question, *right, ask(knowledge, question, None)));
    let wrong = answers.filter(|(_, right, answer)| match (right, answer) {
        (Some(right), Some(answer)) => !answer.starts_with(right),
        (right, answer) => right.is_some() || answer.is_some(),
    });
    wrong.map(|(question, _, answer)| (question, answer)).collect()
}

#[test]
fn questions_get_their_passage_and_everything_else_gets_none() {
    for (files, cases, known) in [(&SHOP_FILES[..], SHOP, SHOP_MISSES), (&HOTEL_FILES, HOTEL, HOTEL_MISSES)] {
        let misses = misses(&brand(files), cases);
        let shown = misses.iter().map(|(question, answer)| (*question, answer.as_deref())).collect::<Vec<_>>();
        assert_eq!(shown, known);
    }
}

/// The share of the questions with an answer whose passage is among the first `most`.
fn recall(knowledge: &Knowledge, cases: &[Case], most: usize) -> f64 {
    let answerable = cases.iter().filter_map(|(question, right)| Some((*question, (*right)?)));
    let found = answerable.map(|(question, right)| {
        let nearest = knowledge.nearest(question, None, most);
        if nearest.iter().any(|passage| passage.text.starts_with(right)) { 1.0 } else { 0.0 }
    });
    let found: Vec<f64> = found.collect();
    found.iter().sum::<f64>() / found.iter().map(|_| 1.0).sum::<f64>()
}

#[test]
fn nearly_every_question_has_its_passage_among_those_that_a_model_is_shown() {
    for (brand, files, cases, least) in
        [("shop", &SHOP_FILES[..], SHOP, [0.9, 0.94, 0.94]), ("hotel", &HOTEL_FILES, HOTEL, [0.95, 0.95, 0.97])]
    {
        let knowledge = self::brand(files);
        for (most, least) in [1, 2, 4].into_iter().zip(least) {
            let recall = recall(&knowledge, cases, most);
            println!("{brand}: recall@{most} = {:.1} %", recall * 100.0);
            assert!(recall >= least, "{brand}: recall@{most} is {recall}");
        }
    }
}

#[test]
fn one_language_alone_is_enough() {
    let only_english = brand(&HOTEL_FILES[..1]);
    assert!(ask(&only_english, "Is breakfast included?", Some("de")).unwrap().starts_with("Breakfast is part"));
    let only_german = brand(&HOTEL_FILES[1..]);
    assert!(ask(&only_german, "Sauna?", Some("en")).unwrap().starts_with("Schwimmbad und Sauna sind"));
    let italian =
        "# Spedizione\n\nLa spedizione costa 5 euro e richiede tre giorni.\n\n# Resi\n\nHai 30 giorni per un reso.";
    assert!(ask(&brand(&[italian]), "Quanto costa la spedizione?", Some("it")).unwrap().starts_with("La spedizione"));
}

#[test]
fn the_profile_decides_where_the_words_do_not_show_the_language() {
    let shop = brand(&SHOP_FILES);
    for (language, beginning) in
        [("de", "Wir nehmen"), ("fr-CA", "Nous acceptons"), ("es", "Aceptamos Visa"), ("pt_BR", "Aceitamos")]
    {
        let answer = ask(&shop, "PayPal?", Some(language)).unwrap();
        assert!(answer.starts_with(beginning), "{language}: {answer}");
    }
}

#[test]
fn an_answer_is_the_passage_as_it_was_written() {
    let markdown = "# Sizes\n\nShoes run **small**:\n\n- take *one* more\n- see [the table](https://a.example/b)\n\n# Else\n\nNo.\n";
    assert_eq!(
        ask(&brand(&[markdown]), "which size?", None).unwrap(),
        "Shoes run **small**:\n\n- take *one* more\n- see [the table](https://a.example/b)"
    );
}

#[test]
fn without_texts_nothing_is_known() {
    for files in [&[][..], &["", "\n", "# Only a heading", "<!-- shipping -->", "---\nshipping: 1\n---\n"]] {
        for question in ["", "hi", "shipping?", "Only a heading"] {
            assert_eq!(ask(&brand(files), question, Some("en")), None);
        }
    }
}

#[test]
fn a_file_of_one_passage_can_answer() {
    let knowledge = brand(&["We are open from 10 am to 7 pm."]);
    assert!(ask(&knowledge, "when are you open?", None).is_some());
    assert_eq!(ask(&knowledge, "how are you?", None), None);
}

#[test]
fn debug_shows_no_texts() {
    assert_eq!(format!("{:?}", brand(&SHOP_FILES)), "Knowledge of 5 files");
}

proptest! {
    #[test]
    fn whatever_the_files_and_the_question_an_answer_is_a_piece_of_a_file(
        files in vec("([#>*|`~<!_\\-\\[\\]() \n]|[a-c]{1,6} |é|\\PC|\n\n|---\n|<!--|# ){0,60}", 0..4),
        question in "([a-c]{1,6} |\\PC){0,12}",
    ) {
        let files: Vec<_> = files.iter().map(String::as_str).collect();
        if let Some(answer) = ask(&brand(&files), &question, None) {
            prop_assert!(!answer.trim().is_empty());
            let dense = |text: &str| text.split_whitespace().collect::<String>();
            let first = dense(answer.lines().next().unwrap_or_default());
            prop_assert!(files.iter().any(|file| dense(file).contains(&first)));
        }
    }
}
