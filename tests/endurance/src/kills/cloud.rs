//! AWS as a run uses it: three queues (agents' wishes share that of the work), a table and two secrets, on an emulator or on our own stand-in.

use std::path::Path;
use std::time::Duration;

use local_aws::{LocalAws, QueueSettings};
use serde_json::{Value, json};

use super::aws::{Aws, Service};
use super::emulator::Emulator;
use super::options::Options;
use crate::Unfit;

/// How long a delivered message is hidden. Shorter than an invocation may last, so that some are delivered while they are
/// worked on, and so that those of a killed process come back soon.
const VISIBILITY: Duration = Duration::from_secs(6);
/// Deliveries after which a message is a dead letter: what the template says.
const MOST_RECEIVES: u32 = 20;
pub(super) const INGEST_SECRET: &str =
    r#"{"webhook_token": "canary-webhook-token", "agent_token": "canary-agent-token"}"#;
pub(super) const RESPONDER_SECRET: &str = r#"{"braze_api_key": "canary-braze-key", "ai_api_key": "canary-ai-key"}"#;
pub(super) const WEBHOOK_TOKEN: &str = "canary-webhook-token";
pub(super) const AGENT_TOKEN: &str = "canary-agent-token";
pub(super) const BRAZE_KEY: &str = "canary-braze-key";
/// The beginning of every secret.
pub(super) const SECRET_CANARY: &str = "canary-";

/// Where everything is.
pub(super) struct Cloud {
    aws: Aws,
    names: Names,
    work: String,
    dead: String,
    quarantine: String,
    _behind: Behind,
}

/// What answers; it stops when this is dropped.
enum Behind {
    Local { _aws: LocalAws },
    Emulator { _emulator: Emulator },
    Elsewhere,
}

/// Names of this run's own, because an emulator may be shared.
struct Names {
    table: String,
    ingest_secret: String,
    responder_secret: String,
}

/// One delivery of a message.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) id: String,
    pub(super) receipt: String,
    pub(super) body: String,
    attributes: Value,
}

impl Cloud {
    pub(super) async fn open(options: &Options, http: &reqwest::Client) -> Result<Self, Unfit> {
        if options.local {
            return Ok(Self::local(http.clone()).await);
        }
        if let Some(endpoint) = &options.endpoint {
            return Self::prepared(Aws::new(http.clone(), endpoint), Behind::Elsewhere).await;
        }
        let emulator = Emulator::start(Path::new(&options.emulator), http).await?;
        let aws = Aws::new(http.clone(), &emulator.endpoint);
        Self::prepared(aws, Behind::Emulator { _emulator: emulator }).await
    }

    async fn local(http: reqwest::Client) -> Self {
        let (names, local) = (Names::new(), LocalAws::start().await);
        local.create_table(&names.table, "expires_at");
        local.put_secret(&names.ingest_secret, INGEST_SECRET);
        local.put_secret(&names.responder_secret, RESPONDER_SECRET);
        let plain = |name| local.create_queue(name, QueueSettings::default()).url();
        let (dead, quarantine) = (plain("dead"), plain("quarantine"));
        let dead_letters = Some(("dead".to_owned(), MOST_RECEIVES));
        let settings = QueueSettings { visibility: VISIBILITY, dead_letters, ..QueueSettings::default() };
        let work = local.create_queue("work", settings).url();
        let aws = Aws::new(http, &local.endpoint());
        Self { aws, names, work, dead, quarantine, _behind: Behind::Local { _aws: local } }
    }

    async fn prepared(aws: Aws, behind: Behind) -> Result<Self, Unfit> {
        let names = Names::new();
        let suffix = std::process::id();
        let dead = create_queue(&aws, &format!("dead-{suffix}"), &json!({})).await?;
        let quarantine = create_queue(&aws, &format!("quarantine-{suffix}"), &json!({})).await?;
        let arn = format!("arn:aws:sqs:us-east-1:000000000000:dead-{suffix}");
        let policy = json!({"deadLetterTargetArn": arn, "maxReceiveCount": MOST_RECEIVES}).to_string();
        let attributes = json!({"VisibilityTimeout": VISIBILITY.as_secs().to_string(), "RedrivePolicy": policy});
        let work = create_queue(&aws, &format!("work-{suffix}"), &attributes).await?;
        for (name, text) in [(&names.ingest_secret, INGEST_SECRET), (&names.responder_secret, RESPONDER_SECRET)] {
            let token = format!("{:032x}", std::process::id());
            let secret = json!({"Name": name, "SecretString": text, "ClientRequestToken": token});
            aws.call(Service::Secrets, "CreateSecret", &secret).await?;
        }
        let attribute = |name| json!({"AttributeName": name, "AttributeType": "S"});
        let key = |name, kind| json!({"AttributeName": name, "KeyType": kind});
        let table = json!({
            "TableName": names.table, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [attribute("pk"), attribute("sk")],
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
        });
        aws.call(Service::Tables, "CreateTable", &table).await?;
        Ok(Self { aws, names, work, dead, quarantine, _behind: behind })
    }

    /// Where it answers.
    pub(super) fn endpoint(&self) -> &str {
        &self.aws.endpoint
    }

