//! Logs: one JSON object a line, with a timestamp, because CloudWatch takes a line without one for level INFO.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

/// The crates whose every level is safe: they never log a word, a name or a secret.
const OURS: [&str; 7] = ["ingest", "responder", "ai", "braze", "conversation", "platform", "store"];

/// Starts logging to the standard output. The level is Lambda's own setting, `AWS_LAMBDA_LOG_LEVEL`; INFO if it says
/// nothing. Other people's crates stay at INFO whatever it says: below that some print whole requests. A panic becomes a log
/// line like any other, naming its place and never its words: those may quote a customer.
pub fn start() {
    start_with(false);
}

/// The same with the fields of the span that a line was written in: by those it is found whose message it was, where the
/// writer knows none.
pub fn start_with_spans() {
    start_with(true);
}

fn start_with(spans: bool) {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    let lines = fmt::layer().json().flatten_event(true).with_target(false);
    let lines = lines.with_current_span(spans).with_span_list(false);
    tracing_subscriber::registry().with(lines.with_filter(levels(level.unwrap_or(LevelFilter::INFO)))).init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic; the message is kept and tried again");
    }));
}

fn levels(level: LevelFilter) -> Targets {
    let others = level.min(LevelFilter::INFO);
    Targets::new().with_default(others).with_targets(OURS.map(|ours| (ours, level)))
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn other_peoples_crates_never_say_more_than_info() {
        let levels = levels(LevelFilter::TRACE);
        assert!(levels.would_enable("responder::turn", &Level::TRACE));
        assert!(levels.would_enable("lambda_runtime", &Level::INFO));
        assert!(!levels.would_enable("aws_smithy_runtime::client", &Level::DEBUG));
        assert!(!super::levels(LevelFilter::ERROR).would_enable("lambda_runtime", &Level::INFO));
    }
}
