//! Mistakes in the protocol: what is deleted, fenced, covered, remembered.

use std::time::Duration;

use async_trait::async_trait;
use models::{MessageId, QueueMessage, Timestamp};
use platform::clock::Deadline;
use responder::{OnUnknown, Record, Responder};
use simulation::sweep::{SCRIPTS, late_faults_of, play, play_with};
use simulation::{Bend, Effect, Fault, Handler, Plan};
use store::{Head, HeadWrite, Held};

use crate::finds;
use crate::table::{Lies, Table};

/// Changes every message on its way in.
struct Rewrites(Responder);

#[async_trait]
impl Handler for Rewrites {
    async fn handle(&self, mut batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        for record in &mut batch {
            let Some(mut message) = QueueMessage::from_json(&record.body).unwrap().inbound() else { continue };
            // As if whoever says the same words on the same day had said them once.
            let day = message.arrival.seconds() / 86_400 * 86_400;
            (message.arrival, message.dispatched) = (Timestamp::from_seconds(day), false);
            record.body = QueueMessage::InboundV1(message).to_ascii_json();
        }
        self.0.handle(batch, deadline).await
    }
}

#[test]
fn words_that_are_said_again_and_taken_for_a_copy() {
    finds("something else than its queue message", 20, |plan| plan.handler = |responder| Box::new(Rewrites(responder)));
}

/// A turn answers whatever is pending, whether the AI saw it or not.
fn answers_the_unseen(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let (HeadWrite::Commit { covers, seen, .. }, Some(head)) = (&mut write, head) {
        *seen = None;
        covers.extend(head.next_covers().into_iter().filter(|id| !covers.contains(id)).collect::<Vec<MessageId>>());
    }
    write
}

#[test]
fn a_message_that_came_while_the_ai_was_thinking_and_counts_as_answered() {
    finds("settled unanswered, and is no copy", 60, |plan| {
        plan.bend = Some(answers_the_unseen);
    });
}

/// Says of every batch that it is done with, and does half of it.
struct Swallows(Responder);

#[async_trait]
impl Handler for Swallows {
    async fn handle(&self, mut batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        batch.truncate(batch.len().div_ceil(2));
        self.0.handle(batch, deadline).await
    }
}

#[test]
fn messages_that_got_a_2xx_and_are_nowhere() {
    finds("messages got a 2xx, and", 20, |plan| plan.handler = |responder| Box::new(Swallows(responder)));
}

/// Every write pretends to hold the newest claim.
fn no_fencing(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    let newest = head.and_then(|head| Some(Held { epoch: head.epoch, run: head.run.clone()? }));
    if let (Some(newest), HeadWrite::Commit { held, .. } | HeadWrite::Settle { held, .. }) = (newest, &mut write) {
        *held = newest;
    }
    write
}

#[test]
fn a_write_of_a_dead_run_that_arrives_late_and_counts() {
    let broken = |bend: Option<Bend>| {
        let calm = play(SCRIPTS[0], OnUnknown::Flag, &[]);
        let late = calm
            .effects
            .into_iter()
            .flat_map(|effect| late_faults_of(effect.name).into_iter().map(move |fault| (effect, fault)));
        late.map(|fault| play_with(SCRIPTS[0], Plan { bend, ..Plan::default() }, &[fault]))
            .any(|one| !one.violations.is_empty())
    };
    assert!(broken(Some(no_fencing)));
    assert!(!broken(None));
    finds("wrote with a claim that was over", 200, |plan| plan.bend = Some(no_fencing));
}

/// Nothing that was settled is remembered.
fn forgets(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Settle { done, .. } = &mut write {
        done.clear();
    }
    write
}

#[test]
fn a_message_that_comes_again_when_it_is_long_forgotten() {
    let again = (Effect { name: "deliver", nth: 0 }, Fault::Later(Duration::from_hours(70)));
    let of = |bend| play_with(SCRIPTS[0], Plan { bend, ..Plan::default() }, std::slice::from_ref(&again));
    let (forgetful, sound) = (of(Some(forgets as Bend)), of(None));
    assert!(!forgetful.violations.is_empty());
    assert!(sound.violations.is_empty() && sound.read.len() == 1, "{:?} {:?}", sound.violations, sound.read);
}

#[test]
fn a_claim_that_ends_a_living_holders() {
    fn hurries(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { hurries: Duration::from_mins(30), ..Lies::default() })
    }
    finds("was taken from a living holder", 40, |plan| plan.handler = hurries);
}

#[test]
fn a_fallback_line_in_the_first_attempt() {
    fn gives_up_early(responder: Responder) -> Box<dyn Handler> {
        let head = |head: Head| Head { attempts: head.attempts + 3, ..head };
        Table::behind(responder, Lies { head, ..Lies::default() })
    }
    finds("fell back at attempt", 60, |plan| plan.handler = gives_up_early);
}
