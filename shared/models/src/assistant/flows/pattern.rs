//! A pattern an answer must match.

use regex_lite::{Regex, RegexBuilder};

/// The most a compiled pattern may weigh, in bytes: matching takes time in proportion to it.
const HEAVIEST: usize = 64 * 1_024;

/// A regular expression. It is looked for anywhere in the answer, unless `^` and `$` hold it.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

impl Pattern {
    /// Whether `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    pub(super) fn parse(source: &str) -> Result<Self, regex_lite::Error> {
        RegexBuilder::new(source).size_limit(HEAVIEST).build().map(Self)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}
