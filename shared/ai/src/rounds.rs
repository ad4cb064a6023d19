//! A question to a model, whatever its API: how often it is asked, and what comes of what it says.

use std::time::Duration;

use async_trait::async_trait;
use models::Personal;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};

use crate::http::{Server, succeeded};
use crate::tools::Calls;
use crate::{AiError, Answer, Question, Tools, Usage};

/// How one API writes a question and an answer.
pub(crate) trait Dialect: Send + Sync {
    /// What was noted in the first round, as the second has to show it.
    type Noted: Send;

    /// The body of a question; in the second round with what was noted in the first.
    fn body(&self, question: &Question, noted: Option<Self::Noted>) -> Vec<u8>;

    /// What the body of a 2xx holds; its tool calls go to `calls`.
    fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Self::Noted>, AiError>;
}

/// What one round brought.
pub(crate) struct Heard<Noted> {
    /// The words, or why there are none.
    pub(crate) text: Result<Personal, AiError>,
    /// The calls that were done, if there are any.
    pub(crate) noted: Option<Noted>,
    /// What it cost.
    pub(crate) usage: Option<Usage>,
}

/// A model that is asked in rounds.
#[async_trait]
pub(crate) trait Rounds: Send + Sync {
    /// What was noted in the first round, as the second has to show it.
    type Noted: Send;

    /// Asks once; in the second round with what was noted in the first.
    async fn round(
        &self,
        question: &Question,
        noted: Option<Self::Noted>,
        calls: &mut Calls<'_>,
    ) -> Result<Heard<Self::Noted>, AiError>;

    /// Answers, or fails before `time` is over.
    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        tokio::time::timeout(time, self.ask_in_all(question)).await.unwrap_or(Err(AiError::TimedOut))
    }

    /// Asks; and once more without tools where the server may have no use for them: some refuse the whole request then.
    async fn ask_in_all(&self, question: &Question) -> Result<Answer, AiError> {
        match self.ask(question).await {
            Err(AiError::Refused { status: 400 }) if question.tools != Tools::default() => {
                self.ask(&Question { tools: Tools::default(), ..question.clone() }).await
            }
            outcome => outcome,
        }
    }

    /// Asks once; and once more where something was noted but nothing said, because the user must get words.
    async fn ask(&self, question: &Question) -> Result<Answer, AiError> {
        let mut calls = Calls::new(&question.tools);
        let first = self.round(question, None, &mut calls).await?;
        if first.text.is_ok() || calls.have_words() || first.noted.is_none() {
            return calls.answer(first.text, first.usage);
        }
        let second = self.round(question, first.noted, &mut calls).await?;
        calls.answer(second.text, sum(first.usage, second.usage))
    }
}

/// A model behind one address.
pub(crate) struct Model<D> {
    pub(crate) server: Server,
    /// Puts the key into a request.
    pub(crate) prove: fn(RequestBuilder, &str) -> RequestBuilder,
    pub(crate) dialect: D,
}

#[async_trait]
impl<D: Dialect> Rounds for Model<D> {
    type Noted = D::Noted;

    async fn round(
        &self,
        question: &Question,
        noted: Option<D::Noted>,
        calls: &mut Calls<'_>,
    ) -> Result<Heard<D::Noted>, AiError> {
        let body = self.dialect.body(question, noted);
        let prove = |request: RequestBuilder, key: &SecretString| Ok((self.prove)(request, key.expose_secret().trim()));
        D::heard(&self.server.post(&body, prove).await?, calls)
    }
}

/// What a server's answer means where `tools` were offered: of a 2xx its body does, of anything else the status and the
/// `Retry-After` header.
pub(crate) fn read<D: Dialect>(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
    tools: &Tools,
) -> Result<Answer, AiError> {
    succeeded(status, retry_after)?;
    let mut calls = Calls::new(tools);
    let Heard { text, usage, .. } = D::heard(body, &mut calls)?;
    calls.answer(text, usage)
}

/// The words that were said, if they are any.
pub(crate) fn words(text: String) -> Result<Personal, AiError> {
    if text.trim().is_empty() { Err(AiError::Unusable("its text is blank")) } else { Ok(text.into()) }
}

/// What both rounds cost, as far as the server says.
fn sum(first: Option<Usage>, second: Option<Usage>) -> Option<Usage> {
    let both = first.zip(second).map(|(first, second)| Usage {
        input_tokens: first.input_tokens.saturating_add(second.input_tokens),
        output_tokens: first.output_tokens.saturating_add(second.output_tokens),
    });
    both.or(first).or(second)
}
