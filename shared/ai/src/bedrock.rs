//! Amazon Bedrock: any of its models that can converse, called as the function's own role and without a key.
//!
//! The one call is written here and signed, for the service's own SDK is larger than all the others together and knows a
//! hundred shapes that are never used.

mod request;
mod response;

use std::time::Duration;

use async_trait::async_trait;
use platform::aws::{BEDROCK, SdkConfig, Signer};
use serde_json::Value;

use crate::http::{BadBaseUrl, Server, address};
use crate::rounds::{self, Dialect, Door, Earlier, Heard, Model};
use crate::tools::Calls;
use crate::{Ai, AiError, Answer, Past, Question, Summary, Tools};
use request::Request;

/// The model failed, not the request (`ModelErrorException`): it may pass, although it is a 4xx.
const MODEL_FAILED: u16 = 424;

/// A backend behind the Converse API, which is the same for every model
/// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>).
pub struct Bedrock(Model<Signed, Converse>);

struct Converse {
    sees: bool,
}

impl Bedrock {
    /// A client for `model`, the id or the ARN of a model or of an inference profile, in `region`. It calls as whoever `aws`
    /// says, and reaches nothing before the first question. It fails only if a setting puts Bedrock at an address that is
    /// none (`AWS_ENDPOINT_URL_BEDROCK_RUNTIME`).
    ///
    /// `http` must follow no redirects: a redirect would take the user's words to a host nobody chose.
    pub fn new(aws: &SdkConfig, region: &str, model: &str, http: reqwest::Client) -> Result<Self, BadBaseUrl> {
        let url = address(&format!("{}/model/{}/converse", BEDROCK.base_url(aws, region), step(model)))?;
        let server = Server { url, key: None, http, headers: &[] };
        let door = Signed { server, signer: Signer::new(aws, BEDROCK, region) };
        Ok(Self(Model::new(door, Converse { sees: false })))
    }

    /// The same, with a model that is shown the pictures users send if it `sees`.
    #[must_use]
    pub fn seeing(mut self, sees: bool) -> Self {
        self.0.dialect.sees = sees;
        self
    }

    /// What Bedrock's answer means where `tools` were offered: of a 2xx its body does, of anything else the status and the
    /// `Retry-After` header.
    pub fn read(status: u16, retry_after: Option<&str>, body: &[u8], tools: &Tools) -> Result<Answer, AiError> {
        rounds::read::<Converse>(status, retry_after, body, tools).map_err(meaning)
    }
}

#[async_trait]
impl Ai for Bedrock {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    fn sees(&self) -> bool {
        self.0.dialect.sees
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        self.0.answer(question, time).await
    }

    fn summarises(&self) -> bool {
        true
    }

    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        self.0.summarise(past, time).await
    }
}

impl Dialect for Converse {
    /// The blocks of an answer, without calls that were ignored.
    type Noted = Vec<Value>;

    fn sees(&self) -> bool {
        self.sees
    }

    fn body(&self, question: &Question, earlier: &[Earlier<Vec<Value>>]) -> Vec<u8> {
        let mut request = Request::new(question, self.sees);
        for round in earlier {
            request.show(round);
        }
        // Text, numbers and lists: there is nothing in it that JSON cannot say.
        serde_json::to_vec(&request).unwrap_or_default()
    }

    fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Vec<Value>>, AiError> {
        response::heard(body, calls)
    }
}

/// A door that opens to whoever signs.
struct Signed {
    server: Server,
    signer: Signer,
}

#[async_trait]
impl Door for Signed {
    async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, AiError> {
        let signed = self.signer.headers(self.server.url.as_str(), &body).await;
        let signed = signed.map_err(|_| AiError::Unavailable { status: None, retry_after: None })?;
        let request = self.server.request(body);
        let request = signed.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        self.server.attempt(request).await.map_err(meaning)
    }
}

/// What a failure means here. Every other exception of the API has a status that says it: throttled and not ready are 429, timed
/// out is 408, access denied is 403, not valid is 400.
fn meaning(failure: AiError) -> AiError {
    match failure {
        AiError::Refused { status: MODEL_FAILED } => {
            AiError::Unavailable { status: Some(MODEL_FAILED), retry_after: None }
        }
        other => other,
    }
}

/// One step of a path, with everything encoded that might be anything else: what is signed is the path as it is sent, and AWS
/// wants the `:` of a model's id encoded too.
fn step(text: &str) -> String {
    let encoded = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    encoded.collect()
}
