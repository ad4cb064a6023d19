//! What Braze's answers say about the key and the host.

use crate::Finding;
use crate::address::ENDPOINT_FIELD;
use crate::answer::Answer;

const NO_REPLY: &str = "Replies do not reach Braze: nobody is answered.";
const KEYS: &str = "Settings > APIs and Identifiers > API Keys";

/// What is wrong with the key itself, seen without asking anybody; it is not shown.
pub(crate) fn key_form(key: &str) -> Vec<Finding> {
    let odd = key.trim() != key || key.contains(['"', '\'', '“', '”']) || key.to_lowercase().starts_with("bearer");
    let odd = odd || key.is_empty() || !key.chars().all(|c| c.is_ascii_graphic());
    let what = "The Braze key holds a blank, a quotation mark or the word Bearer, or is empty.";
    let click =
        format!("Copy the key anew from {KEYS}, and nothing around it, into braze_api_key of the responder's secret.");
    odd.then(|| Finding::error("key_form", what, NO_REPLY, click)).into_iter().collect()
}

/// What an answer of Braze says against the host, the key, or its `permission`. A 400 says nothing against them, nor do 2xx.
pub(crate) fn refusal(answer: &Answer, permission: &str) -> Option<Finding> {
    let status = match answer {
        Answer::Silence(silence) => {
            let what = format!("Braze does not answer: {}.", silence.words());
            return Some(Finding::error("braze_unreachable", what, NO_REPLY, ENDPOINT_FIELD));
        }
        Answer::Got { status, .. } => *status,
    };
    match status {
        200..300 | 400 if answer.json().is_none() => Some(not_braze(status)),
        200..300 | 400 => None,
        401 => Some(key_refused()),
        403 if answer.text("message").to_lowercase().contains("whitelisted ip") => Some(Finding::error(
            "address_not_allowed",
            "The key may not be used from this address: it has a list of allowed IPs.",
            "A Lambda has no fixed address unless its traffic goes through a NAT gateway: replies are refused.",
            format!(
                "{KEYS}: make a new key with the same permissions and an empty IP list, or one with the NAT's address."
            ),
        )),
        403 => Some(missing_permission(permission)),
        404 | 300..400 => Some(not_braze(status)),
        429 => Some(Finding::warning(
            "rate_limited",
            "The workspace's request limit is used up for now; this was not looked at.",
            "Replies wait as well, until the limit is reset.",
            "Settings > APIs and Identifiers > API Usage Dashboard shows who uses it. Run the doctor again later.",
        )),
        _ => Some(Finding::warning(
            "braze_is_down",
            format!("Braze answers {status}; this was not looked at."),
            "Replies wait and are tried again.",
            "Look at Braze's status page, and run the doctor again later.",
        )),
    }
}

fn not_braze(status: u16) -> Finding {
    let what = format!("What answers ({status}) at BRAZE_ENDPOINT is not Braze's REST interface.");
    Finding::error("not_braze", what, NO_REPLY, ENDPOINT_FIELD)
}

fn key_refused() -> Finding {
    Finding::error(
        "key_refused",
        "This cluster does not know the key: it is the wrong key, or the right one on the wrong cluster.",
        NO_REPLY,
        format!(
            "{ENDPOINT_FIELD} If it is set so, copy the key anew from {KEYS}. `--find-cluster` asks Braze's other clusters for it."
        ),
    )
}

/// The same, once the other clusters were asked: each host and its answer.
pub(crate) fn key_refused_here(others: &[(String, Answer)]) -> Finding {
    let knows = |answer: &Answer| matches!(answer.status(), Some(200..300 | 400 | 403)) && answer.json().is_some();
    match others.iter().find(|(_, answer)| knows(answer)) {
        Some((host, _)) => Finding::error(
            "wrong_cluster",
            format!("The key is good, but on another cluster: {host} knows it."),
            NO_REPLY,
            format!("Set BRAZE_ENDPOINT, and the stack's parameter, to {host}."),
        ),
        None => Finding::error(
            "wrong_key",
            "No cluster of Braze knows the key.",
            NO_REPLY,
            format!("{KEYS}: copy it anew, or make a new one; it may have been deleted."),
        ),
    }
}

