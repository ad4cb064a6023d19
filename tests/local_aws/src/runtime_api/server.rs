//! What a function's process talks to: the next invocation, and where its outcome goes.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{Response, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use serde_json::{Value as Json, json};
use tokio::sync::{Notify, oneshot, watch};

use crate::server::Server;
use crate::shared::Shared;

/// The largest response of a function: 6 MB (Lambda quotas).
const RESPONSE_BYTES: usize = 6 * 1024 * 1024;

/// The Runtime API for one process at a time.
#[derive(Debug)]
pub struct RuntimeApi {
    server: Server,
    desk: Arc<Desk>,
}

/// How an invocation ended: the function's response, or the error it reported.
pub(super) type Reported = Result<Json, Json>;

#[derive(Debug)]
struct Desk {
    function_arn: String,
    waiting: Shared<VecDeque<Invocation>>,
    arrived: Notify,
    running: Shared<BTreeMap<String, oneshot::Sender<Reported>>>,
    invocations: Shared<u64>,
    /// How often the process asked for an invocation.
    polls: watch::Sender<u64>,
    init_error: watch::Sender<Option<Json>>,
}

#[derive(Debug)]
struct Invocation {
    id: String,
    event: String,
    deadline_millis: u128,
    outcome: oneshot::Sender<Reported>,
}

impl RuntimeApi {
    /// Starts the API for the function with this name on a free port.
    pub async fn start(function_name: &str) -> io::Result<Self> {
        let desk = Arc::new(Desk::new(function_name));
        let server = Server::start(|_| router(Arc::clone(&desk))).await?;
        Ok(Self { server, desk })
    }

    /// What goes into `AWS_LAMBDA_RUNTIME_API`: host and port.
    pub fn address(&self) -> String {
        self.server.address().to_string()
    }

    /// Waits until the process has asked for its first invocation: it is initialised.
    pub async fn initialised(&self) {
        // The sender lives as long as this API does.
        self.desk.polls.subscribe().wait_for(|polls| *polls > 0).await.ok();
    }

    /// Waits for the error the process reports about its initialisation.
    pub async fn init_error(&self) -> Json {
        let mut errors = self.desk.init_error.subscribe();
        let error = errors.wait_for(Option::is_some).await;
        error.map_or(Json::Null, |error| error.clone().unwrap_or_default())
    }

    /// Hands `event` to the process and waits for what it reports. The process is told that it has `time` from now; to
    /// enforce that, and to notice the process's end, is the caller's business.
    pub async fn invoke(&self, event: &Json, time: Duration) -> Result<Json, Json> {
        let (outcome, reported) = oneshot::channel();
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + time;
        let invocation = Invocation {
            id: self.desk.next_id(),
            event: event.to_string(),
            deadline_millis: deadline.as_millis(),
            outcome,
        };
        self.desk.waiting.lock().push_back(invocation);
        self.desk.arrived.notify_one();
        // An invocation is only given up together with this API.
        reported.await.unwrap_or(Err(Json::Null))
    }
}

impl Desk {
    fn new(function_name: &str) -> Self {
        Self {
            function_arn: format!("arn:aws:lambda:us-east-1:000000000000:function:{function_name}"),
            waiting: Shared::default(),
            arrived: Notify::new(),
            running: Shared::default(),
            invocations: Shared::default(),
            polls: watch::Sender::new(0),
            init_error: watch::Sender::new(None),
        }
    }

    fn next_id(&self) -> String {
        let mut count = self.invocations.lock();
        *count += 1;
        format!("00000000-0000-4000-a000-{:012x}", *count)
    }

    async fn next(&self) -> Invocation {
        loop {
            let next = self.waiting.lock().pop_front();
            match next {
                Some(invocation) => return invocation,
                None => self.arrived.notified().await,
            }
        }
    }

    fn settle(&self, id: &str, reported: Reported) -> Response<Body> {
        let running = self.running.lock().remove(id);
        match running {
            // Nobody listens any more where the caller has given up.
            Some(outcome) => outcome.send(reported).map_or_else(|_| accepted(), |()| accepted()),
            None => refused(StatusCode::BAD_REQUEST, "InvalidRequestID", "no such invocation is running"),
        }
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(init_error))
        .layer(DefaultBodyLimit::max(2 * RESPONSE_BYTES))
        .with_state(desk)
}

async fn next(State(desk): State<Arc<Desk>>) -> Response<Body> {
    desk.polls.send_modify(|polls| *polls += 1);
    let Invocation { id, event, deadline_millis, outcome } = desk.next().await;
    desk.running.lock().insert(id.clone(), outcome);
    let headers = [
        ("Content-Type", "application/json".to_owned()),
        ("Lambda-Runtime-Aws-Request-Id", id),
        ("Lambda-Runtime-Deadline-Ms", deadline_millis.to_string()),
        ("Lambda-Runtime-Invoked-Function-Arn", desk.function_arn.clone()),
        (
            "Lambda-Runtime-Trace-Id",
            "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0".to_owned(),
        ),
    ];
    (headers, event).into_response()
}

async fn response(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Bytes) -> Response<Body> {
    if body.len() > RESPONSE_BYTES {
        desk.settle(&id, Err(json!({ "errorType": "Function.ResponseSizeTooLarge" })));
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "the response is larger than 6 MB");
    }
    let reported = match serde_json::from_slice(&body) {
        Ok(json) => Ok(json),
        Err(_) => Err(json!({ "errorType": "Runtime.InvalidJSON", "errorMessage": "the response is no JSON" })),
    };
    desk.settle(&id, reported)
}

async fn error(State(desk): State<Arc<Desk>>, Path(id): Path<String>, body: Bytes) -> Response<Body> {
    desk.settle(&id, Err(serde_json::from_slice(&body).unwrap_or_default()))
}

async fn init_error(State(desk): State<Arc<Desk>>, body: Bytes) -> Response<Body> {
    desk.init_error.send_replace(Some(serde_json::from_slice(&body).unwrap_or_default()));
    accepted()
}

fn accepted() -> Response<Body> {
    (StatusCode::ACCEPTED, json!({ "status": "OK" }).to_string()).into_response()
}

fn refused(status: StatusCode, kind: &str, message: &str) -> Response<Body> {
    (status, json!({ "errorType": kind, "errorMessage": message }).to_string()).into_response()
}
