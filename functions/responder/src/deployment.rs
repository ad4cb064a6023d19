//! How many questions the whole deployment asks its AI in a day.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use models::Timestamp;
use store::{Tally, day};

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
    /// Questions of the deployment, as last heard.
    all: u64,
    /// Questions of this process that nobody was told of.
    untold: u64,
    /// When the others were last told, or it was tried.
    told: Option<Timestamp>,
}

impl Known {
    /// The numbers of the day that `now` is in.
    fn at(self, now: Timestamp) -> Self {
        if self.day == day(now) { self } else { Self { day: day(now), ..Self::default() } }
    }

    /// One question more; how many are to be told now.
    fn and_one(&mut self, now: Timestamp) -> Option<u64> {
        *self = self.at(now);
        self.untold += 1;
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

    /// Whether `most` questions have been asked in the day that `now` is in.
    pub(crate) fn has_asked(&self, most: u64, now: Timestamp) -> bool {
        let known = self.lock().at(now);
        known.all + known.untold >= most
    }

    /// Counts a question. What cannot be told now is told with a later one.
    pub(crate) async fn asks(&self, now: Timestamp) {
        let Some(questions) = self.lock().and_one(now) else { return };
        match self.tally.add(questions, now).await {
            Ok(all) => {
                let mut known = self.lock();
                *known = known.at(now);
                known.all = known.all.max(all);
            }
            Err(error) => {
                tracing::warn!(%error, "the day's questions were not counted; they are with the next ones");
                let mut known = self.lock();
                *known = known.at(now);
                known.untold += questions;
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
        assert!(one.has_asked(5, MORNING) && !one.has_asked(6, MORNING) && !other.has_asked(1, MORNING));
        let later = MORNING + EVERY;
        asks(&one, 1, later).await;
        asks(&other, 1, later).await;
        assert!(other.has_asked(7, later) && !other.has_asked(8, later));
        let tomorrow = MORNING + Duration::from_hours(24);
        assert!(!one.has_asked(1, tomorrow));
        asks(&one, 1, tomorrow).await;
        assert!(one.has_asked(1, tomorrow) && !one.has_asked(2, tomorrow));
    }

    #[test]
    fn the_table_is_told_every_ten_seconds_at_most_and_of_every_question() {
        let mut known = Known::default();
        let told: Vec<_> = (0..25).map(|second| known.and_one(MORNING + Duration::from_secs(second))).collect();
        let when: Vec<_> = told.iter().enumerate().filter_map(|(second, told)| Some((second, (*told)?))).collect();
        assert_eq!(when, [(0, 1), (10, 10), (20, 10)]);
    }

    struct Down;

    #[async_trait::async_trait]
    impl Tally for Down {
        async fn add(&self, _: u64, _: Timestamp) -> Result<u64, store::StoreError> {
            Err(store::StoreError::Unavailable { operation: "tally", reason: "timeout".to_owned() })
        }
    }

    #[tokio::test]
    async fn a_table_that_is_down_costs_no_question_its_count() {
        let process = Deployment::new(Arc::new(Down));
        asks(&process, 3, MORNING).await;
        assert!(process.has_asked(3, MORNING) && !process.has_asked(4, MORNING));
    }
}