/// What Braze's answer to one real message says against it. It was neither the key nor the host.
pub(crate) fn not_sent(answer: &Answer) -> Option<Finding> {
    let json = answer.json().unwrap_or_default();
    if answer.status().is_some_and(|status| status >= 300) {
        return Some(Finding::error(
            "send_refused",
            format!("Braze refuses to send: {}.", answer.text("message")),
            NO_REPLY,
            "Look that BRAZE_CAMPAIGN_ID is the id of the API-triggered WhatsApp campaign, and that the test user's external id \
             exists in this workspace.",
        ));
    }
    let remarks = ["notice", "errors"].iter().any(|key| json.get(*key).is_some_and(|value| !value.is_null()));
    remarks.then(|| {
        Finding::error(
            "sent_with_a_notice",
            "Braze took the message and added a notice: often that the campaign is paused.",
            "Braze reports success, and sends nothing.",
            "Messaging > Campaigns: resume the reply campaign.",
        )
    })
}

fn missing_permission(permission: &str) -> Finding {
    let click = format!(
        "{KEYS} > Create API key: tick `{permission}` beside what the old key has. The permissions of a key cannot be changed \
         later, so it has to be a new one."
    );
    let what = format!("The key has not the permission `{permission}`.");
    match permission {
        "campaigns.details" => Finding::warning(
            "cannot_look",
            what,
            "None: Dragoman does not need it, but the doctor cannot see the campaigns.",
            format!(
                "{KEYS} > Create API key: make one for the doctor with `campaigns.details` alone, and give it as \
                 BRAZE_DETAILS_KEY."
            ),
        ),
        "users.track" => Finding::error(
            "missing_permission",
            what,
            "What assistant.toml wants on profiles is not written there; replies go out.",
            click,
        ),
        _ => Finding::error("missing_permission", what, NO_REPLY, click),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::answer::Silence;

    #[test]
    fn every_refusal_has_its_finding() {
        let says = |status, words| Answer::json_of(status, &json!({"message": words}));
        for (answer, permission, expected) in [
            (says(200, "success"), "campaigns.details", None),
            (says(400, "Invalid Campaign ID"), "campaigns.trigger.send", None),
            (Answer::page(200), "campaigns.details", Some("not_braze")),
            (Answer::page(302), "campaigns.details", Some("not_braze")),
            (says(404, "Invalid URL"), "campaigns.details", Some("not_braze")),
            (says(401, "Invalid API key"), "campaigns.details", Some("key_refused")),
            (says(403, "Access Denied"), "campaigns.details", Some("cannot_look")),
            (says(403, "Access Denied"), "campaigns.trigger.send", Some("missing_permission")),
            (says(403, "Access Denied"), "users.track", Some("missing_permission")),
            (says(403, "Invalid whitelisted IPs"), "users.track", Some("address_not_allowed")),
            (says(429, "Rate Limited"), "campaigns.details", Some("rate_limited")),
            (says(503, "down"), "campaigns.details", Some("braze_is_down")),
            (Answer::Silence(Silence::Cut), "campaigns.details", Some("braze_unreachable")),
        ] {
            assert_eq!(refusal(&answer, permission).map(|finding| finding.code), expected, "{permission}");
        }
    }

    #[test]
    fn another_cluster_that_knows_the_key_is_named() {
        let knows = Answer::json_of(403, &json!({"message": "Access Denied"}));
        let not = Answer::json_of(401, &json!({"message": "Invalid API key"}));
        let host = |name: &str, answer: &Answer| (name.to_owned(), answer.clone());
        let found = key_refused_here(&[host("https://a", &not), host("https://b", &knows)]);
        assert!(found.code == "wrong_cluster" && found.what.contains("https://b"));
        assert_eq!(
            key_refused_here(&[host("https://a", &not), host("https://b", &Answer::page(200))]).code,
            "wrong_key"
        );
    }

    #[test]
    fn a_key_with_something_around_it_is_seen_and_not_shown() {
        assert_eq!(key_form("0f1c-2b"), []);
        for key in ["", " 0f1c", "\"0f1c\"", "Bearer 0f1c", "0f1c\n", "0f 1c"] {
            let found = key_form(key);
            assert!(found[0].code == "key_form" && !format!("{found:?}").contains("0f1c"), "{found:?}");
        }
    }
}
