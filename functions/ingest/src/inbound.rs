//! A user's message: understand it, queue it, answer.

use http::{HeaderMap, header};
use models::{Author, Message, QueueMessage, RouteName, Timestamp};
use platform::metrics::Metric;

use crate::body::{Body, Unreadable};
use crate::{Answer, Call, Ingest, explain, quarantine};

/// The largest body that is read; WhatsApp lets nobody type as much.
const MOST_BODY_BYTES: usize = 1024 * 1024;

/// Takes a webhook in.
pub(crate) async fn receive(ingest: &Ingest, call: Call<'_>, route: Option<RouteName>) -> Answer {
    if call.body.len() > MOST_BODY_BYTES {
        return Answer::too_large("1 MiB");
    }
    let arrival = ingest.clock.now();
    let body = encoding(call.headers).and_then(|()| Body::read(call.body, arrival));
    if explain::asked(call) {
        return Answer::explained(explain::explain(&body, arrival));
    }
    if explain::left_in_the_url(call) {
        ingest.meter.count(Metric::ExplainIgnored, 1);
    }
    match body {
        Ok(body) => queue(ingest, message(ingest, body, route, arrival)).await,
        Err(reason) => park(ingest, call, &reason.to_string()).await,
    }
}

async fn queue(ingest: &Ingest, message: Message) -> Answer {
    let (id, log_id) = (message.id.clone(), message.log_id.clone());
    let route = message.route.as_ref().map(ToString::to_string);
    let queued = QueueMessage::InboundV1(message).to_ascii_json();
    match ingest.work.send(queued).await {
        Ok(()) => {
            ingest.meter.count(Metric::Queued, 1);
            tracing::info!(log_id, route, "queued");
            Answer::queued(id.as_str())
        }
        Err(error) => {
            tracing::error!(log_id, %error, "not queued; Braze is asked to come again");
            Answer::unavailable("the queue cannot be reached")
        }
    }
}

async fn park(ingest: &Ingest, call: Call<'_>, reason: &str) -> Answer {
    let id = (ingest.log_ids)();
    for part in quarantine::messages(&id, call, reason, ingest.clock.now()) {
        if let Err(error) = ingest.quarantine.send(part).await {
            tracing::error!(log_id = id, %error, "not parked; Braze is asked to come again");
            return Answer::unavailable("the quarantine cannot be reached");
        }
    }
    ingest.meter.count(Metric::Quarantined, 1);
    tracing::warn!(log_id = id, reason, "an authentic body could not be read; it is in the quarantine queue");
    Answer::quarantined(&id, reason)
}

fn message(ingest: &Ingest, body: Body, route: Option<RouteName>, arrival: Timestamp) -> Message {
    Message {
        id: body.message_id(arrival),
        log_id: (ingest.log_ids)(),
        author: Author::User,
        identity: body.identity,
        text: body.text,
        shortened: body.shortened,
        arrival,
        sent_at: body.sent_at.map(Timestamp::from_seconds),
        dispatched: body.dispatch_id.is_some(),
        route,
        language: body.language,
        profile_name: body.profile_name,
        media_urls: body.media_urls,
    }
}

/// A body is taken for what it is, not for what its content type says; only what is declared to be something else than
/// UTF-8 is believed.
fn encoding(headers: &HeaderMap) -> Result<(), Unreadable> {
    let value = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let charset = value(header::CONTENT_TYPE);
    let charset = charset.split(';').filter_map(|part| part.trim().strip_prefix("charset="));
    if !charset.map(|name| name.trim_matches('"')).all(|name| matches!(name, "utf-8" | "utf8" | "us-ascii")) {
        return Err(Unreadable::NotUtf8);
    }
    match value(header::CONTENT_ENCODING).as_str() {
        "" | "identity" => Ok(()),
        _ => Err(Unreadable::Encoded),
    }
}
