//! A reply between Markdown and WhatsApp: lines of plain text, with what is special about stretches of them beside.

use std::ops::Range;

use models::is_blank;

/// One line, without line feeds.
#[derive(Clone, Default)]
pub(super) struct Line {
    /// Whether a blank line comes before it.
    pub(super) gap: bool,
    /// Whether it is quoted.
    pub(super) quote: bool,
    /// What it belongs to.
    pub(super) block: Block,
    /// What stands before the text and is never cut from it: a list marker with its indentation.
    pub(super) lead: String,
    /// The words, without markers.
    pub(super) text: String,
    /// Stretches of the words. Those with markers are nested or apart, never crossed.
    pub(super) spans: Vec<Span>,
}

/// What a line belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Block {
    #[default]
    Text,
    /// Stays with what follows.
    Heading,
    /// Code, shown as it is. Consecutive lines without a gap are one block.
    Code,
}

/// A stretch of a line's text, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// What is special about a stretch; of two that are equal, the smaller is the outer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Bold,
    Italic,
    Strike,
    /// Code within a text.
    Code,
    /// A link's text together with its address.
    Link,
    /// An address alone.
    Url,
}

impl Kind {
    /// The character WhatsApp formats it with, on both sides.
    pub(super) fn marker(self) -> Option<char> {
        match self {
            Self::Bold => Some('*'),
            Self::Italic => Some('_'),
            Self::Strike => Some('~'),
            Self::Code => Some('`'),
            Self::Link | Self::Url => None,
        }
    }
}

impl Line {
    /// A line of a text that is no Markdown.
    pub(super) fn plain(text: &str, gap: bool) -> Self {
        let spans = urls(text).into_iter().map(|range| Span { kind: Kind::Url, range }).collect();
        Self { gap, text: text.to_owned(), spans, ..Self::default() }
    }

    /// Whether it is part of a code block.
    pub(super) fn is_code(&self) -> bool {
        self.block == Block::Code
    }

    /// Whether a reader sees nothing of it.
    pub(super) fn is_blank(&self) -> bool {
        is_blank(&self.text) && is_blank(&self.lead)
    }

    /// Where spans of `kind` stand.
    pub(super) fn ranges(&self, kind: Kind) -> impl Iterator<Item = Range<usize>> {
        self.spans.iter().filter(move |span| span.kind == kind).map(|span| span.range.clone())
    }

    /// The text with backticks in the place of `code`, byte for byte: nothing in there can be taken for a marker.
    pub(super) fn masked(&self, code: &[Range<usize>]) -> String {
        let mut masked = String::with_capacity(self.text.len());
        let mut at = 0;
        for range in code {
            masked.push_str(&self.text[at..range.start]);
            masked.push_str(&"`".repeat(range.len()));
            at = range.end;
        }
        masked + &self.text[at..]
    }
}

/// Where addresses with a scheme stand in `text`. They end at white space, at what cannot be in one, at a bracket that was
/// opened before, and at the first character that is not ASCII: Chinese text goes on without a space.
pub(super) fn urls(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (colon, _) in text.match_indices("://") {
        let from = found.last().map_or(0, |last| last.end);
        if colon < from {
            continue;
        }
        let scheme = text[from..colon].bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
        let is_end = |c: char| c.is_whitespace() || !c.is_ascii() || matches!(c, '<' | '>' | '"');
        let start = colon - scheme;
        let url = text[start..].split(is_end).next().unwrap_or_default();
        let is_bracketed = url.matches(')').count() > url.matches('(').count();
        let length = if is_bracketed { url.rfind(')') } else { None };
        found.push(start..start + length.unwrap_or(url.len()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_wherever_it_stands() {
        for (text, expected) in [
            ("see https://a.example/b?c=d_e, or", vec!["https://a.example/b?c=d_e,"]),
            ("(http://a.example), ftp://b/c_(d)", vec!["http://a.example", "ftp://b/c_(d)"]),
            ("请访问https://a.example/b。谢谢", vec!["https://a.example/b"]),
            ("a://b://c", vec!["a://b://c"]),
            ("://a ://b", vec!["://a", "://b"]),
            ("no address: //", vec![]),
        ] {
            let found: Vec<_> = urls(text).into_iter().map(|range| &text[range]).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_line_without_a_visible_character_is_blank() {
        for (lead, text, blank) in
            [("", "\u{200b} \u{2060}", true), (" ", "\u{3164}", true), ("", "\u{200b}.", false), ("- ", "", false)]
        {
            let line = Line { lead: lead.to_owned(), text: text.to_owned(), ..Line::default() };
            assert_eq!(line.is_blank(), blank, "{lead:?} {text:?}");
        }
    }
}
