#![doc = include_str!("../README.md")]

mod answer;
mod body;
mod chatwoot;
mod conversations;
mod explain;
mod inbound;
mod languages;
mod later_answer;
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
use conversations::Wish;
pub use languages::Languages;
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
    /// The languages in which flows may be started.
    pub languages: Languages,
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
        let route = match route::route(call.method, call.path) {
            Ok(route) => route,
            Err(answer) => return answer,
        };
        let audience = match route {
            Route::Health => return Answer::healthy(),
            Route::Inbound(_) => Audience::Webhook,
            Route::Conversation(Wish::Answer) => Audience::Platform,
            Route::Conversation(_) => Audience::Agent,
            Route::Chatwoot => Audience::Chatwoot,
        };
        if let Err(refusal) = self.admit(audience, call).await {
            return refusal;
        }
        match route {
            Route::Health => Answer::healthy(),
            Route::Inbound(route) => inbound::receive(self, call, route).await,
            Route::Conversation(wish) => conversations::receive(self, call, wish).await,
            Route::Chatwoot => chatwoot::receive(self, call).await,
        }
    }

    /// Lets a caller in who proves to be of the audience, looking once for a newer secret before it says no.
    async fn admit(&self, audience: Audience, call: Call<'_>) -> Result<(), Answer> {
        let now = self.clock.now();
        let known = self.tokens.current().await.map_err(|_| Answer::unavailable("the tokens cannot be read"))?;
        if known.admits(audience, call, now) {
            return Ok(());
        }
        let renewed = self.tokens.refreshed().await.map_err(|_| Answer::unavailable("the tokens cannot be read"))?;
        if renewed.admits(audience, call, now) {
            return Ok(());
        }
        if !renewed.expects(audience) {
            return Err(Answer::not_found());
        }
        self.meter.count(Metric::Unauthorized, 1);
        tracing::warn!(path = %call.path.chars().take(80).collect::<String>(), "a request without a good token");
        Err(Answer::unauthorized())
    }
}
