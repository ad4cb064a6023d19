//! What the code under test says while it runs: its log lines are kept for the witness, its panics on purpose are not printed.

use std::cell::RefCell;
use std::io;
use std::sync::Once;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

const ON_PURPOSE: &str = "on purpose";

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// From now on every log line of every level goes to its thread's [`lines`].
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let logs = tracing_subscriber::fmt().json().with_max_level(LevelFilter::TRACE).without_time().with_writer(Here);
        // Another subscriber would be a test's own: then it listens itself.
        drop(tracing::subscriber::set_global_default(logs.finish()));
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some(ON_PURPOSE) {
                loud(panic);
            }
        }));
    });
}

/// What was logged on this thread since the last time.
pub(crate) fn lines() -> String {
    LINES.with_borrow_mut(|lines| String::from_utf8_lossy(&std::mem::take(lines)).into_owned())
}

/// A mistake in the code.
#[expect(clippy::panic, reason = "a mistake in the code is what is simulated")]
pub(crate) fn panics_on_purpose() -> ! {
    std::panic::panic_any(ON_PURPOSE)
}

struct Here;

impl<'a> MakeWriter<'a> for Here {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl io::Write for Here {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
