//! What the sandbox serves: the door of ingest, simulated Braze, and everything there is to see and to set.

use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use ingest::Call;
use models::ConversationKey;
use serde::Deserialize;
use serde_json::{Value, json};
use simulated_braze::Inbound;

use crate::faults::Faults;
use crate::steps::Kind;
use crate::threads::{Owned, Thread};
use crate::world::{OWN_WEBHOOK, World};
use crate::{customer, liquid, live, page, whose};

/// What a gateway lets through at most.
const MOST_BYTES: usize = 10 * 1024 * 1024;

/// What every handler gets.
pub(crate) type Shared = State<Arc<World>>;

pub(crate) fn router(world: Arc<World>) -> Router {
    let braze = Arc::clone(&world.braze).router();
    let braze = braze.layer(middleware::from_fn_with_state(Arc::clone(&world), show_braze));
    let looking = Router::new()
        .route("/phones/{conversation}", get(phone))
        .route("/phones/{conversation}/messages", post(type_message))
        .route("/braze/requests", get(|State(world): Shared| async move { Json(world.braze.requests()) }))
        .route("/braze/webhooks", get(|State(world): Shared| async move { Json(world.braze.webhooks()) }))
        .route("/braze/undelivered", get(|State(world): Shared| async move { Json(world.braze.undelivered()) }))
        .route("/ai/requests", get(|State(world): Shared| async move { Json(world.asked.all()) }))
        .route("/customers/{conversation}", get(customer::show).post(customer::change))
        .route("/desk", get(|State(world): Shared| async move { Json(world.desk.told()) }))
        .route("/desk/conversations", get(|State(world): Shared| async move { Json(threads(&world)) }))
        .route("/live", get(live::look))
        .route("/faults", get(faults).post(set_faults))
        .route("/liquid", get(liquid::show).post(liquid::change))
        .route("/state", get(state))
        .route("/steps", get(steps))
        .layer(middleware::from_fn(own_pages_only));
    Router::new()
        .merge(page::router())
        .nest("/sandbox", looking)
        .fallback(door)
        .with_state(world)
        .nest("/sandbox/braze/rest", braze)
}

/// Lets no other website in the same browser press the buttons.
async fn own_pages_only(request: Request, next: Next) -> Response {
    if comes_from_elsewhere(request.headers()) {
        StatusCode::FORBIDDEN.into_response()
    } else {
        next.run(request).await
    }
}

fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).unwrap_or_default();
    header(ORIGIN).is_some_and(|origin| origin.split_once("://").is_none_or(|(_, from)| from != host))
}

/// Shows each call to simulated Braze and its answer, exactly.
async fn show_braze(State(world): Shared, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MOST_BYTES).await.unwrap_or_default();
    let called = json_or_text(&bytes);
    let whose = whose::in_braze_call(&called);
    world.steps.add(whose.as_deref(), Kind::Braze, format!("{} {}", parts.method, parts.uri.path()), called.clone());
    let before = whose.as_deref().map(|whose| liquid::Before::of(&world, whose));
    let response = next.run(Request::from_parts(parts, Body::from(bytes))).await;
    // The record knows better than the response, which looks whole even where its connection will be cut.
    let (status, answer) = world.braze.requests().pop().map_or((None, Value::Null), |last| (last.status, last.answer));
    let title = status.map_or("no answer comes back".to_owned(), |status| format!("Braze answers {status}"));
    world.steps.add(whose.as_deref(), Kind::Braze, title, answer);
    if let (Some(whose), Some(before)) = (&whose, &before) {
        liquid::of_reply(&world, &called, whose, before);
    }
    response
}

/// Every path that is not the sandbox's own is ingest's, so that it also decides what does not exist.
async fn door(State(world): Shared, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MOST_BYTES).await else { return StatusCode::PAYLOAD_TOO_LARGE.into_response() };
    let own = parts.headers.contains_key(OWN_WEBHOOK);
    let title = format!("{} {}", parts.method, parts.uri.path());
    let came = world.steps.add(None, Kind::Webhook, title, text_or_size(&body));
    let fired = if own { liquid::of_webhook(&world, &body) } else { liquid::Fired::default() };
    let call = Call {
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
        body: &body,
    };
    let ingest = if own { &world.ingest } else { &world.ingest_of_others };
    let (answer, whose) = whose::found_out(ingest.handle(call)).await;
    // What could not be read says nobody's name; Braze knows whose it is.
    let whose = whose.or(fired.by);
    for step in fired.told.into_iter().chain([came]) {
        world.steps.attribute(step, whose.as_deref());
    }
    let title = format!("answered {}", answer.status.as_u16());
    world.steps.add(whose.as_deref(), Kind::Webhook, title, answer.body.clone());
    (answer.status, Json(answer.body)).into_response()
}

fn json_or_text(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| text_or_size(body))
}

