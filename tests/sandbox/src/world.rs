//! The sandbox put together: the real handlers, and around them everything they talk to.

use std::sync::Arc;

use async_trait::async_trait;
use braze::{Gathered, Paced};
use ingest::{Ingest, Languages, Tokens};
use platform::clock::SystemClock;
use platform::metrics::Uncounted;
use platform::random;
use platform::secrets::{FixedKey, SecretCache, SecretSource, SecretUnavailable, Versions};
use responder::{Deployment, OnUnknown, Responder};
use serde_json::{Value, json};
use simulated_braze::{DOCUMENTED_BODY, SimulatedBraze};
use store::Embedded;
use tokio::sync::Semaphore;

use crate::asked::Asked;
use crate::desk::{DeskLog, WatchedDesk};
use crate::disk::{Disk, Shelf};
use crate::faults::Switches;
use crate::live;
use crate::outside::{Outside, RealBraze, Windows};
use crate::queue::EmbeddedQueue;
use crate::steps::Steps;
use crate::watched::{MortalMessaging, WatchedMeter, WatchedQueue, WatchedStore};
use crate::{Options, StartError, workspace};

/// Marks webhooks of the simulated Braze, so that those which come from elsewhere can be put on the phone too.
pub(crate) const OWN_WEBHOOK: &str = "x-simulated-braze";
/// What agents' calls carry.
pub(crate) const AGENT_TOKEN: &str = "agent";
/// What a bot platform's calls carry that answers later.
pub(crate) const ANSWERS_TOKEN: &str = "answers";
/// The reply campaign of simulated Braze.
pub(crate) const CAMPAIGN: &str = "replies";
/// Its webhook campaign, as `Workspace::recommended` calls it.
pub(crate) const INBOUND_CAMPAIGN: &str = "inbound";
/// What calls to simulated Braze carry.
pub(crate) const KEY: &str = "simulated-key";

/// Everything the sandbox serves and shows.
pub(crate) struct World {
    /// The door for webhooks of simulated Braze.
    pub(crate) ingest: Ingest,
    /// The same door for webhooks from elsewhere, which also puts their words on the phone.
    pub(crate) ingest_of_others: Ingest,
    pub(crate) responder: Arc<Responder>,
    pub(crate) work: Arc<EmbeddedQueue>,
    pub(crate) agents: Arc<EmbeddedQueue>,
    pub(crate) desk: DeskLog,
    pub(crate) quarantine: Arc<EmbeddedQueue>,
    pub(crate) store: Arc<Embedded>,
    pub(crate) braze: Arc<SimulatedBraze>,
    pub(crate) steps: Steps,
    pub(crate) faults: Switches,
    pub(crate) asked: Asked,
    /// How many pages look at once.
    pub(crate) lookers: Arc<Semaphore>,
    disk: Disk,
    pub(crate) about: About,
}

/// What the page says about the set-up.
pub(crate) struct About {
    pub(crate) url: String,
    pub(crate) webhook_token: String,
    /// Changes with every start, so that a page notices one.
    pub(crate) run: String,
    pub(crate) ai: String,
    pub(crate) braze: String,
    /// What the assistant names and simulated Braze has not.
    pub(crate) unknown_campaigns: Vec<String>,
}

impl World {
    /// Puts the parts together around the address the sandbox listens at.
    pub(crate) fn new(options: &Options, url: &str, outside: Outside) -> Result<Arc<Self>, StartError> {
        let Outside { mut files, ai, backends, desk, braze, http, windows } = outside;
        let Windows { steps, faults, asked } = windows;
        workspace::subscribe_newcomers(&mut files.assistant, options.assistant.is_none() && braze.is_none());
        let (disk, store) = open(options)?;
        let log = DeskLog::default();
        let workspace = workspace::of(&files.assistant, url, &options.webhook_token, &options.campaigns);
        let unknown_campaigns = workspace::unknown_campaigns(&files.assistant, &workspace);
        let about = About::new(options, url, ai, braze.as_ref(), unknown_campaigns);
        let simulated = SimulatedBraze::new(workspace);
        let queue = |shelf| Arc::new(EmbeddedQueue::open(disk.clone(), shelf, Arc::new(SystemClock)));
        let (work, quarantine) = (queue(Shelf::Queue), queue(Shelf::Quarantine));
        let agents = queue(Shelf::AgentQueue);
        let RealBraze { endpoint, campaign, key } = braze.unwrap_or_else(|| RealBraze {
            endpoint: url.to_owned() + "/sandbox/braze/rest",
            campaign: CAMPAIGN.to_owned(),
            key: KEY.to_owned(),
        });
        let client =
            || braze::Client::new(http.clone(), &endpoint, campaign.clone(), Arc::new(FixedKey(key.clone().into())));
        let desk = WatchedDesk { elsewhere: desk, log: log.clone(), steps: steps.clone(), faults: faults.clone() };
        let responder = Responder {
            store: Arc::new(WatchedStore {
                inner: Arc::clone(&store),
                steps: steps.clone(),
                desk: log.clone(),
                asked: asked.clone(),
            }),
            ai: backends.ladder,
            route_ais: backends.routes,
            media: backends.media,
            profiles: Arc::new(Gathered::new(Arc::new(client()))),
            deployment: Deployment::new(Arc::<Embedded>::clone(&store)),
            messaging: Arc::new(MortalMessaging {
                inner: Paced::new(Arc::new(client()), Arc::new(SystemClock)),
                steps: steps.clone(),
                faults: faults.clone(),
            }),
            desk: Some(Arc::new(desk)),
            work: Arc::<EmbeddedQueue>::clone(&work),
            agents: Arc::<EmbeddedQueue>::clone(&agents),
            clock: Arc::new(SystemClock),
            meter: Arc::new(WatchedMeter(steps.clone())),
            words: random::words(),
            assistant: files.assistant,
            on_unknown: if options.on_unknown == "flag" { OnUnknown::Flag } else { OnUnknown::ResendOnce },
        };
        let queued = WatchedQueue {
            inner: Arc::clone(&work),
            title: "message queued",
            steps: steps.clone(),
            faults: faults.clone(),
            desk: log.clone(),
            phones: None,
        };
        let parked = WatchedQueue { inner: Arc::clone(&quarantine), title: "body parked", ..queued.clone() };
        let asked_for = WatchedQueue { inner: Arc::clone(&agents), title: "an agent acts", ..queued.clone() };
        let from_others = WatchedQueue { phones: Some(Arc::clone(&simulated)), ..queued.clone() };
        let languages = Languages::of(responder.assistant.texts.languages());
        let ingest = door(options, languages.clone(), queued, asked_for.clone(), parked.clone());
        let ingest_of_others = door(options, languages, from_others, asked_for, parked);
        let responder = Arc::new(responder);
        Ok(Arc::new(Self {
            ingest,
            ingest_of_others,
            responder,
            work,
            agents,
            desk: log,
            quarantine,
            store,
            braze: simulated,
            steps,
            faults,
            asked,
            lookers: Arc::new(Semaphore::new(live::MOST_LOOKERS)),
            disk,
            about,
        }))
    }

