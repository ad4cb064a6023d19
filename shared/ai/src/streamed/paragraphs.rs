//! Where a text that is still being written can be cut: between two blocks of its Markdown.

use pulldown_cmark::{Event, Options, Parser, Tag};

/// From here on an unfinished line tells what it begins: the marker of a list has at most ten characters and a space.
const TELLING: usize = 12;
/// A stretch that is longer than this is not searched for a place to cut: each one costs a look at all of it.
const LONGEST: usize = 16 * 1024;
const OPTIONS: Options = Options::ENABLE_TABLES.union(Options::ENABLE_STRIKETHROUGH).union(Options::ENABLE_TASKLISTS);

/// A text on its way to be paragraphs.
#[derive(Default)]
pub(super) struct Paragraphs {
    /// What has not been given away.
    text: String,
    /// Where the first line begins that has not been looked at.
    line: usize,
    /// Whether the line before that is blank.
    after_blank: bool,
    has_stopped: bool,
}

impl Paragraphs {
    /// Takes more of the text in; the paragraphs that are complete now, each with the blank lines behind it. Complete is what
    /// another one follows: the last one never is. A heading goes with what it heads.
    pub(super) fn take(&mut self, text: &str) -> Vec<String> {
        let mut complete = Vec::new();
        if self.text.len() + text.len() > LONGEST {
            self.stop();
        }
        if self.has_stopped {
            return complete;
        }
        self.text.push_str(text);
        while let Some(end) = self.end_of_line() {
            let (start, is_blank) = (self.line, self.text[self.line..end].trim().is_empty());
            if !is_blank && self.after_blank && ends_a_block(&self.text[..end], start) {
                let rest = self.text.split_off(start);
                complete.push(std::mem::replace(&mut self.text, rest));
                (self.line, self.after_blank) = (0, false);
                continue;
            }
            if !self.text[..end].ends_with('\n') {
                // Only its beginning was looked at, and that is no place to cut.
                self.after_blank &= is_blank;
                break;
            }
            (self.line, self.after_blank) = (end, is_blank);
        }
        complete
    }

    /// Nothing more is complete, whatever comes.
    pub(super) fn stop(&mut self) {
        self.has_stopped = true;
    }

    /// Where the line ends that is looked at next; `None` if too little of it is there to tell anything.
    fn end_of_line(&self) -> Option<usize> {
        let rest = &self.text[self.line..];
        match rest.find('\n') {
            Some(length) => Some(self.line + length + 1),
            // Not looked at twice, where nothing hangs on it.
            None => (self.after_blank && rest.trim_start().chars().count() >= TELLING).then_some(self.text.len()),
        }
    }
}

