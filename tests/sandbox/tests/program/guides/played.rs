//! A guide played from its beginning to its end: what starts the sandbox is started, what calls it is called.

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use reqwest::Method;

use super::super::{Program, command};
use super::commands;
use super::document::{Document, ROOT, Step};
use super::shell::Command;

/// Where guides say that the sandbox is.
const SANDBOX: &str = "http://127.0.0.1:8787";

/// How far the reader is.
#[derive(Default)]
struct Reader {
    /// The last block of TOML, saved as `assistant.toml`.
    saved: Option<Saved>,
    /// The sandbox that runs; none that would call an AI or a Braze that somebody owns.
    running: Option<Program>,
    complaints: Vec<String>,
}

struct Saved(PathBuf);

impl Saved {
    fn new(toml: &str) -> Self {
        static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let file = std::env::temp_dir().join(format!("dragoman-guide-{}-{number}.toml", std::process::id()));
        std::fs::write(&file, toml).unwrap();
        Self(file)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Everything that does not go as the guide says; and how many steps there were to play.
pub(super) async fn complaints(document: &Document) -> (Vec<String>, usize) {
    let mut reader = Reader::default();
    let mut played = 0;
    for step in &document.steps {
        played += usize::from(match step {
            Step::Toml(toml) => reader.saves(toml),
            Step::Line(line) => reader.runs(line).await,
            Step::Mention(_) => false,
        });
    }
    let here = document.file.display();
    (reader.complaints.iter().map(|complaint| format!("{here}: {complaint}")).collect(), played)
}

impl Reader {
    fn saves(&mut self, toml: &str) -> bool {
        let saved = Saved::new(toml);
        let checked = command(&["check", "--assistant", saved.path()]).output().unwrap();
        if !checked.status.success() {
            self.complaints.push(format!("{toml}{}", String::from_utf8_lossy(&checked.stdout)));
        }
        self.saved = Some(saved);
        true
    }

    /// Whether there was something to play.
    async fn runs(&mut self, line: &Command) -> bool {
        if line.words.first().is_some_and(|word| word == "curl") {
            return self.calls(line).await;
        }
        let Some(arguments) = commands::arguments(line).filter(|arguments| commands::starts(arguments)) else {
            return false;
        };
        let started = self.start(line, arguments);
        match started {
            Ok(program) if line.variables.is_empty() => self.running = Some(program),
            Ok(_) => {}
            Err(reason) => self.complaints.push(reason),
        }
        true
    }

    fn start(&self, line: &Command, arguments: Vec<String>) -> Result<Program, String> {
        let saved = self.saved.as_ref().map_or("assistant.toml", Saved::path);
        let named = |word: String| match word {
            word if word == "assistant.toml" => saved.to_owned(),
            word if Path::new(ROOT).join(&word).is_file() => format!("{ROOT}/{word}"),
            word => word,
        };
        let arguments: Vec<_> =
            arguments.into_iter().map(named).chain(["--no-open", "--port", "0"].map(str::to_owned)).collect();
        let mut process: Process = command(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        process.envs(line.variables.iter().map(|(name, value)| (name, value.replace('…', "x"))));
        Program::started(process).map_err(|reason| format!("`{}`: {reason}", line.words.join(" ")))
    }

    async fn calls(&mut self, line: &Command) -> bool {
        let running = &*self.running.get_or_insert_with(|| Program::start(&[]));
        let filled = |word: &String| {
            let inbound = word.replace("<InboundUrl>", &format!("{SANDBOX}/inbound"));
            let word = inbound.replace("<ConversationsUrl>", &format!("{SANDBOX}/conversations"));
            word.replace("$WEBHOOK_TOKEN", "sandbox").replace("$AGENT_TOKEN", "agent").replace(SANDBOX, &running.url)
        };
        let words: Vec<_> = line.words.iter().map(filled).collect();
        let is_here = words.iter().any(|word| word.starts_with(&running.url));
        if is_here && let Err(reason) = call(&words[1..]).await {
            self.complaints.push(format!("`{}`: {reason}", line.words.join(" ")));
        }
        is_here
    }
}

/// `curl` with these words, as far as guides use it.
async fn call(words: &[String]) -> Result<(), String> {
    let (mut method, mut url, mut headers, mut body) = (None, None, Vec::new(), None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-X" => method = words.next(),
            "-H" => headers.extend(words.next().and_then(|header| header.split_once(": "))),
            "-d" => body = words.next(),
            "-s" => {}
            flag if flag.starts_with('-') => return Err(format!("this test does not know {flag}: teach it")),
            _ => url = Some(word),
        }
    }
    let usual = if body.is_some() { "POST" } else { "GET" };
    let method = method.map_or(usual, String::as_str).parse::<Method>().map_err(|error| error.to_string())?;
    let mut request = reqwest::Client::new().request(method, url.ok_or("no address")?);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.body(body.cloned().unwrap_or_default()).send().await.map_err(|error| error.to_string())?;
    let status = answer.status();
    if status.is_success() { Ok(()) } else { Err(format!("{status} {}", answer.text().await.unwrap_or_default())) }
}
