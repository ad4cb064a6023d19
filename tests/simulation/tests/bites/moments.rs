//! A mistake in telling that an answer takes a moment.

use store::{Head, HeadWrite};

use crate::finds;

/// The table forgets which turn was the last one that went on.
fn forgets_the_turn(write: &HeadWrite, head: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let (HeadWrite::Settle { last_turn, goes_on: true, .. }, Some(head)) = (&mut write, head) {
        *last_turn = head.last_turn;
    }
    write
}

#[test]
fn whoever_is_told_twice_that_the_answer_takes_a_moment() {
    finds("was told twice that the answer takes a moment", 60, |plan| {
        plan.brand.moments = true;
        plan.toml = plan.brand.toml(0);
        plan.bend = Some(forgets_the_turn);
    });
}
