//! The few calls that a run itself makes of AWS, the same to every stand-in.

use serde_json::Value;

use crate::Unfit;

/// How often a call is tried that gets no answer.
const ATTEMPTS: u32 = 3;

/// A client without signatures: what it talks to is on this machine and checks none.
#[derive(Debug)]
pub(super) struct Aws {
    http: reqwest::Client,
    pub(super) endpoint: String,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Service {
    Queues,
    Tables,
    Secrets,
}

impl Service {
    /// The beginning of `X-Amz-Target`, the name in a signature's scope, and the version of its JSON.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Queues => ("AmazonSQS", "sqs", "1.0"),
            Self::Tables => ("DynamoDB_20120810", "dynamodb", "1.0"),
            Self::Secrets => ("secretsmanager", "secretsmanager", "1.1"),
        }
    }
}

impl Aws {
    pub(super) fn new(http: reqwest::Client, endpoint: &str) -> Self {
        Self { http, endpoint: endpoint.trim_end_matches('/').to_owned() }
    }

    pub(super) async fn call(&self, service: Service, operation: &str, body: &Value) -> Result<Value, Unfit> {
        let (target, scope, version) = service.words();
        let authorization = format!(
            "AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/{scope}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let failed = |reason: String| Unfit::new(format!("AWS's stand-in failed at {operation}: {reason}"));
        let mut attempts = 0;
        let (status, text) = loop {
            let request = self
                .http
                .post(format!("{}/", self.endpoint))
                .header("x-amz-target", format!("{target}.{operation}"))
                .header("content-type", format!("application/x-amz-json-{version}"))
                .header("authorization", &authorization)
                .body(body.to_string());
            attempts += 1;
            match answer(request).await {
                Ok(answer) => break answer,
                // A connection that was idle for long may be closed just when it is used again.
                Err(error) if attempts == ATTEMPTS => return Err(failed(error.to_string())),
                Err(_) => {}
            }
        };
        if !status.is_success() {
            return Err(failed(format!("{status}: {text}")));
        }
        serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
    }
}

async fn answer(request: reqwest::RequestBuilder) -> reqwest::Result<(reqwest::StatusCode, String)> {
    let answer = request.send().await?;
    Ok((answer.status(), answer.text().await?))
}
