//! Mistakes in saying how an answer begins.

use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Aloud, Answer, Question};
use async_trait::async_trait;
use responder::Responder;
use simulation::{AiScript, Bend, Handler, Plan, World};
use store::{TurnKind, TurnRow};

use crate::finds;
use crate::later::costs_nothing;
use crate::table::{Lies, Table};

fn finds_where_it_streams(words: &str, handler: fn(Responder) -> Box<dyn Handler>) {
    finds(words, 120, |plan| {
        (plan.brand.streams, plan.brand.flows, plan.brand.limits) = (true, false, None);
        plan.toml = plan.brand.toml(0);
        plan.handler = handler;
    });
}

/// Passes on what an AI tells so many times, and then this before its answer.
struct Passes(Arc<dyn Ai>, usize, &'static str);

#[async_trait]
impl Ai for Passes {
    fn name(&self) -> &'static str {
        "passes"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let (aloud, mut hears) =
            if question.aloud.is_heard() { Aloud::heard() } else { return self.0.answer(question, time).await };
        let asking = async {
            let answer = self.0.answer(&Question { aloud: aloud.clone(), ..question.clone() }, time).await;
            aloud.close();
            answer
        };
        let passing = async {
            while let Some(paragraph) = hears.recv().await {
                for _ in 0..self.1 {
                    question.aloud.tell(paragraph.as_str());
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
        };
        match futures::future::join(asking, passing).await.0 {
            Ok(Answer::Said { text: Some(text), deeds, rejected, usage }) => {
                let text = Some((self.2.to_owned() + text.as_str()).into());
                Ok(Answer::Said { text, deeds, rejected, usage })
            }
            other => other,
        }
    }
}

#[test]
fn a_paragraph_that_is_said_twice() {
    fn stammers(responder: Responder) -> Box<dyn Handler> {
        Box::new(Responder { ai: Arc::new(Passes(responder.ai.clone(), 2, "")), ..responder })
    }
    finds_where_it_streams("is not how the answer goes on", stammers);
}

#[test]
fn an_answer_that_says_again_how_it_began() {
    fn repeats(responder: Responder) -> Box<dyn Handler> {
        Box::new(Responder { ai: Arc::new(Passes(responder.ai.clone(), 1, "\n")), ..responder })
    }
    finds_where_it_streams("says once more how it began", repeats);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_which_everything_was_said_before_its_end_and_that_costs_nothing() {
    // Of the last paragraph nothing may be said.
    let tells: &'static [&'static str] = &["One, of shoes.\n\n", "https://ada@evil.example"];
    let toml = "[limits]\nmoment_seconds = 6\n[replies]\nstream = true\n";
    for (bend, found) in [(None, 0), (Some(costs_nothing as Bend), 1)] {
        let world = World::new(Plan { bend, toml: toml.to_owned(), ..Plan::default() });
        world.ai_will([AiScript::Writes(tells, Duration::from_secs(4))]);
        world.says("ada", "Do you sell shoes?").await;
        world.poll_once().await;
        let broken = world.witness.violations();
        let costs = "was said before its end: true, and counted as a turn: false";
        assert_eq!(broken.iter().filter(|what| what.contains(costs)).count(), found, "{broken:?}");
    }
}

#[test]
fn a_run_that_does_not_know_what_the_one_before_it_has_begun() {
    fn forgets(row: TurnRow) -> TurnRow {
        let kind = if row.kind == TurnKind::Begun { TurnKind::Moment } else { row.kind };
        TurnRow { kind, ..row }
    }
    fn forgetful(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { read: forgets, ..Lies::default() })
    }
    finds_where_it_streams("says once more how it began", forgetful);
}
