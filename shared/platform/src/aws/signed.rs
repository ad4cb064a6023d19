//! Calls of an AWS service without its SDK: where the service is, and headers that say who calls
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>).

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use aws_types::service_config::ServiceConfigKey;

/// One service.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// What its hosts' names begin with.
    pub host: &'static str,
    /// Its name in signatures, and in permissions.
    pub name: &'static str,
    /// Its name in settings, which `AWS_ENDPOINT_URL_…` is made of: `Bedrock Runtime`.
    pub id: &'static str,
}

/// One call of a service, as it goes out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    /// Headers that say what is called, which have to be signed.
    pub(super) headers: &'a [(&'static str, &'static str)],
    pub(super) body: &'a [u8],
}

/// Signs what is sent to a service in one region.
pub struct Signer {
    service: Service,
    region: String,
    credentials: Option<SharedCredentialsProvider>,
}

/// There is nobody to call as. Says nothing else: a provider's own error may show what it read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are no AWS credentials to call as, or they are out of reach; the call is not made")]
pub struct NotSigned;

impl Service {
    /// Where it is in `region`, without a slash at its end; elsewhere if `AWS_ENDPOINT_URL_…` or `AWS_ENDPOINT_URL` says so.
    pub fn base_url(&self, aws: &SdkConfig, region: &str) -> String {
        let key =
            ServiceConfigKey::builder().service_id(self.id).env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
        let own = key.ok().and_then(|key| aws.service_config()?.load_config(key));
        let elsewhere = own.or_else(|| aws.endpoint_url().map(str::to_owned));
        let here = || format!("https://{}.{region}.{}", self.host, domain(region));
        elsewhere.map_or_else(here, |url| url.trim_end_matches('/').to_owned())
    }
}

impl Signer {
    /// As whoever `aws` says, who is asked for anew with every call.
    pub fn new(aws: &SdkConfig, service: Service, region: &str) -> Self {
        Self { service, region: region.to_owned(), credentials: aws.credentials_provider() }
    }

    /// The headers that a POST of `body` to `url` needs beside its own, good for some minutes.
    pub async fn headers(&self, url: &str, body: &[u8]) -> Result<Vec<(String, String)>, NotSigned> {
        self.sign(&Call { method: "POST", url, headers: &[], body }).await
    }

    /// The headers that `call` needs beside its own, good for some minutes.
    pub(super) async fn sign(&self, call: &Call<'_>) -> Result<Vec<(String, String)>, NotSigned> {
        let provider = self.credentials.as_ref().ok_or(NotSigned)?;
        let credentials = provider.provide_credentials().await.map_err(|_| NotSigned)?;
        headers(&self.service, &self.region, call, credentials, SystemTime::now())
    }
}

fn headers(
    service: &Service,
    region: &str,
    call: &Call<'_>,
    credentials: Credentials,
    time: SystemTime,
) -> Result<Vec<(String, String)>, NotSigned> {
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service.name)
        .time(time)
        .settings(settings(service))
        .build()
        .map_err(|_| NotSigned)?;
    let own = call.headers.iter().copied();
    let request = SignableRequest::new(call.method, call.url, own, SignableBody::Bytes(call.body));
    let signed = request.and_then(|request| sign(request, &params.into())).map_err(|_| NotSigned)?;
    Ok(signed.output().headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// S3 alone signs a path as it stands, and wants the hash of the body in a header
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>).
fn settings(service: &Service) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service.name == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    settings
}

