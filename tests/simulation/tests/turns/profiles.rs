//! What is written to profiles, and what becomes of it while Braze takes no writes.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braze::{Messaging, Outcome, ProfileUpdate, Profiles, Refusal, TrackOutcome, Tracked, Updated};
use models::{AgentDeed, Attributes, CampaignId, ConversationKey, Identity, ProfileValue, Reply, Subscription};
use platform::metrics::Metric;
use responder::Responder;
use simulation::{AiScript, Effect, Fault, Moment, NO_BUDGET, Plan, World};
use store::Owner;

use crate::{SECOND, goes_on};

/// What Braze was asked for, in this order.
#[derive(Debug, Clone)]
pub(crate) enum Asked {
    Write(ProfileUpdate),
    Send(Attributes),
}

#[derive(Default)]
struct Braze {
    takes_no_writes: bool,
    /// A reply carries no attributes.
    apart: bool,
    /// There is no such subscription group.
    knows_no_group: bool,
    asked: Vec<Asked>,
}

thread_local! {
    static BRAZE: RefCell<Braze> = RefCell::default();
}

struct Writes;

#[async_trait]
impl Profiles for Writes {
    async fn track(&self, updates: &[ProfileUpdate], _: Duration) -> TrackOutcome {
        let names_a_group = updates.iter().any(|update| update.attributes.groups().next().is_some());
        let tracked = BRAZE.with_borrow_mut(|braze| {
            if braze.knows_no_group && names_a_group {
                return Tracked::Refused("there is no such group".into());
            }
            if braze.takes_no_writes {
                return Tracked::NotAccepted(Refusal::Unavailable);
            }
            braze.asked.extend(updates.iter().cloned().map(Asked::Write));
            Tracked::Written
        });
        let of_one = |update: &ProfileUpdate| Updated {
            attributes: (!update.attributes.is_empty()).then(|| tracked.clone()),
            events: vec![tracked.clone(); update.events.len()],
        };
        TrackOutcome { updates: updates.iter().map(of_one).collect() }
    }
}

struct Sends(Arc<dyn Messaging>);

#[async_trait]
impl Messaging for Sends {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let names_a_group = reply.attributes.groups().next().is_some();
        let left_out = names_a_group && BRAZE.with_borrow(|braze| braze.knows_no_group);
        let carried = if left_out { Attributes::default() } else { reply.attributes.clone() };
        BRAZE.with_borrow_mut(|braze| braze.asked.push(Asked::Send(carried)));
        match self.0.send(reply, time).await {
            Outcome::Accepted { dispatch_id, remarks, .. } => Outcome::Accepted { dispatch_id, remarks, left_out },
            outcome => outcome,
        }
    }

    fn carries(&self, attributes: &Attributes, _: Option<&CampaignId>) -> bool {
        attributes.is_empty() || !BRAZE.with_borrow(|braze| braze.apart)
    }
}

pub(crate) fn world(profile: &str) -> World {
    world_within("", profile)
}

/// The same, with more `limits` than that there is no budget.
pub(crate) fn world_within(limits: &str, profile: &str) -> World {
    let toml = format!("{NO_BUDGET}{limits}[profile]\n{profile}\n");
    World::new(Plan {
        toml,
        desk: true,
        handler: |responder| {
            let messaging = Arc::new(Sends(responder.messaging.clone()));
            Box::new(Responder { profiles: Arc::new(Writes), messaging, ..responder })
        },
        ..Plan::default()
    })
}

pub(crate) async fn say(world: &World, who: &Identity, text: &str) {
    world.is_told(who, text).await;
    for _ in 0..120 {
        tokio::time::sleep(SECOND).await;
        world.poll_once().await;
    }
}

pub(crate) fn takes_no_writes(so: bool) {
    BRAZE.with_borrow_mut(|braze| braze.takes_no_writes = so);
}

pub(crate) fn asked() -> Vec<Asked> {
    BRAZE.with_borrow_mut(|braze| std::mem::take(&mut braze.asked))
}

pub(crate) fn writes() -> Vec<ProfileUpdate> {
    let write = |asked| if let Asked::Write(update) = asked { Some(update) } else { None };
    asked().into_iter().filter_map(write).collect()
}

pub(crate) fn groups(attributes: &Attributes) -> Vec<(String, Subscription)> {
    attributes.groups().map(|(group, state)| (group.as_str().to_owned(), state)).collect()
}

