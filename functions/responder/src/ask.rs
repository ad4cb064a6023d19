//! What the AI is asked, and what comes of its answer.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ai::{Ai, Answer, BrandTools, Deed, Exchange, FactSpec, Later, Medium, Question, Tools, Usage, Webhook};
use conversation::guard::{Instructions, Looked, look};
use conversation::shape::shape;
use models::assistant::{BotText, Flow, Learned};
use models::{Content, HandOffReason, Part, Personal, RouteName, Timestamp, Utterance};
use platform::metrics::Metric;
use store::{TurnKind, Wait};

use crate::answer::{Answered, Unanswered};
use crate::attend::Conversation;
use crate::ended::millis;
use crate::history::joined;
use crate::later::{LaterAnswer, wait_for};
use crate::lines::utterances;
use crate::matter::Matter;
use crate::way::Way;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// The AI's words must not be read: they tell the instructions, or nothing is left of them.
pub(crate) struct Withheld;

/// Follows what was said of an answer whose rest never came.
const GO_ON: &str = "(Your last message broke off where it ends. Go on from there in the same language, and repeat none of it; if \
                     nothing is missing, close in one short sentence.)";

/// What somebody wants to know.
pub(crate) struct Asking {
    /// Their words, spoken ones among them; without those of what has been begun.
    pub(crate) text: Personal,
    /// What an earlier attempt has begun to answer, and how.
    pub(crate) begun: Option<Exchange>,
    /// What came along.
    pub(crate) media: Vec<Medium>,
    /// When it was begun to look at it.
    pub(crate) began: Timestamp,
    /// How the user has waited already for an answer that was to come later.
    pub(crate) wait: Option<Wait>,
    /// How many AIs, from the top, are passed over.
    pub(crate) passed: usize,
}

impl Responder {
    /// Asks the AI.
    pub(crate) async fn ask(
        &self,
        conversation: &Conversation<'_>,
        matter: &Matter<'_>,
        asking: Asking,
    ) -> Result<Answered, Unanswered> {
        let Asking { text, begun, media, began, wait, passed } = asking;
        let limits = &self.assistant.limits;
        let instructions = self.instructions_on(matter.way);
        let text =
            if begun.is_some() { joined([text, GO_ON.into()].iter().filter(|text| !text.is_empty())) } else { text };
        let history = matter.history.exchanges(self.room(), self.clock.now());
        let question = Question {
            id: matter.question(),
            conversation: matter.newest.identity.conversation(),
            instructions: instructions.told(),
            language: matter.newest.language.clone().or_else(|| matter.language.clone()),
            history: history.into_iter().chain(begun).collect(),
            text,
            media,
            output_tokens: limits.output_tokens,
            tools: self.tools(matter),
            passed,
            aloud: matter.aloud.clone(),
        };
        let left = self.time_to_answer(conversation, began);
        if left.is_zero() {
            tracing::warn!(log_id = matter.newest.log_id, "too late to ask in this run");
            return Err(Unanswered::Failed);
        }
        if self.is_used_up() {
            self.meter.count(Metric::DeploymentOverBudget, 1);
            return Ok(self.unasked(matter));
        }
        let ai = self.ai_on(matter.way);
        let asked = self.clock.now();
        let (answer, ()) = futures::future::join(ai.answer(&question, left), self.count_a_question()).await;
        let asked_ms = millis(asked, self.clock.now());
        let (log_id, log_ids) = (&matter.newest.log_id, &matter.log_ids);
        tracing::info!(log_id, log_ids, asked_ms, answered = answer.is_ok(), "an AI was asked");
        match answer.map(|answer| self.understood(answer, matter, &instructions)) {
            Ok(Ok(answered)) => Ok(answered),
            Ok(Err(later)) if passed == 0 => Err(Unanswered::Later(wait_for(later, began, wait, self.clock.now()))),
            Ok(Err(_)) => Err(Unanswered::Failed),
            Err(error) => {
                self.meter.count(Metric::AiFailed, 1);
                tracing::warn!(log_id = matter.newest.log_id, %error, attempts = matter.attempts, "no answer");
                Err(Unanswered::Failed)
            }
        }
    }

