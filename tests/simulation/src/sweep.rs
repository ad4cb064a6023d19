//! Every fault at every effect, and every pair of faults: small scripts played over and over, each time with something else
//! going wrong.

use std::sync::Mutex;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use models::{AgentDeed, Identity};
use platform::metrics::Metric;
use responder::OnUnknown;
use store::Owner;

use crate::agents::wish_of;
use crate::assistants::Brand;
use crate::chance::Chance;
use crate::door::{Campaign, Door};
use crate::faults::{Effect, Fault, Moment};
use crate::neighbours::AiScript;
use crate::people::Person;
use crate::plan::Plan;
use crate::run::change_owner;
use crate::witness::{CANARY, HUMAN, START, STOP};
use crate::world::World;

/// A short story, up to its last message being on the queue.
#[derive(Clone, Copy)]
pub struct Script {
    /// What it is about.
    pub name: &'static str,
    act: fn(&World) -> LocalBoxFuture<'_, ()>,
    /// Whether there is a desk.
    desk: bool,
    brand: Brand,
}

impl Script {
    const fn new(name: &'static str, act: fn(&World) -> LocalBoxFuture<'_, ()>) -> Self {
        Self { name, act, desk: false, brand: Brand::NONE }
    }

    /// The world that it is played in.
    pub fn plan(&self, on_unknown: OnUnknown) -> Plan {
        Plan { on_unknown, desk: self.desk, brand: self.brand, toml: self.brand.toml(0), ..Plan::default() }
    }
}

/// All of them: between them they come by every effect there is.
pub const SCRIPTS: [Script; 11] = [
    Script::new("one question", |world| Box::pin(one_question(world))),
    Script::new("a burst", |world| Box::pin(a_burst(world))),
    Script::new("a long reply", |world| Box::pin(a_long_reply(world))),
    Script::new("the AI fails", |world| Box::pin(the_ai_fails(world))),
    Script::new("a slow answer, and more to say", |world| Box::pin(more_to_say(world))),
    Script::new("somebody becomes known", |world| Box::pin(becomes_known(world))),
    Script::new("a takeover while the AI thinks", |world| Box::pin(a_takeover(world))),
    Script::new("more than a head remembers", |world| Box::pin(much_to_remember(world))),
    Script {
        desk: true,
        brand: Brand { profiles: true, apart: true, ..Brand::NONE },
        ..Script::new("from the door to the desk", |world| Box::pin(from_the_door(world)))
    },
    Script::new("an answer that comes later", |world| Box::pin(an_answer_later(world))),
    Script {
        brand: Brand { forgetful: true, ..Brand::NONE },
        ..Script::new("a past that is summed up", |world| Box::pin(a_long_past(world)))
    },
];

async fn one_question(world: &World) {
    world.says("0", &format!("{CANARY}0-0?")).await;
}

async fn a_burst(world: &World) {
    for number in 0..3 {
        world.says("0", &format!("{CANARY}0-{number}")).await;
    }
}

async fn a_long_reply(world: &World) {
    let words = "The parcel left our warehouse on Monday and is on its way to you now. ".repeat(130);
    world.ai_always(Box::leak(words.into_boxed_str()));
    world.says("0", &format!("{CANARY}0-0, please tell me everything?")).await;
}

async fn the_ai_fails(world: &World) {
    world.ai_will([AiScript::Fails]);
    world.says("0", &format!("{CANARY}0-0?")).await;
}

