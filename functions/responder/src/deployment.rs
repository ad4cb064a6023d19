//! How much the whole deployment asks its AI in a day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use models::Timestamp;
use store::{Asked, Tally, day};

/// How often a process tells the others what it has asked, and hears of them.
const EVERY: Duration = Duration::from_secs(10);

/// The questions of the whole deployment in a day, as far as this process knows: so many processes, so many questions in ten
/// seconds may be asked beyond the budget. Counted beside a question, so that nobody waits for it.
pub struct Deployment {
    tally: Arc<dyn Tally>,
    known: Mutex<Known>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Known {
    /// The day in UTC that the numbers are of.
    day: u64,
    /// Of the deployment, as last heard.
    all: Asked,
    /// Of this process, and nobody was told of it.
    untold: Asked,
    /// When the others were last told, or it was tried.
    told: Option<Timestamp>,
}

impl Known {
    /// The numbers of the day that `now` is in.
    fn at(self, now: Timestamp) -> Self {
        if self.day == day(now) { self } else { Self { day: day(now), ..Self::default() } }
    }

    fn adds(&mut self, asked: Asked, now: Timestamp) {
        *self = self.at(now);
        self.untold = self.untold.and(asked);
    }

    /// One question more; what is to be told now.
    fn and_one(&mut self, now: Timestamp) -> Option<Asked> {
        self.adds(Asked { questions: 1, tokens: 0 }, now);
        if self.told.is_some_and(|told| now.since(told) < EVERY) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

impl Deployment {
    /// Counted in `tally`.
    pub fn new(tally: Arc<dyn Tally>) -> Self {
        Self { tally, known: Mutex::default() }
    }

    /// Whether as many questions, or tokens, as may be have been asked in the day that `now` is in.
    pub(crate) fn is_used_up(&self, questions: Option<u64>, tokens: Option<u64>, now: Timestamp) -> bool {
        let known = self.lock().at(now);
        let asked = known.all.and(known.untold);
        questions.is_some_and(|most| asked.questions >= most) || tokens.is_some_and(|most| asked.tokens >= most)
    }

    /// Counts the tokens of an answer. They are told with the next question.
    pub(crate) fn used(&self, tokens: u64, now: Timestamp) {
        self.lock().adds(Asked { questions: 0, tokens }, now);
    }

    /// Counts a question. What cannot be told now is told with a later one.
    pub(crate) async fn asks(&self, now: Timestamp) {
        let Some(asked) = self.lock().and_one(now) else { return };
        match self.tally.add(asked, now).await {
            Ok(all) => {
                let mut known = self.lock();
                *known = known.at(now);
                // Of two answers that overtook each other the higher one is the later.
                known.all = if all.questions > known.all.questions { all } else { known.all };
            }
            Err(error) => {
                tracing::warn!(%error, "the day's questions were not counted; they are with the next ones");
                self.lock().adds(asked, now);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use store::Embedded;

    use super::*;

    const MORNING: Timestamp = Timestamp::from_seconds(20_000 * 86_400 + 6 * 3_600);

    fn has_asked(process: &Deployment, most: u64, now: Timestamp) -> bool {
        process.is_used_up(Some(most), None, now)
    }

    async fn asks(process: &Deployment, times: u64, now: Timestamp) {
        for _ in 0..times {
            process.asks(now).await;
        }
    }

    #[tokio::test]
    async fn processes_hear_of_each_other_and_a_new_day_begins_at_nothing() {
        let table = Arc::new(Embedded::in_memory());
        let (one, other) = (Deployment::new(table.clone()), Deployment::new(table));
        asks(&one, 5, MORNING).await;
        assert!(has_asked(&one, 5, MORNING) && !has_asked(&one, 6, MORNING) && !has_asked(&other, 1, MORNING));
        let later = MORNING + EVERY;
        asks(&one, 1, later).await;
        asks(&other, 1, later).await;
        assert!(has_asked(&other, 7, later) && !has_asked(&other, 8, later));
        let tomorrow = MORNING + Duration::from_hours(24);
        assert!(!has_asked(&one, 1, tomorrow));
        asks(&one, 1, tomorrow).await;
        assert!(has_asked(&one, 1, tomorrow) && !has_asked(&one, 2, tomorrow));
    }

    #[test]
    fn the_table_is_told_every_ten_seconds_at_most_and_of_every_question() {
        let mut known = Known::default();
        let told: Vec<_> = (0..25).map(|second| known.and_one(MORNING + Duration::from_secs(second))).collect();
        let when: Vec<_> =
            told.iter().enumerate().filter_map(|(second, told)| Some((second, (*told)?.questions))).collect();
        assert_eq!(when, [(0, 1), (10, 10), (20, 10)]);
    }

    #[tokio::test]
    async fn tokens_are_told_with_the_next_question() {
        let table = Arc::new(Embedded::in_memory());
        let (one, other) = (Deployment::new(table.clone()), Deployment::new(table));
        one.used(900, MORNING);
        assert!(one.is_used_up(None, Some(900), MORNING) && !one.is_used_up(None, Some(901), MORNING));
        one.asks(MORNING).await;
        other.asks(MORNING).await;
        assert!(other.is_used_up(None, Some(900), MORNING) && !other.is_used_up(None, None, MORNING));
    }

    struct Down;

    #[async_trait::async_trait]
    impl Tally for Down {
        async fn add(&self, _: Asked, _: Timestamp) -> Result<Asked, store::StoreError> {
            Err(store::StoreError::Unavailable { operation: "tally", reason: "timeout".to_owned() })
        }
    }

    #[tokio::test]
    async fn a_table_that_is_down_costs_no_question_its_count() {
        let process = Deployment::new(Arc::new(Down));
        asks(&process, 3, MORNING).await;
        assert!(has_asked(&process, 3, MORNING) && !has_asked(&process, 4, MORNING));
    }
}
