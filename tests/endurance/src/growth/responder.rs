//! Ordinary messages to the responder: a user asks, the AI answers, Braze takes the reply; every tenth delivery is a copy of the
//! one before, which is settled already.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::routing::post;
use local_aws::{LocalAws, Queue, QueueSettings};
use models::{Identity, Message, MessageId, QueueMessage, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::Unfit;

const TABLE: &str = "conversations";
const ASSISTANT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/growth/assistant.toml");
/// Users who ask again and again.
const USERS: usize = 100;
/// One in so many deliveries is a copy of the one before.
const COPIES: usize = 10;
/// What the AI says to everything.
const ANSWER: &str =
    "We are open from **Monday to Friday**, 9 to 18 o'clock.\n\n- On Saturday until noon\n- On Sunday never";

/// The surroundings of the responder, and the messages that it gets.
pub struct Responder {
    aws: Arc<LocalAws>,
    work: Queue,
    outside: String,
    users: Vec<Identity>,
    /// Counts what our own Braze took; absent if Braze is somebody else's.
    sent: Option<Arc<AtomicUsize>>,
}

impl Responder {
    /// AWS with the actor's queue, table and secret; beside it an AI that answers at once, and a Braze.
    pub async fn surroundings() -> Result<Self, Unfit> {
        let sent = Arc::new(AtomicUsize::new(0));
        let outside = serve(Arc::clone(&sent)).await.map_err(|error| Unfit::new(error.to_string()))?;
        Ok(Self { sent: Some(sent), ..Self::facing(Arc::new(LocalAws::start().await), outside)? })
    }

    /// The same on this AWS, before an AI (`/v1/chat/completions`) and a Braze (`/campaigns/trigger/send`) at this address.
    pub fn facing(aws: Arc<LocalAws>, outside: String) -> Result<Self, Unfit> {
        let work = aws.create_queue("work", QueueSettings::default());
        aws.create_table(TABLE, "expires_at");
        aws.put_secret("responder", &json!({"braze_api_key": "key", "ai_api_key": "key"}).to_string());
        Self { aws, work, outside, users: Vec::new(), sent: None }.of_users(USERS)
    }

    /// The same with so many users.
    pub fn of_users(self, count: usize) -> Result<Self, Unfit> {
        self.of((0..count).map(|user| format!("user-{user}")))
    }

    /// The same with a new user for each of so many messages.
    pub(super) fn among_strangers(self, messages: usize) -> Result<Self, Unfit> {
        self.of((0..messages).map(super::stranger))
    }

    fn of(self, names: impl Iterator<Item = String>) -> Result<Self, Unfit> {
        let users = names.map(|name| Identity::new(&name, "", "+15550123456"));
        let users = users.collect::<Result<_, _>>().map_err(|error| Unfit::new(error.to_string()))?;
        Ok(Self { users, ..self })
    }
}

impl super::Subject for Responder {
    const NAME: &'static str = "responder";
    const MOST_GROWTH: u64 = 256;

    fn aws(&self) -> &LocalAws {
        &self.aws
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("QUEUE_URL", self.work.url()),
            ("AGENT_QUEUE_URL", self.work.url()),
            ("RESPONDER_SECRET_ID", "responder".to_owned()),
            ("TABLE_NAME", TABLE.to_owned()),
            ("BRAZE_ENDPOINT", self.outside.clone()),
            ("BRAZE_CAMPAIGN_ID", "replies".to_owned()),
            ("AI_BACKEND", "openai".to_owned()),
            ("AI_BASE_URL", format!("{}/v1", self.outside)),
            ("AI_MODEL", "constant".to_owned()),
            ("ASSISTANT_CONFIG", ASSISTANT.to_owned()),
        ]
    }

    fn event(&self, number: usize) -> Value {
        self.batch(&[number])
    }

    fn mistake(&self, _: usize, response: &Value) -> Option<String> {
        (response["batchItemFailures"] != json!([])).then(|| format!("it answered {response}"))
    }

    async fn clean(&self, invocations: usize) -> Option<String> {
        // Everything expires some day; that day is now.
        self.aws.expire_items(TABLE, u64::MAX);
        self.aws.reset_capacity();
        let (sent, expected) = (self.sent.as_ref()?.swap(0, Ordering::Relaxed), invocations - invocations / COPIES);
        (sent != expected).then(|| format!("Braze took {sent} replies instead of {expected}"))
    }
}

impl Responder {
    /// One event with the messages of these numbers.
    pub fn batch(&self, numbers: &[usize]) -> Value {
        json!({"Records": numbers.iter().map(|number| self.record(*number)).collect::<Vec<_>>()})
    }

    fn record(&self, number: usize) -> Value {
        let is_copy = number.is_multiple_of(COPIES);
        let body = QueueMessage::InboundV1(self.message(number - usize::from(is_copy))).to_ascii_json();
        json!({
            "messageId": number.to_string(), "receiptHandle": "receipt", "body": body,
            "attributes": {"ApproximateReceiveCount": if is_copy { "2" } else { "1" }}, "messageAttributes": {},
            "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:work",
        })
    }

    fn message(&self, number: usize) -> Message {
        let identity = self.users[number % self.users.len()].clone();
        let text = format!("Question {number}: when are you open, and {}?", "why ".repeat(number % 40));
        let arrival = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Message {
            id: MessageId::of_webhook(&number.to_string(), "", identity.conversation().as_str(), &text),
            log_id: format!("log-{number}"),
            author: models::Author::User,
            identity,
            text: text.into(),
            shortened: false,
            arrival: Timestamp::EPOCH + arrival,
            sent_at: None,
            dispatched: true,
            route: None,
            language: Some("en".to_owned()),
            profile_name: None,
            media_urls: None,
        }
    }
}

/// An AI with one answer and a Braze that takes everything and counts.
async fn serve(sent: Arc<AtomicUsize>) -> std::io::Result<String> {
    let answer = json!({
        "choices": [{"message": {"role": "assistant", "content": ANSWER}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 30},
    });
    let json_type = || [(header::CONTENT_TYPE, "application/json")];
    let answer = answer.to_string();
    let ask = async move || (json_type(), answer);
    let send = async move || {
        sent.fetch_add(1, Ordering::Relaxed);
        (StatusCode::CREATED, json_type(), r#"{"message": "success", "dispatch_id": "0123456789abcdef"}"#)
    };
    let router = Router::new().route("/v1/chat/completions", post(ask)).route("/campaigns/trigger/send", post(send));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(address)
}
