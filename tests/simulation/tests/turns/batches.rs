//! Conversations of one batch do not hold each other up.

use simulation::{AiScript, Effect, Fault, Moment, World};

use crate::SECOND;

#[tokio::test(start_paused = true)]
async fn one_conversation_that_panics_takes_no_other_down_and_is_answered_in_the_end() {
    let world = World::default();
    world.ai_will([AiScript::Panics]);
    world.says("ada", "Are you open?").await;
    world.says("bruno", "Are you closed?").await;
    world.poll_once().await;
    assert_eq!(world.read_by("bruno"), ["re: Are you closed?"]);
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
}

#[tokio::test(start_paused = true)]
async fn a_conversation_whose_last_run_died_is_attended_to_after_the_others_and_alone() {
    for (retried, text) in [(true, ""), (false, "Hello??")] {
        let world = World::default();
        world.faults.listed([(Effect { name: "draft", nth: 0 }, Fault::Dies(Moment::Before))]);
        world.says("ada", "Are you open?").await;
        world.poll_once().await;
        tokio::time::sleep(61 * SECOND).await;
        world.ai_will([AiScript::Thinks(5 * SECOND), AiScript::Thinks(5 * SECOND)]);
        world.says("bruno", "Are you closed?").await;
        if !retried {
            world.says("ada", text).await;
        }
        let started = world.now();
        world.poll_once().await;
        let order: Vec<_> = world.sent().into_iter().map(|sent| sent.to).collect();
        assert_eq!(order, ["user:bruno", "user:ada"]);
        assert!(world.now().since(started) >= 10 * SECOND, "they were attended to at once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fragment_does_not_wait_for_its_batch_mates_ai() {
    let world = World::default();
    world.ai_will([AiScript::Thinks(20 * SECOND)]);
    world.says("bruno", "Are you closed?").await;
    world.says("ada", "hi").await;
    let answered = async {
        tokio::time::sleep(6 * SECOND).await;
        world.read_by("ada")
    };
    assert_eq!(futures::future::join(answered, world.settle(3)).await.0, ["re: hi"]);
}

#[tokio::test(start_paused = true)]
async fn in_an_ai_outage_everybody_gets_the_fallback_within_two_time_outs() {
    let world = World::default();
    world.ai_will((0..100).map(|_| AiScript::Hangs));
    for user in 0..10 {
        world.says(&user.to_string(), "Are you open?").await;
    }
    let waited = async {
        tokio::time::sleep(60 * SECOND).await;
        world.sent().len()
    };
    assert_eq!(futures::future::join(waited, world.settle(1)).await.0, 10);
}
