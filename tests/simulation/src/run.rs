//! One seeded run: people write, the weather does what it does, then it is calm, and nothing may be missing.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Mutex;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::LocalBoxFuture;
use futures::stream::FuturesUnordered;
use models::ConversationKey;
use platform::clock::Clock as _;
use responder::OnUnknown;
use store::{HeadWrite, Owner, write_head};

use crate::agents::{erasure, flow, wishes};
use crate::assistants::Brand;
use crate::chance::Chance;
use crate::door::{Campaign, Door};
use crate::faults::{Effect, Fault, Weather};
use crate::flows;
use crate::later::keep_promises;
use crate::people::{Person, Written, crowd};
use crate::plan::Plan;
use crate::witness::{Figures, HUMAN, START, STOP};
use crate::world::World;

/// No world goes on for longer than that.
const LONGEST: Duration = Duration::from_hours(24 * 60);

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
        let (mut chance, brand) = (Chance::new(seed), Brand::of(seed));
        // A machine whose clock is ahead by more than a lease takes conversations from living holders.
        let ahead = if chance.chance(500) { chance.below(120) } else { 0 };
        // How much there was in a minute or a day is a matter of clocks that agree.
        let agree = brand.limits.is_some() || brand.questions.is_some();
        let ahead = if agree { 0 } else { ahead };
        // What had reached the door before an erasure is a matter of such clocks too.
        let (erases, mut door) = (seed % 5 < 2, Chance::new(seed ^ 0xd004));
        let door_ahead = if !agree && !erases && door.chance(400) { door.below(120) } else { 0 };
        let plan = Plan {
            clocks_ahead: [0, 0, ahead].map(Duration::from_secs).to_vec(),
            doors_ahead: [door_ahead; 2].map(Duration::from_secs).to_vec(),
            on_unknown: if chance.chance(500) { OnUnknown::ResendOnce } else { OnUnknown::Flag },
            toml: brand.toml(0),
            brand,
            erases,
            echoes: brand.limits.is_some() && seed.is_multiple_of(2),
            kills_at_deadline: chance.chance(500),
            later: Chance::new(seed ^ 0x1a7e5).chance(300).then_some(seed),
            lingers: Chance::new(seed ^ 0xda15).chance(200),
            moods: Some(seed),
            disorder: chance.chance(500).then_some(seed),
            desk: chance.chance(600),
            ..Plan::default()
        };
        Self { seed, faults: None, plan, keep_trace: false }
    }

    /// Runs to the end, in virtual time.
    pub fn tell(&self) -> Told {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().unwrap();
        let _within = runtime.enter();
        let world = World::new(self.plan.clone());
        if self.keep_trace {
            world.witness.keep_trace();
        }
        // A world that ends badly is a broken world like any other: it has a seed, and faults that lead to it.
        let living = AssertUnwindSafe(|| runtime.block_on(tokio::time::timeout(LONGEST, self.live(&world))));
        let what = match std::panic::catch_unwind(living) {
            Ok(Ok(told)) => return told,
            Ok(Err(_)) => "the world did not come to rest".to_owned(),
            Err(panic) => format!("the world panicked: {}", words_of(&*panic)),
        };
        Told {
            violations: vec![what],
            faults: world.faults.happened(),
            figures: Figures::default(),
            sum: 0,
            trace: vec![],
        }
    }

    async fn live(&self, world: &World) -> Told {
        let mut chance = Chance::new(self.seed ^ 0x5eed);
        match &self.faults {
            Some(faults) => world.faults.listed(faults.clone()),
            None => world.faults.by_chance(Weather::new(self.seed)),
        }
        let door = Door::new(world);
        let promised = self.plan.later.map(|seed| world.ai.promises.lock().unwrap().by_chance(seed, self.plan.lingers));
        let posting = async {
            match promised {
                Some(promised) => keep_promises(world, &door, promised).await,
                None => std::future::pending().await,
            }
        };
        let living = self.play(world, &door, &mut chance);
        // Whatever was promised keeps the pollers busy until it is posted.
        let _over = futures::future::select(std::pin::pin!(living), std::pin::pin!(posting)).await;
        if world.faults.count() == 0 && self.plan.clocks_agree() {
            world.witness.nothing_failed();
            world.witness.profiles_agree();
        }
        for depth in [world.queue.depth(), world.agents.depth()] {
            if (depth.waiting, depth.in_flight) != (0, 0) {
                world.witness.broken("the queue did not drain");
            }
        }
        world.witness.metrics_tell_what_happened(&world.counted_in_all());
        let (sum, trace) = world.witness.trace();
        let (violations, figures) = (world.witness.violations(), world.witness.figures());
        Told { violations, faults: world.faults.happened(), figures, sum, trace }
    }

    /// People write, then it is calm, and in the end an operator may look at the dead letters.
    async fn play(&self, world: &World, door: &Door, chance: &mut Chance) {
        let busy = world.keeps_busy();
        let writing = async {
            people_write(world, door, chance).await;
            drop(busy);
        };
        futures::future::join(writing, world.work(5)).await;
        world.faults.calm();
        world.work(3).await;
        world.at_rest().await;
        if chance.chance(400) {
            // An operator looks at the dead letters after the weekend, or at once.
            tokio::time::sleep(chance.pick(&[0, 1, 22, 23, 25, 60]) * Duration::from_hours(1)).await;
            world.queue.redrive();
            world.agents.redrive();
            world.work(2).await;
            world.at_rest().await;
        }
    }
}

