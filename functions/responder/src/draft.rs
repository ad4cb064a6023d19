//! What is said in a turn, if anything.

use ai::{Answer, Question, Tools};
use conversation::decide::{
    Answerer, Decision, OptWish, ParkReason, Pending, Silence, Situation, decide, without_copies,
};
use conversation::likeness::Look;
use conversation::shape::{shape, verbatim};
use models::assistant::BotText;
use models::{Attributes, Author, HandOffReason, Message, Part, Timestamp, Utterance};
use platform::metrics::Metric;
use store::{Head, Owner, Said, TurnKind};

use crate::agenda::Agenda;
use crate::attend::{Conversation, Stop};
use crate::history::{History, joined, look};
use crate::turn::Words;
use crate::{RECORD_WITHIN, Responder, SEND_WITHIN};

/// What a turn comes to.
pub(crate) enum Draft {
    /// Something is said.
    Say(Words),
    /// Nothing is.
    Silence,
    /// Nothing is, from now on.
    OptOut,
    /// The messages at these places go to the desk.
    Forward(Vec<usize>, Option<OptWish>),
    /// The bot owns the conversation again.
    TakeBack,
    /// The messages are given up.
    Park(ParkReason),
    /// There is no answer in this attempt.
    Failed,
}

/// What the bot is to say about which messages, before it is put in words.
struct Plan {
    kind: TurnKind,
    line: Line,
    counted: Vec<usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Line {
    Own(BotText),
    Answer,
}

impl Responder {
    pub(crate) async fn draft(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        history: &History,
        agenda: &Agenda,
    ) -> Result<Draft, Stop> {
        if agenda.author() == Author::Agent {
            return Ok(self.in_the_agents_words(head, history, agenda));
        }
        let decision = self.decide(head, history, agenda);
        self.count_decision(&decision, agenda);
        let plan = match decision {
            Decision::Silence(_) => return Ok(Draft::Silence),
            Decision::Park(reason) => return Ok(Draft::Park(reason)),
            Decision::OptOut => return Ok(Draft::OptOut),
            Decision::TakeBack => return Ok(Draft::TakeBack),
            Decision::Forward(counted, wish) => return Ok(Draft::Forward(counted, wish)),
            Decision::OptIn(counted) => Plan { kind: TurnKind::OptIn, line: Line::Own(BotText::OptedIn), counted },
            Decision::HandOff(reason, counted) => {
                Plan { kind: TurnKind::HandOff(reason), line: Line::Own(BotText::HandOff), counted }
            }
            Decision::Say(line, counted) => Plan { kind: TurnKind::Answer, line: Line::Own(line), counted },
            Decision::Ask(counted) => Plan { kind: TurnKind::Answer, line: Line::Answer, counted },
        };
        self.say(conversation, head, history, agenda, &plan).await
    }

    async fn say(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        history: &History,
        agenda: &Agenda,
        plan: &Plan,
    ) -> Result<Draft, Stop> {
        let said: Vec<_> = plan.counted.iter().map(|place| agenda.said[*place].clone()).collect();
        let Some(newest) = plan.counted.last().map(|place| &agenda.open[*place]) else { return Ok(Draft::Silence) };
        let to = newest.identity.clone();
        let now = self.clock.now();
        let spent = match plan.line {
            Line::Own(BotText::OverBudget) => head.spent.and_told(now),
            _ => head.spent.and_a_turn(now),
        };
        // An answer that a dead run had drafted is better than any line; what failed was only its sending.
        let drafted = history.answer_for(head.last_turn + 1, &agenda.covers).filter(|_| plan.yields());
        let (kind, reply, own_line) = match (drafted, plan.line) {
            (Some(draft), _) => (TurnKind::Answer, Some(draft.reply.clone()), false),
            (None, Line::Own(line)) => (plan.kind, Some(self.line(line, newest)), true),
            (None, Line::Answer) => (plan.kind, self.ask(conversation, head, history, &said, newest).await, false),
        };
        let (attributes, route, flow) = (Attributes::default(), None, None);
        let words = |reply| Words { kind, reply, said, to, own_line, attributes, route, flow, spent };
        Ok(reply.filter(|reply| !reply.is_empty()).map_or(Draft::Failed, |reply| Draft::Say(words(reply))))
    }

    /// An agent's lines, each as it was written, in the order in which they reached the door. A desk that does not name its
    /// requests may have sent one twice.
    fn in_the_agents_words(&self, head: &Head, history: &History, agenda: &Agenda) -> Draft {
        let looks = agenda.said.iter().map(look);
        let pending: Vec<_> = agenda.open.iter().zip(looks).map(|(message, look)| pending(message, look)).collect();
        let counted = without_copies(&pending, &history.last_agent_turn());
        self.count(Metric::Duplicate, pending.len() - counted.len());
        let lines = counted.iter().map(|place| agenda.open[*place].text.as_str());
        let reply: Vec<_> = lines.flat_map(verbatim).map(Utterance::from).collect();
        let said = counted.iter().map(|place| agenda.said[*place].clone()).collect();
        let Some(newest) = agenda.open.last().filter(|_| !reply.is_empty()) else { return Draft::Silence };
        // The desk may know the user by one name only; the user's own messages brought all of them.
        let to = history.addressee().unwrap_or(&newest.identity).clone();
        Draft::Say(Words {
            kind: TurnKind::Agent,
            reply,
            said,
            to,
            own_line: false,
            attributes: Attributes::default(),
            route: None,
            flow: None,
            spent: head.spent,
        })
    }

