//! What the witness excuses is no wider than its cause: mistakes that come close to each.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braze::{Messaging, Outcome, Refusal};
use models::{Attributes, CampaignId, Reply, Timestamp};
use platform::clock::Deadline;
use responder::{OnUnknown, Record, Responder};
use simulation::{Bend, Effect, Fault, Handler, Plan, Run, World};
use store::{Head, HeadWrite, MessageRow, TurnRow};

use crate::table::{Lies, Table};
use crate::{finds, finds_beside};

/// What carries replies, and what the responder hears of it instead.
struct Hears(Arc<dyn Messaging>, fn(Outcome) -> Outcome);

#[async_trait]
impl Messaging for Hears {
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        (self.1)(self.0.send(reply, time).await)
    }

    fn carries(&self, attributes: &Attributes, campaign: Option<&CampaignId>) -> bool {
        self.0.carries(attributes, campaign)
    }
}

/// What is noted of what Braze has accepted by a claim that thinks it was not.
fn noted_as_refused(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    match (write, head.and_then(|head| head.turn.as_ref())) {
        (HeadWrite::Settle { held, turn: Some(turn), .. }, Some(open)) if open.copies == 1 => {
            let (part, copies, retry_at) = (open.part, open.copies, Timestamp::EPOCH);
            HeadWrite::PutBack { held: held.clone(), turn: *turn, part, copies, retry_at }
        }
        _ => write.clone(),
    }
}

/// Every other claim forgets what Braze has accepted.
fn forgets_what_was_accepted(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    match write {
        HeadWrite::Settle { held, .. } if held.epoch % 2 == 1 => noted_as_refused(write, head),
        _ => write.clone(),
    }
}

#[test]
fn a_copy_of_what_was_heard_to_be_accepted_where_nothing_failed_but_the_ai() {
    for (on_unknown, words) in
        [(OnUnknown::ResendOnce, "was sent again without a cause"), (OnUnknown::Flag, "although nothing may be")]
    {
        let found = (0..60).any(|seed| {
            // The AI is out and the door is slow, which is no reason to say anything twice.
            let out = (1..1_000).step_by(2).map(|nth| (Effect { name: "ask", nth }, Fault::Empty));
            let slow = (0..1_000).map(|nth| (Effect { name: "hand over", nth }, Fault::Slow(Duration::from_secs(1))));
            let out = out.chain(slow).collect();
            let mut run = Run { faults: Some(out), ..Run::of(seed) };
            (run.plan.on_unknown, run.plan.bend) = (on_unknown, Some(forgets_what_was_accepted as Bend));
            (run.plan.later, run.plan.clocks_ahead) = (None, vec![Duration::ZERO; 3]);
            run.plan.doors_ahead = vec![Duration::ZERO; 2];
            run.tell().violations.iter().any(|what| what.contains(words))
        });
        assert!(found, "{words:?} was not found");
    }
}

/// The second claim does.
fn forgets_the_second_time(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    match write {
        HeadWrite::Settle { held, .. } if held.epoch == 2 => noted_as_refused(write, head),
        _ => write.clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_what_was_accepted_once_braze_had_denied_the_one_before() {
    for (on_unknown, words) in
        [(OnUnknown::ResendOnce, "was sent again without a cause"), (OnUnknown::Flag, "although nothing may be")]
    {
        let world = World::new(Plan { on_unknown, bend: Some(forgets_the_second_time as Bend), ..Plan::default() });
        world.braze_will([(Outcome::NotAccepted(Refusal::Unavailable), true)]);
        world.says("ada", "Are you open?").await;
        for _ in 0..10 {
            world.poll_once().await;
            tokio::time::sleep(Duration::from_mins(2)).await;
        }
        let broken = world.witness.violations();
        assert!(broken.iter().any(|what| what.contains(words)), "{words:?} is not in {broken:?}");
        assert!(world.sent().len() > 2, "a denied one, the one for it, and the copy");
    }
}

#[test]
fn a_reply_that_is_given_up_because_braze_is_busy() {
    fn despairs(responder: Responder) -> Box<dyn Handler> {
        let for_good = |outcome| match outcome {
            Outcome::NotAccepted(Refusal::RateLimited(_)) => Outcome::NotAccepted(Refusal::Rejected(400)),
            other => other,
        };
        Box::new(Responder { messaging: Arc::new(Hears(responder.messaging.clone(), for_good)), ..responder })
    }
    finds("given up although Braze only said later", 200, |plan| plan.handler = despairs);
}

#[test]
fn a_reply_that_is_flagged_as_long_as_another_copy_may_be_sent() {
    finds("given up although another copy may be sent", 200, |plan| {
        plan.on_unknown = OnUnknown::ResendOnce;
        plan.handler = |responder| Box::new(Responder { on_unknown: OnUnknown::Flag, ..responder });
    });
}

#[test]
fn a_question_that_is_asked_while_a_turn_stands() {
    fn blind(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { head: |head| Head { turn: None, ..head }, ..Lies::default() })
    }
    finds("while a turn stood", 200, |plan| plan.handler = blind);
}

#[test]
fn a_question_that_is_asked_although_a_dead_run_has_drafted_the_answer() {
    fn wasteful(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { read: |row| TurnRow { own_line: true, ..row }, ..Lies::default() })
    }
    finds("although a draft was there", 200, |plan| plan.handler = wasteful);
}

#[test]
fn a_copy_of_a_message_that_is_answered_like_another_one() {
    fn credulous(responder: Responder) -> Box<dyn Handler> {
        let row = |mut row: MessageRow| {
            row.message.dispatched = true;
            row
        };
        Table::behind(responder, Lies { row, ..Lies::default() })
    }
    finds("is answered, and so was its copy", 200, |plan| plan.handler = credulous);
}

/// Takes its time for longer than it is.
struct Leisurely(Responder);

#[async_trait]
impl Handler for Leisurely {
    async fn handle(&self, batch: Vec<Record>, _: Deadline) -> Vec<String> {
        let deadline = Deadline::at(self.0.clock.now() + Duration::from_mins(2));
        self.0.handle(batch, deadline).await
    }
}

#[test]
fn whatever_takes_longer_than_the_function_has() {
    for what in
        ["a reply was sent", "the AI was asked", "the AI was to sum up", "the desk was told", "a profile was written"]
    {
        finds(&format!("{what} with too little time left"), 200, |plan| {
            (plan.kills_at_deadline, plan.desk) = (false, true);
            (plan.brand.profiles, plan.brand.apart, plan.brand.forgetful) = (true, true, true);
            plan.toml = plan.brand.toml(0);
            plan.handler = |responder| Box::new(Leisurely(responder));
        });
    }
}

#[test]
fn a_run_that_takes_longer_than_the_function_has() {
    for (kills, words) in [(true, "not over by its deadline"), (false, "over after its deadline")] {
        finds_beside(Some(&[]), words, 200, |plan| {
            plan.kills_at_deadline = kills;
            plan.handler = |responder| Box::new(Dawdles(responder));
        });
    }
}

/// Is in no hurry to say that it is done.
struct Dawdles(Responder);

#[async_trait]
impl Handler for Dawdles {
    async fn handle(&self, batch: Vec<Record>, deadline: Deadline) -> Vec<String> {
        let kept = self.0.handle(batch, deadline).await;
        tokio::time::sleep(Duration::from_mins(2)).await;
        kept
    }
}
