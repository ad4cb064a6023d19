//! Reports as people and scripts read them.

use std::io::Write as _;

use ::doctor::{Check, Checked, Finding, Report};
use serde::Serialize;

use super::check;
use super::paint::{Paint, labelled};

/// Prints to standard output. Whoever closes the pipe has what they wanted.
pub(super) fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// For scripts.
pub(super) fn json(report: &impl Serialize) -> String {
    serde_json::to_string_pretty(report).unwrap_or_default()
}

/// What the doctor has to say.
pub(super) fn report(report: &Report) -> String {
    let paint = Paint::of_environment();
    let mut blocks: Vec<_> = report.checks.iter().map(|check| looked_at(paint, check)).collect();
    blocks.extend([String::new(), asked(paint, report)]);
    blocks.push(String::new());
    let findings: Vec<_> = report.findings().collect();
    let skipped = report.checks.iter().filter(|check| matches!(check.result, Checked::NotLookedAt { .. })).count();
    blocks.push(sum(paint, &findings, skipped));
    blocks.join("\n")
}

/// The questions; only announced as long as there is something to mend, which they would push out of sight.
fn asked(paint: Paint, report: &Report) -> String {
    let (what, count) = ("what Braze tells no program", report.ask.len());
    if !report.healthy {
        return format!("Once that is mended, the doctor has {count} questions about {what}; they are in --json now.");
    }
    let title = paint.bold(&format!("Please look yourself at {what}:"));
    let questions = (1..).zip(&report.ask).flat_map(|(number, question)| {
        [
            labelled(&format!("{number:>3}. "), question.question),
            labelled("     why    ", question.why),
            labelled("     click  ", question.click),
        ]
    });
    std::iter::once(title).chain(questions).collect::<Vec<_>>().join("\n")
}

/// What the check has to say.
pub(super) fn checked(checked: &check::Checked) -> String {
    let paint = Paint::of_environment();
    let assistant = &checked.assistant;
    let mut blocks = Vec::new();
    if assistant.mistakes.is_empty() {
        let findings: Vec<_> = assistant.findings.iter().collect();
        blocks.push(format!("{} {}", mark(paint, &findings), assistant.file));
        blocks.extend(findings.iter().map(|finding| told(paint, finding)));
        if !assistant.needs_keys.is_empty() {
            let keys = assistant.needs_keys.join(", ");
            blocks.push(labelled("    ", &format!("The responder's secret needs, besides braze_api_key: {keys}.")));
        }
    } else {
        blocks.push(format!("{} {}", paint.red("✗"), assistant.file));
        blocks.extend(assistant.mistakes.iter().map(|mistake| labelled("    - ", mistake)));
        let next = "Mend them and check again: with these the responder does not start. Every key is explained in \
                    functions/responder/assistant/assistant.toml.";
        blocks.push(labelled("    ", next));
    }
    if let Some(body) = &checked.body {
        blocks.push(format!("{} {}", mark(paint, &body.findings.iter().collect::<Vec<_>>()), body.file));
        blocks.extend(body.findings.iter().map(|finding| told(paint, finding)));
    }
    blocks.join("\n")
}

fn looked_at(paint: Paint, check: &Check) -> String {
    match &check.result {
        Checked::Right => {
            let proves = labelled("    ", check.proves);
            format!("{} {}\n{}", paint.green("✓"), check.what, paint.faint(&proves))
        }
        Checked::Found { findings } => {
            let told: Vec<_> = findings.iter().map(|finding| told(paint, finding)).collect();
            format!(
                "{} {}\n{}",
                mark(paint, &findings.iter().collect::<Vec<_>>()),
                paint.bold(&check.what),
                told.join("\n")
            )
        }
        Checked::NotLookedAt { because } => labelled(&format!("- {}: not looked at: ", check.what), because),
    }
}

/// The worst of `findings` as a mark.
fn mark(paint: Paint, findings: &[&Finding]) -> String {
    match findings.iter().map(|finding| finding.is_error()).max() {
        None => paint.green("✓"),
        Some(false) => paint.yellow("!"),
        Some(true) => paint.red("✗"),
    }
}

fn told(paint: Paint, finding: &Finding) -> String {
    let title = if finding.is_error() { paint.red("error") } else { paint.yellow("warning") };
    [
        format!("    {title} {}", finding.code),
        labelled("      what   ", &finding.what),
        labelled("      why    ", finding.why),
        labelled("      click  ", &finding.click),
    ]
    .join("\n")
}

fn sum(paint: Paint, findings: &[&Finding], skipped: usize) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = findings.len() - errors;
    let rest = if skipped == 0 { String::new() } else { format!("; {skipped} not looked at") };
    match (errors, warnings) {
        (0, 0) => paint.green(&format!("Everything that was looked at is right{rest}.")),
        (0, warnings) => paint.yellow(&format!("No error, {}{rest}.", counted(warnings, "warning"))),
        (errors, warnings) => {
            let (errors, warnings) = (counted(errors, "error"), counted(warnings, "warning"));
            paint.red(&format!("{errors}, {warnings}{rest}. Mend the first one first."))
        }
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