/// Whether a block of `text` begins at `place`, and what stands before it can be read without it.
fn ends_a_block(text: &str, place: usize) -> bool {
    let (mut depth, mut after_heading) = (0_usize, true);
    for (event, range) in Parser::new_ext(text, OPTIONS).into_offset_iter() {
        if depth == 0 && range.start >= place {
            return !after_heading;
        }
        if depth == 0 {
            after_heading = matches!(event, Event::Start(Tag::Heading { .. }));
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> Vec<String> {
        Paragraphs::default().take(text)
    }

    fn told_letter_by_letter(text: &str) -> Vec<String> {
        let mut paragraphs = Paragraphs::default();
        text.chars().flat_map(|letter| paragraphs.take(letter.encode_utf8(&mut [0; 4]))).collect()
    }

    #[test]
    fn a_paragraph_is_complete_when_the_next_one_has_begun() {
        for (text, expected) in [
            ("One.", &[][..]),
            ("One.\n\n", &[]),
            ("One.\n\nTwo.", &[]),
            ("One.\n\nTwo, and more.", &["One.\n\n"]),
            ("One.\n\nTwo.\n", &["One.\n\n"]),
            ("One.\r\n\r\nTwo.\r\n", &["One.\r\n\r\n"]),
            ("One.\n \t\n\nTwo, and more.\n\nThree, and more.", &["One.\n \t\n\n", "Two, and more.\n\n"]),
            ("One,\nstill one.\nStill one, and more.", &[]),
            ("# Head\n\nBelow the head.\n\nThree, and more.", &["# Head\n\nBelow the head.\n\n"]),
            ("Some:\n\n- a\n\n- b\n\n  of b\n\nAfter the list.", &["Some:\n\n", "- a\n\n- b\n\n  of b\n\n"]),
            ("1. a\n\n2. b\n\n10. c\n\nAfter the list.", &["1. a\n\n2. b\n\n10. c\n\n"]),
            ("```\na\n\nb, and more of it\n```\n\nAfter the fence.", &["```\na\n\nb, and more of it\n```\n\n"]),
            ("~~~sh\na\n\n```\n\nb, and more of it", &[]),
            ("> quoted\n\n> once more quoted", &["> quoted\n\n"]),
            ("| a | b |\n|---|---|\n| 1 | 2 |\n\nAfter the table.", &["| a | b |\n|---|---|\n| 1 | 2 |\n\n"]),
            ("\n\nOne.\n\nTwo, and more.", &["\n\nOne.\n\n"]),
            ("日本語です。\n\n日本語の二つ目の段落です。", &["日本語です。\n\n"]),
        ] {
            assert_eq!(told(text), expected, "{text:?}");
            assert_eq!(told_letter_by_letter(text), expected, "{text:?} letter by letter");
        }
    }

    #[test]
    fn nothing_is_complete_any_more_after_a_stop_or_a_stretch_that_is_too_long() {
        let mut paragraphs = Paragraphs::default();
        assert_eq!(paragraphs.take("One.\n\nTwo, and more.\n\n"), ["One.\n\n"]);
        paragraphs.stop();
        assert!(paragraphs.take("Three, and more.\n\nFour, and more.").is_empty());
        let list = "- item\n\n".repeat(LONGEST / 4);
        assert!(told_letter_by_letter(&format!("{list}After the list.\n\nAnd more of it.")).is_empty());
    }

    #[test]
    fn a_flood_in_one_piece_is_not_searched() {
        for text in ["a b c\n\n", "- a\n\n"] {
            assert!(told(&text.repeat(1024 * 1024 / text.len())).is_empty());
        }
    }

    proptest! {
        #[test]
        fn wherever_it_is_cut_no_block_of_the_whole_text_is_cut_in_two(
            pieces in vec(prop_oneof![
                Just("\n"), Just("\n\n"), Just("a b c"), Just("words that go on and on"), Just("- "), Just("* "), Just("1. "),
                Just("22) "), Just("  "), Just("    "), Just("```"), Just("~~~"), Just("# "), Just("> "), Just("|"), Just("---"),
                Just("<div>"), Just("<!-- "), Just("-->"), Just("[a]: "), Just("=="), Just("\t"), Just("é🦊"),
            ], 0..30),
            places in vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let text = pieces.concat();
            let mut places: Vec<_> = places.iter().map(|place| place.index(text.len() + 1)).collect();
            places.retain(|place| text.is_char_boundary(*place));
            places.sort_unstable();
            let (mut paragraphs, mut told, mut from) = (Paragraphs::default(), vec![], 0);
            for place in places.into_iter().chain([text.len()]) {
                told.extend(paragraphs.take(&text[from..place]));
                from = place;
            }
            prop_assert!(text.starts_with(&told.concat()));
            prop_assert!(told.is_empty() || told.concat().trim_end().len() < text.trim_end().len(), "all was told");
            let (mut blocks, mut depth) = (vec![], 0);
            for (event, range) in Parser::new_ext(&text, OPTIONS).into_offset_iter() {
                if depth == 0 { blocks.push(range); }
                match event { Event::Start(_) => depth += 1, Event::End(_) => depth -= 1, _ => {} }
            }
            let mut place = 0;
            for piece in told {
                place += piece.len();
                let cut = blocks.iter().find(|block| block.start < place && text[place..block.end.max(place)].trim() != "");
                prop_assert!(cut.is_none(), "{text:?} is cut in two at {place}");
            }
        }
    }
}
