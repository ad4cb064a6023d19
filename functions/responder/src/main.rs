//! The Lambda function `responder`.

use std::sync::Arc;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use braze::{Gathered, Paced};
use futures::future::join_all;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use platform::aws::{DYNAMODB, Lambda, ManagedSecret, SQS, SqsQueue};
use platform::clock::{Deadline, SystemClock, timestamp};
use platform::metrics::Emf;
use platform::secrets::{Key, SecretCache, SecretUnavailable};
use platform::{http, logs, random, settings};
use responder::{AssistantFiles, Backends, Deployment, Means, Record, Responder, SecretKey, Secrets, Settings, Source};
use store::DynamoDb;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start_with_spans();
    let settings = Settings::read(&settings::environment)?;
    let (lambda, http) = (Lambda::of_environment(), http::client()?);
    let aws = lambda.config();
    let files = AssistantFiles::fetch(settings.assistant_config.as_deref(), aws, &http).await;
    // In words: an error that leaves `main` as it is would be logged in those of its code.
    let files = files.map_err(|error| error.to_string())?;
    let secrets = Arc::new(SecretCache::new(ManagedSecret::current(aws, settings.secret_id), Secrets::parse));
    // While Lambda still gives a whole core. Out of reach is an outage and may pass; a bad value does not.
    let hosts = [Some(settings.braze_endpoint.clone()), settings.ai.host(aws)];
    let opened = join_all(hosts.iter().flatten().map(|host| http::connect(&http, host)));
    // A turn has two calls of the table under way at the same time.
    let (read, _, ()) = tokio::join!(secrets.current(), opened, lambda.connect(&[DYNAMODB, DYNAMODB, SQS]));
    match read {
        Ok(secrets) => {
            let keys = settings.ai.needed_keys(&files.assistant.backends).chain(files.assistant.tools.keys());
            let keys = keys.chain(files.assistant.media.key());
            secrets.check(keys.chain(settings.desk.needed_key()))?;
            let signing = settings.ai.signing_keys(&files.assistant.backends);
            secrets.check_signing(signing.chain(settings.desk.signing_key()))?;
        }
        Err(error @ SecretUnavailable::Malformed { .. }) => return Err(error.into()),
        Err(SecretUnavailable::Unreachable { .. }) => {}
    }
    let (braze_key, desk_key) = (Arc::new(SecretKey::braze(&secrets)), Arc::new(SecretKey::desk(&secrets)));
    let key = |field: &str| -> Option<Arc<dyn Key>> { Some(Arc::new(SecretKey::named(&secrets, field))) };
    let agent_queue = settings.agent_queue_url.rsplit('/').next().unwrap_or_default().to_owned();
    let braze =
        Arc::new(braze::Client::new(http.clone(), &settings.braze_endpoint, settings.braze_delivery, braze_key));
    let meter: Arc<Emf> = Arc::new(Emf { function: "responder" });
    let means = Means {
        http: http.clone(),
        public_http: http::public_client()?,
        aws,
        meter: Arc::<Emf>::clone(&meter),
        key: &key,
        clock: Arc::new(SystemClock),
        window: &|backend| backend,
        tool_window: &|caller| caller,
    };
    let backends = Backends::new(&settings.ai, &files, &means)?;
    let table = DynamoDb::new(aws_sdk_dynamodb::Client::new(aws), settings.table_name);
    let table = Arc::new(table.counting(Arc::<Emf>::clone(&meter)));
    let work = SqsQueue::new(aws, settings.queue_url);
    let responder = Arc::new(Responder {
        deployment: Deployment::new(Arc::<DynamoDb>::clone(&table)),
        store: table,
        ai: backends.ladder,
        route_ais: backends.routes,
        media: backends.media,
        messaging: Arc::new(Paced::new(Arc::<braze::Client>::clone(&braze), Arc::new(SystemClock))),
        profiles: Arc::new(Gathered::new(braze)),
        desk: settings.desk.desk(http, desk_key, Arc::new(SystemClock), &files.assistant.desk_notes)?,
        agents: Arc::new(work.beside(settings.agent_queue_url)),
        work: Arc::new(work),
        clock: Arc::new(SystemClock),
        meter,
        words: random::words(),
        assistant: files.assistant,
        on_unknown: settings.on_unknown,
    });
    run(service_fn(move |event: LambdaEvent<SqsEvent>| {
        let (responder, agent_queue) = (Arc::clone(&responder), agent_queue.clone());
        Box::pin(async move { handle(&responder, &agent_queue, event).await })
    }))
    .await
}

async fn handle(
    responder: &Responder,
    agent_queue: &str,
    event: LambdaEvent<SqsEvent>,
) -> Result<SqsBatchResponse, Error> {
    let deadline = Deadline::at(timestamp(event.context.deadline()));
    let batch = event.payload.records.into_iter().map(|message| record(message, agent_queue));
    let batch = batch.collect::<Result<_, _>>()?;
    let mut response = SqsBatchResponse::default();
    response.set_failures(responder.handle(batch, deadline).await);
    Ok(response)
}

/// A record without an id or a receipt cannot be kept by name: then the whole batch is.
fn record(message: SqsMessage, agent_queue: &str) -> Result<Record, Error> {
    let receives = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    let queue = message.event_source_arn.as_deref().and_then(|arn| arn.rsplit(':').next());
    Ok(Record {
        queue: if queue == Some(agent_queue) { Source::Agents } else { Source::Work },
        id: message.message_id.ok_or("a record has no message id; the batch is kept")?,
        receipt: message.receipt_handle.ok_or("a record has no receipt handle; the batch is kept")?,
        receives: receives.unwrap_or(1),
        body: message.body.unwrap_or_default(),
    })
}
