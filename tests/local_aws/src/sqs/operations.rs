//! The five operations on the wire.

use std::time::Duration;

use serde_json::{Map, Value as Json, json};
use tokio::time::Instant;

use crate::fields::Fields;
use crate::operation::{Operation, Service};
use crate::refusal::Refusal;
use crate::sqs::handle::arn;
use crate::sqs::message_body::{self, MESSAGE_BYTES, md5};
use crate::sqs::queue::{Delivery, MOST_INVISIBLE, QueueState, TakeUpTo, invalid};
use crate::sqs::queues::{Queues, no_such_queue};

const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "AWSTraceHeader",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
];

impl Queues {
    pub(crate) async fn perform(&self, operation: Operation, mut fields: Fields) -> Result<Json, Refusal> {
        let url = fields.required_text("QueueUrl")?;
        let name = self.name_of(&url).ok_or_else(no_such_queue)?;
        match operation {
            Operation::SendMessage => self.send_message(&name, fields),
            Operation::ReceiveMessage => self.receive_message(&name, fields).await,
            Operation::DeleteMessage => self.delete_message(&name, fields),
            Operation::ChangeMessageVisibility => self.change_message_visibility(&name, fields),
            Operation::GetQueueAttributes => self.get_queue_attributes(&name, fields),
            other => Err(Refusal::unsupported(Service::Sqs, format!("{other} is no operation of SQS."))),
        }
    }

    fn send_message(&self, name: &str, mut fields: Fields) -> Result<Json, Refusal> {
        let body = fields.required_text("MessageBody")?;
        let group = fields.text("MessageGroupId")?;
        let delay = seconds(&mut fields, "DelaySeconds", Duration::from_mins(15))?;
        fields.finish()?;
        message_body::check(&body)?;
        group.as_deref().map_or(Ok(()), check_group)?;
        let id = self.send(name, &body, group, delay).ok_or_else(no_such_queue)?;
        Ok(json!({ "MessageId": id, "MD5OfMessageBody": md5(&body) }))
    }

    async fn receive_message(&self, name: &str, mut fields: Fields) -> Result<Json, Refusal> {
        let messages = in_range(&mut fields, "MaxNumberOfMessages", 1, 10)?.unwrap_or(1);
        let visibility = seconds(&mut fields, "VisibilityTimeout", MOST_INVISIBLE)?;
        let wait = seconds(&mut fields, "WaitTimeSeconds", Duration::from_secs(20))?;
        let mut wanted = fields.texts("MessageSystemAttributeNames")?;
        wanted.extend(fields.texts("AttributeNames")?);
        fields.finish()?;
        check_names(&wanted, &SYSTEM_ATTRIBUTES)?;
        let deadline = Instant::now() + wait.unwrap_or_default();
        let messages = usize::try_from(messages).unwrap_or(1);
        let up_to = TakeUpTo { messages, body_bytes: usize::MAX, visibility };
        let taken = self.take_or_wait(name, up_to, Some(deadline)).await;
        if taken.is_empty() {
            return Ok(json!({}));
        }
        Ok(json!({ "Messages": taken.iter().map(|delivery| self.message(delivery, &wanted)).collect::<Vec<_>>() }))
    }

    fn message(&self, delivery: &Delivery, wanted: &[String]) -> Json {
        let mut attributes = self.attributes(delivery);
        attributes.retain(|name, _| wanted.iter().any(|wish| wish == "All" || wish == name));
        let mut message = json!({
            "MessageId": delivery.id(),
            "ReceiptHandle": delivery.receipt,
            "Body": delivery.message.body,
            "MD5OfBody": md5(&delivery.message.body),
        });
        if !attributes.is_empty() {
            message["Attributes"] = Json::Object(attributes);
        }
        message
    }

