//! Asks Braze: whether the key may do what Dragoman does, what the campaigns are, and, if wanted, for one message.

use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};

use super::Examination;
use crate::campaign::{Campaign, Which};
use crate::report::Check;
use crate::{Finding, Workspace, address, workspace};

/// A campaign that no workspace has: a call for it can send nothing.
const NO_CAMPAIGN: &str = "00000000-0000-0000-0000-000000000000";

/// A workspace that lets us in.
pub(super) struct Braze<'a> {
    pub(super) workspace: &'a Workspace,
}

/// Looks at the address and the key; whether there is any sense in asking more.
pub(super) async fn admitted(examination: &Examination<'_>, workspace: &Workspace, checks: &mut Vec<Check>) -> bool {
    let mut findings = address::braze(&workspace.endpoint);
    findings.extend(workspace::key_form(workspace.key.expose_secret()));
    let proves = "It is the REST host of a Braze cluster, and the key has nothing around it.";
    checks.push(Check::of("Braze's address and key", proves, findings));
    if checks.iter().flat_map(Check::findings).any(Finding::is_error) {
        return false;
    }
    let sending = may_send(examination, workspace).await;
    let goes_on = sending.as_ref().is_none_or(|finding| finding.code == "missing_permission");
    let proves = "Braze takes Dragoman's calls (it was asked for a campaign that does not exist, for nobody).";
    checks.push(Check::of("the key may send replies", proves, sending.into_iter().collect()));
    if goes_on && workspace.writes_profiles {
        let track = post(examination, workspace, "/users/track", &json!({"attributes": []}));
        let answer = examination.ask("Braze, the key may write to profiles", track).await;
        let findings = workspace::refusal(&answer, "users.track").into_iter().collect();
        let proves = "What assistant.toml wants to be written on profiles is taken.";
        checks.push(Check::of("the key may write to profiles", proves, findings));
    }
    goes_on
}

async fn may_send(examination: &Examination<'_>, workspace: &Workspace) -> Option<Finding> {
    let nobody = json!({"campaign_id": NO_CAMPAIGN, "broadcast": false, "recipients": []});
    let request = post(examination, workspace, "/campaigns/trigger/send", &nobody);
    let answer = examination.ask("Braze, the key may send replies", request).await;
    let finding = workspace::refusal(&answer, "campaigns.trigger.send")?;
    if finding.code != "key_refused" || workspace.other_clusters.is_empty() {
        return Some(finding);
    }
    let mut others = Vec::new();
    for endpoint in &workspace.other_clusters {
        let request = details(examination, endpoint, &workspace.key, NO_CAMPAIGN);
        let answer = examination.ask(&format!("Braze, whether {endpoint} knows the key"), request).await;
        others.push((endpoint.clone(), answer));
    }
    Some(workspace::key_refused_here(&others))
}

/// What Braze tells of the campaign `id`.
pub(super) async fn campaign(
    examination: &Examination<'_>,
    braze: &Braze<'_>,
    id: &str,
    which: Which,
) -> Result<Campaign, Finding> {
    let key = braze.workspace.details_key.as_ref().unwrap_or(&braze.workspace.key);
    let request = details(examination, &braze.workspace.endpoint, key, id);
    let answer = examination.ask(&format!("Braze, the {} {id}", which.name()), request).await;
    match workspace::refusal(&answer, "campaigns.details") {
        Some(finding) => Err(finding),
        None => Campaign::read(&answer, id, which),
    }
}

/// One real message to one test user, if one was named.
pub(super) async fn send(examination: &Examination<'_>, braze: &Braze<'_>) -> Option<Check> {
    let user = examination.setup.send_to.as_ref()?;
    let text = "This is a test of the set-up, sent by Dragoman's doctor. There is nothing to do.";
    let recipient = json!({
        "external_user_id": user.expose_secret(), "trigger_properties": {"external_system_msg_body": text},
    });
    let body = json!({"campaign_id": braze.workspace.reply_campaign, "recipients": [recipient]});
    let request = post(examination, braze.workspace, "/campaigns/trigger/send", &body);
    let answer = examination.ask("Braze, one message to the test user", request).await;
    let refused = workspace::refusal(&answer, "campaigns.trigger.send");
    let findings = refused.or_else(|| workspace::not_sent(&answer)).into_iter().collect();
    let proves = "Braze took one real message. It should be on the phone within a minute, if the user wrote to your number \
                  in the last 24 hours; if it is not, Braze dropped it: see the questions below.";
    Some(Check::of("one message to the test user", proves, findings))
}

fn post(examination: &Examination<'_>, workspace: &Workspace, path: &str, body: &Value) -> RequestBuilder {
    let url = format!("{}{path}", workspace.endpoint.trim_end_matches('/'));
    examination.http.post(url).bearer_auth(workspace.key.expose_secret()).json(body)
}

fn details(examination: &Examination<'_>, endpoint: &str, key: &SecretString, id: &str) -> RequestBuilder {
    let url = format!("{}/campaigns/details", endpoint.trim_end_matches('/'));
    let with_id = Url::parse_with_params(&url, [("campaign_id", id)]).map_or(url, String::from);
    examination.http.get(with_id).bearer_auth(key.expose_secret())
}
