//! Everything that a message passes on its way, real but for its neighbours: the door, the client of the AI, the client of
//! Braze.

use std::sync::Arc;
use std::time::Duration;

use ai::{MediaReader, OpenAi};
use models::assistant::Assistant;
use platform::metrics::Uncounted;
use platform::secrets::FixedKey;
use serde_json::json;

use crate::door::Door;
use crate::neighbour::Neighbour;
use crate::templates::Templates;

/// Ample for a server on this machine.
pub(crate) const AMPLE: Duration = Duration::from_secs(20);
/// What the brand tells the assistant.
pub(crate) const INSTRUCTIONS: &str = "Be brief.";
/// The reply campaign.
pub(crate) const CAMPAIGN: &str = "the-reply-campaign";

pub(crate) struct Chain {
    pub(crate) templates: Templates,
    pub(crate) door: Door,
    pub(crate) assistant: Assistant,
    pub(crate) openai: OpenAi,
    pub(crate) media: MediaReader,
    pub(crate) ai: Neighbour,
    pub(crate) client: braze::Client,
    pub(crate) braze: Neighbour,
}

impl Chain {
    pub(crate) async fn start() -> Self {
        let (ai, braze) = (Neighbour::start().await, Neighbour::start().await);
        braze.answer(201, "application/json", br#"{"message": "success"}"#);
        let http = platform::http::client().unwrap();
        let openai = OpenAi::new(&format!("{}/v1", ai.url), "model", None, http.clone()).unwrap();
        let client = braze::Client::new(http, &braze.url, CAMPAIGN, Arc::new(FixedKey("braze-key".into())));
        let assistant = Assistant::from_toml("").unwrap();
        let (public, http) = (platform::http::public_client().unwrap(), platform::http::client().unwrap());
        let media = MediaReader::new(&assistant.media, &public, &http, &|_| None, Arc::new(Uncounted)).unwrap();
        Self { templates: Templates::default(), door: Door::default(), assistant, openai, media, ai, client, braze }
    }

    /// Lets the AI say `text` from now on.
    pub(crate) fn ai_says(&self, text: &str) {
        let completion = json!({"choices": [{"message": {"role": "assistant", "content": text}}]});
        self.ai.answer(200, "application/json", completion.to_string().as_bytes());
    }
}
