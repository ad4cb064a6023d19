//! Backends: the AIs that are asked beside the one that the environment names.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::Routes;
use super::section::{Section, is_name};
use super::spelling::{did_you_mean, nearest};

/// Keys of the responder's secret that are for others than an AI: sent to one, they would be given away.
const OTHERS_KEYS: [&str; 2] = ["braze_api_key", "desk_token"];
const LONGEST_NAME: usize = 40;
const LATER: &str = "later_within_seconds";

/// How long an answer that comes later is waited for where nothing else is said.
pub const LATER_WITHIN: Duration = Duration::from_mins(2);
/// In seconds; at most ten hours: a message may rest in a queue for twelve at once, and is too old to be answered after
/// 23.
const WITHIN: RangeInclusive<f64> = 5.0..=36_000.0;

/// Every backend by its name, and those that stand between the environment's and the knowledge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backends {
    named: BTreeMap<String, Backend>,
    ladder: Vec<String>,
}

/// An AI somewhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Where it is.
    pub place: Place,
    /// The most time it gets, within what the limits leave.
    pub deadline: Option<Duration>,
    /// Whether its model is shown the pictures that users send.
    pub images: bool,
}

/// Where a backend is, and how it is spoken to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A server.
    Server {
        /// What it speaks.
        speaks: Speaks,
        /// Where it is; of a webhook the whole address.
        base_url: String,
        /// The field of the responder's secret that holds its key; `None` if it wants none.
        key: Option<String>,
    },
    /// Amazon Bedrock, which knows the function by its role and wants no key.
    Bedrock {
        /// The id or the ARN of a model or of an inference profile.
        model: String,
        /// `eu-central-1`, say; the function's own if `None`.
        region: Option<String>,
    },
}

/// The interface that a server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaks {
    /// Chat completions, with this model.
    OpenAi(String),
    /// The Messages API, with this model.
    Anthropic(String),
    /// A signed webhook.
    Webhook {
        /// How long its answer is waited for if it says that it comes later.
        later_within: Duration,
    },
}

impl Backends {
    /// All of them with their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Backend)> {
        self.named.iter().map(|(name, backend)| (name.as_str(), backend))
    }

    /// The names of those that stand in for the first, in their order.
    pub fn ladder(&self) -> impl Iterator<Item = &str> {
        self.ladder.iter().map(String::as_str)
    }

    /// The one that `name` means.
    pub(super) fn named(&self, name: &str) -> Result<&str, UnknownBackend<'_>> {
        named(&self.named, name)
    }

    /// Reads `[backends]` and `ladder` of the whole file.
    pub(super) fn read(file: &mut Section) -> Self {
        let mut section = file.section("backends");
        let named: BTreeMap<_, _> =
            section.keys().into_iter().map(|name| (name.clone(), Backend::read(section.section(&name)))).collect();
        for name in named.keys().filter(|name| !is_name(name)) {
            section.mistake(name, "is no backend's name: 1 to 40 characters of a-z 0-9 _");
        }
        let (mut ladder, mut guessed) = (Vec::new(), Vec::new());
        for (place, name) in file.numbered_texts("ladder", LONGEST_NAME) {
            match self::named(&named, &name) {
                Ok(known) if ladder.contains(&known) => {
                    let problem = format!("asks a backend twice: number {place} is there already");
                    file.mistake_in_list("ladder", place, &problem);
                }
                Ok(known) => ladder.push(known),
                Err(UnknownBackend { all, meant }) => {
                    let advice = did_you_mean(meant);
                    let problem = format!("must be names out of {all}: number {place} is none{advice}");
                    file.mistake_in_list("ladder", place, &problem);
                    guessed.extend(meant);
                }
            }
        }
        // What was probably meant counts as asked, or it would be a mistake as well.
        let ladder = ladder.into_iter().chain(guessed).map(str::to_owned).collect();
        Self { named, ladder }
    }

    /// Notes which of them nobody would ever ask.
    pub(super) fn check_use(&self, routes: &Routes, file: &mut Section) {
        let of_routes = routes.iter().filter_map(|(_, route)| route.backend.as_deref());
        let used: BTreeSet<_> = self.ladder().chain(of_routes).collect();
        for name in self.named.keys().filter(|name| !used.contains(name.as_str())) {
            file.mistake(&format!("backends.{name}"), "is never asked: put it in `ladder`, or in a route as `backend`");
        }
    }
}

