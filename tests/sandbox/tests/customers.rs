//! Customers as simulated Braze knows them: newcomers, whom nobody has subscribed, and people who wrote a day ago.
#![expect(clippy::unwrap_used, reason = "a broken sandbox shall end the test")]

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);
const NEWCOMER: &str = "alias:phone:+4915187654321";

/// A running sandbox.
struct Started(Sandbox);

impl Started {
    /// With an assistant of these lines.
    async fn with(name: &str, toml: &str) -> Self {
        let file = std::env::temp_dir().join(format!("dragoman-customers-{}-{name}.toml", std::process::id()));
        std::fs::write(&file, format!("{toml}\n[quiet_period]\nfragment_seconds = 0\n")).unwrap();
        let campaigns = vec![models::CampaignId::new("late-words").unwrap()];
        let options = Options { assistant: Some(file.to_str().unwrap().to_owned()), campaigns, ..Options::default() };
        let sandbox = Sandbox::start(&options).await.unwrap();
        let _ = std::fs::remove_file(file);
        Self(sandbox)
    }

    /// As `cargo run` does.
    async fn packed() -> Self {
        Self(Sandbox::start(&Options::default()).await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        reqwest::get(format!("{}/sandbox/{path}", self.0.url())).await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let call = Client::new().post(format!("{}/{path}", self.0.url())).json(&body);
        let answer = call.bearer_auth(self.0.agent_token()).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    async fn types(&self, who: &str, text: &str) {
        self.post(&format!("sandbox/phones/{who}/messages"), json!({"text": text})).await;
    }

    /// What an agent writes to the one conversation that the desk has.
    async fn says(&self, text: &str) {
        let conversation = self.get("desk/conversations").await[0]["conversation"].clone();
        self.post("conversations/messages", json!({"conversation": conversation, "text": text, "id": text})).await;
    }

    /// What `path` shows once it holds `text`.
    async fn shows(&self, path: &str, text: &str) -> String {
        let patience = Instant::now() + PATIENCE;
        loop {
            let shown = self.get(path).await.to_string();
            if shown.contains(text) {
                return shown;
            }
            assert!(Instant::now() < patience, "{text} does not come: {shown}\n{}", self.get("steps").await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn lets_a_day_pass(&self, who: &str) {
        self.post(&format!("sandbox/customers/{who}"), json!({"close_window": true})).await;
    }
}

#[tokio::test]
async fn a_day_after_they_wrote_an_agents_line_goes_out_as_a_template_or_the_desk_hears_why_not() {
    for (template, who) in [(true, "user:ada"), (true, NEWCOMER), (false, "user:ada"), (false, NEWCOMER)] {
        let own = if template { "[replies]\nclosed_window = \"late-words\"\n" } else { "" };
        let toml = format!("[profile]\nnewcomers_group = \"whatsapp-group\"\n{own}");
        let name = format!("window-{template}-{}", who.len());
        let started = Started::with(&name, &toml).await;
        let phone = format!("phones/{who}");
        started.types(who, "I want to talk to a human").await;
        started.shows("desk/conversations", "\"state\":\"waiting\"").await;
        started.shows(&phone, "\"from\":\"brand\"").await;
        started.says("Within the day").await;
        started.shows(&phone, "Within the day").await;

        started.lets_a_day_pass(who).await;
        started.says("Sorry for\nthe wait").await;
        if template {
            // One line, as templates want it, by the campaign that is there for it.
            started.shows(&phone, "Sorry for the wait").await;
            assert!(started.shows("braze/requests", "late-words").await.contains("Sorry for the wait"));
        } else {
            let thread = started.shows("desk/conversations", "\"not_sent\":\"window_closed\"").await;
            assert_eq!(thread.matches("not_sent").count(), 1, "the line within the day was sent: {thread}");
            assert!(!started.get(&phone).await.to_string().contains("Sorry for"));
        }
        assert_eq!(started.get("braze/undelivered").await, json!([]), "Dragoman sends nothing that Braze would drop");

        started.types(who, "Still here").await;
        started.shows("desk/conversations", "Still here").await;
        started.says("Then I am quick").await;
        started.shows(&phone, "Then I am quick").await;
    }
}

#[tokio::test]
async fn a_number_that_braze_does_not_know_is_unsubscribed_until_the_first_answer_subscribes_it() {
    let started = Started::packed().await;
    started.post("sandbox/faults", json!({"ai": "slow"})).await;
    started.types(NEWCOMER, "When are you open?").await;
    assert_eq!(started.get(&format!("customers/{NEWCOMER}")).await["profile"]["subscribed"], false);
    started.shows(&format!("phones/{NEWCOMER}"), "Monday").await;
    assert_eq!(started.get(&format!("customers/{NEWCOMER}")).await["profile"]["subscribed"], true);
    assert!(started.get("braze/requests").await.to_string().contains("whatsapp-group"));
    assert_eq!(started.get("braze/undelivered").await, json!([]));
}

#[tokio::test]
async fn an_assistant_with_a_group_of_its_own_subscribes_newcomers_as_well() {
    let started = Started::with("own-group", "[profile]\nnewcomers_group = \"6c1f0b0e\"\n").await;
    started.types(NEWCOMER, "When are you open?").await;
    started.shows(&format!("phones/{NEWCOMER}"), "\"from\":\"brand\"").await;
    assert!(started.get("braze/requests").await.to_string().contains("6c1f0b0e"));
}

#[tokio::test]
async fn a_campaign_that_nobody_created_is_refused_and_the_page_says_what_to_do() {
    let sales = "[routes.sales]\nkeywords = [\"sales\"]\ncampaign =";
    let started = Started::with("unknown-campaign", &format!("{sales} \"spring-2026\"")).await;
    assert_eq!(started.0.unknown_campaigns(), ["spring-2026"]);
    started.types("user:ada", "sales").await;
    let steps = started.shows("steps", "unknown_campaign").await;
    assert!(steps.contains("Braze has no campaign spring-2026") && steps.contains("--campaign spring-2026"), "{steps}");
    assert!(started.get("braze/requests").await.to_string().contains("Invalid Campaign ID"));
    assert!(!started.get("phones/user:ada").await.to_string().contains("\"from\":\"brand\""));

    let started = Started::with("created-campaign", &format!("{sales} \"late-words\"")).await;
    assert!(started.0.unknown_campaigns().is_empty());
    started.types("user:ada", "sales").await;
    started.shows("phones/user:ada", "\"from\":\"brand\"").await;
}

#[tokio::test]
async fn without_a_group_for_newcomers_braze_drops_the_answer_and_the_page_says_why_and_what_to_do() {
    let started = Started::with("newcomers", "").await;
    started.types(NEWCOMER, "Where is my parcel?").await;
    let customer = format!("customers/{NEWCOMER}");
    let shown = started.shows(&customer, "newcomers are not until somebody subscribes them").await;
    assert!(!shown.contains("\"from\":\"brand\""), "{shown}");
    let steps = started.shows("steps", "newcomer_not_subscribed").await;
    assert!(steps.contains("Set newcomers_group in [profile]"), "{steps}");

    started.post(&format!("sandbox/{customer}"), json!({"subscribed": true})).await;
    started.types(NEWCOMER, "And where is it now?").await;
    started.shows(&format!("phones/{NEWCOMER}"), "\"from\":\"brand\"").await;

    // A customer of the brand was subscribed by the brand.
    started.types("user:ada", "Where is my parcel?").await;
    started.shows("phones/user:ada", "\"from\":\"brand\"").await;
}

#[tokio::test]
async fn a_day_cannot_pass_for_somebody_who_never_wrote() {
    let started = Started::with("nobody", "").await;
    let url = format!("{}/sandbox/customers/user:nobody", started.0.url());
    let answer = Client::new().post(url).json(&json!({"close_window": true})).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}
