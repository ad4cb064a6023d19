//! What falls out of a prompt is summed up: after the reply, in nobody's way, and never of anybody who was forgotten.

use ai::SUMMARY_INSTRUCTIONS;
use conversation::guard::Instructions;
use models::{AgentDeed, ConversationKey};
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, World};
use store::{Recap, Store as _};

use crate::SECOND;

const FEW: &str = "[limits]\nhistory_turns = 4\nrepeats = 2\n";

fn world() -> World {
    World::with(OnUnknown::ResendOnce, FEW)
}

fn at(name: &'static str, nth: u32, fault: Fault) -> (Effect, Fault) {
    (Effect { name, nth }, fault)
}

fn words(number: u32) -> String {
    format!("word{number}?")
}

#[expect(clippy::unwrap_used, reason = "the key is a constant")]
fn ada() -> ConversationKey {
    ConversationKey::parse("user:ada").unwrap()
}

/// Ada writes the messages of these numbers, and each is answered before the next.
async fn chats(world: &World, numbers: std::ops::RangeInclusive<u32>) {
    for number in numbers {
        world.says("ada", &words(number)).await;
        world.settle(1).await;
    }
}

/// Which of the first `most` messages of ada's the AI knew of when it was asked last.
fn known(world: &World, most: u32) -> Vec<u32> {
    let asked = world.asked();
    let shown = asked.last().into_iter().flat_map(|question| &question.history);
    let all = shown.map(|exchange| exchange.user.as_str()).collect::<Vec<_>>().join("\n");
    (1..=most).filter(|number| all.contains(&words(*number))).collect()
}

async fn recaps(world: &World) -> Vec<Recap> {
    let rows = world.store.newest_turns(&ada(), 99, world.now()).await.unwrap_or_default();
    rows.into_iter().filter_map(|row| row.summing.recap().cloned()).collect()
}

