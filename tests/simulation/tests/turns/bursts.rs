//! What users write, and what answers it: fragments, copies, floods, long replies.

use std::time::Duration;

use models::{Identity, RouteName};
use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, World};

use crate::SECOND;

#[tokio::test(start_paused = true)]
async fn a_question_is_asked_at_once_and_answered_once() {
    let world = World::default();
    world.says("ada", "Where is my order?").await;
    world.poll_once().await;
    assert_eq!(world.read_by("ada"), ["re: Where is my order?"]);
    world.settle(2).await;
    assert_eq!((world.asked().len(), world.sent().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn three_fragments_get_one_answer_when_the_quiet_period_is_over() {
    let world = World::default();
    let started = world.now();
    for text in ["hi", "my parcel", "is not here"] {
        world.says("ada", text).await;
        world.poll_once().await;
        tokio::time::sleep(SECOND).await;
    }
    world.settle(2).await;
    assert_eq!(world.read_by("ada"), ["re: hi\nmy parcel\nis not here"]);
    assert_eq!(world.asked().len(), 1);
    assert!(world.asked()[0].history.is_empty());
    assert!(world.now().since(started) > 5 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn somebody_who_never_stops_typing_is_answered_at_the_cap() {
    let world = World::default();
    let typing = async {
        for _ in 0..10 {
            world.says("ada", "and another thing").await;
            tokio::time::sleep(2 * SECOND).await;
        }
        assert!(!world.sent().is_empty(), "the cap is 12 s; nothing was sent after 20");
    };
    futures::future::join(typing, world.settle(2)).await;
    assert!(world.head("ada").await.pending.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_comes_while_the_ai_thinks_is_answered_in_the_same_breath() {
    let world = World::default();
    world.ai_will([AiScript::Says("too early", 3 * SECOND), AiScript::Says("both answered", SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    let late = async {
        tokio::time::sleep(SECOND).await;
        world.says("ada", "And boots?").await;
    };
    futures::future::join(world.settle(2), late).await;
    assert_eq!(world.read_by("ada"), ["both answered"]);
    assert_eq!(world.asked()[1].text.as_str(), "Do you sell shoes?\nAnd boots?");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_took_long_stands_when_there_is_no_time_to_ask_again() {
    let world = World::default();
    world.ai_will([AiScript::Says("about shoes", 15 * SECOND), AiScript::Hangs, AiScript::Says("about boots", SECOND)]);
    world.says("ada", "Do you sell shoes?").await;
    let late = async {
        tokio::time::sleep(SECOND).await;
        world.says("ada", "And boots?").await;
    };
    futures::future::join(world.settle(2), late).await;
    assert_eq!(world.read_by("ada"), ["about shoes", "about boots"]);
    assert_eq!(world.head("ada").await.attempts, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_counted_of_a_turn_is_counted_once_however_often_it_was_drafted() {
    let world = World::default();
    world.faults.listed([(Effect { name: "draft", nth: 0 }, Fault::Fails(Moment::Before))]);
    let undispatched = |number: u64| {
        let identity = Identity::new("ada", "", "").unwrap();
        let id = models::MessageId::stored(format!("m{number}"));
        models::Message { id, dispatched: false, ..world.message(&identity, "hello") }
    };
    for number in 0..2 {
        world.queued(&undispatched(number)).await;
    }
    world.settle(2).await;
    assert_eq!((world.counted(Metric::Duplicate), world.asked().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_same_message_delivered_many_times_at_once_gets_one_answer() {
    let world = World::default();
    world.queue.duplicate_deliveries(3);
    let message = world.says("ada", "Where is my order?").await;
    world.queued(&message).await;
    world.settle(5).await;
    assert_eq!((world.asked().len(), world.sent().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_of_a_message_the_head_has_forgotten_is_still_known() {
    let world = World::default();
    let first = world.says("ada", "Number 0?").await;
    world.settle(1).await;
    for number in 1..=30 {
        world.says("ada", &format!("Number {number}?")).await;
        world.settle(1).await;
    }
    assert!(!world.head("ada").await.settled(&first.id));
    world.queued(&first).await;
    world.settle(1).await;
    assert_eq!(world.sent().len(), 31);
}

#[tokio::test(start_paused = true)]
async fn turns_remember_what_went_before() {
    let world = World::default();
    for text in ["Do you sell shoes?", "In which sizes?"] {
        world.says("ada", text).await;
        world.settle(1).await;
    }
    let history = &world.asked()[1].history;
    assert_eq!(history[0].user.as_str(), "Do you sell shoes?");
    assert_eq!(history[0].assistant.as_str(), "re: Do you sell shoes?");
}

#[tokio::test(start_paused = true)]
async fn conversations_of_one_batch_do_not_wait_for_each_other() {
    let world = World::default();
    world.ai_will((0..10).map(|_| AiScript::Says("done", 10 * SECOND)));
    for user in 0..10 {
        world.says(&user.to_string(), "Are you open?").await;
    }
    let started = world.now();
    world.poll_once().await;
    assert_eq!(world.sent().len(), 10);
    assert!(world.now().since(started) < 11 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_long_reply_goes_out_in_parts_in_their_order() {
    let world = World::default();
    let long: &'static str = Box::leak("A sentence that is not very long. ".repeat(300).into_boxed_str());
    world.ai_will([AiScript::Says(long, Duration::ZERO)]);
    world.says("ada", "Tell me everything, please?").await;
    world.settle(1).await;
    let sent = world.sent();
    assert_eq!(sent.len(), 3);
    let order: Vec<_> = sent.iter().map(|sent| sent.reply_id.split_once('#').unwrap().1.to_owned()).collect();
    assert_eq!(order, ["1", "2", "3"]);
    assert!(sent.iter().all(|sent| sent.text.chars().count() <= 4_096));
}
#[tokio::test(start_paused = true)]
async fn somebody_braze_learns_to_know_keeps_their_conversation() {
    let world = World::default();
    let number = Identity::new("", "", "+4915112345678").unwrap();
    let known = Identity::new("ada", "b1", "+4915112345678").unwrap();
    for (identity, text) in [(&number, "Do you sell shoes?"), (&known, "In which sizes?"), (&known, "And colours?")] {
        world.is_told(identity, text).await;
        world.settle(1).await;
    }
    let asked = world.asked();
    assert_eq!(asked[2].history.len(), 2, "the conversation began anew: {:?}", asked[2].history);
    let to: Vec<_> = world.sent().into_iter().map(|sent| sent.to).collect();
    assert_eq!(to, ["alias:phone:+4915112345678", "user:ada", "user:ada"]);
}

#[tokio::test(start_paused = true)]
async fn two_campaigns_that_fire_for_one_text_get_one_answer() {
    for gap in [Duration::ZERO, SECOND, 5 * SECOND] {
        let world = World::default();
        let plain = world.says("ada", "I want to return my shoes, please?").await;
        world.poll_once().await;
        tokio::time::sleep(gap).await;
        let mut named = world.message(&plain.identity, plain.text.as_str());
        named.route = RouteName::parse("returns");
        world.queued(&named).await;
        world.settle(2).await;
        assert_eq!((world.sent().len(), world.counted(Metric::Duplicate)), (1, 1), "{gap:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_answered_as_far_as_the_bound_and_the_rest_is_counted() {
    let world = World::default();
    for number in 0..60 {
        world.says("ada", &format!("and {number}")).await;
        world.poll_once().await;
    }
    world.settle(2).await;
    assert_eq!(world.counted(Metric::OverBudget), 10);
    assert!(world.head("ada").await.pending.is_empty());
    assert!(world.sent().len() <= 3, "{}", world.sent().len());
}

#[tokio::test(start_paused = true)]
async fn a_copy_counts_once_however_often_the_ai_fails_before_it_is_settled() {
    let world = World::default();
    world.ai_will([AiScript::Fails]);
    let plain = world.says("ada", "I want to return my shoes, please?").await;
    let mut named = world.message(&plain.identity, plain.text.as_str());
    named.route = RouteName::parse("returns");
    world.queued(&named).await;
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.asked().len(), world.counted(Metric::Duplicate)), (1, 2, 1));
}

#[tokio::test(start_paused = true)]
async fn the_same_words_again_and_again_are_not_answered_for_ever_although_each_comes_twice() {
    let world = World::with(OnUnknown::Flag, "[limits]\nrepeats = 2\n");
    for _ in 0..5 {
        let plain = world.says("ada", "I am out of the office.").await;
        let mut named = world.message(&plain.identity, plain.text.as_str());
        named.route = RouteName::parse("returns");
        world.queued(&named).await;
        world.settle(2).await;
        tokio::time::sleep(60 * SECOND).await;
    }
    assert_eq!((world.sent().len(), world.counted(Metric::LoopBroken)), (3, 4));
    assert!(world.read_by("ada")[2].contains("Please write again later"), "{:?}", world.read_by("ada"));
}

#[tokio::test(start_paused = true)]
async fn the_same_words_on_another_day_are_answered_as_ever() {
    let world = World::with(OnUnknown::Flag, "[limits]\nrepeats = 2\n");
    for _ in 0..6 {
        world.says("ada", "I would like to order the same as last time, please.").await;
        world.settle(2).await;
        tokio::time::sleep(Duration::from_hours(30 * 24)).await;
    }
    // And somebody's own bot gets no more on the second day than on the first.
    for _ in 0..2 {
        for _ in 0..9 {
            world.says("bob", "I am out of the office.").await;
            world.settle(2).await;
        }
        tokio::time::sleep(Duration::from_hours(8)).await;
    }
    assert_eq!((world.asked().len(), world.counted(Metric::LoopBroken)), (6 + 2 * 2, 2 * 6));
    assert_eq!(world.read_by("bob").len(), 2 * 3, "{:?}", world.read_by("bob"));
}
