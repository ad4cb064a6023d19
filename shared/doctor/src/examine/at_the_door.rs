//! Shows the door what Braze would render for people who write difficult things; nothing of it is queued.

use std::time::{SystemTime, UNIX_EPOCH};

use super::Examination;
use crate::probes::{PROBES, Probe, RECOMMENDED_BODY, explanation};
use crate::report::Check;
use crate::{Door, Finding, address, inbound_body};

/// Asks the door about each probe, in the body of the campaign if that is known and sound, else in the README's.
pub(super) async fn look(examination: &Examination<'_>, of_campaign: Option<&str>) -> Vec<Check> {
    let Some(door) = &examination.setup.door else {
        return vec![Check::skipped("the door", "INBOUND_URL and WEBHOOK_TOKEN are not set")];
    };
    let template = of_campaign.filter(|body| is_sound(body)).unwrap_or(RECOMMENDED_BODY);
    let mut checks = vec![Check::of(
        "the door's address",
        "Braze can call it: the right path and port, https unless it is a sandbox's.",
        address::door(&door.url, examination.braze_is_here()).into_iter().chain(token_form(door)).collect(),
    )];
    if checks[0].findings().iter().any(|finding| ["no_url", "token_form"].contains(&finding.code)) {
        return checks;
    }
    for probe in &PROBES {
        let Ok(understood) = ask(examination, door, probe, template).await.map_err(|finding| {
            checks.push(Check::of(format!("the door, {}", probe.shows), probe.proves, vec![finding]));
        }) else {
            // The next one would be told the same.
            break;
        };
        checks.push(Check::of(format!("the door, {}", probe.shows), probe.proves, understood));
    }
    checks
}

async fn ask(
    examination: &Examination<'_>,
    door: &Door,
    probe: &Probe,
    template: &str,
) -> Result<Vec<Finding>, Finding> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let body = probe.body(template, now).unwrap_or_default();
    let without_query = door.url.split('?').next().unwrap_or_default();
    let request = examination.http.post(format!("{without_query}?explain=1")).header("X-Dragoman-Explain", "1");
    let request = request.bearer_auth(secrecy::ExposeSecret::expose_secret(&door.token)).body(body);
    let answer = examination.ask(&format!("the door, {}", probe.shows), request).await;
    Ok(probe.understood(template, &explanation(&answer)?))
}

/// Whether `body` can be shown to the door as a customer's webhook.
fn is_sound(body: &str) -> bool {
    inbound_body(body).iter().all(|finding| !finding.is_error()) && PROBES[0].body(body, 0).is_some()
}

/// A token that no header can carry would look like a door that is not there.
fn token_form(door: &Door) -> Option<Finding> {
    let token = secrecy::ExposeSecret::expose_secret(&door.token);
    let fits = !token.is_empty() && token.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '\''));
    let what = "WEBHOOK_TOKEN is empty, or holds a blank, a quotation mark or a line break.";
    let why = "If Braze's campaign has the same one, every message is dropped for good with a 401.";
    let click = "Take `webhook_token` out of the ingest secret (Secrets Manager > the stack's IngestSecret > Retrieve secret \
                 value), and nothing around it.";
    (!fits).then(|| Finding::error("token_form", what, why, click))
}
