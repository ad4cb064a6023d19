//! What agents and operators ask for: understood, queued and answered like a user's message, but in a queue of its own.

use std::fmt;

use models::{AgentAction, AgentDeed, ConversationKey, MessageId, Personal, PlatformAnswer, QueueMessage, Timestamp};
use platform::metrics::Metric;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::later_answer::{BadAnswer, checked};
use crate::{Answer, Call, Ingest, Languages};

/// The largest body that is read.
pub(crate) const MOST_BODY_BYTES: usize = 256 * 1024;
/// The longest text an agent may send at once: four WhatsApp messages.
pub(crate) const MOST_CHARACTERS: usize = 16_384;
/// The longest name a desk may give a request.
const LONGEST_ID: usize = 200;
/// The longest name of a flow.
const LONGEST_FLOW: usize = 64;
/// The longest key of a conversation: an external id of 512 bytes with what stands before it.
const LONGEST_CONVERSATION: usize = 600;

/// Characters of an unknown key that are said back.
const LONGEST_SHOWN: usize = 40;

/// What a path under `/conversations` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Send these words.
    Message,
    /// A person owns the conversation.
    Takeover,
    /// The bot owns it.
    Release,
    /// Forget the user.
    Erase,
    /// Start a flow.
    Flow,
    /// Say what an AI answers later.
    Answer,
}

/// Reading for people: agents' tools see these words.
#[derive(Debug, thiserror::Error)]
enum BadWish {
    #[error("the body must be JSON like {{\"conversation\": \"user:42\"}}, each key once: it has {keys}")]
    NotJson { keys: &'static str },
    #[error("\"{key}\" is no key here: the body has {keys}")]
    Unknown { key: String, keys: &'static str },
    #[error("\"conversation\" must be user:<external id>, braze:<braze id> or alias:<label>:<name>")]
    Conversation,
    #[error("\"text\" must be a text of 1 to {MOST_CHARACTERS} characters")]
    Text,
    #[error("\"id\" must be a text of 1 to {LONGEST_ID} characters, or be left out")]
    Id,
    #[error("\"flow\" must be the name of a flow in assistant.toml, of 1 to {LONGEST_FLOW} characters")]
    Flow,
    #[error(
        "\"language\" must be one in which the assistant has its lines ({0}), perhaps with a region as in pt-BR, or be left out"
    )]
    Language(Languages),
    #[error("\"question\" must be what the question called itself, of 1 to {LONGEST_ID} characters")]
    Question,
    #[error(transparent)]
    Answer(#[from] BadAnswer),
}

/// What a body holds under each key that is not `null`, so that a wrong one can be named. No key stands there twice.
struct Body(Map<String, Value>);

impl Body {
    /// What stands under `key`; `null` if nothing does.
    fn take(&mut self, key: &str) -> Value {
        self.0.remove(key).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Keys)
    }
}

struct Keys;

impl<'de> Visitor<'de> for Keys {
    type Value = Body;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Body, A::Error> {
        let mut keys = Map::new();
        while let Some((key, value)) = entries.next_entry()? {
            if keys.insert(key, value).is_some() {
                return Err(A::Error::custom("a key stands there twice"));
            }
        }
        keys.retain(|_, value: &mut Value| !value.is_null());
        Ok(Body(keys))
    }
}

impl Wish {
    /// The keys it has beside `conversation` and `id`, and how people are told of all of them.
    fn keys(self) -> (&'static [&'static str], &'static str) {
        match self {
            Self::Message => (&["text"], "\"conversation\", \"text\" and perhaps \"id\""),
            Self::Flow => (&["flow", "language"], "\"conversation\", \"flow\" and perhaps \"language\" and \"id\""),
            Self::Answer => (
                &["question", "text", "messages", "hand_off", "summary"],
                "\"conversation\", \"question\", what a response has (\"text\", \"messages\", \"hand_off\", \"summary\") \
                 and perhaps \"id\"",
            ),
            Self::Takeover | Self::Release | Self::Erase => (&[], "\"conversation\" and perhaps \"id\""),
        }
    }

    /// The body, if every key in it means something here. What is misspelt must not look done.
    fn read(self, body: &[u8]) -> Result<Body, BadWish> {
        let (own, keys) = self.keys();
        let body: Body = serde_json::from_slice(body).map_err(|_| BadWish::NotJson { keys })?;
        let is_known = |key: &str| ["conversation", "id"].contains(&key) || own.contains(&key);
        match body.0.keys().find(|key| !is_known(key)) {
            None => Ok(body),
            Some(key) => Err(BadWish::Unknown { key: key.chars().take(LONGEST_SHOWN).collect(), keys }),
        }
    }
}

