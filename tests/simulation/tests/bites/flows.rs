//! Mistakes in flows: what they ask, where they go on, what Braze is told of them, and how often they begin.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use braze::{ProfileUpdate, Profiles, TrackOutcome};
use models::assistant::Assistant;
use models::{Attributes, FlowState, Identity, ProfileValue, Recipient, Reply};
use responder::Responder;
use simulation::{Bend, Brand, Handler, Plan, Run};
use store::{Head, HeadWrite, TurnRow};

use crate::finds;
use crate::phone::carried;
use crate::table::{Lies, Table};

/// Worlds with flows and routes.
pub(crate) fn with_flows(plan: &mut Plan) {
    plan.brand = Brand { flows: true, ..Brand::default() };
    plan.toml = plan.brand.toml(0);
}

fn finds_in_flows(words: &str, handler: fn(Responder) -> Box<dyn Handler>) {
    finds(words, 200, |plan| {
        with_flows(plan);
        plan.handler = handler;
    });
}

/// A row as if its flow stood like this.
fn standing(row: TurnRow, change: fn(FlowState) -> FlowState) -> TurnRow {
    TurnRow { flow: row.flow.map(change), ..row }
}

#[test]
fn a_question_that_is_forgotten_as_soon_as_it_is_asked() {
    fn forgets(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { read: |row| TurnRow { flow: None, ..row }, ..Lies::default() })
    }
    finds_in_flows("says something else than its flow would", forgets);
}

