//! Runs the table and says what came of it.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use crate::cases::{Class, Table};
use crate::chain::Chain;
use crate::notation::Notation;
use crate::templates::Mode;

/// What came of the whole table.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Cases, each counted once for every mode it ran in.
    pub runs: usize,
    /// What is not as it must be: empty, or the promise is broken.
    pub deviations: Vec<String>,
    /// Cases with a mark `defect`: the product is wrong, known and not mended.
    pub defects: Vec<String>,
    /// Cases with a mark `limit`: what no reader of such a body could know.
    pub limits: Vec<String>,
}

/// Why a case is expected not to hold.
#[derive(Clone, Copy)]
struct Marks<'a> {
    defect: Option<&'a String>,
    limit: Option<&'a String>,
}

/// Runs every case of the table in every mode it has.
pub async fn run(table: &Table) -> Outcome {
    let chain = Chain::start().await;
    let mut outcome = Outcome::default();
    for class in &table.classes {
        let t=std::time::Instant::now(); outcome.class(&chain, class).await; eprintln!("TIME {:?} {}", t.elapsed(), class.title());
    }
    outcome
}

impl Outcome {
    async fn class(&mut self, chain: &Chain, class: &Class) {
        let title = |name: Option<&String>, input: &Notation, mode: &str| {
            format!("{} / {}{mode}", class.title(), name.cloned().unwrap_or_else(|| input.excerpt()))
        };
        for said in &class.said {
            let marks = Marks { defect: said.defect.as_ref(), limit: said.limit.as_ref() };
            for mode in class.modes_of(said.modes.as_ref()) {
                let title = title(said.name.as_ref(), &said.text, &format!(" / {mode:?}"));
                let right = caught(chain.reads(said, mode, &said.read_in(mode))).await;
                let today = said.today.as_ref().map(|today| chain.reads(said, mode, today));
                self.judge(title, marks, right, today).await;
            }
        }
        for pair in &class.pair {
            for mode in class.modes_of(pair.modes.as_ref()) {
                let title = title(Some(&pair.name), &Notation::default(), &format!(" / {mode:?}"));
                let right = caught(chain.tells_apart(pair, mode)).await;
                self.judge(title, Marks { defect: None, limit: None }, right, NEVER).await;
            }
        }
        for called in &class.call {
            let marks = Marks { defect: called.defect.as_ref(), limit: called.limit.as_ref() };
            let input = called.body.clone().unwrap_or_default();
            let right = caught(chain.answers(called, &called.expect)).await;
            let today = called.today.as_ref().map(|today| chain.answers(called, today));
            self.judge(title(called.name.as_ref(), &input, ""), marks, right, today).await;
        }
        for reply in &class.reply {
            let marks = Marks { defect: reply.defect.as_ref(), limit: reply.limit.as_ref() };
            let right = caught(chain.shows(reply, &reply.expect)).await;
            let today = reply.today.as_ref().map(|today| chain.shows(reply, today));
            self.judge(title(reply.name.as_ref(), &reply.says, ""), marks, right, today).await;
        }
        for answered in &class.answer {
            let right = caught(chain.understands(answered)).await;
            let marks = Marks { defect: None, limit: None };
            self.judge(title(answered.name.as_ref(), &answered.body, ""), marks, right, NEVER).await;
        }
    }

    /// A case without a mark must hold. One with a mark must not, and what it says of today must.
    async fn judge(
        &mut self,
        title: String,
        marks: Marks<'_>,
        right: Result<(), String>,
        today: Option<impl Future<Output = Result<(), String>>>,
    ) {
        self.runs += 1;
        let Some(why) = marks.defect.or(marks.limit) else {
            self.deviations.extend(right.err().map(|deviation| format!("{title}: {deviation}")));
            return;
        };
        let today = match today {
            Some(today) => caught(today).await,
            None => Err("the case does not say what happens today".to_owned()),
        };
        match (right, today) {
            (Ok(()), _) => self.deviations.push(format!("{title}: it holds now; take the mark away: {why}")),
            (Err(_), Err(deviation)) => self.deviations.push(format!("{title}: wrong in another way: {deviation}")),
            (Err(_), Ok(())) if marks.defect.is_some() => self.defects.push(format!("{title}: {why}")),
            (Err(_), Ok(())) => self.limits.push(format!("{title}: {why}")),
        }
    }
}

const NEVER: Option<std::future::Ready<Result<(), String>>> = None;

impl Class {
    fn modes_of(&self, own: Option<&Vec<Mode>>) -> Vec<Mode> {
        own.or(self.modes.as_ref()).cloned().unwrap_or_else(|| Mode::ALL.to_vec())
    }
}

/// A panic is a deviation like any other, only worse.
async fn caught(check: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    AssertUnwindSafe(check).catch_unwind().await.unwrap_or_else(|_| Err("it panicked".to_owned()))
}
