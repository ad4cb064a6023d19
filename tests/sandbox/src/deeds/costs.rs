//! `cargo run -- costs`.

use serde::Serialize;
use serde_json::json;

use super::shown;
use crate::costs::{AS_OF, Assumed, BESIDES, Bill, Turn, standing};

/// How much is written, and how.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Answered turns in a month; may be repeated
    #[arg(long, value_name = "N", default_values_t = [1_000, 100_000, 10_000_000])]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    turns: Vec<u32>,

    /// How long the AI takes for an answer
    #[arg(long, value_name = "SECONDS", default_value_t = Assumed::default().ai_seconds, value_parser = seconds)]
    ai_seconds: f64,

    /// Memory of either function in MB, as the parameter Memory
    #[arg(long, value_name = "MB", default_value_t = 128, value_parser = clap::value_parser!(u16).range(128..=10_240))]
    memory: u16,

    /// Print the figures as JSON
    #[arg(long)]
    json: bool,
}

/// One line, in dollars.
#[derive(Debug, Serialize)]
struct Month {
    turns: u32,
    door: f64,
    responder: f64,
    table: f64,
    queue_and_logs: f64,
    total: f64,
    /// Not taken off the total.
    free_tier: f64,
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let seconds: Option<f64> = text.parse().ok();
    let seconds = seconds.filter(|seconds| (0.0..=900.0).contains(seconds));
    seconds.ok_or_else(|| "it must be from 0 to 900, like 2.5".to_owned())
}

/// Prints the bill: nothing can be wrong with it.
pub(super) fn run(options: &Options) {
    let assumed = Assumed { ai_seconds: options.ai_seconds, memory_mb: f64::from(options.memory) };
    let months: Vec<_> = options.turns.iter().map(|turns| month(*turns, &assumed)).collect();
    shown::print(&if options.json { shown::json(&figures(&months, &assumed)) } else { table(&months, &assumed) });
}

fn month(turns: u32, assumed: &Assumed) -> Month {
    let bill = Bill::of(f64::from(turns), &Turn::ORDINARY, assumed);
    let Bill { door, responder, table, queue_and_logs, free_tier } = bill;
    Month { turns, door, responder, table, queue_and_logs, total: bill.total(), free_tier }
}

fn figures(months: &[Month], assumed: &Assumed) -> serde_json::Value {
    let standing: Vec<_> = standing().iter().map(|(what, dollars)| json!({"what": what, "dollars": dollars})).collect();
    json!({
        "prices_as_of": AS_OF, "region": "us-east-1", "currency": "USD", "architecture": "arm64",
        "ai_seconds": assumed.ai_seconds, "memory_mb": assumed.memory_mb,
        "months": months, "idle": {"turns": 0.0, "standing": standing, "besides": BESIDES},
    })
}

fn table(months: &[Month], assumed: &Assumed) -> String {
    let headings = ["turns a month", "door", "responder", "table", "queue, logs", "together", "free tier: not counted"];
    let headings = headings.map(str::to_owned);
    let rows: Vec<_> = std::iter::once(headings).chain(months.iter().map(row)).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<_> = (0..rows[0].len()).map(width).collect();
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}"));
        cells.collect::<Vec<_>>().join("  ")
    };
    let title = format!(
        "What AWS takes in a month: us-east-1, arm64, prices of {AS_OF}. An AI of {} s, {} MB, each message a turn and a batch of its own: the dearest way.\n\
         Not in it: the AI's tokens, which cost more than all of this, and Braze.\n",
        assumed.ai_seconds, assumed.memory_mb
    );
    let mut lines = vec![title];
    lines.extend(rows.iter().map(line));
    lines.push("\nWhile nobody writes, the door, the functions and the table's calls cost $0.00. What a stack costs all the same:\n".to_owned());
    lines.extend(standing().iter().map(|(what, cost)| format!("{:>8}  {what}", dollars(*cost))));
    lines.push("\nWhat else may be on the bill:\n".to_owned());
    lines.extend(BESIDES.map(|what| format!("  {what}")));
    lines.join("\n")
}

fn row(month: &Month) -> [String; 7] {
    let Month { turns, door, responder, table, queue_and_logs, total, free_tier } = month;
    let [door, responder, table, queue, total] =
        [door, responder, table, queue_and_logs, total].map(|cost| dollars(*cost));
    [grouped(*turns), door, responder, table, queue, total, format!("-{}", dollars(*free_tier))]
}

/// Less than a cent is shown as far as it matters.
fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.01 { format!("${amount:.4}") } else { format!("${amount:.2}") }
}

/// 10000000 as 10,000,000.
pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_people_read_them() {
        for (number, written) in [(1, "1"), (999, "999"), (1_000, "1,000"), (10_000_000, "10,000,000")] {
            assert_eq!(grouped(number), written);
        }
        for (amount, written) in [(0.0, "$0.00"), (0.0012, "$0.0012"), (0.8, "$0.80"), (117.449, "$117.45")] {
            assert_eq!(dollars(amount), written);
        }
    }

    #[test]
    fn an_ai_takes_a_time_that_lambda_allows() {
        for (text, seconds_read) in
            [("3", Some(3.0)), ("0.5", Some(0.5)), ("901", None), ("-1", None), ("NaN", None), ("soon", None)]
        {
            assert_eq!(seconds(text).ok(), seconds_read, "{text}");
        }
    }
}
