//! `cargo run -- scale`.

use serde_json::json;

use super::costs::{grouped, seconds};
use super::shown;
use crate::scale::{AS_OF, Assumed, Load, loads, replies_per_second};

/// How much at once.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Conversations that are being answered at the same moment; may be repeated
    #[arg(long, value_name = "N", default_values_t = [10, 1_000, 100_000])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    conversations: Vec<u32>,

    /// How long the AI takes for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = Assumed::default().ai_seconds, value_parser = seconds)]
    ai_seconds: f64,

    /// The most conversations that one responder works on at once, as the parameter Batch
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    batch: u16,

    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// Prints what each part has to bear.
pub(super) fn run(options: &Options) {
    let assumed = Assumed { ai_seconds: options.ai_seconds, batch: f64::from(options.batch) };
    let all: Vec<_> = options.conversations.iter().map(|count| (*count, loads(f64::from(*count), &assumed))).collect();
    if options.json {
        let rows = all.iter().map(|(count, loads)| json!({"conversations": count, "loads": loads}));
        let figures = json!({"quotas_as_of": AS_OF, "batch": options.batch, "ai_seconds": options.ai_seconds, "at_once": rows.collect::<Vec<_>>()});
        return shown::print(&shown::json(&figures));
    }
    let blocks = all.iter().map(|(count, loads)| block(*count, loads, &assumed));
    let title = format!(
        "What conversations at once ask for, each with an AI of {} s, {} to a responder. Default quotas, {AS_OF}.",
        options.ai_seconds, options.batch
    );
    shown::print(&std::iter::once(title).chain(blocks).collect::<Vec<_>>().join("\n\n"));
}

fn block(conversations: u32, loads: &[Load], assumed: &Assumed) -> String {
    let replies = replies_per_second(f64::from(conversations), assumed);
    let title = format!("{} at once: {} replies a second", grouped(conversations), grouped(whole(replies)));
    let row = |load: &Load| {
        let given = load.given.map_or_else(|| "?".to_owned(), |given| grouped(whole(given)));
        let mark =
            if load.pressure() > 1.0 { format!("  {:.1} x: {}", load.pressure(), load.knob) } else { String::new() };
        format!("  {:<32}{:>14} of {:>9}{mark}", load.what, grouped(whole(load.asked)), given)
    };
    std::iter::once(title).chain(loads.iter().map(row)).chain([first(loads)]).collect::<Vec<_>>().join("\n")
}

/// What is in the way first.
fn first(loads: &[Load]) -> String {
    let scarce = loads.iter().filter(|load| load.pressure() > 1.0);
    match scarce.max_by(|a, b| a.pressure().total_cmp(&b.pressure())) {
        Some(load) => format!("  first in the way: {} ({})", load.what, load.knob),
        None => "  nothing is in the way".to_owned(),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "large enough, and never negative")]
fn whole(number: f64) -> u32 {
    number.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_little_says_what_to_turn() {
        let text = block(1_000, &loads(1_000.0, &Assumed::default()), &Assumed::default());
        assert!(text.starts_with("1,000 at once: 308 replies a second\n"), "{text}");
        assert!(
            text.contains("responders at once                         100 of        10  10.0 x: Concurrency"),
            "{text}"
        );
        assert!(text.ends_with("first in the way: responders at once (Concurrency, then Batch)"), "{text}");
    }
}
