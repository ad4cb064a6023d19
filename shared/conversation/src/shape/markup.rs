//! Writes a line as WhatsApp's own markup.
//!
//! Meta does not document when exactly a marker formats. What users see, and what bridges to other networks go by: there is
//! no letter or digit on its outer side and no white space on its inner side, and its twin is on the same line. A pair that
//! would not format is left out, and its text stays. So is a pair that a `*`, `_`, `~` or backtick of the text itself might
//! break up. Those characters themselves stay as they are: an invisible character beside them would come along when somebody
//! copies a password or a file's name, and to format by mistake it takes two of them at the edges of words.

use std::cmp::Reverse;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::line::{Kind, Line};

/// Stands between two characters that must not meet; shows nothing and permits no line break.
const WORD_JOINER: char = '\u{2060}';

/// `line` as WhatsApp gets it.
pub(super) fn markup(line: &Line) -> String {
    let text = if line.is_code() { line.text.clone() } else { marked(line) };
    harmless(&[if line.quote { "> " } else { "" }, &line.lead, &text].concat())
}

/// The most characters that [`markup`] adds for `c` behind `before` in a text, its markers apart.
pub(super) fn allowance(before: Option<char>, c: char) -> usize {
    usize::from(is_liquid(before, c) || c == '`')
}

/// Keeps apart what Braze may run as Liquid, and three backticks, which WhatsApp may take for the fence of a code block.
fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut before, mut backticks) = (None, 0);
    for c in text.chars() {
        backticks = if c == '`' { backticks + 1 } else { 0 };
        if is_liquid(before, c) || backticks == 3 {
            out.push(WORD_JOINER);
            backticks = backticks.min(1);
        }
        out.push(c);
        before = Some(c);
    }
    out
}

fn is_liquid(before: Option<char>, c: char) -> bool {
    matches!((before, c), (Some('{'), '{' | '%') | (Some('}' | '%'), '}'))
}

/// The text with every marker that stands.
fn marked(line: &Line) -> String {
    let mut pairs = pairs(line);
    pairs.sort_by_key(|(kind, range)| (range.start, Reverse(range.end), *kind));
    let mut out = String::with_capacity(line.text.len() + 2 * pairs.len());
    let mut open: Vec<(usize, char)> = Vec::new();
    let mut at = 0;
    let mut write_to = |place: usize, marker: char| {
        out.push_str(line.text.get(at..place).unwrap_or_default());
        out.push(marker);
        at = place;
    };
    for (kind, range) in pairs {
        let Some(marker) = kind.marker() else { continue };
        while let Some((end, marker)) = open.pop_if(|(end, _)| *end <= range.start) {
            write_to(end, marker);
        }
        write_to(range.start, marker);
        open.push((range.end, marker));
    }
    while let Some((end, marker)) = open.pop() {
        write_to(end, marker);
    }
    out + &line.text[at..]
}

/// The pairs of markers that stand. Code comes first: it hides what is in it from the others.
fn pairs(line: &Line) -> Vec<(Kind, Range<usize>)> {
    let code = standing(&line.text, line, Kind::Code);
    let masked = line.masked(&code);
    let mut pairs: Vec<_> = code.into_iter().map(|range| (Kind::Code, range)).collect();
    for kind in [Kind::Bold, Kind::Italic, Kind::Strike] {
        pairs.extend(standing(&masked, line, kind).into_iter().map(|range| (kind, range)));
    }
    pairs
}

/// A marker's character where it is a part of the text.
struct Literal {
    at: usize,
    /// Whether WhatsApp may take it for the first of a pair.
    may_open: bool,
    /// Whether it may take it for either.
    may_mark: bool,
}

/// Where pairs of markers for `kind` stand in `text`.
fn standing(text: &str, line: &Line, kind: Kind) -> Vec<Range<usize>> {
    let Some(marker) = kind.marker() else { return Vec::new() };
    let literals = literals(text, marker);
    let mut url_ends: Vec<_> = line.ranges(Kind::Url).map(|url| url.end).collect();
    url_ends.sort_unstable();
    let within = |from: usize, to: usize| {
        let index = |place| literals.partition_point(|literal| literal.at < place);
        &literals[index(from)..index(to)]
    };
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut settled = 0;
    for range in line.ranges(kind).map(|range| trimmed(text, range)) {
        if settled < range.start && within(settled, range.start).iter().any(|literal| literal.may_open) {
            // It opens what the next marker would close, whichever that is.
            break;
        }
        let is_apart = found.last().is_none_or(|last| last.end < range.start);
        let is_pure = !within(range.start, range.end).iter().any(|literal| literal.may_mark || kind == Kind::Code);
        // An address would take the marker for its own last character.
        let ends_url = url_ends.binary_search(&range.end).is_ok();
        if is_apart && is_pure && !ends_url && formats(text, &range, marker) {
            settled = range.end;
            found.push(range);
        }
    }
    found
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let inner = &text[range.clone()];
    let start = range.start + inner.len() - inner.trim_start().len();
    start..start + inner.trim().len()
}

fn literals(text: &str, marker: char) -> Vec<Literal> {
    let literal = |(at, _): (usize, &str)| {
        let before = text[..at].chars().next_back();
        let after = text[at + marker.len_utf8()..].chars().next();
        let is_space = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let is_inert = (is_space(before) && is_space(after)) || (is_word(before) && is_word(after));
        Literal { at, may_open: !is_word(before) && !is_space(after), may_mark: !is_inert }
    };
    text.match_indices(marker).map(literal).collect()
}

/// Whether markers around `range` stand where WhatsApp formats, and leave every grapheme whole.
fn formats(text: &str, range: &Range<usize>, marker: char) -> bool {
    let inner = &text[range.clone()];
    let (Some(first), Some(last)) = (inner.chars().next(), inner.chars().next_back()) else { return false };
    let may_precede = |c: char| c != marker && !joins(c, marker);
    let may_follow = |c: char| c != marker && !joins(marker, c);
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    before.is_none_or(|c| !c.is_alphanumeric() && may_precede(c))
        && may_follow(first)
        && may_precede(last)
        && after.is_none_or(|c| !c.is_alphanumeric() && may_follow(c))
}

/// Whether the two are one grapheme.
fn joins(one: char, other: char) -> bool {
    String::from_iter([one, other]).graphemes(true).count() == 1
}
