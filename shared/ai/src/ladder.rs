//! Several backends, one after the other: what keeps a user from silence when the best one fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use models::Timestamp;
use platform::clock::Clock;
use tokio::time::{Instant, timeout};

use crate::breaker::{Breaker, Sign};
use crate::{Ai, AiError, Answer, Later, Past, Question, Summary};

/// What is kept back for each backend further down: enough for one without a network, a chance for one with.
const RESERVE: Duration = Duration::from_millis(500);

/// What logs say in place of a backend's name where no other is asked.
const NOBODY: &str = "none";

/// A backend as ladders have it. Several may share one: what one of them learns about it, all know.
pub struct Rung {
    backend: Arc<dyn Ai>,
    deadline: Option<Duration>,
    breaker: Mutex<Breaker>,
}

impl Rung {
    /// A backend that may take `deadline`, or all the time there is.
    pub fn new(backend: Arc<dyn Ai>, deadline: Option<Duration>) -> Self {
        Self { backend, deadline, breaker: Mutex::default() }
    }

    /// Waits so long for an answer, unless the backend is left alone: then nothing is begun.
    async fn answer(&self, question: &Question, time: Duration, clock: &dyn Clock) -> Result<Answer, AiError> {
        if !self.with_breaker(|breaker| breaker.may_ask(clock.now())) {
            return Err(AiError::LeftAlone);
        }
        let time = self.at_most(time);
        let outcome = timeout(time, self.backend.answer(question, time)).await.unwrap_or(Err(AiError::TimedOut));
        self.heard(Sign::of(&outcome, time, self.deadline), clock.now());
        outcome
    }

    /// Waits so long for a summary, unless the backend has yet to show that it works again. What comes of it is no sign: it has
    /// less time than an answer and is a longer task, and nobody is to go without an answer because of it.
    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        if self.with_breaker(|breaker| breaker.is_open()) {
            return Err(AiError::LeftAlone);
        }
        let time = self.at_most(time);
        timeout(time, self.backend.summarise(past, time)).await.unwrap_or(Err(AiError::TimedOut))
    }

    /// What the backend gets of `time`.
    fn at_most(&self, time: Duration) -> Duration {
        self.deadline.unwrap_or(time).min(time)
    }

    fn heard(&self, sign: Sign, now: Timestamp) {
        if self.with_breaker(|breaker| breaker.heard(sign, now)) {
            tracing::warn!(
                backend = self.backend.name(),
                "an AI backend fails again and again: left alone for a while"
            );
        }
    }

    fn with_breaker<T>(&self, rule: impl FnOnce(&mut Breaker) -> T) -> T {
        rule(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Asks its backends in order until one answers.
///
/// The first backend is the one whose word counts: its [`Answer::DontKnow`] stands, and if nobody has an answer, its
/// failure is the failure. The others stand in for it; where they know nothing they have merely not helped. An answer
/// that comes later is waited for by the caller, who then asks on below the backend that promised it
/// ([`Question::passed`]). Where one that failed had been told in part, nobody else is asked ([`Question::aloud`]).
///
/// A backend that has failed again and again is passed over for a while, also where nothing is below it. Its user is
/// not left without a word by that, only without the wait for one that would not come: the failure is the caller's at
/// once, who tries again seconds later and then has a line of its own.
pub struct Ladder {
    rungs: Vec<Arc<Rung>>,
    clock: Arc<dyn Clock>,
}

impl Ladder {
    /// The backends, best first. Without any, every question is [`AiError::Unavailable`].
    ///
    /// `clock` tells how long a backend was left alone. Not the process's own: that may stand still between two
    /// invocations, and the hours that passed meanwhile count.
    pub fn new(rungs: Vec<Arc<Rung>>, clock: Arc<dyn Clock>) -> Self {
        Self { rungs, clock }
    }

    /// The backend that promised an answer, if [`Later::passed`] is this.
    fn promised(&self, passed: usize) -> Option<&Rung> {
        self.rungs.get(passed.checked_sub(1)?).map(Arc::as_ref)
    }

    /// Whose turn it is after the backend at `rung`, for logs.
    fn next(&self, rung: usize) -> &'static str {
        self.rungs.get(rung + 1).map_or(NOBODY, |next| next.backend.name())
    }

    /// The part of `left` that the backend at `rung` gets.
    fn share(&self, rung: usize, left: Duration) -> Duration {
        let below: Duration = self.rungs.iter().skip(rung + 1).map(|_| RESERVE).sum();
        left.saturating_sub(below.min(left / 4))
    }
}

#[async_trait]
impl Ai for Ladder {
    fn name(&self) -> &'static str {
        "ladder"
    }

    fn sees(&self) -> bool {
        self.rungs.iter().any(|rung| rung.backend.sees())
    }

    fn answers_later(&self) -> bool {
        self.rungs.iter().any(|rung| rung.backend.answers_later())
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let start = Instant::now();
        let mut failure = None;
        // It was waited for in vain.
        if let Some(rung) = self.promised(question.passed) {
            rung.heard(Sign::Fails(None), self.clock.now());
        }
        for (place, rung) in self.rungs.iter().enumerate().skip(question.passed) {
            let share = self.share(place, time.saturating_sub(start.elapsed()));
            match rung.answer(question, share, self.clock.as_ref()).await {
                Ok(Answer::DontKnow) if place > 0 => {}
                Ok(Answer::Later(later)) => return Ok(Answer::Later(Later { passed: place + 1, ..later })),
                Ok(answer) => return Ok(answer),
                Err(reason) => {
                    // Somebody has heard how this one begins; another one's would be a second answer.
                    let has_told = question.aloud.has_told();
                    let next = if has_told { NOBODY } else { self.next(place) };
                    tracing::warn!(backend = rung.backend.name(), %reason, next, "no answer from an AI backend");
                    if has_told {
                        return Err(reason);
                    }
                    failure.get_or_insert(reason);
                }
            }
        }
        Err(failure.unwrap_or(AiError::Unavailable { status: None, retry_after: None }))
    }

    fn came(&self, passed: usize) {
        if let Some(rung) = self.promised(passed) {
            rung.heard(Sign::Works, self.clock.now());
        }
    }

    fn summarises(&self) -> bool {
        self.rungs.iter().any(|rung| rung.backend.summarises())
    }

    /// The first that can is asked, and nobody in its place: nobody waits for this, and a later turn may ask again.
    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        let able = self.rungs.iter().find(|rung| rung.backend.summarises());
        let rung = able.ok_or(AiError::Unusable("it sums nothing up"))?;
        rung.summarise(past, time).await
    }
}

#[cfg(test)]
mod tests;
