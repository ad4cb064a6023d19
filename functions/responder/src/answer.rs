//! An answer: the next step of a flow, or what the AI says.

use ai::Exchange;
use conversation::flow::{End, Fact, Flowing, Heard, Progress, Saying, hear};
use models::assistant::BotText;
use models::{
    Attributes, Campaign, CampaignId, Content, Event, FieldName, FlowState, HandOffReason, MessageId, Part, Personal,
    ProfileValue, Proposal, ProposedReplies, Timestamp, Utterance,
};
use store::{Said, TurnKind, Wait};

use crate::Responder;
use crate::ask::Asking;
use crate::attend::Conversation;
use crate::history::{Begun, joined, words};
use crate::later::{Stance, passed, stance};
use crate::matter::{Matter, as_heard};
use crate::media::in_vain;

/// What is said, and what comes with it.
#[derive(Default)]
pub(crate) struct Answered {
    pub(crate) reply: Vec<Utterance>,
    /// The AI's words in it, and how many of the reply, from the first one, say them.
    pub(crate) spoken: Option<(Personal, usize)>,
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

/// Why there is no answer now.
pub(crate) enum Unanswered {
    /// There is none in this attempt.
    Failed,
    /// It comes later.
    Later(Wait),
    /// It was to come later, and is waited for.
    WaitsOn(Wait),
}

impl Answered {
    pub(crate) fn of(reply: Vec<Utterance>) -> Self {
        Self { reply, ..Self::default() }
    }

    /// All that is said.
    pub(crate) fn words(&self) -> String {
        self.reply.iter().map(|said| said.text().as_str()).collect()
    }
}

impl Responder {
    /// Answers what these messages, the `open` ones, are about. What somebody says aloud is an answer like any other, but never
    /// a keyword: a machine may have misheard, and silence for somebody who never asked for it is the worst it could do.
    pub(crate) async fn answer(
        &self,
        conversation: &Conversation<'_>,
        matter: &mut Matter<'_>,
        open: &[MessageId],
    ) -> Result<Answered, Unanswered> {
        let (began, question) = (self.clock.now(), matter.question());
        let waiting = matter.history.waiting(Some(&question), |id| open.contains(id));
        let begun = matter.history.begun().filter(|begun| begun.covers.iter().any(|id| open.contains(id)));
        let is_newer = |begun: &Begun<'_>| waiting.is_some_and(|waiting| waiting.row.at < begun.at);
        // What was heard before is not listened to again.
        matter.said = as_heard(&matter.said, waiting.map_or(&[], |waiting| &waiting.row.said));
        let wait = match stance(&question, open, waiting, conversation.later, began) {
            Stance::WaitOn(wait) => return Err(Unanswered::WaitsOn(wait)),
            // Somebody else has begun to answer since it was put aside: its time was over.
            Stance::Take(wait) if begun.as_ref().is_some_and(is_newer) => Some(wait),
            Stance::Take(wait) => {
                let promised = self.ai_by(waiting.and_then(|waiting| waiting.row.route.as_ref()));
                return conversation
                    .later
                    .map_or(Err(Unanswered::WaitsOn(wait)), |later| self.take(later, matter, (promised, wait)));
            }
            Stance::Ask(wait) => wait,
        };
        let passed = passed(waiting.filter(|_| wait.is_some()), self.is_asked_on_its_way(waiting, matter.way), began);
        let media = self.take_in(conversation, matter).await;
        if let Some(line) = in_vain(&media, matter).filter(|_| self.may_ask(conversation)) {
            let flow = matter.history.flow().cloned();
            return Ok(Answered { flow, ..self.own_line(line, matter) });
        }
        let matter = &*matter;
        let (progress, from) = self.heard(matter);
        if let Some(progress) = progress {
            return Ok(self.progressed(progress, matter));
        }
        let (before, said) = matter.said.split_at(from);
        let is_begun = |id: &MessageId| begun.as_ref().is_some_and(|begun| begun.covers.contains(id));
        let (old, new): (Vec<_>, Vec<_>) =
            matter.messages.iter().skip(from).zip(said).partition(|(message, _)| is_begun(&message.id));
        let all =
            |said: Vec<(_, &Said)>| joined(said.into_iter().map(|(_, said)| words(said)).collect::<Vec<_>>().iter());
        let (text, begun) = (all(new), begun.map(|begun| Exchange { user: all(old), assistant: begun.reply }));
        let media = media.into_iter().skip(before.iter().map(|said| said.media.len()).sum()).collect();
        self.ask(conversation, matter, Asking { text, begun, media, began, wait, passed }).await
    }

