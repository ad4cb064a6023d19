//! What is owed to profiles and to people, and still is when a run dies, a line is sent by somebody else's run, or another
//! system began.

use std::time::Duration;

use desk::{DeskEvent, What};
use models::{AgentDeed, Attributes, Identity, ProfileValue, Subscription};
use platform::metrics::Metric;
use simulation::{AiScript, Effect, Fault, Moment, World};
use store::Owner;

use crate::profiles::{
    Asked, ada, asked, group, groups, knows_no_group, newcomer, say, takes_no_writes, world, world_within, writes,
    written,
};
use crate::{SECOND, goes_on};

const NEWCOMERS: &str = "newcomers_group = \"g-1\"";
const CALL: &str = r#"
[flows.call]
[[flows.call.steps]]
name = "hello"
say = "Thank you for your order."
expect = "nothing"
next = "hand_off"
"#;

#[expect(clippy::unwrap_used, reason = "the names are constants")]
fn person() -> ProfileValue {
    ProfileValue::text("person").unwrap()
}

/// What the sends since the last look carried.
fn carried() -> Vec<Attributes> {
    asked()
        .into_iter()
        .filter_map(|asked| if let Asked::Send(carried) = asked { Some(carried) } else { None })
        .collect()
}

fn subscriptions() -> Vec<Vec<(String, Subscription)>> {
    carried().iter().map(groups).collect()
}

fn subscribed() -> Vec<(String, Subscription)> {
    group(Subscription::Subscribed)
}

