//! Routes that chance rarely takes.

use std::io;
use std::sync::{Arc, Mutex};

use models::{AgentDeed, Identity, RouteName};
use platform::metrics::Metric;
use simulation::{AiScript, Effect, Fault, Moment, NO_BUDGET, Plan, World};
use store::{ROW_LIFE, Store as _, TurnKey, TurnRow};

use crate::{SECOND, goes_on};

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    #[expect(clippy::unwrap_used, reason = "nobody panics while it is held")]
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_that_the_assistant_does_not_have_is_logged_by_its_name_and_answered_without_one() {
    for (route, unknown) in [("returns", false), ("retuns", true)] {
        let toml = format!("{NO_BUDGET}[routes.returns]\ncampaign = \"c-returns\"\n");
        let world = World::new(Plan { toml, ..Plan::default() });
        let log = Log::default();
        let writer = log.clone();
        let logs = tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let _listening = tracing::subscriber::set_default(logs);
        let mut message = world.message(&Identity::new("ada", "", "").unwrap(), "Are you open?");
        message.route = RouteName::parse(route);
        world.queued(&message).await;
        world.settle(1).await;
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = logged.lines().filter(|line| line.contains("no such route")).collect();
        assert_eq!(lines.len(), usize::from(unknown), "{lines:?}");
        assert!(lines.iter().all(|line| line.contains(route) && line.contains(&message.log_id)), "{lines:?}");
        assert_eq!(world.counted(Metric::UnknownRoute), usize::from(unknown));
        let campaign = world.sent()[0].campaign.clone();
        assert_eq!(campaign.as_deref(), (!unknown).then_some("c-returns"));
    }
}

const RETURNS: &str = "[routes.returns]\ncampaign = \"c-returns\"\n";
const FLOW: &str = "[flows.f]\n[[flows.f.steps]]\nname = \"a\"\nsay = \"Which one?\"\nexpect = \"text\"\n";

/// Ada writes by the route, or by none.
#[expect(clippy::unwrap_used, reason = "the names are constants")]
async fn writes(world: &World, text: &str, route: Option<&str>) {
    let mut message = world.message(&Identity::new("ada", "", "").unwrap(), text);
    message.route = route.and_then(RouteName::parse);
    world.queued(&message).await;
    goes_on(world, 5).await;
}

async fn agent(world: &World, deed: AgentDeed) {
    world.agent("user:ada", None, deed).await;
    goes_on(world, 5).await;
}

