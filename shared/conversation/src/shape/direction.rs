//! Direction controls (Unicode bidi): each one is closed on the line it was opened on, or it reverses what it must not.

/// Deeper ones are left out; Unicode allows 125, people use one or two.
const DEEPEST: usize = 8;

/// Ends an embedding or override.
const POP: char = '\u{202c}';
/// Ends an isolate.
const POP_ISOLATE: char = '\u{2069}';

/// The controls open at some place of a line.
#[derive(Debug, Clone, Default)]
pub(super) struct Directions(Vec<char>);

impl Directions {
    /// Goes past `c`; whether it may stay: everything but a control that closes what is not open, or opens too much.
    pub(super) fn pass(&mut self, c: char) -> bool {
        match c {
            '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' | '\u{2066}'..='\u{2068}' => {
                let has_room = self.0.len() < DEEPEST;
                if has_room {
                    self.0.push(c);
                }
                has_room
            }
            POP | POP_ISOLATE => self.0.pop_if(|opener| closer(*opener) == c).is_some(),
            _ => true,
        }
    }

    /// How many are open.
    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// What opens again what is open here.
    pub(super) fn openers(&self) -> String {
        self.0.iter().collect()
    }

    /// What closes what is open here.
    pub(super) fn closers(&self) -> String {
        self.0.iter().rev().map(|opener| closer(*opener)).collect()
    }
}

/// Whether `c` is one of the controls that open or close a direction.
pub(crate) fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn closer(opener: char) -> char {
    if opener < '\u{2066}' { POP } else { POP_ISOLATE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_closed_and_what_closes_nothing_is_left_out() {
        for (text, expected) in [
            ("a\u{202e}b", "a\u{202e}b\u{202c}"),
            ("a\u{202c}b\u{2069}", "ab"),
            ("\u{2067}\u{202b}a", "\u{2067}\u{202b}a\u{202c}\u{2069}"),
            ("\u{2066}a\u{202c}\u{2069}b", "\u{2066}a\u{2069}b"),
            (&"\u{2067}".repeat(9), &("\u{2067}".repeat(8) + &"\u{2069}".repeat(8))),
        ] {
            let mut directions = Directions::default();
            let mut passed: String = text.chars().filter(|c| directions.pass(*c)).collect();
            passed += &directions.closers();
            assert_eq!(passed, expected);
        }
    }
}
