//! Mistakes in what carries replies, and in when it is done.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use braze::{Messaging, Outcome};
use models::{Identity, Reply, Timestamp};
use platform::clock::Clock;
use responder::Responder;
use simulation::Handler;

use crate::finds;

/// What carries replies, wrongly.
struct Carrier<F>(Arc<dyn Messaging>, F);

#[async_trait]
impl<F> Messaging for Carrier<F>
where
    F: Fn(&Reply) -> Vec<Reply> + Send + Sync,
{
    async fn send(&self, reply: &Reply, time: Duration) -> Outcome {
        let mut outcome = Outcome::Accepted { dispatch_id: None, remarks: false, left_out: false };
        for reply in (self.1)(reply) {
            outcome = self.0.send(&reply, time).await;
        }
        outcome
    }
}

pub(crate) fn carried(
    responder: Responder,
    how: impl Fn(&Reply) -> Vec<Reply> + Send + Sync + 'static,
) -> Box<dyn Handler> {
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

/// The first part of a reply goes after the second.
fn swapped(responder: Responder) -> Box<dyn Handler> {
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

#[test]
fn parts_that_come_to_the_phone_in_another_order() {
    finds("after a later one", 60, |plan| plan.handler = swapped);
}

#[test]
fn parts_in_another_order_where_clocks_are_far_apart() {
    finds("after a later one", 120, |plan| {
        plan.clocks_ahead = vec![Duration::ZERO, Duration::ZERO, Duration::from_secs(100)];
        plan.handler = swapped;
    });
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