    /// What the user's words bring about in a flow; `None` if no flow has to do with what stands from that place on, and the
    /// AI is to be asked about it.
    fn heard(&self, matter: &Matter<'_>) -> (Option<Progress>, usize) {
        let (flowing, said) = (self.flowing(matter), &matter.said);
        let waits = matter.history.flow().filter(|state| flowing.waits(state));
        let with_something = said.iter().rposition(|said| !is_blank(said)).map_or(0, |place| place + 1);
        let texts: Vec<_> = said[..with_something].iter().map(|said| said.text.as_str()).collect();
        let is_cancel = |text: &str| self.assistant.keywords.cancel.matches(text);
        match (hear(flowing.flows, &texts, waits.is_some(), is_cancel), waits) {
            // These words were for the person who has just left, most likely: the question is asked once more.
            (Heard::Answer, Some(state)) if matter.history.newest_kind().is_some_and(TurnKind::is_with_people) => {
                (Some(flowing.resume(state)), 0)
            }
            (Heard::Answer, Some(state)) => {
                let said: Vec<_> = said.iter().map(words).collect();
                (Some(flowing.advance(state, joined(said.iter()).as_str())), 0)
            }
            (Heard::Answer, None) => (None, 0),
            (Heard::CalledOff, _) => (Some(Progress::called_off()), 0),
            (Heard::Begins(name), _) => (flowing.start(name), 0),
            (Heard::Words(from), _) => (None, from),
        }
    }

    /// The beginning of the flow called `name`, if there is one.
    pub(crate) fn flow_named(&self, name: &str, matter: &Matter<'_>) -> Option<Answered> {
        Some(self.progressed(self.flowing(matter).start(name)?, matter))
    }

    pub(crate) fn flowing<'a>(&'a self, matter: &'a Matter<'_>) -> Flowing<'a> {
        self.flows_in(matter.language.as_deref())
    }

    /// The assistant's flows in that language, now.
    pub(crate) fn flows_in<'a>(&'a self, language: Option<&'a str>) -> Flowing<'a> {
        Flowing { flows: &self.assistant.flows, language, now: self.clock.now() }
    }

    pub(crate) fn progressed(&self, progress: Progress, matter: &Matter<'_>) -> Answered {
        let line = |line| self.own_line(line, matter).reply;
        let mut reply: Vec<_> = progress.says.into_iter().flat_map(|saying| self.utter(saying)).collect();
        let (mut kind, mut flow) = (None, progress.state);
        match progress.end {
            Some(End::HandOff) if matter.desk => {
                kind = Some(TurnKind::HandOff(HandOffReason::Flow));
                reply.extend(line(BotText::HandOff));
            }
            // There is nobody to hand over to, and nobody who would lead back to the question.
            Some(End::HandOff) => {
                flow = None;
                reply.extend(line(BotText::Fallback));
            }
            Some(End::Cancelled) => reply.extend(line(BotText::Cancelled)),
            // A flow without a closing line has ended, and the user is not left without a word.
            Some(_) if reply.is_empty() => reply.extend(line(BotText::Completed)),
            _ => {}
        }
        let (attributes, events) = (attributes(&progress.facts), events(&progress.facts, self.clock.now()));
        Answered { kind, flow, attributes, events, ..Answered::of(reply) }
    }

    fn utter(&self, saying: Saying) -> Vec<Utterance> {
        match saying {
            Saying::Text { text, options } if options.is_empty() => self.shaped(&text),
            Saying::Text { text, options } => self.with_options(text, options),
            Saying::Campaign { id, properties } => campaign(id, properties).into_iter().collect(),
        }
    }

    /// A question with its options: as buttons, where replies have kinds and the options fit on them, else numbered below it.
    fn with_options(&self, text: String, options: Vec<String>) -> Vec<Utterance> {
        let options = options.into_iter().map(Personal::new).collect();
        let proposal = Proposal::QuickReplies(ProposedReplies { body: text.into(), options });
        let fitted = if self.assistant.replies.kinds { proposal.fit() } else { Err(proposal.text().into()) };
        match fitted {
            Ok(content) => vec![self.shown(content)],
            Err(in_words) => self.shaped(in_words.as_str()),
        }
    }
}

fn campaign(id: CampaignId, properties: std::collections::BTreeMap<String, Personal>) -> Option<Utterance> {
    // What cannot be a property of its own is left out; a flow's names were checked when it was read.
    let properties = properties
        .into_iter()
        .filter_map(|(name, value)| Some((FieldName::new(name).ok()?, Part::new(with_plain_line_ends(&value)).ok()?)));
    // What it says is decided in Braze; the history shows that something was said.
    let content = Campaign::new(Part::new("…").ok()?, properties.collect()).ok()?;
    Some(Utterance { content: Content::Campaign(content), campaign: Some(id) })
}

/// As a user typed it, on whatever phone: a carriage return would keep the whole value out of the message.
fn with_plain_line_ends(value: &Personal) -> String {
    value.as_str().replace("\r\n", "\n").replace('\r', "\n")
}

/// Whether nothing can be read, seen or heard in it.
fn is_blank(said: &Said) -> bool {
    models::is_blank(words(said).as_str()) && said.media.is_empty()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_campaign_is_triggered_with_every_value_on_whatever_phone_it_was_typed() {
        for (typed, property) in [("one\r\ntwo\tthree", "one\ntwo\tthree"), ("one\rtwo", "one\ntwo"), ("7", "7")] {
            let values = [("words".to_owned(), Personal::from(typed))].into();
            let Some(Utterance { content: Content::Campaign(campaign), .. }) =
                campaign(CampaignId::new("c").unwrap(), values)
            else {
                panic!("{typed:?} is no campaign")
            };
            let properties: Vec<_> = campaign.properties().map(|(_, value)| value.as_str()).collect();
            assert_eq!(properties, [property]);
        }
    }
}
