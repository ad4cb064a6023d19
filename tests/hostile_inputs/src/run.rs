//! Runs the table and says what came of it.

use std::future::Ready;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use crate::cases::{Class, Said, Table};
use crate::chain::Chain;
use crate::notation::Notation;
use crate::templates::Mode;

/// What came of the whole table.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Cases, each counted once for every mode it ran in.
    pub runs: usize,
    /// What is not as it must be: empty, or a promise is broken.
    pub deviations: Vec<String>,
    /// Cases with the mark `defect`: the product is wrong, known and not mended.
    pub defects: Vec<Known>,
    /// Cases with the mark `limit`: what no reader of such a body, or of such a reply, could know.
    pub limits: Vec<Known>,
}

/// A case that is known not to hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    /// Its title.
    pub case: String,
    /// Why.
    pub why: String,
    /// In how many modes.
    pub runs: usize,
}

/// What a case is called, and why it is expected not to hold.
struct Label<'a> {
    case: String,
    mode: Option<Mode>,
    defect: Option<&'a String>,
    limit: Option<&'a String>,
}

/// Runs every case of the table in every mode it has.
pub async fn run(table: &Table) -> Outcome {
    let chain = Chain::start().await;
    let mut outcome = Outcome::default();
    for class in &table.classes {
        outcome.said(&chain, class).await;
        outcome.pairs(&chain, class).await;
        outcome.calls(&chain, class).await;
        outcome.replies(&chain, class).await;
    }
    outcome
}

impl Outcome {
    async fn said(&mut self, chain: &Chain, class: &Class) {
        for said in &class.said {
            for mode in class.modes_of(said.modes.as_ref()) {
                let case = class.case(said.name.as_ref(), said.telling());
                let label = Label { case, mode: Some(mode), defect: said.defect.as_ref(), limit: said.limit.as_ref() };
                let right = caught(chain, chain.reads(said, mode, &said.read_in(mode))).await;
                let today = said.today.as_ref().map(|today| chain.reads(said, mode, today));
                self.judge(chain, label, right, today).await;
            }
        }
    }

    async fn pairs(&mut self, chain: &Chain, class: &Class) {
        for pair in &class.pair {
            for mode in class.modes_of(pair.modes.as_ref()) {
                let case = class.case(Some(&pair.name), &pair.first.text);
                let label = Label { case, mode: Some(mode), defect: None, limit: None };
                let right = caught(chain, chain.tells_apart(pair, mode)).await;
                self.judge(chain, label, right, NEVER).await;
            }
        }
    }

    async fn calls(&mut self, chain: &Chain, class: &Class) {
        for called in &class.call {
            let case = class.case(called.name.as_ref(), called.body.as_ref().unwrap_or(&Notation::default()));
            let label = Label { case, mode: None, defect: called.defect.as_ref(), limit: called.limit.as_ref() };
            let right = caught(chain, chain.answers(called, &called.expect)).await;
            let today = called.today.as_ref().map(|today| chain.answers(called, today));
            self.judge(chain, label, right, today).await;
        }
    }

    async fn replies(&mut self, chain: &Chain, class: &Class) {
        let guards = class.guards();
        for reply in &class.reply {
            let case = class.case(reply.name.as_ref(), &reply.says);
            let label = Label { case, mode: None, defect: reply.defect.as_ref(), limit: reply.limit.as_ref() };
            let right = caught(chain, chain.shows(reply, &guards, &reply.expect)).await;
            let today = reply.today.as_ref().map(|today| chain.shows(reply, &guards, today));
            self.judge(chain, label, right, today).await;
        }
        for answered in &class.answer {
            let case = class.case(answered.name.as_ref(), &answered.body);
            let label = Label { case, mode: None, defect: None, limit: None };
            let right = caught(chain, chain.understands(answered)).await;
            self.judge(chain, label, right, NEVER).await;
        }
    }

