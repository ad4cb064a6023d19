//! Puts words into lines, and remembers what is special about them.

use models::is_visible;

use super::direction::Directions;
use super::line::{Block, Kind, Line, Span, urls};
use super::lost::drop_lost_markers;

/// Where an emphasis began.
#[derive(Debug, Clone, Copy, Default)]
struct Emphasis {
    /// How many of its kind are open, each within the other: only the outermost counts.
    depth: usize,
    /// Where the outermost began on this line.
    start: usize,
}

/// A place in what is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    line: usize,
    offset: usize,
}

/// The lines written so far, and the one being written.
#[derive(Default)]
pub(super) struct Writer {
    lines: Vec<Line>,
    line: Line,
    block: Block,
    quotes: usize,
    emphases: [Emphasis; 3],
    directions: Directions,
    /// Visible characters in `lines`, and in `line`.
    written: (usize, usize),
    /// How many of them are more than can be sent.
    enough: usize,
}

impl Writer {
    /// A writer that stops after `enough` visible characters.
    pub(super) fn new(enough: usize) -> Self {
        Self { enough, ..Self::default() }
    }

    /// Whether more was written than can be sent.
    pub(super) fn is_full(&self) -> bool {
        self.written.0 + self.written.1 > self.enough
    }

    /// Everything that was written.
    pub(super) fn finish(mut self) -> Vec<Line> {
        self.end_line();
        self.lines
    }

    /// Writes `text`; line feeds end the line, other control characters are left out.
    pub(super) fn text(&mut self, text: &str) {
        for c in text.chars() {
            if self.is_full() {
                return;
            }
            let indents = self.line.text.is_empty() && c.is_whitespace() && self.block != Block::Code;
            match c {
                '\n' => self.end_line(),
                _ if indents || (c.is_control() && c != '\t') || !self.directions.pass(c) => {}
                _ => {
                    self.line.text.push(c);
                    self.written.1 += usize::from(is_visible(c));
                }
            }
        }
    }

    /// The place that is written to next.
    pub(super) fn here(&self) -> Place {
        Place { line: self.lines.len(), offset: self.line.text.len() }
    }

    /// What was written on this line since `place`.
    pub(super) fn since(&self, place: Place) -> &str {
        &self.line.text[self.offset(place)..]
    }

    /// Makes what was written on this line since `place` a span.
    pub(super) fn mark(&mut self, kind: Kind, place: Place) {
        let range = self.offset(place)..self.line.text.len();
        self.line.spans.push(Span { kind, range });
    }

    /// Begins an emphasis: bold, italic or strike.
    pub(super) fn open(&mut self, kind: Kind) {
        let start = self.line.text.len();
        if let Some(emphasis) = self.emphases.get_mut(kind as usize) {
            emphasis.depth += 1;
            if emphasis.depth == 1 {
                emphasis.start = start;
            }
        }
    }

    /// Ends the emphasis that was begun last.
    pub(super) fn close(&mut self, kind: Kind) {
        if self.emphases.get(kind as usize).is_some_and(|emphasis| emphasis.depth == 1) {
            self.pause(kind);
        }
        if let Some(emphasis) = self.emphases.get_mut(kind as usize) {
            emphasis.depth = emphasis.depth.saturating_sub(1);
        }
    }

    /// Lets every emphasis end here, until it is resumed.
    pub(super) fn pause_emphases(&mut self) {
        for kind in [Kind::Bold, Kind::Italic, Kind::Strike] {
            self.pause(kind);
        }
    }

    /// Lets every emphasis go on from here.
    pub(super) fn resume_emphases(&mut self) {
        let start = self.line.text.len();
        for emphasis in &mut self.emphases {
            emphasis.start = start;
        }
    }

    fn pause(&mut self, kind: Kind) {
        let end = self.line.text.len();
        if let Some(emphasis) = self.emphases.get_mut(kind as usize).filter(|emphasis| emphasis.depth > 0) {
            self.line.spans.push(Span { kind, range: emphasis.start..end });
        }
    }

    /// Ends the line, unless nothing is on it: then its gap and its lead wait for what comes.
    pub(super) fn end_line(&mut self) {
        self.pause_emphases();
        let mut line = std::mem::take(&mut self.line);
        self.resume_emphases();
        line.text.truncate(line.text.trim_end().len());
        let starts_code = self.lines.last().is_none_or(|last| !last.is_code()) || line.gap;
        if line.text.is_empty() && (self.block != Block::Code || starts_code) {
            self.line = Line { gap: line.gap, lead: line.lead, ..Line::default() };
        } else {
            self.push(line);
        }
        self.written.1 = 0;
        self.directions = Directions::default();
    }

    fn push(&mut self, mut line: Line) {
        let length = line.text.len();
        line.spans.iter_mut().for_each(|span| span.range.end = span.range.end.min(length));
        line.spans.retain(|span| span.range.start < span.range.end);
        if self.block != Block::Code {
            drop_lost_markers(&mut line);
        }
        line.spans.extend(urls(&line.text).into_iter().map(|range| Span { kind: Kind::Url, range }));
        line.text += &self.directions.closers();
        (line.block, line.quote) = (self.block, self.quotes > 0);
        self.lines.push(line);
        self.written.0 += self.written.1;
    }

    /// Forgets what is on this line.
    pub(super) fn clear_line(&mut self) {
        let (gap, lead) = (self.line.gap, std::mem::take(&mut self.line.lead));
        self.line = Line { gap, lead, ..Line::default() };
        self.written.1 = 0;
    }

    /// Starts on a new line, after a blank one if `gap`.
    pub(super) fn start_block(&mut self, gap: bool) {
        self.end_line();
        self.line.gap |= gap;
    }

    /// Starts a code block; it gets lines of its own.
    pub(super) fn start_code(&mut self) {
        self.end_lead();
        self.line.gap |= self.lines.last().is_some_and(Line::is_code);
        self.block = Block::Code;
    }

    /// Ends the code block.
    pub(super) fn end_code(&mut self) {
        if !self.line.text.is_empty() {
            self.end_line();
        }
        while self.lines.last().is_some_and(|last| last.is_code() && last.is_blank()) {
            self.lines.pop();
        }
        self.block = Block::Text;
    }

    /// Starts a heading.
    pub(super) fn start_heading(&mut self) {
        self.block = Block::Heading;
        self.open(Kind::Bold);
    }

    /// Ends the heading.
    pub(super) fn end_heading(&mut self) {
        self.close(Kind::Bold);
        self.end_line();
        self.block = Block::Text;
    }

    /// Starts a quotation.
    pub(super) fn start_quote(&mut self) {
        self.quotes += 1;
    }

    /// Ends the quotation that was started last.
    pub(super) fn end_quote(&mut self) {
        self.end_line();
        self.quotes = self.quotes.saturating_sub(1);
    }

    /// What stands before this line's text.
    pub(super) fn lead(&mut self) -> &mut String {
        &mut self.line.lead
    }

    /// Writes a lead that has got no text.
    pub(super) fn end_lead(&mut self) {
        self.end_line();
        if !self.line.lead.is_empty() {
            let mut line = std::mem::take(&mut self.line);
            line.lead.truncate(line.lead.trim_end().len());
            self.push(line);
        }
    }

    fn offset(&self, place: Place) -> usize {
        if place.line == self.lines.len() { place.offset.min(self.line.text.len()) } else { 0 }
    }
}
