//! Stories of flows that chance rarely tells.

use std::time::Duration;

use models::{AgentAction, AgentDeed, ConversationKey, MessageId};
use platform::metrics::Metric;
use simulation::{Brand, Effect, Fault, Moment, Plan, World};
use store::Store as _;

fn world() -> World {
    world_within(None)
}

/// Turns a minute and a day, and how often the same words are answered.
fn world_within(limits: Option<(u32, u32, u32)>) -> World {
    world_of(limits, false)
}

fn with_a_desk() -> World {
    world_of(None, true)
}

fn world_of(limits: Option<(u32, u32, u32)>, desk: bool) -> World {
    let brand = Brand { limits, profiles: false, flows: true, moments: false, forgetful: false };
    World::new(Plan { toml: brand.toml(0), brand, desk, kills_at_deadline: true, ..Plan::default() })
}

async fn say(world: &World, texts: &[&str]) {
    for text in texts {
        world.says("ada", text).await;
        // Long enough for an answer, and no time for the flow to run out.
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(2)).await;
            world.poll_once().await;
        }
    }
}

/// Several messages that are answered at once.
async fn say_at_once(world: &World, texts: &[&str]) {
    for text in texts {
        world.says("ada", text).await;
    }
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_secs(2)).await;
        world.poll_once().await;
    }
}

const WHY: &str = "flow: why does it come back?\n\n1. Broken\n2. Too small\n3. Other";
const CALLED_OFF: &str = "All right, let's leave it there.";

#[tokio::test(start_paused = true)]
async fn a_word_that_begins_a_flow_is_heard_among_other_messages_and_the_newest_counts() {
    for (texts, read) in [
        (&["hi", "return", "my shoes broke"][..], WHY),
        (&["survey", "return"], WHY),
        (&["return", "survey"], "flow: how many stars?"),
        (&["I return them", "my shoes"], "re: I return them\nmy shoes"),
    ] {
        let world = world();
        say_at_once(&world, texts).await;
        assert_eq!(world.read_by("ada"), [read], "{texts:?}");
        assert_eq!(world.witness.violations(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_that_calls_a_flow_off_is_heard_among_other_messages_and_what_comes_after_it_is_answered() {
    for (texts, read) in [
        (&["broken", "cancel"][..], CALLED_OFF),
        (&["no idea", "cancel", "are you open", "on Sunday?"], "re: are you open\non Sunday?"),
        (&["cancel", "survey"], "flow: how many stars?"),
    ] {
        let world = world();
        say(&world, &["return"]).await;
        say_at_once(&world, texts).await;
        assert_eq!(world.read_by("ada")[1..], [read], "{texts:?}");
        say(&world, &["2"]).await;
        assert_ne!(world.read_by("ada").last().map(String::as_str), Some("flow: how many pieces?"), "it is called off");
        assert_eq!(world.witness.violations(), [""; 0]);
    }
    let world = world();
    say_at_once(&world, &["return", "cancel"]).await;
    assert_eq!(world.read_by("ada"), [CALLED_OFF]);
}

/// What an answer to a flow said before its user was forgotten stands in no row of what the user said after that, neither as
/// a value of the flow nor in the campaign that it ends with.
#[tokio::test(start_paused = true)]
async fn an_erasure_takes_the_values_of_a_flow_that_went_on_until_it_was_heard() {
    for later in [&["many"][..], &["7"]] {
        let world = world();
        say(&world, &["return", "broken", "it fell on canary-0-0"]).await;
        let conversation = ConversationKey::parse("user:ada").unwrap();
        let id = MessageId::of_request("user:ada", "forget");
        let (log_id, at) = ("l".to_owned(), world.now());
        let erasure = AgentAction { id, log_id, conversation, at, named: true, deed: AgentDeed::Erase };
        tokio::time::sleep(Duration::from_secs(1)).await;
        say(&world, later).await;
        world.agent_again(&erasure).await;
        world.settle(1).await;
        assert_eq!(world.witness.violations(), [""; 0]);
        let rows = world.store.newest_turns(&erasure.conversation, 10, world.now()).await.unwrap();
        assert!(!serde_json::to_string(&rows).unwrap().contains("canary"), "{later:?}");
    }
}

/// Each of these answers is one to a question of its own; after the last one nothing waits, and the same words are a loop.
#[tokio::test(start_paused = true)]
async fn the_same_answer_is_taken_as_often_as_a_flow_asks_and_not_for_ever() {
    let world = world_within(Some((10_000, 100_000, 2)));
    say(&world, &["return", "1", "1", "1"]).await;
    assert_eq!(world.sent().len(), 4);
    assert_eq!(world.counted(Metric::LoopBroken), 0);
    for (sent, silent) in [(5, 0), (5, 1)] {
        say(&world, &["1"]).await;
        assert_eq!((world.sent().len(), world.counted(Metric::LoopBroken)), (sent, silent));
    }
    assert_eq!(world.witness.violations(), [""; 0]);
}

/// Whoever drafted the question died; what counts is when it was asked.
#[tokio::test(start_paused = true)]
async fn a_question_waits_its_time_from_when_it_was_asked() {
    let world = world();
    world.faults.listed(vec![(Effect { name: "commit", nth: 0 }, Fault::Dies(Moment::Before))]);
    world.says("ada", "return").await;
    world.poll_once().await;
    assert!(world.read_by("ada").is_empty());
    tokio::time::sleep(Duration::from_mins(10)).await;
    world.poll_once().await;
    tokio::time::sleep(Duration::from_mins(10)).await;
    say(&world, &["broken"]).await;
    let why = "flow: why does it come back?\n\n1. Broken\n2. Too small\n3. Other";
    assert_eq!(world.read_by("ada"), [why, "flow: what happened?"]);
    assert_eq!(world.witness.violations(), [""; 0]);
}

/// What comes after START is no answer to what was asked before STOP, whoever had the conversation then.
#[tokio::test(start_paused = true)]
async fn whoever_wants_silence_is_in_no_flow_any_more() {
    for person in [false, true] {
        let world = with_a_desk();
        say(&world, &["return"]).await;
        if person {
            world.agent("user:ada", None, AgentDeed::TakeOver).await;
            world.poll_agents_once().await;
        }
        say(&world, &["STOP", "START"]).await;
        if person {
            world.agent("user:ada", None, AgentDeed::Release).await;
            world.poll_agents_once().await;
        }
        say(&world, &["broken"]).await;
        assert_eq!(world.read_by("ada").last().map(String::as_str), Some("re: broken"), "a person: {person}");
        assert_eq!(world.witness.violations(), [""; 0]);
    }
}

/// Where there is no desk a flow ends with the line that says so, and what comes next is answered.
#[tokio::test(start_paused = true)]
async fn a_flow_that_would_hand_over_lets_its_user_go_where_there_is_nobody() {
    let world = world();
    say(&world, &["return", "broken", "it fell", "many", "a few", "When are you open?"]).await;
    let read = world.read_by("ada");
    assert!(read[4].starts_with("Sorry, I can't answer right now."), "{read:?}");
    assert_eq!(read[5], "re: When are you open?");
    assert_eq!(world.witness.violations(), [""; 0]);
}
