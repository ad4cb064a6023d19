//! `cargo run -- check`.

use std::path::PathBuf;
use std::sync::Arc;

use ::doctor::{Finding, inbound_body, newcomers_group};
use models::assistant::{Backend, Mistake, Place, Speaks};
use platform::aws::SdkConfig;
use platform::clock::SystemClock;
use platform::metrics::Uncounted;
use platform::secrets::{FixedKey, Key};
use platform::settings::{Settings as Reader, environment};
use responder::{AiSettings, AssistantFiles, Backends, Means, PackError};
use serde::Serialize;

use super::{Misuse, deployed, shown};

/// What is packed, as it is called from where `cargo run` is called.
const PACKED_FROM: &str = "functions/responder/assistant/assistant.toml";

/// What to check.
#[derive(Debug, clap::Args)]
pub struct Options {
    /// The assistant to check: a file, with its knowledge folder beside it, the folder that holds both, or s3://bucket/key or
    /// ssm:/parameter/name, with the packed knowledge; the packed one if left out
    #[arg(long, env = "ASSISTANT_CONFIG", value_name = "PLACE")]
    assistant: Option<String>,

    /// The body of the webhook campaign, with its Liquid
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Check nothing: print the JSON schema of assistant.toml, for editors
    #[arg(long, conflicts_with_all = ["body", "json"])]
    schema: bool,
}

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Checked {
    /// Whether there is no error.
    pub(super) healthy: bool,
    pub(super) assistant: AssistantChecked,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<BodyChecked>,
}

/// The assistant's part.
#[derive(Debug, Serialize)]
pub(super) struct AssistantChecked {
    pub(super) file: String,
    /// What the responder does not start with, each with the file and the line.
    pub(super) mistakes: Vec<String>,
    /// What the responder starts with, and is wrong all the same once it is deployed.
    pub(super) findings: Vec<Finding>,
    /// The fields that the responder's secret has to have besides `braze_api_key`.
    pub(super) needs_keys: Vec<String>,
}

/// The body's part.
#[derive(Debug, Serialize)]
pub(super) struct BodyChecked {
    pub(super) file: String,
    pub(super) findings: Vec<Finding>,
}

/// Whether there is no error.
pub(super) async fn run(options: &Options) -> Result<bool, Misuse> {
    if options.schema {
        shown::print(responder::ASSISTANT_SCHEMA.trim_end());
        return Ok(true);
    }
    let assistant = assistant(options.assistant.as_deref()).await?;
    let body = options.body.as_ref().map(body).transpose()?;
    let body_is_right = body.iter().flat_map(|body| &body.findings).all(|finding| !finding.is_error());
    let checked = Checked { healthy: assistant.mistakes.is_empty() && body_is_right, assistant, body };
    shown::print(&if options.json { shown::json(&checked) } else { shown::checked(&checked) });
    Ok(checked.healthy)
}

async fn assistant(place: Option<&str>) -> Result<AssistantChecked, Misuse> {
    let file = place.unwrap_or("the packed assistant.toml").to_owned();
    let http = platform::http::client().map_err(|error| Misuse(error.to_string()))?;
    match deployed::assistant(place, &http).await? {
        Ok(files) => {
            let ai = ai(&files)?;
            let mistakes = backends(&ai, &files).err().into_iter().collect();
            let tools = files.assistant.tools.keys();
            let mut needs_keys: Vec<_> =
                ai.needed_keys(&files.assistant.backends).chain(tools).map(str::to_owned).collect();
            needs_keys.sort();
            needs_keys.dedup();
            let group = files.assistant.profile.newcomers_group.as_ref();
            let findings = group.map(|group| newcomers_group(group.as_str())).unwrap_or_default();
            Ok(AssistantChecked { file, mistakes, findings, needs_keys })
        }
        Err(PackError::Bad { path, mistakes }) => {
            let path = if place.is_none() { PACKED_FROM } else { &path };
            let mistakes = mistakes.mistakes().iter().map(|mistake| located(path, mistake)).collect();
            Ok(AssistantChecked { file, mistakes, findings: vec![], needs_keys: vec![] })
        }
        Err(error @ PackError::Unreadable { .. }) => Err(Misuse(format!("{error}; is the path right?"))),
        Err(error @ PackError::OutOfReach { .. }) => Err(Misuse(format!("{error}\n{}", deployed::CREDENTIALS))),
    }
}

/// `file:line`, which editors and terminals open, and what is wrong there.
fn located(path: &str, mistake: &Mistake) -> String {
    match mistake.line() {
        Some(line) => format!("{path}:{line}: {}", mistake.told()),
        None => format!("{path}: {}", mistake.told()),
    }
}

/// The AI of the environment. Without one the stack's parameters name it: any will do to see whether the rest is right.
fn ai(files: &AssistantFiles) -> Result<AiSettings, Misuse> {
    let mut reader = Reader::new(&environment);
    let said = ["AI_BACKEND", "AI_BASE_URL", "AI_MODEL"].iter().any(|name| reader.optional(name).is_some());
    let read = |mut reader: Reader<'_>| {
        let settings = AiSettings::read(&mut reader);
        reader.finish(settings).map_err(|error| Misuse(error.to_string()))
    };
    match said {
        true => read(reader),
        false if files.assistant.backends.iter().next().is_none() => Ok(AiSettings::Knowledge),
        false => {
            let (speaks, base_url) = (Speaks::OpenAi("any".to_owned()), "https://ai.invalid/v1".to_owned());
            let place = Place::Server { speaks, base_url, key: None };
            Ok(AiSettings::Backend(Backend { place, deadline: None, images: false }))
        }
    }
}

/// Sets everything up that answers, as the responder does at its start, and asks nobody.
fn backends(ai: &AiSettings, files: &AssistantFiles) -> Result<(), String> {
    let words = |error: &dyn std::error::Error| error.to_string();
    let means = Means {
        http: platform::http::client().map_err(|error| words(&error))?,
        public_http: platform::http::public_client().map_err(|error| words(&error))?,
        // Nobody is asked, so nobody need know as whom or where.
        aws: &SdkConfig::builder().build(),
        meter: Arc::new(Uncounted),
        key: &|_| -> Option<Arc<dyn Key>> { Some(Arc::new(FixedKey("any".into()))) },
        clock: Arc::new(SystemClock),
        window: &|backend| backend,
        tool_window: &|caller| caller,
    };
    Backends::new(ai, files, &means).map(drop).map_err(|error| words(&error))
}

fn body(path: &PathBuf) -> Result<BodyChecked, Misuse> {
    let file = path.display().to_string();
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| Misuse(format!("{file} cannot be read: {error}; is the path right?")))?;
    Ok(BodyChecked { file, findings: inbound_body(&text) })
}
