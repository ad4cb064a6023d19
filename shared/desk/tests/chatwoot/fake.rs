//! A Chatwoot of our own, stricter than the real one: it takes no field it does not know, no source id that needs escaping,
//! no token but the right one, and no empty words. What it does not check is what Chatwoot does not: it lets the same source
//! id be posted twice, so that a test can see it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use futures::StreamExt as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) const ACCOUNT: u64 = 1;
pub(crate) const INBOX: u64 = 3;
pub(crate) const IDENTIFIER: &str = "inbox-identifier";
pub(crate) const TOKEN: &str = "agents-token";
const OTHER_INBOX: u64 = 4;
const PAGE: usize = 20;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// Refused before anything was done.
    Status(u16),
    /// Done, and answered with this error all the same, as a proxy does.
    Lost(u16),
    /// Done, and never answered.
    Late,
    /// Done, and the connection breaks in the middle of the answer.
    CutOff,
    /// Not done; something in front answers with this page of its own.
    Page(&'static str),
}

#[derive(Clone)]
pub(crate) struct Message {
    pub(crate) id: u64,
    pub(crate) content: String,
    /// `incoming` or `outgoing`.
    pub(crate) kind: String,
    pub(crate) private: bool,
    pub(crate) source_id: Option<String>,
    pub(crate) created_at: u64,
}

#[derive(Clone)]
pub(crate) struct Conversation {
    pub(crate) id: u64,
    pub(crate) inbox: u64,
    pub(crate) status: String,
    pub(crate) labels: Vec<String>,
    pub(crate) messages: Vec<Message>,
    contact: usize,
}

#[derive(Clone)]
pub(crate) struct Contact {
    pub(crate) source_id: String,
    pub(crate) identifier: String,
    pub(crate) name: String,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) contacts: Vec<Contact>,
    pub(crate) conversations: Vec<Conversation>,
    /// The number of the request that goes wrong, and how.
    pub(crate) fault: Option<(usize, Fault)>,
    pub(crate) requests: Vec<String>,
    /// What Chatwoot's clock shows, in seconds.
    pub(crate) now: u64,
    /// The inbox keeps one conversation for each contact.
    pub(crate) locked: bool,
    ids: u64,
}

pub(crate) struct Fake {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

impl Fake {
    /// Serves on a free port until the test ends.
    pub(crate) async fn start(now: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/chat/", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { now, ..State::default() }));
        let shared = Arc::clone(&state);
        let app = Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
            let shared = Arc::clone(&shared);
            async move { answer(&shared, &method, &uri, &headers, &body).await }
        });
        tokio::spawn(async { axum::serve(listener, app).await.unwrap() });
        Self { url, state }
    }

    /// Reads or changes what is there.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }
}

impl State {
    /// An agent writes in the conversation.
    pub(crate) fn agent_writes(&mut self, conversation: usize, content: &str) {
        let id = self.next_id();
        let (kind, now) = ("outgoing".to_owned(), self.now);
        let message =
            Message { id, content: content.to_owned(), kind, private: false, source_id: None, created_at: now };
        self.conversations[conversation].messages.push(message);
    }

    /// The contact has a conversation in an inbox of somebody else, too.
    pub(crate) fn elsewhere(&mut self, contact: usize) {
        let id = self.next_id();
        let (status, inbox) = ("open".to_owned(), OTHER_INBOX);
        self.conversations.push(Conversation { id, inbox, status, labels: vec![], messages: vec![], contact });
    }

