//! WhatsApp's window, which closes while something is on its way: it counts from when the user wrote, and what is sent is
//! looked at when it is sent.

use std::time::Duration;

use braze::{Outcome, Refusal};
use desk::{NotSent, What};
use models::{AgentAction, AgentDeed, Identity, MessageId, Timestamp};
use platform::metrics::Metric;
use simulation::{Effect, Fault, Moment, NO_BUDGET, Plan, World};

use crate::{SECOND, goes_on};

const TEMPLATE: &str = "[replies]\nclosed_window = \"c-template\"\n";
const RETURN: &str =
    "[flows.return]\n[[flows.return.steps]]\nname = \"order\"\nsay = \"Which order?\"\nexpect = \"text\"\n";
const HOUR: Duration = Duration::from_hours(1);
/// How long the window counts as open.
const OPEN_FOR: Duration = Duration::from_hours(23);

fn world(toml: &str) -> World {
    World::new(Plan { desk: true, toml: format!("{NO_BUDGET}{toml}"), ..Plan::default() })
}

#[expect(clippy::unwrap_used, reason = "the names are constants")]
fn ada() -> Identity {
    Identity::new("ada", "", "").unwrap()
}

/// Ada was answered, and her window closes this soon.
async fn closes_in(world: &World, left: Duration) {
    let since = world.now();
    world.says("ada", "Are you open?").await;
    world.settle(1).await;
    until(world, since + OPEN_FOR - left).await;
}

async fn until(world: &World, moment: Timestamp) {
    tokio::time::sleep(moment.since(world.now())).await;
}

/// Ada writes, and the webhook takes this long.
async fn writes_before(world: &World, text: &str, late: Duration) {
    let mut message = world.message(&ada(), text);
    message.sent_at = Some(message.arrival);
    tokio::time::sleep(late).await;
    message.arrival = world.now();
    world.queued(&message).await;
}

async fn agent_says(world: &World, id: &str, text: &str) {
    world.agent("user:ada", Some(id), AgentDeed::Say(text.into())).await;
}

/// Braze takes nothing before an hour is over.
fn refused() -> (Outcome, bool) {
    (Outcome::NotAccepted(Refusal::RateLimited(None)), false)
}

fn accepted() -> (Outcome, bool) {
    (Outcome::Accepted { remarks: false, dispatch_id: None, left_out: false }, true)
}

/// What was read, each with its campaign if that is one of its own.
fn read(world: &World) -> Vec<(String, Option<String>)> {
    world.sent().into_iter().filter(|sent| sent.delivered).map(|sent| (sent.text, sent.campaign)).collect()
}

/// What the desk was told of lines that were not sent.
fn told_unsent(world: &World) -> Vec<(NotSent, String)> {
    let unsent = |event: desk::DeskEvent| match event.what {
        What::NotSent { reason, text } => Some((reason, text.as_str().to_owned())),
        _ => None,
    };
    world.told().into_iter().filter_map(unsent).collect()
}

