//! Mistakes in waiting for answers that come later.

use std::time::Duration;

use models::Timestamp;
use responder::Responder;
use simulation::{Bend, Handler};
use store::{Aftermath, Head, HeadWrite, TurnKind, TurnRow, Wait};

use crate::finds;
use crate::table::{Lies, Table};

const HOUR: Duration = Duration::from_hours(1);

fn finds_where_answers_come_later(words: &str, handler: fn(Responder) -> Box<dyn Handler>) {
    finds(words, 200, |plan| {
        plan.later = Some(7);
        plan.handler = handler;
    });
}

/// A row as if its answer were waited for until another moment.
fn until(row: TurnRow, moment: fn(Timestamp) -> Timestamp) -> TurnRow {
    match row.kind {
        TurnKind::Waiting(wait) => {
            TurnRow { kind: TurnKind::Waiting(Wait { until: moment(wait.until), ..wait }), ..row }
        }
        _ => row,
    }
}

fn patient(responder: Responder) -> Box<dyn Handler> {
    Table::behind(responder, Lies { read: |row| until(row, |moment| moment + HOUR), ..Lies::default() })
}

#[test]
fn an_answer_that_is_said_although_it_came_too_late() {
    finds_where_answers_come_later("that nobody waited for, or only until", patient);
}

#[test]
fn a_user_who_waits_longer_with_each_question() {
    finds_where_answers_come_later("is waited for longer than was said at first", patient);
}

#[test]
fn an_answer_that_is_dropped_although_it_is_waited_for() {
    fn impatient(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { read: |row| until(row, |moment| moment - HOUR), ..Lies::default() })
    }
    finds_where_answers_come_later("was dropped, and it is waited for", impatient);
}

#[test]
fn a_question_that_is_forgotten_as_soon_as_it_is_put_aside() {
    fn forgets(responder: Responder) -> Box<dyn Handler> {
        let read = |row: TurnRow| match row.kind {
            TurnKind::Waiting(_) => TurnRow { covers: vec![], ..row },
            _ => row,
        };
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    finds_where_answers_come_later("was asked again although its answer was to come later", forgets);
}

/// What counts without a turn is never written down.
pub(crate) fn costs_nothing(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Settle { aftermath: aftermath @ Some(Aftermath::Spent(_)), .. } = &mut write {
        *aftermath = None;
    }
    write
}

#[test]
fn a_question_that_takes_anothers_place_and_costs_nothing() {
    finds("was asked anew: true, and counted as a turn: false", 200, |plan| {
        plan.later = Some(7);
        plan.bend = Some(costs_nothing as Bend);
    });
}
