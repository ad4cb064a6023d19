//! Spreads lines over parts. A paragraph that fits in a part stays whole, so does a line of one that does not; a line
//! that is too long is cut. Whatever must be cut begins where the part before it ends, so parts are well filled.

use super::cut::{Seam, cut};
use super::line::{Block, Line};
use super::markup::markup;

const FENCE: &str = "```";
const QUOTED_FENCE: &str = "> ```";

/// `lines` in parts, each of at most `limit` characters when it is [joined](join).
pub(super) fn pack(lines: Vec<Line>, limit: usize) -> Vec<Vec<Line>> {
    let lines: Vec<_> = lines.into_iter().map(Measured::from).collect();
    let mut packer = Packer::new(limit);
    for paragraph in lines.chunk_by(|before, next| !next.line.gap || before.line.block == Block::Heading) {
        packer.paragraph(paragraph);
    }
    packer.end_part();
    packer.parts
}

/// As much of a part as takes at most `limit` characters, cut between words.
pub(super) fn head(part: Vec<Line>, limit: usize) -> Vec<Line> {
    let mut packer = Packer::new(limit);
    for line in part.into_iter().map(Measured::from) {
        if packer.fits(std::slice::from_ref(&line)) {
            packer.add(&line);
        } else {
            packer.pieces(&line.line, Seam::Word);
            break;
        }
    }
    packer.end_part();
    packer.parts.into_iter().next().unwrap_or_default()
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
#[derive(Clone)]
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
    fn new(limit: usize) -> Self {
        Self { limit, parts: Vec::new(), part: Vec::new(), width: 0 }
    }

    fn paragraph(&mut self, lines: &[Measured]) {
        if !self.place(lines) {
            for line in lines {
                self.line(line);
            }
        }
    }

    fn line(&mut self, line: &Measured) {
        if !self.place(std::slice::from_ref(line)) {
            self.pieces(&line.line, Seam::Sentence);
        }
    }

    fn pieces(&mut self, line: &Line, best: Seam) {
        let room = self.limit.saturating_sub(self.width + around(self.part.last(), line));
        let full = self.limit.saturating_sub(around(None, line));
        for (index, piece) in cut(line, room, full, best).into_iter().map(Measured::from).enumerate() {
            if index > 0 || !self.fits(std::slice::from_ref(&piece)) {
                self.end_part();
            }
            self.add(&piece);
        }
    }

    /// Adds `lines` to this part, else to a new one; false if no part can hold them.
    fn place(&mut self, lines: &[Measured]) -> bool {
        if !self.fits(lines) {
            if width(None, lines) > self.limit {
                return false;
            }
            self.end_part();
        }
        for line in lines {
            self.add(line);
        }
        true
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

#[cfg(test)]
mod tests {
    use super::super::texts;

    /// The parts of at most 40 characters.
    fn parts(markdown: &str) -> Vec<String> {
        texts(markdown, 99, 40)
    }

    #[test]
    fn a_reply_is_cut_between_paragraphs_else_lines_else_sentences_else_words() {
        for (markdown, expected) in [
            ("First of all.\n\nThen the second one.\n\nThen.", vec!["First of all.\n\nThen the second one.", "Then."]),
            ("Intro:\n\nline one is here\nline two is here", vec!["Intro:", "line one is here\nline two is here"]),
            (
                "line one is here\nline two is here\nline three",
                vec!["line one is here\nline two is here", "line three"],
            ),
            (
                "Short one. This sentence is a longer one. End.",
                vec!["Short one.", "This sentence is a longer one. End."],
            ),
            ("one two three four five six what?seven eight", vec!["one two three four five six what?seven", "eight"]),
            (
                "one two three four five six seven eight nine ten",
                vec!["one two three four five six seven eight", "nine ten"],
            ),
            (
                "# Heading\n\nA paragraph of words.\n\n# Next\n\nMore.",
                vec!["*Heading*\n\nA paragraph of words.", "*Next*\n\nMore."],
            ),
        ] {
            assert_eq!(parts(markdown), expected);
        }
    }

    #[test]
    fn what_fits_nowhere_is_cut_hard() {
        assert_eq!(parts(&"x".repeat(90)), ["x".repeat(40), "x".repeat(40), "x".repeat(10)]);
        assert_eq!(parts(&"👨‍👩‍👧‍👦".repeat(9)), ["👨‍👩‍👧‍👦".repeat(5), "👨‍👩‍👧‍👦".repeat(4)]);
        assert_eq!(parts(&format!("e{}", "\u{301}".repeat(50))).concat().chars().count(), 51);
    }

    #[test]
    fn an_address_is_cut_only_if_no_part_can_hold_it() {
        let url = format!("https://a.example/{}", "p".repeat(22));
        assert_eq!(parts(&format!("see {url} there")), ["see", &url, "there"]);
        assert_eq!(parts(&format!("你好你好{url}你好")), ["你好你好", &url, "你好"]);
        let international = url.replace("/p", "/ä");
        assert_eq!(parts(&format!("你好你好<{international}>你好")), ["你好你好", &international, "你好"]);
        assert_eq!(parts(&format!("[a text]({url})")), ["a text (", &url, ")"]);
        assert_eq!(
            parts("please go to [my own page](http://a.example)"),
            ["please go to", "my own page (http://a.example)"]
        );
        assert_eq!(parts(&url.repeat(2)), [url.as_str(), url.as_str()]);
    }

    #[test]
    fn a_link_that_no_part_can_hold_is_cut_between_its_words() {
        let long = "[one two three four five six seven eightyeight nine ten](http://a.example)";
        assert_eq!(parts(long), ["one two three four five six seven", "eightyeight nine ten (http://a.example)"]);
    }

    #[test]
    fn a_part_is_filled_to_its_last_character() {
        let (first, second) = ("a".repeat(30), "b".repeat(38));
        assert_eq!(parts(&format!("**{first} {second}**")), [format!("*{first}*"), format!("*{second}*")]);
        let paragraph = format!("{}\n{}", "a".repeat(19), "b".repeat(20));
        assert_eq!(parts(&format!("Hi.\n\n{paragraph}")), ["Hi.", &paragraph]);
    }

    #[test]
    fn what_is_open_at_a_cut_is_closed_and_opened_again() {
        for (markdown, expected) in [
            (
                "**one two three _four five six seven eight nine_**",
                vec!["*one two three _four five six seven_*", "*_eight nine_*"],
            ),
            (
                "> one two three four five six seven eight nine",
                vec!["> one two three four five six seven", "> eight nine"],
            ),
            (
                "```\nlet a = 1;\n\nlet bcd = 2;\n\nlet efgh = 3;\n```",
                vec!["```\nlet a = 1;\n\nlet bcd = 2;\n```", "```\nlet efgh = 3;\n```"],
            ),
            (
                "```\nlet abcdefghijklmnopqrstuvw = 1;\n\nlet b\n```",
                vec!["```\nlet abcdefghijklmnopqrstuvw = 1;\n```", "```\nlet b\n```"],
            ),
            ("- **one two three four five six seven eight**", vec!["- *one two three four five six seven*", "*eight*"]),
            (
                "\u{2067}one two three four five six seven eight",
                vec!["\u{2067}one two three four five six seven\u{2069}", "\u{2067}eight\u{2069}"],
            ),
        ] {
            assert_eq!(parts(markdown), expected);
        }
    }

    #[test]
    fn the_last_part_says_that_more_was_to_be_said() {
        assert_eq!(texts("**one** two three four", 1, 11), ["*one* two …"]);
        assert_eq!(texts("```\none\ntwo\nthree\n```", 1, 20), ["```\none\ntwo\n``` …"]);
        assert_eq!(texts("one two\n\nthree four five six seven", 1, 20), ["one two\n\nthree …"]);
        assert_eq!(texts("One two three four five. Six", 1, 24), ["One two three four …"]);
        assert_eq!(texts("one\n\ntwo", 1, 8), ["one\n\ntwo"]);
    }
}
