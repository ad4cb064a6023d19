//! Tests through real HTTP: the simulation served on loopback, and a door for its webhooks.

mod deliveries;
mod faults;
mod messages;
mod refusals;
mod tracking;
mod webhooks;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, Uri};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::{ApiKey, Delivery, PhoneMessage, ReplyCampaign, Retries, SimulatedBraze, Workspace};

const KEY: &str = "key-that-may-do-everything";
const WEAK_KEY: &str = "key-that-may-do-nothing";

/// A simulation and where it is served.
struct Served {
    braze: Arc<SimulatedBraze>,
    url: String,
    client: reqwest::Client,
}

/// The set-up of these tests: a campaign and a Canvas `replies`, a campaign that no call can trigger, both keys, users
/// `42` and `43` who wrote just now.
fn workspace(door: &str) -> Workspace {
    let mut workspace = Workspace::recommended(door, "token", "replies", KEY);
    workspace.api_keys[0].permissions.extend(["messages.send".to_owned(), "canvas.trigger.send".to_owned()]);
    workspace.api_keys.push(ApiKey { key: WEAK_KEY.into(), permissions: Vec::new() });
    let reply = workspace.replies[0].clone();
    workspace.canvases = vec![ReplyCampaign { message: "{{context.${text}}}".to_owned(), ..reply.clone() }];
    workspace.replies.push(ReplyCampaign { id: "action".to_owned(), delivery: Delivery::ActionBased, ..reply });
    workspace.retries = Retries { first_after: Duration::from_millis(2), ..Retries::default() };
    workspace
}

async fn served(workspace: Workspace) -> Served {
    let braze = SimulatedBraze::new(workspace);
    let url = listen(Arc::clone(&braze).router()).await;
    Served { braze, url, client: client() }
}

/// A simulation whose webhooks go to a closed door, and in which users `42` and `43` have written.
async fn with_writers(mut workspace: Workspace) -> Served {
    workspace.inbound.clear();
    let served = served(workspace).await;
    for user in ["user:42", "user:43"] {
        served.braze.user_types(user, "hello").unwrap();
    }
    served
}

async fn listen(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

impl Served {
    fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url)).bearer_auth(KEY)
    }

    /// Triggers the campaign with `body`; gives status and answer.
    async fn trigger(&self, body: &Value) -> (u16, Value) {
        answer(self.post("/campaigns/trigger/send").json(body)).await
    }

    /// What the brand wrote on a phone.
    fn brand(&self, conversation: &str) -> Vec<String> {
        let from_brand = |message: &PhoneMessage| message.from == crate::Sender::Brand;
        let screen = self.braze.phone(conversation).into_iter().filter(from_brand);
        screen.map(|message| message.text.into_string()).collect()
    }

    fn reasons(&self) -> Vec<String> {
        reasons(&self.braze)
    }
}

/// Why messages reached nobody, as words.
fn reasons(braze: &SimulatedBraze) -> Vec<String> {
    let kind = |entry: crate::Undelivered| json!(entry.reason)["kind"].as_str().unwrap().to_owned();
    braze.undelivered().into_iter().map(kind).collect()
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(5)).build().unwrap()
}

async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

/// A call that sends `text` to user `42`.
fn to_42(text: &str) -> Value {
    json!({
        "campaign_id": "replies",
        "recipients": [{"external_user_id": "42", "trigger_properties": {"external_system_msg_body": text}}],
    })
}

/// A call to `/messages/send` that sends `text` to user `42`.
fn of_its_own(text: &str) -> Value {
    let whatsapp = json!({
        "app_id": "app", "subscription_group_id": "whatsapp-group", "message_type": "text_response_message",
        "message": {"body": text, "preview_url": false},
    });
    json!({"external_user_ids": ["42"], "messages": {"whats_app": whatsapp}})
}

/// Somebody's endpoint for webhooks. It answers with the statuses it is given, the last one for ever.
#[derive(Clone)]
struct Door {
    url: String,
    answers: Arc<Mutex<Vec<u16>>>,
    received: Arc<Mutex<Vec<(Uri, HeaderMap, String)>>>,
}

impl Door {
    async fn open(answers: &[u16]) -> Self {
        let received = Arc::default();
        let mut door = Self { url: String::new(), answers: Arc::new(Mutex::new(answers.to_vec())), received };
        let inner = door.clone();
        let handler = async move |uri: Uri, headers: HeaderMap, body: Bytes| {
            inner.received.lock().unwrap().push((uri, headers, String::from_utf8(body.to_vec()).unwrap()));
            let mut answers = inner.answers.lock().unwrap();
            let status = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
            (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")])
        };
        door.url = format!("{}/inbound", listen(Router::new().fallback(handler)).await);
        door
    }

    fn bodies(&self) -> Vec<String> {
        self.received.lock().unwrap().iter().map(|(_, _, body)| body.clone()).collect()
    }
}
