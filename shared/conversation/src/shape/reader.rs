//! Reads Markdown into lines. Blank lines stay where the writer left them: a list that follows its introduction at once
//! still does.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::html;
use super::line::{Kind, Line};
use super::source::{Gaps, Source};
use super::table::Table;
use super::writer::{Place, Writer};

const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);
const RULE: &str = "----------";
/// Indentation and markers before a text are not longer, however deep a list is.
const LONGEST_INDENTATION: usize = 12;
const LONGEST_LEAD: usize = 24;

/// The lines of `markdown`, as far as `enough` visible characters and some more.
pub(super) fn read(markdown: &str, enough: usize) -> Vec<Line> {
    let mut reader = Reader { writer: Writer::new(enough), ..Reader::default() };
    reader.markdown(&clean(markdown));
    reader.writer.finish()
}

/// With line feeds alone for line breaks, and without other control characters: they would hide Markdown from its parser.
pub(super) fn clean(markdown: &str) -> String {
    let unix = markdown.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n");
    unix.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
}

#[derive(Default)]
struct Reader {
    writer: Writer,
    lists: Vec<List>,
    links: Vec<Link>,
    /// The emphases that have begun, with their markers if those are a part of the text.
    emphases: Vec<(Kind, Option<&'static str>)>,
    table: Option<Table>,
    /// The HTML block that is being read.
    html: String,
    /// Whether these are the words of an HTML block.
    is_in_html: bool,
}

#[derive(Debug)]
struct List {
    /// The next item's number.
    number: Option<u64>,
    /// The characters its last marker took.
    width: usize,
}

struct Link {
    url: String,
    start: Place,
}

impl Reader {
    fn markdown(&mut self, markdown: &str) {
        let mut gaps = Gaps::of(markdown);
        for (event, range) in Parser::new_ext(markdown, OPTIONS).into_offset_iter() {
            if self.writer.is_full() {
                return;
            }
            let gap = gaps.is_before(range.start);
            self.event(event, &Source { markdown, range, gap });
        }
    }

    fn event(&mut self, event: Event, source: &Source) {
        match event {
            Event::Start(tag) => self.start(tag, source),
            Event::End(tag) => self.end(tag),
            Event::Text(text) => self.text(&text),
            Event::Code(code) => self.code(&code),
            Event::Html(html) => self.html.push_str(&html),
            Event::InlineHtml(html) => self.inline_html(&html),
            Event::SoftBreak | Event::HardBreak => self.line_break(),
            Event::Rule => {
                self.writer.start_block(source.gap);
                self.writer.text(RULE);
                self.writer.end_line();
            }
            Event::TaskListMarker(is_done) => self.task(is_done),
            // Not asked for in the options.
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) => {}
        }
    }

    fn start(&mut self, tag: Tag, source: &Source) {
        if is_block(&tag) {
            self.writer.start_block(source.gap);
        }
        match tag {
            Tag::Heading { .. } => self.writer.start_heading(),
            Tag::BlockQuote(_) => self.writer.start_quote(),
            Tag::CodeBlock(_) => self.writer.start_code(),
            Tag::List(number) => self.lists.push(List { number, width: 0 }),
            Tag::Item => self.start_item(source),
            Tag::Emphasis => self.start_emphasis(Kind::Italic, source),
            Tag::Strong => self.start_emphasis(Kind::Bold, source),
            Tag::Strikethrough => self.start_emphasis(Kind::Strike, source),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(Link { url: shown(&dest_url), start: self.writer.here() });
            }
            Tag::Table(_) => self.table = Some(Table::default()),
            Tag::TableHead => self.in_table(|table, _| table.start_head()),
            Tag::TableRow => self.in_table(Table::start_row),
            Tag::TableCell => self.in_table(Table::start_cell),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => self.writer.end_heading(),
            TagEnd::BlockQuote(_) => self.writer.end_quote(),
            TagEnd::CodeBlock => self.writer.end_code(),
            TagEnd::HtmlBlock => self.end_html(),
            TagEnd::Item => self.writer.end_lead(),
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough => self.end_emphasis(),
            TagEnd::Link | TagEnd::Image => self.end_link(),
            TagEnd::Table => self.table = None,
            TagEnd::TableHead => self.in_table(Table::end_head),
            TagEnd::TableCell => self.in_table(Table::end_cell),
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if !self.table.as_mut().is_some_and(|table| table.takes(text)) {
            self.writer.text(text);
        }
    }

    fn start_emphasis(&mut self, kind: Kind, source: &Source) {
        let marker = source.literal_marker(kind);
        self.emphases.push((kind, marker));
        match marker {
            Some(marker) => self.text(marker),
            None => self.writer.open(kind),
        }
    }

