//! Which AIs answer, where, and in which order.

use std::collections::BTreeMap;
use std::sync::Arc;

use ai::{
    Ai, Anthropic, BadBaseUrl, BadTool, Bedrock, Caller, Equipped, Grounded, HttpCaller, Knowledge, Ladder,
    MediaReader, OpenAi, Rung, Webhook,
};
use models::RouteName;
use models::assistant::{Backend, HttpTools, MediaRules, Place, Speaks};
use platform::aws::SdkConfig;
use platform::clock::Clock;
use platform::metrics::Meter;
use platform::secrets::Key;

use crate::{AiSettings, AssistantFiles};

/// What answers, everywhere and on the routes that have something else for it.
pub struct Backends {
    /// What answers everywhere else.
    pub ladder: Arc<dyn Ai>,
    /// What answers on the routes that have something else for it.
    pub routes: BTreeMap<RouteName, Arc<dyn Ai>>,
    /// What opens what users send; `None` if nothing here sees or hears.
    pub media: Option<MediaReader>,
}

/// What backends are made with.
pub struct Means<'a> {
    /// Calls them.
    pub http: reqwest::Client,
    /// Calls the brand's tools and what keeps users' pictures, and connects to public addresses alone.
    pub public_http: reqwest::Client,
    /// Says as whom, and where, those on AWS are called.
    pub aws: &'a SdkConfig,
    /// Counts the calls of the brand's tools, and what is opened of what users send.
    pub meter: Arc<dyn Meter>,
    /// The key in a field of the secret; `None` if there is nothing that could ever be one.
    pub key: &'a dyn Fn(&str) -> Option<Arc<dyn Key>>,
    /// Tells how long one that failed was left alone, and when a question was signed.
    pub clock: Arc<dyn Clock>,
    /// Put around every backend that is asked first somewhere: where somebody wants to watch.
    pub window: &'a dyn Fn(Arc<dyn Ai>) -> Arc<dyn Ai>,
    /// Put around what calls the brand's tools, for the same reason.
    pub tool_window: &'a dyn Fn(Arc<dyn Caller>) -> Arc<dyn Caller>,
}

/// A backend cannot be set up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBackend {
    /// Its address is none.
    #[error("`{which}`: {reason}")]
    Address {
        /// The setting.
        which: String,
        /// What is wrong with it.
        reason: BadBaseUrl,
    },
    /// It is on AWS, and nobody says where.
    #[error("`{which}`: there is no region to call bedrock in; set AWS_REGION and start again")]
    Nowhere {
        /// The setting that chose it.
        which: String,
    },
    /// It is called by signed requests.
    #[error("`{which}` is signed, and there is no key to sign with; set it and start again")]
    Unsigned {
        /// The setting that holds its address.
        which: String,
    },
    /// What transcribes voice messages wants a key that is nowhere.
    #[error("`media.voice.key` names a key that is not there; set it and start again")]
    Unheard,
    /// One of the brand's tools cannot be called.
    #[error(transparent)]
    Tool(#[from] BadTool),
    /// `ladder` stands below the knowledge.
    #[error(
        "`ladder` is never asked: AI_BACKEND is knowledge, and no route has a backend; set AI_BACKEND or take it away"
    )]
    NeverAsked,
}

/// Everything that can be asked, each once: what is learned about one holds wherever it is asked.
struct Rungs {
    /// The one that the environment names; `None` if that is the knowledge.
    chosen: Option<Arc<Rung>>,
    named: BTreeMap<String, Arc<Rung>>,
    ladder: Vec<String>,
}

impl Backends {
    /// Sets the backends up.
    pub fn new(settings: &AiSettings, files: &AssistantFiles, means: &Means<'_>) -> Result<Self, BadBackend> {
        let rungs = Rungs::new(settings, files, means)?;
        let knowledge = Arc::new(Knowledge::new(files.knowledge.clone()));
        let searchable = files.assistant.knowledge_search;
        let equipped = equipment(&files.assistant.tools, means)?;
        let ladder = |backend: Option<&str>, knowledge: Arc<Knowledge>, alone: bool| -> Arc<dyn Ai> {
            let mut all = if alone { Vec::new() } else { rungs.above_the_knowledge(backend) };
            let (is_alone, lowest) = (all.is_empty(), Arc::<Knowledge>::clone(&knowledge));
            let lowest: Arc<dyn Ai> = if is_alone { (means.window)(lowest) } else { lowest };
            all.push(Arc::new(Rung::new(lowest, None)));
            let ladder = Arc::new(Ladder::new(all, Arc::clone(&means.clock)));
            // What is asked above the knowledge is shown what that has.
            if is_alone { ladder } else { equipped(Arc::new(Grounded::new(knowledge, searchable, ladder))) }
        };
        let special =
            files.assistant.routes.iter().filter(|(_, route)| {
                route.knowledge_only || route.knowledge_folder.is_some() || route.backend.is_some()
            });
        let routes = special.map(|(name, route)| {
            let own = files.route_knowledge.get(name).cloned();
            let own = own.map_or_else(|| Arc::clone(&knowledge), |own| Arc::new(Knowledge::new(own)));
            (name.clone(), ladder(route.backend.as_deref(), own, route.knowledge_only))
        });
        let (routes, ladder): (BTreeMap<_, _>, _) = (routes.collect(), ladder(None, Arc::clone(&knowledge), false));
        let sees = ladder.sees() || routes.values().any(|ai| ai.sees());
        Ok(Self { media: media(&files.assistant.media, sees, means)?, routes, ladder })
    }
}