async fn more_to_say(world: &World) {
    world.ai_will([AiScript::Thinks(Duration::from_secs(4))]);
    world.says("0", &format!("{CANARY}0-0?")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.says("0", &format!("{CANARY}0-1?")).await;
}

async fn becomes_known(world: &World) {
    let unknown = Identity::new("", "", "+15550000").unwrap();
    world.is_told(&unknown, &format!("{CANARY}0-0?")).await;
    tokio::time::sleep(Duration::from_secs(40)).await;
    let known = Identity::new("0", "", "+15550000").unwrap();
    world.is_told(&known, &format!("{CANARY}0-1?")).await;
}

async fn a_takeover(world: &World) {
    world.ai_will([AiScript::Thinks(Duration::from_secs(4))]);
    world.says("0", &format!("{CANARY}0-0?")).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    change_owner(world, "user:0", Owner::Person).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    change_owner(world, "user:0", Owner::Bot).await;
    world.says("0", &format!("{CANARY}0-1?")).await;
}

async fn much_to_remember(world: &World) {
    for number in 0..store::REMEMBERED {
        world.says("0", &format!("{CANARY}0-{number}")).await;
    }
    for number in 0..2 {
        tokio::time::sleep(Duration::from_secs(30)).await;
        world.says("0", &format!("{CANARY}0-{}?", store::REMEMBERED + number)).await;
    }
}

async fn from_the_door(world: &World) {
    let door = Door::new(world);
    let mut chance = Chance::new(1);
    let mut ada = Person::known(0);
    let campaign = Mutex::new(Campaign { token: door.newest_token(world.now()), since: world.now() });
    world.witness.concerns(&ada.name(), &ada.keys());
    door.post(world, &ada.broken_body(), &campaign, 0).await;
    for (word, wish) in [(HUMAN, "takeover"), (START, "release"), (STOP, "erase")] {
        let written = ada.says_just(word, &mut chance, world.now().seconds());
        for webhook in written.webhooks {
            door.post(world, &webhook, &campaign, 0).await;
        }
        // Long enough for whatever failed to come again.
        tokio::time::sleep(Duration::from_mins(20)).await;
        door.agent(world, &wish_of(&ada, wish), 0).await;
        tokio::time::sleep(Duration::from_mins(20)).await;
    }
}

async fn an_answer_later(world: &World) {
    world.ai_will([AiScript::Later(Duration::from_mins(2)), AiScript::Later(Duration::from_mins(2))]);
    world.says("0", "Do you sell shoes?").await;
    tokio::time::sleep(Duration::from_secs(10)).await;
    let question = world.says("0", "And boots?").await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    let body = r#"{"text": "They are on their way."}"#.into();
    world.agent("user:0", None, AgentDeed::Answer { question: question.id, body }).await;
}

async fn a_long_past(world: &World) {
    for number in 0..6 {
        world.says("0", &format!("{CANARY}0-{number}?")).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}

/// What came of one play.
pub struct Played {
    /// The promises that were broken.
    pub violations: Vec<String>,
    /// All effects, in their order.
    pub effects: Vec<Effect>,
    /// What the user read.
    pub read: Vec<String>,
    /// Messages that are dead letters.
    pub dead: usize,
    /// Questions that reached the AI.
    pub asked: usize,
    /// Turns of which nobody knows whether they arrived, and which say so.
    pub flagged: usize,
}

/// The effects of a calm play at which it is worth to break something: all, or the last ones of a long story, which begins
/// with nothing but repetition.
pub fn places(calm: &Played) -> &[Effect] {
    &calm.effects[calm.effects.len().saturating_sub(60)..]
}

/// Every pair of faults on `script`, of which every `share`th: the second one anywhere after the first, in what the first one
/// led to. Calls `check` with each, until it says no.
pub fn pairs(
    script: Script,
    on_unknown: OnUnknown,
    share: usize,
    mut check: impl FnMut(&[(Effect, Fault)], Played) -> bool,
) {
    let mut number = 0;
    for effect in play(script, on_unknown, &[]).effects {
        for first in all_faults_of(effect.name) {
            let first = (effect, first);
            let once = play(script, on_unknown, std::slice::from_ref(&first));
            let after = once.effects.iter().skip_while(|other| **other != effect).skip(1);
            for second in after.flat_map(|later| all_faults_of(later.name).into_iter().map(|fault| (*later, fault))) {
                number += 1;
                if number % share != 0 {
                    continue;
                }
                let faults = [first.clone(), second];
                if !check(&faults, play(script, on_unknown, &faults)) {
                    return;
                }
            }
        }
    }
}

/// Plays `script` with these faults.
pub fn play(script: Script, on_unknown: OnUnknown, faults: &[(Effect, Fault)]) -> Played {
    play_with(script, script.plan(on_unknown), faults)
}

/// The same in a world that `plan` describes.
pub fn play_with(script: Script, plan: Plan, faults: &[(Effect, Fault)]) -> Played {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(plan);
        world.faults.listed(faults.iter().cloned());
        futures::future::join((script.act)(&world), world.work(2)).await;
        let dead = world.queue.dead_letters();
        world.witness.at_rest(&dead).await;
        let read = world.sent().into_iter().filter(|sent| sent.delivered).map(|sent| sent.text).collect();
        Played {
            violations: world.witness.violations(),
            effects: world.faults.effects(),
            read,
            dead: dead.len(),
            asked: world.asked().len(),
            flagged: world.counted(Metric::Flagged),
        }
    })
}

/// Everything that can befall an effect of this name.
pub fn faults_of(name: &str) -> Vec<Fault> {
    let past_the_lease = Duration::from_secs(90);
    let mut faults: Vec<_> = [Moment::Before, Moment::After]
        .into_iter()
        .flat_map(|moment| [Fault::Dies(moment), Fault::Fails(moment), Fault::Freezes(moment, past_the_lease)])
        .collect();
    let own: &[Fault] = match name {
        "deliver" => return vec![Fault::Twice, Fault::Slow(Duration::from_secs(70))],
        "delete" => return vec![Fault::Fails(Moment::Before)],
        "ask" => &[
            Fault::Limited(None),
            Fault::Empty,
            Fault::Panics,
            Fault::Refused(401),
            Fault::Slow(Duration::from_mins(10)),
        ],
        "send" => &[
            Fault::Limited(Some(Duration::from_secs(3))),
            Fault::Limited(Some(Duration::from_mins(40))),
            Fault::Limited(None),
            Fault::Unauthorized,
            Fault::Empty,
            Fault::Denied,
            Fault::Refused(400),
            Fault::Slow(Duration::from_secs(20)),
        ],
        _ => &[Fault::Repeats, Fault::Slow(Duration::from_secs(4))],
    };
    faults.extend_from_slice(own);
    faults
}

/// What else can befall an effect but a delivery or a deletion: what is on its way when its sender is gone, or has given it
/// up, takes effect before anybody else looks, or long after.
pub fn late_faults_of(name: &str) -> Vec<Fault> {
    if ["deliver", "delete"].contains(&name) {
        return vec![];
    }
    [SOON, LATE].into_iter().flat_map(|time| [Fault::Cut(time), Fault::Lags(time)]).collect()
}

/// Both.
pub fn all_faults_of(name: &str) -> Vec<Fault> {
    [faults_of(name), late_faults_of(name)].concat()
}

/// Sooner than a lease ends.
pub const SOON: Duration = Duration::from_secs(5);
/// Later than a lease ends.
pub const LATE: Duration = Duration::from_secs(80);
