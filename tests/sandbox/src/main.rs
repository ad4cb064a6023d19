//! `cargo run`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use sandbox::{Options, Program, Sandbox};
use tracing::level_filters::LevelFilter;

#[tokio::main]
async fn main() -> ExitCode {
    let Program { deed, sandbox: options } = Program::parse();
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_target(false).with_writer(std::io::stderr).init();
    if let Some(deed) = deed {
        return deed.run().await;
    }
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

fn greet(sandbox: &Sandbox, options: &Options) {
    let url = sandbox.url();
    let greeting = format!(
        "sandbox ready at {url}\n  page      {url}\n  webhook   POST {url}/inbound\n            Authorization: Bearer {}\n  \
         agents    POST {url}/conversations/messages, /takeover, /release, /erase\n            Authorization: Bearer {}\n  \
         stop      Ctrl-C",
        options.webhook_token,
        sandbox.agent_token(),
    );
    let warning = sandbox
        .real_braze()
        .map(|braze| format!("\n  CAREFUL   replies go to real people: every id you write as is looked up in {braze}"));
    let greeting = greeting + warning.as_deref().unwrap_or_default();
    // Whoever reads the first line and closes the pipe has what they wanted.
    let _ = writeln!(std::io::stdout(), "{greeting}");
    if !options.no_open {
        // A machine without a browser has the line above.
        let _ = open::that_detached(url);
    }
}
