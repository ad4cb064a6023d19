//! What holds for every reply, whatever it says.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::sample::select;
use unicode_segmentation::UnicodeSegmentation as _;

use super::*;

/// Short enough that generated replies are cut often, and everywhere.
const LIMIT: usize = 60;

/// The whole reply in one text.
fn whole(markdown: &str) -> String {
    texts(markdown, 1, usize::MAX / 2).concat()
}

fn cut(markdown: &str) -> Vec<String> {
    texts(markdown, usize::MAX, LIMIT)
}

/// What stays the same wherever a reply is cut: everything but white space, markers and what shows nothing.
fn substance(text: &str) -> String {
    text.chars().filter(|c| models::is_visible(*c) && !"*_~`>".contains(*c)).collect()
}

/// What Markdown is made of.
const SIGNS: &[&str] = &[
    "**",
    "*",
    "_",
    "__",
    "~~",
    "~",
    "`",
    "```\n",
    "```",
    "\n",
    "\n\n",
    "\n- ",
    "\n1. ",
    "\n  - ",
    "\n> ",
    "\n# ",
    "    ",
    " ",
    "|",
    "[",
    "](http://)",
    "![",
    "<br>",
    "<b>",
    "<div>\n",
    "<!--",
    "-->",
    "{{",
    "}}",
    "{%",
    "%}",
    "{",
    "%",
    "&#123;",
    "&#7;",
    "&#x202e;",
    "\\",
    "\n---\n",
    "- [ ] ",
    "\r\n",
    "|a|b|\n",
    "|-|-|\n",
    "://",
];
/// What shows nothing by itself.
const INVISIBLE: &[char] =
    &['\u{202e}', '\u{2067}', '\u{2069}', '\u{202c}', '\u{0}', '\u{301}', '\u{200d}', '\u{2060}'];
const WORDS: &[&str] = &[
    "word",
    "snake_case",
    "2*3",
    "مرحبا",
    "नमस्ते",
    "你好。",
    "👨‍👩‍👧‍👦",
    "🇩🇪",
    "👍🏽",
    "e\u{301}",
    "End. ",
    "Really? ",
    "\n|a|b|c|\n|-|-|-|\n",
    "http://x.example/_y_?q=%7B",
    "a_very_long_word_that_takes_more_than_half_of_a_part",
];

/// Markdown, and what looks like it: pieces that meet where no writer would let them.
fn markdown(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => select(SIGNS).prop_map(str::to_owned),
        4 => select(WORDS).prop_map(str::to_owned),
        1 => select(INVISIBLE).prop_map(String::from),
        1 => ".{0,6}",
    ];
    prop::collection::vec(piece, pieces).prop_map(|pieces| pieces.concat())
}

fn assert_sendable(parts: &[String], limit: usize) {
    for part in parts {
        assert!(part.chars().count() <= limit, "{part:?}");
        assert_eq!(Part::new(part.as_str()).map(drop), Ok(()), "{part:?}");
    }
}

proptest! {
    #[test]
    fn every_part_can_be_sent(markdown in prop_oneof![markdown(0..60), any::<String>()]) {
        assert_sendable(&cut(&markdown), LIMIT);
        prop_assert_eq!(shape(&markdown, 9).len(), texts(&markdown, 9, PART_CHARACTERS).len());
    }

    #[test]
    fn the_parts_together_say_the_whole(markdown in prop_oneof![markdown(0..60), any::<String>()]) {
        prop_assert_eq!(substance(&cut(&markdown).concat()), substance(&whole(&markdown)));
    }

    #[test]
    fn there_are_as_many_parts_as_wished_and_the_last_says_that_more_was_to_be_said(
        markdown in markdown(0..60),
        most in 0_usize..4,
    ) {
        let all = cut(&markdown);
        let parts = texts(&markdown, most, LIMIT);
        assert_sendable(&parts, LIMIT);
        prop_assert_eq!(parts.len(), all.len().min(most));
        if all.len() <= most {
            prop_assert_eq!(parts, all);
        } else if let Some((last, before)) = parts.split_last() {
            prop_assert_eq!(before, &all[..most - 1]);
            prop_assert!(last.ends_with(" …"));
            prop_assert!(substance(&all[most - 1]).starts_with(&substance(last.trim_end_matches(" …"))));
        }
    }
}

