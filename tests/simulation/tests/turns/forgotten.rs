//! Who was forgotten. A webhook that Braze repeats has the same id and a later arrival: its user may have been forgotten in
//! between.

use std::time::Duration;

use models::{AgentDeed, ConversationKey, Identity, Message};
use responder::OnUnknown;
use simulation::{Effect, Fault, Moment, World};
use store::{Owner, RowState, Store as _};

use crate::SECOND;

fn at(name: &'static str, nth: u32, fault: Fault) -> (Effect, Fault) {
    (Effect { name, nth }, fault)
}

#[expect(clippy::unwrap_used, reason = "the key is a constant")]
fn ada() -> ConversationKey {
    ConversationKey::parse("user:ada").unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_forgotten_does_not_take_the_one_that_came_after_with_it() {
    let world = World::default();
    let before = world.says("ada", "hi").await;
    world.agent("user:ada", None, AgentDeed::Erase).await;
    world.poll_agents_once().await;
    tokio::time::sleep(SECOND).await;
    let after = Message { arrival: world.now(), ..before };
    world.queued(&after).await;
    world.poll_once().await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: hi"]);
}

#[tokio::test(start_paused = true)]
async fn an_erasure_that_comes_late_forgets_the_turn_that_answered_old_words_and_new_ones_together() {
    let world = World::default();
    world.says("ada", "I live in Elm Street").await;
    tokio::time::sleep(SECOND).await;
    world.agent("user:ada", None, AgentDeed::Erase).await;
    tokio::time::sleep(SECOND).await;
    world.says("ada", "Are you open?").await;
    world.poll_once().await;
    assert_eq!(world.read_by("ada"), ["re: I live in Elm Street\nAre you open?"]);
    world.settle(1).await;
    let rows = world.store.newest_turns(&ada(), 9, world.now()).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test(start_paused = true)]
async fn an_erasure_that_comes_late_leaves_the_conversation_with_the_person_who_took_it_since() {
    let world = World::default();
    world.faults.listed([at("deliver", 0, Fault::Slow(5 * SECOND))]);
    world.agent("user:ada", None, AgentDeed::Erase).await;
    tokio::time::sleep(SECOND).await;
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    assert_eq!(world.head("ada").await.owner, Owner::Person);
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_forgotten_late_leaves_the_row_of_the_one_that_came_after() {
    let world = World::default();
    world.faults.listed([at("ask", 0, Fault::Dies(Moment::Before))]);
    let identity = Identity::new("ada", "", "").unwrap();
    let before = world.message(&identity, "Are you open?");
    world.agent("user:ada", None, AgentDeed::Erase).await;
    world.poll_agents_once().await;
    tokio::time::sleep(SECOND).await;
    world.queued(&Message { arrival: world.now(), ..before.clone() }).await;
    world.poll_once().await;
    world.queued(&before).await;
    world.poll_once().await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_a_dead_run_put_for_somebody_forgotten_goes_with_the_next_delivery() {
    let world = World::default();
    let message = world.says("ada", "Are you open?").await;
    world.settle(1).await;
    world.agent("user:ada", None, AgentDeed::Erase).await;
    world.settle(1).await;
    world.faults.listed([at("forget", 0, Fault::Dies(Moment::Before))]);
    world.queued(&message).await;
    world.settle(1).await;
    let rows = world.store.messages(&ada(), &[message.id]).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
}

/// A message that came before its user was forgotten and once more after that. The first delivery's row took effect in
/// between, the second one has its place by that, and the erasure finds it when it looks a second time.
async fn filed_by_a_row_that_is_gone(world: &World) -> Message {
    let lags = at("put message", 0, Fault::Lags(SECOND / 2));
    world.faults.listed([lags, at("ask", 0, Fault::Dies(Moment::Before))]);
    let before = world.says("ada", "Are you open?").await;
    world.poll_once().await;
    let erasure = world.agent("user:ada", None, AgentDeed::Erase).await;
    world.poll_agents_once().await;
    tokio::time::sleep(SECOND).await;
    let after = Message { arrival: world.now(), ..before };
    world.queued(&after).await;
    world.poll_once().await;
    world.agent_again(&erasure).await;
    world.poll_agents_once().await;
    assert_eq!(world.store.messages(&ada(), std::slice::from_ref(&after.id)).await, Ok(vec![]));
    assert!(world.head("ada").await.pending.contains_key(&after.id));
    after
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_row_an_erasure_took_is_answered_when_it_is_brought_again() {
    let world = World::default();
    let message = filed_by_a_row_that_is_gone(&world).await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
    let rows = world.store.messages(&ada(), &[message.id]).await.unwrap();
    assert!(rows.iter().all(|row| row.state == RowState::Open || row.state == RowState::Done) && rows.len() == 1);
}

#[tokio::test(start_paused = true)]
async fn a_message_whose_row_an_erasure_took_waits_for_its_delivery_while_others_are_answered() {
    let world = World::default();
    filed_by_a_row_that_is_gone(&world).await;
    tokio::time::sleep(10 * SECOND).await;
    world.says("ada", "Hello?").await;
    world.settle(2).await;
    let mut read = world.read_by("ada");
    read.sort();
    assert_eq!(read, ["re: Are you open?", "re: Hello?"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_had_two_phones_is_forgotten_under_both() {
    let world = World::default();
    for (phone, text) in [("+4915112345678", "Are you open?"), ("+4915187654321", "And tomorrow?")] {
        world.is_told(&Identity::new("ada", "", phone).unwrap(), text).await;
        world.settle(1).await;
        tokio::time::sleep(25 * 3_600 * SECOND).await;
    }
    world.says("ada", "Thanks!").await;
    world.settle(1).await;
    let erasure = world.agent("user:ada", None, AgentDeed::Erase).await;
    world.settle(1).await;
    for phone in ["+4915112345678", "+4915187654321"] {
        let key = ConversationKey::parse(&format!("alias:phone:{phone}")).unwrap();
        let sign = world.store.head(&key, world.now()).await.unwrap();
        assert!(sign.is_some_and(|sign| sign.forgot(erasure.at)), "{phone}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_that_is_left_while_its_user_is_forgotten_is_taken_away() {
    for fault in [Fault::Freezes(Moment::Before, 10 * SECOND), Fault::Dies(Moment::After)] {
        let world = World::default();
        world.faults.listed([at("point", 0, fault.clone())]);
        let ada = Identity::new("ada", "+15550100", "").unwrap();
        world.is_told(&ada, "and").await;
        let forgets = async {
            tokio::time::sleep(SECOND).await;
            world.agent("user:ada", None, AgentDeed::Erase).await;
            world.poll_agents_once().await;
        };
        futures::future::join(world.poll_once(), forgets).await;
        world.settle(1).await;
        for name in ada.other_conversations() {
            let sign = world.store.head(&name, world.now()).await.unwrap();
            assert!(sign.is_none_or(|sign| sign.erased_at.is_some()), "{name:?} still leads to ada, {fault:?}");
        }
    }
}

/// A new conversation leaves signs under the user's other names, and is then looked at once more: they may have been forgotten
/// in between.
#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_answer_because_it_could_not_be_seen_whether_they_were_forgotten() {
    let world = World::default();
    let looks_again = Effect { name: "read head", nth: 1 };
    world.faults.listed([(looks_again, Fault::Fails(Moment::Before))]);
    world.is_told(&Identity::new("ada", "", "+4915112345678").unwrap(), "Are you open?").await;
    world.poll_once().await;
    assert_eq!(world.faults.happened().len(), 1);
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
}

#[tokio::test(start_paused = true)]
async fn a_draft_that_a_run_of_before_leaves_is_found_though_nobody_heard_that_the_user_was_forgotten() {
    let world = World::default();
    world.faults.listed([at("ask", 0, Fault::Slow(8 * SECOND)), at("erase", 0, Fault::Fails(Moment::After))]);
    world.says("ada", "Do you deliver to Elm Street?").await;
    let forgotten_meanwhile = async {
        tokio::time::sleep(SECOND).await;
        world.agent("user:ada", None, AgentDeed::Erase).await;
        world.poll_agents_once().await;
        // It comes back, while the answer is still being made.
        tokio::time::sleep(4 * SECOND).await;
        world.poll_agents_once().await;
    };
    tokio::join!(world.poll_once(), forgotten_meanwhile);
    world.settle(1).await;
    let rows = world.store.newest_turns(&ada(), 9, world.now()).await.unwrap();
    assert!(rows.is_empty(), "{rows:?}");
}

/// A machine stands still between its two looks; what it then finds forgotten was forgotten long ago, and a sign was left before
/// that which it has not seen.
#[tokio::test(start_paused = true)]
async fn who_looked_before_the_others_forgot_does_not_end_an_erasure() {
    let world = World::on_machines(&[Duration::ZERO, Duration::ZERO], OnUnknown::ResendOnce, "");
    let stands_still = at("read names", 0, Fault::Freezes(Moment::Before, 50 * SECOND));
    world.faults.listed([at("deliver", 0, Fault::Twice), stands_still, at("read names", 1, Fault::Slow(10 * SECOND))]);
    let ada = Identity::new("ada", "", "+4915112345678").unwrap();
    let message = world.message(&ada, "Are you open?");
    let erasure = world.agent("alias:phone:+4915112345678", None, AgentDeed::Erase).await;
    let others = async {
        tokio::time::sleep(SECOND).await;
        let files = async {
            tokio::time::sleep(SECOND).await;
            world.queued(&message).await;
            world.poll_once().await;
        };
        tokio::join!(world.poll_agents_once(), files);
    };
    tokio::join!(world.poll_agents_on(1), others);
    world.settle(2).await;
    let head = world.head("ada").await;
    assert!(head.forgot(erasure.at), "{head:?}");
}
