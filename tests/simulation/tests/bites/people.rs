//! Mistakes where people take part: who speaks, what the desk is told, who wants to hear nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use desk::{Desk, DeskError, DeskEvent, NotSent, What};
use models::QueueMessage;
use platform::clock::Deadline;
use responder::{Record, Responder};
use simulation::{Bend, Handler};
use store::{Aftermath, Head, HeadWrite, Owner, Voice};

use crate::finds;
use crate::table::{Lies, Table};

/// Whoever speaks does so in a person's name, which nobody may forbid.
fn speaks_as_a_person(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Commit { voice, .. } = &mut write {
        *voice = Voice::Person;
    }
    write
}

#[test]
fn a_bot_that_speaks_while_a_person_has_the_conversation() {
    finds("while a person owned it", 120, |plan| (plan.desk, plan.bend) = (true, Some(speaks_as_a_person as Bend)));
}

/// What settling brings about is forgotten.
fn without_aftermath(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Settle { aftermath: aftermath @ Some(Aftermath::OptOut), .. } = &mut write {
        *aftermath = Some(Aftermath::OptIn);
    }
    write
}

/// Everybody opts out with whatever they say.
fn opts_everybody_out(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Settle { aftermath: aftermath @ None, .. } = &mut write {
        *aftermath = Some(Aftermath::OptOut);
    }
    write
}

#[test]
fn wishes_to_hear_nothing_that_nobody_had_or_that_nobody_heeds() {
    finds("opted out or in, and never said so", 20, |plan| plan.bend = Some(opts_everybody_out));
    finds("was settled unanswered, and is no copy", 60, |plan| plan.bend = Some(without_aftermath));
}

/// A desk that is said to be told, and is not.
struct Deaf;

#[async_trait]
impl Desk for Deaf {
    fn name(&self) -> &'static str {
        "deaf"
    }

    async fn deliver(&self, _: &DeskEvent, _: Duration) -> Result<(), DeskError> {
        Ok(())
    }
}

#[test]
fn a_message_that_is_left_to_a_person_whom_nobody_told() {
    fn deaf(responder: Responder) -> Box<dyn Handler> {
        Box::new(Responder { desk: Some(Arc::new(Deaf)), ..responder })
    }
    finds("whom nobody told", 20, |plan| {
        plan.desk = true;
        plan.handler = deaf;
    });
}

/// Quiet hours end with the last word that was written to people, whoever heard it.
fn ends_with_the_last_word(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let (HeadWrite::ChangeOwner { owner: Owner::Bot, at, .. }, Some(head)) = (&mut write, head) {
        let last = head.pending.values().map(|pending| pending.arrival).max();
        *at = last.map_or(*at, |last| last + Duration::from_secs(1));
    }
    write
}

#[test]
fn a_conversation_that_is_taken_back_with_what_was_written_to_people() {
    fn impatient(responder: Responder) -> Box<dyn Handler> {
        let mut assistant = responder.assistant.clone();
        assistant.hand_off.return_after = Duration::from_secs(20);
        Box::new(Responder { assistant, ..responder })
    }
    finds("was written to people", 60, |plan| {
        (plan.desk, plan.handler, plan.bend) = (true, impatient, Some(ends_with_the_last_word as Bend));
    });
}

/// A hand-off is said, and then it is nobody's.
fn hands_over_to_nobody(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Settle { aftermath: aftermath @ Some(Aftermath::HandOver { .. }), .. } = &mut write {
        *aftermath = None;
    }
    write
}

#[test]
fn a_hand_off_that_ends_without_a_person() {
    finds("was handed over, and no person owns it", 60, |plan| {
        (plan.desk, plan.bend) = (true, Some(hands_over_to_nobody as Bend));
    });
}

#[test]
fn a_hand_off_that_is_said_twice() {
    finds("read twice that a person takes over", 60, |plan| {
        (plan.desk, plan.bend) = (true, Some(hands_over_to_nobody as Bend));
    });
}

/// Tells the desk each message one later.
struct Behindhand(Arc<dyn Desk>, Mutex<Option<DeskEvent>>);

#[async_trait]
impl Desk for Behindhand {
    fn name(&self) -> &'static str {
        "behindhand"
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        let held = match &event.what {
            What::Message { .. } if self.1.lock().unwrap().is_none() => self.1.lock().unwrap().replace(event.clone()),
            _ => {
                self.0.deliver(event, within).await?;
                self.1.lock().unwrap().take()
            }
        };
        match held {
            Some(held) => self.0.deliver(&held, within).await,
            None => Ok(()),
        }
    }
}

#[test]
fn a_desk_that_is_told_in_another_order() {
    fn behindhand(responder: Responder) -> Box<dyn Handler> {
        let desk = responder.desk.clone().map(|desk| Arc::new(Behindhand(desk, Mutex::default())) as Arc<dyn Desk>);
        Box::new(Responder { desk, ..responder })
    }
    finds("out of order", 120, |plan| {
        plan.desk = true;
        plan.handler = behindhand;
    });
}

