//! `kills`: processes die at random and chosen moments while webhooks keep coming, and every promise holds all the same.

mod aws;
mod cloud;
mod deed;
mod door;
mod echo;
mod emulator;
mod environment;
mod evidence;
mod fate;
mod feed;
mod marks;
mod options;
pub mod promises;
mod sabotage;
pub mod trace;
mod users;
mod wire;
mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, fs, io};

use axum::Router;
use simulated_braze::{DOCUMENTED_BODY, InboundCampaign, Keyword, Profile, Retries, SimulatedBraze, Workspace};
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, watch};
use tokio::task::JoinSet;

pub use options::{OnUnknown, Options, Sabotage};

use cloud::{BRAZE_KEY, Cloud, WEBHOOK_TOKEN};
use door::Door;
use sabotage::Saboteur;
use world::{Tally, World};

use crate::binaries::Binaries;
use crate::chance::Chance;
use crate::shared::Shared;
use crate::{Report, Unfit};

/// Environments of the responder.
const AT_ONCE: usize = 4;
/// How long a run may take to find so many deaths: this long for each, and a minute.
const FOR_EACH_KILL: Duration = Duration::from_secs(3);
/// How long the queue may stay as long as it is after the last death: several leases, one after the other.
const REST_WITHIN: Duration = Duration::from_mins(5);
/// The fallback line, so that nothing else can be taken for it.
const FALLBACK: &str = "Nobody can answer this right now.";

/// Runs it and says what it found. `progress` gets a line now and then.
pub async fn run(options: Options, progress: impl Fn(String)) -> Result<Report, Unfit> {
    let begun = Instant::now();
    let seed =
        options.seed.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()));
    let (world, door, address) = build(options, seed).await?;
    let (stop, stopped) = watch::channel(false);
    let mut feeding = JoinSet::new();
    for _ in 0..AT_ONCE {
        feeding.spawn(feed::feed(Arc::clone(&world), stopped.clone()));
    }
    let killing = Instant::now();
    tokio::select! {
        ended = feeding.join_next() => return Err(stopped_early(ended)),
        outcome = kill(&world, &address, &progress) => outcome?,
    }
    let (killed_for, resting) = (killing.elapsed(), Instant::now());
    let at_rest = tokio::select! {
        ended = feeding.join_next() => return Err(stopped_early(ended)),
        at_rest = rest(&world, &progress) => at_rest?,
    };
    let rested_for = resting.elapsed();
    stop.send_replace(true);
    while let Some(ended) = feeding.join_next().await {
        ended.map_err(|error| Unfit::new(error.to_string()))??;
    }
    door.close().await;
    let evidence = evidence::gathered(&world).await?;
    let mut report = evidence::report(&world, &evidence, seed);
    report.figure("killing took", killed_for.as_secs(), "s");
    report.figure("coming to rest took", rested_for.as_secs(), "s");
    report.figure("all took", begun.elapsed().as_secs(), "s");
    if !at_rest {
        report.broken(format!("the queue did not come to rest: nothing got on for {} s", REST_WITHIN.as_secs()));
    }
    if report.broken_promises().is_empty() && world.saboteur.was_idle() {
        return Err(Unfit::new("too little came that could be spoilt, and nothing was: kill more (--count)"));
    }
    if !report.broken_promises().is_empty() {
        let file = env::temp_dir().join(format!("endurance-{seed}.txt"));
        let kept = fs::write(&file, evidence.told()).is_ok();
        progress(if kept { format!("everything that happened is in {}", file.display()) } else { String::new() });
    }
    Ok(report)
}

/// Everything but the responder's environments, which begin to work when they are fed.
async fn build(options: Options, seed: u64) -> Result<(Arc<World>, Door, String), Unfit> {
    let http = reqwest::Client::builder().no_proxy().build().map_err(|error| Unfit::new(error.to_string()))?;
    // First: an emulator that is missing is told before minutes go into building.
    let cloud = Cloud::open(&options, &http).await?;
    let binaries =
        tokio::task::spawn_blocking(Binaries::built).await.map_err(|error| Unfit::new(error.to_string()))??;
    let (door, later) = (Door::default(), Arc::new(OnceCell::new()));
    let address = serve(door.router()).await?;
    let braze = SimulatedBraze::new(workspace(&address, users::how_many(options.count)));
    let phones = braze.profiles().into_iter().filter_map(|profile| Some(profile.phone?.into_string()));
    let world = Arc::new(World {
        binaries,
        cloud,
        http,
        braze_address: serve(Arc::clone(&braze).router()).await?,
        ai_address: serve(echo::router(Arc::clone(&later))).await?,
        assistant: assistant(users::how_many(options.count))
            .map_err(|error| Unfit::new(format!("no folder for the assistant: {error}")))?,
        trace: trace::Trace::default(),
        chance: Shared::new(Chance::new(seed)),
        saboteur: Saboteur::new(options.sabotage),
        tally: Tally::new(options.count),
        canaries: phones.chain(["zanzibar".to_owned()]).collect(),
        braze,
        options,
    });
    // Nobody asks the AI before.
    let _ = later.set(Arc::clone(&world));
    door.open(&world);
    Ok((world, door, address))
}

