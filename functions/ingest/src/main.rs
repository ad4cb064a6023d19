//! The Lambda function `ingest`.

use std::sync::Arc;

use ingest::{Call, Ingest, Settings, Tokens};
use lambda_http::{Body, Error, Request, Response, run, service_fn};
use platform::aws::{Lambda, ManagedSecret, SQS, SqsQueue};
use platform::clock::SystemClock;
use platform::metrics::Emf;
use platform::secrets::{SecretCache, SecretUnavailable};
use platform::{logs, random, settings};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    logs::start();
    let settings = Settings::read(&settings::environment)?;
    let lambda = Lambda::of_environment();
    let aws = lambda.config();
    let work = SqsQueue::new(aws, settings.queue_url);
    let ingest = Arc::new(Ingest {
        tokens: SecretCache::new(ManagedSecret::with_previous(aws, settings.secret_id), Tokens::parse),
        agents: Arc::new(work.beside(settings.agent_queue_url)),
        quarantine: Arc::new(work.beside(settings.quarantine_queue_url)),
        work: Arc::new(work),
        clock: Arc::new(SystemClock),
        meter: Arc::new(Emf { function: "ingest" }),
        log_ids: random::words(),
        languages: settings.languages,
    });
    // While Lambda still gives a whole core. Out of reach is an outage and may pass; a bad value does not.
    let (tokens, ()) = tokio::join!(ingest.tokens.current(), lambda.connect(&[SQS]));
    if let Err(error @ SecretUnavailable::Malformed { .. }) = tokens {
        return Err(error.into());
    }
    run(service_fn(move |request: Request| {
        let ingest = Arc::clone(&ingest);
        async move { handle(&ingest, &request).await }
    }))
    .await
}

async fn handle(ingest: &Ingest, request: &Request) -> Result<Response<Body>, Error> {
    let answer = ingest.handle(Call {
        method: request.method(),
        path: request.uri().path(),
        query: request.uri().query().unwrap_or_default(),
        headers: request.headers(),
        body: request.body().as_ref(),
    });
    let answer = answer.await;
    let response = Response::builder().status(answer.status).header("content-type", "application/json");
    Ok(response.body(Body::Text(answer.body.to_string()))?)
}
