//! Several backends, one after the other: what keeps a user from silence when the best one fails.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, timeout};

use crate::{Ai, AiError, Answer, Question};

/// What is kept back for each backend further down: enough for one without a network, a chance for one with.
const RESERVE: Duration = Duration::from_millis(500);

/// Asks its backends in order until one answers.
///
/// The first backend is the one whose word counts: its [`Answer::DontKnow`] stands, and if nobody has an answer, its
/// failure is the failure. The others stand in for it; where they know nothing they have merely not helped.
pub struct Ladder(Vec<Arc<dyn Ai>>);

impl Ladder {
    /// The backends, best first. Without any, every question is [`AiError::Unavailable`].
    pub fn new(backends: Vec<Arc<dyn Ai>>) -> Self {
        Self(backends)
    }

    /// The part of `left` that the backend at `rung` gets.
    fn share(&self, rung: usize, left: Duration) -> Duration {
        let below: Duration = self.0.iter().skip(rung + 1).map(|_| RESERVE).sum();
        left.saturating_sub(below.min(left / 4))
    }
}

#[async_trait]
impl Ai for Ladder {
    fn name(&self) -> &'static str {
        "ladder"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let start = Instant::now();
        let mut failure = None;
        for (rung, backend) in self.0.iter().enumerate() {
            let share = self.share(rung, time.saturating_sub(start.elapsed()));
            match timeout(share, backend.answer(question, share)).await.unwrap_or(Err(AiError::TimedOut)) {
                Ok(Answer::DontKnow) if rung > 0 => {}
                Ok(answer) => return Ok(answer),
                Err(reason) => {
                    tracing::warn!(backend = backend.name(), %reason, "no answer from an AI backend");
                    failure.get_or_insert(reason);
                }
            }
        }
        Err(failure.unwrap_or(AiError::Unavailable { status: None, retry_after: None }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Tools;

    const BUSY: AiError = AiError::Unavailable { status: Some(429), retry_after: Some(Duration::from_secs(7)) };
    const BROKEN: AiError = AiError::Unusable("its text is blank");

    /// Does as it is told, after a while, and remembers how much time it was given.
    struct Fake {
        outcome: Result<Answer, AiError>,
        takes: Duration,
        given: Mutex<Option<Duration>>,
    }

    #[async_trait]
    impl Ai for Fake {
        fn name(&self) -> &'static str {
            "fake"
        }

        async fn answer(&self, _: &Question, time: Duration) -> Result<Answer, AiError> {
            *self.given.lock().unwrap() = Some(time);
            tokio::time::sleep(self.takes).await;
            self.outcome.clone()
        }
    }

    fn fake(outcome: Result<Answer, AiError>, seconds: u64) -> Arc<Fake> {
        Arc::new(Fake { outcome, takes: Duration::from_secs(seconds), given: Mutex::default() })
    }

    fn text(text: &str) -> Answer {
        Answer::text(text)
    }

    fn ladder(backends: &[Arc<Fake>]) -> Ladder {
        Ladder::new(backends.iter().map(|fake| Arc::clone(fake) as Arc<dyn Ai>).collect())
    }

    async fn ask(backends: &[Arc<Fake>], seconds: u64) -> Result<Answer, AiError> {
        let question = Question {
            instructions: String::new(),
            language: None,
            history: vec![],
            text: "hi".into(),
            output_tokens: 1,
            tools: Tools::default(),
        };
        ladder(backends).answer(&question, Duration::from_secs(seconds)).await
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_answer_wins_and_only_the_first_backend_may_say_that_it_does_not_know() {
        for (outcomes, expected, asked) in [
            (vec![Ok(text("a")), Ok(text("b"))], Ok(text("a")), 1),
            (vec![Err(BUSY), Ok(text("b")), Ok(text("c"))], Ok(text("b")), 2),
            (vec![Err(BUSY), Err(BROKEN), Ok(text("c"))], Ok(text("c")), 3),
            (vec![Ok(Answer::DontKnow), Ok(text("b"))], Ok(Answer::DontKnow), 1),
            (vec![Err(BUSY), Ok(Answer::DontKnow), Ok(text("c"))], Ok(text("c")), 3),
            (vec![Err(BUSY), Ok(Answer::DontKnow)], Err(BUSY), 2),
            (vec![Err(BROKEN), Err(BUSY), Ok(Answer::DontKnow)], Err(BROKEN), 3),
            (vec![], Err(AiError::Unavailable { status: None, retry_after: None }), 0),
        ] {
            let backends: Vec<_> = outcomes.into_iter().map(|outcome| fake(outcome, 0)).collect();
            assert_eq!(ask(&backends, 10).await, expected);
            let given = backends.iter().filter(|backend| backend.given.lock().unwrap().is_some());
            assert_eq!(given.count(), asked, "{expected:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_backend_that_hangs_leaves_time_for_the_next_and_the_whole_keeps_to_its_time() {
        let backends = [fake(Ok(text("late")), 60), fake(Ok(text("late")), 60), fake(Ok(text("spare")), 0)];
        let start = Instant::now();
        assert_eq!(ask(&backends, 10).await, Ok(text("spare")));
        assert_eq!(start.elapsed(), Duration::from_millis(9_750));

        let backends = [fake(Ok(text("late")), 60), fake(Ok(text("late")), 60)];
        let start = Instant::now();
        assert_eq!(ask(&backends, 10).await, Err(AiError::TimedOut));
        assert_eq!(start.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_first_does_not_use_is_there_for_the_others() {
        let backends = [fake(Err(BUSY), 2), fake(Ok(text("b")), 3)];
        assert_eq!(ask(&backends, 10).await, Ok(text("b")));
        let given = backends.iter().map(|backend| backend.given.lock().unwrap().unwrap());
        assert_eq!(given.collect::<Vec<_>>(), [Duration::from_millis(9_500), Duration::from_secs(8)]);
    }

    #[test]
    fn the_reserve_never_takes_more_than_a_quarter() {
        let ladder = ladder(&[fake(Ok(text("a")), 0), fake(Ok(text("b")), 0), fake(Ok(text("c")), 0)]);
        for (left, first) in [(10_000, 9_000), (4_000, 3_000), (400, 300), (0, 0)] {
            assert_eq!(ladder.share(0, Duration::from_millis(left)), Duration::from_millis(first));
            assert_eq!(ladder.share(2, Duration::from_millis(left)), Duration::from_millis(left));
        }
    }
}
