//! A text that is kept at AWS: an object in S3, or a parameter of Systems Manager.
//!
//! Both calls are written here and signed: the services' own SDKs would be the largest part of a function that reads one
//! text at its start.

use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use reqwest::Method;
use serde_json::{Value, json};

use super::signed::{Call, NotSigned, Service, Signer};

const S3: Service = Service { host: "s3", name: "s3", id: "S3" };
const SSM: Service = Service { host: "ssm", name: "ssm", id: "SSM" };
/// The most bytes that are read.
const MOST: usize = 256 * 1024;
/// How long one attempt may take. Two of them leave most of the ten seconds that Lambda gives a function to start.
const ATTEMPT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 2;

/// Where a text is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptText {
    /// In S3.
    Object {
        /// The bucket's name.
        bucket: String,
        /// The object's key.
        key: String,
    },
    /// In the Parameter Store, encrypted or not.
    Parameter {
        /// Its whole name, which begins with a slash.
        name: String,
    },
}

/// A text that could not be had. Shows nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRead {
    /// It begins like a place at AWS and is none.
    #[error("it must be s3://bucket/key or ssm:/parameter/name, of A-Z a-z 0-9 . _ - = / alone")]
    Place,
    /// There is nobody to call as.
    #[error(transparent)]
    NotSigned(#[from] NotSigned),
    /// No answer, or half of one.
    #[error("AWS gave no answer within {} seconds; is the network open to it?", (ATTEMPT * ATTEMPTS).as_secs())]
    NoAnswer,
    /// AWS will not give it out.
    #[error("AWS answers {status}{code}; is it there, in this region, and may the role read it?")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// AWS's own name for what is wrong.
        code: Code,
    },
    /// More than is read.
    #[error("it is larger than {} KB", MOST / 1024)]
    TooLarge,
    /// It is not UTF-8, or the answer is not what the service documents.
    #[error("it is no text")]
    NotText,
}

/// AWS's name for an error, such as `NoSuchKey`; empty if it gave none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Code(String);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " {}", self.0) }
    }
}

impl Code {
    /// Out of the XML of S3, or the JSON of Systems Manager.
    fn of(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let xml = || Some(text.split_once("<Code>")?.1.split_once("</Code>")?.0.to_owned());
        let json = || serde_json::from_str::<Value>(&text).ok()?["__type"].as_str().map(str::to_owned);
        let code = xml().or_else(json).unwrap_or_default();
        let code = code.rsplit('#').next().unwrap_or_default();
        let is_code = code.len() <= 60 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
        Self(if is_code { code.to_owned() } else { String::new() })
    }
}

impl KeptText {
    /// What `place` names at AWS; `None` if it begins neither with `s3:` nor with `ssm:`.
    pub fn at(place: &str) -> Option<Result<Self, NotRead>> {
        let legal = |text: &str| {
            let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._-=/".contains(&byte);
            !text.is_empty() && text.bytes().all(is_legal) && text.split('/').all(|step| !matches!(step, "." | ".."))
        };
        let kept = if let Some(object) = place.strip_prefix("s3:") {
            let named = object.strip_prefix("//").and_then(|object| object.split_once('/'));
            let named = named.filter(|(bucket, key)| legal(bucket) && !bucket.contains(['_', '=']) && legal(key));
            named.map(|(bucket, key)| Self::Object { bucket: bucket.to_owned(), key: key.to_owned() })
        } else {
            let name = place.strip_prefix("ssm:")?;
            let is_name = name.starts_with('/') && legal(name) && !name.contains('=');
            is_name.then(|| Self::Parameter { name: name.to_owned() })
        };
        Some(kept.ok_or(NotRead::Place))
    }

    /// Reads it as whoever `aws` says, from where its region and `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_SSM` or
    /// `AWS_ENDPOINT_URL` lead. At most 256 KB, within 4 seconds; a failure that may pass is tried once more.
    pub async fn read(&self, aws: &SdkConfig, http: &reqwest::Client) -> Result<String, NotRead> {
        let mut attempt = 1;
        let answer = loop {
            match self.ask(aws, http).await {
                Err(failure) if failure.may_pass() && attempt < ATTEMPTS => attempt += 1,
                answer => break answer?,
            }
        };
        match self {
            Self::Object { .. } => String::from_utf8(answer).map_err(|_| NotRead::NotText),
            Self::Parameter { .. } => {
                let answer: Value = serde_json::from_slice(&answer).map_err(|_| NotRead::NotText)?;
                answer["Parameter"]["Value"].as_str().map(str::to_owned).ok_or(NotRead::NotText)
            }
        }
    }

