//! What people of the brand do in a conversation.

use serde::{Deserialize, Serialize};

use crate::{Author, ConversationKey, Identity, Message, MessageId, Personal, Timestamp};

/// One thing a desk or an operator asked for through the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentAction {
    /// The same for every try of the same request, as far as the desk names its requests.
    pub id: MessageId,
    /// A random word that follows it through the logs.
    pub log_id: String,
    /// Which conversation.
    pub conversation: ConversationKey,
    /// When it reached the door: of two changes of owner the later one counts.
    pub at: Timestamp,
    /// Whether the desk named the request, so that the same words under two names are two messages.
    #[serde(default)]
    pub named: bool,
    /// What.
    pub deed: AgentDeed,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "text")]
pub enum AgentDeed {
    /// Send the user these words; a person owns the conversation from now on.
    Say(Personal),
    /// A person owns the conversation.
    TakeOver,
    /// The bot owns it again.
    Release,
    /// Forget the user.
    Erase,
}

/// Why a conversation goes to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandOffReason {
    /// The user asked for one.
    Keyword,
    /// The AI found that one is needed.
    Assistant,
    /// Nothing could answer.
    Failure,
    /// The route leads to one.
    Route,
    /// A person took over by themselves.
    Agent,
    /// A flow ended with it.
    Flow,
}

impl AgentAction {
    /// The words as a message of the conversation, if there are any.
    pub fn message(&self) -> Option<Message> {
        let AgentDeed::Say(text) = &self.deed else { return None };
        Some(Message {
            id: self.id.clone(),
            log_id: self.log_id.clone(),
            author: Author::Agent,
            identity: Identity::of(&self.conversation),
            text: text.clone(),
            shortened: false,
            arrival: self.at,
            sent_at: None,
            dispatched: self.named,
            route: None,
            language: None,
            profile_name: None,
            media_urls: None,
        })
    }
}
