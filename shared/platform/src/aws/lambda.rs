//! The SDK's configuration on Lambda, made by hand.
//!
//! There the region and the credentials stand in the environment and do not change while the process lives. The SDK's own
//! search also reads profiles and prepares to ask STS and the instance metadata: code that is linked and run at every cold
//! start and never needed. The trade: of the SDK's variables only those count that are read here.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::SharedCredentialsProvider;
use aws_sdk_sqs::config::http::HttpRequest;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::ConnectorBuilder;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpConnector as _, HttpConnectorSettings, SharedHttpConnector, http_client_fn,
};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use futures::future::join_all;
use tokio::time::timeout;

use super::{ATTEMPT, Service, timeouts};
use crate::settings::environment;
use crate::trust::Trust;

/// The roots that AWS's own endpoints are signed by, until the end of 2037
/// (<https://docs.aws.amazon.com/general/latest/gr/rande.html>, <https://www.amazontrust.com/repository/>).
const AMAZON: &str = include_str!("amazon_roots.pem");

/// How long is waited for a connection that is only opened early.
const OPENED_WITHIN: Duration = Duration::from_secs(1);

/// AWS as a function calls it: the configuration out of its environment alone, with time-outs on every call. All clients share
/// one connector: its connections, and the roots that it trusts.
pub struct Lambda {
    config: SdkConfig,
    connector: SharedHttpConnector,
}

impl Lambda {
    /// What the environment says.
    pub fn of_environment() -> Self {
        let connector = connector(trusted(&environment));
        let shared = connector.clone();
        let credentials = EnvironmentVariableCredentialsProvider::new();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client_fn(move |_, _| shared.clone()))
            .service_config(Endpoints)
            .timeout_config(timeouts());
        config.set_region(environment("AWS_REGION").map(Region::new));
        config.set_endpoint_url(environment("AWS_ENDPOINT_URL"));
        let wanted = |name| environment(name).map(|value| value.eq_ignore_ascii_case("true"));
        config.set_use_fips(wanted("AWS_USE_FIPS_ENDPOINT")).set_use_dual_stack(wanted("AWS_USE_DUALSTACK_ENDPOINT"));
        Self { config: config.build(), connector }
    }

    /// The configuration of every client.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Opens a connection to each of these, while Lambda still gives a whole core: nobody's first message waits for handshakes
    /// then. The request asks for nothing and says nothing of anybody. What fails here fails where it matters, and is told there.
    pub async fn connect(&self, services: &[Service]) {
        // Those hosts have other names.
        if self.config.use_fips() == Some(true) || self.config.use_dual_stack() == Some(true) {
            return;
        }
        let Some(region) = self.config.region() else { return };
        let urls = services.iter().map(|service| service.base_url(&self.config, region.as_ref()));
        // What goes without TLS is open at once.
        let asking = urls.filter(|url| url.starts_with("https:")).filter_map(|url| {
            let mut request = HttpRequest::empty();
            request.set_method("HEAD").ok().zip(request.set_uri(url).ok())?;
            Some(timeout(OPENED_WITHIN, self.connector.call(request)))
        });
        join_all(asking).await;
    }
}

/// As the SDK makes its own, but for the roots, and one for all its clients.
fn connector(roots: Trust) -> SharedHttpConnector {
    let roots = match roots {
        Trust::CompiledIn => TrustStore::empty().with_pem_certificate(AMAZON),
        Trust::System => TrustStore::default(),
    };
    let tls = TlsContext::builder().with_trust_store(roots).build().unwrap_or_default();
    let connector = ConnectorBuilder::default()
        .tls_provider(Provider::rustls(CryptoMode::AwsLc))
        .tls_context(tls)
        .proxy_config(ProxyConfig::from_env())
        .connector_settings(HttpConnectorSettings::builder().connect_timeout(ATTEMPT).build())
        .sleep_impl(TokioSleep::new());
    SharedHttpConnector::new(connector.build())
}

/// Amazon's roots are enough where Amazon answers: not at an endpoint of somebody else's, and nobody says so of the
/// partitions apart, such as China.
fn trusted(lookup: &dyn Fn(&str) -> Option<String>) -> Trust {
    let elsewhere = lookup("AWS_ENDPOINT_URL").is_some_and(|url| url.starts_with("https:"));
    let region = lookup("AWS_REGION").unwrap_or_default();
    let mut parts = region.split('-');
    let apart = matches!(parts.next(), Some("cn" | "eusc")) || parts.next().is_some_and(|part| part.starts_with("iso"));
    if elsewhere || apart { Trust::System } else { Trust::of(lookup) }
}

/// A service may have an endpoint of its own: `AWS_ENDPOINT_URL_SQS`.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        environment(&format!("{}_{}", key.env(), key.service_id().to_uppercase().replace(' ', "_")))
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_http_client::tls::TrustStore;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    #[test]
    fn amazons_roots_are_trusted_where_amazon_answers() {
        let lambda = ("AWS_LAMBDA_FUNCTION_NAME", "ingest");
        for (more, expected) in [
            (&[("AWS_REGION", "eu-central-1")][..], Trust::CompiledIn),
            (&[("AWS_REGION", "us-gov-west-1")], Trust::CompiledIn),
            (&[("AWS_REGION", "cn-north-1")], Trust::System),
            (&[("AWS_REGION", "us-iso-east-1")], Trust::System),
            (&[("AWS_REGION", "eusc-de-east-1")], Trust::System),
            (&[("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")], Trust::CompiledIn),
            (&[("AWS_ENDPOINT_URL", "https://aws.example.com")], Trust::System),
        ] {
            let all = [&[lambda], more].concat();
            let lookup = |name: &str| all.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(trusted(&lookup), expected, "{more:?}");
        }
    }

    #[test]
    fn amazons_roots_can_be_read() {
        let mut roots = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(AMAZON.as_bytes()) {
            roots.add(root.unwrap()).unwrap();
        }
        assert_eq!(roots.len(), 5);
        // The SDK's own reader stops the process at a root that it cannot read.
        drop(connector(Trust::CompiledIn));
        drop(TrustStore::empty().with_pem_certificate(AMAZON));
    }
}
