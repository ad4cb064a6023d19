//! `cargo run -- replay`.

mod letters;
mod report;
mod round;
mod verdict;

use platform::aws::SqsQueue;
use platform::clock::SystemClock;

use super::progress::Progress;
use super::{Misuse, deployed, shown};
use letters::SqsLetters;
use report::Report;
use round::Round;

/// Which dead letters, and what is to be done about them.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The work queue, where users' messages go again: WorkQueueUrl of the stack's outputs
    #[arg(long, env = "QUEUE_URL", value_name = "URL")]
    queue: String,

    /// The queue where agents' wishes go again: AgentQueueUrl; the work queue if left out, which is only slower
    #[arg(long, env = "AGENT_QUEUE_URL", value_name = "URL")]
    agent_queue: Option<String>,

    /// The dead letters: DeadLetterQueueUrl
    #[arg(long, env = "DEAD_LETTER_QUEUE_URL", value_name = "URL")]
    dead_letters: String,

    /// The table of conversations: TableName
    #[arg(long, env = "TABLE_NAME", value_name = "NAME")]
    table: String,

    /// The assistant that is deployed, for its keywords: a file, s3://bucket/key or ssm:/parameter/name; the packed one if left
    /// out
    #[arg(long, env = "ASSISTANT_CONFIG", value_name = "PLACE")]
    assistant: Option<String>,

    /// Show what would be done, and do nothing; so it is without --send, too
    #[arg(long, conflicts_with = "send")]
    dry_run: bool,

    /// Do it
    #[arg(long)]
    send: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Whether nothing is left, or would be, that a person has to look at.
pub(super) async fn run(options: &Options) -> Result<bool, Misuse> {
    let http = platform::http::client().map_err(|error| Misuse(error.to_string()))?;
    let files = deployed::assistant(options.assistant.as_deref(), &http).await?;
    let files = files.map_err(|error| Misuse(format!("{error}\n`cargo run -- check` tells more")))?;
    let keywords = &files.assistant.keywords;
    let aws = deployed::aws().await?;
    let work = SqsQueue::new(&aws, &options.queue);
    let agents = work.beside(options.agent_queue.as_ref().unwrap_or(&options.queue));
    let round = Round {
        letters: &SqsLetters::new(&aws, &options.dead_letters),
        work: &work,
        agents: &agents,
        store: &deployed::table(&aws, &options.table),
        clock: &SystemClock,
        wishes: &[&keywords.opt_out, &keywords.opt_in],
        send: options.send,
    };
    let progress = Progress::of(options.json);
    let gone = round.go(&|at| progress.tell(at)).await;
    progress.end();
    match gone {
        Ok(judged) => {
            let report = Report::new(&judged, options.send);
            shown::print(&if options.json { shown::json(&report) } else { report.to_string() });
            Ok(report.healthy)
        }
        Err(error) => {
            eprintln!("error: the dead letters cannot be read: {error}. {}", deployed::CREDENTIALS);
            Ok(false)
        }
    }
}