pub(crate) fn group(state: Subscription) -> Vec<(String, Subscription)> {
    vec![("g-1".to_owned(), state)]
}

pub(crate) fn knows_no_group(so: bool) {
    BRAZE.with_borrow_mut(|braze| braze.knows_no_group = so);
}

#[expect(clippy::unwrap_used, reason = "the names are constants")]
pub(crate) fn ada() -> Identity {
    Identity::new("ada", "", "").unwrap()
}

#[expect(clippy::unwrap_used, reason = "the names are constants")]
pub(crate) fn newcomer() -> Identity {
    Identity::new("", "b-1", "+49").unwrap()
}

/// START was told to Braze by a run that died over it, and with the STOP after it nothing has changed for the head.
#[tokio::test(start_paused = true)]
async fn who_wants_silence_after_all_has_left_the_group_although_a_dead_run_let_them_join() {
    let world = world("opt_out_group = \"g-1\"");
    say(&world, &ada(), "STOP").await;
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    world.poll_agents_once().await;
    world.faults.listed([(Effect { name: "settle", nth: 1 }, Fault::Dies(Moment::Before))]);
    world.is_told(&ada(), "START").await;
    goes_on(&world, 3).await;
    assert_eq!(groups(&writes().last().unwrap().attributes), group(Subscription::Subscribed));
    say(&world, &ada(), "STOP").await;
    assert!(world.head("ada").await.opted_out);
    assert_eq!(groups(&writes().last().unwrap().attributes), group(Subscription::Unsubscribed));
}

#[tokio::test(start_paused = true)]
async fn the_profile_of_somebody_without_an_external_id_is_written_by_braze_id() {
    let world = world("opt_out_group = \"g-1\"");
    say(&world, &newcomer(), "STOP").await;
    let written = writes();
    assert_eq!(ConversationKey::of(&written[0].who).as_str(), "braze:b-1");
    assert_eq!(groups(&written[0].attributes), group(Subscription::Unsubscribed));
}

