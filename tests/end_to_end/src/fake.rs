//! A server that says what a test tells it to: an AI, a desk.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A server that says what it is told to, and remembers what it was asked.
#[derive(Clone, Default)]
pub struct Fake {
    says: Arc<Mutex<VecDeque<Value>>>,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Fake {
    /// Answers posts to `path`; returns the address without it.
    pub async fn serve(&self, path: &str) -> String {
        let fake = self.clone();
        let answers = move |Json(body): Json<Value>| async move {
            fake.asked.lock().unwrap().push(body);
            Json(fake.says.lock().unwrap().pop_front().unwrap_or_default())
        };
        serve(Router::new().route(path, post(answers))).await
    }

    /// The next answer is these words and this tool call.
    pub fn will_call(&self, words: Option<&str>, tool: &str, arguments: &Value) {
        let call =
            json!({"id": "c1", "type": "function", "function": {"name": tool, "arguments": arguments.to_string()}});
        self.will_say(&json!({"role": "assistant", "content": words, "tool_calls": [call]}));
    }

    /// The next answer is this message of a chat completion.
    pub fn will_say(&self, message: &Value) {
        self.says.lock().unwrap().push_back(json!({"choices": [{"message": message}]}));
    }

    /// The bodies it was sent, oldest first.
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }
}

/// Serves until the test ends; returns the address.
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
