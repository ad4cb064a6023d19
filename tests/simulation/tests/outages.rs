//! How long outages and poison are felt, in virtual time: D12 to D14 of the figures to reach. What the product has no means
//! for yet (a circuit breaker) is measured and printed, not promised.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken world shall end the test")]

use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use braze::{Outcome, Refusal};
use models::Timestamp;
use responder::{OnUnknown, Responder};
use simulation::{Handler, Plan, World};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);
/// Twice the function's time-out.
const SOON_ENOUGH: Duration = Duration::from_mins(1);

/// An AI that is out until a moment: it hangs for every other user and fails at once for the rest.
struct Out(Arc<dyn Ai>, Instant);

#[async_trait]
impl Ai for Out {
    fn name(&self) -> &'static str {
        "out"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let answer = self.0.answer(question, time).await;
        if Instant::now() >= self.1 {
            return answer;
        }
        if question.text.as_str().len().is_multiple_of(2) {
            tokio::time::sleep(time).await;
            return Err(AiError::TimedOut);
        }
        Err(AiError::Unavailable { status: Some(503), retry_after: None })
    }
}

/// The AI is out for the first hour of the world.
fn out_for_an_hour(responder: Responder) -> Box<dyn Handler> {
    let until = Instant::now() + HOUR - responder.clock.now().since(Timestamp::from_seconds(1_800_000_000));
    Box::new(Responder { ai: Arc::new(Out(responder.ai.clone(), until)), ..responder })
}

/// How one user fared: when the question came, and when the first word came back.
struct Fared {
    user: usize,
    asked: Instant,
}

/// One user after the other asks a question, `every` so often, for `time`; returns when each did.
async fn people_ask(world: &World, time: Duration, every: Duration) -> Vec<Fared> {
    let _busy = world.keeps_busy();
    let (started, mut asked) = (Instant::now(), Vec::new());
    while started.elapsed() < time {
        let user = asked.len();
        world.says(&format!("u{user}"), &format!("question number {user}?")).await;
        asked.push(Fared { user, asked: Instant::now() });
        tokio::time::sleep(every).await;
    }
    asked
}

/// The longest that anybody of these waited for the first word; panics if somebody got none.
fn longest_wait(world: &World, people: &[Fared]) -> Duration {
    let waited = people.iter().map(|fared| {
        let first = world.first_read_by(&format!("u{}", fared.user));
        first.unwrap_or_else(|| panic!("u{} read nothing", fared.user)).duration_since(fared.asked)
    });
    waited.max().unwrap_or_default()
}

async fn outage(toml: &str) -> (World, Vec<Fared>) {
    let world = World::new(Plan { handler: out_for_an_hour, toml: toml.to_owned(), ..Plan::default() });
    let asking = people_ask(&world, HOUR + Duration::from_mins(10), 4 * SECOND);
    let ((), people) = futures::future::join(world.settle(20), asking).await;
    (world, people)
}

#[tokio::test(start_paused = true)]
async fn in_an_hour_without_ai_everybody_is_told_soon_and_a_minute_later_all_is_well() {
    let (started, (world, people)) = (Instant::now(), outage("").await);
    let back = started + HOUR;
    let (during, after): (Vec<_>, Vec<_>) = people.into_iter().partition(|fared| fared.asked < back);
    let (told, normal) = (longest_wait(&world, &during), longest_wait(&world, &after));
    let answered = after.iter().filter(|fared| world.read_by(&format!("u{}", fared.user))[0].starts_with("re: "));
    assert_eq!(answered.count(), after.len());
    assert!(told <= SOON_ENOUGH, "{told:?}");
    assert!(normal < SOON_ENOUGH, "{normal:?}");
    let asked = world.asked_before(back);
    println!("AI out for 1 h, {} users: told after {told:?} at most; after it {normal:?} at most", during.len());
    println!("questions to the AI that was out: {asked}, {:.2} a message", per(asked, during.len()));
    // Without a circuit breaker every message asks as often as the ladder of attempts lets it: twice, and never more.
    assert!(asked <= 2 * during.len());
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "told too late")]
async fn an_assistant_that_tries_for_long_before_it_falls_back_is_found_out() {
    let (world, people) = outage("[limits]\nattempts = 8").await;
    assert!(longest_wait(&world, &people) <= SOON_ENOUGH, "told too late");
}

#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn per(count: usize, messages: usize) -> f64 {
    count as f64 / messages as f64
}

#[tokio::test(start_paused = true)]
async fn a_braze_that_is_out_is_asked_less_and_less_often() {
    let world = World::with(OnUnknown::ResendOnce, "");
    world.braze_will((0..100_000).map(|_| (Outcome::NotAccepted(Refusal::Unavailable), false)));
    let asking = people_ask(&world, HOUR, 40 * SECOND);
    let recovers = async {
        let _busy = world.keeps_busy();
        tokio::time::sleep(HOUR).await;
        world.braze_is_back();
        world.sent().len()
    };
    let ((), people, sends) = futures::future::join3(world.settle(20), asking, recovers).await;
    assert_eq!(world.asked().len(), people.len(), "nobody is asked anew because Braze is out");
    longest_wait(&world, &people);
    println!("Braze out for 1 h, {} users: {sends} sends, {:.2} a message", people.len(), per(sends, people.len()));
    // 15, 30, 60 … seconds: so often fits into an hour.
    assert!(sends <= 9 * people.len());
}

/// An AI that has a mistake for one user's words.
struct Poisoned(Arc<dyn Ai>);

#[async_trait]
impl Ai for Poisoned {
    fn name(&self) -> &'static str {
        "poisoned"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        if question.text.as_str().contains("poison") {
            std::panic::resume_unwind(Box::new("on purpose"));
        }
        self.0.answer(question, time).await
    }
}

fn poisoned(responder: Responder) -> Box<dyn Handler> {
    Box::new(Responder { ai: Arc::new(Poisoned(responder.ai.clone())), ..responder })
}

/// When each of nine users read their answer, with somebody's poison among their messages or without.
async fn nine_beside(text: &str) -> (World, Vec<Duration>) {
    let world = World::new(Plan { handler: poisoned, ..Plan::default() });
    let started = Instant::now();
    world.says("poisoner", text).await;
    for user in 0..9 {
        world.says(&format!("u{user}"), "Are you open?").await;
    }
    world.settle(2).await;
    let read = (0..9).map(|user| world.first_read_by(&format!("u{user}")).unwrap().duration_since(started)).collect();
    (world, read)
}

#[tokio::test(start_paused = true)]
async fn a_poison_message_delays_nobody_else_and_its_user_is_told() {
    let (world, beside_poison) = nine_beside("poison?").await;
    let (_, beside_nothing) = nine_beside("harmless?").await;
    assert_eq!(beside_poison, beside_nothing);
    let told = world.read_by("poisoner");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!told[0].starts_with("re: "), "{told:?}");
}
