//! Markdown cut into passages: what stands under one heading, or a piece of it where that is long.

use std::ops::Range;
use std::path::Path;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// The most characters one passage has, unless a single paragraph, list or table has more.
const LONGEST: usize = 1_200;

/// Between a heading and the next one below it, in a title.
const BELOW: &str = " > ";

/// A piece of one file that can stand as an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Every heading it stands under, outermost first; without any, the name of its file.
    pub title: String,
    /// The Markdown, each paragraph on one line; never blank.
    pub text: String,
}

impl Passage {
    /// The heading it stands right under.
    pub(super) fn heading(&self) -> &str {
        self.title.rsplit(BELOW).next().unwrap_or_default()
    }
}

/// Cuts one file. Front matter and raw HTML blocks, comments for instance, are nobody's answer and are left out.
pub(super) fn cut(name: &str, markdown: &str) -> Vec<Passage> {
    let mut cutter = Cutter { name, markdown, headings: vec![], blocks: vec![], wraps: vec![], passages: vec![] };
    let mut depth = 0_usize;
    let mut heading = None;
    for (event, range) in Parser::new_ext(markdown, options()).into_offset_iter() {
        match event {
            Event::Start(tag) => {
                if depth == 0 {
                    heading = cutter.begin(&tag, range);
                }
                depth += 1;
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                if matches!(tag, TagEnd::Heading(_)) {
                    cutter.headings.extend(heading.take());
                }
            }
            Event::SoftBreak => cutter.wraps.push(range.start),
            Event::Text(text) | Event::Code(text) => {
                if let Some((_, title)) = &mut heading {
                    title.push_str(&text);
                }
            }
            _ => {}
        }
    }
    cutter.end_section();
    cutter.passages
}

fn options() -> Options {
    Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

struct Cutter<'a> {
    name: &'a str,
    markdown: &'a str,
    headings: Vec<(HeadingLevel, String)>,
    /// The blocks since the last heading.
    blocks: Vec<Range<usize>>,
    /// Where a paragraph's line ends only because its writer's editor ended it.
    wraps: Vec<usize>,
    passages: Vec<Passage>,
}

