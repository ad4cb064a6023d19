#![doc = include_str!("../README.md")]

mod batch;
mod figures;
mod functions;
mod handshakes;
mod instructions;
mod launch;
mod limits;
mod outside;
mod peers;
mod size;
mod spread;
mod start;
mod table;
mod targets;
mod turn;
mod warm;

use std::env;
use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use endurance::growth::{self, Ingest};
use endurance::{Binaries, Unfit};
use serde_json::json;

use figures::{Figure, Unit};
use functions::{Answering, Functions};
use instructions::Instructions;
use limits::Gates;

/// What the functions cost beside one that does nothing. Exit code 1 if an instruction count is above its limit, 2 if the
/// run could not be made.
#[derive(Debug, Parser)]
struct Program {
    #[command(subcommand)]
    run: Option<Run>,
    /// How often each function is started.
    #[arg(long, default_value_t = 20)]
    starts: usize,
    /// Warm webhooks of a round, in fifties.
    #[arg(long, default_value_t = 1_000)]
    webhooks: usize,
    /// Batches of ten.
    #[arg(long, default_value_t = 10)]
    batches: usize,
    /// Invocations after which memory must not have grown; the target is meant for 100,000, which take minutes.
    #[arg(long)]
    growth: Option<usize>,
    /// Compare the door with the same work in Python and in Node, which are installed for it.
    #[arg(long)]
    peers: bool,
    /// Print a Markdown table.
    #[arg(long, global = true, conflicts_with = "json")]
    markdown: bool,
    /// Print the figures as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Run {
    /// Only the instruction counts of our functions, and whether they are within their limits.
    Gate,
}

#[tokio::main]
async fn main() -> ExitCode {
    let program = Program::parse();
    let figures = match program.run {
        Some(Run::Gate) => gate().await,
        None => everything(&program).await,
    };
    match figures {
        Ok(figures) => {
            // Whoever closed the pipe has read what they wanted.
            let _ = std::io::stdout().write_all(shown(&program, &figures).as_bytes());
            if figures.iter().any(Figure::breaks_its_limit) { ExitCode::from(1) } else { ExitCode::SUCCESS }
        }
        Err(unfit) => {
            eprintln!("error: {unfit}");
            ExitCode::from(2)
        }
    }
}

fn shown(program: &Program, figures: &[Figure]) -> String {
    if program.json {
        let figures: Vec<_> = figures.iter().map(Figure::json).collect();
        return format!("{:#}\n", json!({"build": build(), "figures": figures}));
    }
    let table = if program.markdown { table::markdown(figures) } else { table::terminal(figures) };
    format!("Build: {}.\n\n{table}", build())
}

/// How the functions were built.
fn build() -> String {
    let set = |name: &str, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.to_owned());
    match env::var("FUNCTIONS") {
        Ok(folder) => format!("the functions in {folder}"),
        Err(_) if cfg!(debug_assertions) => "dev, which is not what is shipped".to_owned(),
        Err(_) => format!(
            "release, lto {}, codegen units {}",
            set("CARGO_PROFILE_RELEASE_LTO", "fat"),
            set("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        ),
    }
}

async fn gate() -> Result<Vec<Figure>, Unfit> {
    counted(&blocking(Binaries::built).await?).await
}

async fn everything(program: &Program) -> Result<Vec<Figure>, Unfit> {
    let functions = blocking(Functions::built).await?;
    progress("starts and first invocations");
    let mut figures = start::measure(&functions, program.starts).await?;
    figures.extend(counted(&functions.ours).await?);
    progress("handshakes");
    figures.extend(handshakes::measure(&functions, program.starts).await?);
    progress("warm webhooks");
    figures.extend(warm::measure(&functions, program.webhooks.next_multiple_of(50)).await?);
    if program.peers {
        progress("the door in Python and in Node");
        figures.extend(peers::measure(&functions, program.starts, program.webhooks).await?);
    }
    progress("batches of ten");
    figures.extend(batch::measure(&functions, program.batches).await?);
    progress("units and calls of a turn");
    figures.extend(turn::measure(&functions).await?);
    progress("bytes");
    figures.extend(size::measure(&functions).await?);
    figures.extend(grown(program.growth).await?);
    Ok(figures)
}

async fn counted(binaries: &Binaries) -> Result<Vec<Figure>, Unfit> {
    if let Err(reason) = instructions::available().await {
        return Ok([limits::INGEST, limits::RESPONDER].iter().flat_map(|gates| gates.judge(Err(&reason))).collect());
    }
    progress("instructions of ingest");
    let ingest = within(limits::INGEST, async || {
        instructions::count(&binaries.ingest, async || Ok(Ingest::surroundings().await)).await
    });
    let ingest = ingest.await?;
    progress("instructions of the responder");
    let responder = within(limits::RESPONDER, async || {
        instructions::count(&binaries.responder, async || Ok(Answering::at_once().await?.subject)).await
    });
    Ok([ingest, responder.await?].concat())
}

/// How often a function is counted before its gate is shut: on a busy machine it waits in more pieces, a tenth more at times, and the
/// least is what it takes.
const COUNTS: usize = 4;

/// Counts until the least is within the limits.
async fn within(gates: Gates, count: impl AsyncFn() -> Result<Instructions, Unfit>) -> Result<[Figure; 2], Unfit> {
    let mut counted = count().await?;
    for _ in 1..COUNTS {
        if !gates.judge(Ok(counted)).iter().any(Figure::breaks_its_limit) {
            break;
        }
        progress("once more, as that is above its limit");
        counted = counted.least(count().await?);
    }
    Ok(gates.judge(Ok(counted)))
}

async fn grown(invocations: Option<usize>) -> Result<Vec<Figure>, Unfit> {
    let name = |function: &str| format!("{function}: growth after the warm-up");
    let Some(invocations) = invocations else {
        let figure = |function| Figure::missing(name(function), Unit::KiB, "ask with --growth 100000");
        return Ok(["ingest", "responder"].map(|function| figure(function).target(targets::GROWTH)).to_vec());
    };
    progress("growth");
    let report = growth::run(&growth::Options { invocations, only: None }, |line| progress(&line)).await?;
    let figure = |function: &str| {
        let grown = report.value(&name(function)).and_then(serde_json::Value::as_f64);
        let grown = grown.ok_or_else(|| Unfit::new("growth was not measured"))?;
        Ok(Figure::new(name(function), Unit::KiB, grown).target(targets::GROWTH))
    };
    ["ingest", "responder"].into_iter().map(figure).collect()
}

async fn blocking<T: Send + 'static>(work: fn() -> Result<T, Unfit>) -> Result<T, Unfit> {
    tokio::task::spawn_blocking(work).await.map_err(|error| Unfit::new(error.to_string()))?
}

fn progress(what: &str) {
    eprintln!("  {what}");
}
