//! The plain types everything else speaks in: people, messages, turns, replies and the assistant's configuration.
//!
//! Nothing here does I/O or reads a clock. What a person said or is called by lives in [`Personal`], whose `Debug` shows
//! nothing of it, so that no log line, error or panic can.

mod agent;
pub mod assistant;
mod attachment;
mod braze_id;
mod budget;
mod content;
mod digit;
mod flow_state;
mod folded;
mod identity;
mod keyword;
mod message;
mod personal;
mod platform_answer;
mod profile;
mod queue_message;
mod reply;
mod time;
mod visible;

pub use agent::{AgentAction, AgentDeed, HandOffReason};
pub use attachment::{Attachment, MediaKind, attachments};
pub use braze_id::{BadBrazeId, CampaignId, SubscriptionGroupId};
pub use budget::{Budget, Spent, Window};
pub use content::{
    Campaign, Content, List, Media, Misfit, Proposal, ProposedList, ProposedMedia, ProposedReplies, ProposedRow,
    QuickReplies, Row, TEMPLATE_CHARACTERS, Template,
};
pub use digit::digit;
pub use flow_state::FlowState;
pub use folded::folded;
pub use identity::{ConversationKey, Identity, Recipient, UnreachableIdentity};
pub use keyword::{Keywords, LONGEST_MESSAGE, normalised};
pub use message::{Author, Message, MessageId, RouteName};
pub use personal::Personal;
pub use platform_answer::{NoPlatformAnswer, PlatformAnswer, PlatformMessage};
pub use profile::{Attributes, Event, FieldName, Finite, NotWritable, ProfileText, ProfileValue, Subscription};
pub use queue_message::{QueueMessage, UnreadableQueueMessage};
pub use reply::{NotSendable, PART_CHARACTERS, Part, Reply, ReplyId, Utterance};
pub use time::Timestamp;
pub use visible::{is_blank, is_visible};