async fn kill(world: &Arc<World>, door: &str, progress: &impl Fn(String)) -> Result<(), Unfit> {
    let limit = Duration::from_mins(1) + FOR_EACH_KILL * u32::try_from(world.options.count).unwrap_or(u32::MAX);
    let telling = async {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            progress(format!("{} of {} killed, {}", world.kills(), world.options.count, evidence::so_far(world)));
        }
    };
    tokio::select! {
        never = telling => never,
        outcome = tokio::time::timeout(limit, users::write(world, door)) => match outcome {
            Ok(outcome) => outcome,
            Err(_) => Err(Unfit::new(format!("only {} processes were killed within {limit:?}", world.kills()))),
        },
    }
}

/// Waits until Braze has no webhook left and the queue is empty; says whether that came. A busy machine may take its time,
/// as long as it gets on.
async fn rest(world: &Arc<World>, progress: &impl Fn(String)) -> Result<bool, Unfit> {
    if tokio::time::timeout(REST_WITHIN, world.braze.settled()).await.is_err() {
        return Ok(false);
    }
    let (mut fewest, mut since) = (usize::MAX, Instant::now());
    while since.elapsed() < REST_WITHIN {
        let depth = world.cloud.depth().await?;
        if depth == 0 {
            return Ok(true);
        }
        if depth < fewest {
            (fewest, since) = (depth, Instant::now());
        }
        progress(format!("{depth} messages wait, {}", evidence::so_far(world)));
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    Ok(false)
}

fn stopped_early(ended: Option<Result<Result<(), Unfit>, tokio::task::JoinError>>) -> Unfit {
    match ended {
        Some(Ok(Err(unfit))) => unfit,
        Some(Err(error)) => Unfit::new(error.to_string()),
        _ => Unfit::new("the responder was fed no more"),
    }
}

/// Half of the users write by the recommended body, the others by the documented one. Braze's retries come soon.
fn workspace(door: &str, users: usize) -> Workspace {
    let url = format!("{door}/inbound");
    let workspace = Workspace::recommended(&url, WEBHOOK_TOKEN, "replies", BRAZE_KEY);
    let campaign = |last: &str, body: &str| InboundCampaign {
        keyword: Some(Keyword::Matches(format!("^{}\\d*[{last}]x", marks::CANARY))),
        body: body.to_owned(),
        ..InboundCampaign::recommended(last, &url, WEBHOOK_TOKEN)
    };
    Workspace {
        inbound: vec![campaign("02468", simulated_braze::RECOMMENDED_BODY), campaign("13579", DOCUMENTED_BODY)],
        profiles: (0..users).map(|user| Profile::customer(&marks::user(user))).collect(),
        requests_per_hour: u64::MAX,
        retries: Retries { first_after: Duration::from_millis(500), most: 5, timeout: Duration::from_secs(30) },
        ..workspace
    }
}

async fn serve(router: Router) -> Result<String, Unfit> {
    let failed = |error: io::Error| Unfit::new(format!("no port on the loopback interface: {error}"));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
    let address = format!("http://{}", listener.local_addr().map_err(failed)?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}

/// An assistant without knowledge, so that every answer is the AI's; with short quiet periods, and a STOP for each user who
/// writes it.
fn assistant(users: usize) -> io::Result<PathBuf> {
    let folder = env::temp_dir().join(format!("endurance-assistant-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let file = folder.join("assistant.toml");
    let stops: Vec<_> = (0..users).filter_map(users::stop).collect();
    let toml = format!(
        "[quiet_period]\nfragment_seconds = 1\ncap_seconds = 4\n\n[texts.en]\nfallback = \"{FALLBACK}\"\n\n\
         [keywords]\nopt_out = {stops:?}\n"
    );
    fs::write(&file, toml)?;
    Ok(file)
}
