//! What is said in a turn, if anything.

use ai::Aloud;
use conversation::decide::{
    Answerer, Beside, Decision, OptWish, ParkReason, Pending, Silence, Situation, decide, without_copies,
};
use conversation::likeness::Look;
use desk::NotSent;
use futures::future;
use models::assistant::BotText;
use models::{Attributes, Author, FlowState, HandOffReason, Message, Timestamp};
use platform::metrics::Metric;
use store::{Head, Owner, TurnKind, Wait};

use crate::Responder;
use crate::agenda::Agenda;
use crate::answer::{Answered, Unanswered};
use crate::attend::{Conversation, Stop};
use crate::ended::Cause;
use crate::facts::{Facts, news};
use crate::history::{History, joined, look};
use crate::later::Aside;
use crate::matter::{Matter, as_heard};
use crate::turn::Claimed;
use crate::way::Way;
use crate::words::{Cost, Words};

/// What a turn comes to.
pub(crate) enum Draft {
    /// Something is said.
    Say(Box<Words>),
    /// Nothing is.
    Silence(Cause),
    /// Nothing is, and what the user wants from now on is remembered.
    Heed(OptWish),
    /// What the user wants from now on is remembered, and nothing is settled yet.
    HearAgain,
    /// What the agent wrote at these places is not sent.
    NotSent(NotSent, Vec<usize>),
    /// The messages at these places go to the desk.
    Forward(Vec<usize>, Option<OptWish>),
    /// The bot owns the conversation again, since then.
    TakeBack(Timestamp),
    /// The messages are given up.
    Park(ParkReason),
    /// There is no answer in this attempt.
    Failed,
    /// Everything was said while it was still being written.
    Said(Box<Words>),
    /// The answer comes later.
    Wait(Aside),
}

/// A draft, and what is counted when it has become more than one: a run may make several.
pub(crate) struct Drafted {
    pub(crate) draft: Draft,
    pub(crate) counts: Counts,
}

