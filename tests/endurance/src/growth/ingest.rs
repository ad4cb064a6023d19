//! Webhooks at the door, one after the other: short and long ones in both bodies, and now and then one that nobody can read.

use std::convert::Infallible;

use local_aws::{LocalAws, Mapping, Queue, QueueSettings};
use serde_json::{Map, Value, json};

use crate::webhook;

const TOKEN: &str = "webhook-token";
/// One in so many bodies cannot be read and goes to quarantine.
const UNREADABLE: usize = 50;

/// Users who come again and again.
const USERS: usize = 1_000;

/// The surroundings of ingest, and the webhooks that it gets.
pub struct Ingest {
    aws: LocalAws,
    work: Queue,
    quarantine: Queue,
    /// Who writes the webhook with this number.
    who: fn(usize) -> String,
}

impl Ingest {
    /// AWS with the door's queues and its secret; users come again and again.
    pub async fn surroundings() -> Self {
        let aws = LocalAws::start().await;
        let [work, quarantine] = ["work", "quarantine"].map(|name| aws.create_queue(name, QueueSettings::default()));
        aws.put_secret("ingest", &json!({"webhook_token": TOKEN, "agent_token": "agent-token"}).to_string());
        Self { aws, work, quarantine, who: |number| format!("user-{}", number % USERS) }
    }

    /// The same with a new user for every webhook.
    pub(super) fn among_strangers(self) -> Self {
        Self { who: super::stranger, ..self }
    }
}

impl super::Subject for Ingest {
    const NAME: &'static str = "ingest";
    const MOST_GROWTH: u64 = 256;

    fn aws(&self) -> &LocalAws {
        &self.aws
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("QUEUE_URL", self.work.url()),
            ("AGENT_QUEUE_URL", self.work.url()),
            ("QUARANTINE_QUEUE_URL", self.quarantine.url()),
            ("INGEST_SECRET_ID", "ingest".to_owned()),
        ]
    }

    fn event(&self, number: usize) -> Value {
        let user = (self.who)(number);
        let text = format!("He said \"{number}\" 👋\nand {}?", "more ".repeat(number % 40));
        let body = match number {
            number if number % UNREADABLE == 0 => format!("{{\"text\": \"{number}\"}}"),
            number if number % 2 == 0 => webhook::documented(&user, &text),
            number => webhook::recommended(&user, &text, &number.to_string()),
        };
        let token = ("authorization".to_owned(), Value::from(format!("Bearer {TOKEN}")));
        webhook::event("/inbound", &Map::from_iter([token]), &body)
    }

    fn mistake(&self, _: usize, response: &Value) -> Option<String> {
        (response["statusCode"] != 202).then(|| format!("it answered {response}"))
    }

    async fn clean(&self, invocations: usize) -> Option<String> {
        let (queued, parked) = (emptied(&self.work).await, emptied(&self.quarantine).await);
        self.aws.reset_capacity();
        let whole = queued + parked == invocations && parked == invocations / UNREADABLE;
        (!whole).then(|| format!("of {invocations} bodies {queued} were queued and {parked} parked"))
    }
}

/// Takes everything out of a queue; says how much that was.
async fn emptied(queue: &Queue) -> usize {
    let (mapping, mut count) = (Mapping::new(queue.clone()), 0);
    while let Some(batch) = mapping.poll(async |_| Ok::<_, Infallible>(Value::Null)).await {
        count += batch.deleted.len();
    }
    count
}
