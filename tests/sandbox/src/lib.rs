#![doc = include_str!("../README.md")]

mod asked;
pub mod costs;
mod customer;
mod deeds;
mod desk;
mod disk;
mod faults;
mod liquid;
mod live;
mod mapping;
mod options;
mod outside;
mod page;
pub mod queue;
mod routes;
pub mod scale;
mod steps;
mod threads;
mod watched;
mod whose;
mod workspace;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;

pub use deeds::{Deed, Program};
pub use faults::{AiFault, Crash, Faults};
pub use options::Options;
use outside::Outside;
use responder::{AssistantFiles, Source};
use world::World;

/// A running sandbox. It stops when this is dropped.
pub struct Sandbox {
    url: String,
    real_braze: Option<String>,
    knows_nothing: bool,
    unknown_campaigns: Vec<String>,
    tasks: Vec<AbortHandle>,
}

/// The sandbox cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Somebody else listens there.
    #[error("port {0} is taken, perhaps by another sandbox; choose one with --port N, or any free one with --port 0")]
    PortTaken(u16),
    /// The port cannot be opened.
    #[error("port {0} cannot be opened: {1}")]
    Port(u16, io::ErrorKind),
    /// A setting in the environment is wrong.
    #[error(
        "{0}. Settings are read from your environment; where no variable begins with AI_, BRAZE_ or DESK, that part is simulated"
    )]
    Settings(#[from] platform::settings::BadSettings),
    /// The assistant is wrong.
    #[error(transparent)]
    Assistant(responder::PackError),
    /// The assistant that was named is not there.
    #[error(
        "{0}; --assistant takes an assistant.toml or the folder that holds one, from where you are or from the root, or \
         s3://bucket/key or ssm:/parameter/name"
    )]
    NoAssistant(responder::PackError),
    /// The assistant that was named cannot be had from AWS.
    #[error("{0}\n{credentials}", credentials = deeds::CREDENTIALS)]
    AssistantOutOfReach(responder::PackError),
    /// The data folder cannot be used.
    #[error("the data folder {0} cannot be used ({1}); is another sandbox using it?")]
    DataFolder(PathBuf, String),
    /// The conversations in the data folder cannot be used.
    #[error(transparent)]
    Conversations(#[from] store::OpenError),
    /// An AI cannot be set up.
    #[error(transparent)]
    Ai(#[from] responder::BadBackend),
    /// `DESK_URL` is wrong.
    #[error(transparent)]
    Desk(#[from] ::desk::BadAddress),
    /// No HTTP client.
    #[error(transparent)]
    Http(#[from] platform::http::ClientError),
}

impl From<responder::PackError> for StartError {
    fn from(error: responder::PackError) -> Self {
        match error {
            responder::PackError::Unreadable { .. } => Self::NoAssistant(error),
            responder::PackError::OutOfReach { .. } => Self::AssistantOutOfReach(error),
            responder::PackError::Bad { .. } => Self::Assistant(error),
        }
    }
}

impl Sandbox {
    /// Starts everything; it serves when this returns.
    pub async fn start(options: &Options) -> Result<Self, StartError> {
        let aws = platform::aws::config().await;
        let files = AssistantFiles::fetch(options.assistant.as_deref(), &aws, &platform::http::client()?).await?;
        let has_knowledge = !files.knowledge.is_empty() || !files.route_knowledge.is_empty();
        let has_backends = files.assistant.backends.iter().next().is_some();
        // Before the port is opened: who has mended that would only then read what else is wrong.
        let outside = Outside::new(files, &aws)?;
        let listener = listen(options.port).await?;
        let address = listener.local_addr().map_err(|error| StartError::Port(options.port, error.kind()))?;
        let url = format!("http://{address}");
        let world = World::new(options, &url, outside)?;
        let knows_nothing = world.about.ai == "knowledge" && !has_knowledge && !has_backends;
        let real_braze = Some(world.about.braze.clone()).filter(|braze| braze != "simulated");
        let unknown_campaigns = world.about.unknown_campaigns.clone();
        let serving = tokio::spawn(serve(listener, Arc::clone(&world)));
        let feed = |source, queue: &Arc<_>| mapping::feed(source, Arc::clone(queue), Arc::clone(&world.responder));
        let feeding = tokio::spawn(feed(Source::Work, &world.work));
        let acting = tokio::spawn(feed(Source::Agents, &world.agents));
        let keeping = tokio::spawn(world.keep_braze());
        let tasks = [serving, feeding, acting, keeping].map(|task| task.abort_handle()).to_vec();
        Ok(Self { url, real_braze, knows_nothing, unknown_campaigns, tasks })
    }

    /// The Braze workspace that replies really go to, if one was set.
    pub fn real_braze(&self) -> Option<&str> {
        self.real_braze.as_deref()
    }

    /// Whether no AI is set up and the assistant has no knowledge either: then the bot knows no answer to anything.
    pub fn knows_nothing(&self) -> bool {
        self.knows_nothing
    }

    /// The campaigns that the assistant names and simulated Braze has not: it refuses what is sent by them.
    pub fn unknown_campaigns(&self) -> &[String] {
        &self.unknown_campaigns
    }

    /// The token that agents' calls under `/conversations/` carry.
    pub fn agent_token(&self) -> &'static str {
        world::AGENT_TOKEN
    }

    /// The token that calls of `/conversations/answers` carry, of a bot platform that answers later.
    pub fn answers_token(&self) -> &'static str {
        world::ANSWERS_TOKEN
    }

    /// Where it serves, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

async fn listen(port: u16) -> Result<TcpListener, StartError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken(port),
        kind => StartError::Port(port, kind),
    })
}

async fn serve(listener: TcpListener, world: Arc<World>) {
    if let Err(error) = axum::serve(listener, routes::router(world)).await {
        tracing::error!(%error, "the sandbox stopped serving");
    }
}
