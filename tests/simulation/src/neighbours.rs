//! An AI and a Braze that do as they are told and remember everything.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use braze::{Messaging, Outcome};
use models::Reply;

use crate::witness::Witness;

/// What the AI does with its next question.
#[derive(Debug, Clone)]
pub enum AiScript {
    /// Answers with these words after this long.
    Says(&'static str, Duration),
    /// Answers as always, after this long.
    Thinks(Duration),
    /// Fails at once.
    Fails,
    /// Never answers.
    Hangs,
    /// Has a mistake in its code.
    Panics,
}

/// Answers `re: <question>` at once, unless told otherwise.
#[derive(Default)]
pub(crate) struct ScriptedAi {
    pub(crate) script: Mutex<VecDeque<AiScript>>,
    pub(crate) asked: Mutex<Vec<Question>>,
    /// What it says after the question.
    pub(crate) always: Mutex<Option<&'static str>>,
}

#[async_trait]
impl Ai for ScriptedAi {
    fn name(&self) -> &'static str {
        "scripted"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        self.asked.lock().unwrap().push(question.clone());
        let next = self.script.lock().unwrap().pop_front();
        let text = match next {
            None => self.says(question),
            Some(AiScript::Thinks(time)) => {
                tokio::time::sleep(time).await;
                self.says(question)
            }
            Some(AiScript::Fails) => return Err(AiError::Unavailable { status: Some(500), retry_after: None }),
            Some(AiScript::Panics) => crate::quiet::panics_on_purpose(),
            Some(AiScript::Hangs) => {
                tokio::time::sleep(time).await;
                return Err(AiError::TimedOut);
            }
            Some(AiScript::Says(words, after)) => {
                tokio::time::sleep(after).await;
                words.to_owned()
            }
        };
        Ok(Answer::text(text))
    }
}

impl ScriptedAi {
    fn says(&self, question: &Question) -> String {
        let more = self.always.lock().unwrap().unwrap_or_default();
        format!("re: {}{more}", question.text.as_str())
    }
}

/// One request that reached Braze, and whether its message reached the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The conversation it went to.
    pub to: String,
    /// The words.
    pub text: String,
    /// The id of the part.
    pub reply_id: String,
    /// Whether the user got it.
    pub delivered: bool,
}

/// Accepts everything, unless told otherwise: an outcome, and whether the message was delivered all the same.
pub(crate) struct ScriptedBraze {
    pub(crate) script: Mutex<VecDeque<(Outcome, bool)>>,
    pub(crate) sent: Mutex<Vec<Sent>>,
    pub(crate) witness: Arc<Witness>,
}

#[async_trait]
impl Messaging for ScriptedBraze {
    async fn send(&self, reply: &Reply, _: Duration) -> Outcome {
        let accepted = (Outcome::Accepted { dispatch_id: None, remarks: false }, true);
        let (outcome, delivered) = self.script.lock().unwrap().pop_front().unwrap_or(accepted);
        self.sent.lock().unwrap().push(Sent {
            to: reply.to.conversation().as_str().to_owned(),
            text: reply.content.text().as_str().to_owned(),
            reply_id: reply.id.as_str().to_owned(),
            delivered,
        });
        if delivered {
            self.witness.delivered(reply);
        }
        outcome
    }
}
