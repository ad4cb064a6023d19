//! `GET /sandbox/live`: what the page shows, sent whenever it changes, as server-sent events.
//!
//! `?conversation=` names the phone that is looked at. Events are `state`, `faults`, `liquid`, `desk` and `customer`, each
//! with the whole of what the route of its name gives, and `steps` with the new ones. The id of `steps` is `<run>/<number>`:
//! whoever comes back with it, or with `?after=`, gets what followed; after a restart everything.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::customer::customer;
use crate::liquid;
use crate::routes::{Shared, in_force, state_of, threads};
use crate::world::World;

/// Pages that may look at once; one more is told to come back.
pub(crate) const MOST_LOOKERS: usize = 32;
/// Steps in one event at most.
const MOST_STEPS: usize = 200;
/// How long news are gathered before they are sent.
const GATHER: Duration = Duration::from_millis(40);
/// What changes by time alone, such as what waits in the queue, is looked at so often.
const AT_LEAST: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    conversation: String,
    after: Option<String>,
}

/// One page that looks.
struct Looker {
    world: Arc<World>,
    conversation: String,
    /// The number of the last step it has.
    after: u64,
    /// What it was sent last, by event.
    shown: HashMap<&'static str, String>,
    steps: watch::Receiver<u64>,
    braze: watch::Receiver<u64>,
    _place: OwnedSemaphorePermit,
}

/// Sends what is there, and from then on what is new, until the page goes.
pub(crate) async fn look(State(world): Shared, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    let Ok(place) = Arc::clone(&world.lookers).try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, [(RETRY_AFTER, "5")], "too many pages are open").into_response();
    };
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned).or(asked.after);
    let looker = Looker {
        after: last.and_then(|last| seen(&last, &world.about.run)).unwrap_or(0),
        conversation: asked.conversation,
        shown: HashMap::new(),
        steps: world.steps.changes(),
        braze: world.braze.changes(),
        world,
        _place: place,
    };
    let news = stream::unfold(looker, |mut looker| async move {
        let news = looker.news().await;
        Some((stream::iter(news.into_iter().map(Ok::<_, Infallible>)), looker))
    });
    let news = futures::StreamExt::flatten(news);
    Sse::new(news).keep_alive(KeepAlive::default()).into_response()
}

/// The number of the last step that was seen in this run.
fn seen(last: &str, run: &str) -> Option<u64> {
    let (of, number) = last.split_once('/')?;
    (of == run).then(|| number.parse().ok()).flatten()
}

impl Looker {
    /// Waits until there is something new.
    async fn news(&mut self) -> Vec<Event> {
        loop {
            let news = self.look();
            if !news.is_empty() {
                return news;
            }
            tokio::select! {
                _ = self.steps.changed() => tokio::time::sleep(GATHER).await,
                _ = self.braze.changed() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(AT_LEAST) => {}
            }
        }
    }

    fn look(&mut self) -> Vec<Event> {
        self.steps.mark_unchanged();
        self.braze.mark_unchanged();
        let world = Arc::clone(&self.world);
        let mut news = Vec::new();
        let whole = [
            ("state", state_of(&world)),
            ("faults", json!(in_force(&world))),
            ("liquid", liquid::in_force(&world)),
            ("desk", json!(threads(&world))),
            ("customer", customer(&world, &self.conversation)),
        ];
        for (name, value) in whole {
            news.extend(self.if_new(name, &value));
        }
        let mut steps = world.steps.after(self.after);
        steps.truncate(MOST_STEPS);
        if let Some(last) = steps.last() {
            self.after = last.seq;
            news.push(event("steps", &json!(steps)).id(format!("{}/{}", world.about.run, last.seq)));
        }
        news
    }

    fn if_new(&mut self, name: &'static str, value: &Value) -> Option<Event> {
        let text = value.to_string();
        if self.shown.get(name) == Some(&text) {
            return None;
        }
        self.shown.insert(name, text);
        Some(event(name, value))
    }
}

/// An event with `value` as its one line of data.
fn event(name: &str, value: &Value) -> Event {
    Event::default().event(name).data(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_counts_only_in_the_run_it_was_seen_in() {
        assert_eq!(seen("run/7", "run"), Some(7));
        for other in ["other/7", "7", "run/x", ""] {
            assert_eq!(seen(other, "run"), None, "{other}");
        }
    }
}