/// The words of a panic, if it has any.
fn words_of(panic: &(dyn Any + Send)) -> &str {
    let owned = || panic.downcast_ref::<String>().map(String::as_str);
    panic.downcast_ref::<&str>().copied().or_else(owned).unwrap_or("without words")
}

/// Everything that people, Braze's operators and the brand's desk do.
async fn people_write(world: &World, door: &Door, chance: &mut Chance) {
    let mut people = crowd(chance, world.plan.brand.flows);
    let campaign = Mutex::new(Campaign { token: door.newest_token(world.now()), since: world.now() });
    let mut posts: FuturesUnordered<LocalBoxFuture<'_, ()>> = FuturesUnordered::new();
    let shares = people.iter().any(Person::borrows_a_phone);
    // Few people may have much to say: more than a head remembers.
    let each = if people.len() < 3 && chance.chance(300) { 40 } else { chance.index(12) };
    let mut left = 1 + each * people.len();
    // Some write faster than anybody can answer: more than a turn covers, and at times more than may wait.
    let mut flood = if chance.chance(60) { 20 + chance.index(45) } else { 0 };
    let (mut number, mut person, mut again, mut lines) = (0, 0, false, 0);
    // What has to do with flows has a chance of its own, so that worlds without them stay what they are.
    let mut flowing = world.plan.brand.flows.then(|| Chance::new(world.plan.moods.unwrap_or_default() ^ 0xf10f));
    // Nor do those change where nobody lingers.
    let mut lingering = world.plan.lingers.then(|| Chance::new(world.plan.moods.unwrap_or_default() ^ 0x11a6e));
    let mut rushing = world.plan.brand.busy.then(|| Chance::new(world.plan.moods.unwrap_or_default() ^ 0xb0511));
    while left > 0 {
        left -= 1;
        let floods = flood > 0 && left < 3;
        if floods {
            (flood, left) = (flood - 1, left + 1);
        } else if !again {
            let anybody = chance.index(people.len());
            // Whoever is in a flow mostly goes on with it.
            let goes_on = flowing.as_mut().is_some_and(|chance| chance.chance(700)) && is_asked(world, &people[person]);
            person = if goes_on { person } else { anybody };
        }
        if !may_write(world, &people, person).await {
            person = 0;
        }
        let now = world.clock.now().seconds();
        let repeated = if again { people[person].repeats(chance, now) } else { None };
        let words = (!again && chance.chance(60)).then(|| chance.pick(&[HUMAN, HUMAN, STOP, START, START]));
        let of_flows = flowing.as_mut().filter(|_| !again && !floods);
        let of_flows = of_flows.and_then(|chance| in_a_flow(world, &mut people[person], chance, now));
        let written = match (repeated.or(of_flows), words.filter(|words| *words != HUMAN || world.plan.desk)) {
            (Some(written), _) => written,
            (None, Some(words)) => people[person].says_just(words, chance, now),
            (None, None) => people[person].writes(chance, now),
        };
        if written.canary.is_empty() {
            world.witness.concerns(&people[person].name(), &written.keys);
        } else {
            world.witness.typed(&written.canary, &written.text, &written.keys);
        }
        let broken = chance.chance(5).then(|| people[person].broken_body());
        for webhook in written.webhooks.into_iter().chain(broken) {
            // Now and then Braze hears nothing of its 202 and posts once more.
            let copies = 1 + usize::from(chance.chance(60));
            for copy in 0..copies {
                let (webhook, campaign) = (webhook.clone(), &campaign);
                posts.push(Box::pin(async move {
                    tokio::time::sleep(Duration::from_secs(copy as u64 * 7)).await;
                    door.post(world, &webhook, campaign, number + copy).await;
                }));
            }
            number += 1;
        }
        if !floods {
            something_happens(world, door, &campaign, &mut people[person], chance);
            // Agents also write to people who have not written yet.
            let whom = &people[if chance.chance(800) { person } else { chance.index(people.len()) }];
            // Whose a phone is that two people have is decided by who writes.
            if chance.chance(150) && (whom.is_known() || !shares) {
                world.witness.concerns(&whom.name(), &whom.keys());
                let mut all = wishes(whom, &mut lines, chance);
                if let Some(chance) = flowing.as_mut()
                    && chance.chance(400)
                {
                    all.extend(flow(whom, &mut lines, chance));
                }
                if world.plan.erases && chance.chance(300) {
                    // Under any name that is this person's own.
                    let keys = whom.keys();
                    all.push(erasure(&keys[chance.index(keys.len())]));
                }
                for wish in all {
                    number += 1;
                    posts.push(Box::pin(async move {
                        tokio::time::sleep(Duration::from_secs(wish.after)).await;
                        door.agent(world, &wish.webhook, number).await;
                    }));
                }
            }
        }
        again = !floods && chance.chance(if world.plan.echoes { 600 } else { 60 });
        let waits = flowing.as_mut().is_some_and(|chance| chance.chance(40));
        let late = if waits { Duration::from_mins(17) } else { Duration::ZERO };
        let late = late + lingering.as_mut().map_or(Duration::ZERO, comes_back_after);
        let rushes = rushing.as_mut().is_some_and(|chance| chance.chance(700));
        let pause = if rushes { Duration::ZERO } else { pause(chance, again, floods) };
        let pause = tokio::time::sleep(pause + late);
        futures::future::select(std::pin::pin!(pause), std::pin::pin!(drain(&mut posts))).await;
    }
    while posts.next().await.is_some() {}
}

