//! The queue of dead letters.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_sqs::types::Message;
use platform::aws::{SdkConfig, kind};
use platform::queue::{QueueError, whole_seconds};

/// How long a letter is hidden from others while it is looked at: if this program dies, it is back after that.
const HIDDEN_FOR: Duration = Duration::from_mins(15);
/// How long the queue may look for another letter before there is none.
const WAIT: Duration = Duration::from_secs(2);
/// The most letters of one call.
const MOST: i32 = 10;

/// One dead letter. What it says may not be shown, so there is no `Debug`.
pub(super) struct Letter {
    /// The queue's name for it.
    pub(super) id: String,
    /// The handle of this look at it.
    pub(super) receipt: String,
    /// What it says.
    pub(super) body: String,
}

/// Where dead letters lie.
#[async_trait]
pub(super) trait DeadLetters: Send + Sync {
    /// Some letters that nobody has been handed lately; none once there are no more.
    async fn next(&self) -> Result<Vec<Letter>, QueueError>;

    /// Deletes a letter.
    async fn delete(&self, letter: &Letter) -> Result<(), QueueError>;

    /// Lets others see a letter at once.
    async fn put_back(&self, letter: &Letter) -> Result<(), QueueError>;
}

/// Dead letters in SQS.
pub(super) struct SqsLetters {
    client: aws_sdk_sqs::Client,
    url: String,
}

impl SqsLetters {
    pub(super) fn new(config: &SdkConfig, url: &str) -> Self {
        Self { client: aws_sdk_sqs::Client::new(config), url: url.to_owned() }
    }
}

#[async_trait]
impl DeadLetters for SqsLetters {
    async fn next(&self) -> Result<Vec<Letter>, QueueError> {
        let call = self.client.receive_message().queue_url(&self.url).max_number_of_messages(MOST);
        let call = call.wait_time_seconds(whole_seconds(WAIT)).visibility_timeout(whole_seconds(HIDDEN_FOR));
        let answer = call.send().await.map_err(|error| QueueError { reason: kind(&error) })?;
        Ok(answer.messages.unwrap_or_default().into_iter().filter_map(letter).collect())
    }

    async fn delete(&self, letter: &Letter) -> Result<(), QueueError> {
        let call = self.client.delete_message().queue_url(&self.url).receipt_handle(&letter.receipt);
        call.send().await.map(drop).map_err(|error| QueueError { reason: kind(&error) })
    }

    async fn put_back(&self, letter: &Letter) -> Result<(), QueueError> {
        let call = self.client.change_message_visibility().queue_url(&self.url).receipt_handle(&letter.receipt);
        call.visibility_timeout(0).send().await.map(drop).map_err(|error| QueueError { reason: kind(&error) })
    }
}

/// What has no name or no handle cannot be dealt with: it is back when it is hidden no more.
fn letter(message: Message) -> Option<Letter> {
    let Message { message_id: Some(id), receipt_handle: Some(receipt), body: Some(body), .. } = message else {
        return None;
    };
    Some(Letter { id, receipt, body })
}
