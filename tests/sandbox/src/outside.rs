//! Who is on the other side, as the environment and the assistant say. It is set up before anything is opened, so that what
//! is wrong there is told whatever else is.

use std::sync::Arc;

use ::desk::Desk;
use ai::{Ai, Caller};
use models::assistant::{Place, Speaks};
use platform::aws::SdkConfig;
use platform::clock::SystemClock;
use platform::metrics::Uncounted;
use platform::secrets::{FixedKey, Key};
use platform::settings::{BadSettings, Settings as Reader};
use platform::standard_webhooks;
use responder::{AiSettings, AssistantFiles, Backends, DeskSettings, Means};

use crate::StartError;
use crate::asked::Asked;
use crate::faults::Switches;
use crate::steps::Steps;
use crate::watched::{WatchedAi, WatchedCaller};

/// Everything that the sandbox itself is not.
pub(crate) struct Outside {
    pub(crate) files: AssistantFiles,
    /// The first AI, in a word or two.
    pub(crate) ai: String,
    pub(crate) backends: Backends,
    /// A desk elsewhere.
    pub(crate) desk: Option<Arc<dyn Desk>>,
    /// A workspace in the place of the simulated one.
    pub(crate) braze: Option<RealBraze>,
    pub(crate) http: reqwest::Client,
    pub(crate) windows: Windows,
}

/// A workspace of Braze.
pub(crate) struct RealBraze {
    pub(crate) endpoint: String,
    pub(crate) campaign: String,
    pub(crate) key: String,
}

/// What is seen of everything that is asked, and what breaks it.
#[derive(Clone, Default)]
pub(crate) struct Windows {
    pub(crate) steps: Steps,
    pub(crate) faults: Switches,
    pub(crate) asked: Asked,
}

/// What the environment says.
struct Settings {
    ai: AiSettings,
    desk: DeskSettings,
    desk_key: Arc<dyn Key>,
    braze: Option<RealBraze>,
}

impl Outside {
    /// Sets up what `files` and the environment name, and asks nobody. `aws` is for a model there, if one is asked.
    pub(crate) fn new(files: AssistantFiles, aws: &SdkConfig) -> Result<Self, StartError> {
        let settings = Settings::read(&platform::settings::environment, &files.assistant.backends)?;
        let (http, windows) = (platform::http::client()?, Windows::default());
        // The window is around what is asked first, so that what stands below answers when that is made to fail.
        let window = |inner| -> Arc<dyn Ai> {
            let Windows { steps, faults, asked } = windows.clone();
            Arc::new(WatchedAi { inner, steps, faults, asked })
        };
        let tool_window =
            |inner| -> Arc<dyn Caller> { Arc::new(WatchedCaller { inner, steps: windows.steps.clone() }) };
        let means = Means {
            http: http.clone(),
            public_http: platform::http::public_client()?,
            aws,
            meter: Arc::new(Uncounted),
            key: &key_from_the_environment,
            clock: Arc::new(SystemClock),
            window: &window,
            tool_window: &tool_window,
        };
        let backends = Backends::new(&settings.ai, &files, &means)?;
        let notes = &files.assistant.desk_notes;
        let desk = settings.desk.desk(http.clone(), settings.desk_key, Arc::new(SystemClock), notes)?;
        Ok(Self { ai: named(&settings.ai), backends, desk, braze: settings.braze, files, http, windows })
    }
}

fn named(ai: &AiSettings) -> String {
    match ai {
        AiSettings::Knowledge => "knowledge".to_owned(),
        AiSettings::Backend(backend) => match &backend.place {
            Place::Server { speaks: Speaks::OpenAi(model), .. } => format!("openai: {model}"),
            Place::Server { speaks: Speaks::Anthropic(model), .. } => format!("anthropic: {model}"),
            Place::Server { speaks: Speaks::Webhook { .. }, .. } => "webhook".to_owned(),
            Place::Bedrock { model, .. } => format!("bedrock: {model}"),
        },
    }
}

impl Settings {
    fn read(
        lookup: &dyn Fn(&str) -> Option<String>,
        backends: &models::assistant::Backends,
    ) -> Result<Self, BadSettings> {
        let mut reader = Reader::new(lookup);
        let any =
            |reader: &mut Reader, names: &[&'static str]| names.iter().any(|name| reader.optional(name).is_some());
        let ai = if reader.optional("AI_BACKEND").is_some()
            || !any(&mut reader, &["AI_BASE_URL", "AI_MODEL", "AI_API_KEY"])
        {
            AiSettings::read(&mut reader)
        } else {
            AiSettings::openai(&mut reader)
        };
        let braze = any(&mut reader, &["BRAZE_ENDPOINT", "BRAZE_CAMPAIGN_ID", "BRAZE_API_KEY"]).then(|| RealBraze {
            endpoint: reader.base_url("BRAZE_ENDPOINT"),
            campaign: reader.required("BRAZE_CAMPAIGN_ID"),
            key: reader.required("BRAZE_API_KEY"),
        });
        let desk = DeskSettings::read(&mut reader);
        let desk_key = if desk.needed_key().is_some() { reader.required("DESK_TOKEN") } else { String::new() };
        for field in ai.signing_keys(backends).chain(desk.signing_key()) {
            // One that is missing is told elsewhere.
            let secret = lookup(&variable(field)).filter(|secret| !secret.trim().is_empty());
            if let Some(Err(reason)) = secret.map(|secret| standard_webhooks::check(&secret.into())) {
                reader.problem(&variable(field), &reason.to_string());
            }
        }
        reader.finish(Self { ai, desk, desk_key: Arc::new(FixedKey(desk_key.into())), braze })
    }
}

/// What is a field of the responder's secret elsewhere, `ai_api_key`, is a variable here: `AI_API_KEY`.
fn variable(field: &str) -> String {
    field.to_uppercase()
}

fn key_from_the_environment(field: &str) -> Option<Arc<dyn Key>> {
    let key = platform::settings::environment(&variable(field)).filter(|key| !key.trim().is_empty())?;
    Some(Arc::new(FixedKey(key.into())))
}
