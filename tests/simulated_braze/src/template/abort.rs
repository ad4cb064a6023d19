//! `{% abort_message('why') %}`: the message is not sent, and the log says why.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use liquid_core::{
    Error, Expression, Language, ParseTag, Renderable, Result, Runtime, TagReflection, TagTokenIter, ValueView as _,
};

/// The tag, and where the reason goes if a rendering meets it.
#[derive(Clone, Default)]
pub(crate) struct AbortTag {
    pub(crate) reason: Arc<OnceLock<String>>,
}

impl TagReflection for AbortTag {
    fn tag(&self) -> &'static str {
        "abort_message"
    }

    fn description(&self) -> &'static str {
        "does not send the message"
    }
}

impl ParseTag for AbortTag {
    fn parse(&self, mut arguments: TagTokenIter<'_>, _: &Language) -> Result<Box<dyn Renderable>> {
        let words = arguments.next().map(|token| token.expect_value().into_result()).transpose()?;
        arguments.expect_nothing()?;
        Ok(Box::new(Abort { words, reason: Arc::clone(&self.reason) }))
    }

    fn reflection(&self) -> &dyn TagReflection {
        self
    }
}

#[derive(Debug)]
struct Abort {
    words: Option<Expression>,
    reason: Arc<OnceLock<String>>,
}

impl Renderable for Abort {
    fn render_to(&self, _: &mut dyn Write, runtime: &dyn Runtime) -> Result<()> {
        let words = match &self.words {
            Some(words) => words.evaluate(runtime)?.to_kstr().into_string(),
            None => String::new(),
        };
        let _ = self.reason.set(words);
        // The error only stops the rendering; that the reason is set tells it from a real one.
        Err(Error::with_msg("aborted"))
    }
}
