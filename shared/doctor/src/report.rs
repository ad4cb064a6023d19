//! What was looked at, what was found, and what has to be asked.

use serde::Serialize;

use crate::Finding;

/// Everything the doctor has to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether there is no error among the findings.
    pub healthy: bool,
    /// What was looked at, in this order.
    pub checks: Vec<Check>,
    /// What no program can see, for a person to look at.
    pub ask: Vec<Question>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// What it proves if nothing is found.
    pub proves: &'static str,
    /// How it went.
    #[serde(flatten)]
    pub result: Checked,
}

/// How a look went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum Checked {
    /// It is right.
    Right,
    /// It is not.
    Found {
        /// What is wrong.
        findings: Vec<Finding>,
    },
    /// It could not be looked at, or nobody wanted it.
    NotLookedAt {
        /// Why.
        because: String,
    },
}

/// Something for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// What to ask oneself.
    pub question: &'static str,
    /// What customers notice if it is not so.
    pub why: &'static str,
    /// Where to look.
    pub click: &'static str,
}

impl Check {
    pub(crate) fn of(what: impl Into<String>, proves: &'static str, findings: Vec<Finding>) -> Self {
        let result = if findings.is_empty() { Checked::Right } else { Checked::Found { findings } };
        Self { what: what.into(), proves, result }
    }

    pub(crate) fn skipped(what: impl Into<String>, because: impl Into<String>) -> Self {
        Self { what: what.into(), proves: "", result: Checked::NotLookedAt { because: because.into() } }
    }

    /// What is wrong.
    pub fn findings(&self) -> &[Finding] {
        match &self.result {
            Checked::Found { findings } => findings,
            Checked::Right | Checked::NotLookedAt { .. } => &[],
        }
    }
}

impl Report {
    pub(crate) fn of(mut checks: Vec<Check>, ask: Vec<Question>) -> Self {
        told_once(&mut checks);
        let healthy = checks.iter().flat_map(Check::findings).all(|finding| !finding.is_error());
        Self { healthy, checks, ask }
    }

    /// Everything that is wrong.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().flat_map(Check::findings)
    }
}

/// What was found several times is told where it was found first.
fn told_once(checks: &mut [Check]) {
    let mut told: Vec<Finding> = Vec::new();
    for check in checks {
        let Checked::Found { findings } = &mut check.result else { continue };
        findings.retain(|finding| {
            let is_new = !told.contains(finding);
            told.extend(is_new.then(|| finding.clone()));
            is_new
        });
        if findings.is_empty() {
            check.result = Checked::NotLookedAt { because: "the same as above".to_owned() };
        }
    }
}