    async fn ask(&self, aws: &SdkConfig, http: &reqwest::Client) -> Result<Vec<u8>, NotRead> {
        let region = aws.region().map_or("us-east-1", |region| region.as_ref());
        let (service, method, url, headers, body) = match self {
            // With the bucket in the path, which holds for every name of one, dots included.
            Self::Object { bucket, key } => {
                (S3, Method::GET, format!("{}/{bucket}/{key}", S3.base_url(aws, region)), &[][..], Vec::new())
            }
            Self::Parameter { name } => {
                let body = json!({ "Name": name, "WithDecryption": true }).to_string().into_bytes();
                (SSM, Method::POST, format!("{}/", SSM.base_url(aws, region)), &GET_PARAMETER[..], body)
            }
        };
        let call = Call { method: method.as_str(), url: &url, headers, body: &body };
        let signed = Signer::new(aws, service, region).sign(&call).await?;
        let request = http.request(method, &url);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = request.timeout(ATTEMPT).body(body).send().await.map_err(|_| NotRead::NoAnswer)?;
        let status = answer.status();
        let body = whole(answer).await?;
        if status.is_success() {
            Ok(body)
        } else {
            Err(NotRead::Refused { status: status.as_u16(), code: Code::of(&body) })
        }
    }
}

/// What is called of Systems Manager, and in which protocol
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html>).
const GET_PARAMETER: [(&str, &str); 2] =
    [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonSSM.GetParameter")];

impl NotRead {
    fn may_pass(&self) -> bool {
        let throttled = |code: &Code| code.0.starts_with("Throttling") || code.0 == "SlowDown";
        match self {
            Self::NoAnswer => true,
            Self::Refused { status, code } => *status == 429 || *status >= 500 || throttled(code),
            Self::Place | Self::NotSigned(_) | Self::TooLarge | Self::NotText => false,
        }
    }
}

/// The body, if it is not larger than what is read.
async fn whole(mut answer: reqwest::Response) -> Result<Vec<u8>, NotRead> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| NotRead::NoAnswer)? {
        if body.len() + chunk.len() > MOST {
            return Err(NotRead::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_at_aws_is_told_from_a_path_and_from_what_only_looks_like_one() {
        let object = |bucket: &str, key: &str| KeptText::Object { bucket: bucket.to_owned(), key: key.to_owned() };
        let parameter = |name: &str| KeptText::Parameter { name: name.to_owned() };
        for (place, expected) in [
            ("assistant.toml", None),
            ("/opt/assistant.toml", None),
            ("s3://my.bucket/a/b.toml", Some(Ok(object("my.bucket", "a/b.toml")))),
            ("ssm:/dragoman/assistant", Some(Ok(parameter("/dragoman/assistant")))),
            ("s3://bucket", Some(Err(NotRead::Place))),
            ("s3://bucket/", Some(Err(NotRead::Place))),
            ("s3:/bucket/key", Some(Err(NotRead::Place))),
            ("s3://bucket/a/../b", Some(Err(NotRead::Place))),
            ("s3://bucket/a b", Some(Err(NotRead::Place))),
            ("s3://bucket/*", Some(Err(NotRead::Place))),
            ("s3://bucket/a?versionId=1", Some(Err(NotRead::Place))),
            ("ssm:assistant", Some(Err(NotRead::Place))),
            ("ssm:/a:3", Some(Err(NotRead::Place))),
        ] {
            assert_eq!(KeptText::at(place), expected, "{place}");
        }
    }

    #[test]
    fn a_refusal_says_aws_s_own_name_for_it_and_nothing_else_of_the_answer() {
        for (body, shown) in [
            ("<Error><Code>NoSuchKey</Code><Key>hush</Key></Error>", "AWS answers 400 NoSuchKey;"),
            (
                r#"{"__type":"com.amazonaws.ssm#ParameterNotFound","message":"hush"}"#,
                "AWS answers 400 ParameterNotFound;",
            ),
            ("<Code>hush hush</Code>", "AWS answers 400;"),
            ("hush", "AWS answers 400;"),
        ] {
            let told = NotRead::Refused { status: 400, code: Code::of(body.as_bytes()) }.to_string();
            assert!(told.starts_with(shown) && !told.contains("hush"), "{told}");
        }
    }
}
