//! A cursor over a body: what stands at the beginning, one token after the other.

/// What is left to read. No method moves on unless it finds what it looks for.
#[derive(Clone)]
pub(super) struct Scan<'a> {
    rest: &'a str,
    pasted: bool,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text, pasted: false }
    }

    /// What is left.
    pub(super) fn rest(&self) -> &'a str {
        self.rest
    }

    /// Whether white space was met that only comes from pasting a web page.
    pub(super) fn pasted(&self) -> bool {
        self.pasted
    }

    /// Skips white space.
    pub(super) fn space(&mut self) {
        let trimmed = self.rest.trim_start_matches(is_space);
        let skipped = &self.rest[..self.rest.len() - trimmed.len()];
        self.pasted |= !skipped.is_ascii();
        self.rest = trimmed;
    }

    /// Takes `token`, with white space before it.
    pub(super) fn token(&mut self, token: &str) -> Option<()> {
        let mut ahead = self.clone();
        ahead.space();
        ahead.rest = ahead.rest.strip_prefix(token)?;
        *self = ahead;
        Some(())
    }

    /// Takes `"key" : "`, up to where the value begins.
    pub(super) fn key(&mut self, key: &str) -> Option<()> {
        let mut ahead = self.clone();
        ahead.token("\"")?;
        ahead.rest = ahead.rest.strip_prefix(key)?.strip_prefix('"')?;
        ahead.token(":")?;
        ahead.token("\"")?;
        *self = ahead;
        Some(())
    }

    /// Takes the rest of a value that holds no quotation mark, and the mark that ends it.
    pub(super) fn plain_value(&mut self) -> Option<&'a str> {
        let (value, rest) = self.rest.split_once('"')?;
        self.rest = rest;
        Some(value)
    }

    /// Takes the rest of a value in which marks are escaped, and the mark that ends it; gives it as it is written.
    pub(super) fn escaped_value(&mut self) -> Option<&'a str> {
        let mut escaped = false;
        let end = self.rest.char_indices().find_map(|(at, c)| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends.then_some(at)
        })?;
        let value = &self.rest[..end];
        self.rest = &self.rest[end + 1..];
        Some(value)
    }

    /// Everything up to the last quotation mark before the final brace: the free text, which must be the last value.
    pub(super) fn last_value(&mut self) -> Option<&'a str> {
        let before_brace = self.rest.trim_end_matches(is_space).strip_suffix('}')?;
        let before_mark = before_brace.trim_end_matches(is_space).strip_suffix('"')?;
        let spaces = &self.rest[before_mark.len()..];
        self.pasted |= !spaces.is_ascii();
        Some(before_mark)
    }
}

/// JSON's own white space, and what comes with text pasted from a web page: a no-break space, a byte order mark.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{a0}' | '\u{feff}')
}
