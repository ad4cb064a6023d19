use std::collections::VecDeque;

use futures::future::{join, join_all, select};
use models::{Content, Identity, MessageId, Part, ReplyId, Timestamp};
use tokio::time::sleep;

use super::*;
use crate::Refusal;

const TAKES: Duration = Duration::from_millis(200);
const AMPLE: Duration = Duration::from_secs(5);
const HOUR: Timestamp = Timestamp::from_seconds(3_600);

/// The paused clock of a test.
struct Paused(Instant);

impl Clock for Paused {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH + self.0.elapsed()
    }
}

/// Remembers whom each call named and when, takes a moment for it, and says what it is told to, or that it accepts.
struct Fake {
    started: Instant,
    calls: Mutex<Vec<(Duration, Vec<String>)>>,
    says: Mutex<VecDeque<Outcome>>,
    allowance: Mutex<Option<Allowance>>,
}

impl Fake {
    async fn call(&self, replies: &[Reply], time: Duration) -> Outcome {
        let names = replies.iter().map(|reply| reply.to.conversation().as_str().to_owned()).collect();
        self.calls.lock().unwrap().push((self.started.elapsed(), names));
        if tokio::time::timeout(time, sleep(TAKES)).await.is_err() {
            return Outcome::Unknown("no answer in time");
        }
        let accepted = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };
        self.says.lock().unwrap().pop_front().unwrap_or(accepted)
    }

    fn calls(&self) -> Vec<Vec<String>> {
        self.calls.lock().unwrap().iter().map(|(_, names)| names.clone()).collect()
    }

    fn is_left(&self, remaining: u64) {
        *self.allowance.lock().unwrap() = Some(Allowance { remaining, reset: HOUR });
    }
}

#[async_trait]
impl Messaging for Fake {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        self.call(std::slice::from_ref(reply), time).await
    }
}

#[async_trait]
impl Shared for Fake {
    async fn send_together(&self, together: &Together, time: Duration) -> Outcome {
        self.call(together.replies(), time).await
    }

    fn shares(&self, reply: &Reply) -> bool {
        Together::default().add(reply)
    }

    fn take_allowance(&self) -> Option<Allowance> {
        self.allowance.lock().unwrap().take()
    }
}

impl Paced {
    fn gap(&self) -> Duration {
        let now = self.clock.now();
        self.lock().pace.gap(now)
    }
}

fn reply(user: &str) -> Reply {
    Reply {
        to: Identity::new(user, "", "+4915112345").unwrap(),
        id: ReplyId::new(&MessageId::stored("m1"), 1),
        content: Content::Text(Part::new("Hello!").unwrap()),
        campaign: None,
        attributes: Attributes::default(),
        part: 1,
        parts: 1,
    }
}

async fn send(paced: &Paced, user: &str) -> Outcome {
    paced.send(&reply(user), AMPLE).await
}

fn is_accepted(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Accepted { .. })
}

/// A channel far from its limit.
fn far() -> (Arc<Fake>, Paced) {
    let fake =
        Fake { started: Instant::now(), calls: Mutex::default(), says: Mutex::default(), allowance: Mutex::default() };
    let fake = Arc::new(fake);
    (Arc::clone(&fake), Paced::new(Arc::<Fake>::clone(&fake), Arc::new(Paused(Instant::now()))))
}

/// A channel of which others have used up so much that calls must be at least two seconds apart, and which has just called.
async fn near() -> (Arc<Fake>, Paced) {
    let (fake, paced) = far();
    fake.is_left(100_000);
    send(&paced, "first").await;
    sleep(Duration::from_secs(1)).await;
    fake.is_left(100);
    send(&paced, "second").await;
    assert_eq!(paced.gap(), LONGEST_WAIT);
    fake.calls.lock().unwrap().clear();
    (fake, paced)
}

