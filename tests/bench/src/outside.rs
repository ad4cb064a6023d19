//! What is behind the responder: an AI that takes its time, and a Braze that remembers when it got what.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use local_aws::{Capacity, LocalAws};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How long the AI takes for the question with this number.
pub(crate) type Pace = fn(usize) -> Duration;

/// The AI and Braze.
pub(crate) struct Outside {
    pub(crate) aws: Arc<LocalAws>,
    pace: Pace,
    seen: Mutex<Seen>,
}

/// What they saw since somebody asked last.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) answers: Vec<Answered>,
    pub(crate) replies: Vec<Sent>,
}

/// A question to the AI.
pub(crate) struct Answered {
    pub(crate) number: usize,
    /// From its arrival to its answer.
    pub(crate) took: Duration,
}

/// A reply to a user.
pub(crate) struct Sent {
    /// The number of the question that it answers.
    pub(crate) number: usize,
    pub(crate) at: Instant,
    /// What AWS was asked until then.
    pub(crate) used: Capacity,
}

impl Outside {
    /// Starts both on a free port; says where.
    pub(crate) async fn start(aws: Arc<LocalAws>, pace: Pace) -> io::Result<(Arc<Self>, String)> {
        let outside = Arc::new(Self { aws, pace, seen: Mutex::default() });
        let router =
            Router::new().route("/v1/chat/completions", post(answer)).route("/campaigns/trigger/send", post(send));
        let router = router.with_state(Arc::clone(&outside));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((outside, address))
    }

    /// What was seen since the last time.
    pub(crate) fn take(&self) -> Seen {
        std::mem::take(&mut self.seen())
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(State(outside): State<Arc<Outside>>, question: String) -> impl IntoResponse {
    let (begun, number) = (Instant::now(), number(&question));
    tokio::time::sleep((outside.pace)(number)).await;
    outside.seen().answers.push(Answered { number, took: begun.elapsed() });
    // The number comes back with the reply.
    let said = format!("Question {number}: we are open from **Monday to Friday**, 9 to 18 o'clock.");
    let answer = json!({
        "choices": [{"message": {"role": "assistant", "content": said}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 30},
    });
    ([(header::CONTENT_TYPE, "application/json")], answer.to_string())
}

async fn send(State(outside): State<Arc<Outside>>, call: String) -> impl IntoResponse {
    let sent = Sent { number: number(&call), at: Instant::now(), used: outside.aws.capacity() };
    outside.seen().replies.push(sent);
    let taken: Value = json!({"message": "success", "dispatch_id": "0123456789abcdef"});
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], taken.to_string())
}

/// The number behind the last `Question `; earlier ones are the conversation so far.
fn number(text: &str) -> usize {
    let last = text.rsplit("Question ").next().unwrap_or_default();
    let digits: String = last.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_the_last_question_counts() {
        assert_eq!(number(r#"[{"content": "Question 1: ..."}, {"content": "Question 42: when?"}]"#), 42);
        assert_eq!(number("hello"), 0);
    }
}
