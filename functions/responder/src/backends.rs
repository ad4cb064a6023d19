//! Which AI answers, and what answers when it fails.

use std::sync::Arc;

use ai::{Ai, BadBaseUrl, Knowledge, Ladder, OpenAi};
use platform::secrets::Key;

use crate::AiSettings;

/// The chosen backend, and the ones below it that answer when it fails, best first.
pub struct Backends {
    /// The one that `AI_BACKEND` names.
    pub chosen: Arc<dyn Ai>,
    /// Below it: the knowledge, which needs no network.
    pub below: Vec<Arc<dyn Ai>>,
}

impl Backends {
    /// Sets the backends up.
    pub fn new(
        settings: &AiSettings,
        knowledge: Vec<(String, String)>,
        http: reqwest::Client,
        key: Option<Arc<dyn Key>>,
    ) -> Result<Self, BadBaseUrl> {
        let knowledge: Arc<dyn Ai> = Arc::new(Knowledge::new(knowledge));
        Ok(match settings {
            AiSettings::Knowledge => Self { chosen: knowledge, below: Vec::new() },
            AiSettings::OpenAi { base_url, model } => {
                Self { chosen: Arc::new(OpenAi::new(base_url, model, key, http)?), below: vec![knowledge] }
            }
        })
    }

    /// All of them as one.
    pub fn ladder(self) -> Arc<dyn Ai> {
        Arc::new(Ladder::new(std::iter::once(self.chosen).chain(self.below).collect()))
    }
}