    /// The webhooks of everything that was written, and of the conversations as they are.
    pub(crate) fn webhooks(&self) -> Vec<Vec<u8>> {
        let about = |conversation: &Conversation| {
            let source_id = &self.contacts[conversation.contact].source_id;
            let mut about = view(conversation);
            about["contact_inbox"] = json!({"inbox_id": conversation.inbox, "source_id": source_id});
            about
        };
        let message = |conversation: &Conversation, message: &Message| {
            let sender = if message.kind == "incoming" { "contact" } else { "user" };
            json!({"event": "message_created", "id": message.id, "content": message.content, "private": message.private,
                "message_type": message.kind, "source_id": message.source_id, "sender": {"id": 1, "type": sender},
                "conversation": about(conversation)})
        };
        let of = |conversation: &Conversation| {
            let mut all: Vec<_> = conversation.messages.iter().map(|each| message(conversation, each)).collect();
            let mut changed = about(conversation);
            changed["event"] = json!("conversation_status_changed");
            all.push(changed);
            all
        };
        self.conversations.iter().flat_map(of).map(|webhook| webhook.to_string().into_bytes()).collect()
    }

    fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }
}

async fn answer(state: &Mutex<State>, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    let (fault, (status, body)) = {
        let mut state = state.lock().unwrap();
        state.requests.push(format!("{method} {}", uri.path()));
        let number = state.requests.len() - 1;
        let fault = state.fault.filter(|(at, _)| *at == number).map(|(_, fault)| fault);
        let outcome = match fault {
            Some(Fault::Status(status)) => (status, json!({"error": "my secret words"})),
            Some(Fault::Page(_)) => (200, Value::Null),
            _ => route(&mut state, method, uri, headers, body),
        };
        (fault, outcome)
    };
    let response = |status: u16, body: Body| Response::builder().status(status).body(body).unwrap();
    match fault {
        Some(Fault::Late) => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            response(200, Body::empty())
        }
        Some(Fault::CutOff) => {
            let half = Bytes::from(body.to_string()[..1].to_owned());
            let broken = futures::stream::iter([Ok(half)]).chain(futures::stream::iter([Err("cut off")]));
            response(status, Body::from_stream(broken))
        }
        Some(Fault::Page(page)) => response(200, Body::from(page)),
        Some(Fault::Lost(status)) => response(status, Body::empty()),
        Some(Fault::Status(_)) | None => response(status, Body::from(body.to_string())),
    }
}

