//! `cargo run`.

use std::process::ExitCode;

use clap::Parser as _;
use sandbox::{Options, Sandbox};
use tracing::level_filters::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_target(false).with_writer(std::io::stderr).init();
    match Sandbox::start(&options).await {
        Ok(sandbox) => {
            greet(&sandbox, &options);
            // Until it is told to stop. If that cannot be waited for, it stops at once and says so by ending.
            let _ = tokio::signal::ctrl_c().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "this is what the terminal is for")]
fn greet(sandbox: &Sandbox, options: &Options) {
    println!("sandbox ready at {}", sandbox.url());
    println!("  webhook   POST {}/inbound", sandbox.url());
    println!("  token     Authorization: Bearer {}", options.webhook_token);
    println!("  stop      Ctrl-C");
    if !options.no_open {
        // A machine without a browser has the line above.
        let _ = open::that_detached(sandbox.url());
    }
}
