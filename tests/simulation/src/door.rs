//! The door: Braze posts webhooks to real ingest functions, and posts again where they say so, die, or nothing comes back.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, Method, header};
use ingest::{Call, Ingest, Languages, Tokens};
use models::Timestamp;
use platform::clock::Clock;
use platform::queue::{Queue, QueueError};
use platform::secrets::{SecretCache, SecretSource, SecretUnavailable, Versions};

use crate::clock::Ahead;
use crate::effects::{Effects, queue_failed};
use crate::machine::Machine;
use crate::world::World;

/// How long Braze waits before each further try: up to five within half an hour, and the last ones over a day.
const TRIES_AFTER: [u64; 6] = [0, 20, 60, 300, 1_200, 40_000];

/// What Braze posts.
#[derive(Clone)]
pub(crate) struct Webhook {
    pub(crate) path: String,
    pub(crate) body: String,
    /// Whether it can be read.
    pub(crate) readable: bool,
}

/// What the campaigns in Braze send along.
pub(crate) struct Campaign {
    /// The version of the token.
    pub(crate) token: u32,
    /// Since when.
    pub(crate) since: Timestamp,
}

/// Ingest on its machines, and the secret it reads.
pub(crate) struct Door {
    machines: Vec<Entrance>,
    secret: Arc<Secret>,
    quarantine: Arc<Quarantine>,
}

/// A machine of the door, how far its clock is ahead, and what is deployed on it.
struct Entrance {
    machine: Arc<Machine>,
    ahead: Duration,
    ingest: Mutex<Arc<Ingest>>,
}

/// The tokens in force: each rotation makes a new one, and the one before still opens.
#[derive(Default)]
struct Secret {
    newest: Mutex<u32>,
    rotated: Mutex<Option<Timestamp>>,
}

/// Who reads the secret reads it no sooner again than this, so nobody is to send a token that is newer.
const KNOWN_AFTER: Duration = Duration::from_secs(1);

/// What could not be read: how many bodies there are.
#[derive(Default)]
struct Quarantine(Mutex<usize>);

/// The quarantine, as seen from one machine.
struct Kept(Effects<Quarantine>);

impl Door {
    /// The world's door.
    pub(crate) fn new(world: &World) -> Self {
        let mut door = Self { machines: Vec::new(), secret: Arc::default(), quarantine: Arc::default() };
        for &ahead in &world.plan.doors_ahead {
            let machine = Arc::new(Machine::default());
            let ingest = Mutex::new(door.deployed(world, &machine, ahead));
            door.machines.push(Entrance { machine, ahead, ingest });
        }
        door
    }

    fn deployed(&self, world: &World, machine: &Arc<Machine>, ahead: Duration) -> Arc<Ingest> {
        let clock: Arc<dyn Clock> = Arc::new(Ahead(world.clock.clone(), ahead));
        let scene = world.scene(machine, &clock);
        let ids = world.words();
        Arc::new(Ingest {
            tokens: SecretCache::new(Effects { inner: self.secret.clone(), scene: scene.clone() }, Tokens::parse),
            work: Arc::new(Effects { inner: world.queue.clone(), scene: scene.clone() }),
            agents: Arc::new(Effects { inner: world.agents.clone(), scene: scene.clone() }),
            quarantine: Arc::new(Kept(Effects { inner: self.quarantine.clone(), scene })),
            clock,
            meter: world.meter(),
            log_ids: ids,
            languages: Languages::default(),
        })
    }

    /// New instances everywhere, with nothing in memory.
    pub(crate) fn deploy(&self, world: &World) {
        for Entrance { machine, ahead, ingest } in &self.machines {
            *ingest.lock().unwrap() = self.deployed(world, machine, *ahead);
        }
    }

    /// A new version of the secret is put in place, unless nobody can know of the last one yet.
    pub(crate) fn rotate(&self, now: Timestamp) {
        if self.is_new(now) {
            return;
        }
        *self.secret.newest.lock().unwrap() += 1;
        *self.secret.rotated.lock().unwrap() = Some(now);
    }

    /// The token of the newest version that callers may know of: what they are changed to some time after a rotation.
    pub(crate) fn newest_token(&self, now: Timestamp) -> u32 {
        *self.secret.newest.lock().unwrap() - u32::from(self.is_new(now))
    }

