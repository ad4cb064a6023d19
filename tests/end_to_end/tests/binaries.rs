//! The real binaries, as Lambda starts them: a webhook at ingest, its queue, the responder, the table, and simulated Braze.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use local_aws::{Fault, Function, LocalAws, Mapping, Operation, Queue, QueueSettings};
use serde_json::{Value, json};
use simulated_braze::{SimulatedBraze, Workspace};
use tokio::net::TcpListener;

const TABLE: &str = "conversations";
const CAMPAIGN: &str = "replies";
const CANARIES: [&str; 6] =
    ["canary-webhook-token", "canary-agent-token", "canary-braze-key", "canary-user", "15550123", "canary words"];

/// The binary of this build, brought up to date first.
fn binary(name: &str) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "ingest", "--package", "responder"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().unwrap().success(), "the functions do not build");
        std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
    });
    folder.join(name)
}

/// AWS, Braze and both functions.
struct Stack {
    aws: LocalAws,
    braze: Arc<SimulatedBraze>,
    work: Queue,
    ingest: Arc<Function>,
    responder: Arc<Function>,
}

impl Stack {
    async fn deploy() -> Self {
        let aws = LocalAws::start().await;
        aws.create_table(TABLE, "expires_at");
        aws.create_queue("dead", QueueSettings::default());
        aws.create_queue("quarantine", QueueSettings::default());
        aws.create_queue("agent", QueueSettings::default());
        let visibility = Duration::from_mins(1);
        let settings = QueueSettings { visibility, dead_letters: Some(("dead".to_owned(), 20)), ..Default::default() };
        let work = aws.create_queue("work", settings);
        aws.put_secret("ingest", r#"{"webhook_token": "canary-webhook-token", "agent_token": "canary-agent-token"}"#);
        aws.put_secret("responder", r#"{"braze_api_key": "canary-braze-key"}"#);
        let (braze, endpoint) = serve_braze().await;
        let ingest = Function::start(binary("ingest"), environment(&aws, &endpoint)).await;
        let responder = Function::start(binary("responder"), environment(&aws, &endpoint)).await;
        Self { aws, braze, work, ingest: Arc::new(ingest.unwrap()), responder: Arc::new(responder.unwrap()) }
    }

    async fn webhook(&self, token: &str, body: &str) -> Value {
        let event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": "/inbound", "rawQueryString": "",
            "headers": {"authorization": format!("Bearer {token}"), "host": "example.com"},
            "requestContext": {
                "accountId": "1", "apiId": "a", "domainName": "example.com", "requestId": "r", "stage": "$default",
                "time": "01/Jan/2026:00:00:00 +0000", "timeEpoch": 1, "routeKey": "$default", "domainPrefix": "a",
                "http": {"method": "POST", "path": "/inbound", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "Braze"}
            },
            "body": body, "isBase64Encoded": false,
        });
        self.ingest.invoke(event, Duration::from_secs(10)).await.unwrap()
    }

