//! What holds for whatever anybody proposes.

use proptest::prelude::*;

use super::*;
use crate::{PART_CHARACTERS, Personal};

/// Texts near the limits, with what tends to break them.
fn text(most: usize) -> impl Strategy<Value = Personal> {
    let character = prop_oneof![
        8 => proptest::char::range('a', 'z'),
        4 => Just(' '),
        2 => prop::sample::select(vec!['é', '👋', '日', '\u{a0}', '\u{202e}', '{', '%', '}', ':', '.']),
        1 => prop::sample::select(vec!['\n', '\t', '\r', '\u{7}', '\u{2028}']),
    ];
    prop::collection::vec(character, 0..=most).prop_map(|all| Personal::from(all.into_iter().collect::<String>()))
}

fn plain(most: usize) -> impl Strategy<Value = Personal> {
    let letters = prop::collection::vec(proptest::char::range('a', 'z'), 1..=most);
    prop_oneof![3 => letters.prop_map(|all| Personal::from(String::from_iter(all))), 1 => text(most + 3)]
}

fn proposal() -> impl Strategy<Value = Proposal> {
    let body = || prop_oneof![plain(40), text(1_100), "[a-z ]{2900,4200}".prop_map(Personal::from)];
    let row = (plain(24), prop::option::of(plain(72)));
    let row = row.prop_map(|(title, description)| ProposedRow { title, description });
    let url = prop_oneof![Just(Personal::from("https://shop.example/a.png")), text(30)];
    prop_oneof![
        (body(), prop::collection::vec(plain(20), 0..5))
            .prop_map(|(body, options)| Proposal::QuickReplies(ProposedReplies { body, options })),
        (body(), plain(20), prop::collection::vec(row, 0..12))
            .prop_map(|(body, button, rows)| Proposal::List(ProposedList { body, button, rows })),
        (url, prop::option::of(body())).prop_map(|(url, caption)| Proposal::Media(ProposedMedia { url, caption })),
    ]
}

/// Every word of a proposal, in order. The words end where white space is; a colon or a number may be added.
fn words(proposal: &Proposal) -> Vec<String> {
    let texts: Vec<&Personal> = match proposal {
        Proposal::QuickReplies(it) => std::iter::once(&it.body).chain(&it.options).collect(),
        Proposal::List(it) => {
            let rows = it.rows.iter().flat_map(|row| std::iter::once(&row.title).chain(&row.description));
            [&it.body, &it.button].into_iter().chain(rows).collect()
        }
        Proposal::Media(it) => it.caption.iter().chain([&it.url]).collect(),
    };
    texts.iter().flat_map(|text| text.as_str().split_whitespace()).map(str::to_owned).collect()
}

fn assert_holds(words: &[String], text: &str) {
    let mut found = text.split_whitespace();
    for word in words {
        let is_it = |found: &str| found == word || found.strip_suffix(':') == Some(word);
        assert!(found.any(is_it), "{word:?} is lost or out of place in {text:?}");
    }
}

fn characters(part: &Part) -> usize {
    part.as_str().chars().count()
}

fn assert_within_limits(content: &Content) {
    assert!(characters(content.text()) <= PART_CHARACTERS);
    match content {
        Content::QuickReplies(it) => {
            assert!((1..=3).contains(&it.options().len()) && characters(it.body()) <= 1_024);
            assert!(it.options().iter().all(|option| characters(option) <= 20 && !option.as_str().contains('\n')));
        }
        Content::List(it) => {
            assert!((1..=10).contains(&it.rows().len()) && characters(it.button()) <= 20);
            assert!(it.rows().iter().all(|row| characters(row.title()) <= 24));
            assert!(it.rows().iter().filter_map(Row::description).all(|text| characters(text) <= 72));
        }
        Content::Media(it) => {
            assert!(it.url().starts_with("https://"));
            assert!(it.caption().is_none_or(|caption| characters(caption) <= 1_024));
        }
        other => panic!("nobody proposed {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn a_proposal_is_within_the_limits_or_a_text_and_no_word_is_lost(proposal in proposal()) {
        let words = words(&proposal);
        match proposal.fit() {
            Ok(content) => {
                assert_within_limits(&content);
                assert_holds(&words, content.text().as_str());
                let stored = serde_json::to_string(&content).unwrap();
                prop_assert_eq!(serde_json::from_str::<Content>(&stored).unwrap(), content);
            }
            Err(text) => assert_holds(&words, text.as_str()),
        }
    }

    #[test]
    fn a_flattened_text_keeps_every_character_but_white_space(
        text in prop_oneof![text(4_000), "([a-z]{900,1500} ?){1,2}".prop_map(Personal::from)],
    ) {
        let Ok(part) = Part::new(text.as_str()) else { return Ok(()) };
        let lines = Template::flatten(&part);
        let joined: String = lines.iter().flat_map(|line| line.text().as_str().chars()).collect();
        let visible = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(visible(&joined), visible(part.as_str()));
        for line in &lines {
            prop_assert!(characters(line.text()) <= TEMPLATE_CHARACTERS);
            prop_assert!(Template::new(line.text().as_str()).is_ok());
        }
        let needed = joined.chars().count().div_ceil(TEMPLATE_CHARACTERS);
        prop_assert!((needed..=2 * needed + 1).contains(&lines.len()));
    }
}
