//! Answers that come later: what is said of them, what is not, and that nobody is left without a word.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use models::{AgentAction, AgentDeed, Identity, Message, MessageId, Personal, RouteName};
use platform::metrics::Metric;
use responder::{OnUnknown, Responder};
use simulation::{AiScript, Effect, Fault, Handler, Moment, NO_BUDGET, Plan, World};
use store::TurnKind;

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

#[tokio::test(start_paused = true)]
async fn nothing_is_said_to_who_has_a_person_wants_silence_or_was_forgotten_meanwhile() {
    for (deed, stops) in [(Some(AgentDeed::TakeOver), false), (None, true), (Some(AgentDeed::Erase), false)] {
        let world = &world();
        world.ai_will([AiScript::Later(WITHIN)]);
        let is_erasure = deed == Some(AgentDeed::Erase);
        let read = asked(world, async |question| {
            after(5).await;
            if stops {
                world.says("ada", "STOP").await;
            }
            if let Some(deed) = deed {
                world.agent("user:ada", None, deed).await;
            }
            after(5).await;
            answers(world, &question, "about shoes").await;
        });
        assert_eq!(read.await, Vec::<String>::new(), "stops: {stops}");
        assert_eq!(world.asked().len(), 1);
        assert_eq!(world.counted(Metric::LateAnswer), 1);
        if is_erasure {
            let key = models::ConversationKey::parse("user:ada").unwrap();
            let rows = store::Store::newest_turns(&*world.store, &key, 9, world.now()).await.unwrap();
            assert_eq!(rows, [], "what was waited for is forgotten too");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_who_takes_over_reads_at_once_what_was_waited_for() {
    let plan = Plan { desk: true, ..Plan::default() };
    let world = &World::new(plan);
    world.ai_will([AiScript::Later(WITHIN)]);
    let read = asked(world, async |question| {
        after(5).await;
        world.agent("user:ada", None, AgentDeed::TakeOver).await;
        after(2).await;
        assert!(world.told().iter().any(|event| event.id == format!("message:{}", question.id.as_str())));
        answers(world, &question, "about shoes").await;
    });
    assert_eq!(read.await, Vec::<String>::new());
    assert_eq!(world.counted(Metric::LateAnswer), 1);
}

#[tokio::test(start_paused = true)]
async fn people_hear_soon_of_what_was_waited_for_although_their_desk_was_out_of_reach() {
    for hands_off in [false, true] {
        let world = &World::new(Plan { desk: true, ..Plan::default() });
        world.ai_will([AiScript::Later(Duration::from_hours(1))]);
        world.faults.listed([(Effect { name: "tell desk", nth: 0 }, Fault::Fails(Moment::Before))]);
        let read = asked(world, async |question| {
            after(5).await;
            let deed = if hands_off {
                AgentDeed::Answer { question: question.id.clone(), body: r#"{"hand_off": true}"#.into() }
            } else {
                AgentDeed::TakeOver
            };
            world.agent("user:ada", None, deed).await;
            after(60).await;
            let id = format!("message:{}", question.id.as_str());
            assert!(world.told().iter().any(|event| event.id == id), "hands off: {hands_off}");
        });
        assert_eq!(read.await.len(), usize::from(hands_off));
    }
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
async fn people_who_write_read_soon_what_was_waited_for_although_their_desk_was_out_of_reach() {
    for down in [0, 1, 3] {
        let world = &World::new(Plan { desk: true, ..Plan::default() });
        world.ai_will([AiScript::Later(Duration::from_hours(1))]);
        let failures = (0..down).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before)));
        world.faults.listed(failures);
        let read = asked(world, async |question| {
            after(5).await;
            world.agent("user:ada", None, AgentDeed::Say("Eve here.".into())).await;
            after(60).await;
            let id = format!("message:{}", question.id.as_str());
            assert!(world.told().iter().any(|event| event.id == id), "{down} failures");
        });
        assert_eq!(read.await, ["Eve here."], "{down}");
        assert_eq!(world.witness.violations(), Vec::<String>::new(), "{down}");
    }
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
