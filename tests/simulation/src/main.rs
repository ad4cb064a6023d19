//! `cargo run -p simulation`: ten thousand conversations against everything that can go wrong; with `sweep`, every pair of
//! faults on one message.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use responder::OnUnknown;
use simulation::ceiling::{CALLS_PER_HOUR, Ceiling};
use simulation::{Figure, Figures, Run, Told, shrink, sweep};

mod shown;

use shown::{News, checked, say, verdict};

/// Worlds that every run sees, apart from those of its own seed.
const PINNED: u64 = 100;

/// Runs seeded worlds in virtual time, in which real ingest and responder code serves people who write, while machines die,
/// freeze and disagree about the time, and the queue, the table, the AI and Braze fail in every way there is. Each promise is
/// checked after every step. The first hundred worlds are pinned, the others come from a fresh seed. The last line says whether
/// every promise held; exit code 1 says that one did not.
#[derive(Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Options {
    #[command(subcommand)]
    command: Option<Command>,
    /// Run until there were this many conversations, with at least five times as many messages.
    #[arg(long, default_value = "10000")]
    conversations: NonZeroUsize,
    /// The seed of the worlds that are not pinned; a fresh one if not given.
    #[arg(long)]
    seed: Option<u64>,
    /// Go on after a world that breaks a promise, and list all of them.
    #[arg(long)]
    keep_going: bool,
    /// Run only this world, and print what happened in it.
    #[arg(long, conflicts_with_all = ["conversations", "seed", "keep_going"])]
    world: Option<u64>,
}

#[derive(Subcommand)]
enum Command {
    /// Sends as many replies a second as you like through a workspace's request limit, alone and together, with an AI that takes
    /// three seconds on average. What is refused is what comes once the limit is used up.
    Ceiling {
        /// Conversations in want of a reply, in every second.
        #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(1..))]
        replies: u32,
        /// The most conversations that one machine works on at once, as the template's parameter Batch.
        #[arg(long, default_value_t = 250, value_parser = clap::value_parser!(u32).range(1..))]
        batch: u32,
        /// The most batches at once, as the template's parameter Concurrency.
        #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..))]
        machines: u32,
        /// The last so many minutes of an hour, with the share of the limit that belongs to them. Of a few minutes the first
        /// seconds, in which nobody knows yet that the limit is near, take a large part.
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=60))]
        minutes: u32,
    },
    /// Breaks one message at every two places in every two ways, under both policies, in virtual time.
    Sweep {
        /// Only one pair in so many.
        #[arg(long, default_value = "1")]
        share: NonZeroUsize,
    },
}

fn main() -> ExitCode {
    let options = Options::parse();
    match (&options.command, options.world) {
        (Some(Command::Sweep { share }), _) => sweep_pairs(*share),
        (Some(Command::Ceiling { replies, batch, machines, minutes }), _) => {
            let (per_second, minutes) = (*replies, *minutes);
            let (batch, machines) = (*batch as usize, *machines as usize);
            passes(Ceiling { per_second, batch, machines, minutes, shares: true, seed: 1 })
        }
        (None, Some(world)) => one(world),
        (None, None) => many(&options),
    }
}

