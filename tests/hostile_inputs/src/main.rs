//! `cargo run --release -p hostile_inputs`.

use std::process::ExitCode;

use clap::Parser as _;
use hostile_inputs::cases::Table;

mod options;
mod report;

use options::Options;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    let mut kept = true;
    match (options.frames, options.timing) {
        (None, false) => {
            let table = Table::read();
            kept &= report::table(&table, &hostile_inputs::run(&table).await);
        }
        (frames, timing) => {
            if let Some(frames) = frames {
                kept &= report::frames(&options, frames);
            }
            if timing {
                report::timing(&options).await;
            }
        }
    }
    if kept { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
