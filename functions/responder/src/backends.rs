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
mod tests {
    use std::cell::Cell;

    use models::assistant::Assistant;
    use platform::clock::SystemClock;
    use platform::metrics::Uncounted;
    use platform::secrets::FixedKey;

    use super::*;

    const THREE: &str = "[backends.a]\nkind = \"openai\"\nbase_url = \"https://a.example/v1\"\nmodel = \"m\"\n\
                         [backends.b]\nkind = \"anthropic\"\nbase_url = \"https://b.example\"\nmodel = \"m\"\nkey = \"k\"\n\
                         [backends.c]\nkind = \"webhook\"\nbase_url = \"https://c.example/hook\"\nkey = \"k\"\n";

    fn files(toml: &str) -> AssistantFiles {
        let assistant = Assistant::from_toml(toml).unwrap();
        AssistantFiles { assistant, knowledge: vec![], route_knowledge: BTreeMap::new() }
    }

    fn chosen(base_url: &str) -> AiSettings {
        let (speaks, base_url) = (Speaks::OpenAi("m".to_owned()), base_url.to_owned());
        AiSettings::Backend(Backend {
            place: Place::Server { speaks, base_url, key: None },
            deadline: None,
            images: false,
        })
    }

    fn bedrock(region: Option<&str>) -> AiSettings {
        let place = Place::Bedrock { model: "m".to_owned(), region: region.map(str::to_owned) };
        AiSettings::Backend(Backend { place, deadline: None, images: false })
    }