    /// Feeds the responder for as long as `until` does not hold, with killed or failed invocations as on Lambda.
    async fn feed(&self, until: impl Fn() -> bool) {
        let mapping = Mapping::new(self.work.clone());
        let feeding = mapping.run(1, |event| self.responder.invoke(event, Duration::from_secs(30)));
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

    fn read_by(&self, user: &str) -> Vec<String> {
        let phone = self.braze.phone(&format!("user:{user}"));
        let brand = phone.into_iter().filter(|line| line.from == simulated_braze::Sender::Brand);
        brand.map(|line| line.text.into_string()).collect()
    }

    fn is_settled(&self) -> bool {
        self.work.messages().is_empty()
    }
}

async fn serve_braze() -> (Arc<SimulatedBraze>, String) {
    let braze = SimulatedBraze::new(Workspace::recommended("http://127.0.0.1:1", "", CAMPAIGN, "canary-braze-key"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Arc::clone(&braze).router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (braze, endpoint)
}

fn environment(aws: &LocalAws, braze: &str) -> Vec<(String, String)> {
    let url = |name| aws.queue(name).unwrap().url();
    let settings = [
        ("QUEUE_URL", url("work")),
        ("AGENT_QUEUE_URL", url("agent")),
        ("QUARANTINE_QUEUE_URL", url("quarantine")),
        ("INGEST_SECRET_ID", "ingest".to_owned()),
        ("RESPONDER_SECRET_ID", "responder".to_owned()),
        ("TABLE_NAME", TABLE.to_owned()),
        ("BRAZE_ENDPOINT", braze.to_owned()),
        ("BRAZE_CAMPAIGN_ID", CAMPAIGN.to_owned()),
        ("AI_BACKEND", "knowledge".to_owned()),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value));
    aws.environment().into_iter().chain(settings).collect()
}

fn documented(user: &str, text: &str) -> String {
    format!("{{ \"user_id\": \"{user}\", \"phone_number\": \"+15550123\", \"message\": \"{text}\" }}")
}

impl Stack {
    /// A user whom Braze knows and who has just written.
    fn introduce(&self, user: &str) {
        let identity = models::Identity::new(user, "", "").unwrap();
        self.braze.user_wrote(&identity, &"hi".into());
    }
}

#[tokio::test]
async fn a_webhook_is_answered_and_an_ordinary_turn_costs_five_write_units() {
    let stack = Stack::deploy().await;
    stack.introduce("canary-user");
    for (turn, text) in ["When are you open?", "How do I return my shoes?"].into_iter().enumerate() {
        stack.aws.reset_capacity();
        let answer = stack.webhook("canary-webhook-token", &documented("canary-user", text)).await;
        assert_eq!(answer["statusCode"], 202, "{answer}");
        stack.feed(|| stack.read_by("canary-user").len() > turn && stack.is_settled()).await;
        // The first message of a conversation looks once whether Braze knew the user by another name.
        let first = u64::from(turn == 0);
        let capacity = stack.aws.capacity();
        assert_eq!(capacity.write_units, 5 + first, "{capacity:?}");
        assert!(capacity.half_read_units <= 4, "{capacity:?}");
        let queue_calls = [Operation::SendMessage, Operation::ReceiveMessage, Operation::DeleteMessage];
        assert_eq!(queue_calls.map(|operation| capacity.calls(operation)), [1, 1, 1], "{capacity:?}");
        assert_eq!(capacity.calls(Operation::ChangeMessageVisibility), 0);
    }
    let read = stack.read_by("canary-user");
    assert!(read[0].contains("Monday to Friday") && read[1].contains("30 days"), "{read:?}");
    let head = stack.aws.item_size(TABLE, "user:canary-user", "C").unwrap();
    assert!(head <= 1_024, "the head takes {head} bytes");
    stack.webhook("canary-webhook-token", &documented("canary-user", "Are these canary words?")).await;
    stack.feed(|| stack.read_by("canary-user").len() > 2 && stack.is_settled()).await;
    let output = [&stack.ingest, &stack.responder].map(|function| function.stdout() + &function.stderr()).concat();
    assert!(output.contains("queued") && output.contains("accepted by Braze"), "{output}");
    for canary in CANARIES {
        assert!(!output.contains(canary), "{canary} is in the logs: {output}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_turned_away_and_a_rotated_one_let_in() {
    let stack = Stack::deploy().await;
    let body = documented("42", "hi");
    assert_eq!(stack.webhook("wrong", &body).await["statusCode"], 401);
    stack.aws.put_secret("ingest", r#"{"webhook_token": "new", "agent_token": "canary-agent-token"}"#);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    for token in ["new", "canary-webhook-token"] {
        assert_eq!(stack.webhook(token, &body).await["statusCode"], 202, "{token}");
    }
    assert!(stack.ingest.stdout().contains("\"Unauthorized\":1"));
}

#[tokio::test]
async fn a_queue_that_is_down_is_a_503_within_five_seconds() {
    let stack = Stack::deploy().await;
    stack.aws.inject(Fault::hang(Operation::SendMessage).always());
    let started = std::time::Instant::now();
    assert_eq!(stack.webhook("canary-webhook-token", &documented("42", "hi")).await["statusCode"], 503);
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    stack.aws.clear_faults();
    assert_eq!(stack.webhook("canary-webhook-token", &documented("42", "hi")).await["statusCode"], 202);
}

#[tokio::test]
async fn secrets_out_of_reach_at_the_start_are_an_outage_and_not_the_end() {
    let aws = LocalAws::start().await;
    for name in ["work", "agent", "quarantine"] {
        aws.create_queue(name, QueueSettings::default());
    }
    aws.inject(Fault::fail(Operation::GetSecretValue).always());
    let ingest = Function::start(binary("ingest"), environment(&aws, "http://127.0.0.1:1")).await.unwrap();
    let (braze, _) = serve_braze().await;
    let (work, ingest) = (aws.queue("work").unwrap(), Arc::new(ingest));
    let stack = Stack { aws, braze, work, responder: Arc::clone(&ingest), ingest };
    assert_eq!(stack.webhook("t", &documented("42", "hi")).await["statusCode"], 503);
    stack.aws.clear_faults();
    stack.aws.put_secret("ingest", r#"{"webhook_token": "t", "agent_token": "a"}"#);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(stack.webhook("t", &documented("42", "hi")).await["statusCode"], 202);
}

#[tokio::test]
async fn three_fragments_come_back_when_they_are_due_and_get_one_answer() {
    let stack = Stack::deploy().await;
    stack.introduce("ada");
    for text in ["hi", "I want to know", "your opening hours"] {
        stack.webhook("canary-webhook-token", &documented("ada", text)).await;
    }
    let started = std::time::Instant::now();
    stack.feed(|| stack.is_settled()).await;
    assert!(started.elapsed() >= Duration::from_secs(3));
    assert_eq!(stack.read_by("ada").len(), 1, "{:?}", stack.read_by("ada"));
}

#[tokio::test]
async fn bad_settings_stop_a_function_at_its_start_and_are_all_named() {
    for (name, expected) in [
        ("ingest", ["QUEUE_URL", "QUARANTINE_QUEUE_URL", "INGEST_SECRET_ID"]),
        ("responder", ["TABLE_NAME", "BRAZE_ENDPOINT", "BRAZE_CAMPAIGN_ID"]),
    ] {
        let failure = Function::start(binary(name), []).await.expect_err("it must not start").to_string();
        for setting in expected {
            assert!(failure.contains(setting), "{name}: {failure}");
        }
    }
}
