//! What the responder is told by its environment.

use braze::Delivery;
use models::assistant::{Backend, Backends, LATER_WITHIN, Place, Speaks};
use platform::aws::{BEDROCK, SdkConfig};
use platform::settings::{BadSettings, Settings as Reader};

use crate::{DeskSettings, OnUnknown, deliveries};

/// The settings; see the README for what each means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `QUEUE_URL`.
    pub queue_url: String,
    /// `AGENT_QUEUE_URL`.
    pub agent_queue_url: String,
    /// `RESPONDER_SECRET_ID`.
    pub secret_id: String,
    /// `TABLE_NAME`.
    pub table_name: String,
    /// `BRAZE_ENDPOINT`.
    pub braze_endpoint: String,
    /// `BRAZE_DELIVERY` and what belongs to it.
    pub braze_delivery: Delivery,
    /// `AI_BACKEND` and what belongs to it.
    pub ai: AiSettings,
    /// `DESK` and what belongs to it.
    pub desk: DeskSettings,
    /// `ON_UNKNOWN`.
    pub on_unknown: OnUnknown,
    /// `ASSISTANT_CONFIG`: a path, `s3://bucket/key` or `ssm:/parameter/name`; the packed one if absent.
    pub assistant_config: Option<String>,
}

/// Which AI answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AiSettings {
    /// The knowledge alone.
    Knowledge,
    /// What `AI_BASE_URL` and `AI_MODEL` name; the key of a server is the secret's `ai_api_key`.
    Backend(Backend),
}

#[derive(Clone, Copy)]
enum Kind {
    Knowledge,
    OpenAi,
    Anthropic,
    Bedrock,
    Webhook,
}

/// The field of the secret that holds the key of the AI that the environment names.
const KEY: &str = "ai_api_key";

impl Settings {
    /// Reads them through `lookup`; every problem at once.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, BadSettings> {
        let mut reader = Reader::new(lookup);
        let settings = Self {
            queue_url: reader.base_url("QUEUE_URL"),
            agent_queue_url: reader.base_url("AGENT_QUEUE_URL"),
            secret_id: reader.required("RESPONDER_SECRET_ID"),
            table_name: reader.required("TABLE_NAME"),
            braze_endpoint: reader.base_url("BRAZE_ENDPOINT"),
            braze_delivery: deliveries::read(&mut reader),
            ai: AiSettings::read(&mut reader),
            desk: DeskSettings::read(&mut reader),
            on_unknown: reader
                .one_of("ON_UNKNOWN", &[("resend_once", OnUnknown::ResendOnce), ("flag", OnUnknown::Flag)]),
            assistant_config: reader.optional("ASSISTANT_CONFIG"),
        };
        reader.finish(settings)
    }
}

impl AiSettings {
    /// Reads `AI_BACKEND`, `AI_BASE_URL` and `AI_MODEL`.
    pub fn read(reader: &mut Reader) -> Self {
        let kinds = [
            ("knowledge", Kind::Knowledge),
            ("openai", Kind::OpenAi),
            ("anthropic", Kind::Anthropic),
            ("bedrock", Kind::Bedrock),
            ("webhook", Kind::Webhook),
        ];
        match reader.one_of("AI_BACKEND", &kinds) {
            Kind::Knowledge => Self::Knowledge,
            Kind::OpenAi => Self::openai(reader),
            Kind::Anthropic => Self::model(Speaks::Anthropic, reader),
            Kind::Bedrock => Self::bedrock(reader),
            // It is called as it stands: a slash at its end may matter.
            Kind::Webhook => Self::server(reader.url("AI_BASE_URL"), Speaks::Webhook { later_within: LATER_WITHIN }),
        }
    }

    /// What `AI_BACKEND` = `openai` means.
    pub fn openai(reader: &mut Reader) -> Self {
        Self::model(Speaks::OpenAi, reader)
    }

    fn model(speaks: fn(String) -> Speaks, reader: &mut Reader) -> Self {
        let base_url = reader.base_url("AI_BASE_URL");
        Self::server(base_url, speaks(reader.required("AI_MODEL")))
    }

    fn server(base_url: String, speaks: Speaks) -> Self {
        let place = Place::Server { speaks, base_url, key: Some(KEY.to_owned()) };
        Self::Backend(Backend { place, deadline: None, images: false })
    }

