//! What an AI does beside talking, from its tool call to Braze and to the desk, on the real binaries.

use end_to_end::{Fake, FileOnce, Stack, documented, serve_braze};
use serde_json::{Value, json};
use simulated_braze::ReplyCampaign;

const ASSISTANT: &str = r#"
[profile]
facts = ["owner"]
[profile.learn.shoe_size]
describe = "The customer's shoe size, European"
values = "number"
[replies]
quick_replies = "replies-buttons"
[flows.return]
describe = "The customer wants to send something back."
[[flows.return.steps]]
name = "order"
say = "Which order is it?"
expect = "text"
"#;

struct Shop {
    stack: Stack,
    ai: Fake,
    desk: Fake,
    _assistant: FileOnce,
}

impl Shop {
    async fn open() -> Self {
        let assistant = FileOnce::with("ai-tools", ASSISTANT);
        let (ai, desk) = (Fake::default(), Fake::default());
        let (at, events) = (ai.serve("/v1/chat/completions").await + "/v1", desk.serve("/").await);
        let (braze, endpoint) = serve_braze().await;
        braze.change_workspace(|workspace| workspace.replies.push(ReplyCampaign::recommended("replies-buttons")));
        let settings = [
            ("BRAZE_ENDPOINT", &*endpoint),
            ("ASSISTANT_CONFIG", assistant.path()),
            ("AI_BACKEND", "openai"),
            ("AI_BASE_URL", &at),
            ("AI_MODEL", "any"),
            ("DESK", "webhook"),
            ("DESK_URL", &events),
        ];
        let stack = Stack::deploy_with(braze, &settings).await;
        stack
            .aws
            .put_secret("responder", r#"{"braze_api_key": "canary-braze-key", "desk_token": "canary-desk-token"}"#);
        stack.introduce("ada");
        Self { stack, ai, desk, _assistant: assistant }
    }

    /// Ada asks, and what she reads then.
    async fn asks(&self, text: &str) -> Vec<String> {
        let before = self.stack.read_by("ada").len();
        let answer = self.stack.webhook("canary-webhook-token", &documented("ada", text)).await;
        assert_eq!(answer["statusCode"], 202, "{answer}");
        self.stack.feed(|| self.stack.is_settled()).await;
        self.stack.read_by("ada").split_off(before)
    }
}

#[tokio::test]
async fn what_the_ai_does_reaches_the_profile_the_phone_and_the_desk() {
    let shop = Shop::open().await;
    shop.ai.will_call(Some("Noted."), "remember", &json!({"name": "shoe_size", "value": "42"}));
    assert_eq!(shop.asks("I wear 42, what do you have?").await, ["Noted."]);
    let profile = shop.stack.braze.profile("user:ada").unwrap();
    assert_eq!(profile.attributes["shoe_size"], json!(42));

    let buttons = json!({"body": "Which colour?", "options": ["Red", "Blue"]});
    shop.ai.will_call(None, "send_quick_replies", &buttons);
    shop.asks("Do you have it in colours?").await;
    let requests = shop.stack.braze.requests();
    let body: Value = requests.last().unwrap().body.clone();
    let properties = &body["recipients"][0]["trigger_properties"];
    assert_eq!((&body["campaign_id"], &properties["option_2"]), (&json!("replies-buttons"), &json!("Blue")));

    shop.ai.will_call(None, "start_flow", &json!({"flow": "return"}));
    assert_eq!(shop.asks("I do not like it, can I give it back?").await, ["Which order is it?"]);
    let asked = shop.ai.asked().len();
    shop.asks("AB1234").await;
    assert_eq!(shop.ai.asked().len(), asked, "the flow takes the answer, not the AI");

    shop.ai.will_call(Some("One moment."), "hand_off", &json!({"summary": "Ada wants her money back for AB1234."}));
    let read = shop.asks("Please refund me right now, will you?").await;
    assert!(read.len() == 1 && read[0].contains("colleague"), "{read:?}");
    let told = shop.desk.asked();
    assert_eq!((&told[0]["type"], &told[0]["data"]["reason"]), (&json!("hand_off"), &json!("assistant")));
    assert_eq!(told[0]["data"]["summary"], "Ada wants her money back for AB1234.");
    assert_eq!(told[1]["data"]["text"], "Please refund me right now, will you?");
    assert_eq!(shop.stack.braze.profile("user:ada").unwrap().attributes["dragoman_owner"], "person");
}
