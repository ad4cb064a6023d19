//! The sandbox through its front door, over HTTP.

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use sandbox::{Options, Sandbox};
use serde_json::{Value, json};

/// A sandbox, and whoever stands before it.
pub struct Door {
    /// It.
    pub sandbox: Sandbox,
    /// Calls it.
    pub http: Client,
}

impl Door {
    /// Starts a sandbox on any free port.
    pub async fn open() -> Self {
        Self::open_with(&Options::default()).await
    }

    /// Starts a sandbox that is told something.
    pub async fn open_with(options: &Options) -> Self {
        Self { sandbox: Sandbox::start(options).await.unwrap(), http: Client::new() }
    }

    /// The address of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    /// Posts `body` with `token`.
    pub async fn post(&self, path: &str, token: &str, body: impl Into<String>) -> (StatusCode, Value) {
        let call = self.http.post(self.url(path)).bearer_auth(token).body(body.into());
        let answer = call.send().await.unwrap();
        (answer.status(), answer.json().await.unwrap_or_default())
    }

    /// The user types on the phone.
    pub async fn types(&self, conversation: &str, text: &str) {
        let mut url = reqwest::Url::parse(&self.url("/sandbox/phones")).unwrap();
        url.path_segments_mut().unwrap().push(conversation).push("messages");
        let answer = self.http.post(url).json(&json!({"text": text})).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::ACCEPTED);
    }

    /// Sets faults.
    pub async fn set(&self, faults: Value) {
        let answer = self.http.post(self.url("/sandbox/faults")).json(&faults).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
    }

    /// The JSON at `path`.
    pub async fn get(&self, path: &str) -> Value {
        self.http.get(self.url(path)).send().await.unwrap().json().await.unwrap()
    }

    /// What the phone shows: who said it, and what.
    pub async fn phone(&self, conversation: &str) -> Vec<(String, String)> {
        let mut url = reqwest::Url::parse(&self.url("/sandbox/phones")).unwrap();
        url.path_segments_mut().unwrap().push(conversation);
        let lines: Vec<Value> = self.http.get(url).send().await.unwrap().json().await.unwrap();
        let text = |line: &Value, key: &str| line[key].as_str().unwrap().to_owned();
        lines.iter().map(|line| (text(line, "from"), text(line, "text"))).collect()
    }

    /// What the brand said on the phone.
    pub async fn answers(&self, conversation: &str) -> Vec<String> {
        self.phone(conversation).await.into_iter().filter(|(from, _)| from == "brand").map(|(_, text)| text).collect()
    }

    /// Waits for so many answers, and a little longer for one too many.
    pub async fn wait_for(&self, conversation: &str, answers: usize) -> Vec<String> {
        let patience = Instant::now() + Duration::from_secs(20);
        while self.answers(conversation).await.len() < answers {
            assert!(Instant::now() < patience, "{answers} answers did not come: {:?}", self.phone(conversation).await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let read = self.answers(conversation).await;
        assert_eq!(read.len(), answers, "{read:?}");
        read
    }

    /// The last words of each question the AI got.
    pub async fn asked(&self) -> Vec<String> {
        let requests = self.get("/sandbox/ai/requests").await;
        let last = |request: &Value| request["messages"].as_array().unwrap().last().unwrap()["content"].clone();
        requests.as_array().unwrap().iter().map(|request| last(request).as_str().unwrap().to_owned()).collect()
    }
}
