//! Any Markdown, or what looks like it, as an AI's reply.

use conversation::shape::shape;
use models::{PART_CHARACTERS, Part};

/// May fill a part but for its end, so that the cut falls anywhere in the reply.
const FILLER: &str = "Lorem ipsum dolor sit amet. ";
/// Two parts and a little more.
const MOST_CHARACTERS: usize = 2 * PART_CHARACTERS + 600;

/// The first byte chooses what stands before the reply, the second how often it is said and how many parts it may
/// have. Every part can be sent; fewer parts begin like all of them, and the last one says that more was to be said.
pub fn markup(bytes: &[u8]) {
    let Some((&[before, choice], reply)) = bytes.split_first_chunk() else { return };
    let (times, most) = (1 + usize::from(choice) % 64, usize::from(choice) / 64);
    let filler = before.checked_sub(128).map_or(0, |nearer| PART_CHARACTERS - 8 * usize::from(nearer));
    let filler = FILLER.chars().cycle().take(filler);
    let reply = String::from_utf8_lossy(reply).repeat(times);
    let markdown: String = filler.chain(reply.chars()).take(MOST_CHARACTERS).collect();

    let all = shape(&markdown, usize::MAX);
    assert_sendable(&all, usize::MAX);
    let parts = shape(&markdown, most);
    assert_sendable(&parts, most);
    assert_eq!(parts.len(), all.len().min(most));
    match parts.split_last() {
        Some((last, first)) if most < all.len() => {
            assert_eq!(first, &all[..most - 1]);
            let begun = last.as_str().strip_suffix(" …").expect("a sign that more was to be said");
            assert!(substance(all[most - 1].as_str()).starts_with(&substance(begun)));
        }
        _ => assert_eq!(parts, all[..parts.len()]),
    }
}

/// At most `most` parts, each as WhatsApp and Braze take it.
pub(crate) fn assert_sendable(parts: &[Part], most: usize) {
    assert!(parts.len() <= most);
    for part in parts {
        assert_eq!(Part::new(part.as_str()).as_ref(), Ok(part));
    }
}

/// What stays the same wherever a reply is cut: everything but white space, markers and direction controls.
fn substance(text: &str) -> String {
    let is_form = |c: char| {
        c.is_whitespace()
            || "*_~`>\u{2060}".contains(c)
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !is_form(*c)).collect()
}