fn text_or_size(body: &[u8]) -> Value {
    match std::str::from_utf8(body) {
        Ok(text) if text.len() <= 64 * 1024 => json!(text),
        _ => json!(format!("{} bytes", body.len())),
    }
}

async fn phone(State(world): Shared, Path(conversation): Path<String>) -> Response {
    Json(world.braze.phone(&conversation)).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    text: String,
    /// What `{{whats_app.${inbound_media_urls}}}` shows.
    #[serde(default)]
    media_urls: String,
}

async fn type_message(State(world): Shared, Path(conversation): Path<String>, body: Bytes) -> Response {
    let typed: Typed = match serde_json::from_slice(&body) {
        Ok(typed) => typed,
        Err(error) => return bad_request(&error),
    };
    let inbound = Inbound { text: typed.text.into(), media_urls: typed.media_urls.into() };
    match world.braze.user_sends(&conversation, &inbound) {
        Ok(unsent) => {
            for reason in &unsent {
                liquid::of_nothing(&world, &conversation, reason);
            }
            (StatusCode::ACCEPTED, Json(json!({"state": "typed"}))).into_response()
        }
        Err(error) => bad_request(&error),
    }
}

/// What was asked for cannot be understood.
pub(crate) fn bad_request(error: &dyn std::error::Error) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({"error": error.to_string()}))).into_response()
}

async fn faults(State(world): Shared) -> Json<Faults> {
    Json(in_force(&world))
}

/// The faults as they are.
pub(crate) fn in_force(world: &World) -> Faults {
    Faults {
        ai: Some(world.faults.ai()),
        braze: Some(world.braze.faults()),
        duplicate_deliveries: Some(world.work.copies()),
        crash: Some(world.faults.crash()),
        desk_down: Some(world.faults.desk_down()),
        queue_down: Some(world.faults.queue_down()),
    }
}

async fn set_faults(State(world): Shared, body: Bytes) -> Response {
    let wanted: Faults = match serde_json::from_slice(&body) {
        Ok(wanted) => wanted,
        Err(error) => return bad_request(&error),
    };
    world.steps.add(None, Kind::Fault, "faults set", json!(wanted));
    wanted.ai.into_iter().for_each(|fault| world.faults.set_ai(fault));
    wanted.braze.into_iter().for_each(|faults| world.braze.set_faults(faults));
    wanted.duplicate_deliveries.into_iter().for_each(|copies| world.work.duplicate_deliveries(copies));
    wanted.crash.into_iter().for_each(|crash| world.faults.set_crash(crash));
    wanted.desk_down.into_iter().for_each(|down| world.faults.set_desk_down(down));
    wanted.queue_down.into_iter().for_each(|down| world.faults.set_queue_down(down));
    Json(in_force(&world)).into_response()
}

#[derive(Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

async fn steps(State(world): Shared, Query(query): Query<After>) -> Response {
    Json(world.steps.after(query.after)).into_response()
}

async fn state(State(world): Shared) -> Json<Value> {
    Json(state_of(&world))
}

/// The set-up, the queues and every conversation.
pub(crate) fn state_of(world: &World) -> Value {
    let heads = world.store.conversations();
    let heads = heads.iter().filter(|(_, head)| head.moved_to.is_none());
    let conversations: Vec<_> = heads.map(|(key, head)| conversation(world, key, head)).collect();
    let mut state = world.about.json();
    state["queue"] = json!(world.work.depth());
    state["dead_letters"] = json!(world.work.dead_letters().len());
    state["quarantined"] = json!(world.quarantine.depth().waiting);
    state["conversations"] = json!(conversations);
    state
}

/// The conversations that people own, as an agent needs them.
pub(crate) fn threads(world: &World) -> Vec<Thread> {
    let heads = world.store.conversations();
    let owned = heads.iter().filter(|(_, head)| head.moved_to.is_none() && head.owner == store::Owner::Person);
    let owned = owned.map(|(key, head)| Owned {
        conversation: key.as_str().to_owned(),
        phone: phone_of(world, key),
        since: head.person_since,
    });
    world.desk.threads(owned)
}

/// What the phone of a conversation is called: Dragoman may keep the conversation under another name of its user.
fn phone_of(world: &World, key: &ConversationKey) -> String {
    let profile = world.braze.profile(key.as_str());
    profile.map_or_else(|| key.as_str().to_owned(), |profile| profile.conversation().as_str().to_owned())
}

fn conversation(world: &World, key: &ConversationKey, head: &store::Head) -> Value {
    let owner = match head.owner {
        store::Owner::Bot => "bot",
        store::Owner::Person => "person",
    };
    json!({
        "conversation": key.as_str(), "phone": phone_of(world, key), "owner": owner, "pending": head.pending.len(),
        "attempts": head.attempts, "turns": head.last_turn, "opted_out": head.opted_out,
    })
}
