//! What ingest is told by its environment.

use platform::settings::{BadSettings, Settings as Reader};

use crate::Languages;

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
    /// `LANGUAGES`.
    pub languages: Languages,
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
            languages: languages(&mut reader),
        };
        reader.finish(settings)
    }
}

fn languages(reader: &mut Reader<'_>) -> Languages {
    let Some(list) = reader.optional("LANGUAGES") else { return Languages::default() };
    Languages::read(&list).unwrap_or_else(|| {
        reader
            .problem("LANGUAGES", "must be languages of two or three small letters, with commas between them: en, it");
        Languages::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_that_are_none_stop_the_start_and_without_any_the_shipped_ones_hold() {
        let read = |languages: Option<&'static str>| {
            Settings::read(&move |name| match name {
                "LANGUAGES" => languages.map(str::to_owned),
                "INGEST_SECRET_ID" => Some("secret".to_owned()),
                _ => Some("https://sqs.example.com/1/queue".to_owned()),
            })
        };
        assert_eq!(read(None).unwrap().languages, Languages::default());
        assert_eq!(read(Some("en,it")).unwrap().languages, Languages::of(["en", "it"]));
        assert!(read(Some("English")).unwrap_err().to_string().contains("LANGUAGES must be languages"));
    }
}
