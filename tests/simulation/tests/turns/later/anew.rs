//! Whoever writes more while an answer is waited for: another question takes the place of the first.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use models::{AgentDeed, Message, RouteName};
use platform::metrics::Metric;
use responder::{OnUnknown, Responder};
use simulation::{AiScript, Effect, Fault, Handler, Moment, NO_BUDGET, Plan, World};
use store::TurnKind;

use super::{WITHIN, after, answers, asked, world, writes};
use crate::SECOND;

#[tokio::test(start_paused = true)]
async fn whoever_writes_more_is_asked_about_anew_and_the_first_answer_is_no_longer_taken() {
    let world = &world();
    world.ai_will([AiScript::Later(WITHIN), AiScript::Later(WITHIN), AiScript::Says("from below", SECOND)]);
    let read = asked(world, async |first| {
        after(60).await;
        let second = world.says("ada", "And do you sell any boots?").await;
        after(5).await;
        answers(world, &first, "about shoes").await;
        after(5).await;
        assert!(world.read_by("ada").is_empty());
        // The last of the messages alone is another question.
        answers(world, &second, "about boots").await;
        after(5).await;
        assert!(world.read_by("ada").is_empty());
        let both = Message { id: world.asked().last().unwrap().id.clone(), ..second };
        answers(world, &both, "about both").await;
    });
    assert_eq!(read.await, ["about both"]);
    let asked: Vec<_> = world.asked().iter().map(|question| question.text.as_str().to_owned()).collect();
    assert_eq!(asked, ["Do you sell shoes?", "Do you sell shoes?\nAnd do you sell any boots?"]);
    assert_eq!(world.counted(Metric::LateAnswer), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_on_writing_waits_no_longer_than_from_the_first_question() {
    let world = &world();
    world.ai_will((0..4).map(|_| AiScript::Later(WITHIN)).chain([AiScript::Says("from below", SECOND)]));
    let start = tokio::time::Instant::now();
    let read = asked(world, async |_| {
        for number in 1..=3 {
            after(35).await;
            world.says("ada", &format!("And do you sell boots number {number}?")).await;
        }
    });
    assert_eq!(read.await, ["from below"]);
    let waited = world.first_read_by("ada").unwrap() - start;
    assert!((WITHIN..WITHIN + 3 * SECOND).contains(&waited), "{waited:?}");
}

thread_local! {
    /// How often an AI on a route of its own heard that it keeps its promises.
    static CAME: Cell<usize> = const { Cell::new(0) };
}

/// What is asked on a route of its own.
struct OnARoute(Arc<dyn Ai>);

#[async_trait]
impl Ai for OnARoute {
    fn name(&self) -> &'static str {
        "on a route"
    }

    fn answers_later(&self) -> bool {
        self.0.answers_later()
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        self.0.answer(question, time).await
    }

    fn came(&self, _: usize) {
        CAME.set(CAME.get() + 1);
    }
}

fn with_others_on_the_route(responder: Responder) -> Box<dyn Handler> {
    let others: Arc<dyn Ai> = Arc::new(OnARoute(responder.ai.clone()));
    let route_ais = RouteName::parse("returns").map(|name| (name, others));
    Box::new(Responder { route_ais: route_ais.into_iter().collect(), ..responder })
}

#[tokio::test(start_paused = true)]
async fn who_was_passed_over_on_one_way_is_asked_on_another_and_an_answer_from_either_is_taken() {
    // The conversation is on the route when the question is put aside, and no more when its time is over.
    let toml = format!("{NO_BUDGET}[routes.returns]\nstay_minutes = 1\n");
    for (has_others, answers_after, read, passed) in [
        (true, None, "from the top", vec![0, 0, 0]),
        (false, None, "from the top", vec![0, 0, 1]),
        (true, Some(90), "about shoes", vec![0, 0]),
    ] {
        CAME.set(0);
        let handler: fn(Responder) -> Box<dyn Handler> =
            if has_others { with_others_on_the_route } else { |responder| Box::new(responder) };
        let world = &World::new(Plan { toml: toml.clone(), handler, ..Plan::default() });
        let says = [AiScript::Says("hello", SECOND), AiScript::Later(WITHIN), AiScript::Says("from the top", SECOND)];
        world.ai_will(says);
        let writing = async {
            writes(world, "Hi, it is about a parcel", Some("returns")).await;
            after(30).await;
            let question = writes(world, "Do you sell shoes?", None).await;
            if let Some(seconds) = answers_after {
                after(seconds).await;
                answers(world, &question, "about shoes").await;
            }
        };
        futures::future::join(world.settle(2), writing).await;
        assert_eq!(world.read_by("ada"), ["hello", read], "{has_others}");
        let asked: Vec<_> = world.asked().iter().map(|question| question.passed).collect();
        assert_eq!(asked, passed, "{has_others}");
        assert_eq!(CAME.get(), usize::from(answers_after.is_some()), "whoever promised hears that it came");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_on_writing_uses_up_turns_and_crowds_out_nothing_that_was_said_before() {
    let world = &World::with(OnUnknown::ResendOnce, "");
    world.ai_will((0..6).map(|_| AiScript::Says("well", SECOND)));
    let said = async {
        for number in 0..6 {
            world.says("ada", &format!("Tell me about boots of the kind {number}")).await;
            after(20).await;
        }
    };
    futures::future::join(world.settle(2), said).await;
    world.ai_will((0..40).map(|_| AiScript::Later(Duration::from_hours(1))));
    let asked_before = world.asked().len();
    let spent = world.head("ada").await.spent.day.count;
    let writing = async {
        let mut last = world.says("ada", "Do you sell shoes?").await;
        for number in 1..24 {
            after(20).await;
            last = world.says("ada", &format!("And shoes of the size {number}?")).await;
        }
        after(20).await;
        let key = models::ConversationKey::parse("user:ada").unwrap();
        let rows = store::Store::newest_turns(&*world.store, &key, 99, world.now()).await.unwrap();
        let waiting = rows.iter().filter(|row| matches!(row.kind, TurnKind::Waiting(_))).count();
        assert_eq!((rows.len(), waiting), (7, 1), "one row for what is waited for");
        let asked = &world.asked()[asked_before..];
        assert_eq!(asked.len(), 24);
        assert!(asked.iter().all(|question| question.history.len() == 6), "nothing is crowded out");
        assert_eq!(world.head("ada").await.spent.day.count - spent, 23, "each that took another's place");
        let question = Message { id: asked[23].id.clone(), ..last };
        answers(world, &question, "about all of them").await;
    };
    futures::future::join(world.settle(2), writing).await;
    assert_eq!(world.read_by("ada").last().map(String::as_str), Some("about all of them"));
    assert_eq!(world.head("ada").await.spent.day.count - spent, 24, "and the answer");
    assert_eq!(world.witness.violations(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_on_writing_while_an_answer_is_waited_for_is_told_when_it_is_too_much() {
    let toml = "[limits]\nturns_per_minute = 3\nturns_per_day = 300\nrepeats = 2\n".to_owned();
    let world = &World::new(Plan { toml, ..Plan::default() });
    world.ai_will((0..20).map(|_| AiScript::Later(WITHIN)));
    let read = asked(world, async |_| {
        for number in 1..=6 {
            after(5).await;
            world.says("ada", &format!("And do you sell boots number {number}?")).await;
        }
        after(6).await;
        assert_eq!(world.read_by("ada").len(), 1, "told that it is too much");
    });
    let read = read.await;
    assert!(world.asked().len() <= 4, "{}", world.asked().len());
    assert!(!read[0].is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_question_that_takes_anothers_place_survives_whatever_happens_to_the_write_that_says_so() {
    for fault in [
        Fault::Dies(Moment::Before),
        Fault::Dies(Moment::After),
        Fault::Fails(Moment::Before),
        Fault::Fails(Moment::After),
        Fault::Repeats,
    ] {
        let world = &world();
        world.ai_will((0..4).map(|_| AiScript::Later(WITHIN)));
        world.faults.listed([(Effect { name: "ask anew", nth: 0 }, fault.clone())]);
        let read = asked(world, async |_| {
            after(20).await;
            let second = world.says("ada", "And do you sell any boots?").await;
            after(90).await;
            let question = Message { id: world.asked().last().unwrap().id.clone(), ..second };
            answers(world, &question, "about both").await;
        });
        assert_eq!(read.await.len(), 1, "{fault:?}");
        assert_eq!(world.witness.violations(), Vec::<String>::new(), "{fault:?}");
    }
}

/// An agent who gives the conversation back ends the claim of a run that is slow: it puts its own question aside after another one
/// has taken the place of the first. Its row has the newer key, and the question that is waited for the older.
#[tokio::test(start_paused = true)]
async fn what_a_run_that_was_fenced_puts_aside_does_not_stand_before_what_is_waited_for() {
    let world = &World::on_machines(&[Duration::ZERO, Duration::ZERO], OnUnknown::ResendOnce, "");
    world.ai_will([AiScript::Later(WITHIN), AiScript::Later(WITHIN), AiScript::Later(WITHIN)]);
    world.says("ada", "Do you sell shoes?").await;
    world.poll_once().await;
    world.faults.listed([(Effect { name: "read history", nth: 1 }, Fault::Slow(4 * SECOND))]);
    let is_slow = async {
        after(5).await;
        world.says("ada", "Red ones?").await;
        world.poll_on(1).await;
    };
    let takes_its_place = async {
        after(6).await;
        world.agent("user:ada", None, AgentDeed::Release).await;
        world.poll_agents_once().await;
        let newest = world.says("ada", "In size 42?").await;
        world.poll_once().await;
        after(10).await;
        let all = world.asked().iter().find(|question| question.text.as_str().ends_with("42?")).unwrap().id.clone();
        answers(world, &Message { id: all, ..newest }, "Yes, red ones in 42.").await;
        world.settle(2).await;
    };
    tokio::join!(is_slow, takes_its_place);
    let last = world.asked().last().map(|question| question.text.as_str().to_owned());
    assert_eq!(last.as_deref(), Some("Do you sell shoes?\nRed ones?"), "the slow one asked after the other");
    assert_eq!(world.read_by("ada"), ["Yes, red ones in 42."]);
}
