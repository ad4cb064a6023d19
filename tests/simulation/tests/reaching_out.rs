//! Words that the brand begins with: agents' lines and flows of other systems, inside WhatsApp's window and outside it.

use std::collections::HashSet;
use std::time::Duration;

use braze::{Outcome, Refusal};
use desk::{DeskEvent, NotSent, What};
use models::{AgentDeed, Identity};
use platform::metrics::Metric;
use responder::OnUnknown;
use simulation::{Effect, Fault, NO_BUDGET, Plan, World};
use store::Owner;

const ADA: &str = "user:ada";
const A_DAY: Duration = Duration::from_hours(25);

const TEMPLATE: &str = "[replies]\nclosed_window = \"c-template\"\n";
const RETURN: &str = r#"
[flows.return]
[[flows.return.steps]]
name = "order"
say = { en = "Which order?", de = "Welche Bestellung?" }
expect = "text"
attribute = "last_order"
[flows.survey]
[[flows.survey.steps]]
name = "stars"
campaign = "c-survey"
expect = "number"
"#;

fn world(toml: &str) -> World {
    World::new(Plan { desk: true, toml: format!("{NO_BUDGET}{toml}"), ..Plan::default() })
}

fn say(text: &str) -> AgentDeed {
    AgentDeed::Say(text.into())
}

fn start(flow: &str, language: Option<&str>) -> AgentDeed {
    AgentDeed::StartFlow { flow: flow.to_owned(), language: language.map(str::to_owned) }
}

/// What was read, each with its campaign if that is one of its own.
fn read(world: &World) -> Vec<(String, Option<String>)> {
    world.sent().into_iter().filter(|sent| sent.delivered).map(|sent| (sent.text, sent.campaign)).collect()
}

fn plain(text: &str) -> (String, Option<String>) {
    (text.to_owned(), None)
}

fn by(campaign: &str, text: &str) -> (String, Option<String>) {
    (text.to_owned(), Some(campaign.to_owned()))
}

/// Ada is answered, and may be written to from then on.
async fn after_a_question(world: &World) {
    world.says("ada", "Are you open?").await;
    world.settle(1).await;
}

/// The same, and a day goes by.
async fn a_day_after_a_question(world: &World) {
    after_a_question(world).await;
    tokio::time::sleep(A_DAY).await;
}

fn not_sent(event: &DeskEvent) -> Option<(NotSent, String)> {
    let What::NotSent { reason, text } = &event.what else { return None };
    Some((*reason, text.as_str().to_owned()))
}

/// What the desk was told of lines that were not sent.
fn told_unsent(world: &World) -> Vec<(NotSent, String)> {
    world.told().iter().filter_map(not_sent).collect()
}

#[tokio::test(start_paused = true)]
async fn an_agents_words_after_a_silent_day_go_by_the_template_campaign_each_on_one_line() {
    let world = world(TEMPLATE);
    a_day_after_a_question(&world).await;
    world.agent(ADA, Some("1"), say("Good news!\n\nYour   refund is there.")).await;
    world.settle(1).await;
    assert_eq!(read(&world)[1..], [by("c-template", "Good news! Your refund is there.")]);
    // Whoever writes opens the window again.
    world.says("ada", "Thanks!").await;
    world.settle(1).await;
    world.agent(ADA, Some("2"), say("You are welcome.")).await;
    world.settle(1).await;
    assert_eq!(read(&world).last(), Some(&plain("You are welcome.")));
}

#[tokio::test(start_paused = true)]
async fn without_a_template_they_are_not_sent_and_the_desk_is_told_so_once() {
    let world = world("");
    a_day_after_a_question(&world).await;
    world.agent(ADA, Some("1"), say("Your refund is there.")).await;
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.agents.dead_letters().len()), (1, 0));
    assert_eq!(told_unsent(&world), [(NotSent::WindowClosed, "Your refund is there.".to_owned())]);
    assert_eq!(world.counted(Metric::WindowClosed), 1);
}

