//! An AI that answers some questions later, through the door: sooner than its time is over, on the edge of it, too late, more
//! than once, or never.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use ai::Question;
use futures::StreamExt as _;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender};
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use serde_json::json;

use crate::chance::Chance;
use crate::door::{Door, Webhook};
use crate::neighbours::what_is_asked;
use crate::world::World;

/// How long whoever asks waits for such an answer, and where there are days for it.
const WITHIN: Duration = Duration::from_mins(2);
const WITHIN_HOURS: [Duration; 3] = [WITHIN, Duration::from_hours(3), Duration::from_hours(10)];
/// What such an answer begins with, before its number.
pub(crate) const LATER: &str = "later ";

/// An answer on its way.
pub(crate) struct Promise {
    after: Duration,
    webhook: Webhook,
}

/// What it does about each question: the same for the same question asked the same time over.
#[derive(Default)]
pub(crate) struct Promises {
    seed: Option<u64>,
    within: Duration,
    asked: HashMap<u64, u64>,
    number: u64,
    posts: Option<UnboundedSender<Promise>>,
}

impl Promises {
    /// As this seed decides, from now on; where people linger, it may take hours.
    pub(crate) fn by_chance(&mut self, seed: u64, lingers: bool) -> UnboundedReceiver<Promise> {
        self.within = if lingers { Chance::new(seed ^ 0x40055).pick(&WITHIN_HOURS) } else { WITHIN };
        let (posts, promised) = futures::channel::mpsc::unbounded();
        (self.seed, self.posts) = (Some(seed), Some(posts));
        promised
    }

    pub(crate) fn are_made(&self) -> bool {
        self.seed.is_some()
    }

    /// How long this question's answer is waited for, if it comes later; then its answers are on their way.
    pub(crate) fn promise(&mut self, question: &Question) -> Option<Duration> {
        // A bot platform starts no flow.
        let seed = self.seed.filter(|_| !crate::flows::gives_back(&what_is_asked(question)))?;
        let mut hash = DefaultHasher::new();
        (seed, question.text.as_str()).hash(&mut hash);
        let times = self.asked.entry(hash.finish()).or_default();
        *times += 1;
        let mut chance = Chance::new(hash.finish().wrapping_add(*times));
        if !chance.chance(400) {
            return None;
        }
        for after in delays(&mut chance, self.within) {
            self.number += 1;
            let text = format!("{LATER}{} re: {}", self.number, question.text.as_str());
            let (conversation, id) = (question.conversation.as_str(), question.id.as_str());
            let mut body = json!({"conversation": conversation, "question": id, "text": text});
            if chance.chance(500) {
                body["id"] = json!(format!("p{}", self.number));
            }
            let webhook = Webhook { path: "/conversations/answers".to_owned(), body: body.to_string(), readable: true };
            let sent = self.posts.as_ref().map(|posts| posts.unbounded_send(Promise { after, webhook }));
            debug_assert!(sent.is_none_or(|sent| sent.is_ok()), "nobody posts them");
        }
        Some(self.within)
    }
}

/// After how long its answers are posted, if ever.
fn delays(chance: &mut Chance, within: Duration) -> Vec<Duration> {
    let within = within.as_secs();
    let soon = |chance: &mut Chance| chance.pick(&[0, 0, 1, 5, 20]) + chance.below(within / 2);
    let seconds = match chance.below(20) {
        0..=9 => vec![soon(chance)],
        10..=12 => vec![within - 2 + chance.below(5)],
        13 | 14 => vec![within + chance.below(600)],
        15..=17 => vec![soon(chance), soon(chance)],
        _ => vec![],
    };
    seconds.into_iter().map(Duration::from_secs).collect()
}

/// Posts what was promised, for ever. Until it has, the pollers wait.
pub(crate) async fn keep_promises(world: &World, door: &Door, mut promised: UnboundedReceiver<Promise>) {
    let mut posts: FuturesUnordered<LocalBoxFuture<'_, ()>> = FuturesUnordered::new();
    for number in 0.. {
        let promise = loop {
            let next = futures::future::select(promised.next(), posts.next());
            match next.await {
                futures::future::Either::Left((promise, _)) => break promise,
                futures::future::Either::Right((Some(()), _)) => {}
                futures::future::Either::Right((None, promised)) => break promised.await,
            }
        };
        let Some(Promise { after, webhook }) = promise else { return };
        let busy = world.keeps_busy();
        posts.push(Box::pin(async move {
            tokio::time::sleep(after).await;
            door.agent(world, &webhook, number).await;
            drop(busy);
        }));
    }
}
