//! Backends: the AIs that are asked beside the one that the environment names.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Routes;
use super::section::{Section, is_name};

/// Keys of the responder's secret that are for others than an AI: sent to one, they would be given away.
const OTHERS_KEYS: [&str; 2] = ["braze_api_key", "desk_token"];
const LONGEST_NAME: usize = 40;

/// Every backend by its name, and those that stand between the environment's and the knowledge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backends {
    named: BTreeMap<String, Backend>,
    ladder: Vec<String>,
}

/// An AI that is reached over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// What it speaks.
    pub speaks: Speaks,
    /// Where it is; of a webhook the whole address.
    pub base_url: String,
    /// The field of the responder's secret that holds its key; `None` if it wants none.
    pub key: Option<String>,
    /// The most time it gets, within what the limits leave.
    pub deadline: Option<Duration>,
}

/// The interface that a backend has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Speaks {
    /// Chat completions, with this model.
    OpenAi(String),
    /// The Messages API, with this model.
    Anthropic(String),
    /// A signed webhook.
    Webhook,
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

    /// Whether there is one of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }

    /// Reads `[backends]` and `ladder` of the whole file.
    pub(super) fn read(file: &mut Section) -> Self {
        let mut section = file.section("backends");
        let named: BTreeMap<_, _> =
            section.keys().into_iter().map(|name| (name.clone(), Backend::read(section.section(&name)))).collect();
        for name in named.keys().filter(|name| !is_name(name)) {
            section.mistake(name, "is no backend's name: 1 to 40 characters of a-z 0-9 _");
        }
        let mut ladder = Vec::new();
        for (place, name) in file.numbered_texts("ladder", LONGEST_NAME) {
            if !named.contains_key(&name) {
                file.mistake("ladder", &format!("must be names out of [backends]: number {place} is none"));
            } else if ladder.contains(&name) {
                file.mistake("ladder", &format!("asks a backend twice: number {place} is there already"));
            } else {
                ladder.push(name);
            }
        }
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

impl Backend {
    fn read(mut section: Section) -> Self {
        let speaks = match section.text("kind", "", 20).as_str() {
            "openai" => Speaks::OpenAi(model(&mut section)),
            "anthropic" => Speaks::Anthropic(model(&mut section)),
            "webhook" => Speaks::Webhook,
            _ => {
                section.mistake("kind", "must be openai, anthropic or webhook");
                Speaks::OpenAi(section.word("model"))
            }
        };
        let key = key(&mut section, speaks == Speaks::Webhook);
        let has_deadline = section.has("deadline_seconds");
        let deadline = section.seconds("deadline_seconds", 25.0, 1.0..=600.0);
        Self { base_url: base_url(&mut section), speaks, key, deadline: has_deadline.then_some(deadline) }
    }
}

fn model(section: &mut Section) -> String {
    let has_model = section.has("model");
    let model = section.text("model", "", 200);
    if !has_model {
        section.mistake("model", "is missing: which model is to answer");
    }
    model
}

fn base_url(section: &mut Section) -> String {
    let url = section.word("base_url");
    let is_web = url.starts_with("https://") || url.starts_with("http://");
    if !is_web || url.contains(char::is_whitespace) {
        section.mistake("base_url", "must be an address that starts with https:// (or http://)");
    }
    url
}

fn key(section: &mut Section, is_needed: bool) -> Option<String> {
    if !section.has("key") {
        if is_needed {
            section.mistake("key", "is missing: which field of the responder's secret signs");
        }
        return None;
    }
    Some(secret_key(section, &OTHERS_KEYS, "an AI"))
}

/// The field of the secret that `key` names, which is none of `others`. Whatever it holds instead of a name may be the key
/// itself and is not shown.
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
    use super::super::{Assistant, BadAssistant};
    use super::*;

    const CLAUDE: &str =
        "[backends.claude]\nkind = \"anthropic\"\nbase_url = \"https://api.anthropic.com\"\nmodel = \"m\"\n";

    #[test]
    fn a_backend_is_read_whole_and_named_where_it_is_asked() {
        let assistant = Assistant::from_toml(&format!(
            "ladder = [\"claude\"]\n{CLAUDE}key = \"claude_key\"\ndeadline_seconds = 7.5\n\
             [backends.bot]\nkind = \"webhook\"\nbase_url = \"https://bot.example/hook\"\nkey = \"bot_secret\"\n\
             [backends.own]\nkind = \"openai\"\nbase_url = \"http://127.0.0.1:11434/v1\"\nmodel = \"llama\"\n\
             [routes.a]\nbackend = \"bot\"\n[routes.b]\nbackend = \"own\"\n",
        ))
        .unwrap();
        let backend = |name: &str| assistant.backends.iter().find(|(known, _)| *known == name).unwrap().1.clone();
        assert_eq!(
            backend("claude"),
            Backend {
                speaks: Speaks::Anthropic("m".to_owned()),
                base_url: "https://api.anthropic.com".to_owned(),
                key: Some("claude_key".to_owned()),
                deadline: Some(Duration::from_millis(7_500)),
            }
        );
        assert_eq!((backend("bot").speaks, backend("bot").deadline), (Speaks::Webhook, None));
        assert_eq!((backend("own").speaks, backend("own").key), (Speaks::OpenAi("llama".to_owned()), None));
        assert_eq!(assistant.backends.ladder().collect::<Vec<_>>(), ["claude"]);
        let routes: Vec<_> = assistant.routes.iter().map(|(_, route)| route.backend.as_deref()).collect();
        assert_eq!(routes, [Some("bot"), Some("own")]);
    }

    #[test]
    fn every_mistake_is_named_by_its_place_and_no_key_is_shown() {
        let webhook = |rest: &str| {
            format!("ladder = [\"x\"]\n[backends.x]\nkind = \"webhook\"\nbase_url = \"https://x.example\"\n{rest}")
        };
        let claude = |rest: &str| format!("ladder = [\"claude\"]\n{CLAUDE}{rest}");
        for (toml, keys) in [
            (CLAUDE.to_owned(), vec!["backends.claude"]),
            ("ladder = [\"claude\"]".to_owned(), vec!["ladder"]),
            (format!("ladder = [\"claude\", \"claude\"]\n{CLAUDE}"), vec!["ladder"]),
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
            (
                "ladder = [\"x\"]\n[backends.x]\nkind = \"gemini\"\nmodel = \"m\"".to_owned(),
                vec!["backends.x.kind", "backends.x.base_url"],
            ),
            (
                "ladder = [\"x\"]\n[backends.x]\nkind = \"openai\"\nbase_url = \"x.example\"".to_owned(),
                vec!["backends.x.model", "backends.x.base_url"],
            ),
            (
                "ladder = [\"x y\"]\n[backends.\"x y\"]\nkind = \"openai\"\nbase_url = \"https://a b\"\nmodel = \" \""
                    .to_owned(),
                vec!["backends.x y.model", "backends.x y.base_url", "backends.x y"],
            ),
        ] {
            let BadAssistant(mistakes) = Assistant::from_toml(&toml).unwrap_err();
            let named: Vec<_> = mistakes.iter().map(|mistake| mistake.split('`').nth(1).unwrap()).collect();
            assert_eq!(named, keys, "{mistakes:#?}");
            assert!(!mistakes.concat().contains("secret\""), "{mistakes:?}");
            assert!(!mistakes.concat().contains("sk-"), "{mistakes:?}");
        }
    }
}
