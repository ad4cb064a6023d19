//! The command line.
#![expect(clippy::doc_markdown, reason = "these comments are the help text")]

use std::path::PathBuf;

use clap::Args;
use models::CampaignId;

/// How to run the sandbox.
#[derive(Debug, Clone, Args)]
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

    /// The assistant to run: an assistant.toml with its knowledge folder beside it, the folder that holds both, or
    /// s3://bucket/key or ssm:/parameter/name, with the packed knowledge; the packed one if left out
    #[arg(long, env = "ASSISTANT_CONFIG", value_name = "PLACE")]
    pub assistant: Option<String>,

    /// A further API-triggered campaign of simulated Braze, as if you had created it there; as often as you like
    #[arg(long = "campaign", value_name = "ID", value_parser = |id: &str| CampaignId::new(id))]
    pub campaigns: Vec<CampaignId>,

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
            campaigns: Vec::new(),
            on_unknown: "resend_once".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    #[test]
    fn a_campaign_is_taken_by_an_id_that_braze_could_have_given() {
        for (id, is_taken) in [("spring-2026", true), ("", false), ("a b", false)] {
            let line = Line::try_parse_from(["sandbox", "--campaign", id]);
            let campaigns = line.map(|line| line.options.campaigns);
            assert_eq!(campaigns.ok(), CampaignId::new(id).ok().filter(|_| is_taken).map(|id| vec![id]), "{id:?}");
        }
    }
}