#[test]
fn a_question_that_is_asked_after_its_time() {
    fn patient(responder: Responder) -> Box<dyn Handler> {
        let read = |row: TurnRow| {
            let at = row.at + Duration::from_hours(2);
            TurnRow { flow: row.flow.map(|flow| FlowState { touched: at, ..flow }), ..row }
        };
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    finds_in_flows("says something else than its flow would", patient);
}

/// An assistant that takes any words where it should take an answer of this kind.
fn takes_anything(responder: Responder, kind: &str) -> Box<dyn Handler> {
    let toml = Brand { flows: true, ..Brand::default() }.toml(0).replace(kind, "expect = \"text\"");
    let flows = Assistant::from_toml(&toml).unwrap().flows;
    assert_ne!(flows, responder.assistant.flows, "{kind}");
    let assistant = Assistant { flows, ..responder.assistant.clone() };
    Box::new(Responder { assistant, ..responder })
}

#[test]
fn an_answer_that_is_taken_although_it_is_no_day_no_address_or_no_code() {
    fn any_day(responder: Responder) -> Box<dyn Handler> {
        takes_anything(responder, "expect = \"date\"")
    }
    fn any_address(responder: Responder) -> Box<dyn Handler> {
        takes_anything(responder, "expect = \"email\"")
    }
    fn any_code(responder: Responder) -> Box<dyn Handler> {
        takes_anything(responder, "expect = \"pattern\"\npattern = \"^[A-Z]{2}[0-9]{2,4}$\"")
    }
    for handler in [any_day, any_address, any_code] {
        finds_in_flows("says something else than its flow would", handler);
    }
}

#[test]
fn an_answer_that_is_forgotten_when_the_next_one_comes() {
    fn forgets(responder: Responder) -> Box<dyn Handler> {
        let read = |row| standing(row, |flow| FlowState { values: std::collections::BTreeMap::new(), ..flow });
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    finds_in_flows("leaves its flow elsewhere than the answer leads", forgets);
}

#[test]
fn an_answer_that_does_not_fit_and_is_asked_for_again_and_again() {
    fn forgives(responder: Responder) -> Box<dyn Handler> {
        let read = |row| standing(row, |flow| FlowState { asked: 1, ..flow });
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    // By the second time.
    finds_in_flows("says something else than its flow would", forgives);
}

#[test]
fn a_flow_that_ends_when_people_have_the_conversation() {
    fn ends(responder: Responder) -> Box<dyn Handler> {
        let written = |row: TurnRow| if row.reply.is_empty() { TurnRow { flow: None, ..row } } else { row };
        Table::behind(responder, Lies { written, ..Lies::default() })
    }
    finds("changes a flow that it is not about", 200, |plan| {
        with_flows(plan);
        (plan.desk, plan.handler) = (true, ends);
    });
}

#[test]
fn facts_that_are_not_what_was_answered() {
    fn invents(responder: Responder) -> Box<dyn Handler> {
        let written = |mut row: TurnRow| {
            if row.flow.is_some() {
                row.attributes.set("return_reason", ProfileValue::text("Broken").unwrap()).unwrap();
            }
            row
        };
        Table::behind(responder, Lies { written, ..Lies::default() })
    }
    fn rounds(responder: Responder) -> Box<dyn Handler> {
        carried(responder, |reply| {
            let mut attributes = Attributes::default();
            for (name, value) in reply.attributes.values() {
                let value =
                    if name.as_str() == "return_reason" { ProfileValue::text("Other").ok() } else { value.cloned() };
                attributes.set(name.as_str(), value.unwrap()).unwrap();
            }
            vec![Reply { attributes, ..reply.clone() }]
        })
    }
    finds_in_flows("tells Braze something else than was answered", invents);
    finds_in_flows("which its user never answered so", rounds);
}

/// Changes what profiles are told.
struct Told(Arc<dyn Profiles>, fn(ProfileUpdate) -> ProfileUpdate);

#[async_trait]
impl Profiles for Told {
    async fn track(&self, updates: &[ProfileUpdate], within: Duration) -> TrackOutcome {
        let changed: Vec<_> = updates.iter().cloned().map(self.1).collect();
        drop(self.0.track(&changed, within).await);
        braze::NoProfiles.track(updates, within).await
    }
}

#[test]
fn an_event_that_is_told_of_somebody_else() {
    fn mistakes(responder: Responder) -> Box<dyn Handler> {
        fn ada() -> Recipient {
            Identity::new("ada", "", "").unwrap().recipients().into_iter().next().unwrap()
        }
        let somebody = move |update| ProfileUpdate { who: ada(), ..update };
        Box::new(Responder { profiles: Arc::new(Told(responder.profiles.clone(), somebody)), ..responder })
    }
    finds_in_flows("which its user never answered so", mistakes);
}

#[test]
fn an_event_that_is_told_twice() {
    fn doubles(responder: Responder) -> Box<dyn Handler> {
        let twice = |update: ProfileUpdate| {
            let events = [update.events.clone(), update.events].concat();
            ProfileUpdate { events, ..update }
        };
        Box::new(Responder { profiles: Arc::new(Told(responder.profiles.clone(), twice)), ..responder })
    }
    // Where something failed, an event may be told once more.
    let calm = |seed| {
        let mut run = Run { faults: Some(vec![]), ..Run::of(seed) };
        with_flows(&mut run.plan);
        (run.plan.handler, run.plan.clocks_ahead) = (doubles, vec![Duration::ZERO]);
        run.tell().violations
    };
    let twice = "was told 2 times and happened 1 times";
    assert!((0..60).flat_map(calm).any(|what| what.contains(twice)));
}

/// What a turn was about is still to be worked on when it was sent.
fn is_never_done(write: &HeadWrite, _: Option<&Head>) -> HeadWrite {
    let mut write = write.clone();
    if let HeadWrite::Settle { held, turn: Some(_), covers, done, .. } = &mut write
        && held.epoch % 3 == 1
    {
        let again = std::mem::take(covers);
        done.retain(|id| !again.contains(id));
    }
    write
}

#[test]
fn a_flow_that_is_started_twice_by_one_request() {
    finds("started its flow twice", 60, |plan| {
        with_flows(plan);
        plan.bend = Some(is_never_done as Bend);
    });
}

#[test]
fn an_answer_that_is_written_again_although_it_is_the_same() {
    fn forgets(responder: Responder) -> Box<dyn Handler> {
        let read = |row| TurnRow { attributes: Attributes::default(), ..row };
        Table::behind(responder, Lies { read, ..Lies::default() })
    }
    // Seldom does anybody answer the same once more, as long as what was told is in sight.
    finds("tells Braze something else than was answered", 1_000, |plan| {
        with_flows(plan);
        plan.handler = forgets;
    });
}
