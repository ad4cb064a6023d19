//! What is wrong, in the words of whoever has to mend it.

use serde::Serialize;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Customers get no answer, or a wrong one.
    Error,
    /// It works, until something that will happen happens; or it could not be looked at.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name, for scripts: `a-z` and `_`, the same in every version.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub what: String,
    /// What customers notice of it.
    pub why: &'static str,
    /// What to do, and where to click.
    pub click: String,
}

impl Finding {
    pub(crate) fn error(
        code: &'static str,
        what: impl Into<String>,
        why: &'static str,
        click: impl Into<String>,
    ) -> Self {
        Self { code, severity: Severity::Error, what: what.into(), why, click: click.into() }
    }

    pub(crate) fn warning(
        code: &'static str,
        what: impl Into<String>,
        why: &'static str,
        click: impl Into<String>,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, what, why, click) }
    }

    /// Whether customers notice it now.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
