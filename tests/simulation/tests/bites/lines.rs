//! Mistakes in how agents' lines are said.

use std::time::Duration;

use async_trait::async_trait;
use models::{AgentAction, AgentDeed, Author, Content, Part, QueueMessage, Reply};
use platform::clock::Deadline;
use responder::{Record, Responder};
use simulation::{Bend, Handler};
use store::{Head, HeadWrite, MessageRow, Voice};

use crate::finds;
use crate::phone::carried;
use crate::table::{Lies, Table};

#[test]
fn agents_lines_that_are_changed_on_their_way() {
    fn mumbles(responder: Responder) -> Box<dyn Handler> {
        Box::new(Mumbles(responder))
    }
    finds("something else than its queue message", 20, |plan| plan.handler = mumbles);
}

/// Shouts what agents write.
struct Mumbles(Responder);

#[async_trait]
impl Handler for Mumbles {
    async fn handle(&self, mut batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        for record in &mut batch {
            if let Ok(QueueMessage::AgentV1(mut action)) = QueueMessage::from_json(&record.body) {
                if let AgentDeed::Say(text) = &mut action.deed {
                    *text = text.as_str().to_uppercase().as_str().into();
                }
                record.body = QueueMessage::AgentV1(action).to_ascii_json();
            }
        }
        self.0.handle(batch, deadline).await
    }
}

#[test]
fn an_agents_line_that_is_altered_between_its_row_and_its_send() {
    fn shouts(responder: Responder) -> Box<dyn Handler> {
        let row = |mut row: MessageRow| {
            if row.message.author == Author::Agent {
                row.message.text = row.message.text.as_str().to_uppercase().as_str().into();
            }
            row
        };
        Table::behind(responder, Lies { row, ..Lies::default() })
    }
    fn adds(responder: Responder) -> Box<dyn Handler> {
        carried(responder, |reply: &Reply| {
            let text = reply.content.text().as_str();
            let text = if text.contains("agent-line-") { format!("{text} Thank you!") } else { text.to_owned() };
            vec![Reply { content: Content::Text(Part::new(text).unwrap()), ..reply.clone() }]
        })
    }
    finds("is not what the agent wrote", 60, |plan| (plan.desk, plan.handler) = (true, shouts));
    finds("was sent without a write that began it", 60, |plan| (plan.desk, plan.handler) = (true, adds));
}

/// Of the lines that an agent's turn said, only the first is remembered as said.
fn forgets_the_others(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    let open = head.and_then(|head| head.turn.as_ref());
    if let (HeadWrite::Settle { covers, done, .. }, Some(Voice::Person)) = (&mut write, open.map(|open| open.voice)) {
        let others = covers.split_off(covers.len().min(1));
        done.retain(|id| !others.contains(id));
    }
    write
}

#[test]
fn an_agents_line_that_is_read_in_two_places() {
    finds("and read in 2 places", 120, |plan| {
        (plan.desk, plan.bend) = (true, Some(forgets_the_others as Bend));
    });
}

/// Takes every other line for a little younger than it is.
struct Postdates(Responder);

#[async_trait]
impl Handler for Postdates {
    async fn handle(&self, mut batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        for record in &mut batch {
            let Ok(QueueMessage::AgentV1(action)) = QueueMessage::from_json(&record.body) else { continue };
            let odd = |text: &str| text.split([',', '-']).find_map(|word| word.parse().ok()).unwrap_or(0) % 2 == 1;
            if matches!(&action.deed, AgentDeed::Say(text) if odd(text.as_str())) {
                let action = AgentAction { at: action.at + Duration::from_secs(10), ..action };
                record.body = QueueMessage::AgentV1(action).to_ascii_json();
            }
        }
        self.0.handle(batch, deadline).await
    }
}

#[test]
fn an_agents_lines_in_another_order() {
    finds("are out of order", 200, |plan| {
        plan.desk = true;
        plan.handler = |responder| Box::new(Postdates(responder));
    });
}

#[test]
fn an_agents_line_that_overtakes_an_older_one() {
    // Whoever looks at what waits does not see the oldest of an agent's lines.
    fn shortsighted(responder: Responder) -> Box<dyn Handler> {
        let head = |mut head: Head| {
            if head.pending.len() > 1
                && let Some(oldest) = head.pending.iter().min_by_key(|(_, pending)| pending.arrival)
            {
                let oldest = oldest.0.clone();
                head.pending.remove(&oldest);
            }
            head
        };
        Table::behind(responder, Lies { head, ..Lies::default() })
    }
    finds("was overtaken by a later one", 200, |plan| (plan.desk, plan.handler) = (true, shortsighted));
}
