#![doc = include_str!("../README.md")]

mod aloud;
mod anthropic;
mod bedrock;
mod blocks;
mod brand_tools;
mod breaker;
mod encoded;
mod equipped;
mod grounded;
mod http;
mod knowledge;
mod ladder;
mod library;
mod media;
mod openai;
mod prompt;
mod retry_after;
mod rounds;
mod streamed;
mod summary;
mod tools;
mod webhook;

use std::time::Duration;

use async_trait::async_trait;
use models::{ConversationKey, MediaKind, MessageId, Personal};

pub use aloud::Aloud;
pub use anthropic::Anthropic;
pub use bedrock::Bedrock;
pub use brand_tools::{BadTool, BrandTools, Caller, HttpCaller, ToolFailure, ToolRequest};
pub use equipped::Equipped;
pub use grounded::Grounded;
pub use http::BadBaseUrl;
pub use knowledge::{Knowledge, Passage};
pub use ladder::{Ladder, Rung};
pub use library::Library;
pub use media::{
    Image, ImageKind, LARGEST_IMAGE, LARGEST_VOICE, MediaFailure, MediaReader, Medium, Opened, noted, sniffed_image,
};
pub use openai::OpenAi;
pub use summary::{Past, SUMMARY_INSTRUCTIONS, Summary};
pub use tools::{Deed, FactKind, FactSpec, Tools};
pub use webhook::Webhook;

/// What an AI is asked: one user's new words, with what went before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The same for every try of one question. Models are not told.
    pub id: MessageId,
    /// Whose question it is: what another platform keeps its own memory by. Models are not told.
    pub conversation: ConversationKey,
    /// What the brand tells the assistant about itself. The user's words never go in here.
    pub instructions: String,
    /// The language of the user's profile, as Braze has it: a hint.
    pub language: Option<String>,
    /// Earlier turns with the same user, oldest first.
    pub history: Vec<Exchange>,
    /// The new words; blank if there is something beside them.
    pub text: Personal,
    /// What came along with them.
    pub media: Vec<Medium>,
    /// Tokens the answer may have.
    pub output_tokens: u32,
    /// What the AI may do besides talking. Only backends that have tools look at it.
    pub tools: Tools,
    /// How many backends of a [`Ladder`], from the top, are passed over: one of them was to answer later, and its time
    /// is over. Where any is, nobody else may answer later.
    pub passed: usize,
    /// Who listens while the answer is said, if anybody. Backends that do not answer in parts tell nobody.
    pub aloud: Aloud,
}

impl Question {
    /// The pictures among what came along.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = &Image> {
        self.media.iter().filter_map(|medium| match medium {
            Medium::Picture(image) => Some(image),
            Medium::Spoken | Medium::Unseen(_) => None,
        })
    }

    /// The same with the pictures named and not shown.
    pub(crate) fn without_pictures(&self) -> Self {
        let unseen = |medium: &Medium| match medium {
            Medium::Picture(_) => Medium::Unseen(MediaKind::Picture),
            other => other.clone(),
        };
        Self { media: self.media.iter().map(unseen).collect(), ..self.clone() }
    }
}

#[cfg(test)]
impl Question {
    /// A plain one, for tests.
    pub(crate) fn plain(text: &str) -> Self {
        Self {
            id: MessageId::stored("m1"),
            conversation: ConversationKey::of(&models::Recipient::External("ada".into())),
            instructions: "Be brief.".to_owned(),
            language: None,
            history: vec![],
            text: text.into(),
            media: vec![],
            output_tokens: 800,
            tools: Tools::default(),
            passed: 0,
            aloud: Aloud::default(),
        }
    }
}

/// One earlier turn; in some only one of the two said something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What the user had said.
    pub user: Personal,
    /// What was answered.
    pub assistant: Personal,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An answer: a text, or a deed that [has words](Deed::has_words), or both.
    Said {
        /// The words, in Markdown; never blank.
        text: Option<Personal>,
        /// What it did, in its order; at most 8.
        deeds: Vec<Deed>,
        /// How many tool calls were ignored: not offered, not as described, a repetition, one too many, or left over at
        /// the end.
        rejected: u32,
        /// What it cost, where the backend says so.
        usage: Option<Usage>,
    },
    /// The backend looked and has nothing on this. Only backends that can tell say so.
    DontKnow,
    /// The answer comes later, by a call of the backend's own that names the question.
    Later(Later),
}

/// How an answer that comes later is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Later {
    /// For how long.
    pub within: Duration,
    /// How many backends of the [`Ladder`], from the top, have had their chance then: what [`Question::passed`] is to
    /// be.
    pub passed: usize,
}

impl Answer {
    /// An answer of words alone, at an unknown cost.
    pub fn text(text: impl Into<Personal>) -> Self {
        Self::Said { text: Some(text.into()), deeds: Vec::new(), rejected: 0, usage: None }
    }
}

/// Tokens, as counted by the backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Tokens of the question.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

/// No answer. Says what kind of failure, never a word of the question or of the backend's text, and nothing of what happens
/// next: that is whoever's to say who asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AiError {
    /// No whole answer within the time it had.
    #[error("the AI did not answer in time")]
    TimedOut,
    /// Not reachable, overloaded or broken on its side: later may be better.
    #[error("the AI is unavailable (status {status:?})")]
    Unavailable {
        /// The HTTP status, if there was one.
        status: Option<u16>,
        /// How long it asks us to wait.
        retry_after: Option<Duration>,
    },
    /// It understood and refused: the key, the model or the request is wrong, and asking again will not help.
    #[error("the AI refused the request (status {status}); check its address, its model and its key")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// It has failed again and again and was not asked.
    #[error("the AI has failed often and is left alone for a while")]
    LeftAlone,
    /// It answered with something that is no answer.
    #[error("the AI's answer cannot be used: {0}")]
    Unusable(&'static str),
}

/// One backend.
#[async_trait]
pub trait Ai: Send + Sync {
    /// A short name for logs and metrics.
    fn name(&self) -> &'static str;

    /// Whether it, or anything it asks in its place, is shown pictures: whether they are worth fetching.
    fn sees(&self) -> bool {
        false
    }

    /// Whether it, or anything it asks in its place, may say [`Answer::Later`].
    fn answers_later(&self) -> bool {
        false
    }

    /// Answers `question`, or fails before `time` is over.
    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError>;

    /// An answer came later, from the backend of a [`Ladder`] that [`Later::passed`] had told of: it keeps its promises.
    fn came(&self, passed: usize) {
        let _ = passed;
    }

    /// Whether it, or anything it asks in its place, can sum a conversation up: only a model can.
    fn summarises(&self) -> bool {
        false
    }

    /// Sums `past` up, or fails before `time` is over; with nothing around it that an answer has, tools or knowledge.
    async fn summarise(&self, past: &Past, time: Duration) -> Result<Summary, AiError> {
        let (_, _) = (past, time);
        Err(AiError::Unusable("it sums nothing up"))
    }
}
