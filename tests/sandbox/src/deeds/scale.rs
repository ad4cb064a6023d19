//! `cargo run -- scale`.

use serde_json::json;

use super::costs::{grouped, seconds};
use super::shown;
use crate::scale::{AS_OF, Assumed, BATCHES, Load, loads, must_share, replies_per_second, scarce};

/// How much at once, and what there is for it.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Conversations that are being answered at the same moment; may be repeated
    #[arg(long, value_name = "N", default_values_t = [10, 1_000, 100_000])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    conversations: Vec<u32>,

    /// How long the AI takes for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = Assumed::default().ai_seconds, value_parser = seconds)]
    ai_seconds: f64,

    /// The most conversations that one responder works on at once, as the parameter Batch: 10, 50, 100 or 250
    #[arg(long, value_name = "N", default_value_t = Assumed::default().batch, value_parser = batch)]
    batch: u16,

    /// The most batches at once, as the parameter Concurrency
    #[arg(long, value_name = "N", default_value_t = Assumed::default().concurrency, value_parser = clap::value_parser!(u32).range(2..=1_000))]
    concurrency: u32,

    /// Webhooks a second that the door takes, as the parameter ThrottleRate
    #[arg(long, value_name = "N", default_value_t = Assumed::default().throttle_rate, value_parser = clap::value_parser!(u32).range(1..))]
    throttle_rate: u32,

    /// Calls an hour that the contract with Braze allows
    #[arg(long, value_name = "N", default_value_t = Assumed::default().calls_per_hour, value_parser = clap::value_parser!(u32).range(1..))]
    calls_per_hour: u32,

    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

fn batch(text: &str) -> Result<u16, String> {
    let batch = text.parse().ok().filter(|batch| BATCHES.contains(batch));
    batch.ok_or_else(|| "the template has 10, 50, 100 and 250".to_owned())
}

/// Prints what each part has to bear.
pub(super) fn run(options: &Options) {
    let Options { ai_seconds, batch, concurrency, throttle_rate, calls_per_hour, .. } = *options;
    let assumed = Assumed { ai_seconds, batch, concurrency, throttle_rate, calls_per_hour };
    if options.json {
        let row = |count: &u32| {
            let conversations = f64::from(*count);
            json!({
                "conversations": count, "replies_per_second": replies_per_second(conversations, &assumed),
                "must_share_calls": must_share(conversations, &assumed), "loads": loads(conversations, &assumed),
            })
        };
        let rows: Vec<_> = options.conversations.iter().map(row).collect();
        let figures = json!({"quotas_as_of": AS_OF, "batch": batch, "ai_seconds": ai_seconds, "at_once": rows});
        return shown::print(&shown::json(&figures));
    }
    let title = format!(
        "What conversations at once ask for, each with an AI of {ai_seconds} s, {batch} to a responder. Default quotas, {AS_OF}: a new\n\
         account may have fewer functions at once, down to 10; Service Quotas says how many."
    );
    let blocks = options.conversations.iter().map(|count| block(*count, &assumed));
    shown::print(&std::iter::once(title).chain(blocks).collect::<Vec<_>>().join("\n\n"));
}

fn block(conversations: u32, assumed: &Assumed) -> String {
    let count = f64::from(conversations);
    let replies = replies_per_second(count, assumed);
    let title = format!("{} at once: {} replies a second", grouped(conversations), grouped(whole(replies)));
    let row = |load: &Load| {
        let given = load.given.map_or_else(|| "?".to_owned(), |given| grouped(whole(given)));
        let mark =
            if load.pressure() > 1.0 { format!("  {:.1} x: {}", load.pressure(), load.knob) } else { String::new() };
        format!("  {:<32}{:>14} of {:>9}{mark}", load.what, grouped(whole(load.asked)), given)
    };
    let loads = loads(count, assumed);
    let mut lines: Vec<_> = std::iter::once(title).chain(loads.iter().map(row)).collect();
    if must_share(count, assumed) {
        lines.push(
            "  replies must share calls of Braze: how many do, says `cargo run --release -p simulation -- ceiling`"
                .to_owned(),
        );
    }
    lines.push(scarce(count, assumed).first().map_or_else(
        || "  nothing is in the way".to_owned(),
        |load| format!("  first in the way: {} ({})", load.what, load.knob),
    ));
    lines.join("\n")
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
        let text = block(1_000, &Assumed::default());
        assert!(text.starts_with("1,000 at once: 308 replies a second\n"), "{text}");
        assert!(text.contains("x: Concurrency; near Braze's limit Batch first\n"), "{text}");
        assert!(text.contains("replies must share calls"), "{text}");
        assert!(
            text.ends_with("first in the way: responders at once (Concurrency; near Braze's limit Batch first)"),
            "{text}"
        );
        assert!(block(10, &Assumed::default()).ends_with("nothing is in the way"));
    }

    #[test]
    fn the_readme_says_what_is_computed() {
        let readme = include_str!("../../../../README.md");
        for conversations in [10, 1_000, 100_000] {
            let (count, assumed) = (f64::from(conversations), Assumed::default());
            let scarce = scarce(count, &assumed);
            let listed =
                scarce.iter().map(|load| format!("{} ({:.1} x)", load.what, load.pressure())).collect::<Vec<_>>();
            let listed = if listed.is_empty() { "nothing".to_owned() } else { listed.join("; ") };
            let replies = grouped(whole(replies_per_second(count, &assumed)));
            let row = format!("| {} | {replies} | {listed} |", grouped(conversations));
            assert!(readme.contains(&row), "{row}");
        }
    }
}