    fn bedrock(reader: &mut Reader) -> Self {
        if reader.optional("AI_BASE_URL").is_some() {
            reader.problem(
                "AI_BASE_URL",
                "does not belong to AI_BACKEND = bedrock: it is called in the function's region",
            );
        }
        let place = Place::Bedrock { model: reader.required("AI_MODEL"), region: None };
        Self::Backend(Backend { place, deadline: None, images: false })
    }

    /// Whom it asks first, as a URL; nobody if the knowledge answers.
    pub fn host(&self, aws: &SdkConfig) -> Option<String> {
        let Self::Backend(backend) = self else { return None };
        match &backend.place {
            Place::Server { base_url, .. } => Some(base_url.clone()),
            Place::Bedrock { region, .. } => {
                let region = region.as_deref().or_else(|| aws.region().map(AsRef::as_ref))?;
                Some(BEDROCK.base_url(aws, region))
            }
        }
    }

    /// The keys that must be in the secret, or nothing would ever answer: a platform does not take what is not signed, nor
    /// Anthropic what has no key. A server for chat completions may want none.
    pub fn needed_keys<'a>(&'a self, backends: &'a Backends) -> impl Iterator<Item = &'a str> {
        let own = match self {
            Self::Knowledge => None,
            Self::Backend(backend) => match backend.place {
                Place::Server { speaks: Speaks::Anthropic(_) | Speaks::Webhook { .. }, .. } => backend.key(),
                _ => None,
            },
        };
        own.into_iter().chain(backends.iter().filter_map(|(_, backend)| backend.key()))
    }