#[tokio::test(start_paused = true)]
async fn words_that_braze_refuses_for_good_become_a_dead_letter_of_which_the_desk_knows() {
    let world = world("");
    after_a_question(&world).await;
    world.braze_will([(Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.agent(ADA, Some("1"), say("It comes today.")).await;
    world.settle(1).await;
    assert_eq!(told_unsent(&world), [(NotSent::Refused, "It comes today.".to_owned())]);
    assert_eq!((world.sent().len(), world.agents.dead_letters().len()), (2, 1));
    // An operator tries it again when its time is over.
    tokio::time::sleep(A_DAY).await;
    assert_eq!(world.agents.redrive(), 1);
    world.settle(1).await;
    let ids: HashSet<_> = world.told().into_iter().filter(|event| not_sent(event).is_some()).map(|e| e.id).collect();
    assert_eq!((world.sent().len(), world.agents.dead_letters().len(), ids.len()), (2, 1, 1));
    assert_eq!(told_unsent(&world)[1..], [(NotSent::TooLate, "It comes today.".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn of_words_of_which_nobody_knows_whether_they_arrived_the_desk_is_told_those_and_what_comes_after() {
    for (on_unknown, tries) in [(OnUnknown::Flag, 1), (OnUnknown::ResendOnce, 2)] {
        let plan = Plan { desk: true, toml: NO_BUDGET.to_owned(), on_unknown, ..Plan::default() };
        let world = World::new(plan);
        after_a_question(&world).await;
        let unknown = (0..tries).map(|_| (Outcome::Unknown("reset"), false));
        world.braze_will(
            [(Outcome::Accepted { remarks: false, dispatch_id: None, left_out: false }, true)]
                .into_iter()
                .chain(unknown),
        );
        for (id, line) in [("1", "It comes today."), ("2", "At noon."), ("3", "By bike.")] {
            world.agent(ADA, Some(id), say(line)).await;
        }
        world.settle(1).await;
        assert_eq!(told_unsent(&world), [(NotSent::Uncertain, "At noon.\nBy bike.".to_owned())]);
        assert_eq!((world.sent().len(), world.agents.dead_letters().len()), (2 + tries, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_desk_that_cannot_be_told_so_holds_nothing_up() {
    let world = world("");
    after_a_question(&world).await;
    world.faults.listed((0..60).map(|nth| (Effect { name: "tell desk", nth }, Fault::Empty)));
    world.braze_will([(Outcome::NotAccepted(Refusal::Rejected(400)), false)]);
    world.agent(ADA, Some("1"), say("It comes today.")).await;
    world.settle(1).await;
    world.agent(ADA, Some("2"), say("Are you there?")).await;
    world.settle(1).await;
    assert_eq!(read(&world)[1..], [plain("Are you there?")]);
    assert!(told_unsent(&world).is_empty() && world.counted(Metric::DeskFailed) == 1);
}

#[tokio::test(start_paused = true)]
async fn an_agents_words_to_somebody_who_never_wrote_go_by_the_template_or_not_at_all() {
    for (toml, expected) in [(TEMPLATE, Some(by("c-template", "Hello, Eve here."))), ("", None)] {
        let world = world(toml);
        world.agent(ADA, Some("1"), say("Hello, Eve here.")).await;
        world.settle(1).await;
        let unsent = expected.is_none().then(|| (NotSent::WindowClosed, "Hello, Eve here.".to_owned()));
        assert_eq!(told_unsent(&world), unsent.into_iter().collect::<Vec<_>>());
        assert_eq!(read(&world), expected.into_iter().collect::<Vec<_>>());
        assert!(world.agents.dead_letters().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_begins_with_somebody_who_never_wrote_by_a_campaign_or_a_template_or_not_at_all() {
    for (toml, flow, expected) in
        [("", "survey", Some("c-survey")), (TEMPLATE, "return", Some("c-template")), ("", "return", None)]
    {
        let world = world(&format!("{toml}{RETURN}"));
        world.agent(ADA, None, start(flow, None)).await;
        world.settle(1).await;
        let campaigns: Vec<_> = read(&world).into_iter().map(|(_, campaign)| campaign).collect();
        assert_eq!(campaigns, expected.into_iter().map(|id| Some(id.to_owned())).collect::<Vec<_>>(), "{flow}");
        assert_eq!(world.counted(Metric::FlowNotStarted), usize::from(expected.is_none()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_another_system_starts_asks_its_question_once_in_the_users_language() {
    let world = world(RETURN);
    after_a_question(&world).await;
    world.agent(ADA, Some("parcel-7"), start("return", Some("de"))).await;
    world.agent(ADA, Some("parcel-7"), start("return", Some("de"))).await;
    world.settle(1).await;
    assert_eq!(read(&world)[1..], [plain("Welche Bestellung?")]);
    assert_eq!((world.asked().len(), world.counted(Metric::FlowStarted)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_the_user_wrote_before_is_answered_before_and_is_no_answer_to_the_flow() {
    let world = world(RETURN);
    world.says("ada", "Are you open?").await;
    world.agent(ADA, Some("parcel-7"), start("return", None)).await;
    world.settle(1).await;
    assert_eq!(read(&world), [plain("re: Are you open?"), plain("Which order?")]);
}

#[tokio::test(start_paused = true)]
async fn no_flow_is_started_while_a_person_has_the_conversation_nor_one_that_there_is_not() {
    let world = world(RETURN);
    world.agent(ADA, None, AgentDeed::TakeOver).await;
    world.settle(1).await;
    world.agent(ADA, None, start("return", None)).await;
    world.settle(1).await;
    assert_eq!(world.head("ada").await.owner, Owner::Person);
    world.agent(ADA, None, AgentDeed::Release).await;
    world.settle(1).await;
    world.agent(ADA, None, start("exchange", None)).await;
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.counted(Metric::FlowNotStarted)), (0, 2));
    assert!(world.agents.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn no_flow_is_started_with_somebody_who_wants_silence() {
    let world = world(RETURN);
    world.says("ada", "STOP").await;
    world.settle(1).await;
    world.agent(ADA, None, start("return", None)).await;
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.counted(Metric::FlowNotStarted)), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn no_flow_is_started_whose_first_question_shows_nothing() {
    let world = world("[flows.blank]\n[[flows.blank.steps]]\nname = \"a\"\nsay = \"\u{200b}\"\nexpect = \"text\"\n");
    world.agent(ADA, None, start("blank", None)).await;
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.counted(Metric::FlowNotStarted)), (0, 1));
    assert_eq!((world.counted(Metric::FlowStarted), world.head("ada").await.last_turn), (0, 0));
    assert!(world.agents.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn after_a_silent_day_a_flow_begins_with_a_campaign_or_a_template_or_not_at_all() {
    for (toml, flow, expected) in
        [("", "survey", Some("c-survey")), (TEMPLATE, "return", Some("c-template")), ("", "return", None)]
    {
        let world = world(&format!("{toml}{RETURN}"));
        a_day_after_a_question(&world).await;
        world.agent(ADA, None, start(flow, None)).await;
        world.settle(1).await;
        let campaigns: Vec<_> = read(&world)[1..].iter().map(|(_, campaign)| campaign.clone()).collect();
        assert_eq!(campaigns, expected.into_iter().map(|id| Some(id.to_owned())).collect::<Vec<_>>(), "{flow}");
        assert_eq!(world.counted(Metric::FlowNotStarted), usize::from(expected.is_none()));
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_opts_in_again_by_a_message_of_yesterday_is_heard_and_not_written_to() {
    let world = world("");
    world.says("ada", "STOP").await;
    world.settle(1).await;
    let mut late = world.message(&models::Identity::new("ada", "", "").unwrap(), "START");
    late.sent_at = Some(late.arrival);
    tokio::time::sleep(A_DAY).await;
    late.arrival = world.now();
    world.queued(&late).await;
    world.settle(1).await;
    assert!(world.sent().is_empty() && !world.head("ada").await.opted_out);
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_has_asked_enough_today_says_so_and_goes_on_tomorrow() {
    let toml = format!("{NO_BUDGET}questions_per_day = 2\n");
    let world = World::with(OnUnknown::ResendOnce, &toml);
    for user in ["ada", "bob", "cem"] {
        world.says(user, "Are you open?").await;
        world.settle(1).await;
    }
    assert_eq!((world.asked().len(), world.counted(Metric::DeploymentOverBudget)), (2, 1));
    assert_ne!(world.read_by("cem"), ["re: Are you open?"]);
    assert_eq!(world.read_by("cem").len(), 1);
    tokio::time::sleep(Duration::from_hours(24)).await;
    world.says("cem", "And today?").await;
    world.settle(1).await;
    assert_eq!(world.read_by("cem")[1..], ["re: And today?"]);
}

#[tokio::test(start_paused = true)]
async fn a_keyword_does_not_wait_for_the_rest_of_it() {
    let world = world(RETURN);
    let began = world.now();
    world.says("ada", "human").await;
    world.poll_once().await;
    assert_eq!((world.sent().len(), world.now()), (1, began));
}

#[tokio::test(start_paused = true)]
async fn what_comes_late_from_the_queue_does_not_close_the_window_that_a_later_message_opened() {
    let world = world("");
    let early = world.message(&Identity::new("ada", "", "").unwrap(), "Are you open?");
    tokio::time::sleep(Duration::from_hours(20)).await;
    world.says("ada", "Hello?").await;
    world.queued(&early).await;
    for _ in 0..10 {
        world.poll_once().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert!(read(&world)[0].0.contains("Are you open?"), "it is answered all the same");
    tokio::time::sleep(Duration::from_hours(4)).await;
    world.agent(ADA, Some("1"), say("Good news!")).await;
    world.settle(1).await;
    assert_eq!(read(&world).last(), Some(&plain("Good news!")));
    assert_eq!(told_unsent(&world), []);
}
