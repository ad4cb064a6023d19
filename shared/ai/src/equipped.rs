//! A backend that may call the brand's own tools.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use models::assistant::HttpTools;

use crate::brand_tools::{BrandTools, Caller};
use crate::{Ai, AiError, Answer, Past, Question, Summary, Tools};

/// A backend whose questions have the brand's tools with them. It stands around all that is asked for one question, so that
/// whichever backend answers, no call is made twice.
pub struct Equipped {
    tools: Arc<HttpTools>,
    caller: Arc<dyn Caller>,
    inner: Arc<dyn Ai>,
}

impl Equipped {
    /// `inner`, with `tools` that `caller` calls.
    pub fn new(tools: Arc<HttpTools>, caller: Arc<dyn Caller>, inner: Arc<dyn Ai>) -> Self {
        Self { tools, caller, inner }
    }
}

#[async_trait]
impl Ai for Equipped {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn sees(&self) -> bool {
        self.inner.sees()
    }

    fn answers_later(&self) -> bool {
        self.inner.answers_later()
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let brand = BrandTools::new(Arc::clone(&self.tools), question, Arc::clone(&self.caller));
        let tools = Tools { brand, ..question.tools.clone() };
        self.inner.answer(&Question { tools, ..question.clone() }, time).await
    }

    fn came(&self, passed: usize) {
        self.inner.came(passed);
    }

    fn summarises(&self) -> bool {
        self.inner.summarises()
    }

    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        self.inner.summarise(past, time).await
    }
}
