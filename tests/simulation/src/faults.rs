//! What goes wrong, and where: a fault befalls one effect. Faults come from a list, or by chance; either way the list of
//! those that happened can be had, and played again.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::chance::Chance;

/// When, seen from an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It does not happen.
    Before,
    /// It happens, and nobody hears of it.
    After,
}

/// Everything that can be done: what the sweep has to come by.
pub const EFFECTS: [&str; 34] = [
    "adopt",
    "ask",
    "ask anew",
    "change owner",
    "claim",
    "come back",
    "commit",
    "delete",
    "deliver",
    "draft",
    "erase",
    "file",
    "forget",
    "hand over",
    "keep recap",
    "mark",
    "next part",
    "point",
    "put back",
    "put message",
    "quarantine",
    "read head",
    "read history",
    "read messages",
    "read names",
    "read secret",
    "read turn",
    "release",
    "send",
    "send again",
    "settle",
    "sum up",
    "tell desk",
    "track",
];

/// One effect of a run: the how manieth of its name, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Effect {
    /// What is done.
    pub name: &'static str,
    /// Which of those.
    pub nth: u32,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.nth)
    }
}

/// What befalls an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The machine dies, with everything it had in memory.
    Dies(Moment),
    /// The caller hears of a failure.
    Fails(Moment),
    /// The first answer is lost and the client asks again by itself.
    Repeats,
    /// It begins this much later.
    Slow(Duration),
    /// The machine stands still for this long, before or after, and goes on as if nothing had been.
    Freezes(Moment, Duration),
    /// The other side says "too often", and when to come again.
    Limited(Option<Duration>),
    /// The other side refuses for good.
    Refused(u16),
    /// The key is not known to the other side.
    Unauthorized,
    /// The answer says nothing.
    Empty,
    /// The other side does it, and says that it did not.
    Denied,
    /// The code called has a mistake.
    Panics,
    /// A message is delivered to somebody else as well.
    Twice,
    /// A message is delivered once more this much later, whatever has become of it by then.
    Later(Duration),
    /// The machine dies in the middle: it is gone at once, and what it had sent out takes effect this much later.
    Cut(Duration),
    /// The caller waits in vain and hears of a failure, and the effect comes this much later.
    Lags(Duration),
}

/// The faults of a run.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    source: Source,
    counts: HashMap<&'static str, u32>,
    effects: Vec<Effect>,
    happened: Vec<(Effect, Fault)>,
}

#[derive(Default)]
enum Source {
    #[default]
    None,
    Listed(BTreeMap<Effect, Fault>),
    Chance(Box<Weather>),
}

impl Faults {
    /// From now on exactly these faults.
    pub fn listed(&self, faults: impl IntoIterator<Item = (Effect, Fault)>) {
        self.lock().source = Source::Listed(faults.into_iter().collect());
    }

    /// From now on whatever the weather brings.
    pub fn by_chance(&self, weather: Weather) {
        self.lock().source = Source::Chance(Box::new(weather));
    }

    /// From now on nothing happens any more.
    pub fn calm(&self) {
        self.lock().source = Source::None;
    }

    /// All effects so far, in their order.
    pub fn effects(&self) -> Vec<Effect> {
        self.lock().effects.clone()
    }

    /// The names of all effects so far.
    pub fn names(&self) -> Vec<&'static str> {
        self.lock().effects.iter().map(|effect| effect.name).collect()
    }

    /// The faults that happened, in their order.
    pub fn happened(&self) -> Vec<(Effect, Fault)> {
        self.lock().happened.clone()
    }

    /// How many faults have happened.
    pub fn count(&self) -> usize {
        self.lock().happened.len()
    }

    /// What befalls the next effect of this name.
    pub(crate) fn next(&self, name: &'static str) -> Option<Fault> {
        assert!(EFFECTS.contains(&name), "{name} is not among the effects");
        let mut state = self.lock();
        let count = state.counts.entry(name).or_default();
        let effect = Effect { name, nth: *count };
        *count += 1;
        state.effects.push(effect);
        let fault = match &mut state.source {
            Source::None => None,
            Source::Listed(list) => list.get(&effect).cloned(),
            Source::Chance(weather) => weather.fault(name),
        };
        state.happened.extend(fault.clone().map(|fault| (effect, fault)));
        fault
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

/// How often what goes wrong.
#[derive(Debug, Clone)]
pub struct Weather {
    chance: Chance,
    /// Faults in a thousand effects.
    rate: u64,
    /// One kind of effect that fails far more often: an outage.
    sick: Option<(&'static str, u64)>,
}

impl Weather {
    /// The weather of `seed`: some runs are calm, some terrible, and in some one neighbour is out.
    pub fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let rate = chance.pick(&[0, 5, 10, 20, 40, 80, 120]);
        let neighbours = [
            "ask",
            "send",
            "file",
            "claim",
            "settle",
            "commit",
            "draft",
            "come back",
            "hand over",
            "change owner",
            "quarantine",
            "tell desk",
            "track",
        ];
        let sick = chance.chance(250).then(|| (chance.pick(&neighbours), chance.pick(&[300, 700, 950])));
        Self { chance, rate, sick }
    }

    fn fault(&mut self, name: &'static str) -> Option<Fault> {
        let rate = self.sick.filter(|(sick, _)| *sick == name).map_or(self.rate, |(_, rate)| rate);
        if !self.chance.chance(rate) {
            return None;
        }
        let moment = self.chance.pick(&[Moment::Before, Moment::After]);
        let common = [Fault::Dies(moment), Fault::Fails(moment), Fault::Slow(self.seconds(6)), self.freeze(moment)];
        let own: &[Fault] = match name {
            "ask" | "sum up" => {
                &[Fault::Limited(None), Fault::Empty, Fault::Panics, Fault::Refused(401), Fault::Slow(HANGS)]
            }
            "send" => &[
                Fault::Limited(Some(self.seconds(3_600))),
                Fault::Limited(None),
                Fault::Refused(400),
                Fault::Unauthorized,
                Fault::Empty,
                Fault::Denied,
            ],
            "track" => &[Fault::Limited(None), Fault::Refused(400), Fault::Slow(HANGS), Fault::Empty],
            "tell desk" => &[Fault::Refused(400), Fault::Refused(401), Fault::Slow(HANGS), Fault::Empty],
            "deliver" => return Some(self.queues_own()),
            "read secret" => &[],
            _ => &[Fault::Repeats],
        };
        let late = [Fault::Cut(self.seconds(120)), Fault::Lags(self.seconds(120))];
        let late = late.iter().filter(|_| !["read secret", "delete"].contains(&name));
        let all: Vec<_> = common.iter().chain(own).chain(late).collect();
        Some(self.chance.pick(&all).clone())
    }

    /// At least once, in any order, for as long as a queue keeps messages.
    fn queues_own(&mut self) -> Fault {
        let later = [30, 600, 10_000, 72_000, 90_000, 260_000].map(Duration::from_secs);
        let (slow, later) = (self.seconds(120), self.chance.pick(&later));
        self.chance.pick(&[&Fault::Twice, &Fault::Slow(slow), &Fault::Later(later)]).clone()
    }

    fn freeze(&mut self, moment: Moment) -> Fault {
        Fault::Freezes(moment, self.seconds(150))
    }

    fn seconds(&mut self, bound: u64) -> Duration {
        Duration::from_secs(self.chance.below(bound))
    }
}

/// Longer than any invocation.
const HANGS: Duration = Duration::from_mins(10);
