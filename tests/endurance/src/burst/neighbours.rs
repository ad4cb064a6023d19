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
use tokio::sync::watch;

use crate::shared::Shared;

/// The token that opens the door.
pub(super) const TOKEN: &str = "webhook-token";

/// How long the AI lets those who have asked wait for the others: less than a turn has for its AI.
const PATIENCE: Duration = Duration::from_secs(20);

/// Counts the lines of each question after a while, and says how long it kept whoever asked. Where a crowd is expected, it
/// answers nobody before all of it has asked: then so many conversations are worked on at the same moment.
pub(super) struct CountingAi {
    thinks_for: Duration,
    crowd: watch::Sender<Crowd>,
}

/// Conversations that wait for the AI.
#[derive(Default)]
struct Crowd {
    expected: usize,
    now: usize,
    most: usize,
}

impl CountingAi {
    pub(super) fn new(thinks_for: Duration) -> Self {
        Self { thinks_for, crowd: watch::Sender::new(Crowd::default()) }
    }

    /// From now on a crowd of so many is expected.
    pub(super) fn expect(&self, expected: usize) {
        self.crowd.send_replace(Crowd { expected, ..Crowd::default() });
    }

    /// The most conversations that were worked on at the same moment since a crowd was expected.
    pub(super) fn most_at_once(&self) -> usize {
        self.crowd.borrow().most
    }

    async fn think(&self) {
        let mut crowd = self.crowd.subscribe();
        self.crowd.send_if_modified(|crowd| {
            crowd.now += 1;
            crowd.most = crowd.most.max(crowd.now);
            crowd.most == crowd.expected
        });
        // If they do not come, the round says how many did.
        let _ = tokio::time::timeout(PATIENCE, crowd.wait_for(|crowd| crowd.most >= crowd.expected)).await;
        tokio::time::sleep(self.thinks_for).await;
        self.crowd.send_if_modified(|crowd| {
            crowd.now = crowd.now.saturating_sub(1);
            false
        });
    }
}

#[async_trait]
impl Ai for CountingAi {
    fn name(&self) -> &'static str {
        "counting"
    }

    async fn answer(&self, question: &Question, _: Duration) -> Result<Answer, AiError> {
        let asked = Instant::now();
        self.think().await;
        let lines = question.text.as_str().lines().count();
        Ok(Answer::text(format!("{lines} {}", asked.elapsed().as_micros())))
    }
}

/// An answer that a user got.
#[derive(Debug, Clone, Copy)]
pub(super) struct Got {
    pub(super) at: Instant,
    /// How many lines it answers.
    pub(super) lines: usize,
    /// How long the AI took.
    pub(super) thought: Duration,
}

impl Got {
    /// What is in the AI's words.
    fn now(words: &str) -> Self {
        let mut numbers = words.split(' ').map(|number| number.parse().unwrap_or_default());
        let mut number = || numbers.next().unwrap_or_default();
        let lines = usize::try_from(number()).unwrap_or_default();
        Self { at: Instant::now(), lines, thought: Duration::from_micros(number()) }
    }
}

/// Every user's answers.
#[derive(Clone, Default)]
pub(super) struct Phones(Arc<Shared<HashMap<String, Vec<Got>>>>);

impl Phones {
    /// What everybody got since this was asked last.
    pub(super) fn answers(&self) -> HashMap<String, Vec<Got>> {
        std::mem::take(&mut *self.0.lock())
    }
}

#[async_trait]
impl Messaging for Phones {
    async fn send(&self, reply: &Reply, _: Duration) -> Outcome {
        let user = reply.to.conversation().as_str().trim_start_matches("user:").to_owned();
        self.0.lock().entry(user).or_default().push(Got::now(reply.content.text().as_str()));
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
