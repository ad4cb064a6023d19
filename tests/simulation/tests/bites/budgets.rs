//! Mistakes in what one user gets at most.

use std::time::Duration;

use models::Spent;
use responder::Responder;
use simulation::{Bend, Brand, Handler, Plan};
use store::{Head, HeadWrite, TurnRow};

use crate::finds;
use crate::table::{Lies, Table};

fn little(plan: &mut Plan) {
    plan.brand = Brand { limits: Some((2, 6, 2)), ..Brand::default() };
    plan.toml = plan.brand.toml(0);
    (plan.clocks_ahead, plan.doors_ahead) = (vec![Duration::ZERO; 3], vec![Duration::ZERO; 2]);
}

#[test]
fn a_deployment_that_asks_more_than_it_may_in_a_day() {
    fn asks_on(mut responder: Responder) -> Box<dyn Handler> {
        responder.assistant.limits.questions_per_day = None;
        Box::new(responder)
    }
    finds("asked its AI more often in a day", 20, |plan| {
        plan.brand = Brand { questions: Some(3), ..Brand::default() };
        plan.toml = plan.brand.toml(0);
        plan.handler = asks_on;
    });
}

#[test]
fn a_deployment_that_does_not_ask_what_it_may() {
    fn is_thrifty(mut responder: Responder) -> Box<dyn Handler> {
        responder.assistant.limits.questions_per_day = Some(1);
        Box::new(responder)
    }
    finds("fell back at attempt", 20, |plan| {
        plan.brand = Brand { questions: Some(1_000), ..Brand::default() };
        plan.toml = plan.brand.toml(0);
        plan.handler = is_thrifty;
    });
}

/// What a turn costs is forgotten.
fn costs_nothing(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Commit { spent, .. } = &mut write {
        *spent = Spent::default();
    }
    write
}

#[test]
fn more_turns_than_the_budget_allows() {
    finds("is more than the budget allows", 20, |plan| {
        little(plan);
        plan.bend = Some(costs_nothing as Bend);
    });
}

/// It is forgotten that the user was told.
fn never_told(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Commit { spent, .. } = &mut write {
        spent.told = false;
    }
    write
}

#[test]
fn a_line_about_the_budget_that_is_said_twice() {
    finds("was told twice that it is too much", 120, |plan| {
        little(plan);
        plan.bend = Some(never_told as Bend);
    });
}

/// Every turn costs as much as a whole day.
fn costs_a_day(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Commit { spent, .. } = &mut write {
        spent.day.count += 6;
    }
    write
}

#[test]
fn a_budget_that_is_used_up_too_early() {
    let dear = |plan: &mut Plan| {
        little(plan);
        plan.bend = Some(costs_a_day as Bend);
    };
    finds("was told that it is too much, and it was not", 20, dear);
}

#[test]
fn a_loop_that_nobody_breaks() {
    fn forgetful(responder: Responder) -> Box<dyn Handler> {
        let read = |row: TurnRow| TurnRow { said: vec![], ..row };
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    finds("answers the same words once too often", 20, |plan| {
        little(plan);
        (plan.echoes, plan.handler) = (true, forgetful);
    });
}

#[test]
fn a_loop_that_is_broken_without_a_word() {
    fn tells_nobody(responder: Responder) -> Box<dyn Handler> {
        let head = |head: Head| Head { spent: Spent { told: true, ..head.spent }, ..head };
        Table::behind(responder, Lies { head, ..Lies::default() })
    }
    finds("was settled unanswered, and is no copy", 20, |plan| {
        little(plan);
        plan.brand.limits = Some((10_000, 100_000, 2));
        plan.toml = plan.brand.toml(0);
        (plan.echoes, plan.handler) = (true, tells_nobody);
    });
}

#[test]
fn a_loop_that_never_ends() {
    fn of_today(responder: Responder) -> Box<dyn Handler> {
        let read = |row: TurnRow| TurnRow { at: store::NEVER, ..row };
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    finds("was told that it is too much, and it was not", 60, |plan| {
        little(plan);
        plan.brand.limits = Some((10_000, 100_000, 2));
        plan.toml = plan.brand.toml(0);
        (plan.echoes, plan.handler) = (true, of_today);
    });
}

#[test]
fn a_wish_to_hear_nothing_that_is_subject_to_the_budget() {
    fn hears_no_wish(responder: Responder) -> Box<dyn Handler> {
        let mut assistant = responder.assistant.clone();
        assistant.keywords.opt_out = std::iter::empty::<&str>().collect();
        Box::new(Responder { assistant, ..responder })
    }
    finds("was too much, and nothing of its kind is", 60, |plan| {
        little(plan);
        plan.handler = hears_no_wish;
    });
}

#[test]
fn an_agents_line_that_is_subject_to_the_budget() {
    // A table in which whoever is over budget has no lines waiting but what is over.
    fn muffles(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
        let (HeadWrite::Commit { held, voice: store::Voice::Person, covers, .. }, Some(head)) = (write, head) else {
            return write.clone();
        };
        if !head.spent.told {
            return write.clone();
        }
        let (done, _) = head.done_after(covers);
        let (held, covers, last_turn) = (held.clone(), covers.clone(), head.last_turn);
        HeadWrite::Settle { held, turn: None, covers, done, last_turn, aftermath: None, goes_on: false }
    }
    finds("was too much, and nothing of its kind is", 120, |plan| {
        little(plan);
        (plan.desk, plan.bend) = (true, Some(muffles as Bend));
    });
}