fn route(state: &mut State, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> (u16, Value) {
    let path: Vec<&str> = uri.path().strip_prefix("/chat/").unwrap().split('/').collect();
    if let ["public", "api", "v1", "inboxes", identifier, "contacts"] = path[..] {
        assert!(method == Method::POST && !headers.contains_key("api-access-token"), "a token where none is needed");
        return if identifier == IDENTIFIER { create_contact(state, &read(body)) } else { (404, Value::Null) };
    }
    if headers.get("api-access-token").is_none_or(|token| token != TOKEN) {
        return (401, json!({"error": "Invalid Access Token"}));
    }
    let ["api", "v1", "accounts", account, rest @ ..] = &path[..] else { return (404, Value::Null) };
    if account.parse() != Ok(ACCOUNT) {
        return (404, Value::Null);
    }
    let number = |text: &str| text.parse::<u64>().unwrap();
    match (method.as_str(), rest) {
        ("GET", ["contacts", contact, "conversations"]) => conversations(state, number(contact)),
        ("POST", ["conversations"]) => create_conversation(state, &read(body)),
        (method, ["conversations", id, what]) => {
            let Some(index) = state.conversations.iter().position(|c| c.id == number(id)) else {
                return (404, Value::Null);
            };
            match (method, *what) {
                ("GET", "messages") => messages(&state.conversations[index], uri.query()),
                ("POST", "messages") => create_message(state, index, read(body)),
                ("POST", "toggle_status") => toggle_status(&mut state.conversations[index], read(body)),
                ("POST", "labels") => labels(&mut state.conversations[index], read(body)),
                _ => (404, Value::Null),
            }
        }
        _ => (404, Value::Null),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> T {
    serde_json::from_slice(body).unwrap()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewContact {
    source_id: String,
    identifier: String,
    name: String,
}

fn create_contact(state: &mut State, new: &NewContact) -> (u16, Value) {
    let plain = new.source_id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    assert!(plain && !new.identifier.is_empty() && !new.name.trim().is_empty());
    let found = state.contacts.iter().position(|contact| contact.source_id == new.source_id);
    let index = found.unwrap_or_else(|| {
        let NewContact { source_id, identifier, name } = new;
        let contact = Contact { source_id: source_id.clone(), identifier: identifier.clone(), name: name.clone() };
        state.contacts.push(contact);
        state.contacts.len() - 1
    });
    (200, json!({"source_id": new.source_id, "pubsub_token": "p", "id": index, "name": state.contacts[index].name}))
}

fn view(conversation: &Conversation) -> Value {
    json!({"id": conversation.id, "inbox_id": conversation.inbox, "status": conversation.status,
        "labels": conversation.labels, "account_id": ACCOUNT, "custom_attributes": {}, "messages": []})
}

fn conversations(state: &State, contact: u64) -> (u16, Value) {
    let theirs = state.conversations.iter().filter(|conversation| conversation.contact as u64 == contact);
    (200, json!({"payload": theirs.map(view).collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewConversation {
    source_id: String,
    inbox_id: u64,
    contact_id: usize,
    status: String,
}

fn create_conversation(state: &mut State, new: &NewConversation) -> (u16, Value) {
    assert_eq!((new.inbox_id, new.status.as_str()), (INBOX, "open"));
    assert_eq!(state.contacts[new.contact_id].source_id, new.source_id);
    let theirs = |c: &&Conversation| c.contact == new.contact_id && c.inbox == INBOX;
    if let (true, Some(last)) = (state.locked, state.conversations.iter().rfind(theirs)) {
        return (200, view(last));
    }
    let id = state.next_id();
    let (contact, status) = (new.contact_id, new.status.clone());
    state.conversations.push(Conversation { id, inbox: INBOX, status, labels: vec![], messages: vec![], contact });
    (200, state.conversations.last().map(view).unwrap())
}

fn messages(conversation: &Conversation, query: Option<&str>) -> (u16, Value) {
    let before = query.map_or(u64::MAX, |query| query.strip_prefix("before=").unwrap().parse().unwrap());
    let earlier: Vec<_> = conversation.messages.iter().filter(|message| message.id < before).collect();
    let page = earlier[earlier.len().saturating_sub(PAGE)..].iter().map(|message| {
        json!({"id": message.id, "content": message.content, "message_type": 0, "private": message.private,
            "source_id": message.source_id, "created_at": message.created_at, "content_attributes": {}})
    });
    (200, json!({"meta": {}, "payload": page.collect::<Vec<_>>()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    content: String,
    message_type: String,
    private: bool,
    source_id: String,
}

fn create_message(state: &mut State, index: usize, new: NewMessage) -> (u16, Value) {
    let kind = (new.message_type.as_str(), new.private);
    assert!(matches!(kind, ("incoming", false) | ("outgoing", true)), "nothing is written in an agent's name");
    if new.content.trim().is_empty() || new.content.chars().count() > 150_000 {
        return (422, json!({"error": "Content"}));
    }
    let (id, created_at) = (state.next_id(), state.now);
    let NewMessage { content, message_type: kind, private, source_id } = new;
    let conversation = &mut state.conversations[index];
    if kind == "incoming" && matches!(conversation.status.as_str(), "resolved" | "snoozed") {
        "open".clone_into(&mut conversation.status);
    }
    conversation.messages.push(Message { id, content, kind, private, source_id: Some(source_id), created_at });
    (200, json!({"id": id}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewStatus {
    status: String,
}

fn toggle_status(conversation: &mut Conversation, new: NewStatus) -> (u16, Value) {
    assert!(["open", "resolved", "pending", "snoozed"].contains(&new.status.as_str()));
    conversation.status = new.status;
    (200, json!({"payload": {"success": true}}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLabels {
    labels: Vec<String>,
}

fn labels(conversation: &mut Conversation, new: NewLabels) -> (u16, Value) {
    conversation.labels = new.labels;
    (200, json!({"payload": conversation.labels}))
}
