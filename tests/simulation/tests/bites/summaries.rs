//! Mistakes in what is made of the older part of a conversation.

use responder::Responder;
use simulation::{Brand, Handler, Plan};
use store::{Recap, Summing, TurnRow};

use crate::finds;
use crate::table::{Lies, Table};

fn forgetful(plan: &mut Plan) {
    plan.brand = Brand { forgetful: true, ..plan.brand };
    plan.toml = plan.brand.toml(0);
}

fn told(row: TurnRow, change: fn(Recap) -> Recap) -> TurnRow {
    let summing = match row.summing {
        Summing::Done(recap) => Summing::Done(change(recap)),
        Summing::InVain(recap) => Summing::InVain(recap.map(change)),
        Summing::Untried => Summing::Untried,
    };
    TurnRow { summing, ..row }
}

#[test]
fn a_turn_that_is_neither_summed_up_nor_shown() {
    fn skips(responder: Responder) -> Box<dyn Handler> {
        let read = |row| told(row, |recap| Recap { up_to: recap.up_to + 1, ..recap });
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    finds("and not", 60, |plan| {
        forgetful(plan);
        plan.handler = skips;
    });
}

#[test]
fn a_recap_that_changes_what_its_row_says() {
    fn overwrites(responder: Responder) -> Box<dyn Handler> {
        let recapped = |row| TurnRow { own_line: true, ..row };
        Table::behind(responder, Lies { recapped, ..Lies::default() })
    }
    finds("a recap changed or brought back", 60, |plan| {
        forgetful(plan);
        plan.handler = overwrites;
    });
}

#[test]
fn somebody_elses_words_in_a_recap() {
    fn mixes(responder: Responder) -> Box<dyn Handler> {
        let read = |row| told(row, |recap| Recap { text: "canary-98-1; canary-99-1".into(), ..recap });
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    for words in ["was to sum up the words of", "was shown the words of"] {
        finds(words, 60, |plan| {
            forgetful(plan);
            plan.handler = mixes;
        });
    }
}