/// Tells the desk what the bot answers, too.
struct Tattles(Responder);

#[async_trait]
impl Handler for Tattles {
    async fn handle(&self, batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        let words = batch.iter().filter_map(|record| QueueMessage::from_json(&record.body).ok()?.inbound());
        for message in words.collect::<Vec<_>>() {
            let (id, conversation) = (format!("message:{}", message.id.as_str()), message.identity.conversation());
            let what = What::Message { text: message.text, media_urls: None };
            let event = DeskEvent { id, conversation, at: message.arrival, what };
            if let Some(desk) = &self.0.desk {
                let _ = desk.deliver(&event, Duration::from_secs(1)).await;
            }
        }
        self.0.handle(batch, deadline).await
    }
}

#[test]
fn an_answer_by_the_bot_beside_what_the_desk_has() {
    finds("is answered by the bot although the desk has it", 20, |plan| {
        plan.desk = true;
        plan.handler = |responder| Box::new(Tattles(responder));
    });
}

#[test]
fn a_send_and_a_question_after_an_opt_out() {
    fn deaf_to_wishes(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { head: |head| Head { opted_out: false, ..head }, ..Lies::default() })
    }
    finds("although its user has opted out", 60, |plan| plan.handler = deaf_to_wishes);
    finds("of somebody who has opted out", 60, |plan| plan.handler = deaf_to_wishes);
}

/// A desk that nobody tells what was not sent.
struct Tactful(Arc<dyn Desk>);

#[async_trait]
impl Desk for Tactful {
    fn name(&self) -> &'static str {
        "tactful"
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        match event.what {
            What::NotSent { .. } => Ok(()),
            _ => self.0.deliver(event, within).await,
        }
    }
}

#[test]
fn a_line_that_goes_nowhere_without_a_word_to_the_desk() {
    fn tactful(responder: Responder) -> Box<dyn Handler> {
        let desk = responder.desk.clone().map(|desk| Arc::new(Tactful(desk)) as Arc<dyn Desk>);
        Box::new(Responder { desk, ..responder })
    }
    finds("nobody tried to tell the desk", 60, |plan| {
        plan.desk = true;
        plan.handler = tactful;
    });
}

/// Tells the desk of every line that comes once more that it was not sent.
struct Alarmist(Responder);

#[async_trait]
impl Handler for Alarmist {
    async fn handle(&self, batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        let actions = batch.iter().filter_map(|record| match QueueMessage::from_json(&record.body) {
            Ok(QueueMessage::AgentV1(action)) => action.message(),
            _ => None,
        });
        let lines: Vec<_> = actions.collect();
        let failed = self.0.handle(batch, deadline).await;
        for line in lines {
            let (id, conversation) = (format!("not-sent:{}", line.id.as_str()), line.identity.conversation());
            let what = What::NotSent { reason: NotSent::Uncertain, text: line.text };
            let event = DeskEvent { id, conversation, at: line.arrival, what };
            if let Some(desk) = &self.0.desk {
                let _ = desk.deliver(&event, Duration::from_secs(1)).await;
            }
        }
        failed
    }
}

#[test]
fn a_line_that_was_said_and_is_called_unsent() {
    finds("was not sent, and it was", 20, |plan| {
        plan.desk = true;
        plan.handler = |responder| Box::new(Alarmist(responder));
    });
}

/// A desk that is said to refuse for good every message, and was never asked.
struct Squeamish(Arc<dyn Desk>);

#[async_trait]
impl Desk for Squeamish {
    fn name(&self) -> &'static str {
        "squeamish"
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        match event.what {
            What::Message { .. } => Err(DeskError::Rejected { status: 422 }),
            _ => self.0.deliver(event, within).await,
        }
    }
}

#[test]
fn a_message_that_is_given_up_although_the_desk_would_take_it() {
    fn squeamish(responder: Responder) -> Box<dyn Handler> {
        let desk = responder.desk.clone().map(|desk| Arc::new(Squeamish(desk)) as Arc<dyn Desk>);
        Box::new(Responder { desk, ..responder })
    }
    finds("gave up after", 20, |plan| {
        plan.desk = true;
        plan.handler = squeamish;
    });
}

/// What the desk refused is said to be told.
struct Polite(Arc<dyn Desk>);

#[async_trait]
impl Desk for Polite {
    fn name(&self) -> &'static str {
        "polite"
    }

    async fn deliver(&self, event: &DeskEvent, within: Duration) -> Result<(), DeskError> {
        match self.0.deliver(event, within).await {
            Err(DeskError::Rejected { .. }) => Ok(()),
            told => told,
        }
    }
}

#[test]
fn a_message_that_the_desk_refused_and_nobody_finds_again() {
    fn polite(responder: Responder) -> Box<dyn Handler> {
        let desk = responder.desk.clone().map(|desk| Arc::new(Polite(desk)) as Arc<dyn Desk>);
        Box::new(Responder { desk, ..responder })
    }
    finds("whom nobody told", 200, |plan| {
        plan.desk = true;
        plan.handler = polite;
    });
}