#[tokio::test(start_paused = true)]
async fn however_long_a_conversation_is_the_ai_knows_all_of_it_and_is_shown_little() {
    let world = world();
    for number in 1..=15 {
        chats(&world, number..=number).await;
        assert_eq!(known(&world, number - 1), (1..number).collect::<Vec<_>>(), "at message {number}");
        let asked = world.asked();
        assert!(asked.last().is_some_and(|question| question.history.len() <= 5), "at message {number}");
    }
    let told: Vec<_> = world.summed_up().iter().map(|past| (past.turns.len(), past.earlier.is_some())).collect();
    assert_eq!(told, [(2, false), (2, true), (2, true), (2, true), (2, true), (2, true)], "not after every turn");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_summed_up_where_nobody_wants_it_or_too_little_is_shown_for_it() {
    let off = format!("{FEW}summary = false\n");
    for toml in [off.as_str(), "[limits]\nhistory_turns = 3\n", "[limits]\nhistory_turns = 0\n", ""] {
        let world = World::with(OnUnknown::ResendOnce, toml);
        chats(&world, 1..=9).await;
        assert!(world.summed_up().is_empty(), "{toml:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_message_does_not_wait_for_a_summary_of_those_before_it() {
    let world = world();
    chats(&world, 1..=3).await;
    world.faults.listed([at("sum up", 0, Fault::Slow(8 * SECOND))]);
    let started = world.now();
    world.says("ada", &words(4)).await;
    let writes_on = async {
        tokio::time::sleep(SECOND).await;
        assert_eq!(world.sent().len(), 4, "it is read before it is summed up");
        world.says("ada", &words(5)).await;
        tokio::time::sleep(SECOND).await;
        (world.sent().len(), world.now().since(started))
    };
    let (read, ()) = futures::future::join(writes_on, world.settle(2)).await;
    assert_eq!(read, (5, 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn no_other_conversation_of_the_batch_waits_for_a_summary() {
    let world = world();
    chats(&world, 1..=3).await;
    world.says("ada", &words(4)).await;
    world.says("bruno", "Are you open?").await;
    world.ai_will([AiScript::Thinks(SECOND), AiScript::Thinks(9 * SECOND)]);
    let before = world.faults.effects().len();
    world.poll_once().await;
    let names = world.faults.names().split_off(before);
    let first = names.iter().position(|name| *name == "sum up");
    let last = names.iter().rposition(|name| ["ask", "send", "settle", "come back"].contains(name));
    assert!(first > last && first.is_some(), "{names:?}");
}

#[tokio::test(start_paused = true)]
async fn the_conversations_of_a_batch_are_summed_up_one_after_the_other() {
    let world = world();
    for number in 1..=3 {
        for who in ["ada", "bruno"] {
            world.says(who, &format!("{who} {number}?")).await;
            world.settle(1).await;
        }
    }
    world.faults.listed([at("sum up", 0, Fault::Slow(3 * SECOND))]);
    for who in ["ada", "bruno"] {
        world.says(who, &format!("{who} 4?")).await;
    }
    let before = world.faults.effects().len();
    world.poll_once().await;
    let names = world.faults.names().split_off(before);
    let of_summaries: Vec<_> = names.into_iter().filter(|name| ["sum up", "keep recap"].contains(name)).collect();
    assert_eq!(of_summaries, ["sum up", "keep recap", "sum up", "keep recap"]);
}

#[tokio::test(start_paused = true)]
async fn where_an_answer_may_take_little_time_a_summary_may_too() {
    for seconds in [1, 4] {
        let world = World::with(OnUnknown::ResendOnce, &format!("{FEW}ai_seconds = {seconds}\n"));
        chats(&world, 1..=4).await;
        assert_eq!(world.summed_up().len(), 1, "{seconds}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_hangs_is_given_up_while_there_is_time_and_tried_again_turns_later() {
    let world = world();
    chats(&world, 1..=3).await;
    world.faults.listed([at("sum up", 0, Fault::Slow(900 * SECOND))]);
    world.says("ada", &words(4)).await;
    let started = world.now();
    world.poll_once().await;
    assert!(world.now().since(started) <= 10 * SECOND, "{:?}", world.now().since(started));
    assert!(recaps(&world).await.is_empty());
    chats(&world, 5..=5).await;
    assert_eq!((known(&world, 4), world.summed_up().len()), (vec![1, 2, 3, 4], 0), "not after the very next one");
    chats(&world, 6..=7).await;
    assert_eq!(known(&world, 6), [1, 2, 3, 4, 5, 6], "one that does not come off costs no turn in the end");
}

#[tokio::test(start_paused = true)]
async fn where_the_answer_took_all_the_time_nothing_is_summed_up() {
    let world = world();
    chats(&world, 1..=3).await;
    world.faults.listed([at("send", 3, Fault::Slow(4 * SECOND)), at("settle", 3, Fault::Slow(2 * SECOND))]);
    world.ai_will([AiScript::Thinks(19 * SECOND)]);
    chats(&world, 4..=4).await;
    assert_eq!((world.read_by("ada").len(), world.summed_up().len()), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn whatever_befalls_a_summary_every_reply_is_read_once_and_a_later_turn_sums_up() {
    let late = || Fault::Lags(60 * SECOND);
    for name in ["sum up", "keep recap"] {
        for fault in [
            Fault::Dies(Moment::Before),
            Fault::Dies(Moment::After),
            Fault::Fails(Moment::Before),
            Fault::Fails(Moment::After),
            Fault::Freezes(Moment::Before, 100 * SECOND),
            Fault::Panics,
            Fault::Cut(60 * SECOND),
            late(),
        ] {
            let world = world();
            world.faults.listed([at(name, 0, fault.clone())]);
            chats(&world, 1..=7).await;
            assert_eq!(world.read_by("ada").len(), 7, "{name} {fault:?}");
            assert_eq!(known(&world, 6), [1, 2, 3, 4, 5, 6], "{name} {fault:?}");
            assert!(!recaps(&world).await.is_empty(), "{name} {fault:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_is_forgotten_while_they_are_summed_up_stays_forgotten() {
    for (name, fault) in [
        ("sum up", Fault::Slow(5 * SECOND)),
        ("keep recap", Fault::Slow(5 * SECOND)),
        ("keep recap", Fault::Lags(20 * SECOND)),
        ("keep recap", Fault::Cut(20 * SECOND)),
        ("keep recap", Fault::Freezes(Moment::Before, 20 * SECOND)),
    ] {
        let world = world();
        chats(&world, 1..=3).await;
        world.faults.listed([at(name, 0, fault.clone())]);
        world.says("ada", &words(4)).await;
        let forgets = async {
            tokio::time::sleep(SECOND).await;
            world.agent("user:ada", None, AgentDeed::Erase).await;
        };
        futures::future::join(forgets, world.settle(1)).await;
        tokio::time::sleep(60 * SECOND).await;
        assert_eq!(world.summed_up().len(), 1, "{name} {fault:?}");
        let rows = world.store.newest_turns(&ada(), 99, world.now()).await.unwrap_or_default();
        assert!(rows.is_empty(), "{name} {fault:?}: {rows:?}");
        chats(&world, 5..=5).await;
        assert_eq!(known(&world, 4), [0; 0], "{name} {fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_recap_goes_with_the_rest_when_its_user_is_forgotten() {
    let world = world();
    chats(&world, 1..=5).await;
    assert_eq!(recaps(&world).await.len(), 1);
    world.agent("user:ada", None, AgentDeed::Erase).await;
    world.settle(1).await;
    assert_eq!(recaps(&world).await, []);
    chats(&world, 6..=6).await;
    assert_eq!(known(&world, 5), [0; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_summary_that_tells_what_it_was_told_is_not_kept_and_made_anew_turns_later() {
    let world = world();
    let note = Instructions::of(SUMMARY_INSTRUCTIONS).note();
    world.ai_sums_up([&*format!("I was told: {note}").leak(), " \u{202e} "]);
    for (until, asked) in [(4, 1), (5, 1), (6, 2), (7, 2)] {
        chats(&world, (if until == 4 { 1 } else { until })..=until).await;
        assert_eq!((recaps(&world).await, world.summed_up().len()), (vec![], asked), "after turn {until}");
    }
    chats(&world, 8..=8).await;
    assert!(world.summed_up().len() == 3 && recaps(&world).await.len() == 1);
}

#[tokio::test(start_paused = true)]
async fn a_summary_loses_what_an_answer_would_lose_too_and_is_never_long() {
    let world = World::with(OnUnknown::ResendOnce, &format!("{FEW}[guards]\nlinks = [\"shop.example\"]\n"));
    let long = format!("Read https://evil.example/x now. \u{202e}{}", "on and on ".repeat(900));
    world.ai_sums_up([&*long.leak()]);
    chats(&world, 1..=4).await;
    let recaps = recaps(&world).await;
    let text = recaps.first().map(|recap| recap.text.as_str()).unwrap_or_default();
    assert!(text.starts_with("Read now.") && !text.contains("evil"), "{text}");
    assert!((1_900..2_010).contains(&text.chars().count()), "{}", text.chars().count());
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_may_ask_no_more_today_sums_nothing_up_and_a_summary_is_one_of_its_questions() {
    let world = World::with(OnUnknown::ResendOnce, &format!("{FEW}questions_per_day = 4\n"));
    chats(&world, 1..=4).await;
    assert_eq!((world.asked().len(), world.summed_up().len()), (4, 0));
    let world = World::with(OnUnknown::ResendOnce, &format!("{FEW}questions_per_day = 5\n"));
    chats(&world, 1..=5).await;
    assert_eq!((world.asked().len(), world.summed_up().len()), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn while_people_have_the_conversation_or_the_user_wants_silence_nothing_is_summed_up() {
    let world = World::with(OnUnknown::ResendOnce, &format!("{FEW}[hand_off]\nreturn_after_minutes = 43200\n"));
    chats(&world, 1..=3).await;
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    chats(&world, 4..=9).await;
    assert!(world.summed_up().is_empty());
    let last = world.faults.names().into_iter().rfind(|name| ["settle", "read head"].contains(name));
    assert_eq!(last, Some("settle"), "nothing is read for it");
    world.agent("user:ada", None, AgentDeed::Release).await;
    world.settle(1).await;
    chats(&world, 10..=10).await;
    assert_eq!(world.summed_up().len(), 1);

    let world = self::world();
    chats(&world, 1..=3).await;
    let nth = world.faults.names().iter().filter(|name| **name == "read head").count();
    world.faults.listed([at("read head", u32::try_from(nth).unwrap_or_default(), Fault::Slow(5 * SECOND))]);
    world.says("ada", &words(4)).await;
    let stops = async {
        tokio::time::sleep(SECOND).await;
        world.says("ada", "STOP").await;
    };
    futures::future::join(stops, world.settle(2)).await;
    assert!(world.head("ada").await.opted_out && world.summed_up().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_recap_that_no_other_one_follows_stays_known_and_the_question_says_what_it_lacks() {
    let world = world();
    let fails = (1..40).map(|nth| at("sum up", nth, Fault::Fails(Moment::Before)));
    world.faults.listed(fails);
    chats(&world, 1..=5).await;
    assert_eq!(known(&world, 4), [1, 2, 3, 4]);
    chats(&world, 6..=30).await;
    assert_eq!(known(&world, 29), [1, 2, 26, 27, 28, 29]);
    let asked = world.asked();
    let notes = asked.last().and_then(|question| question.history.first()).map(|first| first.user.as_str());
    assert!(notes.is_some_and(|notes| notes.contains("is left out")), "{notes:?}");
}