    fn end_emphasis(&mut self) {
        match self.emphases.pop() {
            Some((_, Some(marker))) => self.text(marker),
            Some((kind, None)) => self.writer.close(kind),
            None => {}
        }
    }

    fn code(&mut self, code: &str) {
        let start = self.writer.here();
        self.text(code);
        self.writer.mark(Kind::Code, start);
    }

    fn line_break(&mut self) {
        if self.table.is_some() { self.text(" ") } else { self.writer.end_line() }
    }

    fn inline_html(&mut self, html: &str) {
        match html::tag(html) {
            html::Tag::Break => self.line_break(),
            html::Tag::Nothing => {}
            html::Tag::Words => self.text(html),
        }
    }

    /// What stands between tags is Markdown often enough.
    fn end_html(&mut self) {
        let words = html::words(&std::mem::take(&mut self.html));
        if self.is_in_html {
            self.text(&words);
        } else {
            self.is_in_html = true;
            self.markdown(&words);
            self.is_in_html = false;
        }
        self.writer.end_line();
    }

    fn start_item(&mut self, source: &Source) {
        let outer = self.lists.iter().rev().skip(1).take(LONGEST_INDENTATION);
        let indentation = outer.map(|list| list.width).sum::<usize>().min(LONGEST_INDENTATION);
        let Some(list) = self.lists.last_mut() else { return };
        let marker = match list.number {
            Some(number) => format!("{number}. "),
            // "+ 5" is a sum more often than a list, and must not become "- 5".
            None if source.starts_with("+") => "+ ".to_owned(),
            None => "- ".to_owned(),
        };
        list.number = list.number.map(|number| number + 1);
        list.width = marker.len();
        let lead = self.writer.lead();
        if lead.is_empty() {
            lead.push_str(&" ".repeat(indentation));
        }
        if lead.len() < LONGEST_LEAD {
            lead.push_str(&marker);
        }
    }

    fn task(&mut self, is_done: bool) {
        let lead = self.writer.lead();
        lead.truncate(lead.strip_suffix("- ").unwrap_or(lead).len());
        lead.push_str(if is_done { "☑ " } else { "☐ " });
    }

    /// Writes a link's address behind its text, unless that is the address.
    fn end_link(&mut self) {
        let Some(Link { url, start }) = self.links.pop() else { return };
        let text = self.writer.since(start).trim();
        if text == url {
            self.writer.mark(Kind::Url, start);
        } else if text.is_empty() {
            self.address(&url);
        } else if !url.is_empty() && self.links.is_empty() {
            // The emphasis ends before: an address takes a marker beside it for its own last character.
            self.writer.pause_emphases();
            self.text(" (");
            self.address(&url);
            self.text(")");
            self.writer.resume_emphases();
        }
        if self.links.is_empty() {
            self.writer.mark(Kind::Link, start);
        }
    }

    fn address(&mut self, url: &str) {
        let start = self.writer.here();
        self.text(url);
        self.writer.mark(Kind::Url, start);
    }

    fn in_table(&mut self, act: impl FnOnce(&mut Table, &mut Writer)) {
        if let Some(table) = &mut self.table {
            act(table, &mut self.writer);
        }
    }
}

fn is_block(tag: &Tag) -> bool {
    matches!(
        tag,
        Tag::Paragraph
            | Tag::Heading { .. }
            | Tag::BlockQuote(_)
            | Tag::CodeBlock(_)
            | Tag::HtmlBlock
            | Tag::List(_)
            | Tag::Item
            | Tag::Table(_)
    )
}

/// A link's address as a reader needs it: nothing for a place on the same page, the bare address of a mailbox or a
/// telephone, and no white space, which would end it.
fn shown(url: &str) -> String {
    let url = url.split_once('#').map_or(url, |(page, _)| if page.is_empty() { page } else { url });
    let url = ["mailto:", "tel:"].iter().find_map(|scheme| url.strip_prefix(scheme)).unwrap_or(url);
    url.replace(' ', "%20").split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_stops_where_no_more_can_be_sent() {
        assert_eq!(read(&"ab\n".repeat(100), 10).len(), 6);
        assert_eq!(read(&"ab".repeat(100), 10)[0].text.len(), 11);
    }

    #[test]
    fn an_address_is_shown_as_its_reader_needs_it() {
        for (url, expected) in [
            ("https://a.example/b c#d", "https://a.example/b%20c#d"),
            ("mailto:a@b.example", "a@b.example"),
            ("tel:+4930123", "+4930123"),
            ("#top", ""),
            ("a\nb", "ab"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
