//! What Markdown's events do not tell, but their source does.

use std::ops::Range;

use super::line::Kind;

/// Where an event comes from.
pub(super) struct Source<'a> {
    /// All of it.
    pub(super) markdown: &'a str,
    /// The event's part of it.
    pub(super) range: Range<usize>,
    /// Whether a blank line stands before it.
    pub(super) gap: bool,
}

impl Source<'_> {
    /// Whether it begins with `signs`, indented or not.
    pub(super) fn starts_with(&self, signs: &str) -> bool {
        self.markdown[self.range.start..].trim_start().starts_with(signs)
    }

    /// The marker of this emphasis, if it says something itself: "5*3*2", "2**8 and 2**9". To leave it
    /// out, as one that does not format inside a word, would change what is said.
    pub(super) fn literal_marker(&self, kind: Kind) -> Option<&'static str> {
        let before = self.markdown[..self.range.start].bytes().next_back();
        let after = self.markdown[self.range.end..].bytes().next();
        let is_in_word = [before, after].into_iter().flatten().any(|byte| byte.is_ascii_alphanumeric());
        match kind {
            Kind::Bold if self.starts_with("**") && before.is_some_and(|byte| byte.is_ascii_digit()) => Some("**"),
            Kind::Italic if self.starts_with("*") && is_in_word => Some("*"),
            _ => None,
        }
    }
}

/// Knows where blank lines are, asked from the beginning to the end.
#[derive(Default)]
pub(super) struct Gaps<'a> {
    text: &'a str,
    /// Where the line begins that was reached, and how far it was searched for its end.
    line: usize,
    searched: usize,
    /// Whether the line before it is blank.
    gap: bool,
}

impl<'a> Gaps<'a> {
    /// The blank lines of `text`.
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, ..Self::default() }
    }

    /// Whether the line before the one at `place` is blank, but for signs of quotation.
    pub(super) fn is_before(&mut self, place: usize) -> bool {
        for (feed, _) in self.text.get(self.searched..place).unwrap_or_default().match_indices('\n') {
            let end = self.searched + feed;
            self.gap = self.text[self.line..end].chars().all(|c| c == '>' || c.is_whitespace());
            self.line = end + 1;
        }
        self.searched = self.searched.max(place);
        self.gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_lines_are_known_at_every_place() {
        let mut gaps = Gaps::of("a\n\nb\n> \nc c\nd");
        let found: Vec<_> = [0, 3, 8, 10, 12].into_iter().map(|place| gaps.is_before(place)).collect();
        assert_eq!(found, [false, true, true, true, false]);
    }
}
