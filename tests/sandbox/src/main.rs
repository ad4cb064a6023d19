//! `cargo run`.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use sandbox::{Options, Program, Sandbox};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

#[tokio::main]
async fn main() -> ExitCode {
    let Program { deed, sandbox: options } = Program::parse();
    tell_what_goes_wrong();
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

/// Warnings go to standard error. Where the SDK found no credentials is not among them: that there are none is an error here.
fn tell_what_goes_wrong() {
    let told = Targets::new().with_default(LevelFilter::WARN).with_target("aws_config", LevelFilter::ERROR);
    let lines = tracing_subscriber::fmt::layer().with_target(false).with_writer(std::io::stderr);
    tracing_subscriber::registry().with(lines.with_filter(told)).init();
}

fn greet(sandbox: &Sandbox, options: &Options) {
    let url = sandbox.url();
    let greeting = format!(
        "sandbox ready at {url}\n  page      {url}\n  webhook   POST {url}/inbound\n            Authorization: Bearer {}\n  \
         agents    POST {url}/conversations/messages, /takeover, /release, /erase, /flows\n            Authorization: Bearer {}\n  \
         platforms POST {url}/conversations/answers\n            Authorization: Bearer {}\n  \
         stop      Ctrl-C",
        options.webhook_token,
        sandbox.agent_token(),
        sandbox.answers_token(),
    );
    let real = sandbox
        .real_braze()
        .map(|braze| format!("replies go to real people: every id you write as is looked up in {braze}"));
    let empty =
        "the bot knows no answer: no AI is set up, and no Markdown file stands in the assistant's knowledge folder";
    let unknown = sandbox.unknown_campaigns().iter().map(|id| {
        format!("simulated Braze has no campaign {id}, which assistant.toml names; --campaign {id} creates it there")
    });
    let warnings = real.into_iter().chain(sandbox.knows_nothing().then(|| empty.to_owned())).chain(unknown);
    let greeting = warnings.fold(greeting, |greeting, warning| greeting + "\n  CAREFUL   " + &warning);
    // Whoever reads the first line and closes the pipe has what they wanted.
    let _ = writeln!(std::io::stdout(), "{greeting}");
    if !options.no_open {
        // A machine without a browser has the line above.
        let _ = open::that_detached(url);
    }
}
