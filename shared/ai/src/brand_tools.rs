//! The brand's own tools, as `[tools.…]` of `assistant.toml` declares them: which of them a question has, what was called for
//! it, and what the model is shown of that.

mod caller;
mod described;
mod request;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;
use models::assistant::{HttpTool, HttpTools};
use models::{MessageId, Personal, Recipient};
use tokio::time::Instant;

use crate::Question;
use crate::tools::Tool;

pub use caller::{BadTool, HttpCaller};
pub(crate) use request::Misfit;
pub use request::ToolRequest;

/// The most calls that are made for one question, however many backends are asked.
const CALLS: usize = 8;
const NOTED: &str = "Noted.";
const NOT_AS_DESCRIBED: &str = "Nothing was done: the arguments are not as described.";
const ONE_TOO_MANY: &str = "Nothing was done: there were too many calls for this question.";
const EMPTY: &str = "It was done; nothing came back.";
const NOT_FOUND: &str = "Nothing was found under this.";
const FAILED: &str = "This cannot be looked up at the moment.";

/// What calls the brand's systems.
#[async_trait]
pub trait Caller: Send + Sync {
    /// Makes one call, and is back before `time` is over. What came back may be empty.
    async fn call(&self, request: &ToolRequest, time: Duration) -> Result<Personal, ToolFailure>;
}

/// A call brought nothing. Says what kind of failure it was, never a word of the request or of what came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ToolFailure {
    /// No whole answer within the time it had.
    #[error("the tool did not answer in time; the AI is told that it failed")]
    TimedOut,
    /// Nothing answers there; or the name leads to an address of a network of its own, and the tool is not `private`.
    #[error("the tool cannot be reached, or its name leads to no public address; the AI is told that it failed")]
    Unreachable,
    /// Its key cannot be had, is blank, or is no header value.
    #[error("the tool's key cannot be used; check the secret. The AI is told that the tool failed")]
    NoKey,
    /// Not a 2xx.
    #[error("the tool answered with status {0}; the AI is told that it failed")]
    Status(u16),
    /// Neither JSON nor text.
    #[error("the tool's answer is neither JSON nor plain text; the AI is told that it failed")]
    NoData,
    /// Larger than anything that is read.
    #[error("the tool's answer is larger than 256 KiB; the AI is told that it failed")]
    TooLarge,
}

impl ToolFailure {
    /// Whether the tool works and has nothing under what it was asked for: a customer mistyped, and nobody has to mend anything.
    pub(crate) fn is_nothing_found(self) -> bool {
        matches!(self, Self::Status(404 | 410))
    }
}

/// The brand's tools as one question has them. Clones share what was called; by default there are none.
#[derive(Clone, Default)]
pub struct BrandTools(Option<Arc<Session>>);

struct Session {
    tools: Arc<HttpTools>,
    question: MessageId,
    /// The user's external id: the conversation's, whatever a model says.
    user: Option<Personal>,
    caller: Arc<dyn Caller>,
    /// What came of each call, so that the same one is not made twice.
    made: Mutex<Vec<(ToolRequest, Result<Personal, ToolFailure>)>>,
}

/// Something a model called and is to be shown again with what came of it.
pub(crate) enum Shown {
    /// A deed, which is done later.
    Noted,
    /// A deed that was not as described, and is not done.
    NotDone,
    /// A call that was not as described.
    Misfit,
    /// What came of it already: passages of the brand's own texts.
    Found(Personal),
    /// A call to make.
    Wanted(ToolRequest),
}

impl BrandTools {
    /// Those of `tools` that the user whose `question` it is may have, called by `caller`.
    pub fn new(tools: Arc<HttpTools>, question: &Question, caller: Arc<dyn Caller>) -> Self {
        let user = match question.conversation.recipient() {
            Recipient::External(id) => Some(id),
            Recipient::Braze(_) | Recipient::Alias { .. } => None,
        };
        let session = Session { tools, question: question.id.clone(), user, caller, made: Mutex::default() };
        let any = session.offered().next().is_some();
        Self(any.then(|| Arc::new(session)))
    }