#[tokio::test(start_paused = true)]
async fn only_somebody_unknown_is_subscribed_and_only_with_the_first_answer() {
    for (who, first) in [(ada(), vec![]), (newcomer(), group(Subscription::Subscribed))] {
        let world = world("newcomers_group = \"g-1\"");
        for expected in [first, vec![]] {
            say(&world, &who, "When are you open?").await;
            let asked = asked();
            let [Asked::Send(attributes)] = asked.as_slice() else { panic!("{asked:?}") };
            assert_eq!(groups(attributes), expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_that_there_is_not_costs_nobody_an_answer_and_what_else_was_to_be_written_is_written_with_the_next() {
    let world = world("facts = [\"route\"]\nnewcomers_group = \"g-1\"");
    knows_no_group(true);
    say(&world, &newcomer(), "When are you open?").await;
    assert_eq!(world.sent().len(), 1);
    assert!(world.counted(Metric::ProfileFailed) > 0 && world.queue.dead_letters().is_empty());
    say(&world, &newcomer(), "And on Sunday?").await;
    let carried = asked().into_iter().filter_map(|asked| if let Asked::Send(said) = asked { Some(said) } else { None });
    let routes = |said: Attributes| said.values().filter(|(name, _)| name.as_str() == "dragoman_route").count();
    assert_eq!(carried.map(routes).collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn an_opt_out_that_braze_did_not_take_is_written_once_it_takes_writes() {
    for person in [false, true] {
        let world = world("opt_out_group = \"g-1\"");
        if person {
            world.agent("user:ada", None, AgentDeed::TakeOver).await;
        }
        takes_no_writes(true);
        say(&world, &ada(), "STOP").await;
        say(&world, &ada(), "Is anybody there?").await;
        takes_no_writes(false);
        say(&world, &ada(), "Hello?").await;
        say(&world, &ada(), "Hello??").await;
        let written: Vec<_> = writes().iter().map(|update| groups(&update.attributes)).collect();
        assert_eq!(written, [group(Subscription::Unsubscribed)], "a person has it: {person}");
        assert!(person || world.read_by("ada").is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_opt_out_that_braze_did_not_take_is_no_longer_written_after_an_opt_in() {
    let world = world("opt_out_group = \"g-1\"");
    takes_no_writes(true);
    say(&world, &ada(), "STOP").await;
    takes_no_writes(false);
    say(&world, &ada(), "START").await;
    say(&world, &ada(), "Hello").await;
    let states: Vec<_> = asked()
        .iter()
        .flat_map(|asked| match asked {
            Asked::Write(ProfileUpdate { attributes, .. }) | Asked::Send(attributes) => groups(attributes),
        })
        .collect();
    assert_eq!(states.last(), group(Subscription::Subscribed).last(), "{states:?}");
}

#[tokio::test(start_paused = true)]
async fn who_opts_in_beside_a_question_joins_the_group_and_gets_an_answer() {
    for (before, texts) in [
        (None, ["START", "When are you open?"]),
        (Some("STOP"), ["START", "When are you open?"]),
        (Some("STOP"), ["When are you open?", "START"]),
    ] {
        let world = world("opt_out_group = \"g-1\"");
        if let Some(word) = before {
            say(&world, &ada(), word).await;
        }
        drop(asked());
        world.is_told(&ada(), texts[0]).await;
        say(&world, &ada(), texts[1]).await;
        assert_eq!(world.read_by("ada"), [format!("re: {}", texts.join("\n"))], "{before:?}");
        assert!(!world.head("ada").await.opted_out);
        let said =
            asked().into_iter().filter_map(|asked| if let Asked::Send(said) = asked { Some(said) } else { None });
        assert_eq!(said.flat_map(|said| groups(&said)).collect::<Vec<_>>(), group(Subscription::Subscribed));
        world.is_told(&ada(), "And on Sunday?").await;
        say(&world, &ada(), "STOP").await;
        assert_eq!(world.read_by("ada").len(), 1, "a question beside STOP is silent");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_reply_cannot_carry_is_written_by_a_call_of_its_own_until_it_is() {
    let world = world("facts = [\"route\"]\nnewcomers_group = \"g-1\"");
    BRAZE.with_borrow_mut(|braze| braze.apart = true);
    say(&world, &newcomer(), "When are you open?").await;
    let first = asked();
    let is_group = |asked: &Asked| matches!(asked, Asked::Write(update) if !groups(&update.attributes).is_empty());
    let is_send = |asked: &Asked| matches!(asked, Asked::Send(_));
    let (group, send) = (first.iter().position(is_group).unwrap(), first.iter().position(is_send).unwrap());
    assert!(group < send, "who is unsubscribed reads nothing: {first:?}");
    assert_eq!(first.iter().filter(|asked| is_group(asked)).count(), 1, "what is written is not written again");

    takes_no_writes(true);
    say(&world, &ada(), "When are you open?").await;
    takes_no_writes(false);
    assert!(writes().is_empty());
    say(&world, &ada(), "And on Sunday?").await;
    say(&world, &ada(), "And on Monday?").await;
    let route = |update: &ProfileUpdate| update.attributes.values().any(|(name, _)| name.as_str() == "dragoman_route");
    assert_eq!(writes().iter().filter(|update| route(update)).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn somebody_unknown_reads_the_first_answer_even_if_there_is_no_time_left_when_it_is_made() {
    let world = world("newcomers_group = \"g-1\"");
    BRAZE.with_borrow_mut(|braze| braze.apart = true);
    world.ai_will([AiScript::Thinks(Duration::from_millis(18_500))]);
    say(&world, &newcomer(), "When are you open?").await;
    let asked = asked();
    let joins = |asked: &Asked| matches!(asked, Asked::Write(update) if !groups(&update.attributes).is_empty());
    assert!(joins(&asked[0]) && matches!(asked[1], Asked::Send(_)) && asked.len() == 2, "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn somebody_unknown_is_subscribed_with_the_bots_first_answer_whoever_wrote_before_it() {
    let world = world("newcomers_group = \"g-1\"");
    world.agent("braze:b-1", None, AgentDeed::TakeOver).await;
    world.poll_agents_once().await;
    say(&world, &newcomer(), "Is anybody there?").await;
    assert!(world.told().len() == 2 && asked().is_empty(), "a person has it");
    world.agent("braze:b-1", None, AgentDeed::Release).await;
    world.poll_agents_once().await;
    for expected in [group(Subscription::Subscribed), vec![]] {
        say(&world, &newcomer(), "When are you open?").await;
        let asked = asked();
        let [Asked::Send(attributes)] = asked.as_slice() else { panic!("{asked:?}") };
        assert_eq!(groups(attributes), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn what_nothing_could_answer_is_unresolved_also_where_a_person_takes_over() {
    let world = world("facts = [\"unresolved\"]");
    world.ai_will(std::iter::repeat_with(|| AiScript::Fails).take(8));
    say(&world, &ada(), "When are you open?").await;
    assert!(world.head("ada").await.owner == Owner::Person, "it is handed over");
    let unresolved = |asked: Asked| match asked {
        Asked::Send(attributes) => attributes
            .values()
            .find(|(name, _)| name.as_str() == "dragoman_unresolved")
            .and_then(|(_, value)| value.cloned()),
        Asked::Write(_) => None,
    };
    let said: Vec<_> = asked().into_iter().filter_map(unresolved).collect();
    assert_eq!(said, [ProfileValue::Flag(true)]);
}

/// What calls of their own wrote to this attribute, in their order.
pub(crate) fn written(name: &str) -> Vec<ProfileValue> {
    let value = |update: ProfileUpdate| {
        let mut values = update.attributes.values();
        values.find(|(other, _)| other.as_str() == name).and_then(|(_, value)| value.cloned())
    };
    writes().into_iter().filter_map(value).collect()
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_braze_did_not_take_with_an_agents_first_line_is_written_once_it_takes_writes() {
    const LINE: &str = "It comes today.";
    let (person, bot) = (ProfileValue::text("person").unwrap(), ProfileValue::text("bot").unwrap());
    // A line that is said, and one that is a copy and says nothing.
    for before in [false, true] {
        let world = world("facts = [\"owner\"]");
        say(&world, &ada(), "Where is my order?").await;
        if before {
            for deed in [AgentDeed::Say(LINE.into()), AgentDeed::Release] {
                world.agent("user:ada", None, deed).await;
                goes_on(&world, 4).await;
            }
            assert_eq!(written("dragoman_owner").last(), Some(&bot));
        }
        takes_no_writes(true);
        world.agent("user:ada", None, AgentDeed::Say(LINE.into())).await;
        goes_on(&world, 180).await;
        takes_no_writes(false);
        assert_eq!((world.head("ada").await.owner, world.read_by("ada").len()), (Owner::Person, 2));
        for expected in [vec![person.clone()], vec![]] {
            say(&world, &ada(), "Thank you").await;
            assert_eq!(written("dragoman_owner"), expected, "a copy: {before}");
        }
        assert!(world.agents.dead_letters().is_empty());
    }
}

/// The bot has the conversation again before the line that took it over could be sent.
#[tokio::test(start_paused = true)]
async fn what_is_written_late_is_who_owns_the_conversation_by_then() {
    let world = world("facts = [\"owner\"]");
    say(&world, &ada(), "Where is my order?").await;
    world.braze_will([(Outcome::NotAccepted(Refusal::RateLimited(None)), false)]);
    takes_no_writes(true);
    world.agent("user:ada", None, AgentDeed::Say("It comes today.".into())).await;
    goes_on(&world, 4).await;
    takes_no_writes(false);
    world.agent("user:ada", None, AgentDeed::Release).await;
    world.settle(1).await;
    assert_eq!(world.read_by("ada").len(), 2);
    let owners = written("dragoman_owner");
    assert_eq!(owners.last(), ProfileValue::text("bot").ok().as_ref(), "{owners:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_user_writes_to_people_moves_the_time_of_the_last_message_now_and_then() {
    let world = world("facts = [\"last_message\"]");
    world.agent("user:ada", None, AgentDeed::TakeOver).await;
    world.poll_agents_once().await;
    let start = world.now();
    takes_no_writes(true);
    say(&world, &ada(), "Hello").await;
    takes_no_writes(false);
    // Two minutes for each: the first is written late, and the others are near enough until a quarter of an hour is over.
    for _ in 0..9 {
        say(&world, &ada(), "Are you there?").await;
    }
    let at = |value: &ProfileValue| if let ProfileValue::Time(at) = value { at.since(start).as_secs() } else { 0 };
    assert_eq!(written("dragoman_last_message").iter().map(at).collect::<Vec<_>>(), [0, 16 * 60]);
    assert_eq!(world.told().len(), 11);
}
