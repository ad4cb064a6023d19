//! The sample shop on the real binaries: a return step by step, a person at a desk, silence, and being forgotten.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use end_to_end::{Stack, TABLE, documented, serve_braze};
use serde_json::{Value, json};
use simulated_braze::ReplyCampaign;
use tokio::net::TcpListener;

const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/responder/samples/shop/assistant.toml");

/// A desk that writes down what it is told, and where it is.
async fn desk() -> (Arc<Mutex<Vec<Value>>>, String) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&told);
    let hears = move |body: String| async move { heard.lock().unwrap().push(serde_json::from_str(&body).unwrap()) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/events", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/events", post(hears))).await });
    (told, address)
}

struct Shop {
    stack: Stack,
    told: Arc<Mutex<Vec<Value>>>,
}

impl Shop {
    async fn open() -> Self {
        let (braze, endpoint) = serve_braze().await;
        braze.change_workspace(|workspace| workspace.replies.push(ReplyCampaign::recommended("replies-returns")));
        let (told, address) = desk().await;
        let settings =
            [("BRAZE_ENDPOINT", &*endpoint), ("ASSISTANT_CONFIG", SHOP), ("DESK", "webhook"), ("DESK_URL", &address)];
        let stack = Stack::deploy_with(braze, &settings).await;
        stack.introduce("ada");
        Self { stack, told }
    }

    /// Ada writes by this route, and what she reads then.
    async fn writes(&self, path: &str, text: &str) -> Vec<String> {
        let before = self.read().len();
        let headers = [("authorization", "Bearer canary-webhook-token")];
        let answer = self.stack.post(path, &headers, &documented("ada", text)).await;
        assert_eq!(answer["statusCode"], 202, "{answer}");
        self.stack.feed(|| self.stack.is_settled()).await;
        self.read().split_off(before)
    }

    /// Somebody at the desk asks for something.
    async fn agent(&self, wish: &str, body: Value) {
        let headers = [("authorization", "Bearer canary-agent-token")];
        let answer = self.stack.post(&format!("/conversations/{wish}"), &headers, &body.to_string()).await;
        assert_eq!(answer["statusCode"], 202, "{answer}");
        let agents = self.stack.aws.queue("agent").unwrap();
        self.stack.feed_from("agent", || agents.messages().is_empty()).await;
    }

    fn read(&self) -> Vec<String> {
        self.stack.read_by("ada")
    }

    fn attribute(&self, name: &str) -> Value {
        let profile = self.stack.braze.profile("user:ada").unwrap();
        profile.attributes.get(name).cloned().unwrap_or_default()
    }
}

#[tokio::test]
async fn a_return_goes_step_by_step_into_the_profile_and_another_system_may_start_it() {
    let shop = Shop::open().await;
    for (text, expected) in [
        ("return", "Which order is it?"),
        ("the blue one", "does not look like an order number"),
        ("AB1234", "refund or an exchange"),
        ("refund", "The money is back"),
    ] {
        let read = shop.writes("/inbound", text).await;
        assert!(read.len() == 1 && read[0].contains(expected), "{text}: {read:?}");
    }
    assert_eq!(
        (shop.attribute("last_return_order"), shop.attribute("last_return_wish")),
        (json!("AB1234"), json!("Refund"))
    );
    shop.agent("flows", json!({"conversation": "user:ada", "flow": "return", "language": "de"})).await;
    assert!(shop.read().last().unwrap().contains("Um welche Bestellung"), "{:?}", shop.read());
    // Nothing in an order's number tells a language: it goes on in the one it began in.
    let read = shop.writes("/inbound", "AB1234").await;
    assert!(read[0].contains("Möchten Sie") && read[0].ends_with("1. Geld zurück\n2. Umtausch"), "{read:?}");
}

#[tokio::test]
async fn a_person_takes_over_answers_and_gives_back_and_the_profile_says_who_answers() {
    let shop = Shop::open().await;
    assert!(shop.writes("/inbound/vip", "My parcel is broken.").await[0].contains("colleague"));
    let kinds =
        |told: &[Value]| told.iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(kinds(&shop.told.lock().unwrap()), ["hand_off", "message"]);
    assert_eq!(shop.told.lock().unwrap()[0]["data"]["reason"], "route");
    assert_eq!(shop.attribute("dragoman_owner"), "person");
    shop.agent("messages", json!({"conversation": "user:ada", "text": "We send a new one.", "id": "1"})).await;
    assert_eq!(shop.read().last().unwrap(), "We send a new one.");
    assert!(shop.writes("/inbound", "Thank you!").await.is_empty(), "a person has the conversation");
    shop.agent("release", json!({"conversation": "user:ada"})).await;
    assert_eq!(shop.attribute("dragoman_owner"), "bot");
    assert_eq!(kinds(&shop.told.lock().unwrap()), ["hand_off", "message", "message", "released"]);
    assert!(shop.writes("/inbound", "When are you open?").await[0].contains("Monday"));
}

#[tokio::test]
async fn who_wants_silence_gets_it_and_who_is_forgotten_leaves_nothing() {
    let shop = Shop::open().await;
    shop.writes("/inbound", "When are you open, canary-words?").await;
    assert!(shop.writes("/inbound", "STOP").await.is_empty());
    assert!(shop.writes("/inbound", "When are you open?").await.is_empty());
    assert_eq!(shop.writes("/inbound", "START").await.len(), 1);
    assert!(shop.stack.aws.items(TABLE).iter().any(|item| item.to_string().contains("canary-words")));
    // A run of before could still leave a draft: so it is done once more when that is over, which nobody waits for here.
    let headers = [("authorization", "Bearer canary-agent-token")];
    let erase = json!({"conversation": "user:ada"}).to_string();
    assert_eq!(shop.stack.post("/conversations/erase", &headers, &erase).await["statusCode"], 202);
    let forgotten = || !shop.stack.aws.items(TABLE).iter().any(|item| item.to_string().contains("canary-words"));
    shop.stack.feed_from("agent", forgotten).await;
}
