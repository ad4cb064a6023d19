//! A question to a model, whatever its API: how often it is asked, and what comes of what it says.

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use models::{Personal, is_blank};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;

use crate::http::{Body, Server, succeeded};
use crate::streamed::{Fold, Streamed};
use crate::tools::Calls;
use crate::{AiError, Aloud, Answer, Question, Tools, Usage};

/// The most rounds of a question for which nothing is looked up: the user must get words, and a note has none.
const ROUNDS: usize = 2;
/// The most rounds where something was looked up.
const LOOK_UP_ROUNDS: usize = 3;

/// How one API writes a question and an answer.
pub(crate) trait Dialect: Send + Sync {
    /// What was called in a round, as the next one has to show it.
    type Noted: Send + Sync;

    /// Whether the model is shown pictures.
    fn sees(&self) -> bool;

    /// The body of a question, with the rounds that went before. If somebody listens, it asks for an answer in parts.
    fn body(&self, question: &Question, earlier: &[Earlier<Self::Noted>]) -> Vec<u8>;

    /// What brings an answer in parts together to such a body; `None` if the API is not asked for any.
    fn folded() -> Option<Box<dyn Fold>> {
        None
    }

    /// What the body of a 2xx holds; its tool calls go to `calls`.
    fn heard(body: &[u8], calls: &mut Calls<'_>) -> Result<Heard<Self::Noted>, AiError>;
}

/// A round that another one follows.
pub(crate) struct Earlier<Noted> {
    /// What was said beside the calls.
    pub(crate) text: Option<Personal>,
    /// The calls.
    pub(crate) noted: Noted,
    /// What came of each call, in their order.
    pub(crate) results: Vec<Personal>,
}

/// What one round brought.
pub(crate) struct Heard<Noted> {
    /// The words, or why there are none.
    pub(crate) text: Result<Personal, AiError>,
    /// The calls that were taken, if there are any.
    pub(crate) noted: Option<Noted>,
    /// What it cost.
    pub(crate) usage: Option<Usage>,
}

/// A model behind one address.
pub(crate) struct Model<W, D> {
    door: W,
    pub(crate) dialect: D,
    /// Whether it has refused to answer in parts what it answered as a whole.
    refuses_parts: AtomicBool,
}

/// What lets a question in.
#[async_trait]
pub(crate) trait Door: Send + Sync {
    /// Posts `body`, which is JSON, and returns the body of a 2xx.
    async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, AiError>;

    /// The same where the body may come in parts.
    async fn post_streamed(&self, body: Vec<u8>) -> Result<Body, AiError> {
        self.post(body).await.map(Body::Whole)
    }
}

/// A door that opens to a key, if it wants one.
pub(crate) struct Keyed {
    pub(crate) server: Server,
    /// Puts the key into a request.
    pub(crate) prove: fn(RequestBuilder, &str) -> RequestBuilder,
}

#[async_trait]
impl Door for Keyed {
    async fn post(&self, body: Vec<u8>) -> Result<Vec<u8>, AiError> {
        let prove = |request: RequestBuilder, key: &SecretString| Ok((self.prove)(request, key.expose_secret().trim()));
        self.server.post(body, prove).await
    }

    async fn post_streamed(&self, body: Vec<u8>) -> Result<Body, AiError> {
        let prove = |request: RequestBuilder, key: &SecretString| Ok((self.prove)(request, key.expose_secret().trim()));
        self.server.post_streamed(body, prove).await
    }
}

impl<W, D> Model<W, D> {
    /// A model that speaks so behind that door.
    pub(crate) fn new(door: W, dialect: D) -> Self {
        Self { door, dialect, refuses_parts: AtomicBool::new(false) }
    }
}

impl<W: Door, D: Dialect> Model<W, D> {
    /// Answers, or fails before `time` is over.
    pub(crate) async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let end = Instant::now() + time;
        tokio::time::timeout_at(end, self.ask_in_all(question, end)).await.unwrap_or(Err(AiError::TimedOut))
    }

