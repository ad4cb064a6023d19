//! Death at every step: the next delivery finishes the turn, and the AI is not asked again once there is a draft.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::time::Duration;

use simulation::{AiScript, Moment, World};
use responder::OnUnknown;

/// What happens in a world, up to the last message being on the queue.
type Script = fn(&World) -> futures::future::BoxFuture<'_, ()>;

fn one_question(world: &World) -> futures::future::BoxFuture<'_, ()> {
    Box::pin(async move {
        world.says("ada", "Where is my order?").await;
    })
}

fn a_burst(world: &World) -> futures::future::BoxFuture<'_, ()> {
    Box::pin(async move {
        for text in ["hi", "where is", "my order"] {
            world.says("ada", text).await;
        }
    })
}

fn a_long_reply(world: &World) -> futures::future::BoxFuture<'_, ()> {
    Box::pin(async move {
        let sentences: String = (0..300)
            .flat_map(|number| ["Sentence ".to_owned(), number.to_string(), " is not very long. ".to_owned()])
            .collect();
        let long: &'static str = Box::leak(sentences.into_boxed_str());
        world.ai_will([AiScript::Says(long, Duration::ZERO), AiScript::Says(long, Duration::ZERO)]);
        world.says("ada", "Tell me everything, please?").await;
    })
}

async fn run(script: Script, on_unknown: OnUnknown, death: Option<(usize, Moment)>) -> World {
    let world = World::with(on_unknown, "");
    if let Some((effect, moment)) = death {
        world.faults.kill_at(effect, moment);
    }
    script(&world).await;
    world.settle(2).await;
    world
}

async fn sweep(script: Script, on_unknown: OnUnknown) {
    let whole = run(script, on_unknown, None).await;
    let (effects, replies) = (whole.faults.effects(), whole.read_by("ada"));
    assert!(effects.len() >= 6, "{effects:?}");
    for (number, effect) in effects.into_iter().enumerate() {
        for moment in [Moment::Before, Moment::After] {
            let world = run(script, on_unknown, Some((number, moment))).await;
            let case = format!("{on_unknown:?}: died {moment:?} effect {number}, {effect}");
            check(&world, &case, effect, moment, &replies, on_unknown).await;
        }
    }
}

async fn check(world: &World, case: &str, effect: &str, moment: Moment, replies: &[String], on_unknown: OnUnknown) {
    let head = world.head("ada").await;
    assert!(head.pending.is_empty() && head.turn.is_none(), "{case}: left behind: {head:?}");
    let depth = world.queue.depth();
    assert_eq!((depth.waiting, depth.in_flight, world.queue.dead_letters().len()), (0, 0, 0), "{case}");

    // A send was begun and nobody could write down what became of it: the one window for a copy or a flag.
    let effects = world.faults.effects();
    let killed_in = is_window(effect, moment);
    let copies = world.sent().len();
    match on_unknown {
        OnUnknown::ResendOnce if killed_in => assert!(copies <= replies.len() + 1, "{case}: {copies} copies"),
        OnUnknown::Flag if killed_in => assert!(copies <= replies.len(), "{case}: {copies} copies"),
        _ => assert!(world.read_by("ada") == replies, "{case}: {copies} copies"),
    }
    if on_unknown == OnUnknown::ResendOnce {
        let mut read = world.read_by("ada");
        read.dedup();
        assert!(read == replies, "{case}: another text, order or number of parts");
    }

    let drafted = effects.iter().position(|name| *name == "draft").unwrap();
    let after_draft = effects[drafted..].iter().filter(|name| **name == "ask").count();
    let draft_was_stored = !(effect == "draft" && moment == Moment::Before);
    if draft_was_stored {
        assert_eq!(after_draft, 0, "{case}: the AI was asked although a draft was there: {effects:?}");
    }
}

/// Whether dying there leaves it unknown what became of a send.
fn is_window(effect: &str, moment: Moment) -> bool {
    matches!(
        (effect, moment),
        ("commit" | "next part", Moment::After) | ("send", _) | ("settle" | "next part", Moment::Before)
    )
}

#[tokio::test(start_paused = true)]
async fn one_question_survives_death_at_every_step() {
    sweep(one_question, OnUnknown::ResendOnce).await;
    sweep(one_question, OnUnknown::Flag).await;
}

#[tokio::test(start_paused = true)]
async fn a_burst_survives_death_at_every_step() {
    sweep(a_burst, OnUnknown::ResendOnce).await;
    sweep(a_burst, OnUnknown::Flag).await;
}

#[tokio::test(start_paused = true)]
async fn a_long_reply_survives_death_at_every_step() {
    sweep(a_long_reply, OnUnknown::ResendOnce).await;
}
