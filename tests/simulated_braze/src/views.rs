//! What a page or a test can see of the simulation, and what outlives a restart.

use models::{Personal, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::delivery::NotDelivered;
use crate::layout::Beside;
use crate::profiles::Profile;

/// One line on a user's phone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneMessage {
    /// Who wrote it.
    pub from: Sender,
    /// The words, exactly as they were sent.
    pub text: Personal,
    /// What is shown besides them; absent for words alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside: Option<Beside>,
    /// When it appeared, in milliseconds since the epoch.
    pub at: Timestamp,
}

/// Who wrote a line on a phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sender {
    /// The user whose phone it is.
    User,
    /// The brand, through Braze.
    Brand,
}

/// One call to the REST interface.
#[derive(Clone, Serialize)]
pub struct RequestRecord {
    /// When it arrived.
    pub at: Timestamp,
    /// Such as `POST`.
    pub method: String,
    /// With its query, if it had one.
    pub path: String,
    /// The status of the answer; `null` while there is none, or if the connection was cut.
    pub status: Option<u16>,
    /// The body as JSON; as text if it is none, and `null` if there is none.
    pub body: Value,
    /// The answer's body, in the same way.
    pub answer: Value,
}

/// One webhook, with all its retries.
#[derive(Clone, Serialize)]
pub struct WebhookRecord {
    /// When it was rendered.
    pub at: Timestamp,
    /// The id of the campaign.
    pub campaign: String,
    /// Whose message fired it.
    pub conversation: Personal,
    /// The dispatch; the same for every retry.
    pub dispatch_id: String,
    /// Where it goes.
    pub url: String,
    /// The exact text of its body.
    pub body: Personal,
    /// Every time it was sent, oldest first.
    pub attempts: Vec<Attempt>,
    /// How it ended.
    pub outcome: Outcome,
}

/// One time a webhook was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// The status of the answer; `null` if there was none.
    pub status: Option<u16>,
}

/// How a webhook ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not: it is on its way or waits to be retried.
    Pending,
    /// Any 2xx.
    Received,
    /// Any 3xx, or a 4xx other than 408 and 429: Braze never sends it again.
    Refused,
    /// Every retry failed.
    GivenUp,
}

/// Something that was accepted or typed, and reached nobody.
#[derive(Clone, Serialize)]
pub struct Undelivered {
    /// When.
    pub at: Timestamp,
    /// Whom it was for, or who wrote it, as the call or the page named them.
    pub conversation: Personal,
    /// The id of the campaign.
    pub campaign: String,
    /// Why, as a word.
    pub reason: NotDelivered,
    /// Why, as a sentence.
    pub explanation: String,
}

/// What a workspace has to remember over a restart: its users, their phones, and webhooks on their way.
#[derive(Clone, Serialize, Deserialize)]
pub struct Snapshot {
    pub(crate) profiles: Vec<Profile>,
    pub(crate) webhooks: Vec<PendingWebhook>,
}

/// A webhook that was rendered and not settled. Its headers are the campaign's, so that no token is written down.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PendingWebhook {
    pub(crate) at: Timestamp,
    pub(crate) campaign: String,
    pub(crate) conversation: Personal,
    pub(crate) dispatch_id: String,
    pub(crate) url: String,
    pub(crate) body: Personal,
    /// Times it was sent before.
    pub(crate) sent: u32,
}
