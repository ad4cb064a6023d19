//! Which AI answers, and what answers when it fails.

use std::sync::Arc;

use ai::{Ai, BadBaseUrl, Knowledge, Ladder, OpenAi};
use platform::secrets::Key;

use crate::AiSettings;

/// The ladder of backends: the chosen one, then the knowledge, which needs no network.
pub fn ladder(
    settings: &AiSettings,
    knowledge: Vec<(String, String)>,
    http: reqwest::Client,
    key: Option<Arc<dyn Key>>,
) -> Result<Arc<dyn Ai>, BadBaseUrl> {
    let knowledge: Arc<dyn Ai> = Arc::new(Knowledge::new(knowledge));
    Ok(match settings {
        AiSettings::Knowledge => knowledge,
        AiSettings::OpenAi { base_url, model } => {
            let chosen: Arc<dyn Ai> = Arc::new(OpenAi::new(base_url, model, key, http)?);
            Arc::new(Ladder::new(vec![chosen, knowledge]))
        }
    })
}
