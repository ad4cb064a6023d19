//! An answer that comes in parts: its paragraphs are told as they are complete, and at the end it is the very body that the same
//! API answers with as a whole. So there is one reader of answers, and only how a body comes together is another matter.

mod events;
mod paragraphs;

use std::time::Duration;

use tokio::time::Instant;

use crate::http::{LARGEST_BODY, Parts};
use crate::{AiError, Aloud};
use events::Events;
use paragraphs::Paragraphs;

/// The most bytes that are read of an answer in parts: a token has a few hundred of them, and some models think in thousands.
const LARGEST_STREAM: usize = 8 * 1024 * 1024;
/// How long events are waited for that follow a whole answer.
const BEHIND_THE_END: Duration = Duration::from_secs(1);
/// What the data of an error says is for the other side's operators; that it came says enough.
pub(crate) const BROKE_OFF: AiError = AiError::Unavailable { status: None, retry_after: None };

/// What one API's events come together to.
pub(crate) trait Fold: Send {
    /// Takes in what one event says.
    fn take(&mut self, data: &str) -> Result<Part, AiError>;

    /// Whether all of the answer has come, though events may follow that say what it cost.
    fn is_over(&self) -> bool;

    /// The body that the API would have answered with, if it has.
    fn whole(self: Box<Self>) -> Result<Vec<u8>, AiError>;
}

/// What an event brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// More of the answer's text.
    Text(String),
    /// The beginning of a tool's call, or more of one.
    Call,
    /// Nothing for the listener.
    Other,
    /// The end.
    End,
}

/// An answer as it comes.
pub(crate) struct Streamed<'a> {
    fold: Box<dyn Fold>,
    events: Events,
    paragraphs: Paragraphs,
    aloud: &'a Aloud,
    read: usize,
    is_over: bool,
}

impl<'a> Streamed<'a> {
    /// None of it yet.
    pub(crate) fn new(fold: Box<dyn Fold>, aloud: &'a Aloud) -> Self {
        let (events, paragraphs) = (Events::default(), Paragraphs::default());
        Self { fold, events, paragraphs, aloud, read: 0, is_over: false }
    }

    /// Reads an answer to its end; the body that it comes to. What breaks off behind the end does not cost it, and what hangs
    /// there keeps nobody.
    pub(crate) async fn read(mut self, parts: Parts) -> Result<Vec<u8>, AiError> {
        let came = self.take_all(parts).await;
        self.whole().map_err(|error| came.err().unwrap_or(error))
    }

    async fn take_all(&mut self, mut parts: Parts) -> Result<(), AiError> {
        let mut end = None;
        loop {
            let next = match end {
                Some(end) => tokio::time::timeout_at(end, parts.next()).await.unwrap_or(Ok(None)),
                None => parts.next().await,
            };
            match next? {
                Some(bytes) if self.take(bytes.as_ref())? => {}
                _ => return Ok(()),
            }
            end = end.or_else(|| self.fold.is_over().then(|| Instant::now() + BEHIND_THE_END));
        }
    }

    /// Takes bytes in, as they come; whether more are wanted.
    fn take(&mut self, bytes: &[u8]) -> Result<bool, AiError> {
        self.read += bytes.len();
        if self.read > LARGEST_STREAM {
            return Err(AiError::Unusable("it is larger than 8 MiB"));
        }
        for data in self.events.take(bytes) {
            match self.fold.take(&data?)? {
                Part::Text(text) => self.say(&text),
                // Words beside a call may not be the answer yet.
                Part::Call => self.paragraphs.stop(),
                Part::Other => {}
                Part::End => {
                    self.is_over = true;
                    break;
                }
            }
        }
        Ok(!self.is_over)
    }

    fn say(&mut self, text: &str) {
        for paragraph in self.paragraphs.take(text) {
            self.aloud.tell(&paragraph);
        }
    }

    /// The body, if all of it has come.
    fn whole(self) -> Result<Vec<u8>, AiError> {
        let body = self.fold.whole()?;
        if body.len() > LARGEST_BODY { Err(AiError::Unusable("it is larger than 1 MiB")) } else { Ok(body) }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What becomes of an answer in these pieces: its body, and what was told.
    pub(crate) fn streamed(fold: Box<dyn Fold>, pieces: &[&[u8]]) -> (Result<Vec<u8>, AiError>, String) {
        let (aloud, _hears) = Aloud::heard();
        let mut streamed = Streamed::new(fold, &aloud);
        for piece in pieces {
            match streamed.take(piece) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return (Err(error), aloud.told()),
            }
        }
        (streamed.whole(), aloud.told())
    }

    /// Whatever it is cut into, an answer in parts comes to the same.
    pub(crate) fn is_the_same_however_it_is_cut(fold: fn() -> Box<dyn Fold>, wire: &[u8]) {
        let expected = streamed(fold(), &[wire]);
        for first in 0..=wire.len() {
            let (before, after) = wire.split_at(first);
            assert_eq!(streamed(fold(), &[before, after]), expected, "cut at {first}");
        }
        let bytes: Vec<_> = wire.chunks(1).collect();
        assert_eq!(streamed(fold(), &bytes), expected, "byte by byte");
    }
}