    /// Takes an answer that came later as one that came at once. What is none is waited on: another one may come in time.
    pub(crate) fn take(
        &self,
        later: &LaterAnswer<'_>,
        matter: &Matter<'_>,
        (promised, wait): (&dyn Ai, Wait),
    ) -> Result<Answered, Unanswered> {
        let (log_id, log_ids) = (&matter.newest.log_id, &matter.log_ids);
        match Webhook::read(200, None, later.body.as_str().as_bytes(), &self.tools(matter)) {
            Ok(answer) => {
                tracing::info!(log_id, log_ids, "an answer came later");
                promised.came(wait.passed);
                let instructions = self.instructions_on(matter.way);
                self.understood(answer, matter, &instructions).map_err(|_| Unanswered::WaitsOn(wait))
            }
            Err(error) => {
                tracing::warn!(log_id, log_ids, %error, "an answer that came later is none");
                later.unusable.store(true, Ordering::Relaxed);
                Err(Unanswered::WaitsOn(wait))
            }
        }
    }

    /// What the assistant is told on that way, and must not say.
    pub(crate) fn instructions_on<'a>(&'a self, way: Way<'a>) -> Instructions<'a> {
        let own = way.route.and_then(|(_, route)| route.instructions.as_ref());
        Instructions::of(own.unwrap_or(&self.assistant.instructions))
    }

    /// What an answer comes to; or that it comes later.
    fn understood(
        &self,
        answer: Answer,
        matter: &Matter<'_>,
        instructions: &Instructions<'_>,
    ) -> Result<Answered, Later> {
        match answer {
            Answer::Said { text, deeds, rejected, usage } => {
                self.note(usage);
                if rejected > 0 {
                    self.count(Metric::ToolRejected, rejected as usize);
                    tracing::warn!(log_id = matter.newest.log_id, rejected, "the AI called tools it was not offered");
                }
                Ok(self.done(text.as_ref(), deeds, matter, instructions).unwrap_or_else(|Withheld| {
                    self.meter.count(Metric::Withheld, 1);
                    tracing::warn!(log_id = matter.newest.log_id, "the AI's answer is withheld");
                    self.own_line(BotText::DontKnow, matter)
                }))
            }
            Answer::DontKnow => Ok(Answered { own_line: false, ..self.own_line(BotText::DontKnow, matter) }),
            Answer::Later(later) => Err(later),
        }
    }

    /// What is asked first on that way.
    pub(crate) fn ai_on(&self, way: Way<'_>) -> &dyn Ai {
        self.ai_by(way.route.map(|(name, _)| name))
    }

    /// What is asked first by that route.
    pub(crate) fn ai_by(&self, route: Option<&RouteName>) -> &dyn Ai {
        route.and_then(|name| self.route_ais.get(name)).unwrap_or(&self.ai).as_ref()
    }

    /// What is left for an answer that somebody `began` to make then: the AI's own time, and what must be kept back to send it.
    pub(crate) fn time_to_answer(&self, conversation: &Conversation<'_>, began: Timestamp) -> Duration {
        let now = self.clock.now();
        let left = conversation.deadline.left(now, SEND_WITHIN + RECORD_WITHIN);
        left.min(self.assistant.limits.ai_deadline.saturating_sub(now.since(began)))
    }

    /// Whether anything can be asked in this attempt.
    pub(crate) fn may_ask(&self, conversation: &Conversation<'_>) -> bool {
        !self.time_to_answer(conversation, self.clock.now()).is_zero() && !self.is_used_up()
    }

    /// Counts a question of the deployment's day, where those are bounded.
    pub(crate) async fn count_a_question(&self) {
        let limits = &self.assistant.limits;
        if limits.questions_per_day.is_some() || limits.tokens_per_day.is_some() {
            self.deployment.asks(self.clock.now()).await;
        }
    }

    pub(crate) fn is_used_up(&self) -> bool {
        let limits = &self.assistant.limits;
        self.deployment.is_used_up(limits.questions_per_day, limits.tokens_per_day, self.clock.now())
    }

    /// What is said where the deployment may ask no more today: what is said where every backend failed.
    fn unasked(&self, matter: &Matter<'_>) -> Answered {
        if matter.desk && self.assistant.hand_off.on_failure {
            let kind = Some(TurnKind::HandOff(HandOffReason::Failure));
            return Answered { kind, ..self.own_line(BotText::HandOff, matter) };
        }
        self.own_line(BotText::Fallback, matter)
    }

