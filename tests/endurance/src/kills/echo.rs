//! The AI of a run: it names the marks of the question, so that it shows in the reply what it was asked.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use ai::SUMMARY_INSTRUCTIONS;
use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::marks::marks;
use super::trace::Event;
use super::world::World;

/// With this in a question the answer is long enough for several parts.
pub(super) const EVERYTHING: &str = "everything";
const PARAGRAPHS: usize = 13;
/// How a recap begins.
const RECAP: &str = "(Notes on what was said before";
/// The slowest answer; the fastest takes nothing.
const THINKS_FOR: Duration = Duration::from_millis(150);

/// Serves it; the world is there before anybody asks.
pub(super) fn router(world: Arc<tokio::sync::OnceCell<Arc<World>>>) -> Router {
    Router::new().route("/v1/chat/completions", post(answer)).with_state(world)
}

async fn answer(
    State(world): State<Arc<tokio::sync::OnceCell<Arc<World>>>>,
    Json(request): Json<Value>,
) -> Json<Value> {
    let said: Vec<_> = request["messages"].as_array().into_iter().flatten().map(content).collect();
    let (question, before) = said.split_last().map_or_else(|| (String::new(), &[][..]), |(q, b)| (q.clone(), b));
    let sums_up = said.first().is_some_and(|rules| rules.starts_with(SUMMARY_INSTRUCTIONS));
    let question = if sums_up { typed_in(&question) } else { question };
    let answer = if sums_up { marks(&question).join(" ") } else { echo(&question) };
    if let Some(world) = world.get() {
        // The first message is the brand's own, and the next may be a recap, which nobody typed.
        let history = before.iter().skip(1).filter(|said| !said.starts_with(RECAP)).cloned().collect();
        let thinking = world.chance.lock().within(THINKS_FOR);
        world.trace.add(Event::Asked { question, history, answer: answer.clone() });
        tokio::time::sleep(thinking).await;
    }
    Json(json!({
        "choices": [{"message": {"role": "assistant", "content": answer}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    }))
}

/// What the user typed among what is to be summed up.
fn typed_in(past: &str) -> String {
    let past: Value = serde_json::from_str(past).unwrap_or_default();
    let lines = past["lines"].as_array().into_iter().flatten().filter(|line| line["from"] == "customer");
    lines.filter_map(|line| line["text"].as_str()).collect::<Vec<_>>().join("\n")
}

fn content(message: &Value) -> String {
    message["content"].as_str().unwrap_or_default().to_owned()
}

/// An answer to `question`.
pub(super) fn echo(question: &str) -> String {
    let heard = marks(question).join(" and ");
    let mut answer = format!("I heard {heard}, in {} characters.", question.chars().count());
    if question.contains(EVERYTHING) {
        for paragraph in 1..=PARAGRAPHS {
            let filling = "There is a lot to be said about this. ".repeat(18);
            // Writing to a string cannot fail.
            let _ = write!(answer, "\n\nParagraph {paragraph} for {heard}. {}", filling.trim_end());
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_is_to_be_summed_up_only_the_users_words_are_what_was_typed() {
        let past = r#"{"lines": [{"from": "customer", "text": "a"}, {"from": "brand", "text": "b"}, {"from": "customer", "text": "c"}]}"#;
        assert_eq!(typed_in(past), "a\nc");
    }

    #[test]
    fn the_echo_names_what_it_heard_and_is_long_when_asked_for_everything() {
        assert_eq!(echo("quokka1x2 hi\nquokka1x3 👋"), "I heard quokka1x2 and quokka1x3, in 24 characters.");
        let long = echo("quokka1x2 tell me everything");
        assert!(long.chars().count() > 2 * models::PART_CHARACTERS, "{}", long.len());
    }
}
