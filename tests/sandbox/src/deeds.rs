//! What the program does besides running the sandbox.
#![expect(clippy::doc_markdown, reason = "these comments are the help text")]

mod check;
mod completion;
mod costs;
mod deployed;
mod doctor;
mod erase;
mod paint;
mod progress;
mod replay;
mod scale;
mod secrets;
mod shown;
mod transcript;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::Options;
pub(crate) use deployed::CREDENTIALS;

/// Dragoman on one machine: the real functions on embedded parts, with Braze, WhatsApp and the AI simulated, and a page to
/// chat on. No account and no key is needed.
///
/// Braze's webhook is POST /inbound with the token `sandbox`; agents answer by POST /conversations/messages, /takeover,
/// /release and /erase with the token `agent`, and on the page; with that token other systems start flows by
/// /conversations/flows, and a bot platform that answers later does so by /conversations/answers.
///
/// A real AI answers if AI_BASE_URL and AI_MODEL are set (and AI_API_KEY, if it wants one; AI_BACKEND says which interface
/// it has), or AI_BACKEND=bedrock, AI_MODEL, AWS_REGION and your AWS credentials. A key that the assistant names, such as
/// key = "claude_key", is taken from the variable of that name in capitals: CLAUDE_KEY. Replies go to a real Braze workspace
/// if BRAZE_ENDPOINT, BRAZE_CAMPAIGN_ID and BRAZE_API_KEY are set.
#[derive(Debug, Parser)]
#[command(name = "dragoman-sandbox", bin_name = "cargo run --", version, verbatim_doc_comment)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Program {
    /// What to do instead of running the sandbox.
    #[command(subcommand)]
    pub deed: Option<Deed>,
    /// How to run the sandbox.
    #[command(flatten)]
    pub sandbox: Options,
}

const DOCTOR_EXAMPLES: &str = r"Examples:
    export WEBHOOK_TOKEN=… BRAZE_API_KEY=…
    cargo run -- doctor --url https://….amazonaws.com/inbound --braze-endpoint https://rest.fra-01.braze.eu \
                        --reply-campaign … --inbound-campaign …
    cargo run -- doctor --sandbox          # the sandbox that runs on this machine";

const CHECK_EXAMPLES: &str = r"Examples:
    cargo run -- check                                       # the assistant that is packed into the function
    cargo run -- check --assistant shop/assistant.toml
    cargo run -- check --assistant s3://bucket/assistant.toml   # or ssm:/name, with AWS_REGION and your AWS credentials
    cargo run -- check --body body.liquid                    # what stands in the campaign's Raw text
    cargo run -- check --schema > assistant.schema.json      # for editors: #:schema ./assistant.schema.json heads the file";

const REPLAY_EXAMPLES: &str = r"Examples:
    export AWS_REGION=eu-central-1     # and your AWS credentials
    cargo run -- replay --queue <WorkQueueUrl> --agent-queue <AgentQueueUrl> --dead-letters <DeadLetterQueueUrl> \
                        --table <TableName>              # shows what would be done
    cargo run -- replay … --send                         # does it";

const TRANSCRIPT_EXAMPLES: &str = r"Examples:
    export AWS_REGION=eu-central-1     # and your AWS credentials
    cargo run -- transcript user:42 --table <TableName>";

const ERASE_EXAMPLES: &str = r"Examples:
    export AGENT_TOKEN=…
    cargo run -- erase user:42 --url <ConversationsUrl>";

const COSTS_EXAMPLES: &str = r"Examples:
    cargo run -- costs
    cargo run -- costs --turns 50000 --turns 200000 --ai-seconds 6 --memory 256";

const SCALE_EXAMPLES: &str = r"Examples:
    cargo run -- scale
    cargo run -- scale --conversations 3000 --ai-seconds 6 --batch 50";

const COMPLETION_EXAMPLES: &str = r"Examples:
    alias dragoman='cargo run --quiet --'
    source <(dragoman completion bash)                   # or zsh
    dragoman completion fish | source";