/// What is counted how often.
pub(crate) type Counts = Vec<(Metric, usize)>;

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
    pub(crate) async fn draft(&self, claimed: Claimed<'_>, aloud: Aloud) -> Result<Drafted, Stop> {
        let Claimed { conversation, head, history, agenda, .. } = claimed;
        match agenda.author() {
            Author::Agent => return Ok(self.in_the_agents_words(head, history, agenda)),
            Author::System => return Ok(self.started(head, history, agenda)),
            Author::User => {}
        }
        let way = self.way_of(claimed);
        let decision = self.decide(head, history, agenda, way);
        let mut counts = counts(&decision, agenda.open.len());
        let without_words = |draft| Ok(Drafted { draft, counts: counts.clone() });
        let plan = match decision {
            Decision::Silence(why) => return without_words(Draft::Silence(why.into())),
            Decision::Park(reason) => return without_words(Draft::Park(reason)),
            Decision::Heed(wish) => return without_words(Draft::Heed(wish)),
            Decision::HearAgain => return without_words(Draft::HearAgain),
            Decision::TakeBack(at) => return without_words(Draft::TakeBack(at)),
            Decision::Forward(counted, wish) => return without_words(Draft::Forward(counted, wish)),
            Decision::OptIn(counted) => Plan { kind: TurnKind::OptIn, line: Line::Own(BotText::OptedIn), counted },
            Decision::HandOff(reason, counted) => {
                Plan { kind: TurnKind::HandOff(reason), line: Line::Own(BotText::HandOff), counted }
            }
            Decision::Say(line, counted) => Plan { kind: TurnKind::Answer, line: Line::Own(line), counted },
            Decision::Ask(counted) => Plan { kind: TurnKind::Answer, line: Line::Answer, counted },
        };
        let Some(newest) = plan.counted.last().map(|place| &agenda.open[*place]) else {
            return without_words(Draft::Silence(Cause::NothingNew));
        };
        let said: Vec<_> = plan.counted.iter().map(|place| agenda.said[*place].clone()).collect();
        let messages = plan.counted.iter().map(|place| &agenda.open[*place]).collect();
        let language = self.language(newest, &said, history);
        let (attempts, desk) = (head.attempts, self.desk.is_some());
        let log_ids = agenda.log_ids().join(" ");
        let matter = Matter { history, way, messages, said, newest, log_ids, language, attempts, desk, aloud };
        let draft = self.say(conversation, head, matter, agenda, &plan).await;
        if matches!(&draft, Draft::Say(words) if words.kind.settles()) {
            counts.push((Metric::Duplicate, agenda.open.len() - plan.counted.len()));
        }
        if plan.line == Line::Own(BotText::Fallback) && matches!(&draft, Draft::Say(words) if words.own_line) {
            counts.push((Metric::Fallback, 1));
        }
        Ok(Drafted { draft, counts })
    }

    async fn say(
        &self,
        conversation: &Conversation<'_>,
        head: &Head,
        mut matter: Matter<'_>,
        agenda: &Agenda,
        plan: &Plan,
    ) -> Draft {
        // An answer that a dead run had drafted is better than any line; what failed was only its sending.
        let drafted = matter.history.answer_for(head.last_turn + 1, &agenda.covers).filter(|_| plan.yields());
        let flow = matter.history.flow();
        let mut joined_already = Attributes::default();
        let open: Vec<_> = agenda.open.iter().map(|message| message.id.clone()).collect();
        let answered = match (drafted, plan.line) {
            (Some(draft), _) => Answered {
                // Its question is asked now, however long ago it was drafted.
                flow: draft.flow.clone().map(|flow| FlowState { touched: self.clock.now(), ..flow }),
                attributes: draft.attributes.clone(),
                events: draft.events.clone(),
                ..Answered::of(draft.reply.clone())
            },
            (None, Line::Own(line)) => Answered { flow: flow.cloned(), ..self.own_line(line, &matter) },
            (None, Line::Answer) => {
                // Who waits already was welcomed when the question was put aside.
                let waits = matter.history.waiting(None, |id| open.contains(id)).is_some();
                let (history, newest) = (matter.history, matter.newest);
                let welcoming = async {
                    if waits {
                        return Attributes::default();
                    }
                    // Boxed: it is seldom needed, and would make the future of every run larger.
                    Box::pin(self.welcome_ahead(conversation, head, history, newest)).await
                };
                let answering = self.answer(conversation, &mut matter, &open);
                let (answered, welcomed) = future::join(answering, welcoming).await;
                joined_already = welcomed;
                match answered {
                    Ok(answered) => answered,
                    Err(Unanswered::Failed) => return Draft::Failed,
                    Err(Unanswered::WaitsOn(wait)) => return Draft::Wait(Aside { wait, new: None }),
                    Err(Unanswered::Later(wait)) => return Draft::Wait(put_aside(wait, &matter)),
                }
            }
        };
        if answered.reply.is_empty() {
            return Draft::Failed;
        }
        let mut words = Words {
            kind: if drafted.is_some() { TurnKind::Answer } else { answered.kind.unwrap_or(plan.kind) },
            reply: answered.reply,
            spoken: answered.spoken,
            said: as_heard(&matter.said, drafted.map_or(&[], |draft| &draft.said)),
            to: matter.newest.identity.clone(),
            own_line: answered.own_line,
            attributes: Attributes::default(),
            joined_already,
            events: answered.events,
            route: matter.way.name(),
            summary: answered.summary,
            flow: answered.flow,
            cost: if plan.line == Line::Own(BotText::OverBudget) { Cost::Told } else { Cost::Turn },
        };
        let (turn, language) = (head.last_turn + 1, matter.language.as_deref());
        let unresolved = answered.unresolved || words.kind == TurnKind::HandOff(HandOffReason::Failure);
        let mut attributes = self.facts(&words, &Facts { turn, language, unresolved });
        attributes.merge(answered.attributes);
        words.attributes = news(&attributes, &words.to, matter.history, head.owner_since);
        words.attributes.merge(self.welcome(&words.to, words.kind, head, matter.history));
        words.reply = matter.way.carries(words.reply);
        Draft::Say(Box::new(words))
    }

    fn decide(&self, head: &Head, history: &History, agenda: &Agenda, way: Way<'_>) -> Decision {
        let looks = agenda.said.iter().map(look);
        let pending: Vec<_> = agenda
            .open
            .iter()
            .zip(looks)
            .map(|(message, look)| Pending { beside: self.beside(message, way), ..pending(message, look) })
            .collect();
        // A copy of the same words must not make them look like others.
        let counted = without_copies(&pending, &history.last_turn());
        // What somebody shows or says aloud is not the same because it comes without a word.
        let is_new = counted.iter().any(|place| pending[*place].beside == Beside::Openable);
        let words = joined(counted.into_iter().map(|place| &agenda.said[place].text));
        let today = head.spent.day_began(self.clock.now());
        let repeats = if is_new && models::is_blank(words.as_str()) { 0 } else { history.repeats(&words, today) };
        let owner = match head.owner {
            Owner::Bot => Answerer::Bot,
            Owner::Person => Answerer::Person(history.left_alone_since(head.owner_since)),
        };
        decide(&Situation {
            pending: &pending,
            last_turn: &history.last_turn(),
            repeats,
            flow_waits: history.flow().is_some_and(|state| self.flows_in(None).waits(state)),
            owner,
            desk: self.desk.is_some(),
            opted_out: head.opted_out,
            route_hands_off: way.hands_off(),
            spent: &head.spent,
            attempts: head.attempts,
            assistant: &self.assistant,
            now: self.clock.now(),
        })
    }

    pub(crate) fn count_all(&self, counts: &Counts) {
        for (metric, amount) in counts {
            self.count(*metric, *amount);
        }
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

/// What is counted of a decision about so many messages.
fn counts(decision: &Decision, all: usize) -> Counts {
    match decision {
        Decision::Silence(Silence::NothingNew) => vec![(Metric::Duplicate, all)],
        Decision::Silence(Silence::OptedOut) => vec![(Metric::SilentByOptOut, all)],
        Decision::Silence(Silence::OverBudget) => vec![(Metric::OverBudget, all)],
        Decision::Silence(Silence::Loop) => vec![(Metric::LoopBroken, all)],
        Decision::Heed(OptWish::Out) => vec![(Metric::OptedOut, 1)],
        // What a turn settles is counted once it is known what the turn is; what is forwarded, where the desk is told of it.
        Decision::Say(..)
        | Decision::Ask(_)
        | Decision::OptIn(_)
        | Decision::HandOff(..)
        | Decision::Forward(..)
        | Decision::Park(_)
        | Decision::Heed(OptWish::In)
        | Decision::HearAgain
        | Decision::TakeBack(_) => vec![],
    }
}

/// A question whose answer comes later, with what was heard in its messages: they are not listened to again.
fn put_aside(wait: Wait, matter: &Matter<'_>) -> Aside {
    let words = Words::plain(TurnKind::Waiting(wait), vec![], matter.newest.identity.clone());
    let words = Words { said: matter.said.clone(), route: matter.way.name(), ..words };
    let messages = matter.messages.iter().map(|message| message.id.clone()).collect();
    Aside { wait, new: Some((messages, Box::new(words))) }
}

/// What a decision looks at in a message.
pub(crate) fn pending<'a>(message: &'a Message, look: Look<'a>) -> Pending<'a> {
    let look = Look { media: message.media_urls.as_ref().map(models::Personal::as_str), ..look };
    Pending { look, written: message.written(), beside: Beside::Nothing }
}
