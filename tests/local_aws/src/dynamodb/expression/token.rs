//! The words and signs of an expression.

use std::fmt;

/// The longest expression (developer guide, "Quotas": 4 KB).
const LONGEST: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a keyword or a function.
    Word(String),
    /// `#name`
    NameReference(String),
    /// `:value`
    ValueReference(String),
    /// The digits of a list index.
    Digits(usize),
    Sign(&'static str),
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(text) | Self::NameReference(text) | Self::ValueReference(text) => f.write_str(text),
            Self::Digits(number) => write!(f, "{number}"),
            Self::Sign(sign) => f.write_str(sign),
        }
    }
}

/// Two-character signs come before their first halves.
const SIGNS: [&str; 14] = ["<=", ">=", "<>", "<", ">", "=", "(", ")", "[", "]", ",", ".", "+", "-"];

/// Splits an expression into tokens; an error says what cannot be one.
pub(super) fn tokens_of(expression: &str) -> Result<Vec<Token>, String> {
    if expression.trim().is_empty() {
        return Err("The expression can not be empty;".to_owned());
    }
    if expression.len() > LONGEST {
        return Err(format!(
            "Expression size has exceeded the maximum allowed size; expression size: {}",
            expression.len()
        ));
    }
    let mut tokens = Vec::new();
    let mut rest = expression.trim_start_matches(WHITE);
    while !rest.is_empty() {
        let (token, length) = token(rest).ok_or_else(|| syntax_error(rest))?;
        tokens.push(token);
        rest = rest[length..].trim_start_matches(WHITE);
    }
    Ok(tokens)
}

const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];

fn token(rest: &str) -> Option<(Token, usize)> {
    let first = rest.chars().next()?;
    let length = |from: usize| {
        from + rest[from..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len() - from)
    };
    let word = |from| rest[..length(from)].to_owned();
    let token = match first {
        'a'..='z' | 'A'..='Z' => Token::Word(word(1)),
        '#' if length(1) > 1 => Token::NameReference(word(1)),
        ':' if length(1) > 1 => Token::ValueReference(word(1)),
        '0'..='9' => Token::Digits(word(1).parse().ok()?),
        _ => {
            let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
            return Some((Token::Sign(sign), sign.len()));
        }
    };
    Some((token, length(1)))
}

fn syntax_error(rest: &str) -> String {
    let token: String = rest.chars().take(1).collect();
    let near: String = rest.chars().take(12).collect();
    format!("Syntax error; token: \"{token}\", near: \"{near}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use Token::{Digits, NameReference, Sign, ValueReference, Word};

    #[test]
    fn an_expression_falls_into_its_tokens() {
        let word = |text: &str| Word(text.to_owned());
        for (text, tokens) in [
            ("a_1<=:v", vec![word("a_1"), Sign("<="), ValueReference(":v".to_owned())]),
            ("#1 <>\t:_x", vec![NameReference("#1".to_owned()), Sign("<>"), ValueReference(":_x".to_owned())]),
            ("a[10].b", vec![word("a"), Sign("["), Digits(10), Sign("]"), Sign("."), word("b")]),
            ("p_x-y", vec![word("p_x"), Sign("-"), word("y")]),
        ] {
            assert_eq!(tokens_of(text).unwrap(), tokens, "{text}");
        }
    }

    #[test]
    fn what_is_no_token_is_a_syntax_error() {
        for bad in ["_a = :v", "a = :", "# = :v", "a ! b", "a = 'x'", "a = \"x\"", "é = :v", "1a", "a\u{a0}= :v"] {
            assert!(tokens_of(bad).is_err(), "{bad}");
        }
        for empty in ["", "  "] {
            assert!(tokens_of(empty).unwrap_err().contains("empty"));
        }
        assert!(tokens_of(&"a".repeat(4097)).unwrap_err().contains("size"));
    }
}
