//! That an answer takes a moment: who is told, when, and how often.

use braze::{Outcome, Refusal};
use models::AgentDeed;
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, World};

use crate::SECOND;

const MOMENTS: &str = "[limits]\nmoment_seconds = 6\n";
const LINE: &str = "One moment, please. I'm looking into it.";

fn world() -> World {
    World::with(OnUnknown::ResendOnce, MOMENTS)
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_long_is_told_once_and_then_answered() {
    for (toml, takes, read) in
        [(MOMENTS, 10, &[LINE, "about shoes"][..]), (MOMENTS, 5, &["about shoes"][..]), ("", 10, &["about shoes"][..])]
    {
        let world = World::with(OnUnknown::ResendOnce, toml);
        world.ai_will([AiScript::Says("about shoes", takes * SECOND)]);
        world.says("ada", "Do you sell shoes?").await;
        world.settle(2).await;
        assert_eq!(world.read_by("ada"), read, "{takes} s with {toml:?}");
        assert_eq!(world.asked().len(), 1, "the question goes on");
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_no_part_of_what_the_ai_is_shown_of_the_past() {
    let world = world();
    world.ai_will([AiScript::Says("about shoes", 10 * SECOND), AiScript::Says("about boots", SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    world.settle(1).await;
    world.says("ada", "And boots?").await;
    world.settle(1).await;
    let past = &world.asked()[1].history;
    assert_eq!(past.len(), 1, "{past:?}");
    assert_eq!(past[0].assistant.as_str(), "about shoes");
}

#[tokio::test(start_paused = true)]
async fn what_is_written_meanwhile_is_answered_with_it_without_another_word() {
    let world = world();
    world.ai_will([AiScript::Says("too early", 7 * SECOND), AiScript::Says("about both", 3 * SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    let late = async {
        tokio::time::sleep(SECOND).await;
        world.says("ada", "And boots?").await;
    };
    futures::future::join(world.settle(2), late).await;
    assert_eq!(world.read_by("ada"), ["about both"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_to_hear_nothing_more_hears_nothing_more() {
    let world = world();
    world.ai_will([AiScript::Says("about shoes", 10 * SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    let stops = async {
        tokio::time::sleep(4 * SECOND).await;
        world.says("ada", "STOP").await;
    };
    futures::future::join(world.settle(2), stops).await;
    assert_eq!(world.read_by("ada"), Vec::<String>::new());
    assert!(world.head("ada").await.opted_out);
}

#[tokio::test(start_paused = true)]
async fn a_question_that_fails_is_asked_again_without_a_second_line() {
    let world = world();
    world.ai_will([AiScript::Hangs, AiScript::Says("about shoes", 10 * SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), [LINE, "about shoes"]);
}

#[tokio::test(start_paused = true)]
async fn whatever_braze_says_to_it_the_answer_follows_at_once_and_the_line_is_never_repeated() {
    for (outcome, arrives) in [
        (Outcome::NotAccepted(Refusal::Unavailable), false),
        (Outcome::NotAccepted(Refusal::Rejected(400)), false),
        (Outcome::Unknown("test"), true),
        (Outcome::Unknown("test"), false),
    ] {
        let world = world();
        world.ai_will([AiScript::Says("about shoes", 10 * SECOND)]);
        world.braze_will([(outcome.clone(), arrives)]);
        world.says("ada", "Do you sell shoes?").await;
        world.settle(1).await;
        let read = world.read_by("ada");
        let expected: &[&str] = if arrives { &[LINE, "about shoes"] } else { &["about shoes"] };
        assert_eq!(read, expected, "{outcome:?}");
        assert_eq!(world.sent().len(), 2, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_dies_over_it_leaves_nobody_without_an_answer_and_nobody_with_two_lines() {
    // The line and the answer are two drafts, two commits, two sends and two ends.
    for effect in ["draft", "commit", "send", "settle"] {
        for fault in [Fault::Dies(Moment::Before), Fault::Dies(Moment::After)] {
            for nth in [0, 1] {
                let world = world();
                world.ai_will([AiScript::Says("about shoes", 10 * SECOND), AiScript::Says("about shoes", 10 * SECOND)]);
                world.faults.listed([(Effect { name: effect, nth }, fault.clone())]);
                world.says("ada", "Do you sell shoes?").await;
                world.settle(1).await;
                let read = world.read_by("ada");
                let lines = read.iter().filter(|text| *text == LINE).count();
                assert!(lines <= 1 && read.contains(&"about shoes".to_owned()), "{effect} {nth} {fault:?}: {read:?}");
                assert_eq!(world.witness.violations(), Vec::<String>::new(), "{effect} {nth} {fault:?}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_who_takes_over_meanwhile_is_not_spoken_over() {
    for taken_after in [2, 8] {
        let world = world();
        world.ai_will([AiScript::Says("about shoes", 12 * SECOND)]);
        world.says("ada", "Do you sell shoes?").await;
        let takes_over = async {
            tokio::time::sleep(taken_after * SECOND).await;
            world.agent("user:ada", None, AgentDeed::TakeOver).await;
            world.poll_agents_once().await;
        };
        futures::future::join(world.settle(1), takes_over).await;
        let read = world.read_by("ada");
        let expected: &[&str] = if taken_after < 6 { &[] } else { &[LINE] };
        assert_eq!(read, expected, "taken over after {taken_after} s");
    }
}
