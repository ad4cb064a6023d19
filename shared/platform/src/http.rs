//! The HTTP clients of a process, for everything that is not AWS.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{ClientBuilder, Url};
use rustls::{ClientConfig, RootCertStore};

use crate::addresses::is_public;
use crate::settings::environment;
use crate::trust::Trust;

/// How long a connection may take to come up.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// How long is waited for one that is only opened early.
const OPENED_WITHIN: Duration = Duration::from_secs(1);

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client cannot be set up; the function cannot start")]
pub struct ClientError;

/// A client that follows no redirect: one would carry a key to another host. Each call sets its own time-out.
pub fn client() -> Result<reqwest::Client, ClientError> {
    builder()?.build().map_err(|_| ClientError)
}

/// Opens a connection to the host of `url`, for whoever calls it next; without TLS it is open at once. The request asks for its
/// root and has no key. What fails here fails where it matters, and is told there.
pub async fn connect(client: &reqwest::Client, url: &str) {
    let root = Url::parse(url).ok().filter(|url| url.scheme() == "https").and_then(|url| url.join("/").ok());
    if let Some(mut root) = root {
        // Both fail where there is no host, and so does the call.
        let _ = (root.set_username(""), root.set_password(None));
        drop(client.head(root).timeout(OPENED_WITHIN).send().await);
    }
}

/// The same, but it connects to addresses of the internet alone, whatever a name leads to: what was looked up is what is
/// connected to, so that a name cannot lead elsewhere a moment later. It goes through no proxy, which would look names up
/// by itself. Addresses that stand in a URL as numbers are not looked up: ask [`is_local`] about those first.
pub fn public_client() -> Result<reqwest::Client, ClientError> {
    builder()?.no_proxy().dns_resolver(Arc::new(PublicNames)).build().map_err(|_| ClientError)
}

/// Whether the host of `url` is an address in numbers that is not the internet's; a name may still lead to one.
pub fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host.parse::<IpAddr>().is_ok_and(|address| !is_public(address))
}

fn builder() -> Result<ClientBuilder, ClientError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_WITHIN)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("dragoman/", env!("CARGO_PKG_VERSION")));
    match Trust::of(&environment) {
        Trust::System => Ok(builder),
        Trust::CompiledIn => Ok(builder.tls_backend_preconfigured(mozilla()?)),
    }
}

/// TLS as `reqwest` sets it up, but with Mozilla's roots as they are compiled in.
fn mozilla() -> Result<ClientConfig, ClientError> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(config.map_err(|_| ClientError)?.with_root_certificates(roots).with_no_client_auth())
}

/// Looks names up, and knows only what is public.
struct PublicNames;

/// A name leads to no address of the internet.
#[derive(Debug, thiserror::Error)]
#[error("the name leads to no public address")]
struct NotPublic;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One that is not public makes the others suspect as well.
            if found.is_empty() || found.iter().any(|address| !is_public(address.ip())) {
                return Err(NotPublic.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_known() {
        let error = PublicNames.resolve("localhost".parse().unwrap()).await.err().unwrap();
        assert_eq!(error.to_string(), NotPublic.to_string());
        let failure = public_client().unwrap().get("http://localhost:1/").send().await.unwrap_err();
        let mut reasons = std::iter::successors(failure.source(), |&reason| reason.source());
        assert!(reasons.any(|reason| reason.to_string() == NotPublic.to_string()), "{failure:?}");
    }

    #[test]
    fn a_client_can_be_made_with_compiled_in_roots() {
        let client = reqwest::Client::builder().tls_backend_preconfigured(mozilla().unwrap()).build();
        assert!(client.is_ok());
        assert!(webpki_roots::TLS_SERVER_ROOTS.len() > 100);
    }

    #[test]
    fn an_address_in_numbers_is_seen_however_it_is_written() {
        for (url, expected) in [
            ("https://8.8.8.8/", false),
            ("https://shop.example/", false),
            ("https://127.0.0.1/", true),
            ("https://2130706433/", true),
            ("https://0x7f.1/", true),
            ("https://0251.0376.0251.0376/", true),
            ("https://[::1]/", true),
            ("https://[::ffff:169.254.169.254]/", true),
        ] {
            assert_eq!(is_local(&Url::parse(url).unwrap()), expected, "{url}");
        }
    }
}
