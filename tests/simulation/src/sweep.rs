//! Every fault at every effect, and every pair of faults: small scripts played over and over, each time with something else
//! going wrong.

use std::time::Duration;

use futures::future::BoxFuture;
use models::Identity;
use platform::metrics::Metric;
use responder::OnUnknown;
use store::Owner;

use crate::faults::{Effect, Fault, Moment};
use crate::neighbours::AiScript;
use crate::plan::Plan;
use crate::run::change_owner;
use crate::witness::CANARY;
use crate::world::World;

/// A short story, up to its last message being on the queue.
#[derive(Clone, Copy)]
pub struct Script {
    /// What it is about.
    pub name: &'static str,
    act: fn(&World) -> BoxFuture<'_, ()>,
}

/// All of them: between them they come by every effect there is.
pub const SCRIPTS: [Script; 8] = [
    Script { name: "one question", act: |world| Box::pin(one_question(world)) },
    Script { name: "a burst", act: |world| Box::pin(a_burst(world)) },
    Script { name: "a long reply", act: |world| Box::pin(a_long_reply(world)) },
    Script { name: "the AI fails", act: |world| Box::pin(the_ai_fails(world)) },
    Script { name: "a slow answer, and more to say", act: |world| Box::pin(more_to_say(world)) },
    Script { name: "somebody becomes known", act: |world| Box::pin(becomes_known(world)) },
    Script { name: "a takeover while the AI thinks", act: |world| Box::pin(a_takeover(world)) },
    Script { name: "more than a head remembers", act: |world| Box::pin(much_to_remember(world)) },
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
        for first in faults_of(effect.name) {
            let first = (effect, first);
            let once = play(script, on_unknown, std::slice::from_ref(&first));
            let after = once.effects.iter().skip_while(|other| **other != effect).skip(1);
            for second in after.flat_map(|later| faults_of(later.name).into_iter().map(|fault| (*later, fault))) {
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
    play_with(script, Plan { on_unknown, ..Plan::default() }, faults)
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

/// Sooner than a lease ends.
pub const SOON: Duration = Duration::from_secs(5);
/// Later than a lease ends.
pub const LATE: Duration = Duration::from_secs(80);