impl Cutter<'_> {
    /// Takes in one outermost block; if it is a heading, the section before it ends and its title is still to come.
    fn begin(&mut self, tag: &Tag<'_>, range: Range<usize>) -> Option<(HeadingLevel, String)> {
        match tag {
            Tag::Heading { level, .. } => {
                self.end_section();
                self.headings.retain(|(above, _)| above < level);
                return Some((*level, String::new()));
            }
            Tag::HtmlBlock | Tag::MetadataBlock(_) => {}
            _ => self.blocks.push(range),
        }
        None
    }

    fn end_section(&mut self) {
        let mut text = String::new();
        for block in std::mem::take(&mut self.blocks) {
            let block = self.unwrapped(block);
            if !text.is_empty() && text.chars().count() + block.chars().count() > LONGEST {
                self.add(std::mem::take(&mut text));
            }
            text.push_str(if text.is_empty() { "" } else { "\n\n" });
            text.push_str(&block);
        }
        self.add(text);
    }

    /// A block with each paragraph on one line: on a phone a line break is seen. Quotes keep theirs, with their marks.
    fn unwrapped(&self, block: Range<usize>) -> String {
        let mut text = String::new();
        let mut from = block.start;
        for wrap in self.wraps.iter().filter(|wrap| block.contains(wrap)) {
            let next = self.markdown[*wrap..block.end].trim_start();
            if !next.starts_with('>') {
                text.push_str(self.markdown[from..*wrap].trim_end());
                text.push(' ');
                from = block.end - next.len();
            }
        }
        text.push_str(self.markdown[from..block.end].trim_end());
        text
    }

    fn add(&mut self, text: String) {
        if !text.trim().is_empty() {
            self.passages.push(Passage { title: self.title(), text });
        }
    }

    fn title(&self) -> String {
        if self.headings.is_empty() {
            let stem = Path::new(self.name).file_stem();
            return stem.map(|stem| stem.to_string_lossy().replace(['_', '.'], " ")).unwrap_or_default();
        }
        self.headings.iter().map(|(_, title)| title.as_str()).collect::<Vec<_>>().join(BELOW)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut_into(markdown: &str) -> Vec<(String, String)> {
        cut("docs/opening_hours.en.md", markdown).into_iter().map(|passage| (passage.title, passage.text)).collect()
    }

    #[test]
    fn a_paragraph_that_its_writer_wrapped_is_one_line() {
        let markdown =
            "# Title\n\none\ntwo  \nthree\n\n- item\n  goes on\n- next\n\n> quoted\n> words\n\n```\na\nb\n```";
        let text = &cut_into(markdown)[0].1;
        assert_eq!(text, "one two  \nthree\n\n- item goes on\n- next\n\n> quoted\n> words\n\n```\na\nb\n```");
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(title, text)| ((*title).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn every_heading_begins_a_passage_that_knows_the_headings_above() {
        let markdown = "From 10 to 7.\n\n# Shipping\n\nWe ship.\n\n### *Fast* `express`\n\n- one\n- two\n\n| a |\n|---|\n| 1 |\n\n\
                        ## Costs\n\nThree pounds.\n\n## Empty\n\nReturns\n=======\n\n> # no heading\n> quoted\n\n    code\n";
        assert_eq!(
            cut_into(markdown),
            pairs(&[
                ("opening hours en", "From 10 to 7."),
                ("Shipping", "We ship."),
                ("Shipping > Fast express", "- one\n- two\n\n| a |\n|---|\n| 1 |"),
                ("Shipping > Costs", "Three pounds."),
                ("Returns", "> # no heading\n> quoted\n\ncode"),
            ])
        );
    }

    #[test]
    fn what_is_not_meant_for_readers_is_left_out() {
        let markdown =
            "---\ntitle: internal\n---\n\n<!-- ask Bob -->\n\n# A\n\nText.\n\n<div>\nraw\n</div>\n\n[r]: https://x.y\n";
        assert_eq!(cut_into(markdown), pairs(&[("A", "Text.")]));
    }

    #[test]
    fn nothing_makes_no_passage() {
        for markdown in ["", " \n\n", "# Only a heading", "#", "---", "<!-- x -->", "\u{feff}"] {
            assert!(cut_into(markdown).iter().all(|(_, text)| !text.trim().is_empty()), "{markdown:?}");
        }
        assert!(cut_into("# Only a heading").is_empty());
    }

    #[test]
    fn a_long_section_is_cut_between_its_paragraphs() {
        let paragraph = "word ".repeat(100);
        let markdown = format!("# Long\n\n{}", [paragraph.trim_end(); 7].join("\n\n"));
        let passages = cut("x.md", &markdown);
        assert_eq!(passages.iter().map(|passage| passage.text.len()).collect::<Vec<_>>(), [1_000, 1_000, 1_000, 499]);
        assert!(passages.iter().all(|passage| passage.title == "Long"));

        let one_block = "word ".repeat(1_000);
        assert_eq!(cut("x.md", &one_block).len(), 1);
    }

    proptest! {
        #[test]
        fn any_text_is_cut_into_pieces_of_itself(
            markdown in "([#>*|`~<!_=\\-\\[\\]() \n\ta-cé0-1.]|\r\n|---\n|<!--|```\n){0,120}",
        ) {
            let dense = |text: &str| text.split_whitespace().collect::<String>();
            for passage in cut("x.md", &markdown) {
                prop_assert!(!passage.text.trim().is_empty());
                for line in passage.text.lines() {
                    prop_assert!(dense(&markdown).contains(&dense(line)), "{line:?}");
                }
            }
        }
    }
}
