//! `cargo run -- erase`.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;
use models::ConversationKey;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;

use super::secrets::Secrets;
use super::transcript::conversation;
use super::{Misuse, shown};

/// How long the door may take.
const WITHIN: Duration = Duration::from_secs(15);

/// Whom to forget, and where.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// Whom: user:<external id>, braze:<braze id> or alias:<label>:<name>
    #[arg(value_name = "CONVERSATION", value_parser = conversation)]
    conversation: ConversationKey,

    /// The door: ConversationsUrl, as the stack's outputs show it
    #[arg(long, env = "CONVERSATIONS_URL", value_name = "URL")]
    url: String,

    /// JSON as Secrets Manager gives it: {"agent_token": …}; may be repeated
    #[arg(long, value_name = "FILE")]
    secrets: Vec<PathBuf>,

    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
}

/// Whether the door has taken it.
pub(super) async fn run(options: &Options) -> Result<bool, Misuse> {
    let url = address(&options.url)?;
    let token = Secrets::read(&options.secrets)?.get("agent_token");
    let token = token.ok_or_else(|| Misuse("AGENT_TOKEN must be given as well, or --secrets FILE".to_owned()))?;
    if !options.yes && !is_meant(&options.conversation)? {
        shown::print("Nobody was forgotten.");
        return Ok(true);
    }
    Ok(match ask(url, &token, &options.conversation).await {
        Ok(()) => {
            shown::print(
                "Taken: within moments nothing is left of what was said, or of who said it. Braze keeps its own.",
            );
            true
        }
        Err(reason) => {
            eprintln!("error: {reason}");
            false
        }
    })
}

/// Where erasures go. A token is shown to nobody on the way.
fn address(base: &str) -> Result<reqwest::Url, Misuse> {
    let wrong = || Misuse("--url must be ConversationsUrl of the stack's outputs: https://…/conversations".to_owned());
    let url = reqwest::Url::parse(&format!("{}/erase", base.trim_end_matches('/'))).map_err(|_| wrong())?;
    let is_safe = url.scheme() == "https" || (url.scheme() == "http" && platform::http::is_local(&url));
    if is_safe { Ok(url) } else { Err(wrong()) }
}

fn is_meant(conversation: &ConversationKey) -> Result<bool, Misuse> {
    if !std::io::stdin().is_terminal() {
        return Err(Misuse("--yes must be given where nobody can be asked".to_owned()));
    }
    eprint!("Forget {} and all that was said, for good? Type yes: ", conversation.as_str());
    let _ = std::io::stderr().flush();
    let mut said = String::new();
    Ok(std::io::stdin().read_line(&mut said).is_ok() && said.trim() == "yes")
}

async fn ask(url: reqwest::Url, token: &SecretString, conversation: &ConversationKey) -> Result<(), String> {
    let http = platform::http::client().map_err(|error| error.to_string())?;
    let body = json!({"conversation": conversation.as_str()});
    let call = http.post(url).bearer_auth(token.expose_secret()).timeout(WITHIN).json(&body);
    // What is wrong is not told by the client: it might quote the address, with whatever stands in it.
    let answer = call.send().await.map_err(|_| "nothing answers at --url; is the address right?".to_owned())?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        StatusCode::UNAUTHORIZED => Err("the door does not know this AGENT_TOKEN".to_owned()),
        StatusCode::NOT_FOUND => {
            Err("there is no such door: --url is ConversationsUrl of the stack's outputs".to_owned())
        }
        StatusCode::SERVICE_UNAVAILABLE => Err("the door is out of order: try again, it does no harm".to_owned()),
        status => Err(format!("the door answers {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_only_shown_to_who_cannot_be_listened_to() {
        for (base, asked) in [
            ("https://a.example.com/conversations", Some("https://a.example.com/conversations/erase")),
            ("https://a.example.com/conversations/", Some("https://a.example.com/conversations/erase")),
            ("http://127.0.0.1:8787/conversations", Some("http://127.0.0.1:8787/conversations/erase")),
            ("http://a.example.com/conversations", None),
            ("a.example.com/conversations", None),
        ] {
            assert_eq!(address(base).ok().map(|url| url.to_string()).as_deref(), asked, "{base}");
        }
    }
}
