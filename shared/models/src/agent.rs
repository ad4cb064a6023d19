//! What people of the brand do in a conversation.

use serde::{Deserialize, Serialize};

use crate::{Author, ConversationKey, Identity, Message, MessageId, Personal, Timestamp};

/// One thing a desk, an operator or another system asked for through the door.
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
    /// Start a flow with the user.
    StartFlow {
        /// Its name in the assistant's configuration.
        flow: String,
        /// The user's language, if who starts it knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        language: Option<String>,
    },
    /// An AI's answer to a question that it said it would answer later.
    Answer {
        /// The question, as it was named to the AI: the last of the messages it is about.
        question: MessageId,
        /// The answer, as the JSON of a response.
        body: Personal,
    },
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
    /// What takes its turn in the conversation as a message does: an agent's words, or the name of a flow to start.
    pub fn message(&self) -> Option<Message> {
        let (author, text, language) = match &self.deed {
            AgentDeed::Say(text) => (Author::Agent, text.clone(), None),
            AgentDeed::StartFlow { flow, language } => (Author::System, flow.as_str().into(), language.clone()),
            AgentDeed::TakeOver | AgentDeed::Release | AgentDeed::Erase | AgentDeed::Answer { .. } => return None,
        };
        Some(Message {
            id: self.id.clone(),
            log_id: self.log_id.clone(),
            author,
            identity: Identity::of(&self.conversation),
            text,
            shortened: false,
            arrival: self.at,
            sent_at: None,
            dispatched: self.named,
            route: None,
            language,
            profile_name: None,
            media_urls: None,
        })
    }
}
