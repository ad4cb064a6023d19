//! Tables. A phone has no room for columns: a row of two cells becomes one line, a longer one a line for each cell,
//! behind its column's name, the first one bold.

use super::line::Kind;
use super::writer::{Place, Writer};

/// Cells of a row that stay on one line, and what parts them there.
const NARROW: usize = 2;
const SEPARATOR: &str = " | ";
/// A longer name of a column is not repeated in every row.
const LONGEST_NAME: usize = 40;

/// A table while it is read.
#[derive(Default)]
pub(super) struct Table {
    /// The names of its columns.
    names: Vec<String>,
    /// Whether those are still being read.
    in_head: bool,
    /// Whether every cell gets a line.
    is_wide: bool,
    /// Rows that have begun.
    rows: usize,
    /// Cells of this row that have begun.
    cells: usize,
    /// Where the words of this cell begin.
    cell: Option<Place>,
}

impl Table {
    /// Reads the names next.
    pub(super) fn start_head(&mut self) {
        self.in_head = true;
    }

    /// Takes `text` as a part of a column's name; whether it was one.
    pub(super) fn takes(&mut self, text: &str) -> bool {
        if let Some(name) = self.names.last_mut().filter(|_| self.in_head) {
            name.push_str(text);
        }
        self.in_head
    }

    /// Knows all names.
    pub(super) fn end_head(&mut self, writer: &mut Writer) {
        self.in_head = false;
        let is_short = |name: &String| name.chars().count() <= LONGEST_NAME;
        self.is_wide = self.names.len() > NARROW && self.names.iter().all(is_short);
        if !self.is_wide {
            writer.open(Kind::Bold);
            writer.text(&self.names.join(SEPARATOR));
            writer.close(Kind::Bold);
            writer.end_line();
        }
    }

    /// Starts a row.
    pub(super) fn start_row(&mut self, writer: &mut Writer) {
        writer.start_block(self.is_wide && self.rows > 0);
        self.rows += 1;
        self.cells = 0;
    }

    /// Starts a cell.
    pub(super) fn start_cell(&mut self, writer: &mut Writer) {
        if self.in_head {
            self.names.push(String::new());
            return;
        }
        self.cells += 1;
        if self.is_wide {
            self.start_named_cell(writer);
        } else if self.cells > 1 {
            writer.text(SEPARATOR);
        }
    }

    fn start_named_cell(&mut self, writer: &mut Writer) {
        if self.cells == 1 {
            writer.open(Kind::Bold);
        }
        if let Some(name) = self.names.get(self.cells - 1).filter(|name| !name.trim().is_empty()) {
            writer.text(name);
            writer.text(": ");
        }
        self.cell = Some(writer.here());
    }

    /// Ends a cell; an empty one gets no line.
    pub(super) fn end_cell(&mut self, writer: &mut Writer) {
        let Some(cell) = self.cell.take() else { return };
        if writer.since(cell).trim().is_empty() {
            writer.clear_line();
        }
        if self.cells == 1 {
            writer.close(Kind::Bold);
        }
        writer.end_line();
    }
}