    fn is_new(&self, now: Timestamp) -> bool {
        self.secret.rotated.lock().unwrap().is_some_and(|at| now.since(at) <= KNOWN_AFTER)
    }

    /// How many bodies are in quarantine.
    pub(crate) fn quarantined(&self) -> usize {
        *self.quarantine.0.lock().unwrap()
    }

    /// Posts a webhook as Braze does, with the token that the campaign has at each try, until it is taken or given up.
    pub(crate) async fn post(&self, world: &World, webhook: &Webhook, campaign: &Mutex<Campaign>, number: usize) {
        for (tries, wait) in TRIES_AFTER.into_iter().enumerate() {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            let token = campaign.lock().unwrap().token;
            match self.try_once(world, webhook, token, number + tries).await {
                Some(202) => return,
                Some(503) | None => {}
                Some(status) => return world.witness.turned_away(status),
            }
        }
    }

    /// A desk posts what an agent wants, or a bot platform its answer, with the newest token, a few times if nobody answers.
    pub(crate) async fn agent(&self, world: &World, wish: &Webhook, number: usize) {
        for (tries, wait) in [0, 7, 60].into_iter().enumerate() {
            tokio::time::sleep(Duration::from_secs(wait)).await;
            let of = if wish.path == "/conversations/answers" { "answers" } else { "agent" };
            let token = format!("Bearer secret-{of}-{}", self.newest_token(world.now()));
            match self.request(world, wish, &token, number + tries).await {
                Some((202, _)) => return,
                Some((503, _)) => world.witness.unavailable(),
                None => {}
                Some((status, _)) => return world.witness.turned_away(status),
            }
        }
    }

    /// One webhook; none if the machine died over it.
    async fn try_once(&self, world: &World, webhook: &Webhook, token: u32, number: usize) -> Option<u16> {
        let (status, body) = self.request(world, webhook, &bearer(token), number).await?;
        let id = body["message_id"].as_str().unwrap_or_default();
        match (status, body["queue"] == "quarantine") {
            (202, true) => world.witness.quarantined(webhook.readable, self.quarantined()),
            (202, false) => world.witness.accepted(id),
            _ => world.witness.unavailable(),
        }
        Some(status)
    }

    /// One request; none if the machine died over it.
    async fn request(
        &self,
        world: &World,
        webhook: &Webhook,
        bearer: &str,
        number: usize,
    ) -> Option<(u16, serde_json::Value)> {
        let Entrance { machine, ahead, ingest } = &self.machines[number % self.machines.len()];
        let headers = HeaderMap::from_iter([(header::AUTHORIZATION, bearer.parse().unwrap())]);
        let now = ingest.lock().unwrap().clone();
        let (method, body) = (Method::POST, webhook.body.as_bytes());
        let call = Call { method: &method, path: &webhook.path, query: "", headers: &headers, body };
        // A machine that froze answers too late for Braze, which has long closed the connection.
        let answer = tokio::time::timeout(Duration::from_secs(30), machine.run(now.handle(call))).await.ok().flatten();
        let Some(answer) = answer else {
            *ingest.lock().unwrap() = self.deployed(world, machine, *ahead);
            return None;
        };
        Some((answer.status.as_u16(), answer.body))
    }
}

fn bearer(version: u32) -> String {
    format!("Bearer secret-webhook-{version}")
}

#[async_trait]
impl SecretSource for Secret {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let newest = *self.newest.lock().unwrap();
        let version = |version: u32| {
            let tokens =
                ["webhook", "agent", "answers"].map(|of| (format!("{of}_token"), format!("secret-{of}-{version}")));
            serde_json::json!(std::collections::BTreeMap::from(tokens)).to_string().into()
        };
        Ok(Versions { current: version(newest), previous: newest.checked_sub(1).map(version) })
    }
}

#[async_trait]
impl Queue for Kept {
    async fn send(&self, _: String) -> Result<(), QueueError> {
        let effect = || {
            let quarantine = self.0.inner.clone();
            async move {
                *quarantine.0.lock().unwrap() += 1;
                Ok(())
            }
        };
        self.0.scene.live("quarantine", effect, queue_failed).await
    }
}
