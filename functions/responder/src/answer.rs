//! An answer: the next step of a flow, or what the AI says.

use ai::{Answer, Deed, FactKind, FactSpec, Question, Tools, Usage};
use conversation::flow::{End, Fact, Flowing, Progress, Saying};
use conversation::shape::shape;
use models::assistant::{BotText, Flow, Learned, LearnedValues};
use models::{
    Attributes, Campaign, CampaignId, Content, Event, FieldName, FlowState, HandOffReason, Part, Personal,
    ProfileValue, Timestamp, Utterance,
};
use platform::metrics::Metric;
use store::TurnKind;

use crate::attend::Conversation;
use crate::draft::{Matter, utterances};
use crate::history::joined;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// What is said, and what comes with it.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) reply: Vec<Utterance>,
    /// What happens in the turn, if it is not what was planned.
    pub(crate) kind: Option<TurnKind>,
    /// Whether it is one of the bot's own lines.
    pub(crate) own_line: bool,
    /// Whether the user's question has no answer.
    pub(crate) unresolved: bool,
    /// The flow that waits for an answer from now on.
    pub(crate) flow: Option<FlowState>,
    /// What the profile is to say from now on.
    pub(crate) attributes: Attributes,
    /// What Braze is to be told.
    pub(crate) events: Vec<Event>,
    /// What a person who takes over should know.
    pub(crate) summary: Option<Personal>,
}

impl Answered {
    pub(crate) fn of(reply: Vec<Utterance>) -> Self {
        Self { reply, ..Self::default() }
    }
}

impl Responder {
    /// Answers; `None` if there is no answer in this attempt.
    pub(crate) async fn answer(&self, conversation: &Conversation<'_>, matter: &Matter<'_>) -> Option<Answered> {
        if let Some(answered) = self.flow_on(matter) {
            return Some(answered);
        }
        let text = joined(matter.said.iter().map(|said| &said.text));
        if let Some(answered) = self.flow_started(text.as_str(), matter) {
            return Some(answered);
        }
        self.ask(conversation, matter, text).await
    }

    /// Takes the user's words for the answer that a flow waits for; `None` if none waits, or not any longer.
    fn flow_on(&self, matter: &Matter<'_>) -> Option<Answered> {
        let state = matter.history.flow()?;
        let text = joined(matter.said.iter().map(|said| &said.text));
        let cancel = self.assistant.keywords.cancel.matches(text.as_str());
        let progress = if matter.history.newest_kind().is_some_and(TurnKind::is_with_people) && !cancel {
            // These words were for the person who has just left, most likely: the question is asked once more.
            self.flowing(matter).resume(state)
        } else {
            self.flowing(matter).advance(state, text.as_str(), cancel)
        };
        (!progress.leaves_the_message()).then(|| self.progressed(progress, matter))
    }

    fn flow_started(&self, text: &str, matter: &Matter<'_>) -> Option<Answered> {
        let name = self.assistant.flows.started_by(text)?;
        Some(self.progressed(self.flowing(matter).start(name)?, matter))
    }

    fn flowing<'a>(&'a self, matter: &'a Matter<'_>) -> Flowing<'a> {
        Flowing { flows: &self.assistant.flows, language: matter.language.as_deref(), now: self.clock.now() }
    }

    fn progressed(&self, progress: Progress, matter: &Matter<'_>) -> Answered {
        let line = |line| self.own_line(line, matter).reply;
        let mut reply: Vec<_> = progress.says.into_iter().flat_map(|saying| self.utter(saying)).collect();
        let mut kind = None;
        match progress.end {
            Some(End::HandOff) if matter.desk => {
                kind = Some(TurnKind::HandOff(HandOffReason::Flow));
                reply.extend(line(BotText::HandOff));
            }
            // There is nobody to hand over to.
            Some(End::HandOff) => reply.extend(line(BotText::Fallback)),
            Some(End::Cancelled) => reply.extend(line(BotText::Cancelled)),
            // A flow without a closing line has ended, and the user is not left without a word.
            Some(_) if reply.is_empty() => reply.extend(line(BotText::Completed)),
            _ => {}
        }
        let (attributes, events) = (attributes(&progress.facts), events(&progress.facts, self.clock.now()));
        Answered { kind, flow: progress.state, attributes, events, ..Answered::of(reply) }
    }

    fn utter(&self, saying: Saying) -> Vec<Utterance> {
        match saying {
            Saying::Text { text, .. } => utterances(shape(&text, self.assistant.limits.reply_parts)),
            Saying::Campaign { id, properties } => campaign(&id, properties).into_iter().collect(),
        }
    }

    /// Asks the AI.
    async fn ask(&self, conversation: &Conversation<'_>, matter: &Matter<'_>, text: Personal) -> Option<Answered> {
        let limits = &self.assistant.limits;
        let route = matter.way.route;
        let instructions = route.and_then(|(_, route)| route.instructions.as_ref());
        let question = Question {
            id: matter.newest.id.clone(),
            conversation: matter.newest.identity.conversation(),
            instructions: instructions.unwrap_or(&self.assistant.instructions).clone(),
            language: matter.newest.language.clone().or_else(|| matter.language.clone()),
            history: matter.history.exchanges(limits.history_turns),
            text,
            output_tokens: limits.output_tokens,
            tools: self.tools(matter),
        };
        let left = conversation.deadline.left(self.clock.now(), SEND_WITHIN + RECORD_WITHIN);
        if left.is_zero() {
            tracing::warn!(log_id = matter.newest.log_id, "too late to ask in this run");
            return None;
        }
        let ai = route.and_then(|(name, _)| self.route_ais.get(name)).unwrap_or(&self.ai);
        match ai.answer(&question, left.min(limits.ai_deadline)).await {
            Ok(Answer::Said { text, deeds, rejected, usage }) => {
                if let Some(Usage { input_tokens, output_tokens }) = usage {
                    self.meter.count(Metric::AiInputTokens, input_tokens);
                    self.meter.count(Metric::AiOutputTokens, output_tokens);
                }
                if rejected > 0 {
                    self.count(Metric::ToolRejected, rejected as usize);
                    tracing::warn!(log_id = matter.newest.log_id, rejected, "the AI called tools it was not offered");
                }
                Some(self.done(text.as_ref(), deeds, matter))
            }
            Ok(Answer::DontKnow) => Some(Answered { own_line: false, ..self.own_line(BotText::DontKnow, matter) }),
            Err(error) => {
                self.meter.count(Metric::AiFailed, 1);
                tracing::warn!(log_id = matter.newest.log_id, %error, attempts = matter.attempts, "no answer");
                None
            }
        }
    }
}

