//! Spreads lines over parts. A paragraph that fits in a part stays whole, so does a line of one that does not; a line
//! that is too long is cut. Whatever must be cut begins where the part before it ends, so parts are well filled.

use super::cut::cut;
use super::line::{Block, Line};
use super::markup::markup;

const FENCE: &str = "```";
const QUOTED_FENCE: &str = "> ```";

/// `lines` in parts, each of at most `limit` characters when it is [joined](join).
pub(super) fn pack(lines: Vec<Line>, limit: usize) -> Vec<Vec<Line>> {
    let lines: Vec<_> = lines.into_iter().map(Measured::from).collect();
    let mut packer = Packer { limit, parts: Vec::new(), part: Vec::new(), width: 0 };
    for paragraph in lines.chunk_by(|before, next| !next.line.gap || before.line.block == Block::Heading) {
        packer.paragraph(paragraph);
    }
    packer.end_part();
    packer.parts
}

/// The text of a part.
pub(super) fn join(part: &[Line]) -> String {
    let mut text = String::new();
    for (index, line) in part.iter().enumerate() {
        let before = index.checked_sub(1).map(|before| &part[before]);
        text.push_str(feeds(before, line));
        if opens_code(before, line) {
            text.push_str(fence(line));
            text.push('\n');
        }
        text.push_str(&markup(line));
        if line.is_code() && part.get(index + 1).is_none_or(|next| !next.is_code() || opens_code(Some(line), next)) {
            text.push('\n');
            text.push_str(fence(line));
        }
    }
    text
}

/// A line, and the characters it takes.
#[derive(Debug, Clone)]
struct Measured {
    line: Line,
    width: usize,
}

impl From<Line> for Measured {
    fn from(line: Line) -> Self {
        Self { width: markup(&line).chars().count(), line }
    }
}

struct Packer {
    limit: usize,
    parts: Vec<Vec<Line>>,
    part: Vec<Line>,
    /// The characters that `part` takes.
    width: usize,
}

impl Packer {
    fn paragraph(&mut self, lines: &[Measured]) {
        if self.fits(lines) {
            lines.iter().for_each(|line| self.add(line));
        } else if width(None, lines) <= self.limit {
            self.end_part();
            lines.iter().for_each(|line| self.add(line));
        } else {
            lines.iter().for_each(|line| self.line(line));
        }
    }

    fn line(&mut self, line: &Measured) {
        let alone = std::slice::from_ref(line);
        if self.fits(alone) {
            self.add(line);
        } else if width(None, alone) <= self.limit {
            self.end_part();
            self.add(line);
        } else {
            self.pieces(&line.line);
        }
    }

    fn pieces(&mut self, line: &Line) {
        let room = self.limit.saturating_sub(self.width + around(self.part.last(), line));
        let full = self.limit.saturating_sub(around(None, line));
        for (index, piece) in cut(line, room, full).into_iter().map(Measured::from).enumerate() {
            if index > 0 || !self.fits(std::slice::from_ref(&piece)) {
                self.end_part();
            }
            self.add(&piece);
        }
    }

    fn fits(&self, lines: &[Measured]) -> bool {
        self.width + width(self.part.last(), lines) <= self.limit
    }

    fn add(&mut self, line: &Measured) {
        if self.part.is_empty() && line.line.is_blank() {
            return;
        }
        self.width += around(self.part.last(), &line.line) + line.width;
        self.part.push(line.line.clone());
    }

    fn end_part(&mut self) {
        while self.part.pop_if(|line| line.is_blank()).is_some() {}
        if !self.part.is_empty() {
            self.parts.push(std::mem::take(&mut self.part));
        }
        self.width = 0;
    }
}

/// The characters that `lines` take behind `before`.
fn width<'a>(mut before: Option<&'a Line>, lines: &'a [Measured]) -> usize {
    let mut width = 0;
    for Measured { line, width: own } in lines {
        width += around(before, line) + own;
        before = Some(line);
    }
    width
}

/// The characters that `line` needs around it: line feeds before it, and both fences if a code block begins with it.
fn around(before: Option<&Line>, line: &Line) -> usize {
    let fences = if opens_code(before, line) { 2 * (fence(line).len() + 1) } else { 0 };
    feeds(before, line).len() + fences
}

fn feeds(before: Option<&Line>, line: &Line) -> &'static str {
    match before {
        None => "",
        Some(_) if line.gap => "\n\n",
        Some(_) => "\n",
    }
}

fn opens_code(before: Option<&Line>, line: &Line) -> bool {
    line.is_code() && !before.is_some_and(|before| before.is_code() && !line.gap)
}

fn fence(line: &Line) -> &'static str {
    if line.quote { QUOTED_FENCE } else { FENCE }
}