    fn decide(&self, head: &Head, history: &History, agenda: &Agenda) -> Decision {
        let looks = agenda.said.iter().map(look);
        let pending: Vec<_> = agenda.open.iter().zip(looks).map(|(message, look)| pending(message, look)).collect();
        let owner = match head.owner {
            Owner::Bot => Answerer::Bot,
            Owner::Person => Answerer::Person(head.owner_since.unwrap_or_default()),
        };
        let now = self.clock.now();
        decide(&Situation {
            pending: &pending,
            last_turn: &history.last_turn(),
            repeats: history.repeats(&joined(agenda.said.iter().map(|said| &said.text))),
            owner,
            desk: self.desk.is_some(),
            opted_out: head.opted_out,
            route_hands_off: false,
            spent: &head.spent,
            attempts: head.attempts,
            assistant: &self.assistant,
            now,
        })
    }

    fn count_decision(&self, decision: &Decision, agenda: &Agenda) {
        let all = agenda.open.len();
        match decision {
            Decision::Silence(Silence::NothingNew) => self.count(Metric::Duplicate, all),
            Decision::Silence(Silence::OptedOut) => self.count(Metric::SilentByOptOut, all),
            Decision::Silence(Silence::OverBudget) => self.count(Metric::OverBudget, all),
            Decision::Silence(Silence::Loop) => self.count(Metric::LoopBroken, all),
            Decision::OptOut => self.count(Metric::OptedOut, 1),
            Decision::Say(_, counted)
            | Decision::Ask(counted)
            | Decision::HandOff(_, counted)
            | Decision::OptIn(counted)
            | Decision::Forward(counted, _) => self.count(Metric::Duplicate, all - counted.len()),
            Decision::Park(_) | Decision::TakeBack => {}
        }
    }

    /// Asks the AI; `None` if there is no answer.
    async fn ask(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        history: &History,
        said: &[Said],
        newest: &Message,
    ) -> Option<Vec<Utterance>> {
        let limits = &self.assistant.limits;
        let question = Question {
            instructions: self.assistant.instructions.clone(),
            language: newest.language.clone(),
            history: history.exchanges(limits.history_turns),
            text: joined(said.iter().map(|said| &said.text)),
            output_tokens: limits.output_tokens,
            tools: Tools::default(),
        };
        let left = conversation.deadline.left(self.clock.now(), SEND_WITHIN + RECORD_WITHIN);
        if left.is_zero() {
            tracing::warn!(log_id = newest.log_id, "too late to ask in this run");
            return None;
        }
        match self.ai.answer(&question, left.min(limits.ai_deadline)).await {
            Ok(Answer::Said { text: Some(text), .. }) => Some(utterances(shape(text.as_str(), limits.reply_parts))),
            Ok(Answer::Said { text: None, .. } | Answer::DontKnow) => Some(self.line(BotText::DontKnow, newest)),
            Err(error) => {
                self.meter.count(Metric::AiFailed, 1);
                tracing::warn!(log_id = newest.log_id, %error, attempts = head.attempts, "no answer");
                None
            }
        }
    }

    pub(crate) fn line(&self, line: BotText, newest: &Message) -> Vec<Utterance> {
        if line == BotText::Fallback {
            self.meter.count(Metric::Fallback, 1);
        }
        let text = self.assistant.texts.line(line, newest.language.as_deref());
        utterances(shape(text, self.assistant.limits.reply_parts))
    }

    pub(crate) fn count(&self, metric: Metric, amount: usize) {
        if amount > 0 {
            self.meter.count(metric, amount as u64);
        }
    }
}

impl Plan {
    /// Whether an answer that is there already is said instead: not where something else than an answer is wanted.
    fn yields(&self) -> bool {
        self.kind == TurnKind::Answer && self.line != Line::Own(BotText::OverBudget)
            || self.kind == TurnKind::HandOff(HandOffReason::Failure)
    }
}

fn utterances(parts: Vec<Part>) -> Vec<Utterance> {
    parts.into_iter().map(Utterance::from).collect()
}

fn pending<'a>(message: &Message, look: Look<'a>) -> Pending<'a> {
    // A clock that is ahead of ours must not make a message younger than its arrival.
    let written: Timestamp = message.sent_at.map_or(message.arrival, |sent_at| sent_at.min(message.arrival));
    Pending { look, written }
}