    /// The settings of both functions that name what is here; nothing says where AWS is.
    pub(super) fn settings(&self) -> Vec<(String, String)> {
        let settings = [
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "local"),
            ("AWS_SECRET_ACCESS_KEY", "local"),
            ("QUEUE_URL", &self.work),
            ("AGENT_QUEUE_URL", &self.work),
            ("QUARANTINE_QUEUE_URL", &self.quarantine),
            ("INGEST_SECRET_ID", &self.names.ingest_secret),
            ("RESPONDER_SECRET_ID", &self.names.responder_secret),
            ("TABLE_NAME", &self.names.table),
        ];
        settings.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
    }

    /// Up to so many messages of the work queue, waiting a second for the first.
    pub(super) async fn receive(&self, most: usize) -> Result<Vec<Delivery>, Unfit> {
        self.receive_from(&self.work, most, 1).await
    }

    /// Ends a message of the work queue. One that was delivered again meanwhile stays: its receipt is out of date.
    pub(super) async fn delete(&self, receipt: &str) {
        let _ = self.delete_from(&self.work, receipt).await;
    }

    /// Lets a message that was just delivered be delivered once more at the same time.
    pub(super) async fn show_again(&self, receipt: &str) -> Result<(), Unfit> {
        let body = json!({"QueueUrl": self.work, "ReceiptHandle": receipt, "VisibilityTimeout": 0});
        self.aws.call(Service::Queues, "ChangeMessageVisibility", &body).await.map(drop)
    }

    /// Messages of the work queue, hidden ones too.
    pub(super) async fn depth(&self) -> Result<usize, Unfit> {
        let names = [
            "ApproximateNumberOfMessages",
            "ApproximateNumberOfMessagesNotVisible",
            "ApproximateNumberOfMessagesDelayed",
        ];
        let body = json!({"QueueUrl": self.work, "AttributeNames": names});
        let answer = self.aws.call(Service::Queues, "GetQueueAttributes", &body).await?;
        let number = |name: &str| answer["Attributes"][name].as_str().and_then(|text| text.parse::<usize>().ok());
        Ok(names.into_iter().filter_map(number).sum())
    }

    /// Takes out every dead letter.
    pub(super) async fn dead_letters(&self) -> Result<Vec<String>, Unfit> {
        self.all_of(&self.dead).await
    }

    /// Takes out everything in quarantine.
    pub(super) async fn quarantined(&self) -> Result<Vec<String>, Unfit> {
        self.all_of(&self.quarantine).await
    }

    /// The head of a conversation in `DynamoDB`'s JSON; null if there is none.
    pub(super) async fn head(&self, user: &str) -> Result<Value, Unfit> {
        let key = json!({"pk": {"S": format!("user:{user}")}, "sk": {"S": "C"}});
        let body = json!({"TableName": self.names.table, "Key": key, "ConsistentRead": true});
        Ok(self.aws.call(Service::Tables, "GetItem", &body).await?["Item"].take())
    }

    async fn all_of(&self, queue: &str) -> Result<Vec<String>, Unfit> {
        let mut bodies = Vec::new();
        loop {
            let batch = self.receive_from(queue, 10, 0).await?;
            if batch.is_empty() {
                return Ok(bodies);
            }
            for message in batch {
                self.delete_from(queue, &message.receipt).await?;
                bodies.push(message.body);
            }
        }
    }

    async fn receive_from(&self, queue: &str, most: usize, wait: u64) -> Result<Vec<Delivery>, Unfit> {
        let body =
            json!({"QueueUrl": queue, "MaxNumberOfMessages": most, "WaitTimeSeconds": wait, "AttributeNames": ["All"]});
        let answer = self.aws.call(Service::Queues, "ReceiveMessage", &body).await?;
        let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
        Ok(messages.iter().map(Delivery::read).collect())
    }

    async fn delete_from(&self, queue: &str, receipt: &str) -> Result<(), Unfit> {
        let body = json!({"QueueUrl": queue, "ReceiptHandle": receipt});
        self.aws.call(Service::Queues, "DeleteMessage", &body).await.map(drop)
    }
}

impl Names {
    fn new() -> Self {
        let own = |name| format!("{name}-{}", std::process::id());
        Self { table: own("conversations"), ingest_secret: own("ingest"), responder_secret: own("responder") }
    }
}

impl Delivery {
    fn read(message: &Value) -> Self {
        let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        Self {
            id: text("MessageId"),
            receipt: text("ReceiptHandle"),
            body: text("Body"),
            attributes: message["Attributes"].clone(),
        }
    }

    /// The record that Lambda's event source mapping makes of it.
    pub(super) fn record(&self) -> Value {
        json!({
            "messageId": self.id, "receiptHandle": self.receipt, "body": self.body, "attributes": self.attributes,
            "messageAttributes": {}, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
            "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:work",
        })
    }
}

async fn create_queue(aws: &Aws, name: &str, attributes: &Value) -> Result<String, Unfit> {
    let answer =
        aws.call(Service::Queues, "CreateQueue", &json!({"QueueName": name, "Attributes": attributes})).await?;
    answer["QueueUrl"].as_str().map(str::to_owned).ok_or_else(|| Unfit::new("a queue that was created has no URL"))
}
