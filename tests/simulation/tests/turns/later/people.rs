//! An answer is waited for, and a person has the conversation.

use std::time::Duration;

use models::AgentDeed;
use platform::metrics::Metric;
use simulation::{AiScript, Effect, Fault, Moment, Plan, World};

use super::{WITHIN, after, answers, asked, world};

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
