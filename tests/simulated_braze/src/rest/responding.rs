//! The way of a call over HTTP: read, recorded, answered, and sabotaged where a fault says so.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{Response, header};
use futures::stream::{self, StreamExt as _};
use models::Timestamp;
use serde_json::{Value, json};

use super::limits::Allowance;
use super::{Answer, BODY_BYTES, Call, answer};
use crate::SimulatedBraze;
use crate::faults::{self, Fault, FaultAnswer, FaultBody, FaultReset};
use crate::views::RequestRecord;
use crate::world::{World, now};

/// What is put on the wire.
enum Reply {
    Whole { status: u16, content_type: &'static str, body: Vec<u8>, limits: [Option<String>; 3] },
    Cut,
    CutInBody,
    Silence,
}

/// How slow the wire is.
struct Pace {
    delay: Duration,
    trickle: Duration,
}

impl SimulatedBraze {
    /// The REST interface, ready to be served: the endpoints of Braze that the simulation knows, and a 404 for the others.
    pub fn router(self: Arc<Self>) -> Router {
        Router::new().fallback(handle).with_state(self)
    }
}

async fn handle(State(braze): State<Arc<SimulatedBraze>>, request: Request) -> Response<Body> {
    let call = read(request).await;
    let (reply, pace) = braze.change(|world| take(world, &call, now()));
    tokio::time::sleep(pace.delay).await;
    respond(reply, pace.trickle).await
}

async fn read(request: Request) -> Call {
    let (head, body) = request.into_parts();
    let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    // Read somewhat beyond the limit, so that the caller gets an answer and not a closed connection.
    let body = to_bytes(body, 2 * BODY_BYTES).await.map_or_else(|_| vec![b' '; BODY_BYTES + 1], Vec::from);
    Call {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        authorization: text(header::AUTHORIZATION),
        content_type: text(header::CONTENT_TYPE),
        body,
    }
}

fn take(world: &mut World, call: &Call, now: Timestamp) -> (Reply, Pace) {
    let fault = match call.path.as_str() {
        "/users/track" => faults::next(&mut world.faults.tracks),
        "/campaigns/trigger/send" | "/canvas/trigger/send" | "/messages/send" => faults::next(&mut world.faults.sends),
        _ => None,
    };
    let reply = match fault {
        None => {
            let truth = answer(world, call, now);
            honest(&truth, world.limits.look(&call.path, now))
        }
        Some(fault) => {
            if fault.processed {
                answer(world, call, now);
            }
            wrong(&fault, world.limits.look(&call.path, now), now)
        }
    };
    world.requests.push(record(call, &reply, now));
    let milliseconds = Duration::from_millis;
    (reply, Pace { delay: milliseconds(world.faults.delay_ms), trickle: milliseconds(world.faults.trickle_ms) })
}

fn honest(answer: &Answer, limits: Allowance) -> Reply {
    Reply::Whole {
        status: answer.status,
        content_type: "application/json",
        body: answer.body.to_string().into_bytes(),
        limits: [limits.limit, limits.remaining, limits.reset].map(|number| Some(number.to_string())),
    }
}

fn wrong(fault: &Fault, limits: Allowance, now: Timestamp) -> Reply {
    let (code, body, reset) = match fault.answer {
        FaultAnswer::Status { code, body, reset } => (code, body, reset),
        FaultAnswer::Cut => return Reply::Cut,
        FaultAnswer::CutInBody => return Reply::CutInBody,
        FaultAnswer::Silence => return Reply::Silence,
    };
    let reset = match reset {
        FaultReset::True => Some(limits.reset.to_string()),
        FaultReset::InSeconds(seconds) => Some(now.seconds().saturating_add_signed(seconds).to_string()),
        FaultReset::Missing => None,
        FaultReset::Garbage => Some("soon".to_owned()),
    };
    let (content_type, body) = match body {
        FaultBody::Braze => ("application/json", json!({"message": reason(code)}).to_string()),
        FaultBody::Html => ("text/html", format!("<html><body><h1>{code} {}</h1></body></html>", reason(code))),
        FaultBody::Empty => ("text/plain", String::new()),
    };
    let remaining = if code == 429 { 0 } else { limits.remaining };
    let limits = [Some(limits.limit.to_string()), Some(remaining.to_string()), reset];
    Reply::Whole { status: code, content_type, body: body.into_bytes(), limits }
}

fn reason(code: u16) -> &'static str {
    axum::http::StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
}

fn record(call: &Call, reply: &Reply, at: Timestamp) -> RequestRecord {
    let path = if call.query.is_empty() { call.path.clone() } else { format!("{}?{}", call.path, call.query) };
    let (status, answer) = match reply {
        Reply::Whole { status, body, .. } => (Some(*status), readable(body)),
        Reply::Cut | Reply::CutInBody | Reply::Silence => (None, Value::Null),
    };
    RequestRecord { at, method: call.method.clone(), path, status, body: readable(&call.body), answer }
}

fn readable(bytes: &[u8]) -> Value {
    if bytes.is_empty() {
        return Value::Null;
    }
    if bytes.len() > BODY_BYTES {
        return Value::from("too large to be kept");
    }
    serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
}

async fn respond(reply: Reply, trickle: Duration) -> Response<Body> {
    let lost = || Err::<Bytes, _>(io::Error::other("cut on purpose"));
    match reply {
        Reply::Whole { status, content_type, body, limits } => {
            let names = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
            let builder = Response::builder().status(status).header(header::CONTENT_TYPE, content_type);
            let headers = names.into_iter().zip(limits).filter_map(|(name, value)| Some((name, value?)));
            let builder = headers.fold(builder, |builder, (name, value)| builder.header(name, value));
            built(builder.body(paced(body, trickle)))
        }
        // A body that fails before its first byte: the head was never flushed, so nothing at all is sent.
        Reply::Cut => Response::new(Body::from_stream(stream::iter([lost()]))),
        Reply::CutInBody => {
            let start = stream::iter([Ok(Bytes::from_static(br#"{"dispatch_id":"#))]);
            let end = stream::once(async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                lost()
            });
            built(Response::builder().status(201).body(Body::from_stream(start.chain(end))))
        }
        Reply::Silence => std::future::pending().await,
    }
}

fn paced(body: Vec<u8>, trickle: Duration) -> Body {
    if trickle.is_zero() {
        return Body::from(body);
    }
    Body::from_stream(stream::iter(body).then(move |byte| async move {
        tokio::time::sleep(trickle).await;
        Ok::<_, Infallible>(Bytes::copy_from_slice(&[byte]))
    }))
}

/// A fault may name a status that HTTP does not have; the caller then meets a 500.
fn built(response: Result<Response<Body>, axum::http::Error>) -> Response<Body> {
    response.unwrap_or_else(|_| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