    /// Takes simulated Braze up where it was left, and from now on keeps what it knows. Called once its own webhooks can
    /// be answered.
    pub(crate) async fn keep_braze(self: Arc<Self>) {
        if let Some(snapshot) = self.disk.load(Shelf::Braze).remove(&0) {
            self.braze.restore(snapshot);
        }
        let mut changes = self.braze.changes();
        while changes.changed().await.is_ok() {
            self.disk.save(Shelf::Braze, 0, &self.braze.snapshot());
        }
    }
}

fn door(
    options: &Options,
    languages: Languages,
    work: WatchedQueue,
    agents: WatchedQueue,
    quarantine: WatchedQueue,
) -> Ingest {
    Ingest {
        tokens: SecretCache::new(SandboxTokens(options.webhook_token.clone()), Tokens::parse),
        work: Arc::new(work),
        agents: Arc::new(agents),
        quarantine: Arc::new(quarantine),
        clock: Arc::new(SystemClock),
        meter: Arc::new(Uncounted),
        log_ids: random::words(),
        languages,
    }
}

fn open(options: &Options) -> Result<(Disk, Arc<Embedded>), StartError> {
    let Some(folder) = &options.data else { return Ok((Disk::none(), Arc::new(Embedded::in_memory()))) };
    std::fs::create_dir_all(folder).map_err(|error| StartError::DataFolder(folder.clone(), error.to_string()))?;
    let disk = Disk::at(&folder.join("sandbox.redb"));
    let disk = disk.map_err(|error| StartError::DataFolder(folder.clone(), error.to_string()))?;
    Ok((disk, Arc::new(Embedded::on_disk(&folder.join("conversations.redb"))?)))
}

impl About {
    fn new(
        options: &Options,
        url: &str,
        ai: String,
        braze: Option<&RealBraze>,
        unknown_campaigns: Vec<String>,
    ) -> Self {
        let unknown_campaigns = if braze.is_none() { unknown_campaigns } else { Vec::new() };
        let braze = braze.map_or_else(|| "simulated".to_owned(), |braze| braze.endpoint.clone());
        let run = (random::words())();
        let (url, webhook_token) = (url.to_owned(), options.webhook_token.clone());
        Self { url, webhook_token, run, ai, braze, unknown_campaigns }
    }

    /// What is there to know for whoever wants to call the webhook by hand.
    pub(crate) fn json(&self) -> Value {
        json!({
            "url": self.url, "webhook_token": self.webhook_token, "agent_token": AGENT_TOKEN,
            "answers_token": ANSWERS_TOKEN, "run": self.run,
            "ai": self.ai, "braze": self.braze,
            "documented_body": DOCUMENTED_BODY,
            "recommended_body": simulated_braze::RECOMMENDED_BODY,
        })
    }
}

/// The sandbox's own secret: a webhook token of one's choice, [`AGENT_TOKEN`] and [`ANSWERS_TOKEN`].
struct SandboxTokens(String);

#[async_trait]
impl SecretSource for SandboxTokens {
    async fn read(&self) -> Result<Versions, SecretUnavailable> {
        let secret =
            json!({"webhook_token": self.0, "agent_token": AGENT_TOKEN, "answers_token": ANSWERS_TOKEN}).to_string();
        Ok(Versions { current: secret.into(), previous: None })
    }
}