    fn with<T>(key: bool, window: &dyn Fn(Arc<dyn Ai>) -> Arc<dyn Ai>, then: impl FnOnce(&Means<'_>) -> T) -> T {
        let key = |_: &str| key.then(|| Arc::new(FixedKey("k".into())) as Arc<dyn Key>);
        let (http, public_http) = (platform::http::client().unwrap(), platform::http::public_client().unwrap());
        let (clock, meter, tool_window) = (Arc::new(SystemClock), Arc::new(Uncounted), &|caller| caller);
        let aws = SdkConfig::builder().build();
        then(&Means { http, public_http, aws: &aws, meter, key: &key, clock, window, tool_window })
    }

    fn failure(settings: &AiSettings, toml: &str, key: bool) -> Option<String> {
        let outcome = with(key, &|ai| ai, |means| Backends::new(settings, &files(toml), means));
        outcome.err().map(|error| error.to_string())
    }

    /// What is asked before the knowledge where `backend` comes first, the one of the environment as `-`.
    fn order(settings: &AiSettings, toml: &str, backend: Option<&str>) -> String {
        let rungs = with(true, &|ai| ai, |means| Rungs::new(settings, &files(toml), means).unwrap());
        let mut names: Vec<_> = rungs.named.iter().map(|(name, rung)| (name.as_str(), rung)).collect();
        names.extend(rungs.chosen.as_ref().map(|rung| ("-", rung)));
        let name =
            |rung: &Arc<Rung>| names.iter().find(|(_, known)| Arc::ptr_eq(known, rung)).map_or("?", |(name, _)| name);
        rungs.above_the_knowledge(backend).iter().map(name).collect()
    }

    #[test]
    fn a_route_puts_its_backend_in_the_place_of_the_first_and_the_rest_is_as_everywhere() {
        let toml = format!("ladder = [\"b\", \"a\"]\n{THREE}[routes.r]\nbackend = \"c\"\n[routes.s]\nbackend = \"a\"");
        for (settings, backend, expected) in [
            (chosen("https://x.example"), None, "-ba"),
            (chosen("https://x.example"), Some("c"), "cba"),
            (chosen("https://x.example"), Some("a"), "ab"),
            (AiSettings::Knowledge, None, ""),
            (AiSettings::Knowledge, Some("c"), "cba"),
        ] {
            assert_eq!(order(&settings, &toml, backend), expected, "{backend:?}");
        }
    }

    #[test]
    fn the_window_is_around_what_is_asked_first_and_nothing_else() {
        let ladder = format!("ladder = [\"a\", \"b\", \"c\"]\n{THREE}");
        let route =
            format!("ladder = [\"a\", \"b\"]\n{THREE}[routes.r]\nbackend = \"c\"\n[routes.k]\nknowledge_only = true");
        for (settings, toml, expected) in [
            (AiSettings::Knowledge, "", 1),
            (chosen("https://x.example"), "", 1),
            (chosen("https://x.example"), &ladder, 1),
            // The first, the route's, and the knowledge where it is alone.
            (chosen("https://x.example"), &route, 3),
        ] {
            let windows = Cell::new(0);
            let window = |ai| {
                windows.set(windows.get() + 1);
                ai
            };
            assert!(with(true, &window, |means| Backends::new(&settings, &files(toml), means)).is_ok());
            assert_eq!(windows.get(), expected, "{toml}");
        }
    }

    #[test]
    fn pictures_are_fetched_where_a_model_sees_them_and_voices_where_somebody_listens() {
        let voice = "[media.voice]\nbase_url = \"https://v.example/v1\"\nmodel = \"m\"";
        let seeing =
            |at: &str| THREE.replace(&format!("[backends.{at}]\n"), &format!("[backends.{at}]\nimages = true\n"));
        let ladder = |of: &str| format!("ladder = [\"a\", \"b\", \"c\"]\n{of}");
        let x = || chosen("https://x.example");
        for (settings, toml, sees, opens) in [
            (x(), ladder(THREE), false, false),
            (x(), format!("{}[media]\nimages = true", ladder(THREE)), true, true),
            (x(), ladder(&seeing("b")), true, true),
            (bedrock(Some("eu-west-3")), "[media]\nimages = true".to_owned(), true, true),
            (AiSettings::Knowledge, "[media]\nimages = true".to_owned(), false, false),
            (AiSettings::Knowledge, voice.to_owned(), false, true),
            (x(), format!("ladder = [\"b\", \"c\"]\n{}[routes.r]\nbackend = \"a\"", seeing("a")), false, true),
        ] {
            let backends = with(true, &|ai| ai, |means| Backends::new(&settings, &files(&toml), means)).unwrap();
            assert_eq!((backends.ladder.sees(), backends.media.is_some()), (sees, opens), "{toml}");
            assert!(backends.routes.values().all(|ai| ai.sees()), "{toml}");
        }
    }

    #[test]
    fn what_cannot_be_set_up_is_named_by_its_setting_and_never_shown() {
        let ladder = format!("ladder = [\"a\", \"b\", \"c\"]\n{THREE}");
        let tool = |host: &str| {
            format!("[tools.order]\ndescribe = \"x\"\nurl = \"https://{host}/orders\"\nkey = \"shop_key\"\n")
        };
        let voice = |url: &str, rest: &str| format!("[media.voice]\nbase_url = \"{url}\"\nmodel = \"m\"\n{rest}");
        let nova = "ladder = [\"nova\"]\n[backends.nova]\nkind = \"bedrock\"\nmodel = \"m\"".to_owned();
        let with_password = ladder.replace("https://b.example", "https://me:hush@b.example");
        for (settings, toml, key, expected) in [
            (chosen("https://x.example"), &ladder, true, None),
            (chosen("https://me:hush@x.example"), &ladder, true, Some("`AI_BASE_URL`")),
            (chosen("https://x.example"), &with_password, true, Some("`backends.b.base_url`")),
            (chosen("https://x.example"), &ladder, false, Some("`backends.c.base_url` is signed")),
            (AiSettings::Knowledge, &ladder, true, Some("`ladder` is never asked")),
            (AiSettings::Knowledge, &tool("shop.example"), true, None),
            (
                AiSettings::Knowledge,
                &tool("shop.example"),
                false,
                Some("`tools.order.key` names a key that is not there"),
            ),
            (AiSettings::Knowledge, &tool("169.254.169.254"), true, Some("`tools.order.url` is no public address")),
            (AiSettings::Knowledge, &tool("1.2.3.4.5"), true, Some("`tools.order.url` is no address")),
            (AiSettings::Knowledge, &voice("https://x.example", ""), false, None),
            (AiSettings::Knowledge, &voice("https://x.example", "key = \"voice_key\""), true, None),
            (
                AiSettings::Knowledge,
                &voice("https://x.example", "key = \"voice_key\""),
                false,
                Some("`media.voice.key`"),
            ),
            (AiSettings::Knowledge, &voice("https://me:hush@x.example", ""), true, Some("`media.voice.base_url`")),
            (bedrock(None), &ladder, true, Some("`AI_BACKEND`: there is no region")),
            (bedrock(Some("eu-west-3")), &ladder, true, None),
            (chosen("https://x.example"), &nova, true, Some("`backends.nova.kind`: there is no region")),
        ] {
            let failure = failure(&settings, toml, key);
            assert_eq!(failure.is_some(), expected.is_some(), "{failure:?}");
            let failure = failure.unwrap_or_default();
            assert!(failure.starts_with(expected.unwrap_or_default()) && !failure.contains("hush"), "{failure}");
        }
    }
}
