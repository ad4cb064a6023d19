//! One seeded run: people write, the weather does what it does, then it is calm, and nothing may be missing.

use std::sync::Mutex;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use models::ConversationKey;
use platform::clock::Clock as _;
use responder::OnUnknown;
use store::{HeadWrite, Owner, write_head};

use crate::chance::Chance;
use crate::door::{Campaign, Door};
use crate::faults::{Effect, Fault, Weather};
use crate::people::Person;
use crate::plan::Plan;
use crate::witness::Figures;
use crate::world::World;

/// Assistants that follow each other, and work side by side while a deployment rolls on.
const VERSIONS: [&str; 2] = [
    "instructions = \"You are the canary prompt\"",
    "instructions = \"You are the canary prompt, of today\"\n[limits]\nattempts = 5\n[quiet_period]\nfragment_seconds = 2",
];

/// What to run.
#[derive(Clone)]
pub struct Run {
    /// Decides who writes what and when, and the weather.
    pub seed: u64,
    /// Exactly these faults, instead of the weather's.
    pub faults: Option<Vec<(Effect, Fault)>>,
    /// What is put in the responder's place, and mistakes in the protocol.
    pub plan: Plan,
    /// Whether to keep the lines of the trace.
    pub keep_trace: bool,
}

/// What came of it.
pub struct Told {
    /// The promises that were broken.
    pub violations: Vec<String>,
    /// The faults that happened.
    pub faults: Vec<(Effect, Fault)>,
    /// The figures.
    pub figures: Figures,
    /// The sum of the trace: equal for equal runs.
    pub sum: u64,
    /// The trace, if it was kept.
    pub trace: Vec<String>,
}

impl Run {
    /// The run of `seed`.
    pub fn of(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let plan = Plan {
            // A machine whose clock is ahead by more than a lease takes conversations from living holders.
            clocks_ahead: [0, 0, if chance.chance(500) { chance.below(120) } else { 0 }]
                .map(Duration::from_secs)
                .to_vec(),
            on_unknown: if chance.chance(500) { OnUnknown::ResendOnce } else { OnUnknown::Flag },
            toml: VERSIONS[0].to_owned(),
            ..Plan::default()
        };
        Self { seed, faults: None, plan, keep_trace: false }
    }

    /// Runs to the end, in virtual time.
    pub fn tell(&self) -> Told {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        runtime.block_on(self.live())
    }

    async fn live(&self) -> Told {
        let world = World::new(self.plan.clone());
        if self.keep_trace {
            world.witness.keep_trace();
        }
        let mut chance = Chance::new(self.seed ^ 0x5eed);
        match &self.faults {
            Some(faults) => world.faults.listed(faults.clone()),
            None => world.faults.by_chance(Weather::new(self.seed)),
        }
        let door = Door::new(&world, 2);
        futures::future::join(people_write(&world, &door, &mut chance), world.work(5)).await;
        world.faults.calm();
        world.work(3).await;
        world.witness.at_rest(&world.queue.dead_letters()).await;
        if chance.chance(300) {
            world.queue.redrive();
            world.work(2).await;
            world.witness.at_rest(&world.queue.dead_letters()).await;
        }
        if world.faults.count() == 0 {
            world.witness.nothing_failed();
        }
        if door.quarantined() > 0 {
            world.witness.broken("a genuine body was quarantined");
        }
        let depth = world.queue.depth();
        if (depth.waiting, depth.in_flight) != (0, 0) {
            world.witness.broken("the queue did not drain");
        }
        let (sum, trace) = world.witness.trace();
        let (violations, figures) = (world.witness.violations(), world.witness.figures());
        Told { violations, faults: world.faults.happened(), figures, sum, trace }
    }
}

/// Everything that people, Braze's operators and the brand's desk do.
async fn people_write(world: &World, door: &Door, chance: &mut Chance) {
    let mut people: Vec<_> = (0..=chance.below(8)).map(|number| Person::new(number, chance)).collect();
    let campaign = Mutex::new(Campaign { token: door.newest_token(), since: world.now() });
    let mut posts = FuturesUnordered::new();
    let messages = 1 + chance.index(12) * people.len();
    for number in 0..messages {
        let person = chance.index(people.len());
        let written = people[person].writes(chance, world.clock.now().seconds());
        world.witness.typed(&written.canary, &written.text);
        // Now and then Braze hears nothing of its 202 and posts once more.
        let copies = 1 + usize::from(chance.chance(60));
        for copy in 0..copies {
            let (webhook, campaign) = (written.webhook.clone(), &campaign);
            posts.push(async move {
                tokio::time::sleep(Duration::from_secs(copy as u64 * 7)).await;
                door.post(world, &webhook, campaign, number + copy).await;
            });
        }
        something_happens(world, door, &campaign, &mut people[person], chance).await;
        let pause = if chance.chance(600) { chance.below(3) } else { chance.below(90) };
        let pause = tokio::time::sleep(Duration::from_secs(pause));
        futures::future::select(std::pin::pin!(pause), std::pin::pin!(drain(&mut posts))).await;
    }
    while posts.next().await.is_some() {}
}

/// Lets what was posted go on, for ever.
async fn drain(posts: &mut FuturesUnordered<impl Future<Output = ()>>) {
    while posts.next().await.is_some() {}
    std::future::pending::<()>().await;
}

/// What else goes on in the middle of a conversation.
async fn something_happens(
    world: &World,
    door: &Door,
    campaign: &Mutex<Campaign>,
    person: &mut Person,
    chance: &mut Chance,
) {
    match chance.below(60) {
        0 => {
            world.deploy(chance.pick(&VERSIONS), chance.index(4));
            door.deploy(world);
        }
        1 => {
            // The secret is rotated once every campaign has the newest token and no request is under way with another; the
            // campaigns follow later.
            let mut campaign = campaign.lock().unwrap();
            let newest = door.newest_token();
            if campaign.token != newest {
                *campaign = Campaign { token: newest, since: world.now() };
            } else if world.now().since(campaign.since) > Duration::from_mins(1) {
                door.rotate();
            }
        }
        2 | 3 => change_owner(world, &person.key(), Owner::Person).await,
        4..=6 => change_owner(world, &person.key(), Owner::Bot).await,
        7 => person.is_identified(),
        _ => {}
    }
}

/// A person takes a conversation over, or gives it back; as good as stored when this returns.
pub(crate) async fn change_owner(world: &World, key: &str, owner: Owner) {
    let key = ConversationKey::parse(key).unwrap();
    let now = world.clock.now();
    for sending in [false, true] {
        let write = HeadWrite::ChangeOwner { owner, at: now, sending };
        let before = store::Store::head(&*world.store, &key, now).await.unwrap();
        if let Ok(after) = write_head(&*world.store, &key, &write, now).await {
            world.witness.wrote(&key, &write, before.as_ref(), &after).await;
            return;
        }
    }
}