    /// Counts what an answer cost.
    pub(crate) fn note(&self, usage: Option<Usage>) {
        let Some(Usage { input_tokens, output_tokens }) = usage else { return };
        self.meter.count(Metric::AiInputTokens, input_tokens);
        self.meter.count(Metric::AiOutputTokens, output_tokens);
        self.deployment.used(input_tokens.saturating_add(output_tokens), self.clock.now());
    }

    /// The AI's words as they may be read.
    fn looked_at(&self, parts: &[Part], instructions: &Instructions<'_>) -> Result<Vec<Utterance>, Withheld> {
        match look(parts, instructions, &self.assistant.guards) {
            Looked::Withheld => Err(Withheld),
            Looked::Passed { parts, taken_out } => {
                self.count(Metric::TakenOut, taken_out);
                Ok(utterances(parts))
            }
        }
    }

    /// A message of another kind as it is, or, where something in it must not be read, what is left of it as text.
    fn proposed(&self, content: Content, instructions: &Instructions<'_>) -> Result<Vec<Utterance>, Withheld> {
        let text = content.text().clone();
        match look(std::slice::from_ref(&text), instructions, &self.assistant.guards) {
            Looked::Passed { taken_out: 0, .. } => Ok(vec![self.shown(content)]),
            _ => self.looked_at(&[text], instructions),
        }
    }

    /// What the AI may do besides talking.
    fn tools(&self, matter: &Matter<'_>) -> Tools {
        let assistant = &self.assistant;
        let described = |(name, flow): (&str, &Flow)| Some((name.to_owned(), flow.describe.clone()?));
        Tools {
            hand_off: matter.desk && assistant.hand_off.by_assistant,
            flows: assistant.flows.iter().filter_map(described).collect(),
            facts: assistant.profile.learn.iter().map(fact).collect(),
            kinds: assistant.replies.kinds,
            // The backends have their own way to these.
            library: None,
            brand: BrandTools::default(),
        }
    }

    /// The AI's words, and what it did beside them.
    fn done(
        &self,
        text: Option<&Personal>,
        deeds: Vec<Deed>,
        matter: &Matter<'_>,
        instructions: &Instructions<'_>,
    ) -> Result<Answered, Withheld> {
        let said =
            |text: &Personal| self.looked_at(&shape(text.as_str(), self.assistant.limits.reply_parts), instructions);
        let mut answered = Answered::of(text.map(said).transpose()?.unwrap_or_default());
        answered.spoken = text.map(|text| (text.clone(), answered.reply.len()));
        // Beside each other, too, its words and what it shows must not tell the instructions.
        let mut words = answered.words();
        let mut hand_off = None;
        for deed in deeds {
            match deed {
                Deed::HandOff { summary } => hand_off = Some(summary),
                Deed::StartFlow(name) => {
                    if let Some(progress) = self.flowing(matter).start(&name) {
                        let started = self.progressed(progress, matter);
                        answered.reply.extend(started.reply);
                        (answered.kind, answered.flow) = (started.kind, started.flow);
                        answered.attributes.merge(started.attributes);
                        answered.events.extend(started.events);
                    }
                }
                Deed::Remember { name, value } => {
                    if let Err(reason) = answered.attributes.set(&name, value) {
                        tracing::warn!(%reason, "a fact is left out");
                    }
                }
                Deed::Propose(proposal) => {
                    let proposed = match proposal.fit() {
                        Ok(content) => self.proposed(content, instructions)?,
                        Err(text) => said(&text)?,
                    };
                    words.extend(proposed.iter().map(|said| said.text().as_str()));
                    answered.reply.extend(proposed);
                }
            }
        }
        if instructions.are_told_by(&words) {
            return Err(Withheld);
        }
        if let Some(summary) = hand_off {
            // One line, and not the AI's good-bye before it: the user reads one thing.
            let line = self.own_line(BotText::HandOff, matter);
            let kind = Some(TurnKind::HandOff(HandOffReason::Assistant));
            return Ok(Answered { kind, summary: Some(summary), attributes: answered.attributes, ..line });
        }
        Ok(answered)
    }
}

fn fact(fact: &Learned) -> FactSpec {
    FactSpec { name: fact.name.clone(), description: fact.description.clone(), kind: (&fact.values).into() }
}
