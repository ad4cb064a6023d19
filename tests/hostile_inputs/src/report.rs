//! What the program prints.
#![expect(clippy::print_stdout, reason = "a program that prints")]

use std::time::Instant;

use hostile_inputs::cases::Table;
use hostile_inputs::frames::{self, Tally};
use hostile_inputs::not_built::{ELSEWHERE, NOT_BUILT};
use hostile_inputs::timing::{self, Measured};
use hostile_inputs::{Known, Outcome};

use crate::options::Options;

/// The value of |t| that nobody takes for chance.
const SEEN: f64 = 4.5;

/// The table: whether it holds.
pub(crate) fn table(table: &Table, outcome: &Outcome) -> bool {
    for class in &table.classes {
        println!("{:>5}  {}", class.cases(), class.title());
    }
    println!("\n{:>5}  cases in {} classes, {} runs", table.cases(), table.classes.len(), outcome.runs);
    println!("{:>5}  did not come out as they must", outcome.deviations.len());
    println!("{:>5}  cases marked as a known defect of the product", outcome.defects.len());
    println!(
        "{:>5}  cases marked as a limit: what arrives does not say which of two things was meant",
        outcome.limits.len()
    );
    for deviation in &outcome.deviations {
        println!("\nDEVIATION {deviation}");
    }
    for (what, known) in [("Known defects", &outcome.defects), ("Limits", &outcome.limits)] {
        println!("\n{what}:");
        for Known { case, why, runs } in known {
            println!("  {case} (×{runs})\n      {why}");
        }
    }
    for (what, rows) in [("Not built", &NOT_BUILT[..]), ("Shown elsewhere", &ELSEWHERE)] {
        println!("\n{what}:");
        for (row, why) in rows {
            println!("  {row:<12} {why}");
        }
    }
    let kept = outcome.deviations.is_empty();
    println!();
    if kept {
        let (cases, limits) = (table.cases(), outcome.limits.len());
        println!(
            "kept: {cases} cases came out as expected, {limits} of them as limits, {} as defects",
            outcome.defects.len()
        );
    } else {
        println!("BROKEN: {} runs did not come out as they must", outcome.deviations.len());
    }
    kept
}

/// Random hostile texts: whether our reader read them all.
pub(crate) fn frames(options: &Options, frames: u64) -> bool {
    let start = Instant::now();
    let report = frames::run(frames, options.seed, |done| {
        eprintln!("{done} of {frames} texts, {:.0} a second", per_second(done, start));
    });
    println!("{frames} random hostile texts (seed {}), each read in every template\n", options.seed);
    println!("{:<54} {:>20} {:>20} {:>20}", "", "unreadable", "changed", "wrong user");
    for (title, ours, plain) in [
        ("documented template", report.documented, report.documented_plain),
        ("recommended template", report.escaped, report.escaped_plain),
        ("recommended template, json_escape does nothing", report.unescaped, report.unescaped_plain),
    ] {
        println!("{title}");
        print_tally("  our reader", ours);
        print_tally("  a plain JSON parser", plain);
    }
    println!("\n{:.1} s, {:.0} texts a second", start.elapsed().as_secs_f64(), per_second(frames, start));
    println!(
        "A body can count as changed and as a wrong user's. What our reader changed where json_escape does nothing looks like \
         JSON's own escapes or like keys that a brand has added, and such a body would mean it; of {} that cannot be said.",
        report.unescaped.unexplained
    );
    let kept = report.is_kept();
    let broken = "BROKEN: our reader did not read every text as it was written, see above";
    println!("{}", if kept { "kept: our reader changed nothing and moved nobody" } else { broken });
    kept
}

fn print_tally(who: &str, tally: Tally) {
    let figure = |count: u64| format!("{count} ({:.3} %)", percent(count, tally.frames));
    let (unreadable, changed, wrong_user) = (figure(tally.unreadable), figure(tally.changed), figure(tally.wrong_user));
    println!("{who:<54} {unreadable:>20} {changed:>20} {wrong_user:>20}");
}

/// How long wrong tokens take.
pub(crate) async fn timing(options: &Options) {
    println!(
        "{} requests with a wrong token, in random order: half go wrong at the first byte, half at the last\n",
        options.requests
    );
    let measured = timing::measure(options.requests, options.seed).await;
    for (title, measured) in &measured {
        println!("{title}");
        print_times("all of them", measured);
        print_times("without the slowest 5 %", &measured.cropped());
        println!();
    }
    let [door, leak] = measured.map(|(_, measured)| measured.cropped().t().abs());
    println!("{}", verdict(door, leak));
}

fn print_times(which: &str, measured: &Measured) {
    let (first, last) = (measured.first.mean(), measured.last.mean());
    println!("  {which:<24} first {first:.1} ns, last {last:.1} ns, Welch's t = {:.2}", measured.t());
}

/// What the two measurements together say, and no more.
fn verdict(door: f64, leak: f64) -> &'static str {
    match (door > SEEN, leak > SEEN) {
        (_, false) => "This machine is too busy: not even the comparison that stops early shows. Nothing can be said.",
        (false, true) => {
            "No difference was seen (|t| without the slowest stays under 4.5), and one of some nanoseconds would have been. \
             That is no proof that there is none."
        }
        (true, true) => {
            "A difference was seen (|t| without the slowest is over 4.5). Once in a while chance does that; with other \
             seeds too, it would be a leak."
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures to be read")]
fn percent(count: u64, of: u64) -> f64 {
    100.0 * count as f64 / of.max(1) as f64
}

#[expect(clippy::cast_precision_loss, reason = "figures to be read")]
fn per_second(count: u64, start: Instant) -> f64 {
    count as f64 / start.elapsed().as_secs_f64()
}