/// What hosts' names end with; each of AWS's partitions has its own
/// (<https://docs.aws.amazon.com/general/latest/gr/rande.html>).
fn domain(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::aws::BEDROCK;

    fn signed(key: &str, token: Option<&str>, body: &str) -> Vec<(String, String)> {
        let url = "https://h.example/model/a%3A0/converse";
        called(&BEDROCK, &Call { method: "POST", url, headers: &[], body: body.as_bytes() }, key, token)
    }

    fn called(service: &Service, call: &Call<'_>, key: &str, token: Option<&str>) -> Vec<(String, String)> {
        let credentials = Credentials::new("AKIDEXAMPLE", key, token.map(str::to_owned), None, "test");
        let time = SystemTime::UNIX_EPOCH + Duration::from_hours(20_454 * 24);
        headers(service, "eu-west-3", call, credentials, time).unwrap()
    }

    fn header<'a>(headers: &'a [(String, String)], name: &str) -> &'a str {
        headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn the_signature_names_who_calls_what_where_and_when_and_never_shows_the_key() {
        let headers = signed("hush", Some("a-token"), "{}");
        let authorization = header(&headers, "authorization");
        // As botocore, AWS's own SDK for Python, signs the same.
        let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-3/bedrock/aws4_request, \
                        SignedHeaders=host;x-amz-date;x-amz-security-token, \
                        Signature=40de37bb4e54ab60296f5a9b5a3a2de5236429091ab6a6cc48eab8abce2ac6ac";
        assert_eq!(authorization, expected);
        assert_eq!(header(&headers, "x-amz-date"), "20260101T000000Z");
        assert_eq!(header(&headers, "x-amz-security-token"), "a-token");
        assert!(!format!("{headers:?}").contains("hush"));
    }

    #[test]
    fn an_object_and_a_parameter_are_signed_as_aws_s_own_sdk_does() {
        let s3 = Service { host: "s3", name: "s3", id: "S3" };
        let object = Call { method: "GET", url: "https://s3.example/bucket/a/b=c.toml", headers: &[], body: b"" };
        let ssm = Service { host: "ssm", name: "ssm", id: "SSM" };
        let target = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonSSM.GetParameter")];
        let parameter = Call { method: "POST", url: "https://ssm.example/", headers: &target, body: b"{}" };
        for (service, call, signature) in [
            (
                s3,
                object,
                "host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=64f1a6f0b80b6ddc7e2bc072a4827275fbb739b7f7d2f8f2564098c7cdbdb6ea",
            ),
            (
                ssm,
                parameter,
                "content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=8f9b4cfa3910a46993a97f4e8c9d75fb20e95e391e08e18112d55c0619cfff5f",
            ),
        ] {
            let headers = called(&service, &call, "hush", Some("a-token"));
            let authorization = header(&headers, "authorization");
            assert!(authorization.ends_with(signature), "{authorization}");
        }
    }

    #[test]
    fn another_key_or_body_is_another_signature() {
        let of = |key, body| header(&signed(key, None, body), "authorization").to_owned();
        assert_eq!(of("one", "{}"), of("one", "{}"));
        assert_ne!(of("one", "{}"), of("two", "{}"));
        assert_ne!(of("one", "{}"), of("one", "[]"));
    }

    #[test]
    fn each_partition_has_its_domain_and_a_setting_leads_elsewhere() {
        let aws = SdkConfig::builder().build();
        for (region, expected) in [
            ("eu-central-1", "https://bedrock-runtime.eu-central-1.amazonaws.com"),
            ("us-gov-west-1", "https://bedrock-runtime.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://bedrock-runtime.cn-north-1.amazonaws.com.cn"),
            ("eusc-de-east-1", "https://bedrock-runtime.eusc-de-east-1.amazonaws.eu"),
        ] {
            assert_eq!(BEDROCK.base_url(&aws, region), expected);
        }
        let elsewhere = SdkConfig::builder().endpoint_url("http://127.0.0.1:4566/").build();
        assert_eq!(BEDROCK.base_url(&elsewhere, "eu-central-1"), "http://127.0.0.1:4566");
    }

    #[tokio::test]
    async fn without_credentials_nothing_is_signed() {
        let signer = Signer::new(&SdkConfig::builder().build(), BEDROCK, "eu-west-3");
        assert_eq!(signer.headers("https://h.example/", b"{}").await, Err(NotSigned));
    }
}
