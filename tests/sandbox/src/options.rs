//! The command line.
#![expect(clippy::doc_markdown, reason = "these comments are the help text")]

use std::path::PathBuf;

use clap::Parser;

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
#[derive(Debug, Clone, Parser)]
#[command(name = "dragoman-sandbox", bin_name = "cargo run --", version, verbatim_doc_comment)]
pub struct Options {
    /// Port of the page and the webhook; 0 takes any free one
    #[arg(long, default_value_t = 8787)]
    pub port: u16,

    /// Do not open the page in a browser
    #[arg(long)]
    pub no_open: bool,

    /// The bearer token that webhooks must carry
    #[arg(long, default_value = "sandbox", value_name = "TOKEN")]
    pub webhook_token: String,

    /// Keep conversations, queue and phones in this folder over a restart
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,

    /// The assistant to run: an assistant.toml with its knowledge folder beside it; the packed one if left out
    #[arg(long, env = "ASSISTANT_CONFIG", value_name = "FILE")]
    pub assistant: Option<String>,

    /// What follows a send of which nobody knows whether it arrived: resend_once or flag
    #[arg(long, env = "ON_UNKNOWN", default_value = "resend_once", value_parser = ["resend_once", "flag"])]
    pub on_unknown: String,
}

impl Default for Options {
    /// What tests want: any free port, nothing opened, nothing kept.
    fn default() -> Self {
        Self {
            port: 0,
            no_open: true,
            webhook_token: "sandbox".to_owned(),
            data: None,
            assistant: None,
            on_unknown: "resend_once".to_owned(),
        }
    }
}
