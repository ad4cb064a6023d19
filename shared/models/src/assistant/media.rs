//! What of the pictures and voice messages that users send reaches an AI.

use super::backends::{base_url, key, model};
use super::section::Section;

/// Where Braze keeps what users send: in S3, or behind its own hosts.
const BRAZE_HOSTS: [&str; 4] = ["amazonaws.com", "braze.com", "braze.eu", "braze-images.com"];

/// What is opened, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRules {
    /// Whether the model that the environment names is shown pictures; the others say so of themselves.
    pub images: bool,
    /// What writes down what users say; `None` if nobody listens.
    pub voice: Option<Voice>,
    /// The hosts that are asked for what users sent, and everything below them.
    pub hosts: Vec<String>,
    /// Whether those hosts may be at addresses that only this network, or this machine, knows.
    pub private: bool,
}

/// A server that writes down what it is given to hear, as OpenAI's does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voice {
    /// Where it is: `{base_url}/audio/transcriptions`.
    pub base_url: String,
    /// Its model.
    pub model: String,
    /// The field of the responder's secret that holds its key; `None` if it wants none.
    pub key: Option<String>,
    /// The language that is spoken, in two letters; the server finds out if `None`.
    pub language: Option<String>,
}

impl MediaRules {
    /// The field of the secret that is needed to hear.
    pub fn key(&self) -> Option<&str> {
        self.voice.as_ref()?.key.as_deref()
    }

    pub(super) fn read(mut section: Section) -> Self {
        let is_own = section.has("hosts");
        let hosts = section.numbered_texts("hosts", 253);
        for (place, host) in &hosts {
            if host.contains(['/', ':', '@', ' ', '*']) || host.starts_with('.') {
                let problem = format!("must be hosts like media.example: number {place} is none");
                section.mistake_in_list("hosts", *place, &problem);
            }
        }
        let hosts = hosts.into_iter().map(|(_, host)| host.to_ascii_lowercase()).collect();
        let braze = || BRAZE_HOSTS.map(str::to_owned).to_vec();
        Self {
            images: section.flag("images", false),
            voice: section.has_table("voice").then(|| Voice::read(section.section("voice"))),
            hosts: if is_own { hosts } else { braze() },
            private: section.flag("private", false),
        }
    }
}

impl Voice {
    fn read(mut section: Section) -> Self {
        let language = section.optional_text("language", 3);
        if language.as_deref().is_some_and(|language| !super::texts::is_language(language)) {
            section.mistake("language", "must be two or three small letters, like en");
        }
        let model = model(&mut section);
        let key = key(&mut section, false);
        Self { base_url: base_url(&mut section), model, key, language }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Assistant;
    use super::*;

    #[test]
    fn nothing_is_opened_unless_the_brand_says_so() {
        let rules = Assistant::from_toml("").unwrap().media;
        assert_eq!((rules.images, &rules.voice, rules.private), (false, &None, false));
        assert_eq!(rules.hosts, BRAZE_HOSTS);
    }

    #[test]
    fn pictures_voices_and_where_they_come_from_are_read() {
        let rules = Assistant::from_toml(
            "[media]\nimages = true\nhosts = [\"Media.shop.example\"]\nprivate = true\n\
             [media.voice]\nbase_url = \"https://api.openai.com/v1\"\nmodel = \"whisper-1\"\nkey = \"voice_key\"\nlanguage = \"pt\"",
        )
        .unwrap()
        .media;
        let voice = Voice {
            base_url: "https://api.openai.com/v1".to_owned(),
            model: "whisper-1".to_owned(),
            key: Some("voice_key".to_owned()),
            language: Some("pt".to_owned()),
        };
        assert_eq!(rules.key(), Some("voice_key"));
        let hosts = vec!["media.shop.example".to_owned()];
        assert_eq!(rules, MediaRules { images: true, voice: Some(voice), hosts, private: true });
    }

    #[test]
    fn every_mistake_is_named_and_no_key_is_shown() {
        let voice = |rest: &str| format!("[media.voice]\nbase_url = \"https://x.example\"\nmodel = \"m\"\n{rest}");
        for (toml, keys) in [
            ("[media]\nimages = \"yes\"".to_owned(), vec!["media.images"]),
            (
                "[media]\nhosts = [\"https://x.example\", \"*.x.example\"]".to_owned(),
                vec!["media.hosts", "media.hosts"],
            ),
            ("[media]\nvoice = true".to_owned(), vec!["media.voice"]),
            ("[media.voice]".to_owned(), vec!["media.voice.model", "media.voice.base_url"]),
            (voice("key = \"sk-secret\""), vec!["media.voice.key"]),
            (voice("key = \"braze_api_key\""), vec!["media.voice.key"]),
            (voice("language = \"EN\""), vec!["media.voice.language"]),
        ] {
            let mistakes = Assistant::from_toml(&toml).unwrap_err().told();
            let named: Vec<_> = mistakes.iter().map(|mistake| mistake.split('`').nth(1).unwrap()).collect();
            assert_eq!(named, keys, "{mistakes:#?}");
            assert!(!mistakes.concat().contains("sk-"), "{mistakes:?}");
        }
    }
}
