//! What agents and operators ask for: understood, queued and answered like a user's message, but in a queue of its own.

use models::{AgentAction, AgentDeed, ConversationKey, MessageId, Personal, QueueMessage, Timestamp};
use platform::metrics::Metric;
use serde::Deserialize;

use crate::{Answer, Call, Ingest};

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
}

/// Reading for people: agents' tools see these words.
#[derive(Debug, thiserror::Error)]
enum BadWish {
    #[error(
        "the body must be JSON like {{\"conversation\": \"user:42\"}}, with \"text\" and perhaps \"id\" for a message"
    )]
    NotJson,
    #[error("\"conversation\" must be user:<external id>, braze:<braze id> or alias:<label>:<name>")]
    Conversation,
    #[error("\"text\" must be a text of 1 to {MOST_CHARACTERS} characters")]
    Text,
    #[error("\"id\" must be a text of 1 to {LONGEST_ID} characters, or be left out")]
    Id,
    #[error("\"flow\" must be the name of a flow in assistant.toml, of 1 to {LONGEST_FLOW} characters")]
    Flow,
    #[error("\"language\" must be a tag such as de or pt-BR, or be left out")]
    Language,
}

#[derive(Deserialize)]
struct Body {
    conversation: String,
    #[serde(default)]
    text: Option<Personal>,
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    flow: Option<String>,
    #[serde(default)]
    language: Option<String>,
}

/// Takes an agent's wish in.
pub(crate) async fn receive(ingest: &Ingest, call: Call<'_>, wish: Wish) -> Answer {
    if call.body.len() > MOST_BODY_BYTES {
        return Answer::too_large("256 KiB");
    }
    match understand(call.body, wish) {
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

fn understand(body: &[u8], wish: Wish) -> Result<Wished, BadWish> {
    let body: Body = serde_json::from_slice(body).map_err(|_| BadWish::NotJson)?;
    let conversation = ConversationKey::parse(&body.conversation).filter(is_usable).ok_or(BadWish::Conversation)?;
    if body.id.as_ref().is_some_and(|id| id.is_empty() || id.chars().count() > LONGEST_ID) {
        return Err(BadWish::Id);
    }
    let deed = match wish {
        Wish::Message => AgentDeed::Say(body.text.filter(is_sayable).ok_or(BadWish::Text)?),
        Wish::Takeover => AgentDeed::TakeOver,
        Wish::Release => AgentDeed::Release,
        Wish::Erase => AgentDeed::Erase,
        Wish::Flow => {
            let flow = body.flow.filter(|flow| (1..=LONGEST_FLOW).contains(&flow.chars().count()));
            if !body.language.as_deref().is_none_or(is_language) {
                return Err(BadWish::Language);
            }
            AgentDeed::StartFlow { flow: flow.ok_or(BadWish::Flow)?, language: body.language }
        }
    };
    Ok(Wished { conversation, deed, name: body.id })
}

impl Wished {
    fn action(self, log_id: String, at: Timestamp) -> AgentAction {
        let key = self.conversation.as_str();
        let id = match (&self.name, &self.deed) {
            (Some(name), _) => MessageId::of_request(key, name),
            (None, AgentDeed::Say(text)) => MessageId::of_arrival(key, text.as_str(), at),
            (None, AgentDeed::StartFlow { flow, .. }) => MessageId::of_arrival(key, flow, at),
            (None, _) => MessageId::of_arrival(key, "", at),
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
    !text.as_str().trim().is_empty() && text.as_str().chars().count() <= MOST_CHARACTERS
}

fn name(deed: &AgentDeed) -> &'static str {
    match deed {
        AgentDeed::Say(_) => "message",
        AgentDeed::TakeOver => "takeover",
        AgentDeed::Release => "release",
        AgentDeed::Erase => "erase",
        AgentDeed::StartFlow { .. } => "flow",
    }
}

/// Whether it looks like a language tag: `de`, `pt-BR`, `zh_Hans`.
fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len()) && tag.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}
