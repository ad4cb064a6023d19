//! Addresses, before anybody is asked: the door's as Braze will call it, and the workspace's.

use std::net::IpAddr;

use reqwest::Url;

use crate::Finding;

/// The REST hosts of Braze's clusters. (Braze documentation, "API overview", endpoints.)
pub const CLUSTERS: [&str; 15] = [
    "rest.iad-01.braze.com",
    "rest.iad-02.braze.com",
    "rest.iad-03.braze.com",
    "rest.iad-04.braze.com",
    "rest.iad-05.braze.com",
    "rest.iad-06.braze.com",
    "rest.iad-07.braze.com",
    "rest.iad-08.braze.com",
    "rest.us-10.braze.com",
    "rest.fra-01.braze.eu",
    "rest.fra-02.braze.eu",
    "rest.au-01.braze.com",
    "rest.id-01.braze.com",
    "rest.jp-01.braze.com",
    "rest.kr-01.braze.com",
];

const NO_WEBHOOK: &str = "Braze's webhooks do not arrive: nobody is answered.";
const URL_FIELD: &str = "Take InboundUrl from the outputs of `sam deploy` (CloudFormation > your stack > Outputs), and put \
                         it into the URL of the webhook campaign.";

/// What is wrong with the address of the door, as Braze will call it. `braze_is_here`: whether Braze is simulated on this
/// machine, and reaches what only this machine reaches.
pub(crate) fn door(url: &str, braze_is_here: bool) -> Vec<Finding> {
    let Some(parsed) = http_url(url) else {
        return vec![Finding::error("no_url", "The door's address is no http(s) URL.", NO_WEBHOOK, URL_FIELD)];
    };
    let mut findings = Vec::new();
    if !is_inbound(parsed.path()) {
        findings.push(Finding::error(
            "wrong_path",
            format!(
                "The path of the address is {}, and should be /inbound or /inbound/<route>, without a slash behind it.",
                parsed.path()
            ),
            "Braze gets a 404 and drops the message for good: nobody is answered.",
            URL_FIELD,
        ));
    }
    if parsed.query().is_some() {
        findings.push(Finding::warning(
            "query_in_the_url",
            "There is a query (?…) in the address; perhaps it was left from a try with `explain`.",
            "None as long as nobody sends the header for `explain`; but each message is counted as odd.",
            URL_FIELD,
        ));
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        findings.push(Finding::error(
            "password_in_the_url",
            "There is a user name or a password in the address.",
            "It shows in logs and in Braze, and opens nothing: the door wants the Authorization header.",
            URL_FIELD,
        ));
    }
    if !(braze_is_here && is_loopback(&parsed)) {
        findings.extend(reachable(&parsed));
    }
    findings
}

/// What keeps Braze from calling `url`, or everybody else from not listening.
fn reachable(url: &Url) -> Vec<Finding> {
    let mut findings = Vec::new();
    if url.scheme() == "http" {
        findings.push(Finding::error(
            "plain_http",
            "The address begins with http://.",
            "What customers write, and the token that opens the door, can be read on the way; API Gateway does not listen \
             there at all.",
            URL_FIELD,
        ));
    }
    if url.port().is_some() {
        findings.push(Finding::error(
            "odd_port",
            "The address names a port. Braze calls 443 and 80 alone.",
            NO_WEBHOOK,
            URL_FIELD,
        ));
    }
    if is_loopback(url) || is_private(url) {
        findings.push(Finding::error(
            "private_address",
            "The address is one of this machine or of a private network, which Braze cannot reach.",
            NO_WEBHOOK,
            URL_FIELD,
        ));
    }
    findings
}

/// Braze's documentation tells the REST endpoint by the address at which one logs in ("API and SDK endpoints").
pub(crate) const ENDPOINT_FIELD: &str = "The address of your Braze dashboard tells the REST endpoint: dashboard-01.braze.eu has rest.fra-01.braze.eu, and Braze's \
     documentation lists all of them (API and SDK endpoints). Set BRAZE_ENDPOINT (and the stack's parameter) to https:// and \
     that host.";

