//! The shortest ways in which protocols next to ours fail, each played on the real code: L1, N2, N4, T1, T4, C2, C9, S2, F1,
//! H1 and A12 are the names of the mistakes in the protocol's model check.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::time::Duration;

use braze::{Outcome, Refusal};
use models::ConversationKey;
use platform::queue::Timer as _;
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, World};
use store::{HeadWrite, Owner, REMEMBERED, write_head};

const SECOND: Duration = Duration::from_secs(1);

fn at(name: &'static str, nth: u32, fault: Fault) -> (Effect, Fault) {
    (Effect { name, nth }, fault)
}

async fn changes_owner(world: &World, owner: Owner) {
    let key = ConversationKey::parse("user:ada").unwrap();
    let change = HeadWrite::ChangeOwner { owner, at: world.now(), sending: false };
    write_head(&*world.store, &key, &change, world.now()).await.unwrap();
}

/// Delivers what is on the queue to nobody until it is a dead letter.
async fn has_its_last_delivery(world: &World) {
    while world.queue.dead_letters().is_empty() {
        if let Ok(batch) = tokio::time::timeout(SECOND, world.queue.receive(10)).await {
            for received in batch {
                world.queue.come_back(&received.receipt, Duration::ZERO).await.unwrap();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn l1_a_row_whose_answer_was_lost_is_not_a_duplicate() {
    for fault in [Fault::Repeats, Fault::Fails(Moment::After), Fault::Dies(Moment::After)] {
        let world = World::default();
        world.faults.listed([at("put message", 0, fault)]);
        world.says("ada", "Are you open?").await;
        world.settle(1).await;
        assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn n2_an_older_message_filed_while_a_newer_one_is_being_sent_is_answered_too() {
    let world = World::default();
    world.faults.listed([at("deliver", 0, Fault::Slow(3 * SECOND)), at("send", 0, Fault::Slow(4 * SECOND))]);
    world.says("ada", "older?").await;
    world.says("ada", "newer?").await;
    world.settle(2).await;
    assert_eq!(world.read_by("ada"), ["re: newer?", "re: older?"]);
}

#[tokio::test(start_paused = true)]
async fn n4_a_message_is_answered_although_the_newer_one_it_waits_for_died() {
    let world = World::default();
    world.says("ada", "newer").await;
    world.poll_once().await;
    has_its_last_delivery(&world).await;
    world.says("ada", "older, late").await;
    world.settle(2).await;
    assert_eq!(world.read_by("ada"), ["re: newer\nolder, late"]);
    // Its dead letter, driven back, finds that it was answered.
    world.queue.redrive();
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.asked().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn t1_a_turn_whose_run_died_after_the_send_is_never_asked_anew() {
    let world = World::default();
    world.faults.listed([at("send", 0, Fault::Dies(Moment::After))]);
    world.ai_will([AiScript::Says("first", SECOND), AiScript::Says("second", SECOND)]);
    world.says("ada", "Are you open?").await;
    world.settle(2).await;
    assert_eq!(world.read_by("ada"), ["first", "first"]);
    assert_eq!(world.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn t4_whoever_finishes_a_dead_runs_turn_answers_its_own_message_as_well() {
    let world = World::default();
    world.faults.listed([at("commit", 0, Fault::Dies(Moment::After))]);
    world.says("ada", "first?").await;
    world.poll_once().await;
    world.says("ada", "second?").await;
    world.settle(2).await;
    assert_eq!(world.read_by("ada"), ["re: first?", "re: second?"]);
}

#[tokio::test(start_paused = true)]
async fn c2_a_message_that_meets_a_held_conversation_is_not_left_to_the_holder() {
    for fault in [Fault::Slow(2 * SECOND), Fault::Freezes(Moment::After, 2 * SECOND), Fault::Dies(Moment::After)] {
        let world = World::default();
        world.faults.listed([at("settle", 0, fault)]);
        world.says("ada", "first?").await;
        let late = async {
            tokio::time::sleep(SECOND).await;
            world.says("ada", "second?").await;
        };
        futures::future::join(world.settle(2), late).await;
        assert_eq!(world.read_by("ada"), ["re: first?", "re: second?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn c9_a_claim_that_comes_late_answers_what_is_pending_then_and_not_what_was() {
    let world = World::default();
    world.faults.listed([at("claim", 0, Fault::Slow(2 * SECOND))]);
    world.says("ada", "one").await;
    let late = async {
        // The quiet period is over, and the claim is on its way.
        tokio::time::sleep(4 * SECOND).await;
        world.says("ada", "two").await;
    };
    futures::future::join(world.settle(3), late).await;
    assert_eq!(world.read_by("ada"), ["re: one\ntwo"]);
}

#[tokio::test(start_paused = true)]
async fn s2_a_duplicate_that_stalls_before_its_place_is_not_answered_again() {
    let world = World::default();
    world.faults.listed([
        at("deliver", 0, Fault::Twice),
        at("file", 1, Fault::Slow(20 * SECOND)),
        at("file", 0, Fault::Slow(SECOND)),
    ]);
    world.says("ada", "Are you open?").await;
    world.settle(2).await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
}

#[tokio::test(start_paused = true)]
async fn s2_nor_is_one_that_stalls_until_the_head_has_forgotten_it() {
    let world = World::default();
    world.faults.listed([at("deliver", 0, Fault::Twice), at("file", 1, Fault::Slow(20 * SECOND))]);
    let message = world.says("ada", "Are you open?").await;
    let more = async {
        tokio::time::sleep(SECOND).await;
        for number in 0..=REMEMBERED {
            world.says("ada", &format!("And on day {number}?")).await;
            tokio::time::sleep(SECOND / 2).await;
        }
        assert!(!world.head("ada").await.settled(&message.id), "it is still remembered");
    };
    futures::future::join(world.settle(2), more).await;
    // What is pending once more goes with the next turn, and says nothing.
    world.says("ada", "Thank you, goodbye?").await;
    world.settle(2).await;
    assert_eq!(world.read_by("ada").iter().filter(|text| text.contains("Are you open?")).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn f1_a_run_whose_lease_is_over_sends_nothing_any_more() {
    for (moment, stall) in [(Moment::Before, 90 * SECOND), (Moment::After, 90 * SECOND)] {
        let world = World::on_machines(&[Duration::ZERO; 2], OnUnknown::ResendOnce, "");
        world.faults.listed([at("commit", 0, Fault::Freezes(moment, stall))]);
        world.says("ada", "Are you open?").await;
        world.settle(2).await;
        assert_eq!(world.sent().len(), 1, "{moment:?}");
        assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn h1_no_send_begins_once_a_takeover_is_stored_however_late_it_comes() {
    for faults in
        [vec![], vec![at("draft", 0, Fault::Slow(3 * SECOND))], vec![at("commit", 0, Fault::Slow(3 * SECOND))]]
    {
        let world = World::default();
        world.faults.listed(faults);
        world.ai_will([AiScript::Thinks(2 * SECOND)]);
        world.says("ada", "Are you open?").await;
        let takeover = async {
            tokio::time::sleep(SECOND).await;
            changes_owner(&world, Owner::Person).await;
        };
        futures::future::join(world.settle(2), takeover).await;
        assert!(world.sent().is_empty(), "{:?}", world.sent());
    }
}

#[tokio::test(start_paused = true)]
async fn a12_nobody_waits_for_a_newer_message_that_will_not_come() {
    let world = World::default();
    world.says("ada", "older").await;
    world.poll_once().await;
    world.says("ada", "newer").await;
    world.poll_once().await;
    // The newer one dies; the older one is only delivered again once that has happened.
    let mut batch = world.queue.receive(10).await;
    while world.queue.dead_letters().is_empty() {
        for received in batch.iter().filter(|received| received.body.contains("newer")) {
            world.queue.come_back(&received.receipt, Duration::ZERO).await.unwrap();
        }
        batch = tokio::time::timeout(SECOND, world.queue.receive(10)).await.unwrap_or_default();
    }
    world.settle(2).await;
    assert_eq!(world.read_by("ada"), ["re: older\nnewer"]);
}

/// Not in the model: the past is read beside the claim. A turn that Braze rejected leaves its draft; the next turn has the
/// same number; a slow claim finds that number settled and, in what it had read, the wrong draft of it.
#[tokio::test(start_paused = true)]
async fn a_claim_that_read_the_past_too_early_does_not_take_a_rejected_draft_for_an_answer() {
    let world = World::default();
    world.faults.listed([
        at("send", 0, Fault::Refused(400)),
        at("deliver", 1, Fault::Slow(200 * SECOND)),
        at("ask", 1, Fault::Slow(8 * SECOND)),
        at("file", 3, Fault::Slow(12 * SECOND)),
    ]);
    let undispatched = models::Message {
        dispatched: false,
        ..world.message(&models::Identity::new("ada", "", "").unwrap(), "first?")
    };
    world.queued(&undispatched).await;
    let second = async {
        tokio::time::sleep(198 * SECOND).await;
        world.says("ada", "second?").await;
    };
    futures::future::join(world.settle(3), second).await;
    assert_eq!(world.read_by("ada"), ["re: second?", "re: first?"]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_may_have_arrived_is_not_given_up_for_another_one() {
    let world = World::default();
    world.says("ada", "Are you open?").await;
    tokio::time::sleep(Duration::from_secs(23 * 3_600 - 10)).await;
    let reset = world.now() + 60 * SECOND;
    world.braze_will([
        (Outcome::Unknown("no answer"), true),
        (Outcome::NotAccepted(Refusal::RateLimited(Some(reset))), false),
    ]);
    world.poll_once().await;
    world.settle(1).await;
    world.queue.redrive();
    world.says("ada", "Hello?").await;
    world.settle(1).await;
    let about: Vec<_> = world.read_by("ada").into_iter().filter(|text| text.contains("Are you open?")).collect();
    assert_eq!(about.len(), 1, "{about:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_does_not_answer_its_own_message_again_once_the_head_forgot_it() {
    let world = World::on_machines(&[Duration::ZERO; 3], OnUnknown::ResendOnce, "");
    let slow_send = (Effect { name: "send", nth: 0 }, Fault::Slow(3 * SECOND));
    world.faults.listed([slow_send.clone()]);
    world.ai_will([AiScript::Thinks(Duration::ZERO), AiScript::Thinks(SECOND), AiScript::Thinks(2 * SECOND)]);
    let first = world.says("ada", "Are you open?").await;
    let more = async {
        tokio::time::sleep(SECOND / 2).await;
        for number in 0..REMEMBERED + 2 {
            world.says("ada", &format!("And on day {number}?")).await;
        }
        tokio::time::sleep(SECOND * 12 / 5).await;
        let files = world.faults.names().iter().filter(|name| **name == "file").count();
        let slow_file = (Effect { name: "file", nth: u32::try_from(files).unwrap() }, Fault::Slow(2 * SECOND));
        world.faults.listed([slow_send, slow_file]);
        world.queued(&first).await;
    };
    futures::future::join(world.settle(3), more).await;
    let about: Vec<_> = world.read_by("ada").into_iter().filter(|text| text.contains("Are you open?")).collect();
    assert_eq!(about.len(), 1, "{:?}", world.read_by("ada"));
}
