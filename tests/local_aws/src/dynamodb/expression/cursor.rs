//! A place in a list of tokens, and the parts that all expressions have in common.

use crate::dynamodb::expression::bindings::Bindings;
use crate::dynamodb::expression::reserved::is_reserved;
use crate::dynamodb::expression::token::{Token, tokens_of};
use crate::dynamodb::path::{Path, Step};
use crate::dynamodb::value::Value;
use crate::refusal::Refusal;

/// The most operators and functions of one expression (developer guide, "Quotas").
const MOST_OPERATORS: usize = 300;

pub(super) struct Cursor<'a> {
    tokens: Vec<Token>,
    at: usize,
    bindings: &'a mut Bindings,
    operators: usize,
}

/// Why an expression is refused, in DynamoDB's words.
pub(super) type Parsed<T> = Result<T, String>;

/// Parses all of an expression; `parameter` names it in a refusal.
pub(super) fn parse<T>(
    parameter: &str,
    text: &str,
    bindings: &mut Bindings,
    grammar: impl FnOnce(&mut Cursor<'_>) -> Parsed<T>,
) -> Result<T, Refusal> {
    let whole = || {
        let mut cursor = Cursor { tokens: tokens_of(text)?, at: 0, bindings, operators: 0 };
        let tree = grammar(&mut cursor)?;
        if cursor.at < cursor.tokens.len() { Err(cursor.syntax_error()) } else { Ok(tree) }
    };
    whole().map_err(|message: String| Refusal::validation(format!("Invalid {parameter}: {message}")))
}

impl Cursor<'_> {
    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.tokens.len()
    }

    pub(super) fn accept(&mut self, sign: &'static str) -> bool {
        self.accept_if(|token| *token == Token::Sign(sign))
    }

    pub(super) fn expect(&mut self, sign: &'static str) -> Parsed<()> {
        if self.accept(sign) { Ok(()) } else { Err(self.syntax_error()) }
    }

    /// Accepts a keyword in any case.
    pub(super) fn accept_keyword(&mut self, keyword: &str) -> bool {
        self.accept_if(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(keyword)))
    }

    pub(super) fn expect_keyword(&mut self, keyword: &str) -> Parsed<()> {
        if self.accept_keyword(keyword) { Ok(()) } else { Err(self.syntax_error()) }
    }

    fn accept_if(&mut self, fits: impl FnOnce(&Token) -> bool) -> bool {
        let accepted = self.tokens.get(self.at).is_some_and(fits);
        self.at += usize::from(accepted);
        accepted
    }

    /// Whether a pair of parentheses begins here that holds nothing but another pair.
    pub(super) fn is_at_redundant_parentheses(&self) -> bool {
        let closing = |open: usize| -> Option<usize> {
            let mut depth = 0_usize;
            self.tokens.iter().enumerate().skip(open).find_map(|(at, token)| {
                match token {
                    Token::Sign("(") => depth += 1,
                    Token::Sign(")") => depth = depth.saturating_sub(1),
                    _ => {}
                }
                (depth == 0).then_some(at)
            })
        };
        let opens = |at: usize| self.tokens.get(at) == Some(&Token::Sign("("));
        opens(self.at)
            && opens(self.at + 1)
            && closing(self.at + 1).is_none_or(|inner| closing(self.at).is_none_or(|outer| inner + 1 == outer))
    }

    /// The name of a function, if a call begins here; the cursor then stands behind the opening parenthesis.
    pub(super) fn accept_call(&mut self) -> Option<String> {
        let (Token::Word(name), Token::Sign("(")) = (self.tokens.get(self.at)?, self.tokens.get(self.at + 1)?) else {
            return None;
        };
        let name = name.clone();
        self.at += 2;
        Some(name)
    }

    /// The value that a reference here stands for.
    pub(super) fn accept_value(&mut self) -> Parsed<Option<Value>> {
        let Some(Token::ValueReference(reference)) = self.tokens.get(self.at) else { return Ok(None) };
        self.at += 1;
        self.bindings.value(&reference.clone()).map(Some)
    }

    pub(super) fn path(&mut self) -> Parsed<Path> {
        let head = self.name()?;
        let mut steps = Vec::new();
        loop {
            if self.accept(".") {
                steps.push(Step::Name(self.name()?));
            } else if self.accept("[") {
                steps.push(Step::Index(self.index()?));
                self.expect("]")?;
            } else {
                return Ok(Path { head, steps });
            }
        }
    }

    fn name(&mut self) -> Parsed<String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::NameReference(reference)) => self.bindings.name(&reference),
            Some(Token::Word(word)) if is_reserved(&word) => {
                Err(format!("Attribute name is a reserved keyword; reserved keyword: {word}"))
            }
            Some(Token::Word(word)) => Ok(word),
            _ => {
                self.at -= 1;
                Err(self.syntax_error())
            }
        }
    }

    fn index(&mut self) -> Parsed<usize> {
        let Some(Token::Digits(index)) = self.tokens.get(self.at) else { return Err(self.syntax_error()) };
        self.at += 1;
        Ok(*index)
    }

    /// Counts an operator or a function.
    pub(super) fn count_operator(&mut self) -> Parsed<()> {
        self.operators += 1;
        if self.operators > MOST_OPERATORS {
            return Err(format!("The expression contains too many operators; operator count: {}", self.operators));
        }
        Ok(())
    }

    pub(super) fn syntax_error(&self) -> String {
        match self.tokens.get(self.at) {
            Some(token) => format!("Syntax error; token: \"{token}\""),
            None => "Syntax error; token: <EOF>".to_owned(),
        }
    }
}