    /// The record that Lambda's event source mapping makes of a message.
    pub(crate) fn event_record(&self, queue: &str, delivery: &Delivery) -> Json {
        json!({
            "messageId": delivery.id(),
            "receiptHandle": delivery.receipt,
            "body": delivery.message.body,
            "attributes": self.attributes(delivery),
            "messageAttributes": {},
            "md5OfBody": md5(&delivery.message.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn(queue),
            "awsRegion": "us-east-1",
        })
    }

    fn attributes(&self, delivery: &Delivery) -> Map<String, Json> {
        let message = &delivery.message;
        let millis = |instant| self.clock.since_epoch(instant).as_millis().to_string();
        let all = [
            ("ApproximateReceiveCount", Some(message.receives.to_string())),
            ("ApproximateFirstReceiveTimestamp", message.first_received.map(millis)),
            ("SentTimestamp", Some(millis(message.sent))),
            ("SenderId", Some("AIDAIENQZJOLO23YVJ4VO".to_owned())),
            ("MessageGroupId", message.group.clone()),
            ("DeadLetterQueueSourceArn", message.died_in.as_deref().map(arn)),
        ];
        all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Json::String(value?)))).collect()
    }

    fn delete_message(&self, name: &str, mut fields: Fields) -> Result<Json, Refusal> {
        let receipt = fields.required_text("ReceiptHandle")?;
        fields.finish()?;
        self.delete(name, &receipt)?;
        Ok(json!({}))
    }

    fn change_message_visibility(&self, name: &str, mut fields: Fields) -> Result<Json, Refusal> {
        let receipt = fields.required_text("ReceiptHandle")?;
        let time = seconds(&mut fields, "VisibilityTimeout", MOST_INVISIBLE)?;
        fields.finish()?;
        let time = time.ok_or_else(|| Refusal::missing(Service::Sqs, "VisibilityTimeout"))?;
        self.change_visibility(name, &receipt, time)?;
        Ok(json!({}))
    }

    fn get_queue_attributes(&self, name: &str, mut fields: Fields) -> Result<Json, Refusal> {
        let wanted = fields.texts("AttributeNames")?;
        fields.finish()?;
        let all = self.look(name, queue_attributes)?;
        check_names(&wanted, &all.iter().map(|(name, _)| *name).collect::<Vec<_>>())?;
        let chosen = all.into_iter().filter(|(name, _)| wanted.iter().any(|wish| wish == "All" || wish == name));
        let attributes: Map<_, _> = chosen.map(|(name, value)| (name.to_owned(), Json::String(value))).collect();
        Ok(if attributes.is_empty() { json!({}) } else { json!({ "Attributes": attributes }) })
    }
}

fn queue_attributes(queue: &QueueState, now: Instant) -> Vec<(&'static str, String)> {
    let settings = &queue.settings;
    let visible = queue.messages.iter().filter(|message| message.is_visible(now)).count();
    let in_flight = queue.messages.iter().filter(|message| message.is_in_flight(now)).count();
    let delayed = queue.messages.len() - visible - in_flight;
    let mut all = vec![
        ("ApproximateNumberOfMessages", visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
        ("DelaySeconds", settings.delay.as_secs().to_string()),
        ("MaximumMessageSize", MESSAGE_BYTES.to_string()),
        ("MessageRetentionPeriod", settings.retention.as_secs().to_string()),
        ("QueueArn", arn(&queue.name)),
        ("ReceiveMessageWaitTimeSeconds", "0".to_owned()),
        ("VisibilityTimeout", settings.visibility.as_secs().to_string()),
    ];
    if let Some((grave, max)) = &settings.dead_letters {
        let policy = json!({ "deadLetterTargetArn": arn(grave), "maxReceiveCount": max });
        all.push(("RedrivePolicy", policy.to_string()));
    }
    all
}

fn check_names(wanted: &[String], known: &[&str]) -> Result<(), Refusal> {
    match wanted.iter().find(|name| *name != "All" && !known.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(Refusal::new("InvalidAttributeName", format!("Unknown Attribute {name}."))),
    }
}

/// Up to 128 letters, digits and punctuation (API reference, `SendMessage`).
fn check_group(group: &str) -> Result<(), Refusal> {
    let legal = (1..=128).contains(&group.len()) && group.chars().all(|c| c.is_ascii_graphic());
    let wrong = || {
        invalid("Value for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.".to_owned())
    };
    legal.then_some(()).ok_or_else(wrong)
}

fn seconds(fields: &mut Fields, name: &str, most: Duration) -> Result<Option<Duration>, Refusal> {
    let most = i64::try_from(most.as_secs()).unwrap_or(i64::MAX);
    Ok(in_range(fields, name, 0, most)?.map(|seconds| Duration::from_secs(seconds.unsigned_abs())))
}

fn in_range(fields: &mut Fields, name: &str, least: i64, most: i64) -> Result<Option<i64>, Refusal> {
    match fields.integer(name)? {
        Some(value) if !(least..=most).contains(&value) => Err(invalid(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be between {least} and {most}, if provided."
        ))),
        value => Ok(value),
    }
}
