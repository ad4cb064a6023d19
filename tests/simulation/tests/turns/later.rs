//! Answers that come later: what is said of them, what is not, and that nobody is left without a word.

use std::time::Duration;

use models::{AgentAction, AgentDeed, Message, MessageId, Personal};
use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, Plan, World};

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
