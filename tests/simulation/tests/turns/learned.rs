//! What the AI and flows find out about somebody: written when it is new, and again only where Braze may not have taken it.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Answer, Deed, Question};
use async_trait::async_trait;
use braze::{Messaging, Outcome, ProfileUpdate, Profiles, Refusal, TrackOutcome, Tracked, Updated};
use models::{AgentDeed, Attributes, CampaignId, Identity, ProfileValue, Reply};
use responder::{OnUnknown, Responder};
use simulation::{NO_BUDGET, Plan, World};

use crate::SECOND;

const RULES: &str = r#"
[profile.learn.size]
describe = "Shoe size"
values = "number"
[flows.return]
start = ["return"]
[[flows.return.steps]]
name = "order"
say = "Which order?"
expect = "text"
attribute = "last_order"
"#;

/// What Braze does and was asked to write, each with the call that brought it.
#[derive(Default)]
struct Braze {
    /// What becomes of writes, if they fail.
    refuses: Option<Refusal>,
    /// A reply carries no attributes.
    apart: bool,
    written: Vec<(Call, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    /// A reply.
    Send,
    /// A call for profiles alone.
    Write,
}
use Call::{Send, Write};

thread_local! {
    static BRAZE: RefCell<Braze> = RefCell::default();
}

fn note(call: Call, attributes: &Attributes) {
    let shown = |value: &ProfileValue| match value {
        ProfileValue::Text(text) => text.as_str().to_owned(),
        ProfileValue::Integer(number) => number.to_string(),
        other => format!("{other:?}"),
    };
    let values = attributes.values().filter_map(|(_, value)| value.map(shown));
    BRAZE.with_borrow_mut(|braze| braze.written.extend(values.map(|value| (call, value))));
}

struct Writes;

#[async_trait]
impl Profiles for Writes {
    async fn track(&self, updates: &[ProfileUpdate], _: Duration) -> TrackOutcome {
        let refuses = BRAZE.with_borrow(|braze| braze.refuses);
        if refuses.is_none() {
            for update in updates {
                note(Write, &update.attributes);
            }
        }
        let tracked = refuses.map_or(Tracked::Written, Tracked::NotAccepted);
        let of_one = |_: &ProfileUpdate| Updated { attributes: Some(tracked.clone()), events: vec![] };
        TrackOutcome { updates: updates.iter().map(of_one).collect() }
    }
}

struct Sends(Arc<dyn Messaging>);

#[async_trait]
impl Messaging for Sends {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let outcome = self.0.send(reply, time).await;
        if self.carries(&reply.attributes, None) && matches!(outcome, Outcome::Accepted { .. }) {
            note(Send, &reply.attributes);
        }
        outcome
    }

    fn carries(&self, attributes: &Attributes, _: Option<&CampaignId>) -> bool {
        attributes.is_empty() || !BRAZE.with_borrow(|braze| braze.apart)
    }
}

/// Notes the number in what it is asked, if there is one.
struct Notes;

#[async_trait]
impl Ai for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    async fn answer(&self, question: &Question, _: Duration) -> Result<Answer, AiError> {
        let number = question.text.as_str().split_whitespace().find_map(|word| word.parse().ok());
        let remember = |number| Deed::Remember { name: "size".to_owned(), value: ProfileValue::Integer(number) };
        let deeds = number.map(remember).into_iter().collect();
        Ok(Answer::Said { text: Some("Noted.".into()), deeds, rejected: 0, usage: None })
    }
}

fn world(on_unknown: OnUnknown) -> World {
    World::new(Plan {
        toml: format!("{NO_BUDGET}{RULES}"),
        on_unknown,
        handler: |responder| {
            let messaging = Arc::new(Sends(responder.messaging.clone()));
            Box::new(Responder { ai: Arc::new(Notes), profiles: Arc::new(Writes), messaging, ..responder })
        },
        ..Plan::default()
    })
}

async fn say(world: &World, who: &Identity, texts: &[&str]) {
    for text in texts {
        world.is_told(who, text).await;
        // Longer than whatever another run may still be about to write.
        for _ in 0..30 {
            tokio::time::sleep(5 * SECOND).await;
            world.poll_once().await;
        }
    }
}

#[expect(clippy::unwrap_used, reason = "the name is a constant")]
fn ada() -> Identity {
    Identity::new("ada", "", "").unwrap()
}

fn refuses(refusal: Option<Refusal>) {
    BRAZE.with_borrow_mut(|braze| braze.refuses = refusal);
}

/// What Braze was asked to write since this was asked last.
fn written() -> Vec<(Call, String)> {
    BRAZE.with_borrow_mut(|braze| std::mem::take(&mut braze.written))
}

fn by(call: Call, values: &[&str]) -> Vec<(Call, String)> {
    values.iter().map(|value| (call, (*value).to_owned())).collect()
}

#[tokio::test(start_paused = true)]
async fn what_the_ai_learns_is_written_when_it_is_new_and_not_when_it_is_learned_again() {
    let world = world(OnUnknown::ResendOnce);
    say(&world, &ada(), &["I wear 42", "As I said, 42", "Oh no, 43", "43 it is", "Or 42 after all"]).await;
    assert_eq!(written(), by(Send, &["42", "43", "42"]));
}

#[tokio::test(start_paused = true)]
async fn the_same_answer_to_a_flow_is_written_once() {
    let world = world(OnUnknown::ResendOnce);
    say(&world, &ada(), &["return", "AB1", "return", "AB1", "return", "AB2"]).await;
    assert_eq!(written(), by(Send, &["AB1", "AB2"]));
}

#[tokio::test(start_paused = true)]
async fn what_braze_did_not_take_is_written_again_whether_or_not_it_would_take_it_later() {
    for refusal in [Refusal::Unavailable, Refusal::Rejected(403)] {
        let world = world(OnUnknown::ResendOnce);
        BRAZE.with_borrow_mut(|braze| braze.apart = true);
        refuses(Some(refusal));
        say(&world, &ada(), &["I wear 42"]).await;
        refuses(None);
        say(&world, &ada(), &["42, I say", "Yes, 42"]).await;
        assert_eq!(written(), by(Write, &["42"]), "{refusal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_went_along_with_a_reply_in_doubt_is_written_once_more() {
    let world = world(OnUnknown::Flag);
    world.braze_will([(Outcome::Unknown("reset"), false)]);
    say(&world, &ada(), &["I wear 42", "42, I say", "Yes, 42"]).await;
    assert_eq!(written(), by(Write, &["42"]));
}

#[tokio::test(start_paused = true)]
async fn what_was_written_of_somebody_is_forgotten_with_them() {
    let world = world(OnUnknown::ResendOnce);
    say(&world, &ada(), &["I wear 42"]).await;
    world.agent("user:ada", None, AgentDeed::Erase).await;
    world.poll_agents_once().await;
    tokio::time::sleep(SECOND).await;
    say(&world, &ada(), &["I wear 42"]).await;
    assert_eq!(written(), by(Send, &["42", "42"]));
}

#[tokio::test(start_paused = true)]
async fn what_was_written_of_a_number_is_written_of_the_customer_whose_it_is_found_to_be() {
    let world = world(OnUnknown::ResendOnce);
    let [number, known] = ["", "ada"].map(|user| Identity::new(user, "", "+49").unwrap());
    say(&world, &number, &["I wear 42"]).await;
    say(&world, &known, &["I wear 42", "Still 42"]).await;
    assert_eq!(written(), by(Send, &["42", "42"]));
}
