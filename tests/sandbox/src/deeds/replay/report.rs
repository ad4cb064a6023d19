//! What a round came to, without a word, a name or a number of anybody.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::round::Judged;
use super::verdict::{Fate, Verdict, age};

/// What a round came to.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether nothing is left, or would be, that a person has to look at.
    pub(super) healthy: bool,
    /// Whether the verdicts were done, and not only told.
    sent: bool,
    /// How many letters got which verdict.
    counts: BTreeMap<Verdict, usize>,
    /// How many letters failed: they stay.
    failed: usize,
    /// Each letter, the oldest first.
    letters: Vec<Line>,
}

#[derive(Debug, Serialize)]
struct Line {
    log_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    age_seconds: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl Report {
    pub(super) fn new(judged: &[Judged], sent: bool) -> Self {
        let mut counts = BTreeMap::new();
        for verdict in judged.iter().filter_map(|judged| judged.verdict.as_ref().ok()) {
            *counts.entry(*verdict).or_default() += 1;
        }
        let failed = judged.iter().filter(|judged| judged.verdict.is_err()).count();
        let stays = counts.keys().any(|verdict: &Verdict| verdict.fate() == Fate::Stays);
        let letters = judged.iter().map(line).collect();
        Self { healthy: failed == 0 && !stays, sent, counts, failed, letters }
    }
}

fn line(judged: &Judged) -> Line {
    Line {
        log_id: judged.log_id.clone(),
        age_seconds: judged.age.map(|age| age.as_secs()),
        verdict: judged.verdict.as_ref().ok().copied(),
        failure: judged.verdict.as_ref().err().map(ToString::to_string),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.letters.is_empty() {
            return f.write_str("There are no dead letters, or somebody else is looking at them.");
        }
        for Line { log_id, age_seconds, verdict, failure } in &self.letters {
            let age = age_seconds.map_or("?".to_owned(), |seconds| age(std::time::Duration::from_secs(seconds)));
            let what = failure.as_deref().or(verdict.map(words)).unwrap_or_default();
            writeln!(f, "{log_id:<24} {age:>8}  {what}")?;
        }
        writeln!(f)?;
        for (verdict, count) in &self.counts {
            writeln!(f, "{count:>6}  {}", words(*verdict))?;
        }
        if self.failed > 0 {
            writeln!(f, "{:>6}  failed: still dead letters", self.failed)?;
        }
        f.write_str(if self.sent { "Done." } else { "Nothing was done: this is what --send would do." })
    }
}

fn words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::SendAgain => "send again",
        Verdict::WithPerson => "send again, to the person who has the conversation: the bot says nothing",
        Verdict::Done => "delete: it is done",
        Verdict::Forgotten => "delete: its user was forgotten",
        Verdict::OptedOut => "delete: its user wants to hear nothing from the bot",
        Verdict::TooOld => "leave: too old to be answered",
        Verdict::Unreadable => "leave: it cannot be read",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use platform::queue::QueueError;

    use super::super::round::Trouble;
    use super::*;

    fn judged(verdict: Result<Verdict, Trouble>) -> Judged {
        Judged { log_id: "word".to_owned(), age: Some(Duration::from_hours(3)), verdict }
    }

    fn failed() -> Result<Verdict, Trouble> {
        Err(Trouble::Queue(QueueError { reason: "timeout".to_owned() }))
    }

    #[test]
    fn a_round_is_healthy_if_it_leaves_nothing_to_a_person() {
        for (verdicts, healthy) in [
            (vec![], true),
            (vec![Ok(Verdict::SendAgain), Ok(Verdict::WithPerson), Ok(Verdict::Done), Ok(Verdict::OptedOut)], true),
            (vec![Ok(Verdict::SendAgain), Ok(Verdict::TooOld)], false),
            (vec![Ok(Verdict::Unreadable)], false),
            (vec![failed()], false),
        ] {
            let shown = format!("{verdicts:?}");
            let judged: Vec<_> = verdicts.into_iter().map(judged).collect();
            assert_eq!(Report::new(&judged, true).healthy, healthy, "{shown}");
        }
    }

    #[test]
    fn verdicts_are_counted_and_each_letter_has_a_line() {
        let all = [judged(Ok(Verdict::SendAgain)), judged(Ok(Verdict::SendAgain)), judged(failed())];
        let report = Report::new(&all, false);
        let told = report.to_string();
        assert_eq!(told.lines().filter(|line| line.starts_with("word ") && line.contains("3 h")).count(), 3, "{told}");
        assert!(told.contains("     2  send again\n") && told.contains("     1  failed"), "{told}");
        assert!(told.contains("the queue failed: timeout") && told.ends_with("what --send would do."), "{told}");
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(
            (&json["counts"]["send_again"], &json["failed"], &json["sent"]),
            (&2.into(), &1.into(), &false.into())
        );
        assert_eq!(json["letters"][0]["age_seconds"], 10_800);
    }
}
