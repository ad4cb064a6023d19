//! Colours, and lines that fit a terminal.

use std::io::IsTerminal as _;

use platform::settings::environment;

/// Characters of a line.
const WIDTH: usize = 100;

/// Whether to paint: on a terminal, unless `NO_COLOR` says otherwise (<https://no-color.org>).
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint(bool);

impl Paint {
    pub(super) fn of_environment() -> Self {
        Self::of(std::io::stdout().is_terminal(), &environment)
    }

    fn of(is_terminal: bool, lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let is_set = lookup("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self(is_terminal && !is_set && lookup("TERM").is_none_or(|term| term != "dumb"))
    }

    pub(super) fn red(self, text: &str) -> String {
        self.with("31;1", text)
    }

    pub(super) fn yellow(self, text: &str) -> String {
        self.with("33;1", text)
    }

    pub(super) fn green(self, text: &str) -> String {
        self.with("32;1", text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(super) fn faint(self, text: &str) -> String {
        self.with("2", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// `text` broken into lines behind `label`, the later ones indented as far.
pub(super) fn labelled(label: &str, text: &str) -> String {
    let indent = label.chars().count();
    let (mut lines, mut line) = (Vec::new(), String::new());
    for word in text.split_whitespace() {
        if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    lines.push(line);
    format!("{label}{}", lines.join(&format!("\n{}", " ".repeat(indent))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_broken_into_lines_below_each_other() {
        let text = labelled("  What  ", &"word ".repeat(30));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("  What  word") && lines[1].starts_with("        word"));
        assert!(lines.iter().all(|line| line.chars().count() <= WIDTH));
    }

    #[test]
    fn colours_are_for_terminals_that_know_them_and_whoever_wants_them() {
        for (is_terminal, no_color, term, paints) in [
            (true, None, None, true),
            (true, None, Some("xterm"), true),
            (true, Some(""), Some("xterm"), true),
            (true, Some("1"), Some("xterm"), false),
            (true, Some("0"), Some("xterm"), false),
            (true, None, Some("dumb"), false),
            (false, None, Some("xterm"), false),
        ] {
            let lookup = |name: &str| if name == "NO_COLOR" { no_color } else { term }.map(str::to_owned);
            assert_eq!(Paint::of(is_terminal, &lookup).0, paints, "{is_terminal} {no_color:?} {term:?}");
        }
    }

    #[test]
    fn without_colours_there_is_the_text_alone() {
        assert_eq!((Paint(false).red("x"), Paint(true).red("x")), ("x".to_owned(), "\x1b[31;1mx\x1b[0m".to_owned()));
    }
}