/// What to do instead of running the sandbox.
#[derive(Debug, Subcommand)]
pub enum Deed {
    /// Look at a deployed set-up of Braze and Dragoman, and say what to click
    ///
    /// It says in plain words what is wrong, what customers notice of it, and what to click. Nothing is changed, and nothing is
    /// sent unless --send-to says so.
    ///
    /// It shows the deployed door what customers write at their worst (quotation marks, line breaks, emoji, right-to-left text, no
    /// external id, an attempt to write as somebody else) and hears what was understood; nothing of that is queued. It asks
    /// Braze whether the key may do what it has to, and what both campaigns are. What Braze tells no program it asks you.
    ///
    /// Secrets are never taken from the command line. They come from the environment, or from --secrets: WEBHOOK_TOKEN (webhook_token
    /// of the ingest secret), BRAZE_API_KEY (braze_api_key of the responder's), and BRAZE_DETAILS_KEY, a key with the permission
    /// campaigns.details alone, if the other one rightly has not got it.
    ///
    /// The exit code is 0 if there is no error, 1 if there is one, 2 if it was called in a wrong way. Warnings alone are 0.
    #[command(verbatim_doc_comment, after_long_help = DOCTOR_EXAMPLES)]
    Doctor(doctor::Options),
    /// Check an assistant.toml and a webhook body before they are deployed
    ///
    /// Of an assistant.toml and its knowledge it checks all that the responder checks at its start, of the body of a webhook
    /// campaign every trap that can be seen.
    ///
    /// The exit code is 0 if there is no error, 1 if there is one, 2 if it was called in a wrong way. Warnings alone are 0.
    #[command(verbatim_doc_comment, after_long_help = CHECK_EXAMPLES)]
    Check(check::Options),
    /// Look at the dead letters, and send again what can still be answered
    ///
    /// Each letter is looked at anew: it is sent again if it is less than a day old, if nobody has answered it meanwhile, and if
    /// its user wants to hear from the bot. Where a person has the conversation it goes to that person, however old it is, and so
    /// it is with a STOP, which holds however late it comes. What was done or is wanted no more is deleted. What is too old to be
    /// answered stays, for a person to look at.
    ///
    /// Without --send nothing is done: it shows how many letters there are of each kind, and one line for each, with the id that
    /// follows it through the logs and no word, name or number of anybody. While it looks, the letters are hidden from others.
    ///
    /// Region and credentials are those of the environment; they need sqs:ReceiveMessage, sqs:DeleteMessage and
    /// sqs:ChangeMessageVisibility on the dead letters, sqs:SendMessage on both queues, and dynamodb:GetItem and
    /// dynamodb:BatchGetItem on the table.
    ///
    /// The exit code is 0 if nothing is left (or would be) that a person has to look at, 1 if something is or a call failed, 2 if it
    /// was called in a wrong way.
    #[command(verbatim_doc_comment, after_long_help = REPLAY_EXAMPLES)]
    Replay(replay::Options),
    /// Print what was said in one conversation
    ///
    /// CAREFUL: this prints a customer's words, on purpose. Everything else here keeps them to itself.
    ///
    /// Who said what and when, oldest first, as far as the table still has it: thirty days. Region and credentials are those of the
    /// environment; they need dynamodb:GetItem, dynamodb:BatchGetItem and dynamodb:Query on the table.
    ///
    /// The exit code is 0 if there is such a conversation, 1 if there is none or it cannot be read, 2 if it was called in a wrong way.
    #[command(verbatim_doc_comment, after_long_help = TRANSCRIPT_EXAMPLES)]
    Transcript(transcript::Options),
    /// Forget a customer, and what was said
    ///
    /// It asks the deployed door, which takes the agent's token: AGENT_TOKEN in the environment, or agent_token in --secrets; never on
    /// the command line. The user is forgotten under every key they are known by here. Braze and its logs keep their own, and so do
    /// dead letters until they are gone. Repeating it does no harm.
    ///
    /// The exit code is 0 if the door has taken it, 1 if it has not, 2 if it was called in a wrong way.
    #[command(verbatim_doc_comment, after_long_help = ERASE_EXAMPLES)]
    Erase(erase::Options),
    /// Say what AWS takes in a month
    ///
    /// What is counted for an ordinary turn, at AWS's prices, which it dates: an estimate to plan with, before free tiers. What the free
    /// tier would take off stands beside it. Nobody is asked, and no account is needed. The AI's tokens are not in it: look at the
    /// metrics AiInputTokens and AiOutputTokens.
    ///
    /// The exit code is 0, or 2 if it was called in a wrong way.
    #[command(verbatim_doc_comment, after_long_help = COSTS_EXAMPLES)]
    Costs(costs::Options),
    /// Say what many conversations at once ask for, and what is in the way first
    ///
    /// For each part of a message's way: what is asked of it, what an account's default quotas and this template give, and what to turn where that is
    /// too little. Nobody is asked, and no account is needed. What does not fit waits in the queue.
    ///
    /// The exit code is 0, or 2 if it was called in a wrong way.
    #[command(verbatim_doc_comment, after_long_help = SCALE_EXAMPLES)]
    Scale(scale::Options),
    /// Print a script that lets a shell complete these commands
    ///
    /// No shell completes `cargo run --`: give it a name, dragoman, as below.
    ///
    /// The exit code is 0, or 2 if it was called in a wrong way.
    #[command(verbatim_doc_comment, after_long_help = COMPLETION_EXAMPLES)]
    Completion(completion::Options),
}

impl Deed {
    /// Does it; how the process ends: 0 if all is right, 1 if something is wrong, 2 if it was called in a wrong way.
    pub async fn run(&self) -> ExitCode {
        let done = match self {
            Self::Doctor(options) => doctor::run(options).await,
            Self::Check(options) => check::run(options).await,
            Self::Replay(options) => replay::run(options).await,
            Self::Transcript(options) => transcript::run(options).await,
            Self::Erase(options) => erase::run(options).await,
            Self::Costs(options) => {
                costs::run(options);
                Ok(true)
            }
            Self::Scale(options) => {
                scale::run(options);
                Ok(true)
            }
            Self::Completion(options) => {
                completion::run(options);
                Ok(true)
            }
        };
        match done {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(misuse) => {
                eprintln!("error: {}\n\nFor more information, try '--help'.", misuse.0);
                ExitCode::from(2)
            }
        }
    }
}

/// The program was called in a way that leaves it nothing to do; what to do about it.
#[derive(Debug)]
struct Misuse(String);