#[tokio::test(start_paused = true)]
async fn whatever_is_said_goes_by_the_campaign_of_the_route_on_which_the_user_writes() {
    let start = || AgentDeed::StartFlow { flow: "f".to_owned(), language: None };
    for (route, campaign) in [(Some("returns"), Some("c-returns")), (None, None)] {
        let world = World::new(Plan { desk: true, toml: format!("{NO_BUDGET}{RETURNS}{FLOW}"), ..Plan::default() });
        writes(&world, "When are you open?", route).await;
        agent(&world, start()).await;
        writes(&world, "cancel", route).await;
        writes(&world, "talk to a human", route).await;
        agent(&world, AgentDeed::Say("Here I am.".into())).await;
        // However long they talk.
        goes_on(&world, 3_600).await;
        agent(&world, AgentDeed::Say("It took me a while.".into())).await;
        writes(&world, "Never mind.", route).await;
        let nth = u32::try_from(world.told().len()).unwrap();
        world
            .faults
            .listed((nth..nth + 3).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
        writes(&world, "Still there?", route).await;
        goes_on(&world, 60).await;
        let campaigns: Vec<_> = world.sent().into_iter().map(|sent| (sent.text, sent.campaign)).collect();
        assert_eq!(campaigns.len(), 7, "{campaigns:?}");
        assert!(campaigns.iter().all(|(_, by)| by.as_deref() == campaign), "{campaigns:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn that_an_answer_takes_a_moment_goes_by_the_campaign_of_its_route() {
    let toml = format!("{NO_BUDGET}moment_seconds = 6\n{RETURNS}");
    let world = World::new(Plan { toml, ..Plan::default() });
    world.ai_will([AiScript::Says("about shoes", 10 * SECOND)]);
    writes(&world, "Do you sell shoes?", Some("returns")).await;
    let campaigns: Vec<_> = world.sent().into_iter().map(|sent| sent.campaign).collect();
    assert_eq!(campaigns, [Some("c-returns".to_owned()), Some("c-returns".to_owned())]);
}

/// What another system starts is called as the brand likes, perhaps as its customers say it.
#[tokio::test(start_paused = true)]
async fn that_nobody_can_be_reached_goes_by_the_route_of_the_user_and_not_by_one_that_is_called_like_a_flow() {
    const CALL: &str = "[flows.call]\n[[flows.call.steps]]\nname = \"a\"\nsay = \"Thanks.\"\nexpect = \"nothing\"\nnext = \"hand_off\"\n";
    let other = "[routes.other]\nkeywords = [\"call\"]\ncampaign = \"c-other\"\n";
    let world = World::new(Plan { desk: true, toml: format!("{NO_BUDGET}{RETURNS}{other}{CALL}"), ..Plan::default() });
    writes(&world, "When are you open?", Some("returns")).await;
    world.faults.listed((0..3).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
    agent(&world, AgentDeed::StartFlow { flow: "call".to_owned(), language: None }).await;
    goes_on(&world, 60).await;
    let campaigns: Vec<_> = world.sent().into_iter().map(|sent| sent.campaign).collect();
    assert_eq!(
        campaigns,
        vec![Some("c-returns".to_owned()); 4],
        "an answer, two lines of a flow, and that nobody is there"
    );
}

/// While one message after another is given up no turn takes a number, and there is a draft of each attempt.
#[tokio::test(start_paused = true)]
async fn however_many_answers_were_drafted_in_vain_the_user_is_still_on_the_route_and_in_the_flow() {
    let flow = FLOW.replace("[flows.f]\n", "[flows.f]\ntimeout_minutes = 1_440\n");
    let toml = format!("{NO_BUDGET}{RETURNS}stay_minutes = 1_440\n{flow}");
    let world = World::new(Plan { desk: true, toml, ..Plan::default() });
    writes(&world, "When are you open?", Some("returns")).await;
    agent(&world, AgentDeed::StartFlow { flow: "f".to_owned(), language: None }).await;
    let before = world.sent().len();
    let fails = |nth| (Effect { name: "commit", nth }, Fault::Fails(Moment::Before));
    world.faults.listed((2..42).map(fails));
    while world.faults.happened().len() < 40 {
        writes(&world, "The red one", None).await;
        goes_on(&world, 1_200).await;
    }
    let sent: Vec<_> = world.sent().drain(before..).map(|sent| (sent.text, sent.campaign)).collect();
    let thanks = "Thank you, that's all I need.".to_owned();
    assert_eq!(sent, [(thanks, Some("c-returns".to_owned()))], "the flow had the last of them for an answer");
}

/// The table takes its time to remove what has expired, and a newer version may have written what this one cannot read.
#[tokio::test(start_paused = true)]
async fn however_many_rows_are_skipped_the_user_is_still_on_the_route_and_in_the_flow() {
    let flow = FLOW.replace("[flows.f]\n", "[flows.f]\ntimeout_minutes = 1_440\n");
    let toml = format!("{NO_BUDGET}{RETURNS}stay_minutes = 1_440\n{flow}");
    let world = World::new(Plan { desk: true, toml, ..Plan::default() });
    writes(&world, "When are you open?", Some("returns")).await;
    agent(&world, AgentDeed::StartFlow { flow: "f".to_owned(), language: None }).await;
    let key = Identity::new("ada", "", "").unwrap().conversation();
    let newest = world.store.newest_turns(&key, 1, world.now()).await.unwrap().remove(0);
    for epoch in 1_000..1_100 {
        let skipped = TurnRow { key: TurnKey { number: newest.key.number + 1, epoch }, ..newest.clone() };
        world.store.put_turn(&key, &skipped, world.now() - ROW_LIFE).await.unwrap();
    }
    let before = world.sent().len();
    writes(&world, "The red one", None).await;
    let sent: Vec<_> = world.sent().drain(before..).map(|sent| (sent.text, sent.campaign)).collect();
    let thanks = "Thank you, that's all I need.".to_owned();
    assert_eq!(sent, [(thanks, Some("c-returns".to_owned()))]);
}
