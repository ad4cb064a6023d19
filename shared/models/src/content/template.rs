//! Text for an approved template.

use serde::{Deserialize, Serialize};

use super::{Misfit, bounded};
use crate::Part;

/// The most characters the body of a template can have, the words around the parameter included.
pub const TEMPLATE_CHARACTERS: usize = 1_024;

/// The parameter of an approved template: one line, no tab, at most four spaces in a row. Anything else would make Braze
/// drop the message without a word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Template(Part);

impl Template {
    /// Checks that `text` is such a line.
    pub fn new(text: &str) -> Result<Self, Misfit> {
        if text.contains(['\n', '\r', '\t', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
            return Err(Misfit::Lines("the text"));
        }
        if text.contains("     ") {
            return Err(Misfit::Spaces);
        }
        bounded("the text", text, TEMPLATE_CHARACTERS).map(Self)
    }

    /// Any text as such lines: white space becomes one space, and what is longer than one line can hold goes on in the next.
    /// No word is lost.
    pub fn flatten(text: &Part) -> Vec<Self> {
        let mut lines = vec![String::new()];
        for word in text.as_str().split_whitespace() {
            let line = lines.last_mut().filter(|line| line.is_empty() || fits(line, word));
            match line {
                Some(line) if line.is_empty() => line.push_str(word),
                Some(line) => line.extend([" ", word]),
                None => lines.push(word.to_owned()),
            }
            cut(&mut lines);
        }
        // Words of a part, a space between any two, are always such a line.
        lines.iter().filter_map(|line| Self::new(line).ok()).collect()
    }

    /// The line itself.
    pub fn text(&self) -> &Part {
        &self.0
    }
}

fn fits(line: &str, word: &str) -> bool {
    line.chars().count() + 1 + word.chars().count() <= TEMPLATE_CHARACTERS
}

/// Cuts the last line, which a single word made too long.
fn cut(lines: &mut Vec<String>) {
    while let Some((at, _)) = lines.last().and_then(|line| line.char_indices().nth(TEMPLATE_CHARACTERS)) {
        let rest = lines.last_mut().map(|line| line.split_off(at));
        lines.extend(rest);
    }
}

impl TryFrom<String> for Template {
    type Error = Misfit;

    fn try_from(text: String) -> Result<Self, Misfit> {
        Self::new(&text)
    }
}

impl From<Template> for String {
    fn from(template: Template) -> Self {
        template.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_takes_one_plain_line() {
        for (text, verdict) in [
            ("one line,    four spaces", Ok(())),
            ("five     spaces", Err(Misfit::Spaces)),
            ("two\nlines", Err(Misfit::Lines("the text"))),
            ("two\rlines", Err(Misfit::Lines("the text"))),
            ("two\u{2028}lines", Err(Misfit::Lines("the text"))),
            ("a\ttab", Err(Misfit::Lines("the text"))),
            (&"é".repeat(1_024), Ok(())),
            (&"x".repeat(1_025), Err(Misfit::TooLong { what: "the text", most: 1_024 })),
            ("", Err(crate::NotSendable::Blank.into())),
            ("{{x}}", Err(crate::NotSendable::Liquid.into())),
        ] {
            assert_eq!(Template::new(text).map(|_| ()), verdict, "{text}");
        }
    }

    #[test]
    fn a_text_becomes_as_many_lines_as_it_needs() {
        let flat = |text: &str| -> Vec<String> {
            Template::flatten(&Part::new(text).unwrap()).into_iter().map(String::from).collect()
        };
        assert_eq!(flat("Hello,\n\n- one\t1\n-      two "), ["Hello, - one 1 - two"]);
        let (word, long) = ("x".repeat(600), "y".repeat(2_050));
        assert_eq!(flat(&format!("{word} {word}\n{word}")), [word.as_str(), &word, &word]);
        assert_eq!(flat(&format!("{long} z")), [&long[..1_024], &long[..1_024], "yy z"]);
    }
}
