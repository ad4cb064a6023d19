//! Amazon Bedrock: any of its models that can converse, called as the function's own role and without a key.

mod document;
mod end_of_body;
mod failure;
mod request;
mod response;

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_bedrockruntime::Client;
use aws_sdk_bedrockruntime::config::retry::RetryConfig;
use aws_sdk_bedrockruntime::config::timeout::TimeoutConfig;
use aws_sdk_bedrockruntime::config::{BehaviorVersion, Builder, Region, StalledStreamProtectionConfig};
use aws_sdk_bedrockruntime::types::ContentBlock;
use platform::aws::SdkConfig;

use crate::rounds::{Heard, Rounds};
use crate::tools::Calls;
use crate::{Ai, AiError, Answer, Question};
use end_of_body::EndOfBody;

/// How long a connection may take to come up, as for every other backend.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// A backend behind the Converse API, which is the same for every model
/// (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>).
pub struct Bedrock(Converse);

struct Converse {
    client: Client,
    model: String,
}

impl Bedrock {
    /// A client for `model`, the id or the ARN of a model or of an inference profile, in `region`, or else in that of `aws`.
    ///
    /// Making it reaches nothing; the first answer opens the connection.
    pub fn new(aws: &SdkConfig, region: Option<&str>, model: impl Into<String>) -> Self {
        // The time of a question is the caller's, and so is whether it is asked again.
        let config = Builder::from(aws)
            .behavior_version(BehaviorVersion::latest())
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().connect_timeout(CONNECT_WITHIN).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .interceptor(EndOfBody);
        let region = region.map(|region| Region::new(region.to_owned()));
        let config = if region.is_some() { config.region(region) } else { config };
        Self(Converse { client: Client::from_conf(config.build()), model: model.into() })
    }
}

#[async_trait]
impl Ai for Bedrock {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        self.0.answer(question, time).await
    }
}

#[async_trait]
impl Rounds for Converse {
    /// The blocks of the first answer, without calls that were ignored.
    type Noted = Vec<ContentBlock>;

    async fn round(
        &self,
        question: &Question,
        noted: Option<Vec<ContentBlock>>,
        calls: &mut Calls<'_>,
    ) -> Result<Heard<Vec<ContentBlock>>, AiError> {
        // Every field that has to be there is: the builders cannot fail.
        let request = request::converse(&self.model, question, noted.unwrap_or_default())
            .map_err(|_| AiError::Unusable("the question cannot be written"))?;
        let answer = request.send_with(&self.client).await.map_err(|error| failure::meaning(&error))?;
        response::heard(answer, calls)
    }
}
