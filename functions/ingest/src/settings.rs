//! What ingest is told by its environment.

use platform::settings::{BadSettings, Settings as Reader};

/// The settings; see the README for what each means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `QUEUE_URL`.
    pub queue_url: String,
    /// `AGENT_QUEUE_URL`.
    pub agent_queue_url: String,
    /// `QUARANTINE_QUEUE_URL`.
    pub quarantine_queue_url: String,
    /// `INGEST_SECRET_ID`.
    pub secret_id: String,
}

impl Settings {
    /// Reads them through `lookup`; every problem at once.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadSettings> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            queue_url: reader.base_url("QUEUE_URL"),
            agent_queue_url: reader.base_url("AGENT_QUEUE_URL"),
            quarantine_queue_url: reader.base_url("QUARANTINE_QUEUE_URL"),
            secret_id: reader.required("INGEST_SECRET_ID"),
        };
        reader.finish(settings)
    }
}
