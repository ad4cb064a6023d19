//! Answers that come later: what is said of them, what is not, and that nobody is left without a word.

mod anew;
mod people;

use std::time::Duration;

use models::{AgentAction, AgentDeed, Identity, Message, MessageId, Personal, RouteName};
use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, World};

use crate::SECOND;

const WITHIN: Duration = Duration::from_mins(2);
const MOMENT: &str = "One moment, please. I'm looking into it.";

fn world() -> World {
    World::with(OnUnknown::ResendOnce, "")
}

fn says(question: &Message, text: &str) -> AgentDeed {
    let body: Personal = format!(r#"{{"text": "{text}"}}"#).into();
    AgentDeed::Answer { question: question.id.clone(), body }
}

async fn answers(world: &World, question: &Message, text: &str) -> AgentAction {
    world.agent("user:ada", None, says(question, text)).await
}

/// Asks, and lets `happens` happen meanwhile; what was read in the end.
async fn asked<F: Future<Output = ()>>(world: &World, happens: impl FnOnce(Message) -> F) -> Vec<String> {
    let question = world.says("ada", "Do you sell shoes?").await;
    futures::future::join(world.settle(2), happens(question)).await;
    world.read_by("ada")
}

async fn after(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_time_is_said_at_once_and_one_that_is_too_late_not_at_all() {
    for (seconds, read, refused) in [
        (0, "about shoes", 0),
        (1, "about shoes", 0),
        (119, "about shoes", 0),
        (122, "from below", 1),
        (600, "from below", 1),
    ] {
        let world = world();
        world.ai_will([AiScript::Later(WITHIN), AiScript::Says("from below", SECOND)]);
        let world = &world;
        let at = std::sync::Mutex::new(None);
        let read_by = asked(world, async |question| {
            after(seconds).await;
            answers(world, &question, "about shoes").await;
            after(5).await;
            *at.lock().unwrap() = Some(world.read_by("ada"));
        });
        assert_eq!(read_by.await, [read], "after {seconds} s");
        assert_eq!(
            at.lock().unwrap().as_deref(),
            Some(&[read.to_owned()][..]),
            "no later than the answer: {seconds} s"
        );
        let asked: Vec<_> = world.asked().iter().map(|question| question.passed).collect();
        assert_eq!(asked, if read == "about shoes" { vec![0] } else { vec![0, 1] }, "{seconds} s");
        assert_eq!(world.counted(Metric::LateAnswer), refused, "{seconds} s");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_never_answers_is_asked_once_and_the_user_is_answered_when_the_time_is_over() {
    let world = world();
    world.ai_will([AiScript::Later(WITHIN), AiScript::Says("from below", SECOND)]);
    let start = tokio::time::Instant::now();
    assert_eq!(asked(&world, async |_| ()).await, ["from below"]);
    let waited = world.first_read_by("ada").unwrap() - start;
    assert!((WITHIN..WITHIN + 3 * SECOND).contains(&waited), "{waited:?}");
    // Where nothing below can answer either, the bot's own line.
    let world = self::world();
    world.ai_will([AiScript::Later(WITHIN)].into_iter().chain((0..9).map(|_| AiScript::Fails)));
    let read = asked(&world, async |_| ()).await;
    assert_eq!(read.len(), 1);
    assert_eq!(world.counted(Metric::Fallback), 1);
    assert!(world.asked()[1..].iter().all(|question| question.passed == 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_says_nothing_is_counted_and_dropped_at_once_and_another_one_may_come() {
    let world = &world();
    world.ai_will([AiScript::Later(WITHIN)]);
    let read = asked(world, async |question| {
        after(5).await;
        let body = Personal::from(r#"{"text": " "}"#);
        world.agent("user:ada", None, AgentDeed::Answer { question: question.id.clone(), body }).await;
        after(1).await;
        let depth = world.agents.depth();
        assert_eq!((world.counted(Metric::LateAnswer), depth.waiting + depth.in_flight), (1, 0));
        answers(world, &question, "about shoes").await;
    });
    assert_eq!(read.await, ["about shoes"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_faster_than_whoever_asked_is_said_once_the_question_is_put_aside() {
    let world = &world();
    world.ai_will([AiScript::Later(WITHIN)]);
    world.faults.listed([(Effect { name: "draft", nth: 0 }, Fault::Slow(3 * SECOND))]);
    let read = asked(world, async |question| {
        after(1).await;
        answers(world, &question, "about shoes").await;
    });
    assert_eq!(read.await, ["about shoes"]);
    assert_eq!((world.asked().len(), world.counted(Metric::LateAnswer)), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_comes_twice_is_said_once() {
    let world = &world();
    world.ai_will([AiScript::Later(WITHIN)]);
    let read = asked(world, async |question| {
        after(5).await;
        let answer = answers(world, &question, "about shoes").await;
        world.agent_again(&answer).await;
        answers(world, &question, "about other shoes").await;
        after(60).await;
        world.agent_again(&answer).await;
    });
    assert_eq!(read.await, ["about shoes"]);
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_what_was_never_asked_is_not_said() {
    let world = &world();
    world.ai_will([AiScript::Later(WITHIN)]);
    let read = asked(world, async |question| {
        after(5).await;
        let other = Message { id: MessageId::stored("another"), ..question.clone() };
        answers(world, &other, "about hats").await;
        world.agent("user:bob", None, says(&question, "about shoes")).await;
        after(5).await;
        answers(world, &question, "about shoes").await;
    });
    assert_eq!(read.await, ["about shoes"]);
    assert!(world.read_by("bob").is_empty());
    assert_eq!(world.counted(Metric::LateAnswer), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_answer_is_not_said_and_another_one_may_come() {
    let world = &world();
    world.ai_will([AiScript::Later(WITHIN)]);
    let read = asked(world, async |question| {
        after(5).await;
        answers(world, &question, " ").await;
        after(5).await;
        answers(world, &question, "about shoes").await;
    });
    assert_eq!(read.await, ["about shoes"]);
    assert_eq!((world.asked().len(), world.counted(Metric::LateAnswer)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn who_waits_is_told_once_that_it_takes_a_moment() {
    for seconds in [4, 60, 300] {
        let world = &World::with(OnUnknown::ResendOnce, "[limits]\nmoment_seconds = 6\n");
        world.ai_will([AiScript::Later(WITHIN), AiScript::Says("from below", SECOND)]);
        let read = asked(world, async |question| {
            after(seconds).await;
            answers(world, &question, "about shoes").await;
        });
        let expected: &[&str] = match seconds {
            4 => &["about shoes"],
            60 => &[MOMENT, "about shoes"],
            _ => &[MOMENT, "from below"],
        };
        assert_eq!(read.await, expected, "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_question_that_is_put_aside_uses_up_no_attempt() {
    let world = &world();
    world.ai_will([AiScript::Later(WITHIN)]);
    asked(world, async |question| {
        after(10).await;
        let head = world.head("ada").await;
        assert_eq!((head.attempts, head.pending.len(), head.last_turn), (0, 1, 0));
        assert!(!head.leased(world.now()));
        answers(world, &question, "about shoes").await;
    })
    .await;
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_dies_anywhere_over_it_leaves_nobody_without_an_answer_and_nobody_with_two() {
    for effect in
        ["file", "claim", "ask", "draft", "settle", "commit", "send", "read head", "read history", "come back"]
    {
        for fault in [Fault::Dies(Moment::Before), Fault::Dies(Moment::After)] {
            for nth in 0..3 {
                let world = &world();
                world.ai_will([AiScript::Later(WITHIN)]);
                world.faults.listed([(Effect { name: effect, nth }, fault.clone())]);
                let read = asked(world, async |question| {
                    after(3).await;
                    answers(world, &question, "re: Do you sell shoes?").await;
                });
                let read = read.await;
                let copies = if effect == "commit" || effect == "send" || effect == "settle" { 2 } else { 1 };
                assert!((1..=copies).contains(&read.len()), "{effect} {nth} {fault:?}: {read:?}");
                assert!(read.iter().all(|text| text == "re: Do you sell shoes?"), "{effect} {nth} {fault:?}: {read:?}");
                assert_eq!(world.witness.violations(), Vec::<String>::new(), "{effect} {nth} {fault:?}");
            }
        }
    }
}

#[expect(clippy::unwrap_used, reason = "the names are constants")]
async fn writes(world: &World, text: &str, route: Option<&str>) -> Message {
    let mut message = world.message(&Identity::new("ada", "", "").unwrap(), text);
    message.route = route.and_then(RouteName::parse);
    world.queued(&message).await;
    message
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_waited_behind_whoever_has_begun_since_its_time_was_over_is_not_said_as_well() {
    const BEGUN: &[&str] = &["One, of shoes.\n\n", "Two, of boots.\n\n", "Three, of sandals."];
    let world = &World::with(OnUnknown::ResendOnce, "[replies]\nstream = true\n");
    let rest = AiScript::Says("And sandals.", SECOND);
    world.ai_will([AiScript::Later(WITHIN), AiScript::BreaksOff(BEGUN, 4 * SECOND), rest]);
    let read = asked(world, async |question| {
        after(119).await;
        // Its first delivery fails, and the next one meets the run that the end of its time has begun.
        let heads = world.faults.effects().iter().filter(|effect| effect.name == "read head").count();
        let nth = u32::try_from(heads).unwrap();
        world.faults.listed([(Effect { name: "read head", nth }, Fault::Fails(Moment::Before))]);
        answers(world, &question, "about shoes").await;
    });
    assert_eq!(read.await, ["One, of shoes.", "Two, of boots.", "And sandals."]);
    assert!(world.asked()[2].history.last().is_some_and(|before| before.assistant.as_str().starts_with("One")));
}