#[tokio::test(start_paused = true)]
async fn far_from_the_limit_each_reply_goes_at_once_and_alone() {
    let (fake, paced) = far();
    fake.is_left(200_000);
    let outcomes = join_all(["a", "b", "c"].map(|user| send(&paced, user))).await;
    assert!(outcomes.iter().all(is_accepted));
    let calls = fake.calls.lock().unwrap();
    assert_eq!(calls.len(), 3);
    assert!(calls.iter().all(|(at, _)| at.is_zero()));
}

#[tokio::test(start_paused = true)]
async fn near_the_limit_what_is_ready_by_the_next_call_goes_together() {
    let (fake, paced) = near().await;
    let one_after_the_other = ["a", "b", "c"].into_iter().zip([0, 300, 600]).map(|(user, millis)| {
        let paced = &paced;
        async move {
            sleep(Duration::from_millis(millis)).await;
            send(paced, user).await
        }
    });
    let outcomes = join_all(one_after_the_other).await;
    assert!(outcomes.iter().all(is_accepted));
    assert_eq!(fake.calls(), [["user:a", "user:b", "user:c"]]);
}

#[tokio::test(start_paused = true)]
async fn a_full_call_waits_for_nothing() {
    let (fake, paced) = near().await;
    let started = Instant::now();
    let users: Vec<_> = (0..50).map(|number| format!("u{number}")).collect();
    join_all(users.iter().map(|user| send(&paced, user))).await;
    assert_eq!((started.elapsed(), fake.calls().len()), (TAKES, 1));
}