    /// The names of those there are.
    pub fn names(&self) -> Vec<&str> {
        self.offered().map(|(name, _)| name).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// As a model gets to know them.
    pub(crate) fn described(&self) -> impl Iterator<Item = Tool> {
        self.offered().map(|(name, tool)| described::described(name, tool))
    }

    /// The request that a call of tool `name` asks for; `None` if there is no such tool.
    pub(crate) fn request(&self, name: &str, arguments: &str) -> Option<Result<ToolRequest, Misfit>> {
        let session = self.0.as_ref()?;
        let (name, tool) = session.offered().find(|(known, _)| *known == name)?;
        Some(ToolRequest::new(name, tool, arguments, session.user.as_ref(), &session.question))
    }

    /// What the model is shown of each of its calls, in their order. New ones are made at the same time, and take no more than
    /// half of what is left until `end`, so that the model has the other half.
    pub(crate) async fn results(&self, calls: Vec<Shown>, end: Instant) -> Vec<Personal> {
        if let Some(session) = &self.0 {
            session.make(&calls, end.saturating_duration_since(Instant::now()) / 2).await;
        }
        calls.iter().map(|call| self.result(call)).collect()
    }

    fn result(&self, call: &Shown) -> Personal {
        match call {
            Shown::Noted => NOTED.into(),
            Shown::NotDone | Shown::Misfit => NOT_AS_DESCRIBED.into(),
            Shown::Found(passages) => passages.clone(),
            Shown::Wanted(request) => {
                let made = self.0.as_ref().and_then(|session| session.outcome(request));
                made.map_or_else(|| ONE_TOO_MANY.into(), shown)
            }
        }
    }

    fn offered(&self) -> impl Iterator<Item = (&str, &HttpTool)> {
        self.0.iter().flat_map(|session| session.offered())
    }
}

impl Session {
    fn offered(&self) -> impl Iterator<Item = (&str, &HttpTool)> {
        self.tools.iter().filter(|(_, tool)| tool.user.is_none() || self.user.is_some())
    }

    /// Makes those calls that were not made yet, as long as there may be more.
    async fn make(&self, calls: &[Shown], time: Duration) {
        let mut new: Vec<&ToolRequest> = Vec::new();
        let made_before = self.made().len();
        for call in calls {
            let Shown::Wanted(request) = call else { continue };
            let is_known = new.contains(&request) || self.outcome(request).is_some();
            if !is_known && made_before + new.len() < CALLS {
                new.push(request);
            }
        }
        let outcomes = join_all(new.iter().map(|request| self.caller.call(request, request.timeout.min(time)))).await;
        self.made().extend(new.into_iter().cloned().zip(outcomes));
    }

    fn outcome(&self, request: &ToolRequest) -> Option<Result<Personal, ToolFailure>> {
        self.made().iter().find(|(known, _)| known == request).map(|(_, outcome)| outcome.clone())
    }

    fn made(&self) -> MutexGuard<'_, Vec<(ToolRequest, Result<Personal, ToolFailure>)>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a model is shown of a call: what came back as it is, or that nothing did. Why, is nothing it could use.
fn shown(outcome: Result<Personal, ToolFailure>) -> Personal {
    match outcome {
        Ok(text) if text.as_str().trim().is_empty() => EMPTY.into(),
        Ok(text) => text,
        Err(failure) if failure.is_nothing_found() => NOT_FOUND.into(),
        Err(_) => FAILED.into(),
    }
}

impl fmt::Debug for BrandTools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.offered().map(|(name, _)| name)).finish()
    }
}

/// The same question's, or none twice.
impl PartialEq for BrandTools {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        }
    }
}

impl Eq for BrandTools {}