/// Takes an agent's wish in.
pub(crate) async fn receive(ingest: &Ingest, call: Call<'_>, wish: Wish) -> Answer {
    if call.body.len() > MOST_BODY_BYTES {
        return Answer::too_large("256 KiB");
    }
    match understand(call.body, wish, &ingest.languages) {
        Ok(wished) => queue(ingest, wished).await,
        Err(reason) => Answer::bad_request(&reason.to_string()),
    }
}

/// What was understood: whose conversation, what is to happen, and the desk's name for the request.
pub(crate) struct Wished {
    /// Whose.
    pub(crate) conversation: ConversationKey,
    /// What.
    pub(crate) deed: AgentDeed,
    /// The desk's name for the request.
    pub(crate) name: Option<String>,
}

/// Hands on what was understood.
pub(crate) async fn queue(ingest: &Ingest, wished: Wished) -> Answer {
    let action = wished.action((ingest.log_ids)(), ingest.clock.now());
    let (id, log_id, deed) = (action.id.clone(), action.log_id.clone(), name(&action.deed));
    match ingest.agents.send(QueueMessage::AgentV1(action).to_ascii_json()).await {
        Ok(()) => {
            ingest.meter.count(Metric::AgentQueued, 1);
            tracing::info!(log_id, deed, "an agent's wish is queued");
            Answer::queued(id.as_str())
        }
        Err(error) => {
            tracing::error!(log_id, %error, "an agent's wish is not queued; the desk is asked to come again");
            Answer::unavailable("the queue cannot be reached")
        }
    }
}

fn understand(body: &[u8], wish: Wish, languages: &Languages) -> Result<Wished, BadWish> {
    let mut body = wish.read(body)?;
    let conversation = body.take("conversation");
    let conversation = conversation.as_str().and_then(ConversationKey::parse).filter(is_usable);
    let conversation = conversation.ok_or(BadWish::Conversation)?;
    let name = match body.take("id") {
        Value::Null => None,
        Value::String(id) if !id.is_empty() && id.chars().count() <= LONGEST_ID => Some(id),
        _ => return Err(BadWish::Id),
    };
    let deed = match wish {
        Wish::Message => AgentDeed::Say(words(body.take("text")).ok_or(BadWish::Text)?),
        Wish::Takeover => AgentDeed::TakeOver,
        Wish::Release => AgentDeed::Release,
        Wish::Erase => AgentDeed::Erase,
        Wish::Flow => {
            let flow = body.take("flow");
            let flow = flow.as_str().filter(|flow| (1..=LONGEST_FLOW).contains(&flow.chars().count()));
            let flow = flow.ok_or(BadWish::Flow)?.to_owned();
            let language = match body.take("language") {
                Value::Null => None,
                Value::String(tag) if languages.have(&tag) => Some(tag),
                _ => return Err(BadWish::Language(languages.clone())),
            };
            AgentDeed::StartFlow { flow, language }
        }
        Wish::Answer => {
            let question = body.take("question");
            let question = question.as_str().filter(|id| (1..=LONGEST_ID).contains(&id.chars().count()));
            let question = MessageId::stored(question.ok_or(BadWish::Question)?);
            // No other key is left that would mean anything.
            let answer = PlatformAnswer::from_keys(body.0).map_err(BadAnswer::from)?;
            AgentDeed::Answer { question, body: checked(&answer)? }
        }
    };
    Ok(Wished { conversation, deed, name })
}

fn words(text: Value) -> Option<Personal> {
    match text {
        Value::String(text) => Some(Personal::new(text)).filter(is_sayable),
        _ => None,
    }
}

impl Wished {
    fn action(self, log_id: String, at: Timestamp) -> AgentAction {
        let key = self.conversation.as_str();
        let id = match (&self.name, &self.deed) {
            (Some(name), _) => MessageId::of_request(key, name),
            (None, AgentDeed::Say(text)) => MessageId::of_unnamed_request(key, text.as_str(), at),
            (None, AgentDeed::StartFlow { flow, .. }) => MessageId::of_unnamed_request(key, flow, at),
            (None, AgentDeed::Answer { question, .. }) => MessageId::of_unnamed_request(key, question.as_str(), at),
            (None, _) => MessageId::of_unnamed_request(key, "", at),
        };
        let named = self.name.is_some();
        AgentAction { id, log_id, conversation: self.conversation, at, named, deed: self.deed }
    }
}

/// Whether a key can be somebody's: no control character, and no longer than one that came in with a message.
pub(crate) fn is_usable(conversation: &ConversationKey) -> bool {
    let key = conversation.as_str();
    key.len() <= LONGEST_CONVERSATION && !key.contains(char::is_control)
}

/// Whether there is something to send, and not too much.
pub(crate) fn is_sayable(text: &Personal) -> bool {
    !models::is_blank(text.as_str()) && text.as_str().chars().count() <= MOST_CHARACTERS
}