/// Words, spaces and line feeds, none of them Markdown.
fn plain_text() -> impl Strategy<Value = String> {
    let words = select(vec![
        "word",
        "a",
        "longer",
        "end.",
        "Really?",
        "https://a.example/some/path?query=value",
        "你好世界。",
        "مرحبا",
        "नमस्ते",
        "क्षत्रिय",
        "👨‍👩‍👧‍👦",
        "👍🏽👍🏽👍🏽",
        "🇩🇪🇫🇷🇮🇹🇪🇸🇵🇱🇳🇱",
        "e\u{301}\u{323}",
        "averyveryveryverylongwordwithoutanyplacewhereitcouldbecutnicely",
    ]);
    let spaces = select(vec![" ", " ", " ", "\n", "\n\n", "", "  "]);
    let text = prop::collection::vec((words, spaces), 1..80);
    text.prop_map(|pairs| pairs.into_iter().map(|(word, space)| word.to_owned() + space).collect())
}

/// Where each of `parts` begins and ends in `whole`, with nothing but white space between them.
fn places(parts: &[String], whole: &str) -> BTreeSet<usize> {
    let mut places = BTreeSet::new();
    let mut end = 0;
    for part in parts {
        let start = whole.len() - whole[end..].trim_start().len();
        assert!(whole[start..].starts_with(part.as_str()), "{part:?} in {whole:?}");
        end = start + part.len();
        places.extend([start, end]);
    }
    assert_eq!(whole[end..].trim(), "");
    places
}

proptest! {
    #[test]
    fn a_cut_goes_through_no_grapheme_and_no_address(text in plain_text()) {
        let whole = whole(&text);
        let graphemes: BTreeSet<_> = whole.grapheme_indices(true).map(|(at, _)| at).chain([whole.len()]).collect();
        for place in places(&cut(&text), &whole) {
            prop_assert!(graphemes.contains(&place));
            let is_in = |url: &std::ops::Range<usize>| url.start < place && place < url.end && url.len() <= LIMIT;
            prop_assert!(!line::urls(&whole).iter().any(is_in), "{}", &whole[place..]);
        }
    }

    #[test]
    fn a_reply_takes_at_most_twice_as_many_parts_as_it_must(text in plain_text()) {
        let least = whole(&text).chars().count().div_ceil(LIMIT);
        prop_assert!(cut(&text).len() <= 2 * least);
    }
}

proptest! {
    #[test]
    fn code_stays_code_across_cuts(lines in prop::collection::vec("[a-z]{1,10}( [a-z{}]{1,30}){0,6}", 1..20)) {
        let parts = cut(&format!("```\n{}\n```", lines.join("\n")));
        let inner = parts.iter().map(|part| part.strip_prefix("```\n").and_then(|part| part.strip_suffix("\n```")));
        let code: Option<Vec<_>> = inner.collect();
        let code = code.expect("each part is one block").concat();
        prop_assert!(!code.contains("```"));
        prop_assert_eq!(substance(&code), substance(&lines.concat()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn long_replies_hold_to_all_this_too(markdown in markdown(5_000..6_000)) {
        prop_assume!(markdown.len() >= 20_000);
        let parts = texts(&markdown, usize::MAX, PART_CHARACTERS);
        assert_sendable(&parts, PART_CHARACTERS);
        prop_assert_eq!(substance(&parts.concat()), substance(&whole(&markdown)));
        assert_sendable(&cut(&markdown), LIMIT);
    }
}

#[test]
fn no_200_kilobytes_take_long() {
    for unit in [
        "A sentence. ",
        "a\n",
        "**a** ",
        "**a ",
        "**a *b ",
        "- ",
        "- a\n",
        "  - a\n",
        "> ",
        "[",
        "![a ",
        "[a](https://b.example) ",
        "**a** http://b ",
        "<b ",
        "<div>",
        "`a` ",
        "```\n",
        "\u{301}",
        "🇩🇪",
        "\u{202e}a",
        "|a|b|c|\n|-|-|-|\n",
        "a://",
        "{",
        "x",
    ] {
        let markdown = unit.repeat(200_000 / unit.len());
        let start = Instant::now();
        assert_sendable(&texts(&markdown, usize::MAX, PART_CHARACTERS), PART_CHARACTERS);
        // Each takes under half a second, on a slow machine too. What grows with the square of its length takes minutes.
        assert!(start.elapsed() < Duration::from_secs(5), "{unit:?} took {:?}", start.elapsed());
    }
}
