//! What the program does besides running the sandbox.
#![expect(clippy::doc_markdown, reason = "these comments are the help text")]

mod check;
mod doctor;
mod paint;
mod shown;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::Options;

/// Dragoman on one machine: the real functions on embedded parts, with Braze, WhatsApp and the AI simulated, and a page to
/// chat on. No account and no key is needed.
///
/// Braze's webhook is POST /inbound with the token `sandbox`; agents answer by POST /conversations/messages, /takeover,
/// /release and /erase with the token `agent`, and on the page; other systems start flows by /conversations/flows.
///
/// A real AI answers if AI_BASE_URL and AI_MODEL are set (and AI_API_KEY, if it wants one; AI_BACKEND says which interface
/// it has), or AI_BACKEND=bedrock, AI_MODEL, AWS_REGION and your AWS credentials. The key of another one that the assistant
/// names, claude_key, is taken from CLAUDE_KEY. Replies go to a real Braze workspace if BRAZE_ENDPOINT, BRAZE_CAMPAIGN_ID
/// and BRAZE_API_KEY are set.
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
    cargo run -- check --body body.liquid                    # what stands in the campaign's Raw text";

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
}

impl Deed {
    /// Does it; how the process ends: 0 if all is right, 1 if something is wrong, 2 if it was called in a wrong way.
    pub async fn run(&self) -> ExitCode {
        let done = match self {
            Self::Doctor(options) => doctor::run(options).await,
            Self::Check(options) => check::run(options),
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
