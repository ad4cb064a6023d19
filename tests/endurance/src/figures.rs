//! What a run found: figures, and the promises that did not hold.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

/// Broken promises that are shown one a line; where there are more, they are mostly the same.
const MOST_SHOWN: usize = 20;

/// The figures of a run in the order in which they were found, and every broken promise.
#[derive(Debug, Default)]
pub struct Report {
    figures: Vec<(String, Value, &'static str)>,
    broken: Vec<String>,
}

impl Report {
    /// Adds a figure with its unit; empty if it counts things that its name says.
    pub(crate) fn figure(&mut self, name: impl Into<String>, value: impl Into<Value>, unit: &'static str) {
        self.figures.push((name.into(), value.into(), unit));
    }

    /// Adds a promise that did not hold, with what shows it.
    pub(crate) fn broken(&mut self, promise: impl Into<String>) {
        self.broken.push(promise.into());
    }

    /// Every promise that did not hold.
    pub fn broken_promises(&self) -> &[String] {
        &self.broken
    }

    /// A figure by its name.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.figures.iter().find_map(|(own, value, _)| (own == name).then_some(value))
    }

    /// One figure a line, then one broken promise a line.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for (name, value, unit) in &self.figures {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{}", format!("{name}: {value} {unit}").trim_end());
        }
        for promise in self.broken.iter().take(MOST_SHOWN) {
            let _ = writeln!(text, "BROKEN: {promise}");
        }
        if let Some(more) = self.broken.len().checked_sub(MOST_SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(text, "BROKEN: and {more} more; --json has them all");
        }
        let verdict = if self.broken.is_empty() { "every promise held" } else { "promises were broken" };
        text + verdict + "\n"
    }

    /// The same as JSON.
    pub fn json(&self) -> Value {
        let figures: Map<_, _> = self.figures.iter().map(|(name, value, _)| (name.clone(), value.clone())).collect();
        json!({"figures": figures, "broken": self.broken})
    }
}
