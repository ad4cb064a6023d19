//! What the witness is there for: mistakes put into the responder, or into what it works with, each found by the check that
//! guards against it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a broken world shall end the test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use braze::{Messaging, Outcome};
use desk::{Desk, DeskError, DeskEvent};
use models::{AgentDeed, Identity, MessageId, QueueMessage, Reply, Timestamp};
use platform::clock::{Clock, Deadline};
use platform::metrics::{Meter, Metric};
use responder::{OnUnknown, Record, Responder};
use simulation::sweep::{SCRIPTS, late_faults_of, play, play_with};
use simulation::{Bend, Effect, Fault, Handler, Plan, Run};
use store::{Aftermath, Head, HeadWrite, Held, Voice};

/// Runs worlds with this change until one breaks a promise in these words.
fn finds(words: &str, worlds: u64, change: impl Fn(&mut Plan)) {
    let mut others = Vec::new();
    for seed in 0..worlds {
        let mut run = Run::of(seed);
        change(&mut run.plan);
        let broken = run.tell().violations;
        if broken.iter().any(|what| what.contains(words)) {
            return;
        }
        others.extend(broken);
    }
    panic!("{words:?} was not found, but {others:#?}");
}

/// What carries replies, wrongly.
struct Carrier<F>(Arc<dyn Messaging>, F);

#[async_trait]
impl<F> Messaging for Carrier<F>
where
    F: Fn(&Reply) -> Vec<Reply> + Send + Sync,
{
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let mut outcome = Outcome::Accepted { dispatch_id: None, remarks: false };
        for reply in (self.1)(reply) {
            outcome = self.0.send(&reply, time).await;
        }
        outcome
    }
}

fn carried(responder: Responder, how: impl Fn(&Reply) -> Vec<Reply> + Send + Sync + 'static) -> Box<dyn Handler> {
    Box::new(Responder { messaging: Arc::new(Carrier(responder.messaging.clone(), how)), ..responder })
}

#[test]
fn a_part_that_is_said_to_be_sent_and_is_not() {
    let loses = |responder| carried(responder, |reply| if reply.part == 2 { vec![] } else { vec![reply.clone()] });
    finds("without the one before", 60, |plan| plan.handler = loses);
    finds("was begun before the one before it was accepted", 60, |plan| plan.handler = loses);
}

#[test]
fn a_last_part_that_is_said_to_be_sent_and_is_not() {
    fn loses(responder: Responder) -> Box<dyn Handler> {
        let last = |reply: &Reply| reply.part > 1 && reply.part == reply.parts;
        carried(responder, move |reply| if last(reply) { vec![] } else { vec![reply.clone()] })
    }
    finds("Answered was counted", 60, |plan| plan.handler = loses);
}

#[test]
fn parts_that_come_to_the_phone_in_another_order() {
    fn swaps(responder: Responder) -> Box<dyn Handler> {
        let held: Mutex<Option<Reply>> = Mutex::default();
        carried(responder, move |reply| {
            let mut held = held.lock().unwrap();
            if reply.part == 1 && reply.parts > 1 {
                *held = Some(reply.clone());
                return vec![];
            }
            std::iter::once(reply.clone()).chain(held.take()).collect()
        })
    }
    finds("after a later one", 60, |plan| plan.handler = swaps);
}

#[test]
fn replies_addressed_by_a_phone_that_two_people_have() {
    fn by_phone(reply: &Reply) -> Vec<Reply> {
        let others = reply.to.other_conversations();
        let phone = others.iter().find_map(|key| key.as_str().strip_prefix("alias:phone:"));
        let to = phone.map_or(reply.to.clone(), |phone| Identity::new("", "", phone).unwrap());
        vec![Reply { to, ..reply.clone() }]
    }
    finds("goes to somebody who did not ask", 60, |plan| plan.handler = |responder| carried(responder, by_phone));
}

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

/// A clock that has been wrong for more than a day.
struct Behind(Arc<dyn Clock>);

impl Clock for Behind {
    fn now(&self) -> Timestamp {
        self.0.now() - Duration::from_hours(30)
    }
}

#[test]
fn a_dead_letter_that_is_driven_back_after_a_day_and_answered() {
    fn behind(responder: Responder) -> Box<dyn Handler> {
        Box::new(Responder { clock: Arc::new(Behind(responder.clock.clone())), ..responder })
    }
    finds("after WhatsApp's window", 120, |plan| plan.handler = behind);
}

/// A meter that keeps something to itself, or counts it twice.
struct Miscounts(Arc<dyn Meter>, Metric, u64);

impl Meter for Miscounts {
    fn count(&self, metric: Metric, amount: u64) {
        self.0.count(metric, if metric == self.1 { amount * self.2 } else { amount });
    }
}

#[test]
fn a_metric_that_is_not_counted_or_counted_twice() {
    macro_rules! miscounts {
        ($metric:expr, $times:expr) => {
            finds(&format!("{:?} was counted", $metric), 150, |plan| {
                plan.handler = |responder| {
                    let meter = Arc::new(Miscounts(responder.meter.clone(), $metric, $times));
                    Box::new(Responder { meter, ..responder })
                };
            });
        };
    }
    miscounts!(Metric::Answered, 2);
    miscounts!(Metric::Fallback, 0);
    miscounts!(Metric::AiFailed, 0);
    miscounts!(Metric::SendDelayed, 2);
    miscounts!(Metric::UnknownSend, 0);
    miscounts!(Metric::Flagged, 0);
    miscounts!(Metric::Cut, 0);
    miscounts!(Metric::Parked, 0);
    miscounts!(Metric::Duplicate, 2);
    miscounts!(Metric::UnknownRoute, 0);
    miscounts!(Metric::OverBudget, 0);
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
    finds("while a person owned it", 60, |plan| (plan.desk, plan.bend) = (true, Some(speaks_as_a_person as Bend)));
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