    /// Those of them that sign webhooks.
    pub fn signing_keys<'a>(&'a self, backends: &'a Backends) -> impl Iterator<Item = &'a str> {
        let own = if let Self::Backend(backend) = self { Some(backend) } else { None };
        let signed = |backend: &'a Backend| match backend.place {
            Place::Server { speaks: Speaks::Webhook { .. }, .. } => backend.key(),
            _ => None,
        };
        own.into_iter().chain(backends.iter().map(|(_, backend)| backend)).filter_map(signed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(name: &str) -> Option<String> {
        let value = match name {
            "QUEUE_URL" | "AGENT_QUEUE_URL" => "https://sqs.eu-central-1.amazonaws.com/1/work",
            "BRAZE_ENDPOINT" => "https://rest.fra-01.braze.eu/",
            "RESPONDER_SECRET_ID" | "TABLE_NAME" | "BRAZE_CAMPAIGN_ID" => "x",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn what_must_be_there_is_enough() {
        let settings = Settings::read(&complete).unwrap();
        assert_eq!((settings.ai, settings.on_unknown), (AiSettings::Knowledge, OnUnknown::ResendOnce));
        assert_eq!(settings.braze_endpoint, "https://rest.fra-01.braze.eu");
    }

    #[test]
    fn each_backend_needs_what_belongs_to_it() {
        let read = |kind: &'static str, model: Option<&'static str>| {
            Settings::read(&|name: &str| match name {
                "AI_BACKEND" => Some(kind.to_owned()),
                "AI_BASE_URL" => Some("https://ai.example.com/v1/".to_owned()),
                "AI_MODEL" => model.map(str::to_owned),
                name => complete(name),
            })
        };
        for (kind, model, speaks, base_url, needed) in [
            ("openai", Some("m"), Speaks::OpenAi("m".to_owned()), "https://ai.example.com/v1", vec![]),
            ("anthropic", Some("m"), Speaks::Anthropic("m".to_owned()), "https://ai.example.com/v1", vec![KEY]),
            ("webhook", None, Speaks::Webhook { later_within: LATER_WITHIN }, "https://ai.example.com/v1/", vec![KEY]),
        ] {
            let settings = read(kind, model).unwrap();
            assert_eq!(settings.ai.needed_keys(&Backends::default()).collect::<Vec<_>>(), needed);
            assert_eq!(settings.ai.signing_keys(&Backends::default()).count(), usize::from(kind == "webhook"));
            let place = Place::Server { speaks, base_url: base_url.to_owned(), key: Some(KEY.to_owned()) };
            assert_eq!(settings.ai, AiSettings::Backend(Backend { place, deadline: None, images: false }), "{kind}");
        }
        for kind in ["openai", "anthropic"] {
            let bad = read(kind, None).unwrap_err().to_string();
            assert!(bad.contains("AI_MODEL is missing") && !bad.contains("AI_BASE_URL"), "{bad}");
        }
    }

    #[test]
    fn bedrock_needs_a_model_and_takes_neither_an_address_nor_a_key() {
        let read = |variables: &'static [(&str, &str)]| {
            Settings::read(&|name: &str| match variables.iter().find(|(variable, _)| *variable == name) {
                Some((_, value)) => Some((*value).to_owned()),
                None => complete(name),
            })
        };
        let settings = read(&[("AI_BACKEND", "bedrock"), ("AI_MODEL", "m"), ("AI_BASE_URL", "")]).unwrap();
        assert_eq!(settings.ai.needed_keys(&Backends::default()).count(), 0);
        let place = Place::Bedrock { model: "m".to_owned(), region: None };
        assert_eq!(settings.ai, AiSettings::Backend(Backend { place, deadline: None, images: false }));
        let bad =
            read(&[("AI_BACKEND", "bedrock"), ("AI_BASE_URL", "https://secret.example")]).unwrap_err().to_string();
        assert!(bad.contains("AI_MODEL is missing") && bad.contains("AI_BASE_URL does not belong"), "{bad}");
        assert!(!bad.contains("secret"), "{bad}");
    }

    #[test]
    fn whom_it_asks_first_is_known_before_anybody_asks() {
        let host = |kind: &'static str, base_url: &'static str| {
            let lookup = |name: &str| match name {
                "AI_BACKEND" => Some(kind.to_owned()),
                "AI_BASE_URL" => Some(base_url.to_owned()),
                "AI_MODEL" => Some("m".to_owned()),
                name => complete(name),
            };
            let region = platform::aws::SdkConfig::builder().region(aws_sdk_dynamodb::config::Region::new("eu-west-3"));
            Settings::read(&lookup).unwrap().ai.host(&region.build())
        };
        for (kind, base_url, expected) in [
            ("knowledge", "", None),
            ("openai", "https://ai.example.com/v1", Some("https://ai.example.com/v1")),
            ("bedrock", "", Some("https://bedrock-runtime.eu-west-3.amazonaws.com")),
        ] {
            assert_eq!(host(kind, base_url).as_deref(), expected, "{kind}");
        }
    }

    #[test]
    fn every_bad_setting_is_named_at_once() {
        let none = Settings::read(&|name| (name == "AI_BACKEND").then(|| "openai".to_owned())).unwrap_err().to_string();
        for name in [
            "QUEUE_URL",
            "AGENT_QUEUE_URL",
            "RESPONDER_SECRET_ID",
            "TABLE_NAME",
            "BRAZE_ENDPOINT",
            "BRAZE_CAMPAIGN_ID",
            "AI_BASE_URL",
            "AI_MODEL",
        ] {
            assert!(none.contains(name), "{name} in {none}");
        }
        let desk = |name: &str| if name == "DESK" { Some("chatwoot".to_owned()) } else { complete(name) };
        let desk = Settings::read(&desk).unwrap_err().to_string();
        for name in ["DESK_URL", "DESK_ACCOUNT", "DESK_INBOX", "DESK_INBOX_IDENTIFIER"] {
            assert!(desk.contains(name), "{name} in {desk}");
        }
        for (delivery, needed) in
            [("canvas", vec!["BRAZE_CANVAS_ID"]), ("messages", vec!["BRAZE_APP_ID", "BRAZE_SUBSCRIPTION_GROUP_ID"])]
        {
            let lookup = |name: &str| match name {
                "BRAZE_DELIVERY" => Some(delivery.to_owned()),
                "BRAZE_CAMPAIGN_ID" => None,
                name => complete(name),
            };
            let bad = Settings::read(&lookup).unwrap_err().to_string();
            assert!(needed.iter().all(|name| bad.contains(name)) && !bad.contains("BRAZE_CAMPAIGN_ID"), "{bad}");
        }
        let words = |name: &str| match name {
            "ON_UNKNOWN" => Some("maybe".to_owned()),
            "AI_BACKEND" => Some("oracle".to_owned()),
            name => complete(name),
        };
        let bad = Settings::read(&words).unwrap_err().to_string();
        assert!(bad.contains("ON_UNKNOWN") && bad.contains("AI_BACKEND") && !bad.contains("oracle"), "{bad}");
    }
}
