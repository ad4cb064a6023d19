//! `cargo run -- doctor`.

use std::path::PathBuf;

use ::doctor::{CLUSTERS, Door, Setup, Workspace, examine};
use models::assistant::{Assistant, ProfileRules};
use secrecy::SecretString;
use serde::Deserialize;

use super::progress::Progress;
use super::secrets::Secrets;
use super::{Misuse, deployed, shown};
use crate::world::{CAMPAIGN, INBOUND_CAMPAIGN, KEY};

/// What to look at.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The door: InboundUrl, as the stack's outputs show it
    #[arg(long, env = "INBOUND_URL", value_name = "URL")]
    url: Option<String>,

    /// The REST endpoint of your Braze cluster
    #[arg(long, env = "BRAZE_ENDPOINT", value_name = "URL")]
    braze_endpoint: Option<String>,

    /// The id of the API-triggered campaign that sends the replies
    #[arg(long, env = "BRAZE_CAMPAIGN_ID", value_name = "ID")]
    reply_campaign: Option<String>,

    /// The id of the webhook campaign that forwards what customers write
    #[arg(long, env = "BRAZE_INBOUND_CAMPAIGN_ID", value_name = "ID")]
    inbound_campaign: Option<String>,

    /// The assistant that is deployed: a file, s3://bucket/key or ssm:/parameter/name; the packed one if left out. Its campaigns
    /// are looked at too
    #[arg(long, env = "ASSISTANT_CONFIG", value_name = "PLACE")]
    assistant: Option<String>,

    /// JSON as Secrets Manager gives it: {"webhook_token": …}, {"braze_api_key": …, "braze_details_key": …}; may be repeated
    #[arg(long, value_name = "FILE")]
    secrets: Vec<PathBuf>,

    /// Look at the sandbox that runs on this machine, with its simulated Braze
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = "http://127.0.0.1:8787")]
    sandbox: Option<String>,

    /// Send one real message to this user (an external id); never to anybody else
    #[arg(long, value_name = "USER_ID")]
    send_to: Option<String>,

    /// If this cluster refuses the key, show it to Braze's other clusters, to learn whose it is
    #[arg(long)]
    find_cluster: bool,

    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// Whether there is no error.
pub(super) async fn run(options: &Options) -> Result<bool, Misuse> {
    let http = platform::http::client().map_err(|error| Misuse(error.to_string()))?;
    let setup = match &options.sandbox {
        Some(url) => of_sandbox(options, url.trim_end_matches('/'), &http).await?,
        None => of_deployment(options, &http).await?,
    };
    let progress = Progress::of(options.json);
    let report = examine(&setup, &http, &|at| progress.tell(&format!("looking at: {at}"))).await;
    progress.end();
    shown::print(&if options.json { shown::json(&report) } else { shown::report(&report) });
    Ok(report.healthy)
}

async fn of_deployment(options: &Options, http: &reqwest::Client) -> Result<Setup, Misuse> {
    let secrets = Secrets::read(&options.secrets)?;
    let files = deployed::assistant(options.assistant.as_deref(), http).await?;
    let files = files.map_err(|error| Misuse(format!("{error}\n`cargo run -- check` tells more")))?;
    let token = secrets.get("webhook_token");
    let door = match (&options.url, token) {
        (Some(url), Some(token)) => Some(Door { url: url.clone(), token }),
        (Some(_), None) => return Err(missing(&["WEBHOOK_TOKEN"])),
        (None, _) => None,
    };
    let workspace = workspace(options, &secrets, &files.assistant)?;
    if door.is_none() && workspace.is_none() {
        let what = "there is nothing to look at. Give --url and WEBHOOK_TOKEN for the door, --braze-endpoint, \
                    --reply-campaign and BRAZE_API_KEY for Braze, or --sandbox";
        return Err(Misuse(what.to_owned()));
    }
    let routes = files.assistant.routes.iter().map(|(name, _)| name.to_string()).collect();
    let newcomers_group = files.assistant.profile.newcomers_group.as_ref().map(|group| group.as_str().to_owned());
    Ok(Setup { door, workspace, routes: Some(routes), newcomers_group, send_to: send_to(options) })
}

fn workspace(options: &Options, secrets: &Secrets, assistant: &Assistant) -> Result<Option<Workspace>, Misuse> {
    let key = secrets.get("braze_api_key");
    let given = (options.braze_endpoint.clone(), options.reply_campaign.clone(), key);
    let (endpoint, reply_campaign, key) = match given {
        (None, None, _) => return Ok(None),
        (Some(endpoint), Some(campaign), Some(key)) => (endpoint, campaign, key),
        (endpoint, campaign, key) => {
            let here = [
                ("--braze-endpoint", endpoint.is_some()),
                ("--reply-campaign", campaign.is_some()),
                ("BRAZE_API_KEY", key.is_some()),
            ];
            let absent: Vec<_> = here.iter().filter(|(_, here)| !here).map(|(name, _)| *name).collect();
            return Err(missing(&absent));
        }
    };
    let others = CLUSTERS.iter().map(|host| format!("https://{host}"));
    let other_clusters = others.filter(|url| options.find_cluster && *url != endpoint).collect();
    Ok(Some(Workspace {
        endpoint,
        key,
        details_key: secrets.get("braze_details_key"),
        reply_campaign,
        further_campaigns: assistant.campaigns().iter().map(|id| id.as_str().to_owned()).collect(),
        inbound_campaign: options.inbound_campaign.clone(),
        writes_profiles: writes_profiles(assistant),
        other_clusters,
    }))
}

/// Whether the assistant writes to profiles by calls of their own. Newcomers are subscribed by the call that answers them.
fn writes_profiles(assistant: &Assistant) -> bool {
    let profile = ProfileRules { newcomers_group: None, ..assistant.profile.clone() };
    let has_events = assistant.flows.iter().any(|(_, flow)| flow.steps.iter().any(|step| step.event.is_some()));
    profile != ProfileRules::default() || has_events
}

/// A sandbox tells where everything is, and what opens it.
async fn of_sandbox(options: &Options, url: &str, http: &reqwest::Client) -> Result<Setup, Misuse> {
    #[derive(Deserialize)]
    struct State {
        webhook_token: SecretString,
    }
    let answer = http.get(format!("{url}/sandbox/state")).send().await;
    let state = match answer {
        Ok(answer) => answer.json::<State>().await.ok(),
        Err(_) => None,
    };
    let State { webhook_token } = state.ok_or_else(|| {
        Misuse(format!("no sandbox answers at {url}. Start one with `cargo run`, or say where it is: --sandbox http://127.0.0.1:PORT"))
    })?;
    let workspace = Workspace {
        endpoint: format!("{url}/sandbox/braze/rest"),
        key: KEY.into(),
        details_key: None,
        reply_campaign: CAMPAIGN.to_owned(),
        further_campaigns: Vec::new(),
        inbound_campaign: Some(INBOUND_CAMPAIGN.to_owned()),
        writes_profiles: true,
        other_clusters: Vec::new(),
    };
    let door = Door { url: format!("{url}/inbound"), token: webhook_token };
    let (door, workspace) = (Some(door), Some(workspace));
    Ok(Setup { door, workspace, send_to: send_to(options), ..Setup::default() })
}

fn send_to(options: &Options) -> Option<SecretString> {
    options.send_to.clone().map(SecretString::from)
}

fn missing(names: &[&str]) -> Misuse {
    Misuse(format!(
        "{} must be given as well; secrets are taken from the environment or --secrets FILE",
        names.join(", ")
    ))
}
