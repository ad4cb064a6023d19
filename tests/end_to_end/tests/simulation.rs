//! Many conversations, chance in everything: deaths and errors at any effect, lost answers, copies, clocks that are wrong.
//! Whatever happened, afterwards every message was answered once or is a dead letter, in its order, to its user.
//!
//! `DRAGOMAN_SEEDS=1000` runs more; `DRAGOMAN_SEED=7` runs one.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use braze::{Outcome, Refusal};
use end_to_end::{AiScript, Chaos, World};
use models::{ConversationKey, Message, QueueMessage};
use responder::OnUnknown;
use store::{Store as _, TurnRow};

const USERS: u64 = 4;

struct Run {
    world: World,
    messages: Vec<Message>,
    seed: u64,
    on_unknown: OnUnknown,
}

async fn run(seed: u64) -> Run {
    let mut chance = Chaos::new(seed);
    let on_unknown = if chance.chance(500) { OnUnknown::ResendOnce } else { OnUnknown::Flag };
    // A machine whose clock is ahead by more than a lease takes conversations from living holders.
    let ahead = [0, 0, chance.below(120)].map(Duration::from_secs);
    let world = World::on_machines(&ahead, on_unknown, "");
    world.mortality.unleash(Chaos::new(seed.wrapping_mul(31)));
    world.queue.duplicate_deliveries(u32::from(chance.chance(300)));
    let writing = write(&world, &mut chance);
    let (messages, ()) = futures::future::join(writing, world.settle(5)).await;
    world.mortality.calm();
    world.settle(2).await;
    Run { world, messages, seed, on_unknown }
}

/// Users write now and then, in bursts, and the neighbours have their moods.
async fn write(world: &World, chance: &mut Chaos) -> Vec<Message> {
    let mut messages = Vec::new();
    for number in 0..24 {
        let user = chance.below(USERS);
        let text = if chance.chance(500) { format!("u{user} n{number}?") } else { format!("u{user} n{number}") };
        let message = world.says(&user.to_string(), &text).await;
        if chance.chance(100) {
            world.queued(&message).await;
        }
        messages.push(message);
        world.ai_will(mood(chance));
        world.braze_will(weather(chance, world));
        let pause = if chance.chance(600) { chance.below(3) } else { chance.below(90) };
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
    messages
}

fn mood(chance: &mut Chaos) -> Option<AiScript> {
    match chance.below(20) {
        0 => Some(AiScript::Fails),
        1 => Some(AiScript::Hangs),
        2 => Some(AiScript::Panics),
        3..10 => Some(AiScript::Thinks(Duration::from_secs(chance.below(22)))),
        _ => None,
    }
}

fn weather(chance: &mut Chaos, world: &World) -> Option<(Outcome, bool)> {
    match chance.below(20) {
        0 => Some((Outcome::Unknown("by chance"), chance.chance(500))),
        1 => Some((Outcome::NotAccepted(Refusal::RateLimited(Some(world.now() + Duration::from_secs(20)))), false)),
        2 => Some((Outcome::NotAccepted(Refusal::Unavailable), false)),
        3 => Some((Outcome::NotAccepted(Refusal::Rejected(400)), false)),
        _ => None,
    }
}

impl Run {
    async fn check(&self) {
        self.nothing_is_left_behind().await;
        self.copies_are_bounded();
        self.nobody_reads_what_is_anothers();
        for user in 0..USERS {
            self.every_message_is_answered_once_or_dead(user).await;
        }
    }

    async fn nothing_is_left_behind(&self) {
        let depth = self.world.queue.depth();
        assert_eq!((depth.waiting, depth.in_flight), (0, 0), "seed {}: the queue did not drain", self.seed);
        let dead = self.dead();
        for user in 0..USERS {
            let head = self.world.head(&user.to_string()).await;
            // A message that had its last delivery in the middle of everything waits, with its words, among the dead.
            let unsettled = head.pending.keys().chain(head.turn.iter().flat_map(|turn| &turn.covers));
            let lost: Vec<_> = unsettled.filter(|id| !dead.contains(id.as_str())).collect();
            assert!(lost.is_empty(), "seed {}: user {user}: {lost:?} of {head:?}", self.seed);
        }
    }

    fn copies_are_bounded(&self) {
        let most = if self.on_unknown == OnUnknown::Flag { 1 } else { 2 };
        let mut copies: HashMap<(String, String), usize> = HashMap::new();
        for sent in self.world.sent().into_iter().filter(|sent| sent.delivered) {
            *copies.entry((sent.reply_id, sent.text)).or_default() += 1;
        }
        assert!(copies.values().all(|count| *count <= most), "seed {}: {copies:?}", self.seed);
    }

    fn nobody_reads_what_is_anothers(&self) {
        for sent in self.world.sent() {
            let user = sent.to.strip_prefix("user:").unwrap();
            let own = sent.text.split_whitespace().filter(|word| word.starts_with('u') && word.len() == 2);
            assert!(own.clone().all(|word| word == format!("u{user}")), "seed {}: {sent:?}", self.seed);
        }
    }

    async fn every_message_is_answered_once_or_dead(&self, user: u64) {
        let head = self.world.head(&user.to_string()).await;
        let turns = self.turns(user, head.last_turn).await;
        let dead = self.dead();
        let mut last = 0;
        for message in
            self.messages.iter().filter(|message| message.identity.conversation().as_str() == format!("user:{user}"))
        {
            let answered: Vec<_> = turns.iter().filter(|turn| turn.covers.contains(&message.id)).collect();
            let case = format!("seed {}: {} is in turns {answered:?}", self.seed, message.text.as_str());
            match answered.as_slice() {
                [] => assert!(dead.contains(message.id.as_str()), "{case}: neither answered nor dead"),
                [turn] => {
                    let words = turn.said.iter().filter(|said| said.text == message.text).count();
                    assert_eq!(words, 1, "{case}");
                    last = last.max(turn.key.number);
                }
                turns => assert_eq!(turns.len(), 1, "{case}"),
            }
        }
        assert!(last <= head.last_turn);
    }

    /// The turns that happened: of each number the highest epoch.
    async fn turns(&self, user: u64, last_turn: u64) -> Vec<TurnRow> {
        let key = ConversationKey::parse(&format!("user:{user}")).unwrap();
        let mut rows = self.world.store.newest_turns(&key, 1_000, self.world.now()).await.unwrap();
        rows.retain(|row| row.key.number <= last_turn);
        rows.dedup_by_key(|row| row.key.number);
        rows
    }

    fn dead(&self) -> HashSet<String> {
        let bodies = self.world.queue.dead_letters();
        let messages = bodies.iter().map(|body| QueueMessage::from_json(body).unwrap());
        messages.map(|QueueMessage::InboundV1(message)| message.id.as_str().to_owned()).collect()
    }
}

fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("DRAGOMAN_SEED") {
        Some(seed) => vec![seed],
        None => (0..number("DRAGOMAN_SEEDS").unwrap_or(150)).collect(),
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_happens_every_message_is_answered_once_or_is_a_dead_letter() {
    let mut died = 0;
    for seed in seeds() {
        let run = run(seed).await;
        run.check().await;
        died += usize::from(!run.world.queue.dead_letters().is_empty());
    }
    assert!(
        died < seeds().len() || seeds().len() == 1,
        "every run had dead letters: the world is too cruel to tell anything"
    );
}
