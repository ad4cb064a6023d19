//! The AI, Braze and the secret of a burst, all in this process.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use braze::{Messaging, Outcome};
use models::Reply;
use platform::secrets::{SecretSource, SecretUnavailable, Versions};
use serde_json::json;

use crate::shared::Shared;

/// The token that opens the door.
pub(super) const TOKEN: &str = "webhook-token";

/// Counts the lines of the question, after a while.
pub(super) struct CountingAi(pub(super) Duration);

#[async_trait]
impl Ai for CountingAi {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn answer(&self, question: &Question, _: Duration) -> Result<Answer, AiError> {
        tokio::time::sleep(self.0).await;
        Ok(Answer::text(question.text.as_str().lines().count().to_string()))
    }
}

/// An answer that a user got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Got {
    pub(super) at: Instant,
    /// How many lines it answers.
    pub(super) lines: usize,
}

/// Every user's answers.
#[derive(Clone, Default)]
pub(super) struct Phones(Arc<Shared<HashMap<String, Vec<Got>>>>);

impl Phones {
    pub(super) fn answers(&self) -> HashMap<String, Vec<Got>> {
        self.0.lock().clone()
    }
}

#[async_trait]
impl Messaging for Phones {
    async fn send(&self, reply: &Reply, _: Duration) -> Outcome {
        let user = reply.to.conversation().as_str().trim_start_matches("user:").to_owned();
        let got = Got { at: Instant::now(), lines: reply.content.text().as_str().parse().unwrap_or_default() };
        self.0.lock().entry(user).or_default().push(got);
        Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false }
    }
}

/// The secret of the door.
pub(super) struct FixedTokens;

#[async_trait]
impl SecretSource for FixedTokens {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let secret = json!({"webhook_token": TOKEN, "agent_token": "agent-token"}).to_string();
        Ok(Versions { current: secret.into(), previous: None })
    }
}
