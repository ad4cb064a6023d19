//! The same for what people, flows and the brand's own tools add: a desk and a shop that throw back what they are told, an
//! agent's words, a flow's answers, what is written to profiles, and being forgotten.

use axum::http::StatusCode;
use end_to_end::{Fake, FileOnce, Stack, documented, serve_braze};
use serde_json::{Value, json};

use crate::{PERSONAL, SECRETS, search, thrower};

/// Planted beside the others: what an agent writes, and how the desk and the shop know us.
const AMONG_PEOPLE: [&str; 5] =
    ["canary of an agent", "canary-desk-token", "canary-shop-key", "canary-order", "canary-answer"];

fn assistant(shop: &str) -> String {
    format!(
        r#"
instructions = "You are the canary prompt"
[limits]
attempts = 3
[profile]
facts = ["owner", "turns", "last_message"]
opt_out_group = "the-group"
[tools.order_status]
describe = "The status of an order"
url = "{shop}/orders/{{order}}"
key = "shop_key"
private = true
[tools.order_status.arguments.order]
describe = "Its number"
[flows.return]
start = ["return"]
[[flows.return.steps]]
name = "order"
say = "Which order is it?"
expect = "pattern"
pattern = "canary"
attribute = "return_order"
event = "return_wished"
[[flows.return.steps]]
name = "why"
say = "And why?"
expect = "text"
attribute = "return_reason"
"#
    )
}

struct Shop {
    stack: Stack,
    /// What the door answered.
    answers: String,
    _assistant: FileOnce,
}

impl Shop {
    /// Everybody but the AI and Braze throws back what it is told; Braze takes replies, and nothing for profiles.
    async fn open() -> Self {
        let ai = Fake::default();
        ai.will_call(Some("canary-answer"), "order_status", &json!({"order": "canary-order"}));
        ai.will_say(&json!({"role": "assistant", "content": "canary-answer: nobody knows"}));
        let (at, broken) = (ai.serve("/v1/chat/completions").await + "/v1", thrower(StatusCode::BAD_GATEWAY).await);
        let assistant = FileOnce::with("leaks-people", &assistant(&broken));
        let (braze, endpoint) = serve_braze().await;
        let settings = [
            ("AWS_LAMBDA_LOG_LEVEL", "TRACE"),
            ("RUST_LOG", "trace"),
            ("BRAZE_ENDPOINT", &*endpoint),
            ("ASSISTANT_CONFIG", assistant.path()),
            ("AI_BACKEND", "openai"),
            ("AI_BASE_URL", &at),
            ("AI_MODEL", "any"),
            ("DESK", "webhook"),
            ("DESK_URL", &broken),
        ];
        let stack = Stack::deploy_with(braze, &settings).await;
        stack.introduce("canary-user");
        Self { stack, answers: String::new(), _assistant: assistant }
    }

    /// The user writes, and the log says this then.
    async fn writes(&mut self, text: &str, then: &str) {
        let before = self.said(then);
        self.answers += &self.stack.webhook("canary-webhook-token", &documented("canary-user", text)).await.to_string();
        self.stack.feed(|| self.said(then) > before).await;
    }

    /// How often the log says this.
    fn said(&self, what: &str) -> usize {
        self.stack.responder.stdout().matches(what).count()
    }

    /// Somebody at the desk asks for something, and the log says this then.
    async fn agent(&mut self, wish: &str, body: Value, then: &str) {
        let headers = [("authorization", "Bearer canary-agent-token")];
        let before = self.said(then);
        self.answers +=
            &self.stack.post(&format!("/conversations/{wish}"), &headers, &body.to_string()).await.to_string();
        self.stack.feed_from("agent", || then.is_empty() || self.said(then) > before).await;
    }
}

#[tokio::test]
async fn nor_does_anything_that_people_flows_and_tools_add() {
    let mut shop = Shop::open().await;
    for text in ["Where are my canary words?", "return", "canary-order", "canary words, because"] {
        shop.writes(text, "accepted by Braze").await;
    }
    shop.writes("STOP", "ProfileFailed").await;
    let ada = "user:canary-user";
    shop.agent("flows", json!({"conversation": ada, "flow": "canary words"}), "FlowNotStarted").await;
    let line = json!({"conversation": ada, "text": "canary of an agent", "id": "1"});
    shop.agent("messages", line, "accepted by Braze").await;
    let unknown_key = json!({"conversation": ada, "text": "canary of an agent", "subject": "canary words"});
    shop.agent("messages", unknown_key, "").await;
    shop.writes("canary words to a person", "the desk was not told").await;
    shop.agent("release", json!({"conversation": ada}), "an agent acts").await;
    shop.agent("erase", json!({"conversation": ada}), "an agent acts").await;

    let planted = [PERSONAL.as_slice(), SECRETS.as_slice(), AMONG_PEOPLE.as_slice()].concat();
    let output = [&shop.stack.ingest, &shop.stack.responder].map(|function| function.stdout() + &function.stderr());
    for said in &output {
        search("the output of a function", said, &planted);
    }
    let output = output.concat();
    for proof in ["ToolFailed", "DeskFailed", "ProfileFailed", "FlowNotStarted", "AgentAnswered"] {
        assert!(output.contains(&format!("\"{proof}\":1")), "{proof} did not happen: {output}");
    }
    let read = shop.stack.read_by("canary-user");
    for line in ["Which order is it?", "And why?", "canary of an agent"] {
        assert!(read.iter().any(|read| read == line), "{line} was not read: {read:?}");
    }
    // The desk's agent may know what the agent's own body said.
    search("an answer of the door", &shop.answers, &planted);
}
