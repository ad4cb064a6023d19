//! Cuts a line that is too long for a part: between sentences, else words, else graphemes; within a link only when it
//! does not fit by itself, within an address only when that does not.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation as _;

use super::direction::Directions;
use super::line::{Kind, Line, Span};
use super::markup::allowance;

/// Where a line may be cut; the smaller, the better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seam {
    Sentence,
    Word,
    WordOfLink,
    Grapheme,
    GraphemeOfUrl,
    /// In a grapheme that is longer than a part: a letter under a thousand accents.
    Character,
}

impl Seam {
    fn next(self) -> Self {
        match self {
            Self::Sentence => Self::Word,
            Self::Word => Self::WordOfLink,
            Self::WordOfLink => Self::Grapheme,
            Self::Grapheme => Self::GraphemeOfUrl,
            Self::GraphemeOfUrl | Self::Character => Self::Character,
        }
    }
}

/// A place where the line may be cut.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: usize,
    seam: Seam,
    /// The most characters that everything before it takes.
    width: usize,
    /// What is open here, markers and directions: each takes a character before the cut and one after it.
    open: usize,
}

/// `line` in pieces. The first takes at most `room` characters if anything of the line fits in there, all others at most
/// `full`. No seam better than `best` is looked for. Some pieces may be blank.
pub(super) fn cut(line: &Line, room: usize, full: usize, best: Seam) -> Vec<Line> {
    let quote = if line.quote { 2 } else { 0 };
    let (room, full) = (room.saturating_sub(quote), full.saturating_sub(quote));
    let places = places(line);
    let mut cutter = Cutter { places: &places, room, full, start: 0, pieces: Vec::new() };
    cutter.fill(0, places.len() - 1, best);
    cutter.cut(places.len() - 1);
    let mut directions = Directions::default();
    cutter.pieces.into_iter().map(|range| piece(line, range, &mut directions)).collect()
}

/// Fills pieces. A stretch between two seams is cut at finer ones only if it does not fit in a piece of its own.
struct Cutter<'a> {
    places: &'a [Place],
    room: usize,
    full: usize,
    start: usize,
    pieces: Vec<Range<usize>>,
}

impl Cutter<'_> {
    fn fill(&mut self, from: usize, to: usize, seam: Seam) {
        let mut start = from;
        while start < to {
            let is_seam = |place: &usize| self.places[*place].seam <= seam;
            let end = (start + 1..to).find(is_seam).unwrap_or(to);
            if self.width(self.start, end) > self.room {
                if self.width(start, end) > self.full && seam != Seam::Character {
                    self.fill(start, end, seam.next());
                } else {
                    self.cut(start);
                }
            }
            start = end;
        }
    }

    fn cut(&mut self, place: usize) {
        if self.start < place {
            self.pieces.push(self.places[self.start].at..self.places[place].at);
        }
        (self.start, self.room) = (place, self.full);
    }

    fn width(&self, from: usize, to: usize) -> usize {
        let (from, to) = (self.places[from], self.places[to]);
        to.width - from.width + from.open + to.open
    }
}

/// What a byte of the line has to do with cutting there.
#[derive(Debug, Clone, Copy, Default)]
struct Byte {
    /// Markers that stand before it, and after it.
    opened: usize,
    closed: usize,
    /// Whether a cut before it goes through a link, or an address.
    in_link: bool,
    in_url: bool,
    starts_sentence: bool,
}

fn bytes(line: &Line) -> Vec<Byte> {
    let mut bytes = vec![Byte::default(); line.text.len()];
    for Span { kind, range } in &line.spans {
        match kind {
            Kind::Link => bytes[range.start + 1..range.end].iter_mut().for_each(|byte| byte.in_link = true),
            Kind::Url => bytes[range.start + 1..range.end].iter_mut().for_each(|byte| byte.in_url = true),
            Kind::Bold | Kind::Italic | Kind::Strike | Kind::Code => {
                bytes[range.start].opened += 1;
                bytes[range.end - 1].closed += 1;
            }
        }
    }
    for (start, _) in line.text.split_sentence_bound_indices() {
        bytes[start].starts_sentence = true;
    }
    bytes
}

fn places(line: &Line) -> Vec<Place> {
    let bytes = bytes(line);
    let mut directions = Directions::default();
    let mut place = Place { at: 0, seam: Seam::Sentence, width: 0, open: 0 };
    let mut places = vec![place];
    let (mut markers, mut before) = (0, None);
    place.width = line.lead.chars().count();
    for (start, grapheme) in line.text.grapheme_indices(true) {
        for (offset, c) in grapheme.char_indices() {
            place.at = start + offset;
            place.seam = if offset == 0 { seam(bytes[start], before) } else { Seam::Character };
            place.open = markers + directions.depth();
            if place.at > 0 {
                places.push(place);
            }
            for byte in &bytes[place.at..place.at + c.len_utf8()] {
                place.width += byte.opened + byte.closed;
                markers = markers + byte.opened - byte.closed;
            }
            place.width += 1 + allowance(before, c);
            directions.pass(c);
            before = Some(c);
        }
    }
    places.push(Place { at: line.text.len(), open: 0, ..place });
    places
}

fn seam(byte: Byte, before: Option<char>) -> Seam {
    let after_space = before.is_some_and(char::is_whitespace);
    // In some scripts sentences follow each other without a space; "a?b" of others is one word.
    let after_sentence = byte.starts_sentence && (after_space || before.is_some_and(|c| !c.is_ascii()));
    match byte {
        Byte { in_url: true, .. } => Seam::GraphemeOfUrl,
        Byte { in_link: true, .. } if after_space => Seam::WordOfLink,
        Byte { in_link: false, .. } if after_sentence => Seam::Sentence,
        Byte { in_link: false, .. } if after_space => Seam::Word,
        _ => Seam::Grapheme,
    }
}

/// What stands at `range` as a line of its own. `directions` are those open before it, and then those open after it.
fn piece(line: &Line, range: Range<usize>, directions: &mut Directions) -> Line {
    let is_first = range.start == 0;
    let lead = if is_first { line.lead.clone() } else { directions.openers() };
    let words = &line.text[range.clone()];
    for c in words.chars() {
        directions.pass(c);
    }
    let words = words.trim_end();
    let indentation = if is_first { 0 } else { words.len() - words.trim_start().len() };
    let (start, end) = (range.start + indentation, range.start + words.len());
    let clip = |span: &Span| {
        let (from, to) = (span.range.start.max(start), span.range.end.min(end));
        (from < to).then(|| Span { kind: span.kind, range: from - start..to - start })
    };
    Line {
        gap: line.gap,
        quote: line.quote,
        block: line.block,
        lead,
        text: line.text[start..end].to_owned() + &directions.closers(),
        spans: line.spans.iter().filter_map(clip).collect(),
    }
}
