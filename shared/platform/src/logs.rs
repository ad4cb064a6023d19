//! Logs: one JSON object a line, with a timestamp, because CloudWatch takes a line without one for level INFO.

use tracing::level_filters::LevelFilter;

/// Starts logging to the standard output. The level is Lambda's own setting, `AWS_LAMBDA_LOG_LEVEL`; INFO if it says
/// nothing. A panic becomes a log line like any other, naming its place and never its words: those may quote a customer.
pub fn start() {
    let level = std::env::var("AWS_LAMBDA_LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_target(false)
        .with_max_level(level.unwrap_or(LevelFilter::INFO))
        .init();
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic; the message is kept and tried again");
    }));
}