fn nothing_is_broken(world: &World) {
    assert_eq!(world.witness.violations(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_agents_line_that_braze_takes_only_after_the_window_closed_goes_by_the_template_or_not_at_all() {
    for (toml, by) in [(TEMPLATE, Some("c-template")), ("", None)] {
        let world = world(toml);
        closes_in(&world, Duration::from_mins(5)).await;
        world.braze_will((0..5).map(|_| refused()));
        agent_says(&world, "1", "Your refund is there.").await;
        world.settle(1).await;
        let expected = by.map(|by| ("Your refund is there.".to_owned(), Some(by.to_owned())));
        assert_eq!(read(&world)[1..], expected.iter().cloned().collect::<Vec<_>>());
        let unsent = expected.is_none().then(|| (NotSent::WindowClosed, "Your refund is there.".to_owned()));
        assert_eq!(told_unsent(&world), unsent.into_iter().collect::<Vec<_>>());
        assert_eq!(world.counted(Metric::WindowClosed), usize::from(by.is_none()));
        assert!(world.agents.dead_letters().is_empty());
        nothing_is_broken(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn of_lines_of_which_one_was_read_the_desk_is_told_those_for_which_the_window_closed() {
    let world = world("");
    closes_in(&world, Duration::from_mins(5)).await;
    world.braze_will(std::iter::once(accepted()).chain((0..5).map(|_| refused())));
    for (id, line) in [("1", "It comes today."), ("2", "At noon."), ("3", "By bike.")] {
        agent_says(&world, id, line).await;
    }
    world.settle(1).await;
    assert_eq!(read(&world)[1..], [("It comes today.".to_owned(), None)]);
    assert_eq!(told_unsent(&world), [(NotSent::WindowClosed, "At noon.\nBy bike.".to_owned())]);
    assert_eq!((world.counted(Metric::WindowClosed), world.counted(Metric::Cut)), (2, 1));
    nothing_is_broken(&world);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_read_before_the_window_closed_is_uncertain_and_not_sent_once_more() {
    let world = world("");
    closes_in(&world, 30 * SECOND).await;
    world.faults.listed([(Effect { name: "send", nth: 1 }, Fault::Dies(Moment::Before))]);
    agent_says(&world, "1", "It comes today.").await;
    world.settle(1).await;
    assert_eq!((world.sent().len(), world.counted(Metric::Flagged)), (1, 1));
    assert_eq!(told_unsent(&world), [(NotSent::Uncertain, "It comes today.".to_owned())]);
    nothing_is_broken(&world);
}

#[tokio::test(start_paused = true)]
async fn of_a_line_whose_first_copy_may_have_been_read_the_desk_hears_so_although_the_second_came_too_late() {
    let world = world("");
    closes_in(&world, Duration::from_mins(5)).await;
    world.braze_will(std::iter::once((Outcome::Unknown("no answer"), false)).chain((0..5).map(|_| refused())));
    agent_says(&world, "1", "It comes today.").await;
    world.settle(1).await;
    assert_eq!(told_unsent(&world), [(NotSent::Uncertain, "It comes today.".to_owned())]);
    nothing_is_broken(&world);
}

#[tokio::test(start_paused = true)]
async fn a_flow_whose_question_braze_takes_only_after_the_window_closed_begins_by_a_template_or_not_at_all() {
    for (toml, by) in [(TEMPLATE, Some("c-template")), ("", None)] {
        let world = world(&format!("{toml}{RETURN}"));
        closes_in(&world, Duration::from_mins(5)).await;
        world.braze_will((0..5).map(|_| refused()));
        let flow = AgentDeed::StartFlow { flow: "return".to_owned(), language: None };
        world.agent("user:ada", None, flow).await;
        world.settle(1).await;
        let expected = by.map(|by| ("Which order?".to_owned(), Some(by.to_owned())));
        assert_eq!(read(&world)[1..], expected.into_iter().collect::<Vec<_>>());
        assert_eq!(world.counted(Metric::FlowNotStarted), usize::from(by.is_none()));
        assert!(world.agents.dead_letters().is_empty());
        nothing_is_broken(&world);
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_that_was_asked_for_more_than_a_day_ago_begins_as_long_as_its_user_has_written_since() {
    let world = &world(RETURN);
    let (id, at) = (MessageId::of_request("user:ada", "1"), world.now());
    let flow = AgentDeed::StartFlow { flow: "return".to_owned(), language: None };
    let conversation = ada().conversation();
    let request = AgentAction { id, log_id: "l".to_owned(), conversation, at, named: true, deed: flow };
    until(world, at + 19 * HOUR).await;
    world.says("ada", "Are you open?").await;
    world.settle(1).await;
    // The queue hands it over late, and Braze takes its question later still.
    until(world, at + 20 * HOUR).await;
    world.braze_will((0..100).map(|_| refused()));
    world.agent_again(&request).await;
    let braze = async {
        until(world, at + 24 * HOUR + Duration::from_mins(10)).await;
        world.braze_is_back();
    };
    futures::future::join(world.settle(1), braze).await;
    assert_eq!(read(world)[1..], [("Which order?".to_owned(), None)]);
    nothing_is_broken(world);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_braze_takes_only_after_the_window_closed_is_a_dead_letter() {
    let world = world("");
    world.braze_will((0..5).map(|_| refused()));
    writes_before(&world, "Are you open?", Duration::from_mins(23 * 60 - 5)).await;
    world.settle(1).await;
    assert_eq!((read(&world), world.queue.dead_letters().len()), (vec![], 1));
    nothing_is_broken(&world);
}

#[tokio::test(start_paused = true)]
async fn the_window_counts_from_when_the_user_wrote_and_not_from_when_the_webhook_came() {
    let world = world("");
    let since = world.now();
    writes_before(&world, "Are you open?", 10 * HOUR).await;
    world.settle(1).await;
    until(&world, since + 22 * HOUR).await;
    agent_says(&world, "1", "We are.").await;
    world.settle(1).await;
    assert_eq!(told_unsent(&world), []);
    until(&world, since + 24 * HOUR).await;
    agent_says(&world, "2", "Come in!").await;
    world.settle(1).await;
    assert_eq!(told_unsent(&world), [(NotSent::WindowClosed, "Come in!".to_owned())]);
    nothing_is_broken(&world);
}

#[tokio::test(start_paused = true)]
async fn the_window_never_goes_back_nor_does_a_clock_that_is_ahead_hold_it_open() {
    let world = world("");
    let mut first = world.message(&ada(), "Are you open?");
    first.sent_at = Some(first.arrival + 10 * HOUR);
    world.queued(&first).await;
    world.settle(1).await;
    assert_eq!(world.head("ada").await.heard, Some(first.arrival));
    let mut late = world.message(&ada(), "Hello?");
    tokio::time::sleep(HOUR).await;
    (late.sent_at, late.arrival) = (Some(first.arrival - HOUR), world.now());
    world.queued(&late).await;
    world.settle(1).await;
    assert_eq!(world.head("ada").await.heard, Some(first.arrival));
    nothing_is_broken(&world);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_that_the_desk_is_down_who_wrote_too_long_ago_to_read_it() {
    for (late, told) in [(HOUR, 1), (OPEN_FOR, 0)] {
        let world = world("");
        world.agent("user:ada", None, AgentDeed::TakeOver).await;
        goes_on(&world, 1).await;
        world.faults.listed((0..12).map(|nth| (Effect { name: "tell desk", nth }, Fault::Fails(Moment::Before))));
        let mut message = world.message(&ada(), "Is anybody there?");
        message.sent_at = Some(message.arrival - late);
        world.queued(&message).await;
        world.settle(1).await;
        assert_eq!(read(&world).len(), told, "{late:?}");
        nothing_is_broken(&world);
    }
}