async fn agent(world: &World, whose: &str, deed: AgentDeed) {
    world.agent(whose, None, deed).await;
    goes_on(world, 4).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_reply_went_without_is_written_though_its_run_dies_between_two_parts() {
    for moment in [Moment::Before, Moment::After] {
        let world = world(&format!("facts = [\"route\"]\n{NEWCOMERS}"));
        knows_no_group(true);
        world.ai_will([AiScript::Says(String::leak("word ".repeat(1_200)), Duration::ZERO)]);
        world.faults.listed([(Effect { name: "next part", nth: 0 }, Fault::Dies(moment))]);
        world.is_told(&newcomer(), "Tell me everything!").await;
        world.poll_once().await;
        knows_no_group(moment == Moment::After);
        goes_on(&world, 4).await;
        knows_no_group(false);
        goes_on(&world, 180).await;
        let all: Vec<_> = asked();
        let has_group = |asked: &Asked| match asked {
            Asked::Send(attributes) => groups(attributes) == subscribed(),
            Asked::Write(update) => groups(&update.attributes) == subscribed(),
        };
        assert!(all.iter().any(has_group), "{moment:?}: {all:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_table_that_takes_its_time_with_what_a_reply_went_without_does_not_get_it_sent_twice() {
    let world = world(NEWCOMERS);
    knows_no_group(true);
    let owed = Effect { name: "draft", nth: 1 };
    world.faults.listed([(owed, Fault::Slow(600 * SECOND))]);
    say(&world, &newcomer(), "When are you open?").await;
    knows_no_group(false);
    assert_eq!((world.sent().len(), world.counted(Metric::UnknownSend)), (1, 0));
    assert_eq!(world.faults.happened().len(), 1);
}

/// The run that brought the first line dies; the second line's run sends both, and knows nothing of what the first one owes.
#[tokio::test(start_paused = true)]
async fn an_owner_that_a_line_owes_is_written_though_another_lines_run_sends_it() {
    let world = world("facts = [\"owner\"]");
    say(&world, &ada(), "Where is my order?").await;
    drop(asked());
    takes_no_writes(true);
    let filed = world.faults.names().into_iter().filter(|name| *name == "file").count();
    let nth = u32::try_from(filed).unwrap();
    world.faults.listed([(Effect { name: "file", nth }, Fault::Dies(Moment::After))]);
    world.agent("user:ada", None, AgentDeed::Say("It comes today.".into())).await;
    goes_on(&world, 2).await;
    world.agent("user:ada", None, AgentDeed::Say("At noon.".into())).await;
    goes_on(&world, 30).await;
    assert_eq!(world.read_by("ada").len(), 3);
    // Until the first line has come back in vain.
    goes_on(&world, 40).await;
    assert_eq!(written("dragoman_owner"), []);
    takes_no_writes(false);
    goes_on(&world, 60).await;
    assert_eq!(written("dragoman_owner"), [person()]);
    assert!(world.agents.dead_letters().is_empty());
}

fn kinds(events: &[DeskEvent]) -> Vec<&'static str> {
    let kind = |event: &DeskEvent| match event.what {
        What::HandOff { .. } => "hand-off",
        What::Message { .. } => "message",
        What::Released { .. } => "released",
        What::NotSent { .. } => "not sent",
    };
    events.iter().map(kind).collect()
}

#[tokio::test(start_paused = true)]
async fn a_flow_of_another_system_that_leads_to_a_person_at_once_says_so_and_that_person_hears_of_it() {
    for failing in [0, 1] {
        let world = world(&format!("facts = [\"owner\"]\n{CALL}"));
        say(&world, &ada(), "Are you open?").await;
        drop(asked());
        world.faults.listed((0..failing).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
        agent(&world, "user:ada", AgentDeed::StartFlow { flow: "call".to_owned(), language: None }).await;
        goes_on(&world, 30).await;
        let read = world.read_by("ada");
        assert_eq!((read.len(), read[1].as_str()), (3, "Thank you for your order."), "{read:?}");
        let owners: Vec<_> = carried().iter().filter_map(owner).collect();
        assert_eq!(owners, [person()]);
        let head = world.head("ada").await;
        assert_eq!((head.owner, head.pending.len()), (Owner::Person, 0));
        let told = world.told();
        assert_eq!(kinds(&told), ["hand-off"]);
        let What::HandOff { summary, .. } = &told[0].what else { panic!("{told:?}") };
        assert_eq!(summary.as_str(), "Are you open?", "what the user wants, and not what the flow is called");
        assert_eq!((world.counted(Metric::FlowStarted), world.counted(Metric::FlowNotStarted)), (1, 0));
        say(&world, &ada(), "Is anybody there?").await;
        assert_eq!(kinds(&world.told()), ["hand-off", "message"]);
        assert_eq!((world.read_by("ada").len(), world.agents.dead_letters().len()), (3, 0));
    }
}

fn owner(attributes: &Attributes) -> Option<ProfileValue> {
    attributes.values().find(|(name, _)| name.as_str() == "dragoman_owner").and_then(|(_, value)| value.cloned())
}

#[tokio::test(start_paused = true)]
async fn who_owns_a_conversation_is_written_though_nobody_could_be_told_of_it() {
    let world = world("facts = [\"owner\"]");
    let refusal = braze::Outcome::NotAccepted(braze::Refusal::Rejected(400));
    world.braze_will([(refusal, false)]);
    say(&world, &ada(), "talk to a human").await;
    assert_eq!((world.head("ada").await.owner, world.read_by("ada").len()), (Owner::Person, 0));
    drop(asked());
    for expected in [vec![person()], vec![]] {
        say(&world, &ada(), "Hello?").await;
        assert_eq!(written("dragoman_owner"), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_first_words_to_somebody_unknown_subscribe_them_whoever_says_them() {
    // An agent, and the bot's line that the desk is down.
    for by_agent in [true, false] {
        let world = world(NEWCOMERS);
        agent(&world, "braze:b-1", AgentDeed::TakeOver).await;
        let down = if by_agent { 0 } else { 2 };
        world.faults.listed((0..down).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
        say(&world, &newcomer(), "Is anybody there?").await;
        if by_agent {
            agent(&world, "braze:b-1", AgentDeed::Say("I am.".into())).await;
        }
        assert_eq!(subscriptions(), [subscribed()], "an agent: {by_agent}");
        agent(&world, "braze:b-1", AgentDeed::Say("Are you?".into())).await;
        agent(&world, "braze:b-1", AgentDeed::Release).await;
        say(&world, &newcomer(), "When are you open?").await;
        assert_eq!(subscriptions(), [vec![], vec![]], "an agent: {by_agent}");
    }
}

#[tokio::test(start_paused = true)]
async fn that_an_answer_takes_a_moment_subscribes_somebody_unknown_and_the_answer_makes_sure_of_it() {
    let world = world_within("moment_seconds = 6\n", NEWCOMERS);
    world.ai_will([AiScript::Says("about shoes", 10 * SECOND)]);
    say(&world, &newcomer(), "Do you sell shoes?").await;
    assert_eq!(subscriptions(), [subscribed(), subscribed()]);
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_another_system_starts_subscribes_somebody_unknown_who_was_told_nothing_yet() {
    let world = world(&format!("{NEWCOMERS}\n{CALL}"));
    agent(&world, "braze:b-1", AgentDeed::TakeOver).await;
    say(&world, &newcomer(), "Is anybody there?").await;
    agent(&world, "braze:b-1", AgentDeed::Release).await;
    agent(&world, "braze:b-1", AgentDeed::StartFlow { flow: "call".to_owned(), language: None }).await;
    assert_eq!(subscriptions(), [subscribed(), vec![]], "with the first of two parts");
}

#[tokio::test(start_paused = true)]
async fn nobody_is_subscribed_who_never_wrote_or_wants_silence() {
    let world = world(&format!("{NEWCOMERS}\n[replies]\nclosed_window = \"c-template\"\n"));
    agent(&world, "braze:b-1", AgentDeed::Say("Hello, Eve here.".into())).await;
    assert_eq!(subscriptions(), [vec![]]);
    let stranger = Identity::new("", "b-2", "+48").unwrap();
    say(&world, &stranger, "STOP").await;
    agent(&world, "braze:b-2", AgentDeed::Say("We are sorry.".into())).await;
    assert_eq!(subscriptions(), [vec![]]);
    // Whoever was only written to before is a newcomer still.
    agent(&world, "braze:b-1", AgentDeed::Release).await;
    say(&world, &newcomer(), "Who are you?").await;
    assert_eq!(subscriptions(), [subscribed()]);
    drop(writes());
}
