//! `cargo run --release -p protocol_model`.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use protocol_model::{Report, Setting, settings};

const HELP: &str = "\
Searches every state that the mailbox protocol can reach, setting by setting, for a broken promise; then puts mistakes
into the protocol, one by one, and sees that each is found. Ends with 1 if a promise is broken, a search does not come
to its end, or a mistake is not found; with 2 if it was asked for something that there is not.

    cargo run --release -p protocol_model -- [--traces] [WORD...]

    WORD       only the settings in whose name one of these words is
    --traces   how each mistake was found, step by step
    -h, --help this text
";

/// Beyond this a machine runs out of memory.
const MOST_STATES: usize = 40_000_000;
/// How often a long search says how far it is.
const NEWS: Duration = Duration::from_secs(5);
/// How it ends if it was asked for something that there is not.
const MISUSED: u8 = 2;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let settings = settings::large();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        return if write!(io::stdout(), "{HELP}\n{}", Names(&settings)).is_ok() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        };
    }
    let (options, words): (Vec<_>, Vec<_>) = arguments.into_iter().partition(|argument| argument.starts_with('-'));
    if let Some(option) = options.iter().find(|option| *option != "--traces") {
        eprintln!("error: there is no option {option}; --help tells which there are");
        return ExitCode::from(MISUSED);
    }
    if let Some(word) = words.iter().find(|word| !settings.iter().any(|setting| setting.name.contains(*word))) {
        eprintln!("error: {word:?} is in the name of no setting\n\n{}", Names(&settings));
        return ExitCode::from(MISUSED);
    }
    match run(&settings, &words, !options.is_empty()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the settings are called, a line each.
struct Names<'a>(&'a [Setting]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the settings:")?;
        self.0.iter().try_for_each(|setting| writeln!(f, "    {}", setting.name))
    }
}

/// Whether everything is as it should be.
fn run(settings: &[Setting], words: &[String], traces: bool) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    let is_wanted =
        |setting: &Setting| words.is_empty() || words.iter().any(|word| setting.name.contains(word.as_str()));
    let (mut fine, mut states, began) = (true, 0, Instant::now());
    writeln!(out, "every state                                states  depth  seconds")?;
    for setting in settings.iter().filter(|setting| is_wanted(setting)) {
        let report = search(setting);
        fine &= tell(&mut out, setting, &report)?;
        states += report.states;
    }
    writeln!(out, "{states} states in {:.0} s\n", began.elapsed().as_secs_f64())?;
    if words.is_empty() {
        fine &= seeded(&mut out, traces)?;
    }
    writeln!(out, "{}", if fine { "every promise holds" } else { "BROKEN, see above" })?;
    Ok(fine)
}

fn search(setting: &Setting) -> Report {
    let mut last = Instant::now();
    setting.search(MOST_STATES, |depth, states| {
        if last.elapsed() > NEWS {
            last = Instant::now();
            eprintln!("  … {}: {states} states, depth {depth}", setting.name);
        }
    })
}

fn tell(out: &mut impl Write, setting: &Setting, report: &Report) -> io::Result<bool> {
    let verdict = match &report.violation {
        Some(violation) => format!("BROKEN: {}", violation.broken.words()),
        None if !report.complete => "NOT COMPLETE".to_owned(),
        None => "every promise holds".to_owned(),
    };
    let Report { states, depth, time, .. } = report;
    writeln!(out, "{:40} {states:8} {depth:6} {:8.1}  {verdict}", setting.name, time.as_secs_f64())?;
    writeln!(out, "    {}", setting.words())?;
    if let Some(violation) = &report.violation {
        tell_trace(out, &violation.trace)?;
    }
    Ok(report.complete && report.violation.is_none())
}

fn tell_trace(out: &mut impl Write, trace: &[String]) -> io::Result<()> {
    trace.iter().enumerate().try_for_each(|(index, line)| writeln!(out, "    {:3} {line}", index + 1))
}

/// Searches for what was put in on purpose.
fn seeded(out: &mut impl Write, traces: bool) -> io::Result<bool> {
    writeln!(out, "mistakes put in on purpose, and the steps to the first broken promise")?;
    let (mut found, all) = (0, settings::seeded());
    for (setting, expected) in &all {
        let name = setting.rules.bug.map_or("", protocol_model::Bug::words);
        found += usize::from(tell_found(out, name, setting, *expected, traces)?);
    }
    writeln!(out, "{found} of {} found\n", all.len())?;
    let (setting, expected) = settings::beyond();
    writeln!(out, "what the model takes for granted, and what breaks without it")?;
    let is_needed = tell_found(out, setting.name, &setting, expected, traces)?;
    Ok(found == all.len() && is_needed)
}

fn tell_found(
    out: &mut impl Write,
    name: &str,
    setting: &Setting,
    expected: protocol_model::Broken,
    traces: bool,
) -> io::Result<bool> {
    let found = search(setting).violation.filter(|violation| violation.broken == expected);
    match &found {
        Some(violation) => {
            writeln!(out, "{name:62} found  {:3} steps: {}", violation.trace.len(), violation.broken.words())?;
        }
        None => writeln!(out, "{name:62} NOT FOUND")?,
    }
    if let Some(violation) = found.as_ref().filter(|_| traces) {
        tell_trace(out, &violation.trace)?;
    }
    Ok(found.is_some())
}
