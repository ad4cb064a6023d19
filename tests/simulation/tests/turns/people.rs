//! Who is who, and who answers.

use std::time::Duration;

use braze::{Outcome, Refusal};
use models::{AgentDeed, ConversationKey, Identity};
use platform::metrics::Metric;
use simulation::{AiScript, Effect, Fault, Moment, NO_BUDGET, Plan, World};
use store::Store as _;

use crate::{SECOND, goes_on};

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
fn with_a_desk() -> World {
    World::new(Plan { desk: true, ..Plan::default() })
}

#[tokio::test(start_paused = true)]
async fn a_hand_off_holds_although_the_door_that_took_the_release_before_it_has_a_clock_ahead() {
    let world = with_a_desk();
    let mut release = world.agent("user:ada", None, AgentDeed::Release).await;
    release.at = world.now() + 30 * SECOND;
    world.agent_again(&release).await;
    // Both are heard before the user writes.
    world.poll_agents_once().await;
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
    world.says("ada", "Where is my order?").await;
    world.settle(1).await;
    world.braze_will([(Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.agent("user:ada", Some("1"), AgentDeed::Say("It comes today.".into())).await;
    world.settle(1).await;
    tokio::time::sleep(Duration::from_hours(25)).await;
    assert_eq!(world.agents.redrive(), 1);
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.agents.dead_letters().len()), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_the_desk_did_not_get_for_a_day_is_kept_and_nothing_is_said_about_it_any_more() {
    let world = with_a_desk();
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    let message = world.message(&Identity::new("ada", "", "").unwrap(), "Is anybody there?");
    tokio::time::sleep(Duration::from_hours(25)).await;
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    world.faults.listed((0..60).map(|nth| (Effect { name: "tell desk", nth }, Fault::Refused(401))));
    world.queued(&message).await;
    world.settle(1).await;
    assert!(world.sent().is_empty(), "{:?}", world.sent());
    assert_eq!(world.queue.dead_letters().len(), 1);
}

/// A world whose desk has ada's conversation, told what it will refuse for good: which of its calls, counted from 0.
async fn with_a_desk_that_refuses(calls: &[u32]) -> World {
    let world = with_a_desk();
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    world.faults.listed(calls.iter().map(|nth| (Effect { name: "tell desk", nth: *nth }, Fault::Refused(422))));
    world
}

fn told(world: &World) -> Vec<String> {
    let text = |event: desk::DeskEvent| match event.what {
        desk::What::Message { text, .. } => Some(text.as_str().to_owned()),
        _ => None,
    };
    world.told().into_iter().filter_map(text).collect()
}

#[tokio::test(start_paused = true)]
async fn what_the_desk_refuses_for_good_is_a_dead_letter_and_what_comes_after_it_is_told() {
    // The hand-off, and three messages of one burst.
    for (refused, dead, expected) in
        [(1, 1, vec!["two", "three"]), (2, 1, vec!["one", "three"]), (3, 1, vec!["one", "two"])]
    {
        let world = with_a_desk_that_refuses(&[refused]).await;
        for text in ["one", "two", "three"] {
            world.says("ada", text).await;
        }
        world.settle(1).await;
        assert_eq!(
            (told(&world), world.queue.dead_letters().len()),
            (expected.iter().map(ToString::to_string).collect(), dead)
        );
        assert_eq!((world.counted(Metric::DeskRefused), world.counted(Metric::Parked)), (1, 1));
        assert_eq!(world.queue.redrive(), 1);
        world.settle(1).await;
        assert_eq!((told(&world).len(), world.queue.dead_letters().len()), (3, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hand_off_that_the_desk_refuses_for_good_does_not_hold_up_the_words() {
    let world = with_a_desk_that_refuses(&[0]).await;
    world.says("ada", "Is anybody there?").await;
    world.settle(1).await;
    assert_eq!((told(&world), world.queue.dead_letters().len()), (vec!["Is anybody there?".to_owned()], 0));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_refused_alone_is_given_up_and_the_next_one_is_told() {
    let world = with_a_desk_that_refuses(&[2]).await;
    for text in ["one", "two", "three"] {
        world.says("ada", text).await;
        world.settle(1).await;
    }
    assert_eq!((told(&world), world.queue.dead_letters().len()), (vec!["one".to_owned(), "three".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_takes_nothing_at_all_is_waited_for_and_the_user_is_told() {
    let world = with_a_desk_that_refuses(&(0..4).collect::<Vec<_>>()).await;
    world.says("ada", "Is anybody there?").await;
    world.settle(1).await;
    assert_eq!((told(&world), world.read_by("ada").len()), (vec!["Is anybody there?".to_owned()], 1));
    assert!(world.queue.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_writes_now_and_then_can_be_taken_over_by_phone_for_as_long() {
    const DAY: Duration = Duration::from_hours(24);
    let world = World::new(Plan { desk: true, toml: NO_BUDGET.to_owned(), ..Plan::default() });
    let ada = Identity::new("ada", "", "+4915112345678").unwrap();
    for text in ["Are you open?", "And in May?", "And in June?", "And in July?", "And in August?"] {
        world.is_told(&ada, text).await;
        world.settle(1).await;
        tokio::time::sleep(40 * DAY).await;
    }
    world.agent("alias:phone:+4915112345678", None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    assert_eq!(world.head("ada").await.owner, store::Owner::Person);
}

#[tokio::test(start_paused = true)]
async fn a_sign_costs_no_write_while_it_is_new() {
    let world = World::new(Plan { toml: NO_BUDGET.to_owned(), ..Plan::default() });
    let ada = Identity::new("ada", "", "+4915112345678").unwrap();
    for day in 0..14 {
        world.is_told(&ada, &format!("Is it day {day}?")).await;
        world.settle(1).await;
        tokio::time::sleep(Duration::from_hours(24)).await;
    }
    let points = world.faults.names().into_iter().filter(|name| *name == "point").count();
    assert_eq!(points, 1);
}

/// A run stands still between two parts until somebody else has said them and a person has taken over: what stands there
/// then is no turn of its own, and the row of the one that was is left as it was read.
#[tokio::test(start_paused = true)]
async fn a_run_that_has_lost_its_claim_cuts_nothing_when_a_person_has_taken_over() {
    let world = with_a_desk();
    let long: &'static str = String::leak("word ".repeat(1_200));
    world.ai_will([AiScript::Says(long, Duration::ZERO)]);
    world.faults.listed(vec![(Effect { name: "next part", nth: 0 }, Fault::Freezes(Moment::Before, 100 * SECOND))]);
    world.says("ada", "Tell me everything").await;
    let person = async {
        tokio::time::sleep(70 * SECOND).await;
        world.agent("user:ada", None, AgentDeed::TakeOver).await;
    };
    futures::future::join(person, world.settle(2)).await;
    let key = ConversationKey::parse("user:ada").unwrap();
    let rows = world.store.newest_turns(&key, 9, world.now()).await.unwrap();
    let said: Vec<_> = rows.iter().map(|row| (row.key.number, row.reply.len() > 1)).collect();
    assert_eq!((said, world.counted(Metric::Cut)), (vec![(1, true)], 0));
}

/// A sign is written once, and outlives what it leads to only because it is looked at.
#[tokio::test(start_paused = true)]
async fn an_agent_who_knows_the_phone_alone_finds_whoever_has_written_for_months() {
    let world = with_a_desk();
    let ada = Identity::new("ada", "", "+4915112345678").unwrap();
    for _ in 0..4 {
        world.is_told(&ada, "When are you open?").await;
        world.settle(1).await;
        tokio::time::sleep(Duration::from_hours(24 * 20)).await;
    }
    world.agent("alias:phone:+4915112345678", None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    assert_eq!(world.head("ada").await.owner, store::Owner::Person);
}

/// Quiet hours are five minutes here, and the desk is out of reach for longer.
#[tokio::test(start_paused = true)]
async fn the_bot_takes_nothing_that_was_written_to_people_and_gives_them_the_quiet_hours_to_answer() {
    const MINUTES: u32 = 60;
    let toml = format!("{NO_BUDGET}[hand_off]\nreturn_after_minutes = 5\n");
    let world = World::new(Plan { desk: true, toml, ..Plan::default() });
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    goes_on(&world, 1).await;
    world.faults.listed((0..12).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
    world.says("ada", "Where is my order?").await;
    goes_on(&world, 6 * MINUTES).await;
    assert!(told(&world).is_empty(), "{:?}", told(&world));
    // Promised to people as long as the older one is.
    world.says("ada", "Hello?").await;
    while told(&world).is_empty() {
        goes_on(&world, 1).await;
    }
    assert_eq!((told(&world).len(), world.asked().len(), world.counted(Metric::TakenBack)), (2, 0, 0));
    // People have just heard of it, and may take as long as ever.
    goes_on(&world, 3 * MINUTES).await;
    world.says("ada", "Please!").await;
    goes_on(&world, 4).await;
    assert_eq!((told(&world).len(), world.asked().len()), (3, 0));
    goes_on(&world, 20 * MINUTES).await;
    world.says("ada", "Is nobody there?").await;
    goes_on(&world, 4).await;
    assert_eq!((told(&world).len(), world.asked().len(), world.counted(Metric::TakenBack)), (3, 1, 1));
}

/// A desk that takes neither the hand-off nor the one message after it, now or later.
#[tokio::test(start_paused = true)]
async fn a_desk_that_refuses_a_conversation_for_good_costs_its_user_a_line_and_nobody_the_rest() {
    let world = with_a_desk_that_refuses(&(0..500).collect::<Vec<_>>()).await;
    world.says("ada", "Is anybody there?").await;
    world.settle(1).await;
    assert!(told(&world).is_empty());
    // Its user is told so once, there is an alarm for each try, and in the end a dead letter.
    assert_eq!(world.read_by("ada").len(), 1);
    assert_eq!(world.head("ada").await.owner, store::Owner::Person);
    let (refused, down) = (world.counted(Metric::DeskRefused), world.counted(Metric::DeskFailed));
    assert!(down > 2 && refused == 2 * down, "{refused} {down}");
    assert_eq!(world.queue.dead_letters().len(), 1);
    // What holds the desk up is cured: nothing is lost, and nothing is told twice.
    world.faults.listed([]);
    assert_eq!(world.queue.redrive(), 1);
    world.says("ada", "Hello?").await;
    world.settle(1).await;
    assert_eq!((told(&world).len(), world.told().len()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_that_the_desk_is_down_to_whom_an_agent_has_just_written() {
    for (agent, lines) in [(true, 1), (false, 1)] {
        let world = with_a_desk();
        world.agent("user:ada", None, AgentDeed::TakeOver).await;
        world.poll_agents_once().await;
        world.says("ada", "Where is my order?").await;
        goes_on(&world, 5).await;
        if agent {
            world.agent("user:ada", None, AgentDeed::Say("I am looking for it.".into())).await;
            goes_on(&world, 5).await;
        }
        let (told, nth) = (told(&world).len(), u32::try_from(world.told().len()).unwrap());
        world
            .faults
            .listed((nth..nth + 9).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
        world.says("ada", "And?").await;
        goes_on(&world, 120).await;
        assert_eq!((told, world.read_by("ada").len()), (1, lines), "an agent wrote: {agent}");
        let says_down = world.read_by("ada").iter().any(|line| line != "I am looking for it.");
        assert_eq!(says_down, !agent);
    }
}

/// Braze refuses the second part, and whoever wants to tell the desk of it stands still until somebody else has said all.
#[tokio::test(start_paused = true)]
async fn what_was_said_by_somebody_else_meanwhile_is_not_cut_short_by_whoever_stood_still() {
    let clocks_ahead = vec![Duration::ZERO; 2];
    let world = World::new(Plan { desk: true, clocks_ahead, ..Plan::default() });
    world.says("ada", "Are you open?").await;
    world.settle(1).await;
    let accepted = (Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false }, true);
    world.braze_will([accepted, (Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.faults.listed([(Effect { name: "tell desk", nth: 0 }, Fault::Freezes(Moment::Before, 90 * SECOND))]);
    for line in ["It comes today.", "At noon.", "By bike."] {
        world.agent("user:ada", Some(line), AgentDeed::Say(line.into())).await;
    }
    world.settle(2).await;
    assert_eq!(world.read_by("ada")[1..].len(), 3);
    let key = Identity::new("ada", "", "").unwrap().conversation();
    let rows = world.store.newest_turns(&key, 9, world.now()).await.unwrap();
    assert_eq!(rows[0].reply.len(), 3, "the history knows all of it");
    assert_eq!(world.counted(Metric::Cut), 0);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_another_system_starts_after_the_quiet_hours_takes_the_conversation_back() {
    let flow = "[flows.return]\n[[flows.return.steps]]\nname = \"order\"\nsay = \"Which order?\"\nexpect = \"text\"\n";
    let toml = format!("{NO_BUDGET}[hand_off]\nreturn_after_minutes = 5\n{flow}");
    for (minutes, starts) in [(4, false), (6, true)] {
        let world = World::new(Plan { desk: true, toml: toml.clone(), ..Plan::default() });
        world.says("ada", "Are you open?").await;
        goes_on(&world, 5).await;
        world.agent("user:ada", None, AgentDeed::TakeOver).await;
        goes_on(&world, 60 * minutes).await;
        let start = AgentDeed::StartFlow { flow: "return".to_owned(), language: None };
        world.agent("user:ada", None, start).await;
        goes_on(&world, 5).await;
        assert_eq!(world.read_by("ada")[1..], if starts { vec!["Which order?"] } else { vec![] }, "{minutes} minutes");
        assert_eq!(world.head("ada").await.owner == store::Owner::Bot, starts);
        assert_eq!(world.counted(Metric::TakenBack), usize::from(starts));
        let released = world.told().iter().filter(|event| event.id.starts_with("released")).count();
        assert_eq!(released, usize::from(starts));
    }
}