    /// Asks; and once more as nobody who listens, then without pictures, and then without tools, where the server may have no
    /// use for them: some refuse the whole request then. Never once more what has been told in part.
    async fn ask_in_all(&self, question: &Question, end: Instant) -> Result<Answer, AiError> {
        let mut question = Cow::Borrowed(question);
        let is_heard = D::folded().is_some() && question.aloud.is_heard();
        if !is_heard || self.refuses_parts.load(Ordering::Relaxed) {
            question = unheard(question);
        }
        let mut outcome = self.ask(&question, end).await;
        if question.aloud.has_told() {
            return outcome;
        }
        if question.aloud.is_heard() && matches!(outcome, Err(AiError::Refused { status: 400 | 422 })) {
            question = unheard(question);
            outcome = self.ask(&question, end).await;
            if outcome.is_ok() && !self.refuses_parts.swap(true, Ordering::Relaxed) {
                tracing::warn!(
                    "the AI's server refuses to answer in parts; from here on it is asked for whole answers"
                );
            }
        }
        let refused =
            |outcome: &Result<Answer, AiError>| matches!(outcome, Err(AiError::Refused { status: 400 | 413 }));
        if refused(&outcome) && self.dialect.sees() && question.pictures().next().is_some() {
            question = Cow::Owned(question.without_pictures());
            outcome = self.ask(&question, end).await;
        }
        if refused(&outcome) && question.tools != Tools::default() {
            outcome = self.ask(&Question { tools: Tools::default(), ..question.into_owned() }, end).await;
        }
        outcome
    }

    /// Asks; and again with what came of the calls, as long as something is to be shown or nothing was said.
    async fn ask(&self, question: &Question, end: Instant) -> Result<Answer, AiError> {
        let mut calls = Calls::new(&question.tools);
        let (mut earlier, mut usage) = (Vec::new(), None);
        loop {
            // What was told in a round before stands, whatever follows.
            let told = question.aloud.told();
            let Heard { text, noted, usage: cost } = self.round(question, &earlier, &mut calls).await?;
            usage = sum(usage, cost);
            let is_said = calls.have_words() || (text.is_ok() && !calls.wait());
            let most = if calls.look_up() { LOOK_UP_ROUNDS } else { ROUNDS };
            let Some(noted) = noted.filter(|_| !is_said && earlier.len() + 1 < most) else {
                let text = if told.is_empty() { text } else { after(told, text, &calls) };
                return calls.answer(text, usage);
            };
            let results = question.tools.brand.results(calls.take_shown(), end).await;
            earlier.push(Earlier { text: text.ok(), noted, results });
        }
    }

    async fn round(
        &self,
        question: &Question,
        earlier: &[Earlier<D::Noted>],
        calls: &mut Calls<'_>,
    ) -> Result<Heard<D::Noted>, AiError> {
        let body = self.dialect.body(question, earlier);
        let Some(fold) = D::folded().filter(|_| question.aloud.is_heard()) else {
            return D::heard(&self.door.post(body).await?, calls);
        };
        let body = match self.door.post_streamed(body).await? {
            Body::Whole(body) => body,
            Body::InParts(parts) => Streamed::new(fold, &question.aloud).read(parts).await?,
        };
        D::heard(&body, calls)
    }
}

/// The same question with nobody who listens.
fn unheard(question: Cow<'_, Question>) -> Cow<'_, Question> {
    if question.aloud == Aloud::default() {
        return question;
    }
    Cow::Owned(Question { aloud: Aloud::default(), ..question.into_owned() })
}

/// What was said in all, if that was `told` before. It is an answer where the last round is one, if only by its calls.
fn after(told: String, text: Result<Personal, AiError>, calls: &Calls<'_>) -> Result<Personal, AiError> {
    match text {
        Ok(text) => Ok((told + text.as_str()).into()),
        Err(_) if calls.have_words() => Ok(told.into()),
        Err(error) => Err(error),
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
    if is_blank(&text) { Err(AiError::Unusable("its text is blank")) } else { Ok(text.into()) }
}

/// What two rounds cost, as far as the server says.
fn sum(first: Option<Usage>, second: Option<Usage>) -> Option<Usage> {
    let both = first.zip(second).map(|(first, second)| Usage {
        input_tokens: first.input_tokens.saturating_add(second.input_tokens),
        output_tokens: first.output_tokens.saturating_add(second.output_tokens),
    });
    both.or(first).or(second)
}
