#![doc = include_str!("../README.md")]

mod answer;
mod body;
mod conversations;
mod explain;
mod inbound;
mod quarantine;
mod route;
mod settings;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method};
use platform::clock::Clock;
use platform::metrics::{Meter, Metric};
use platform::queue::Queue;
use platform::random::Words;
use platform::secrets::SecretCache;

pub use answer::Answer;
use route::Route;
pub use settings::Settings;
use tokens::Audience;
pub use tokens::Tokens;

/// Within this the door answers, whatever is slow behind it: Braze retries a 503, and waits for nothing longer.
const ANSWER_WITHIN: Duration = Duration::from_millis(4_500);

/// The door: everything the handler needs, made once a process.
pub struct Ingest {
    /// The tokens that open it.
    pub tokens: SecretCache<Tokens>,
    /// The queue of messages to be answered.
    pub work: Arc<dyn Queue>,
    /// The queue of what agents ask for.
    pub agents: Arc<dyn Queue>,
    /// The queue of authentic bodies that could not be read.
    pub quarantine: Arc<dyn Queue>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The counters.
    pub meter: Arc<dyn Meter>,
    /// Makes the ids that follow messages through the logs.
    pub log_ids: Words,
}

/// One HTTP request, as the door sees it.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, as the gateway decoded it.
    pub path: &'a str,
    /// The query, raw.
    pub query: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body, whatever the gateway called it.
    pub body: &'a [u8],
}

impl Ingest {
    /// Answers one request. Every outcome is an answer; there is no error.
    pub async fn handle(&self, call: Call<'_>) -> Answer {
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.answer(call)).await;
        let answer = answer.unwrap_or_else(|_| Answer::unavailable("nothing behind the door answered in time"));
        if answer.is_unavailable() {
            self.meter.count(Metric::Unavailable, 1);
        }
        answer
    }

    async fn answer(&self, call: Call<'_>) -> Answer {
        match route::route(call.method, call.path) {
            Ok(Route::Health) => Answer::healthy(),
            Ok(Route::Inbound(route)) => match self.admit(Audience::Webhook, call).await {
                Ok(()) => inbound::receive(self, call, route).await,
                Err(refusal) => refusal,
            },
            Ok(Route::Conversation(wish)) => match self.admit(Audience::Agent, call).await {
                Ok(()) => conversations::receive(self, call, wish).await,
                Err(refusal) => refusal,
            },
            Err(answer) => answer,
        }
    }

    /// Lets a caller in whose token is good, looking once for a newer secret before it says no.
    async fn admit(&self, audience: Audience, call: Call<'_>) -> Result<(), Answer> {
        let presented = tokens::presented(call.headers);
        let known = self.tokens.current().await.map_err(|_| Answer::unavailable("the tokens cannot be read"))?;
        if known.admits(audience, presented) {
            return Ok(());
        }
        let renewed = self.tokens.refreshed().await.map_err(|_| Answer::unavailable("the tokens cannot be read"))?;
        if renewed.admits(audience, presented) {
            return Ok(());
        }
        self.meter.count(Metric::Unauthorized, 1);
        tracing::warn!(path = %call.path.chars().take(80).collect::<String>(), "a request without a good token");
        Err(Answer::unauthorized())
    }
}