impl Responder {
    /// What the AI may do besides talking.
    fn tools(&self, matter: &Matter<'_>) -> Tools {
        let assistant = &self.assistant;
        let described = |(name, flow): (&str, &Flow)| Some((name.to_owned(), flow.describe.clone()?));
        Tools {
            hand_off: matter.desk && assistant.hand_off.by_assistant,
            flows: assistant.flows.iter().filter_map(described).collect(),
            facts: assistant.profile.learn.iter().map(fact).collect(),
            kinds: assistant.reply_kinds,
        }
    }

    /// The AI's words, and what it did beside them.
    fn done(&self, text: Option<&Personal>, deeds: Vec<Deed>, matter: &Matter<'_>) -> Answered {
        let said = |text: &str| utterances(shape(text, self.assistant.limits.reply_parts));
        let mut answered = Answered::of(text.map(|text| said(text.as_str())).unwrap_or_default());
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
                Deed::Propose(proposal) => match proposal.fit() {
                    Ok(content) => answered.reply.push(Utterance { content, campaign: None }),
                    Err(text) => answered.reply.extend(said(text.as_str())),
                },
            }
        }
        if let Some(summary) = hand_off {
            // One line, and not the AI's good-bye before it: the user reads one thing.
            let line = self.own_line(BotText::HandOff, matter);
            let kind = Some(TurnKind::HandOff(HandOffReason::Assistant));
            return Answered { kind, summary: Some(summary), attributes: answered.attributes, ..line };
        }
        answered
    }
}

fn fact(fact: &Learned) -> FactSpec {
    let kind = match &fact.values {
        LearnedValues::Text => FactKind::Text,
        LearnedValues::Number => FactKind::Number,
        LearnedValues::Flag => FactKind::Bool,
        LearnedValues::OneOf(choices) => FactKind::Choice(choices.clone()),
    };
    FactSpec { name: fact.name.clone(), description: fact.description.clone(), kind }
}

fn campaign(id: &str, properties: std::collections::BTreeMap<String, Personal>) -> Option<Utterance> {
    let campaign = CampaignId::new(id).ok()?;
    // What cannot be a property of its own is left out; a flow's names were checked when it was read.
    let properties = properties
        .into_iter()
        .filter_map(|(name, value)| Some((FieldName::new(name).ok()?, Part::new(value.into_string()).ok()?)));
    // What it says is decided in Braze; the history shows that something was said.
    let content = Campaign::new(Part::new("…").ok()?, properties.collect()).ok()?;
    Some(Utterance { content: Content::Campaign(content), campaign: Some(campaign) })
}

/// The facts that are events.
fn events(facts: &[Fact], now: Timestamp) -> Vec<Event> {
    let event = |fact: &Fact| {
        let Fact::Event { name, value } = fact else { return None };
        let event = Event::new(name, now).ok()?;
        let value = value.as_ref().and_then(|value| ProfileValue::text(value.as_str()).ok());
        value.map_or(Some(event.clone()), |value| event.with("value", value).ok())
    };
    facts.iter().filter_map(event).collect()
}

/// The facts that are attributes.
fn attributes(facts: &[Fact]) -> Attributes {
    let mut attributes = Attributes::default();
    for fact in facts {
        let Fact::Attribute { name, value, is_number } = fact else { continue };
        let number = is_number.then(|| value.as_str().parse().ok()).flatten();
        let value = match number {
            Some(number) => ProfileValue::float(number),
            None => ProfileValue::text(value.as_str()),
        };
        // What Braze would not take is left out: it would cost the reply.
        if let Err(reason) = value.and_then(|value| attributes.set(name, value)) {
            tracing::warn!(%reason, "a flow's attribute is left out");
        }
    }
    attributes
}
