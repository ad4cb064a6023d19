//! Both functions, their queues, table and secrets, and Braze.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use endurance::{Binaries, program};
use local_aws::{Function, LocalAws, Mapping, Queue, QueueSettings};
use serde_json::{Value, json};
use simulated_braze::{SimulatedBraze, Workspace};
use tokio::net::TcpListener;

/// The table.
pub const TABLE: &str = "conversations";
/// The reply campaign.
pub const CAMPAIGN: &str = "replies";

/// One of the functions, or of the workspace's other programs, as [`Binaries`] and [`program`] find it.
pub fn binary(name: &str) -> PathBuf {
    static FUNCTIONS: LazyLock<Binaries> = LazyLock::new(|| Binaries::built().unwrap());
    match name {
        "ingest" => FUNCTIONS.ingest.clone(),
        "responder" => FUNCTIONS.responder.clone(),
        other => program(other).unwrap(),
    }
}

/// AWS, Braze and both functions.
pub struct Stack {
    /// AWS.
    pub aws: LocalAws,
    /// Braze.
    pub braze: Arc<SimulatedBraze>,
    /// The queue of messages to be answered.
    pub work: Queue,
    /// The door.
    pub ingest: Arc<Function>,
    /// The responder.
    pub responder: Arc<Function>,
}

impl Stack {
    /// Deployed, with simulated Braze and the knowledge as AI.
    pub async fn deploy() -> Self {
        let (braze, endpoint) = serve_braze().await;
        Self::deploy_with(braze, &[("BRAZE_ENDPOINT", &endpoint)]).await
    }

    /// Deployed with these settings beside, or in place of, the usual ones.
    pub async fn deploy_with(braze: Arc<SimulatedBraze>, settings: &[(&str, &str)]) -> Self {
        Self::deploy_on(Self::aws().await, braze, settings).await
    }

    /// AWS with everything in it that the functions are told of.
    pub async fn aws() -> LocalAws {
        let aws = LocalAws::start().await;
        aws.create_table(TABLE, "expires_at");
        aws.create_queue("dead", QueueSettings::default());
        aws.create_queue("quarantine", QueueSettings::default());
        aws.create_queue("agent", QueueSettings::default());
        let visibility = Duration::from_mins(1);
        let redrive = QueueSettings { visibility, dead_letters: Some(("dead".to_owned(), 20)), ..Default::default() };
        aws.create_queue("work", redrive);
        aws.put_secret("ingest", r#"{"webhook_token": "canary-webhook-token", "agent_token": "canary-agent-token", "answers_token": "canary-answers-token"}"#);
        let keys = r#"{"braze_api_key": "canary-braze-key", "desk_token": "canary-desk-token", "shop_key": "canary-shop-key"}"#;
        aws.put_secret("responder", keys);
        aws
    }

    /// The same on this AWS.
    pub async fn deploy_on(aws: LocalAws, braze: Arc<SimulatedBraze>, settings: &[(&str, &str)]) -> Self {
        let work = aws.queue("work").unwrap();
        let ingest = Function::start(binary("ingest"), environment(&aws, settings)).await;
        let responder = Function::start(binary("responder"), environment(&aws, settings)).await;
        Self { aws, braze, work, ingest: Arc::new(ingest.unwrap()), responder: Arc::new(responder.unwrap()) }
    }

    /// Braze posts `body`; the answer as the gateway gets it.
    pub async fn webhook(&self, token: &str, body: &str) -> Value {
        self.post("/inbound", &[("authorization", &format!("Bearer {token}"))], body).await
    }

    /// Somebody posts `body` to `path`; the answer as the gateway gets it.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
        let headers: BTreeMap<_, _> = headers.iter().copied().chain([("host", "example.com")]).collect();
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
            "headers": headers,
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "example.com", "requestId": "r", "stage": "$default",
                "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1, "routeKey": "$default", "domainPrefix": "a",
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "Braze"}
            },
            "body": body, "isBase64Encoded": false,
        });
        self.ingest.invoke(event, Duration::from_secs(10)).await.unwrap()
    }

    /// Feeds the responder for as long as `until` does not hold, with killed or failed invocations as on Lambda.
    pub async fn feed(&self, until: impl Fn() -> bool) {
        self.feed_from("work", until).await;
    }

    /// The same from the queue called `queue`.
    pub async fn feed_from(&self, queue: &str, until: impl Fn() -> bool) {
        let feeding = self.serve(queue);
        let waiting = async {
            while !until() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            () = feeding => {}
            waited = tokio::time::timeout(Duration::from_secs(100), waiting) => {
                assert!(waited.is_ok(), "it did not happen; stderr: {} {}", self.responder.stdout(), self.responder.stderr());
            }
        }
    }

    /// Feeds the responder from the queue called `queue`, for ever.
    pub async fn serve(&self, queue: &str) {
        let mapping = Mapping::new(self.aws.queue(queue).unwrap());
        mapping.run(1, |event| self.responder.invoke(event, Duration::from_secs(30))).await;
    }

    /// What a user read.
    pub fn read_by(&self, user: &str) -> Vec<String> {
        let phone = self.braze.phone(&format!("user:{user}"));
        let brand = phone.into_iter().filter(|line| line.from == simulated_braze::Sender::Brand);
        brand.map(|line| line.text.into_string()).collect()
    }

    /// Whether the queue is empty.
    pub fn is_settled(&self) -> bool {
        self.work.messages().is_empty()
    }
}

/// Simulated Braze over HTTP, and its address.
pub async fn serve_braze() -> (Arc<SimulatedBraze>, String) {
    let braze = SimulatedBraze::new(Workspace::recommended("http://127.0.0.1:1", "", CAMPAIGN, "canary-braze-key"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Arc::clone(&braze).router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (braze, endpoint)
}

/// The environment of a function, as the template sets it; `settings` win.
pub fn environment(aws: &LocalAws, settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let url = |name| aws.queue(name).unwrap().url();
    let usual = [
        ("QUEUE_URL", url("work")),
        ("AGENT_QUEUE_URL", url("agent")),
        ("QUARANTINE_QUEUE_URL", url("quarantine")),
        ("INGEST_SECRET_ID", "ingest".to_owned()),
        ("RESPONDER_SECRET_ID", "responder".to_owned()),
        ("TABLE_NAME", TABLE.to_owned()),
        ("BRAZE_CAMPAIGN_ID", CAMPAIGN.to_owned()),
        ("AI_BACKEND", "knowledge".to_owned()),
    ];
    let usual = usual.map(|(name, value)| (name.to_owned(), value));
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    aws.environment().into_iter().chain(usual).chain(settings).collect()
}

/// The body in Braze's documentation.
pub fn documented(user: &str, text: &str) -> String {
    format!("{{ \"user_id\": \"{user}\", \"phone_number\": \"+15550123\", \"message\": \"{text}\" }}")
}

impl Stack {
    /// A user whom Braze knows and who has just written.
    pub fn introduce(&self, user: &str) {
        let identity = models::Identity::new(user, "", "").unwrap();
        self.braze.user_wrote(&identity, &"hi".into());
    }
}
