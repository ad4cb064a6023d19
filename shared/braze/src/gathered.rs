//! What several conversations want to write to profiles at the same moment, in one call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;
use tokio::time::sleep;

use crate::Profiles;
use crate::track::{ProfileUpdate, TrackOutcome, Tracked, Updated};

/// How long a write waits for others: nobody waits for a profile, and Braze counts calls.
const MOMENT: Duration = Duration::from_millis(25);

/// Writes together what comes within a moment. Each caller hears of its own objects; one that gives up meanwhile takes nobody
/// else's writes with it.
pub struct Gathered {
    inner: Arc<dyn Profiles>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    all: Vec<Wish>,
}

struct Wish {
    number: u64,
    updates: Vec<ProfileUpdate>,
    heard: oneshot::Sender<TrackOutcome>,
}

impl Gathered {
    /// Writes by `inner`.
    pub fn new(inner: Arc<dyn Profiles>) -> Self {
        Self { inner, waiting: Mutex::default() }
    }

    fn wait(&self, updates: &[ProfileUpdate]) -> (u64, oneshot::Receiver<TrackOutcome>) {
        let (heard, outcome) = oneshot::channel();
        let mut waiting = self.lock();
        let number = waiting.next;
        waiting.next += 1;
        waiting.all.push(Wish { number, updates: updates.to_vec(), heard });
        (number, outcome)
    }

    /// Everybody's wishes, if `number` is among them still: then nobody else writes them.
    fn take_all(&self, number: u64) -> Vec<Wish> {
        let mut waiting = self.lock();
        let is_there = waiting.all.iter().any(|wish| wish.number == number);
        if is_there { std::mem::take(&mut waiting.all) } else { Vec::new() }
    }

    async fn write(&self, wishes: Vec<Wish>, within: Duration) {
        // Whoever has given up will never hear, and may have come back with the same wish.
        let wishes: Vec<_> = wishes.into_iter().filter(|wish| !wish.heard.is_closed()).collect();
        let together: Vec<_> = wishes.iter().flat_map(|wish| wish.updates.iter().cloned()).collect();
        let mut outcomes = self.inner.track(&together, within).await.updates.into_iter();
        for wish in wishes {
            let updates = outcomes.by_ref().take(wish.updates.len()).collect();
            // Nobody may be there to hear it any more.
            drop(wish.heard.send(TrackOutcome { updates }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Profiles for Gathered {
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome {
        let (number, outcome) = self.wait(updates);
        sleep(MOMENT.min(within / 2)).await;
        // The first to wake writes for all; the others hear from it.
        let mine = self.take_all(number);
        if !mine.is_empty() {
            self.write(mine, within.saturating_sub(MOMENT)).await;
        }
        match tokio::time::timeout(within, outcome).await {
            Ok(Ok(outcome)) => outcome,
            // Who wrote for us died on the way, or is not heard of in time.
            Ok(Err(_)) | Err(_) => unknown(updates),
        }
    }
}

fn unknown(updates: &[ProfileUpdate]) -> TrackOutcome {
    let of_one = |update: &ProfileUpdate| Updated {
        attributes: (!update.attributes.is_empty()).then_some(Tracked::Unknown),
        events: vec![Tracked::Unknown; update.events.len()],
    };
    TrackOutcome { updates: updates.iter().map(of_one).collect() }
}

#[cfg(test)]
mod tests {
    use futures::future::{join_all, select};
    use models::{Attributes, ProfileValue, Recipient};

    use super::*;

    /// Remembers its calls, takes two seconds for each, and refuses the updates of `bad`.
    #[derive(Default)]
    struct Fake(Mutex<Vec<Vec<String>>>);

    const TAKES: Duration = Duration::from_secs(2);
    const AMPLE: Duration = Duration::from_secs(5);

    fn user(update: &ProfileUpdate) -> String {
        let Recipient::External(user) = &update.who else { return String::new() };
        user.as_str().to_owned()
    }

    fn update(user: &str) -> ProfileUpdate {
        let mut attributes = Attributes::default();
        attributes.set("vip", ProfileValue::Flag(true)).unwrap();
        ProfileUpdate { who: Recipient::External(user.into()), attributes, events: vec![] }
    }

    #[async_trait]
    impl Profiles for Fake {
        async fn track(&self, updates: &[ProfileUpdate], _: Duration) -> TrackOutcome {
            self.0.lock().unwrap().push(updates.iter().map(user).collect());
            sleep(TAKES).await;
            let of_one = |update: &ProfileUpdate| {
                let tracked = if user(update) == "bad" { Tracked::Refused("no".into()) } else { Tracked::Written };
                Updated { attributes: Some(tracked), events: vec![] }
            };
            TrackOutcome { updates: updates.iter().map(of_one).collect() }
        }
    }

    fn gathered() -> (Arc<Fake>, Gathered) {
        let fake = Arc::new(Fake::default());
        (Arc::clone(&fake), Gathered::new(fake))
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_at_once_is_one_call_and_each_hears_of_its_own() {
        let (fake, gathered) = gathered();
        let users = [vec![update("a"), update("b")], vec![update("bad")], vec![update("c")]];
        let outcomes = join_all(users.iter().map(|updates| gathered.track(updates, AMPLE))).await;
        assert_eq!(*fake.0.lock().unwrap(), [["a", "b", "bad", "c"]]);
        let written: Vec<_> = outcomes.iter().map(|outcome| (outcome.updates.len(), outcome.all_written())).collect();
        assert_eq!(written, [(2, true), (1, false), (1, true)]);
        assert!(gathered.track(&[update("later")], AMPLE).await.all_written());
        assert_eq!(fake.0.lock().unwrap().len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_before_the_call_is_not_written_and_stops_nobody() {
        let (fake, gathered) = gathered();
        let (a, b) = ([update("a")], [update("b")]);
        let gives_up = Box::pin(gathered.track(&a, AMPLE));
        let stays = gathered.track(&b, AMPLE);
        drop(select(gives_up, Box::pin(sleep(Duration::from_millis(5)))).await);
        assert!(stays.await.all_written());
        assert_eq!(*fake.0.lock().unwrap(), [["b"]]);
    }

    #[tokio::test(start_paused = true)]
    async fn who_dies_in_the_call_leaves_the_others_with_an_unknown_outcome() {
        let (_, gathered) = gathered();
        let (a, b) = ([update("a")], [update("b")]);
        let dies = async {
            let call = Box::pin(gathered.track(&a, AMPLE));
            drop(select(call, Box::pin(sleep(Duration::from_secs(1)))).await);
        };
        let ((), outcome) = futures::future::join(dies, gathered.track(&b, AMPLE)).await;
        assert_eq!(outcome.updates[0].attributes, Some(Tracked::Unknown));
    }
}
