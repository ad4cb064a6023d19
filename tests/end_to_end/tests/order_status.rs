//! "Where is my order?": the AI calls the brand's own tool, the shop answers, and the customer reads the status.
#![expect(clippy::unwrap_used, reason = "a broken world shall end the test")]

use std::sync::{Arc, Mutex};

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use end_to_end::{Door, Fake, FileOnce, Stack, documented, serve, serve_braze};
use sandbox::Options;
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../functions/responder/samples/shop/assistant.toml");
const QUESTION: &str = "Where is my order AB1234?";
const STATUS: &str = "It arrives on Tuesday.";

/// The sample's tool as it stands there, but for where the shop is.
fn tool(shop: &str) -> String {
    let (_, comment) = SAMPLE.split_once("# [tools.order_status]\n").unwrap();
    let lines = comment.lines().map_while(|line| line.strip_prefix("# ")).collect::<Vec<_>>().join("\n");
    let lines = lines.replace("https://api.shop.example", shop).replace("user =", "private = true\nuser =");
    format!("[tools.order_status]\n{lines}\n")
}

/// A shop's API: one order of one customer. Remembers whose order was asked for, and with which token.
#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Vec<(String, String, String)>>>);

impl Shop {
    async fn open(&self) -> String {
        let shop = self.clone();
        let order = |Path((customer, order)): Path<(String, String)>, headers: HeaderMap| async move {
            let token = headers.get("authorization").map_or("", |value| value.to_str().unwrap()).to_owned();
            shop.0.lock().unwrap().push((customer.clone(), order.clone(), token));
            answer(&customer, &order)
        };
        serve(Router::new().route("/v1/customers/{customer}/orders/{order}", get(order))).await
    }

    fn asked(&self) -> Vec<(String, String, String)> {
        self.0.lock().unwrap().clone()
    }
}

fn answer(customer: &str, order: &str) -> Response {
    match (customer, order) {
        ("ada", "AB1234") => Json(json!({"status": "canary-shipped", "arrives": "Tuesday"})).into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// An AI that looks the order up and then says what is to be said.
fn looking_up() -> Fake {
    let ai = Fake::default();
    ai.will_call(None, "order_status", &json!({"order": "AB1234"}));
    ai.will_say(&json!({"role": "assistant", "content": STATUS}));
    ai
}

#[tokio::test]
async fn on_the_real_binaries_the_shop_sees_the_users_id_and_the_token_and_the_customer_reads_the_status() {
    let (ai, shop) = (looking_up(), Shop::default());
    let (at, (braze, endpoint)) = (ai.serve("/v1/chat/completions").await + "/v1", serve_braze().await);
    let assistant = FileOnce::with("order-status", &tool(&shop.open().await));
    let settings = [
        ("BRAZE_ENDPOINT", &*endpoint),
        ("ASSISTANT_CONFIG", assistant.path()),
        ("AI_BACKEND", "openai"),
        ("AI_BASE_URL", &at),
        ("AI_MODEL", "any"),
        ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
    ];
    let stack = Stack::deploy_with(braze, &settings).await;
    stack.introduce("ada");
    stack.webhook("canary-webhook-token", &documented("ada", QUESTION)).await;
    stack.feed(|| stack.is_settled()).await;
    assert_eq!(stack.read_by("ada"), [STATUS]);
    let asked = ("ada".to_owned(), "AB1234".to_owned(), "Bearer canary-shop-key".to_owned());
    assert_eq!(shop.asked(), [asked]);
    let rounds = ai.asked();
    let result = rounds[1]["messages"].as_array().unwrap().last().unwrap();
    assert_eq!((&result["role"], &result["tool_call_id"]), (&json!("tool"), &json!("c1")));
    let result: Value = serde_json::from_str(result["content"].as_str().unwrap()).unwrap();
    assert_eq!(result["status"], "canary-shipped");
    let told = stack.responder.stdout() + &stack.responder.stderr();
    assert!(told.contains("\"ToolCalled\":1") && !told.contains("ToolFailed"), "{told}");
    for secret in ["canary-ship", "canary-shop-key", "AB1234", "customers/"] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

#[tokio::test]
async fn in_the_sandbox_every_call_is_a_step_of_the_users_way() {
    let (ai, shop) = (looking_up(), Shop::default());
    let at = ai.serve("/v1/chat/completions").await;
    let tool = tool(&shop.open().await).replace("key =", "# key =");
    let toml = format!(
        "[backends.fake]\nkind = \"openai\"\nbase_url = \"{at}/v1\"\nmodel = \"any\"\n\
         [routes.orders]\nkeywords = [\"{QUESTION}\"]\nbackend = \"fake\"\n{tool}"
    );
    let assistant = FileOnce::with("order-status-steps", &toml);
    let options = Options { assistant: Some(assistant.path().to_owned()), ..Options::default() };
    let door = Door::open_with(&options).await;
    door.types("user:ada", QUESTION).await;
    assert_eq!(door.wait_for("user:ada", 1).await, [STATUS]);
    let steps = door.get("/sandbox/steps").await;
    let steps: Vec<_> = steps.as_array().unwrap().iter().filter(|step| step["kind"] == "ai").collect();
    let titles: Vec<_> = steps.iter().map(|step| step["title"].as_str().unwrap()).collect();
    let looked_up = ["openai is asked", "tool order_status is called", "tool order_status returns", "it answers"];
    assert_eq!(titles, looked_up);
    assert!(steps.iter().all(|step| step["conversation"] == "user:ada"), "{steps:?}");
    let url = steps[1]["body"]["url"].as_str().unwrap();
    assert!(url.ends_with("/v1/customers/ada/orders/AB1234"), "{url}");
    assert_eq!(steps[2]["body"]["status"], "canary-shipped");
    assert_eq!(steps[0]["body"]["tools"]["brand"], json!(["order_status"]));
}
