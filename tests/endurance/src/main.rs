//! The program: kills, load and growth.

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use endurance::{Report, Unfit, burst, growth, kills};

/// What the functions do when they are killed, loaded and run for long. Their binaries are built first, as this program was; if
/// the environment names a folder that `sam build` made (FUNCTIONS=.aws-sam/build), those in it are taken. Exit code 1 if a
/// promise is broken, 2 if the run could not be made.
#[derive(Debug, Parser)]
struct Program {
    #[command(subcommand)]
    run: Run,
    /// Print the figures as JSON.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Run {
    Kills(kills::Options),
    Burst(burst::Options),
    Growth(growth::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let Program { run, json } = Program::parse();
    match carry_out(run).await {
        Ok(report) => {
            let text = if json { format!("{:#}\n", report.json()) } else { report.text() };
            // Whoever closed the pipe has read what they wanted.
            let _ = std::io::stdout().write_all(text.as_bytes());
            if report.broken_promises().is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(unfit) => {
            eprintln!("error: {unfit}");
            ExitCode::from(2)
        }
    }
}

async fn carry_out(run: Run) -> Result<Report, Unfit> {
    let progress = |line: String| eprintln!("  {line}");
    match run {
        Run::Kills(options) => kills::run(options, progress).await,
        Run::Burst(options) => burst::run(&options, progress).await,
        Run::Growth(options) => growth::run(&options, progress).await,
    }
}