/// What is wrong with the address of the workspace.
pub(crate) fn braze(endpoint: &str) -> Vec<Finding> {
    const NO_REPLY: &str = "Replies do not reach Braze: nobody is answered.";
    let Some(url) = http_url(endpoint) else {
        let what = "Braze's address is no http(s) URL.";
        return vec![Finding::error("no_braze_url", what, NO_REPLY, ENDPOINT_FIELD)];
    };
    let host = url.host_str().unwrap_or_default();
    let local = is_loopback(&url);
    let mut findings = Vec::new();
    if url.scheme() == "http" && !local {
        findings.push(Finding::error(
            "braze_plain_http",
            "Braze's address begins with http://.",
            "The key and every reply can be read on the way.",
            ENDPOINT_FIELD,
        ));
    }
    if host.starts_with("dashboard") || host.starts_with("sdk.") {
        findings.push(Finding::error(
            "not_the_rest_host",
            format!("{host} is the host of Braze's dashboard or SDKs, and not the REST endpoint (rest.…)."),
            NO_REPLY,
            ENDPOINT_FIELD,
        ));
    } else if !local && !CLUSTERS.contains(&host) {
        findings.push(Finding::warning(
            "unknown_cluster",
            format!("{host} is none of the REST hosts that Braze publishes."),
            "If it is not Braze, the key and every reply go to somebody else.",
            ENDPOINT_FIELD,
        ));
    }
    findings
}

fn http_url(url: &str) -> Option<Url> {
    Url::parse(url).ok().filter(|url| ["http", "https"].contains(&url.scheme()))
}

/// Whether `path` is one that takes webhooks.
pub(crate) fn is_inbound(path: &str) -> bool {
    path.ends_with("/inbound") || route(path).is_some()
}

/// The route that `path` names, if it is one that takes webhooks.
pub(crate) fn route(path: &str) -> Option<&str> {
    let (before, name) = path.rsplit_once('/')?;
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    (before.ends_with("/inbound") && (1..=64).contains(&name.len()) && name.chars().all(legal)).then_some(name)
}

/// Whether `endpoint` is a Braze that is simulated on this machine.
pub(crate) fn is_here(endpoint: &str) -> bool {
    http_url(endpoint).is_some_and(|url| is_loopback(&url))
}

/// Whether only this machine reaches `url`.
fn is_loopback(url: &Url) -> bool {
    host_address(url).map_or(url.host_str() == Some("localhost"), |address| address.is_loopback())
}

fn is_private(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let named = [".local", ".internal", ".lan"].iter().any(|end| host.ends_with(end));
    named
        || !host.contains(['.', ':'])
        || host_address(url).is_some_and(|address| match address {
            IpAddr::V4(address) => address.is_private() || address.is_link_local() || address.is_unspecified(),
            IpAddr::V6(address) => {
                address.is_unique_local() || address.is_unicast_link_local() || address.is_unspecified()
            }
        })
}

fn host_address(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(findings: Vec<Finding>) -> Vec<&'static str> {
        findings.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn each_mistake_in_the_doors_address_has_its_finding() {
        for (url, expected) in [
            ("https://x.execute-api.eu-central-1.amazonaws.com/inbound", vec![]),
            ("https://hooks.example.com/chat/inbound/returns-1", vec![]),
            ("http://127.0.0.1:8787/inbound", vec![]),
            ("http://localhost:8787/inbound", vec![]),
            ("hooks.example.com/inbound", vec!["no_url"]),
            ("ftp://hooks.example.com/inbound", vec!["no_url"]),
            ("https://hooks.example.com", vec!["wrong_path"]),
            ("https://hooks.example.com/inbound/", vec!["wrong_path"]),
            ("https://hooks.example.com/inbound/a/b", vec!["wrong_path"]),
            ("https://hooks.example.com/inbound?explain=1", vec!["query_in_the_url"]),
            ("https://me:word@hooks.example.com/inbound", vec!["password_in_the_url"]),
            ("http://hooks.example.com/inbound", vec!["plain_http"]),
            ("https://hooks.example.com:8443/inbound", vec!["odd_port"]),
            ("https://10.0.0.7/inbound", vec!["private_address"]),
            ("https://ingest/inbound", vec!["private_address"]),
            ("https://[fd00::1]/inbound", vec!["private_address"]),
        ] {
            assert_eq!(codes(door(url, true)), expected, "{url}");
        }
    }

    #[test]
    fn only_a_simulated_braze_reaches_this_machine() {
        let url = "https://127.0.0.1/inbound";
        assert_eq!((codes(door(url, true)), codes(door(url, false))), (vec![], vec!["private_address"]));
    }

    #[test]
    fn each_mistake_in_the_workspaces_address_has_its_finding() {
        for (url, expected) in [
            ("https://rest.fra-01.braze.eu", vec![]),
            ("http://127.0.0.1:8787/sandbox/braze/rest", vec![]),
            ("rest.fra-01.braze.eu", vec!["no_braze_url"]),
            ("http://rest.fra-01.braze.eu", vec!["braze_plain_http"]),
            ("https://dashboard-01.braze.eu", vec!["not_the_rest_host"]),
            ("https://sdk.fra-01.braze.eu", vec!["not_the_rest_host"]),
            ("https://rest.fra-09.braze.eu", vec!["unknown_cluster"]),
        ] {
            assert_eq!(codes(braze(url)), expected, "{url}");
        }
    }
}