/// What opens what users send, if somebody sees it or hears it.
fn media(rules: &MediaRules, sees: bool, means: &Means<'_>) -> Result<Option<MediaReader>, BadBackend> {
    if !sees && rules.voice.is_none() {
        return Ok(None);
    }
    if rules.key().is_some_and(|field| (means.key)(field).is_none()) {
        return Err(BadBackend::Unheard);
    }
    let meter = Arc::clone(&means.meter);
    let reader = MediaReader::new(rules, &means.public_http, &means.http, means.key, meter);
    let which = "media.voice.base_url".to_owned();
    reader.map(Some).map_err(|reason| BadBackend::Address { which, reason })
}

/// What puts the brand's tools, if there are any, beside all that is asked for one question.
fn equipment(tools: &HttpTools, means: &Means<'_>) -> Result<impl Fn(Arc<dyn Ai>) -> Arc<dyn Ai>, BadTool> {
    let meter = Arc::clone(&means.meter);
    let caller = HttpCaller::new(tools, &means.public_http, &means.http, means.key, meter)?;
    let (tools, caller) = (Arc::new(tools.clone()), (means.tool_window)(Arc::new(caller)));
    Ok(move |inner| -> Arc<dyn Ai> {
        if tools.is_empty() {
            return inner;
        }
        Arc::new(Equipped::new(Arc::clone(&tools), Arc::clone(&caller), inner))
    })
}

impl Rungs {
    fn new(settings: &AiSettings, files: &AssistantFiles, means: &Means<'_>) -> Result<Self, BadBackend> {
        let assistant = &files.assistant;
        let of_routes: Vec<_> = assistant.routes.iter().filter_map(|(_, route)| route.backend.as_deref()).collect();
        let chosen = match settings {
            AiSettings::Knowledge => None,
            AiSettings::Backend(backend) => {
                let backend = Backend { images: assistant.media.images, ..backend.clone() };
                Some(rung(&backend, Setting::Environment, true, means)?)
            }
        };
        let ladder: Vec<_> = assistant.backends.ladder().map(str::to_owned).collect();
        if chosen.is_none() && of_routes.is_empty() && !ladder.is_empty() {
            return Err(BadBackend::NeverAsked);
        }
        let mut named = BTreeMap::new();
        for (name, backend) in assistant.backends.iter() {
            let is_first = of_routes.contains(&name);
            named.insert(name.to_owned(), rung(backend, Setting::Named(name), is_first, means)?);
        }
        Ok(Self { chosen, named, ladder })
    }

    /// Those that are asked before the knowledge: `backend`, or the chosen one in its place, and below it the ladder. On a
    /// route whose own backend stands in the ladder too, it is asked once. Without any first there is none.
    fn above_the_knowledge(&self, backend: Option<&str>) -> Vec<Arc<Rung>> {
        let Some(first) = backend.map_or(self.chosen.as_ref(), |name| self.named.get(name)) else { return vec![] };
        let below = self.ladder.iter().filter(|name| Some(name.as_str()) != backend);
        std::iter::once(first).chain(below.filter_map(|name| self.named.get(name))).cloned().collect()
    }
}

/// Where a backend was set up, for messages.
#[derive(Clone, Copy)]
enum Setting<'a> {
    Environment,
    Named(&'a str),
}

impl Setting<'_> {
    /// The setting that holds its address.
    fn address(self) -> String {
        match self {
            Self::Environment => "AI_BASE_URL".to_owned(),
            Self::Named(name) => format!("backends.{name}.base_url"),
        }
    }

    /// The setting that says what it is.
    fn kind(self) -> String {
        match self {
            Self::Environment => "AI_BACKEND".to_owned(),
            Self::Named(name) => format!("backends.{name}.kind"),
        }
    }
}

fn rung(backend: &Backend, which: Setting<'_>, is_first: bool, means: &Means<'_>) -> Result<Arc<Rung>, BadBackend> {
    let ai = client(backend, which, means)?;
    let ai = if is_first { (means.window)(ai) } else { ai };
    Ok(Arc::new(Rung::new(ai, backend.deadline)))
}

fn client(backend: &Backend, which: Setting<'_>, means: &Means<'_>) -> Result<Arc<dyn Ai>, BadBackend> {
    let key = backend.key().and_then(|field| (means.key)(field));
    let bad = |reason| BadBackend::Address { which: which.address(), reason };
    let sees = backend.images;
    Ok(match &backend.place {
        Place::Server { speaks, base_url: url, .. } => {
            let http = means.http.clone();
            match speaks {
                Speaks::OpenAi(model) => Arc::new(OpenAi::new(url, model, key, http).map_err(bad)?.seeing(sees)),
                Speaks::Anthropic(model) => Arc::new(Anthropic::new(url, model, key, http).map_err(bad)?.seeing(sees)),
                Speaks::Webhook { later_within } => {
                    let key = key.ok_or_else(|| BadBackend::Unsigned { which: which.address() })?;
                    let webhook = Webhook::new(url, key, http, Arc::clone(&means.clock)).map_err(bad)?;
                    Arc::new(webhook.waited_for(*later_within))
                }
            }
        }
        Place::Bedrock { model, region } => {
            let region = region.as_deref().or_else(|| means.aws.region().map(AsRef::as_ref));
            let region = region.ok_or_else(|| BadBackend::Nowhere { which: which.kind() })?;
            let bad = |reason| BadBackend::Address { which: "AWS_ENDPOINT_URL_BEDROCK_RUNTIME".to_owned(), reason };
            Arc::new(Bedrock::new(means.aws, region, model, means.http.clone()).map_err(bad)?.seeing(sees))
        }
    })
}

#[cfg(test)]
mod tests;
