//! Reading `[tools.…]`.

use std::collections::BTreeSet;

use super::super::backends::secret_key;
use super::super::profile::LearnedValues;
use super::super::section::{Section, is_name};
use super::{Argument, HttpTool, HttpTools, Method, ToolUrl};

/// What an AI calls by these names is Dragoman's own.
const TAKEN: [&str; 7] =
    ["hand_off", "start_flow", "remember", "send_quick_replies", "send_list", "send_media", "search_knowledge"];
/// Keys of the responder's secret that are for others than the brand's tools.
const OTHERS_KEYS: [&str; 3] = ["braze_api_key", "ai_api_key", "desk_token"];
/// The most characters of a description: OpenAI takes 1,024.
const DESCRIPTION: usize = 1_000;
/// Tools beyond this many are more than an AI can choose from.
const MOST_TOOLS: usize = 20;

impl HttpTools {
    /// Reads `[tools]` of the whole file.
    pub(in super::super) fn read(file: &mut Section) -> Self {
        let mut section = file.section("tools");
        let names = section.keys();
        if names.len() > MOST_TOOLS {
            file.mistake("tools", &format!("are more than {MOST_TOOLS}: no AI chooses well from so many"));
        }
        let tools: Vec<_> = names.into_iter().map(|name| (HttpTool::read(section.section(&name)), name)).collect();
        for (_, name) in &tools {
            if !is_name(name) {
                section.mistake(name, "is no tool's name: 1 to 40 characters of a-z 0-9 _");
            } else if TAKEN.contains(&name.as_str()) {
                section.mistake(name, "is a tool that the AI has already: choose another name");
            }
        }
        Self(tools.into_iter().map(|(tool, name)| (name, tool)).collect())
    }
}

impl HttpTool {
    fn read(mut section: Section) -> Self {
        let describe = described(&mut section, "is missing: the AI has to know what the tool does and when it fits");
        let (url, method) = (url(&mut section), Method::read(&mut section));
        let mut listed = section.section("arguments");
        let arguments: Vec<_> =
            listed.keys().into_iter().map(|name| Argument::read(listed.section(&name), name)).collect();
        for Argument { name, .. } in arguments.iter().filter(|argument| !is_argument(&argument.name)) {
            listed.mistake(name, "is no argument's name: 1 to 40 characters of a-z A-Z 0-9 _ -");
        }
        drop(listed);
        let user = user(&mut section, &arguments);
        check_places(&url, &arguments, user.as_deref(), &mut section);
        let private = section.flag("private", false);
        if url.is_plain() && !private {
            section.mistake("private", "must be true for a tool on this machine");
        }
        let key = section.has("key").then(|| secret_key(&mut section, &OTHERS_KEYS, "a tool"));
        let timeout = section.seconds("timeout_seconds", 5.0, 0.5..=60.0);
        Self { describe, url, method, arguments, key, timeout, user, private }
    }
}

impl Method {
    fn read(section: &mut Section) -> Self {
        section.one_of_or("method", Self::Get, &[("GET", Self::Get), ("POST", Self::Post)])
    }
}

impl Argument {
    fn read(mut section: Section, name: String) -> Self {
        let describe = described(&mut section, "is missing: the AI has to know what to fill in");
        let required = section.flag("required", true);
        Self { name, describe, values: LearnedValues::read(&mut section), required }
    }
}

fn described(section: &mut Section, missing: &str) -> String {
    if !section.has("describe") {
        section.mistake("describe", missing);
    }
    section.text("describe", "", DESCRIPTION)
}

fn url(section: &mut Section) -> ToolUrl {
    ToolUrl::read(&section.word("url")).unwrap_or_else(|problem| {
        section.mistake("url", problem);
        ToolUrl { origin: String::new(), path: vec![], query: None }
    })
}

/// The name under which the user's id is sent.
fn user(section: &mut Section, arguments: &[Argument]) -> Option<String> {
    let user = section.optional_text("user", 40)?;
    if !is_argument(&user) {
        section.mistake("user", "must be the name that the user's id is sent under: a-z A-Z 0-9 _ -");
    } else if arguments.iter().any(|argument| argument.name == user) {
        section.mistake("user", "is an argument too: the AI may not say whose id is sent");
    }
    Some(user)
}

/// Whatever the path has a place for must be there in every call; and no name may be sent beside the query's own.
fn check_places(url: &ToolUrl, arguments: &[Argument], user: Option<&str>, section: &mut Section) {
    let certain =
        |name: &str| user == Some(name) || arguments.iter().any(|argument| argument.name == name && argument.required);
    for name in url.arguments().filter(|name| !certain(name)).collect::<BTreeSet<_>>() {
        let problem = format!("has a place for {{{name}}}, which is neither a required argument nor `user`");
        section.mistake("url", &problem);
    }
    let fixed: Vec<_> = url.query.iter().flat_map(|query| query.split('&')).collect();
    let fixed = |name: &str| fixed.iter().any(|pair| pair.split('=').next() == Some(name));
    let names = arguments.iter().map(|argument| argument.name.as_str()).chain(user);
    for name in names.filter(|name| fixed(name)) {
        section.mistake("url", &format!("has {name} in its query, which is filled in as well"));
    }
}

fn is_argument(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    (1..=40).contains(&name.len()) && name.bytes().all(legal)
}
