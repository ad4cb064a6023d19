//! Mistakes in forgetting somebody.

use std::time::Duration;

use responder::Responder;
use simulation::{Bend, Effect, Fault, Handler, Plan};
use store::{Head, HeadWrite};

use crate::table::{Lies, Table};
use crate::{finds, finds_beside};

fn forgetting(plan: &mut Plan) {
    (plan.erases, plan.desk, plan.kills_at_deadline) = (true, true, true);
    (plan.clocks_ahead, plan.doors_ahead) = (vec![Duration::ZERO; 3], vec![Duration::ZERO; 2]);
}

/// The first effect of this name comes when its sender has given it up.
fn given_up(name: &'static str) -> (Effect, Fault) {
    (Effect { name, nth: 0 }, Fault::Lags(Duration::from_mins(1)))
}

#[test]
fn an_erasure_that_is_said_to_be_done() {
    fn keeps(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { keeps: true, ..Lies::default() })
    }
    finds("was to be forgotten and is not", 20, |plan| {
        forgetting(plan);
        plan.handler = keeps;
    });
}

#[test]
fn a_sign_that_stays_behind() {
    fn blind(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { names: |_| vec![], ..Lies::default() })
    }
    finds("still leads to somebody", 200, |plan| {
        forgetting(plan);
        plan.handler = blind;
    });
}

#[test]
fn a_row_that_stays_in_the_table() {
    fn keeps(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { keeps_rows: true, ..Lies::default() })
    }
    let again = (0..500).map(|nth| (Effect { name: "deliver", nth }, Fault::Later(Duration::from_mins(10))));
    let beside: Vec<_> = again.chain([given_up("draft"), given_up("put message")]).collect();
    for faults in [None, Some(&beside[..])] {
        finds_beside(faults, "is in the table although it was forgotten", 200, |plan| {
            forgetting(plan);
            plan.handler = keeps;
        });
    }
}

#[test]
fn a_past_that_is_told_to_the_ai_and_to_the_desk() {
    fn remembers(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { remembers: true, ..Lies::default() })
    }
    for words in ["the AI was shown canary", "the desk was told canary"] {
        finds(words, 200, |plan| {
            forgetting(plan);
            plan.handler = remembers;
        });
    }
}

/// Whatever comes by is taken for written a day later than it was.
fn is_always_new(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::File { arrival, .. } = &mut write {
        *arrival = *arrival + Duration::from_hours(24);
    }
    write
}

#[test]
fn an_answer_to_what_was_forgotten() {
    finds("although it was forgotten", 200, |plan| {
        forgetting(plan);
        plan.bend = Some(is_always_new as Bend);
    });
}