/// A name that no backend has.
pub(super) struct UnknownBackend<'a> {
    /// Where names come from, in words.
    pub(super) all: String,
    /// The name that was probably meant.
    pub(super) meant: Option<&'a str>,
}

fn named<'a>(backends: &'a BTreeMap<String, Backend>, name: &str) -> Result<&'a str, UnknownBackend<'a>> {
    if let Some((known, _)) = backends.get_key_value(name) {
        return Ok(known);
    }
    let names: Vec<_> = backends.keys().map(String::as_str).collect();
    let meant = nearest(name, names.iter().copied(), |known| known);
    let all = names.join(", ");
    Err(UnknownBackend {
        all: if all.is_empty() { "[backends]".to_owned() } else { format!("[backends] ({all})") },
        meant,
    })
}

impl Backend {
    /// The field of the responder's secret that holds its key; `None` if it wants none.
    pub fn key(&self) -> Option<&str> {
        match &self.place {
            Place::Server { key, .. } => key.as_deref(),
            Place::Bedrock { .. } => None,
        }
    }

    fn read(mut section: Section) -> Self {
        let place = match section.one_of("kind", &KINDS) {
            Some(Kind::OpenAi) => {
                let speaks = Speaks::OpenAi(model(&mut section));
                server(speaks, &mut section)
            }
            Some(Kind::Anthropic) => {
                let speaks = Speaks::Anthropic(model(&mut section));
                server(speaks, &mut section)
            }
            Some(Kind::Webhook) => {
                let later_within = section.seconds(LATER, LATER_WITHIN.as_secs_f64(), WITHIN);
                server(Speaks::Webhook { later_within }, &mut section)
            }
            Some(Kind::Bedrock) => bedrock(&mut section),
            None => {
                // Which of the others it needs depends on what it is.
                for key in ["model", "base_url", "key", "region", LATER] {
                    section.skip(key);
                }
                Place::Bedrock { model: String::new(), region: None }
            }
        };
        let has_deadline = section.has("deadline_seconds");
        let deadline = section.seconds("deadline_seconds", 25.0, 1.0..=600.0);
        let images = section.flag("images", false);
        if images && matches!(place, Place::Server { speaks: Speaks::Webhook { .. }, .. }) {
            section.mistake("images", "is for models: a webhook is sent words alone");
        }
        if section.has(LATER) {
            section.mistake(LATER, "belongs to webhook alone: no other answers later");
            section.skip(LATER);
        }
        Self { place, deadline: has_deadline.then_some(deadline), images }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    OpenAi,
    Anthropic,
    Bedrock,
    Webhook,
}

const KINDS: [(&str, Kind); 4] =
    [("openai", Kind::OpenAi), ("anthropic", Kind::Anthropic), ("bedrock", Kind::Bedrock), ("webhook", Kind::Webhook)];

fn server(speaks: Speaks, section: &mut Section) -> Place {
    if section.has("region") {
        section.mistake("region", "belongs to bedrock alone: the address says where a server is");
        section.skip("region");
    }
    let key = key(section, matches!(speaks, Speaks::Webhook { .. }));
    Place::Server { base_url: base_url(section), speaks, key }
}

fn bedrock(section: &mut Section) -> Place {
    let model = model(section);
    for (name, why) in [
        ("base_url", "does not belong to bedrock: `region` says where it is, if not in the function's own"),
        ("key", "does not belong to bedrock: the function's role is what it goes by"),
    ] {
        if section.has(name) {
            section.mistake(name, why);
            section.skip(name);
        }
    }
    let region = section.has("region").then(|| section.word("region"));
    if region.as_deref().is_some_and(|region| !is_region(region)) {
        section.mistake("region", "must be the name of an AWS region, such as eu-central-1");
    }
    Place::Bedrock { model, region }
}

/// Whether this can be a region's name: it becomes a part of a host's.
fn is_region(text: &str) -> bool {
    let is_plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9'));
    text.len() <= LONGEST_NAME && text.split('-').count() > 2 && text.split('-').all(is_plain)
}

pub(super) fn model(section: &mut Section) -> String {
    let has_model = section.has("model");
    let model = section.text("model", "", 200);
    if !has_model {
        section.mistake("model", "is missing: which model is to answer");
    }
    model
}

pub(super) fn base_url(section: &mut Section) -> String {
    let url = section.word("base_url");
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web || url.contains(char::is_whitespace) {
        section.mistake("base_url", "must be an address that starts with https:// (or http://)");
    }
    url
}

pub(super) fn key(section: &mut Section, is_needed: bool) -> Option<String> {
    if !section.has("key") {
        if is_needed {
            section.mistake("key", "is missing: which field of the responder's secret signs");
        }
        return None;
    }
    Some(secret_key(section, &OTHERS_KEYS, "an AI"))
}

/// The field of the secret that `key` names, which is none of `others`. Whatever it holds instead of a name may be the
/// key itself and is not shown.
pub(super) fn secret_key(section: &mut Section, others: &[&str], whose: &str) -> String {
    let key = section.word("key");
    if !is_name(&key) {
        section
            .mistake("key", "must be the name of a field of the responder's secret (a-z 0-9 _), never the key itself");
    } else if others.contains(&key.as_str()) {
        section.mistake("key", &format!("is not for {whose}: it must be a field of its own"));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    const CLAUDE: &str =
        "[backends.claude]\nkind = \"anthropic\"\nbase_url = \"https://api.anthropic.com\"\nmodel = \"m\"\n";

    #[test]
    fn a_backend_is_read_whole_and_named_where_it_is_asked() {
        let assistant = Assistant::from_toml(&format!(
            "ladder = [\"claude\"]\n{CLAUDE}key = \"claude_key\"\ndeadline_seconds = 7.5\nimages = true\n\
             [backends.bot]\nkind = \"webhook\"\nbase_url = \"https://bot.example/hook\"\nkey = \"bot_secret\"\n\
             later_within_seconds = 300\n[backends.own]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:11434/v1\"\nmodel = \"llama\"\n\
             [backends.nova]\nkind = \"bedrock\"\nmodel = \"eu.amazon.nova-lite-v1:0\"\nregion = \"eu-west-3\"\n\
             [routes.a]\nbackend = \"bot\"\n[routes.b]\nbackend = \"own\"\n[routes.c]\nbackend = \"nova\"\n",
        ))
        .unwrap();
        let backend = |name: &str| assistant.backends.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        let server = |speaks, base_url: &str, key: Option<&str>| Place::Server {
            speaks,
            base_url: base_url.to_owned(),
            key: key.map(str::to_owned),
        };
        let claude = server(Speaks::Anthropic("m".to_owned()), "https://api.anthropic.com", Some("claude_key"));
        let later_within = Duration::from_mins(5);
        let bot = server(Speaks::Webhook { later_within }, "https://bot.example/hook", Some("bot_secret"));
        let own = server(Speaks::OpenAi("llama".to_owned()), "http://127.0.0.1:11434/v1", None);
        let nova =
            Place::Bedrock { model: "eu.amazon.nova-lite-v1:0".to_owned(), region: Some("eu-west-3".to_owned()) };
        let deadline = Some(Duration::from_millis(7_500));
        for (name, place, deadline) in
            [("claude", claude, deadline), ("bot", bot, None), ("own", own, None), ("nova", nova, None)]
        {
            assert_eq!(backend(name), Backend { place, deadline, images: name == "claude" }, "{name}");
        }
        assert_eq!(assistant.backends.ladder().collect::<Vec<_>>(), ["claude"]);
        let routes: Vec<_> = assistant.routes.iter().map(|(_, route)| route.backend.as_deref()).collect();
        assert_eq!(routes, [Some("bot"), Some("own"), Some("nova")]);
    }

    #[test]
    fn every_mistake_is_named_by_its_place_and_no_key_is_shown() {
        let webhook = |rest: &str| {
            format!("ladder = [\"x\"]\n[backends.x]\nkind = \"webhook\"\nbase_url = \"https://x.example\"\n{rest}")
        };
        let claude = |rest: &str| format!("ladder = [\"claude\"]\n{CLAUDE}{rest}");
        let bedrock = |rest: &str| format!("ladder = [\"x\"]\n[backends.x]\nkind = \"bedrock\"\n{rest}");
        for (toml, keys) in [
            (CLAUDE.to_owned(), vec!["backends.claude"]),
            ("ladder = [\"claude\"]".to_owned(), vec!["ladder"]),
            (format!("ladder = [\"claude\", \"claude\"]\n{CLAUDE}"), vec!["ladder"]),
            (format!("ladder = [\"claude\", \"cloude\"]\n{CLAUDE}"), vec!["ladder"]),
            (format!("ladder = [\"cloude\", \"claude\"]\n{CLAUDE}"), vec!["ladder"]),
            (format!("ladder = \"claude\"\n{CLAUDE}"), vec!["ladder", "backends.claude"]),
            (claude("[routes.a]\nbackend = \"gemini\""), vec!["routes.a.backend"]),
            (claude("[routes.a]\nbackend = \"claude\"\nknowledge_only = true"), vec!["routes.a.backend"]),
            (claude("deadline_seconds = 0"), vec!["backends.claude.deadline_seconds"]),
            (claude("api_key = \"sk-secret\""), vec!["backends.claude.api_key"]),
            (claude("key = \"sk-ant-secret\""), vec!["backends.claude.key"]),
            (claude("key = 7"), vec!["backends.claude.key"]),
            (claude("key = \"braze_api_key\""), vec!["backends.claude.key"]),
            (claude("key = \"desk_token\""), vec!["backends.claude.key"]),
            (webhook(""), vec!["backends.x.key"]),
            (webhook("key = \"x\"\nmodel = \"m\""), vec!["backends.x.model"]),
            (webhook("key = \"x\"\nimages = true"), vec!["backends.x.images"]),
            (webhook("key = \"x\"\nlater_within_seconds = 4"), vec!["backends.x.later_within_seconds"]),
            (webhook("key = \"x\"\nlater_within_seconds = 36001"), vec!["backends.x.later_within_seconds"]),
            (claude("later_within_seconds = 60"), vec!["backends.claude.later_within_seconds"]),
            (claude("region = \"eu-west-3\""), vec!["backends.claude.region"]),
            (bedrock(""), vec!["backends.x.model"]),
            (bedrock("model = \"m\"\nregion = \"eu-west-3.example.com/\""), vec!["backends.x.region"]),
            (bedrock("model = \"m\"\nregion = \"Frankfurt\""), vec!["backends.x.region"]),
            (bedrock("model = \"m\"\nregion = 3"), vec!["backends.x.region"]),
            (
                bedrock("model = \"m\"\nbase_url = \"https://x.example\"\nkey = \"sk-ant-secret\""),
                vec!["backends.x.base_url", "backends.x.key"],
            ),
            ("ladder = [\"x\"]\n[backends.x]\nkind = \"gemini\"\nmodel = \"m\"".to_owned(), vec!["backends.x.kind"]),
            (
                "ladder = [\"x\"]\n[backends.x]\nkind = \"openai\"\nbase_url = \"x.example\"".to_owned(),
                vec!["backends.x.model", "backends.x.base_url"],
            ),
            (
                "ladder = [\"x y\"]\n[backends.\"x y\"]\nkind = \"openai\"\nbase_url = \"https://a b\"\nmodel = \" \""
                    .to_owned(),
                vec!["backends.x y", "backends.x y.base_url", "backends.x y.model"],
            ),
        ] {
            let mistakes = Assistant::from_toml(&toml).unwrap_err().told();
            let named: Vec<_> = mistakes.iter().map(|mistake| mistake.split('`').nth(1).unwrap()).collect();
            assert_eq!(named, keys, "{mistakes:#?}");
            assert!(!mistakes.concat().contains("secret\""), "{mistakes:?}");
            assert!(!mistakes.concat().contains("sk-"), "{mistakes:?}");
        }
    }
}
