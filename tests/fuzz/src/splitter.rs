//! Plain text of any length, made of what is hard to cut.

use std::ops::Range;

use conversation::shape::shape;
use models::PART_CHARACTERS;
use unicode_segmentation::UnicodeSegmentation as _;

const WORDS: [&str; 16] = [
    "a",
    "word",
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
    "한국어",
    "averyveryveryverylongwordwithoutanyplacewhereitcouldbecutnicely",
];
const SPACES: [&str; 8] = [" ", " ", " ", " ", "\n", "\n\n", "", "  "];
/// Two parts and a little more.
const MOST_CHARACTERS: usize = 2 * PART_CHARACTERS + 600;

/// Each byte is a word and the space after it; the first says how often all of them are repeated. The parts together say
/// the whole, no cut goes through a grapheme or an address, and there are at most twice as many parts as there must be.
pub fn splitter(bytes: &[u8]) {
    let Some((times, bytes)) = bytes.split_first() else { return };
    let said: String = bytes.iter().flat_map(|byte| spoken(*byte)).collect();
    let most = MOST_CHARACTERS / said.chars().count().max(1) + 1;
    let text = said.repeat(most.min(1 + usize::from(*times)));
    let parts = shape(&text, usize::MAX);

    let together: String = parts.iter().flat_map(|part| part.as_str().chars()).filter(|c| !c.is_whitespace()).collect();
    assert!(together.chars().eq(text.chars().filter(|c| !c.is_whitespace())), "the parts do not say the whole");

    let (graphemes, addresses) = (graphemes(&text), addresses(&text));
    let mut place = 0;
    for part in &parts {
        place += visible(part.as_str());
        assert!(graphemes.binary_search(&place).is_ok(), "a cut through a grapheme, after {place} characters");
        assert!(!addresses.iter().any(|url| url.start < place && place < url.end), "a cut through an address");
    }
    assert!(parts.len() <= 2 * text.chars().count().div_ceil(PART_CHARACTERS));
}

fn spoken(byte: u8) -> [&'static str; 2] {
    [WORDS[usize::from(byte) % WORDS.len()], SPACES[usize::from(byte) / WORDS.len() % SPACES.len()]]
}

/// Places are counted in visible characters, because a cut may cost white space.
fn visible(text: &str) -> usize {
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// Where graphemes end, in order.
fn graphemes(text: &str) -> Vec<usize> {
    let mut place = 0;
    let ends = text.graphemes(true).map(|grapheme| {
        place += visible(grapheme);
        place
    });
    ends.collect()
}

/// Where the addresses stand that fit into a part: they end at white space and at what is not ASCII.
fn addresses(text: &str) -> Vec<Range<usize>> {
    let mut place = 0;
    let runs = text.split_inclusive(|c: char| c.is_whitespace() || !c.is_ascii()).filter_map(|run| {
        let (start, address) = (place, run.trim_end_matches(|c: char| !c.is_ascii_graphic()));
        place += visible(run);
        let colon = address.find("://")?;
        let scheme = address[..colon].bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
        Some(start + colon - scheme..start + address.len())
    });
    runs.filter(|address| address.len() <= PART_CHARACTERS).collect()
}
