//! What the program prints: lines, how far it is, and whether all held.

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use simulation::{Figure, Figures};

/// How often a run says how far it is where no terminal shows it all the time.
const NEWS: Duration = Duration::from_secs(15);

/// The last line: how much was played, and how much of it broke a promise.
pub(crate) fn verdict(broken: usize, played: impl Display) -> ExitCode {
    if broken == 0 {
        say(format_args!("every promise held: {played}, none broken"));
        return ExitCode::SUCCESS;
    }
    say(format_args!("BROKEN: {played}, {broken} broken"));
    ExitCode::FAILURE
}

pub(crate) fn checked(worlds: usize, figures: &Figures) -> String {
    let (faults, steps) = (figures.get(Figure::Faults), figures.get(Figure::Steps));
    let worlds = if worlds == 1 { "1 world".to_owned() } else { format!("{worlds} worlds") };
    format!("{worlds}, {faults} faults, {steps} steps checked")
}

/// A line, or more. Whoever closed the pipe has read what they wanted.
pub(crate) fn say(words: impl Display) {
    let _ = writeln!(std::io::stdout(), "{words}");
}

/// How far a run is: on a terminal all the time, in a log now and then.
pub(crate) struct News {
    is_terminal: bool,
    last: Mutex<Instant>,
}

impl Default for News {
    fn default() -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), last: Mutex::new(Instant::now()) }
    }
}

impl News {
    /// Says it, if it is time.
    pub(crate) fn tell(&self, words: impl Display) {
        let Ok(mut last) = self.last.lock() else { return };
        let every = if self.is_terminal { Duration::from_millis(200) } else { NEWS };
        if last.elapsed() >= every {
            *last = Instant::now();
            let (begin, end) = if self.is_terminal { ("\r", "  ") } else { ("", "\n") };
            let _ = write!(std::io::stderr(), "{begin}{words}{end}");
        }
    }
}