#[tokio::test(start_paused = true)]
async fn fifty_by_two_campaigns_are_no_full_call_and_as_many_bytes_as_fit_are() {
    let waits = async |replies: Vec<Reply>| {
        let (fake, paced) = near().await;
        let begun = fake.started.elapsed();
        join_all(replies.iter().map(|reply| paced.send(reply, AMPLE))).await;
        let calls = fake.calls.lock().unwrap();
        (calls[0].0 >= begun + LONGEST_WAIT, calls.len())
    };
    let of_campaign = |number: usize| Reply {
        campaign: number.is_multiple_of(2).then(|| CampaignId::new("other").unwrap()),
        ..reply(&format!("u{number}"))
    };
    assert_eq!(waits((0..50).map(of_campaign).collect()).await, (true, 2));
    let long = |number: usize| Reply {
        content: Content::Text(Part::new("é".repeat(4_000)).unwrap()),
        ..reply(&format!("u{number}"))
    };
    assert_eq!(waits((0..6).map(long).collect()).await, (true, 1));
    assert_eq!(waits((0..7).map(long).collect()).await, (false, 2));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_two_seconds_or_two_fifths_of_their_time() {
    for (time, most) in [(AMPLE, LONGEST_WAIT), (Duration::from_secs(1), Duration::from_millis(400))] {
        let (_, paced) = near().await;
        let started = Instant::now();
        assert!(is_accepted(&paced.send(&reply("a"), time).await));
        assert!(started.elapsed() <= most + TAKES, "{:?}", started.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_names_fifty_people_and_nobody_twice() {
    let (fake, paced) = near().await;
    let users: Vec<_> = (0..60).map(|number| format!("u{}", number % 55)).collect();
    let outcomes = join_all(users.iter().map(|user| send(&paced, user))).await;
    assert!(outcomes.iter().all(is_accepted));
    let calls = fake.calls();
    assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [50, 10]);
    for mut call in calls {
        let all = call.len();
        call.sort();
        call.dedup();
        assert_eq!(call.len(), all);
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_external_id_goes_alone() {
    let (fake, paced) = near().await;
    join(send(&paced, ""), send(&paced, "a")).await;
    assert_eq!(fake.calls(), [["alias:phone:+4915112345"], ["user:a"]]);
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_a_shared_call_becomes_of_each_reply() {
    for outcome in [Outcome::Unknown("no answer"), Outcome::NotAccepted(Refusal::RateLimited(Some(HOUR)))] {
        let (fake, paced) = near().await;
        fake.says.lock().unwrap().push_back(outcome.clone());
        assert_eq!(join(send(&paced, "a"), send(&paced, "b")).await, (outcome.clone(), outcome));
        assert_eq!(fake.calls(), [["user:a", "user:b"]]);
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_refusal_that_may_be_anothers_each_goes_alone_and_the_mistake_is_its_owners() {
    for status in [400, 413] {
        let refused = Outcome::NotAccepted(Refusal::Rejected(status));
        let (fake, paced) = near().await;
        fake.says.lock().unwrap().extend([refused.clone(), refused.clone()]);
        let (a, b) = join(send(&paced, "a"), send(&paced, "b")).await;
        assert_eq!((a, is_accepted(&b)), (refused, true));
        assert_eq!(fake.calls(), [vec!["user:a", "user:b"], vec!["user:a"], vec!["user:b"]]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_single_persons_mistake_is_not_tried_for_each() {
    let refused = Outcome::NotAccepted(Refusal::Rejected(403));
    let (fake, paced) = near().await;
    fake.says.lock().unwrap().push_back(refused.clone());
    assert_eq!(join(send(&paced, "a"), send(&paced, "b")).await, (refused.clone(), refused));
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_says_nothing_of_the_limit() {
    let (fake, paced) = near().await;
    for _ in 0..3 {
        fake.says.lock().unwrap().push_back(Outcome::Unknown("no answer"));
        send(&paced, "a").await;
        assert_eq!(paced.gap(), LONGEST_WAIT);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_takes_all_of_its_time_is_unknown_to_everybody() {
    let (fake, paced) = near().await;
    let (a, b) = (reply("a"), reply("b"));
    // What is left after the wait is less than an answer takes.
    let within = Duration::from_millis(250);
    let outcomes = join(paced.send(&a, within), paced.send(&b, within)).await;
    assert!(matches!(outcomes, (Outcome::Unknown(_), Outcome::Unknown(_))), "{outcomes:?}");
    assert_eq!(fake.calls(), [["user:a", "user:b"]]);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_before_the_call_is_not_in_it_and_stops_nobody() {
    let (fake, paced) = near().await;
    let gives_up = select(Box::pin(send(&paced, "a")), Box::pin(sleep(Duration::from_millis(100))));
    let ((), b) = join(async { drop(gives_up.await) }, send(&paced, "b")).await;
    assert!(is_accepted(&b));
    assert_eq!(fake.calls(), [["user:b"]]);
}

#[tokio::test(start_paused = true)]
async fn who_is_cut_off_in_the_call_takes_nobody_elses_reply_along() {
    let (fake, paced) = near().await;
    let dies = select(Box::pin(send(&paced, "a")), Box::pin(sleep(LONGEST_WAIT + TAKES / 2)));
    let ((), b) = join(async { drop(dies.await) }, send(&paced, "b")).await;
    assert!(is_accepted(&b), "{b:?}");
    assert_eq!(fake.calls(), [["user:a", "user:b"]]);
}

#[tokio::test]
async fn a_full_call_waits_for_nothing_where_time_goes_on_by_itself() {
    let (fake, paced) = far();
    let now = paced.clock.now();
    paced.lock().pace.heard(Allowance { remaining: 0, reset: HOUR }, now, LONGEST_WAIT);
    let started = Instant::now();
    let users: Vec<_> = (0..50).map(|number| format!("u{number}")).collect();
    join_all(users.iter().map(|user| send(&paced, user))).await;
    assert!(started.elapsed() < LONGEST_WAIT / 2, "{:?}", started.elapsed());
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_stood_still_while_it_waited_sends_nothing() {
    let (fake, paced) = near().await;
    let mut waits = Box::pin(send(&paced, "a"));
    assert!(futures::poll!(&mut waits).is_pending());
    tokio::time::advance(Duration::from_mins(1)).await;
    assert_eq!(waits.await, OUT_OF_TIME);
    assert!(fake.calls().is_empty());
}
