//! Where a long run is at.

use std::io::{IsTerminal as _, Write as _};

/// One line on the error stream that changes, if a person looks at it.
pub(super) struct Progress(bool);

impl Progress {
    /// None where scripts read (`json`), where the error stream is no terminal, and where a line cannot be cleared.
    pub(super) fn of(json: bool) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self(!json && !dumb && std::io::stderr().is_terminal())
    }

    pub(super) fn tell(&self, what: &str) {
        if self.0 {
            eprint!("\r\x1b[K{what} …");
            let _ = std::io::stderr().flush();
        }
    }

    pub(super) fn end(&self) {
        if self.0 {
            eprint!("\r\x1b[K");
        }
    }
}