/// What somebody writes that has to do with a flow, if it has: mostly an answer to what this person read last.
fn in_a_flow(world: &World, person: &mut Person, chance: &mut Chance, now: u64) -> Option<Written> {
    let asked = is_asked(world, person);
    match chance.below(100) {
        share if share < if asked { 75 } else { 25 } => {
            let words = flows::words(world.last_read_by(&person.keys()).as_deref(), chance);
            Some(person.says_just(words, chance, now))
        }
        97..100 => Some(person.writes_as(flows::GIVE_BACK, chance, now)),
        _ => None,
    }
}

/// Whether a flow's question is what this person read last.
fn is_asked(world: &World, person: &Person) -> bool {
    world.last_read_by(&person.keys()).is_some_and(|last| last.starts_with("flow: ") || last == "…")
}

/// How long until somebody writes again; after that somebody who repeats the same words does so.
fn pause(chance: &mut Chance, again: bool, floods: bool) -> Duration {
    let seconds = match (again, floods) {
        (true, _) => chance.pick(&[2, 2, 20, 20, 40, 40, 86_400]),
        (_, true) => return Duration::from_millis(chance.below(300)),
        _ if chance.chance(600) => chance.below(3),
        _ if chance.chance(10) => 40_000,
        _ => chance.below(90),
    };
    Duration::from_secs(seconds)
}

/// How much longer it takes where people come back after hours and days.
fn comes_back_after(chance: &mut Chance) -> Duration {
    if chance.chance(100) {
        Duration::from_hours(chance.pick(&[2, 5, 11, 13, 22, 23, 24, 40, 60]))
    } else {
        Duration::ZERO
    }
}

/// Whether this person can be told from whom they share a phone with. As long as Braze knows nobody but the phone, whoever
/// comes first under a name of their own with that phone is whose it was: only then may the other write.
async fn may_write(world: &World, people: &[Person], person: usize) -> bool {
    if !people[person].borrows_a_phone() {
        return true;
    }
    let key = ConversationKey::parse(&people[person].key_of_the_phone()).unwrap();
    let head = store::Store::head(&*world.store, &key, world.now()).await.unwrap();
    people[0].is_known() && (!people[0].wrote_unknown() || head.is_some_and(|head| head.adopted_by.is_some()))
}

/// Lets what was posted go on, for ever.
async fn drain(posts: &mut FuturesUnordered<LocalBoxFuture<'_, ()>>) {
    while posts.next().await.is_some() {}
    std::future::pending::<()>().await;
}

/// What else goes on in the middle of a conversation.
fn something_happens(world: &World, door: &Door, campaign: &Mutex<Campaign>, person: &mut Person, chance: &mut Chance) {
    match chance.below(60) {
        0 => {
            world.deploy(&world.plan.brand.toml(chance.index(2)), chance.index(4));
            door.deploy(world);
        }
        1 => {
            // The secret is rotated once every campaign has the newest token and no request is under way with another; the
            // campaigns follow later.
            let mut campaign = campaign.lock().unwrap();
            let newest = door.newest_token(world.now());
            if campaign.token != newest {
                *campaign = Campaign { token: newest, since: world.now() };
            } else if world.now().since(campaign.since) > Duration::from_mins(1) {
                door.rotate(world.now());
            }
        }
        7 => person.is_identified(),
        8 => drop((world.queue.redrive(), world.agents.redrive())),
        _ => {}
    }
}

/// A person takes a conversation over, or gives it back; as good as stored when this returns.
pub(crate) async fn change_owner(world: &World, key: &str, owner: Owner) {
    let key = ConversationKey::parse(key).unwrap();
    let now = world.clock.now();
    if owner == Owner::Bot {
        world.witness.is_given_back(now);
    }
    for sending in [false, true] {
        let write = HeadWrite::ChangeOwner { owner, at: now, sending };
        let before = store::Store::head(&*world.store, &key, now).await.unwrap();
        if let Ok(after) = write_head(&*world.store, &key, &write, now).await {
            world.witness.wrote(&key, &write, before.as_ref(), &after).await;
            return;
        }
    }
}
