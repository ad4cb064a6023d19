//! The AI and Braze fail, refuse, and say that it is too much.

use std::time::Duration;

use braze::{Outcome, Refusal};
use models::{AgentDeed, Identity};
use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{AiScript, Effect, Fault, Moment, Plan, World};

use crate::{SECOND, goes_on};

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
async fn what_a_newer_version_drafted_waits_for_a_version_that_reads_it_and_silences_nobody_for_good() {
    for (unread, read, parked) in
        [(3, &["re: Are you open?", "re: Hello again"][..], 0), (99, &["re: Hello again"][..], 1)]
    {
        let world = World::default();
        let dies = (Effect { name: "commit", nth: 0 }, Fault::Dies(Moment::After));
        let unreadable = (0..unread).map(|nth| (Effect { name: "read turn", nth }, Fault::Empty));
        world.faults.listed(std::iter::once(dies).chain(unreadable));
        world.says("ada", "Are you open?").await;
        goes_on(&world, 1_200).await;
        world.says("ada", "Hello again").await;
        world.settle(2).await;
        assert_eq!(world.read_by("ada"), read, "{unread}");
        // The first attempt drafted it, and the ninth gives it up.
        assert_eq!(world.counted(Metric::RowSkipped), unread.min(8) as usize);
        assert_eq!((world.counted(Metric::Parked), world.asked().len()), (parked, 2), "{unread}");
    }
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
async fn what_braze_says_it_could_not_take_is_sent_again_and_read_twice_if_that_was_not_so() {
    for (arrived, times) in [(false, 1), (true, 2)] {
        let world = World::default();
        world.braze_will([(Outcome::NotAccepted(Refusal::Unavailable), arrived)]);
        world.says("ada", "Are you open?").await;
        world.settle(2).await;
        assert_eq!(world.read_by("ada"), vec!["re: Are you open?"; times]);
        assert_eq!((world.counted(Metric::SendDelayed), world.counted(Metric::UnknownSend)), (1, 0));
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
    let accepted = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };
    world.braze_will([(accepted, true), (Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.says("ada", "Tell me everything, please?").await;
    world.settle(1).await;
    world.says("ada", "And then?").await;
    world.settle(1).await;
    assert_eq!(world.counted(Metric::Cut), 1);
    assert!(world.asked()[1].history[0].assistant.as_str().chars().count() <= 4_096);
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

/// What was drafted before a wish for silence and could not be sent before it came is not said after it.
#[tokio::test(start_paused = true)]
async fn an_answer_that_waits_for_braze_is_not_said_to_somebody_who_wrote_stop_meanwhile() {
    let accepted = || (Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false }, true);
    for (first_part_is_read, then, read) in
        [(false, vec!["STOP"], 0), (true, vec!["STOP"], 1), (false, vec!["STOP", "START"], 1)]
    {
        let world = World::default();
        let limited = || (Outcome::NotAccepted(Refusal::RateLimited(Some(world.now() + 40 * SECOND))), false);
        world.ai_will([AiScript::Says(String::leak("word ".repeat(1_200)), Duration::ZERO)]);
        world.braze_will(first_part_is_read.then(accepted).into_iter().chain([limited()]));
        world.says("ada", "Can you tell me everything?").await;
        world.poll_once().await;
        for words in &then {
            world.says("ada", words).await;
        }
        world.settle(1 + then.len()).await;
        let wants_words = then.len() > 1;
        let parts = world.read_by("ada").len();
        assert!(if wants_words { parts > read } else { parts == read }, "{then:?}: {parts}");
        let head = world.head("ada").await;
        assert_eq!((head.opted_out, head.pending.len(), head.turn), (!wants_words, 0, None), "{then:?}");
        assert_eq!((world.asked().len(), world.queue.dead_letters().len()), (then.len(), 0), "{then:?}");
        assert_eq!(world.witness.violations(), [""; 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn no_second_copy_is_risked_for_somebody_who_wrote_stop_meanwhile() {
    let world = World::default();
    world.faults.listed([(Effect { name: "send", nth: 0 }, Fault::Dies(Moment::After))]);
    world.says("ada", "Are you open?").await;
    world.poll_once().await;
    world.says("ada", "STOP").await;
    world.settle(2).await;
    assert_eq!((world.sent().len(), world.counted(Metric::Flagged)), (1, 1));
    assert!(world.head("ada").await.opted_out);
    assert_eq!(world.witness.violations(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn that_nobody_can_be_reached_is_not_said_to_somebody_who_wrote_stop_meanwhile() {
    let world = World::new(Plan { desk: true, ..Plan::default() });
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    goes_on(&world, 1).await;
    world.faults.listed((0..4).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
    let limited = Outcome::NotAccepted(Refusal::RateLimited(Some(world.now() + 90 * SECOND)));
    world.braze_will([(limited, false)]);
    world.says("ada", "Is anybody there?").await;
    goes_on(&world, 30).await;
    assert_eq!(world.sent().len(), 1, "it waits for Braze");
    world.says("ada", "STOP").await;
    goes_on(&world, 300).await;
    assert_eq!(world.read_by("ada"), [""; 0]);
    let head = world.head("ada").await;
    assert!(head.opted_out && head.pending.is_empty(), "{head:?}");
    assert_eq!(world.witness.violations(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_begun_to_somebody_who_wrote_stop_while_the_ai_was_asked_for_the_second_time() {
    for (last, read) in [("STOP", &[][..]), ("And hats?", &["about both", "about hats"][..])] {
        let world = World::default();
        let says = |text| AiScript::Says(text, 4 * SECOND);
        world.ai_will([says("too early"), says("about both"), says("about hats")]);
        world.says("ada", "Do you sell shoes?").await;
        let meanwhile = async {
            tokio::time::sleep(SECOND).await;
            world.says("ada", "And boots?").await;
            tokio::time::sleep(4 * SECOND).await;
            world.says("ada", last).await;
        };
        futures::future::join(world.settle(3), meanwhile).await;
        assert_eq!(world.read_by("ada"), read, "{last}");
        assert_eq!(world.head("ada").await.opted_out, last == "STOP");
        assert_eq!(world.witness.violations(), [""; 0]);
    }
}