/// Every pair of faults on one question; the two policies beside each other.
fn sweep_pairs(share: NonZeroUsize) -> ExitCode {
    let (started, news) = (Instant::now(), News::default());
    let played = |on_unknown| {
        let (mut count, mut broken) = (0, None);
        sweep::pairs(sweep::SCRIPTS[0], on_unknown, share.get(), |faults, played| {
            count += 1;
            news.tell(format_args!("{on_unknown:?}: {count} pairs"));
            if !played.violations.is_empty() {
                broken = Some(format!("{on_unknown:?}: {faults:?} broke {:#?}", played.violations));
            }
            broken.is_none()
        });
        (count, broken)
    };
    let (resend, flag) = std::thread::scope(|scope| {
        let resend = scope.spawn(|| played(OnUnknown::ResendOnce));
        (played(OnUnknown::Flag), resend.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    });
    if resend.0 == 0 || flag.0 == 0 {
        say(format_args!("no pair was played: there are fewer than {share}"));
        return ExitCode::from(2);
    }
    let played = resend.0 + flag.0;
    say(format_args!("pairs of faults       {played}"));
    say(format_args!("seconds               {}", started.elapsed().as_secs()));
    for broken in [&resend.1, &flag.1].into_iter().flatten() {
        say(broken);
    }
    let broken = [resend.1, flag.1].into_iter().flatten().count();
    verdict(broken, format_args!("{played} plays of one question, two faults in each"))
}

/// What gets through Braze's limit, alone and together.
fn passes(ceiling: Ceiling) -> ExitCode {
    let seconds = u64::from(ceiling.minutes) * 60;
    say(format_args!(
        "{CALLS_PER_HOUR} calls an hour, {} replies a second wanted, {} machines with up to {} conversations each,",
        ceiling.per_second, ceiling.machines, ceiling.batch
    ));
    say(format_args!("for {} minutes:", ceiling.minutes));
    for (how, shares) in [("alone", false), ("together", true)] {
        let started = Instant::now();
        let passed = Ceiling { shares, ..ceiling }.play();
        say(format_args!("{how}"));
        say(format_args!("  accepted, a second    {}", passed.accepted / seconds));
        say(format_args!("  refused, a second     {}", passed.refused / seconds));
        say(format_args!("  replies in a call     {:.1}", ratio(passed.accepted, passed.calls)));
        say(format_args!("  calls, and left       {}, {}", passed.calls, passed.left));
        say(format_args!("  not begun in the end  {}", passed.waiting));
        say(format_args!(
            "  wait for Braze        half {} ms, p99 {} ms",
            passed.wait(50).as_millis(),
            passed.wait(99).as_millis()
        ));
        say(format_args!("  seconds to play       {}", started.elapsed().as_secs()));
    }
    ExitCode::SUCCESS
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than a float can hold")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / (b.max(1)) as f64
}

fn one(world: u64) -> ExitCode {
    let told = Run { keep_trace: true, ..Run::of(world) }.tell();
    say(format_args!("{}\n{}", told.trace.join("\n"), told.figures));
    if told.violations.is_empty() { verdict(0, checked(1, &told.figures)) } else { failed(world, &told) }
}

fn many(options: &Options) -> ExitCode {
    let fresh = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_secs());
    let seed = options.seed.unwrap_or_else(fresh);
    say(format_args!("seed {seed}"));
    let (started, news) = (Instant::now(), News::default());
    let (next, tally) = (AtomicU64::new(0), Mutex::new(Tally::of(options.conversations.get())));
    let broken = Mutex::new(Vec::new());
    let goes_on = || options.keep_going || broken.lock().is_ok_and(|broken| broken.is_empty());
    // Where somebody panicked, nothing is counted any more.
    let is_enough = || tally.lock().map_or(true, |tally| tally.is_enough());
    let work = || {
        while !is_enough() && goes_on() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let world = if number < PINNED { number } else { seed.wrapping_mul(1_000_000).wrapping_add(number) };
            let told = Run::of(world).tell();
            if let Ok(mut tally) = tally.lock() {
                tally.add(number, &told.figures);
                news.tell(progress(&tally.sum, options.conversations.get()));
            }
            if !told.violations.is_empty()
                && let Ok(mut broken) = broken.lock()
            {
                broken.push((world, told));
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let broken = broken.into_inner().unwrap_or_default();
    if let ([(world, told), ..], false) = (broken.as_slice(), options.keep_going) {
        return failed(*world, told);
    }
    for (world, told) in &broken {
        say(format_args!("world {world} broke {:?}", told.violations));
    }
    let Ok(Tally { sum: figures, worlds, .. }) = tally.into_inner() else { return ExitCode::FAILURE };
    say(format_args!("worlds                {worlds}\n{figures}"));
    say(format_args!("seconds               {}", started.elapsed().as_secs()));
    verdict(broken.len(), checked(worlds, &figures))
}

/// The figures of the first worlds, and of no more than are needed: the same of the same seed, however many play at once.
struct Tally {
    conversations: usize,
    sum: Figures,
    worlds: usize,
    /// Of worlds before which one is not over yet.
    ahead: BTreeMap<u64, Figures>,
}

impl Tally {
    fn of(conversations: usize) -> Self {
        Self { conversations, sum: Figures::default(), worlds: 0, ahead: BTreeMap::new() }
    }

    fn is_enough(&self) -> bool {
        let [conversations, messages] = [Figure::Conversations, Figure::Accepted].map(|figure| self.sum.get(figure));
        conversations >= self.conversations && messages >= 5 * self.conversations
    }

    fn add(&mut self, number: u64, figures: &Figures) {
        self.ahead.insert(number, *figures);
        while !self.is_enough()
            && let Some(figures) = self.ahead.remove(&(self.worlds as u64))
        {
            self.sum.add(&figures);
            self.worlds += 1;
        }
    }
}

fn progress(sum: &Figures, conversations: usize) -> String {
    let share = (100 * sum.get(Figure::Conversations) / conversations).min(100);
    format!("{share:>3} %  {} messages, {} faults", sum.get(Figure::Accepted), sum.get(Figure::Faults))
}

/// Prints what was broken, with the shortest list of faults that breaks it.
fn failed(world: u64, told: &Told) -> ExitCode {
    say(format_args!("world {world} broke {:#?}", told.violations));
    let (run, told) = shrink(&Run::of(world), told);
    say(told.trace.join("\n"));
    say("shortest list of faults:");
    for (effect, fault) in run.faults.unwrap_or_default() {
        say(format_args!("  {effect}: {fault:?}"));
    }
    say(format_args!("then: {:#?}", told.violations));
    say(format_args!("BROKEN; again with: cargo run -p simulation -- --world {world}"));
    ExitCode::FAILURE
}
