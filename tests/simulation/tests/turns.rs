//! The ordinary life of a conversation: bursts, duplicates, long replies, refusals.

use std::time::Duration;

use braze::{Outcome, Refusal};
use models::{AgentDeed, Identity, RouteName};
use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, Plan, World};

const SECOND: Duration = Duration::from_secs(1);

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
async fn when_the_ai_fails_the_fallback_line_goes_out_before_the_user_gives_up() {
    let world = World::default();
    world.ai_will([AiScript::Hangs, AiScript::Fails, AiScript::Fails]);
    world.says("ada", "Are you open?").await;
    let started = world.now();
    world.settle(1).await;
    let read = world.read_by("ada");
    assert_eq!(read.len(), 1, "{read:?}");
    assert!(read[0].starts_with("Sorry, I can't answer right now."), "{read:?}");
    assert_eq!((world.asked().len(), world.counted(Metric::Fallback)), (2, 1));
    assert!(world.now().since(started) > 30 * SECOND);
    assert!(world.queue.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn braze_over_its_limit_is_waited_for_and_not_asked_again_meanwhile() {
    let world = World::default();
    let reset = world.now() + 40 * SECOND;
    world.braze_will([(Outcome::NotAccepted(Refusal::RateLimited(Some(reset))), false)]);
    world.says("ada", "Are you open?").await;
    world.poll_once().await;
    world.says("ada", "Hello, is anybody there?").await;
    world.settle(2).await;
    let read = world.read_by("ada");
    assert_eq!(read, ["re: Are you open?", "re: Hello, is anybody there?"]);
    assert_eq!((world.asked().len(), world.sent().len()), (2, 3));
    assert!(world.now() > reset);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_sent_once_more_or_flagged_and_never_more_often() {
    let unknown = || (Outcome::Unknown("test"), true);
    for (on_unknown, outcomes, copies) in
        [(OnUnknown::ResendOnce, 1, 2), (OnUnknown::ResendOnce, 5, 2), (OnUnknown::Flag, 1, 1)]
    {
        let world = World::with(on_unknown, "");
        world.braze_will((0..outcomes).map(|_| unknown()));
        world.says("ada", "Are you open?").await;
        world.settle(2).await;
        assert_eq!((world.sent().len(), world.asked().len()), (copies, 1), "{on_unknown:?} {outcomes}");
        assert!(world.head("ada").await.pending.is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn what_braze_will_never_take_becomes_a_dead_letter_and_blocks_nobody() {
    let world = World::default();
    world.braze_will([(Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.says("ada", "Are you open?").await;
    world.settle(1).await;
    assert_eq!((world.queue.dead_letters().len(), world.counted(Metric::Parked)), (1, 1));
    world.says("ada", "And tomorrow?").await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: And tomorrow?"]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_driven_back_is_answered_if_it_is_not_too_old() {
    for (age, answered) in [(Duration::from_hours(1), true), (Duration::from_hours(24), false)] {
        let world = World::default();
        world.braze_will([(Outcome::NotAccepted(Refusal::Rejected(403)), false)]);
        let message = world.says("ada", "Are you open?").await;
        world.settle(1).await;
        tokio::time::sleep(age).await;
        world.queued(&message).await;
        world.settle(1).await;
        assert_eq!(world.read_by("ada").len(), usize::from(answered), "{age:?}");
        assert_eq!(world.queue.dead_letters().len(), if answered { 1 } else { 2 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_nobody_can_read_is_kept_until_it_is_a_dead_letter() {
    use platform::queue::Queue as _;
    let world = World::default();
    world.queue.send("not ours".to_owned()).await.unwrap();
    world.says("ada", "Are you open?").await;
    world.settle(1).await;
    assert_eq!(world.queue.dead_letters(), ["not ours"]);
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_without_words_gets_a_line_of_its_own() {
    let world = World::default();
    world.says("ada", " \n").await;
    world.settle(1).await;
    assert!(world.asked().is_empty());
    assert!(world.read_by("ada")[0].contains("text messages"), "{:?}", world.read_by("ada"));
}

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

#[tokio::test(start_paused = true)]
async fn two_people_with_one_phone_do_not_share_a_conversation() {
    let world = World::default();
    let names = |external| Identity::new(external, "", "+4915112345678").unwrap();
    for (external, text) in
        [("", "Hello, is anybody there?"), ("42", "Where is my order 5?"), ("77", "What did I ask before?")]
    {
        world.is_told(&names(external), text).await;
        world.settle(1).await;
    }
    assert!(world.asked()[2].history.is_empty(), "{:?}", world.asked()[2].history);
    world.is_told(&names("42"), "my pin").await;
    world.is_told(&names("77"), "hi").await;
    world.settle(1).await;
    assert_eq!(world.read_by("77"), ["re: What did I ask before?", "re: hi"]);
}

#[tokio::test(start_paused = true)]
async fn an_old_dead_letter_does_not_make_a_fresh_turn_stale() {
    let world = World::default();
    let old = world.message(&Identity::new("ada", "", "").unwrap(), "Old question?");
    tokio::time::sleep(Duration::from_hours(30)).await;
    let limited = Outcome::NotAccepted(Refusal::RateLimited(Some(world.now() + 60 * SECOND)));
    world.braze_will([(limited, false)]);
    world.says("ada", "Are you open?").await;
    world.poll_once().await;
    world.queued(&old).await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_is_driven_back_gets_an_answer_and_not_the_old_fallback() {
    let world = World::default();
    world.ai_will([AiScript::Fails, AiScript::Fails]);
    world.braze_will([(Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    let message = world.says("ada", "Are you open?").await;
    world.settle(1).await;
    world.queued(&message).await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
}

#[tokio::test(start_paused = true)]
async fn braze_over_its_limit_for_hours_does_not_make_dead_letters() {
    let world = World::default();
    let past = Outcome::NotAccepted(Refusal::RateLimited(None));
    world.braze_will((0..12).map(|_| (past.clone(), false)));
    world.says("ada", "Are you open?").await;
    let started = world.now();
    world.settle(1).await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
    assert!(world.now().since(started) > Duration::from_hours(2) && world.queue.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reply_of_which_braze_refuses_the_rest_is_remembered_as_far_as_it_was_read() {
    let world = World::default();
    let long: &'static str = Box::leak("A sentence that is not very long. ".repeat(300).into_boxed_str());
    world.ai_will([AiScript::Says(long, Duration::ZERO)]);
    let accepted = Outcome::Accepted { dispatch_id: None, remarks: false };
    world.braze_will([(accepted, true), (Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.says("ada", "Tell me everything, please?").await;
    world.settle(1).await;
    world.says("ada", "And then?").await;
    world.settle(1).await;
    assert_eq!(world.counted(Metric::Cut), 1);
    assert!(world.asked()[1].history[0].assistant.as_str().chars().count() <= 4_096);
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
async fn a_part_in_doubt_is_not_sent_again_when_the_day_in_which_it_can_be_read_is_over() {
    let world = World::default();
    let hours = |nth| (Effect { name: "deliver", nth }, Fault::Slow(Duration::from_hours(8)));
    let dies = (Effect { name: "send", nth: 0 }, Fault::Dies(Moment::After));
    world.faults.listed([dies, hours(1), hours(2), hours(3)]);
    world.says("ada", "Are you open?").await;
    world.settle_for_days().await;
    assert_eq!(world.read_by("ada"), ["re: Are you open?"]);
    assert_eq!(world.counted(Metric::Flagged), 1);
}

fn with_a_desk() -> World {
    World::new(Plan { desk: true, ..Plan::default() })
}

#[tokio::test(start_paused = true)]
async fn a_hand_off_holds_although_the_door_that_took_the_release_before_it_has_a_clock_ahead() {
    let world = with_a_desk();
    let mut release = world.agent("user:ada", None, AgentDeed::Release).await;
    release.at = world.now() + 30 * SECOND;
    world.agent_again(&release).await;
    world.says("ada", "talk to a human").await;
    world.settle(1).await;
    assert_eq!(world.head("ada").await.owner, store::Owner::Person);
    assert_eq!(world.read_by("ada").len(), 1, "{:?}", world.read_by("ada"));
    let told = world.told().into_iter().filter(|event| !event.id.starts_with("released")).count();
    assert_eq!(told, 2, "the hand-off and the message");
}

#[tokio::test(start_paused = true)]
async fn an_agents_line_that_is_driven_back_after_a_day_is_not_sent() {
    let world = with_a_desk();
    world.braze_will([(Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.agent("user:ada", Some("1"), AgentDeed::Say("It comes today.".into())).await;
    world.settle(1).await;
    tokio::time::sleep(Duration::from_hours(25)).await;
    assert_eq!(world.agents.redrive(), 1);
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.agents.dead_letters().len()), (1, 1));
}