fn name(deed: &AgentDeed) -> &'static str {
    match deed {
        AgentDeed::Say(_) => "message",
        AgentDeed::TakeOver => "takeover",
        AgentDeed::Release => "release",
        AgentDeed::Erase => "erase",
        AgentDeed::StartFlow { .. } => "flow",
        AgentDeed::Answer { .. } => "answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(wish: Wish, body: &str) -> String {
        understand(body.as_bytes(), wish, &Languages::default()).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn each_mistake_names_the_key_and_what_is_expected() {
        for (wish, body, expected) in [
            (Wish::Message, r#"{"conversation": "user:a", "txt": "hi"}"#, "\"txt\" is no key here: the body has"),
            (Wish::Takeover, r#"{"conversation": "user:a", "text": "hi"}"#, "\"text\" is no key here: the body has"),
            (Wish::Erase, r#"{"user": "user:a"}"#, "\"user\" is no key here"),
            (Wish::Message, r#"{"conversation": "user:a", "text": 7}"#, "\"text\" must be a text of 1 to 16384"),
            (Wish::Message, r#"{"conversation": "user:a"}"#, "\"text\" must be a text of 1 to 16384"),
            (Wish::Release, r#"{"conversation": 7}"#, "\"conversation\" must be user:<external id>"),
            (Wish::Release, "{}", "\"conversation\" must be user:<external id>"),
            (Wish::Release, r#"{"conversation": "user:a", "id": 7}"#, "\"id\" must be a text of 1 to 200"),
            (Wish::Release, r#"{"conversation": "user:a", "conversation": "user:b"}"#, "the body must be JSON like"),
            (Wish::Flow, r#"{"conversation": "user:a", "flow": 7}"#, "\"flow\" must be the name of a flow"),
            (
                Wish::Flow,
                r#"{"conversation": "user:a", "flow": "f", "language": "xx"}"#,
                "\"language\" must be one in which the assistant has its lines (de, en, es, fr, pt)",
            ),
            (Wish::Flow, r#"{"conversation": "user:a", "flow": "f", "language": 7}"#, "\"language\" must be one in"),
            (Wish::Flow, r#"{"conversation": "user:a", "text": "hi"}"#, "\"text\" is no key here: the body has"),
            (Wish::Message, r#"{"conversation": "user:a", "text": "a", "flow": "b"}"#, "\"flow\" is no key here"),
            (
                Wish::Answer,
                r#"{"conversation": "user:a", "text": "hi"}"#,
                "\"question\" must be what the question called",
            ),
            (Wish::Answer, r#"{"conversation": "user:a", "question": "q", "txt": "hi"}"#, "\"txt\" is no key here"),
            (Wish::Answer, r#"{"conversation": "user:a", "question": "q", "text": 7}"#, "\"text\" must be a text"),
            (
                Wish::Message,
                r#"{"conversation": "user:a", "text": "a", "question": "q"}"#,
                "\"question\" is no key here",
            ),
            (Wish::Release, r#"{"conversation": "user:a", "summary": "s"}"#, "\"summary\" is no key here"),
            (Wish::Release, "[]", "the body must be JSON like"),
            (Wish::Release, "conversation", "the body must be JSON like"),
        ] {
            assert!(mistake(wish, body).starts_with(expected), "{body}: {}", mistake(wish, body));
        }
    }

    #[test]
    fn whoever_posts_something_else_hears_which_keys_there_are() {
        for (wish, named) in [(Wish::Message, "\"text\""), (Wish::Flow, "\"flow\""), (Wish::Answer, "\"question\"")] {
            let reason = mistake(wish, r#"[{"recipient_id": "user:a", "text": "hi"}]"#);
            assert!(reason.contains(named), "{named}: {reason}");
        }
    }

    #[test]
    fn the_log_says_what_was_wished() {
        let answer = AgentDeed::Answer { question: MessageId::stored("q"), body: "{}".into() };
        let flow = AgentDeed::StartFlow { flow: "f".to_owned(), language: None };
        let deeds =
            [AgentDeed::Say("hi".into()), AgentDeed::TakeOver, AgentDeed::Release, AgentDeed::Erase, flow, answer];
        assert_eq!(deeds.map(|deed| name(&deed)), ["message", "takeover", "release", "erase", "flow", "answer"]);
    }

    #[test]
    fn an_endless_key_is_not_said_back_whole() {
        let key = "x".repeat(1_000);
        assert!(mistake(Wish::Erase, &format!("{{\"{key}\": 1}}")).len() < 200);
    }

    #[test]
    fn what_is_null_is_left_out() {
        let body = br#"{"conversation": "user:a", "text": "hi", "id": null, "flow": null}"#;
        assert!(understand(body, Wish::Message, &Languages::default()).unwrap().name.is_none());
    }
}
