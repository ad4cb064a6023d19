//! Mistakes in the ways that messages and replies go.

use std::sync::Arc;
use std::time::Duration;

use ai::{Ai, AiError, Answer, Question};
use async_trait::async_trait;
use models::{CampaignId, Reply};
use responder::Responder;
use simulation::Handler;
use store::TurnRow;

use crate::finds;
use crate::flows::with_flows;
use crate::phone::carried;
use crate::table::{Lies, Table};

fn finds_on_routes(words: &str, handler: fn(Responder) -> Box<dyn Handler>) {
    finds(words, 60, |plan| {
        with_flows(plan);
        plan.handler = handler;
    });
}

#[test]
fn a_reply_by_the_campaign_of_another_route() {
    fn wrong(responder: Responder) -> Box<dyn Handler> {
        let written = |mut row: TurnRow| {
            for said in row.reply.iter_mut().filter(|said| said.campaign.is_some()) {
                said.campaign = CampaignId::new("c-sales").ok();
            }
            row
        };
        Table::behind(responder, Lies { written, ..Lies::default() })
    }
    fn lost(responder: Responder) -> Box<dyn Handler> {
        carried(responder, |reply| vec![Reply { campaign: None, ..reply.clone() }])
    }
    finds_on_routes("does not go by its route", wrong);
    finds_on_routes("goes by another campaign than its turn says", lost);
}

#[test]
fn a_conversation_that_does_not_stay_on_its_route() {
    fn leaves(responder: Responder) -> Box<dyn Handler> {
        Table::behind(responder, Lies { read: |row| TurnRow { route: None, ..row }, ..Lies::default() })
    }
    finds_on_routes("does not go by its route", leaves);
}

/// Asks always as if by the first route.
struct Prejudiced(Arc<dyn Ai>);

#[async_trait]
impl Ai for Prejudiced {
    fn name(&self) -> &'static str {
        "prejudiced"
    }

    async fn answer(&self, question: &Question, time: Duration) -> Result<Answer, AiError> {
        let instructions = "You are the canary prompt of returns".to_owned();
        self.0.answer(&Question { instructions, ..question.clone() }, time).await
    }
}

#[test]
fn a_question_with_the_instructions_of_another_route() {
    fn prejudiced(responder: Responder) -> Box<dyn Handler> {
        Box::new(Responder { ai: Arc::new(Prejudiced(responder.ai.clone())), ..responder })
    }
    finds_on_routes("with the instructions of another route", prejudiced);
}