    /// A case without a mark must hold. One with a mark must not, and what it says of today must.
    async fn judge(
        &mut self,
        chain: &Chain,
        label: Label<'_>,
        right: Result<(), String>,
        today: Option<impl Future<Output = Result<(), String>>>,
    ) {
        self.runs += 1;
        let Some(why) = label.defect.or(label.limit) else {
            self.deviations.extend(right.err().map(|deviation| label.of(&deviation)));
            return;
        };
        let today = match today {
            Some(today) => caught(chain, today).await,
            None => Err("the case does not say what happens today".to_owned()),
        };
        match (right, today) {
            (Ok(()), _) => self.deviations.push(label.of(&format!("it holds now; take the mark away ({why})"))),
            (Err(_), Err(deviation)) => self.deviations.push(label.of(&format!("wrong in another way: {deviation}"))),
            (Err(_), Ok(())) => {
                let known = if label.defect.is_some() { &mut self.defects } else { &mut self.limits };
                match known.last_mut().filter(|last| last.case == label.case && last.why == *why) {
                    Some(last) => last.runs += 1,
                    None => known.push(Known { case: label.case, why: why.clone(), runs: 1 }),
                }
            }
        }
    }
}

impl Label<'_> {
    fn of(&self, deviation: &str) -> String {
        let mode = self.mode.map(|mode| format!(" / {mode:?}")).unwrap_or_default();
        format!("{}{mode}: {deviation}", self.case)
    }
}

impl Class {
    fn case(&self, name: Option<&String>, input: &Notation) -> String {
        format!("{} / {}", self.title(), name.cloned().unwrap_or_else(|| input.excerpt()))
    }

    fn modes_of(&self, own: Option<&Vec<Mode>>) -> Vec<Mode> {
        own.or(self.modes.as_ref()).cloned().unwrap_or_else(|| Mode::ALL.to_vec())
    }
}

impl Said {
    /// What is odd about it: the first value that is not the usual one.
    fn telling(&self) -> &Notation {
        let values = [&self.dispatch, &self.sent_at, &self.user, &self.braze, &self.phone, &self.language];
        let odd = values.into_iter().chain([&self.profile, &self.media]).flatten().next();
        odd.unwrap_or(&self.text)
    }
}

const NEVER: Option<Ready<Result<(), String>>> = None;

/// What came of a check. A panic is a deviation like any other, only worse.
async fn caught(chain: &Chain, check: impl Future<Output = Result<(), String>>) -> Result<(), String> {
    // What a check left behind that ended early is not the next one's.
    drop((chain.ai.requests(), chain.braze.requests()));
    AssertUnwindSafe(check).catch_unwind().await.unwrap_or_else(|_| Err("it panicked".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use super::*;

    async fn judged(defect: Option<&str>, right: Result<(), String>, today: Result<(), String>) -> Outcome {
        let chain = Chain::start().await;
        let (mut outcome, defect) = (Outcome::default(), defect.map(str::to_owned));
        let label = Label { case: "case".to_owned(), mode: Some(Mode::Frame), defect: defect.as_ref(), limit: None };
        outcome.judge(&chain, label, right, Some(ready(today))).await;
        outcome
    }

    #[tokio::test]
    async fn a_mark_is_believed_only_while_the_case_is_wrong_in_the_way_it_says() {
        let wrong = || Err("wrong".to_owned());
        for (defect, right, today, deviations) in [
            (None, Ok(()), Ok(()), 0),
            (None, wrong(), Ok(()), 1),
            (Some("a bug"), wrong(), Ok(()), 0),
            (Some("a bug"), Ok(()), wrong(), 1),
            (Some("a bug"), Ok(()), Ok(()), 1),
            (Some("a bug"), wrong(), wrong(), 1),
        ] {
            let outcome = judged(defect, right.clone(), today.clone()).await;
            assert_eq!(outcome.deviations.len(), deviations, "{defect:?} {right:?} {today:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_a_deviation() {
        let chain = Chain::start().await;
        let panics = async { if chain.assistant.limits.attempts > 0 { panic!("on purpose") } else { Ok(()) } };
        assert_eq!(caught(&chain, panics).await, Err("it panicked".to_owned()));
    }
}
