//! Settings from the environment: every problem reported at once, by name, never by value.

use std::fmt;

/// Everything that is wrong with the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSettings(pub Vec<String>);

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function cannot start: {}", self.0.join("; "))
    }
}

impl std::error::Error for BadSettings {}

/// Reads settings one by one and collects what is wrong with them.
pub struct Settings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl<'a> Settings<'a> {
    /// Settings out of `lookup`: the environment, or a table in a test. An empty value counts as absent.
    pub fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, problems: Vec::new() }
    }

    /// A value that must be there.
    pub fn required(&mut self, name: &'static str) -> String {
        self.optional(name).unwrap_or_else(|| {
            self.problem(name, "is missing");
            String::new()
        })
    }

    /// A whole number that must be there.
    pub fn number(&mut self, name: &'static str) -> u64 {
        let value = self.required(name);
        value.trim().parse().unwrap_or_else(|_| {
            if !value.is_empty() {
                self.problem(name, "must be a whole number");
            }
            0
        })
    }

    /// A value that may be there.
    pub fn optional(&mut self, name: &'static str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// A value out of a list of words, each with its meaning; the first word is the default.
    pub fn one_of<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> T {
        let Some(value) = self.optional(name) else { return words[0].1 };
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == value) {
            return *meaning;
        }
        let all: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        self.problem(name, &format!("must be one of {}", all.join(", ")));
        words[0].1
    }

    /// The base of an HTTP service, without a slash at its end.
    pub fn base_url(&mut self, name: &'static str) -> String {
        self.url(name).trim_end_matches('/').to_owned()
    }

    /// An address that is called as it stands.
    pub fn url(&mut self, name: &'static str) -> String {
        let value = self.required(name);
        let plain = value.starts_with("https://") || value.starts_with("http://");
        if !value.is_empty() && (!plain || value.contains(char::is_whitespace)) {
            self.problem(name, "must start with https:// (or http://) and hold no white space");
        }
        value
    }

    /// Notes that a setting is wrong.
    pub fn problem(&mut self, name: &str, problem: &str) {
        self.problems.push(format!("{name} {problem}"));
    }

    /// Gives `value` if nothing was wrong.
    pub fn finish<T>(self, value: T) -> Result<T, BadSettings> {
        if self.problems.is_empty() { Ok(value) } else { Err(BadSettings(self.problems)) }
    }
}

/// The process's environment, for [`Settings::new`].
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bad_setting_is_named_at_once_and_no_value_is_shown() {
        let table = |name: &str| match name {
            "URL" => Some("ftp://secret".to_owned()),
            "WORD" => Some("secret".to_owned()),
            "BLANK" => Some("  ".to_owned()),
            _ => None,
        };
        let mut settings = Settings::new(&table);
        settings.base_url("URL");
        settings.one_of("WORD", &[("a", 1), ("b", 2)]);
        settings.required("BLANK");
        let message = settings.finish(()).unwrap_err().to_string();
        for name in ["URL", "WORD", "BLANK is missing", "a, b"] {
            assert!(message.contains(name), "{message}");
        }
        assert!(!message.contains("secret"), "{message}");
    }

    #[test]
    fn good_settings_pass() {
        let table = |name: &str| (name == "URL").then(|| "https://rest.example.com/".to_owned());
        let mut settings = Settings::new(&table);
        let found = (settings.base_url("URL"), settings.one_of("WORD", &[("a", 1), ("b", 2)]));
        assert_eq!(settings.finish(found), Ok(("https://rest.example.com".to_owned(), 1)));
    }
}
