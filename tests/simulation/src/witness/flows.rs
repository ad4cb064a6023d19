//! Flows: each answer counts once and leads where it must, and what a flow asks, says and tells Braze follows from what its
//! user said and from nothing else. By the witness's own reading of the worlds' flows, from one committed turn to the next.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use models::Utterance;
use models::assistant::{Assistant, BotText};
use models::{Content, ConversationKey, HandOffReason, MessageId, RouteName, Timestamp, normalised};
use store::{TurnKey, TurnKind, TurnRow};

use super::flow_facts::{LastTold, Told};
use super::flow_moves::{Outcome, Waits, said_anew, started};
use super::flow_steps::{CANCEL, Ends, timeout};
use super::reaching::Unasked;
use super::{Figure, State};

/// What clocks may differ by, and how long a run may take from its draft to its row.
pub(super) const MOMENT: Duration = Duration::from_mins(3);
const LANGUAGES: [&str; 5] = ["en", "fr", "es", "pt", "de"];

/// What is known of flows.
#[derive(Default)]
pub(super) struct Flows {
    /// Whether the world has any.
    pub(super) known: bool,
    /// The bot's own lines that a flow ends with, in every language.
    lines: HashMap<Ends, Vec<String>>,
    /// Where each conversation stands, by the turns that were committed.
    pub(super) standing: HashMap<ConversationKey, Standing>,
    /// Where it stood before its last turn, which may be taken back.
    before: HashMap<ConversationKey, (TurnKey, Standing)>,
    /// When a turn about the same messages was first drafted: its answer may be said later.
    first_drafted: HashMap<(ConversationKey, u64, Vec<MessageId>), Timestamp>,
    /// Turns in which a flow spoke.
    pub(super) spoke: HashSet<(ConversationKey, TurnKey)>,
    /// The turn in which each request of another system began a flow.
    begun: HashMap<MessageId, (ConversationKey, TurnKey)>,
    /// What Braze may be told, by conversation.
    pub(super) facts: HashMap<ConversationKey, Vec<Told>>,
    /// The events that Braze was told, by profile and name.
    pub(super) recorded: HashMap<(String, String), usize>,
}

/// Where a conversation stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing {
    /// The question whose answer a flow waits for.
    waits: Option<Waits>,
    /// Whether people had the last turn.
    people: bool,
    /// The route of the last turn about messages of the user, and when that was.
    pub(super) route: Option<(RouteName, Timestamp)>,
    /// What the profile was told last of each attribute of a flow's.
    told: BTreeMap<&'static str, LastTold>,
}

impl Flows {
    pub(super) fn of(assistant: &Assistant) -> Self {
        let line = |text: BotText| {
            LANGUAGES.map(|language| assistant.texts.line(text, Some(language)).trim().to_owned()).to_vec()
        };
        let lines = [
            (Ends::HandOff, line(BotText::HandOff)),
            (Ends::Nobody, line(BotText::Fallback)),
            (Ends::Cancelled, line(BotText::Cancelled)),
            (Ends::Completed, line(BotText::Completed)),
        ];
        Self { known: true, lines: lines.into(), ..Self::default() }
    }

    /// Whether an utterance is something that a flow may say, or ends with.
    fn is_said_by_one(&self, said: &Utterance) -> bool {
        let text = said.text().as_str();
        text.starts_with("flow: ")
            || matches!(said.content, Content::Campaign(_))
            || self.lines.values().flatten().any(|line| line == text)
    }

    /// A conversation was forgotten.
    pub(super) fn begin_anew(&mut self, key: &ConversationKey) {
        self.standing.remove(key);
        self.before.remove(key);
        self.first_drafted.retain(|(other, ..), _| other != key);
        self.begun.retain(|_, (other, _)| other != key);
    }
}

impl State {
    /// Whether a reply is the AI's answer, or nothing, and after it what flows say.
    pub(super) fn may_be_said_by_a_flow(&self, row: &TurnRow) -> bool {
        let own = row.reply.iter().rev().take_while(|said| self.flows.is_said_by_one(said)).count();
        let answer: Vec<_> = row.reply[..row.reply.len() - own].iter().map(|said| said.text().clone()).collect();
        self.flows.known && own > 0 && (answer.is_empty() || self.answers.contains(&answer))
    }

    /// A row was put for a turn.
    pub(super) fn notes_a_draft(&mut self, key: &ConversationKey, row: &TurnRow) {
        if self.flows.known {
            let place = (key.clone(), row.key.number, row.covers.clone());
            self.flows.first_drafted.entry(place).or_insert(row.at);
        }
    }

    /// When a turn about the same messages was first drafted.
    pub(super) fn first_drafted(&self, key: &ConversationKey, row: &TurnRow) -> Timestamp {
        let place = (key.clone(), row.key.number, row.covers.clone());
        self.flows.first_drafted.get(&place).copied().unwrap_or(row.at).min(row.at)
    }

    /// Whether a flow may wait for an answer at `now`.
    pub(super) fn may_be_in_a_flow(&self, key: &ConversationKey, now: Timestamp) -> bool {
        self.waits_within(key, |waits| now.since(waits.touched) < timeout(waits.step) + MOMENT)
    }

    /// Whether a flow waits for an answer at `now`, by any clock.
    pub(super) fn is_in_a_flow(&self, key: &ConversationKey, now: Timestamp) -> bool {
        self.waits_within(key, |waits| now.since(waits.touched) + MOMENT < timeout(waits.step))
    }

    fn waits_within(&self, key: &ConversationKey, time: impl FnOnce(&Waits) -> bool) -> bool {
        self.flows.standing.get(key).and_then(|standing| standing.waits.as_ref()).is_some_and(time)
    }

    /// A turn is committed: it says what the flow must say after the user's words, and leaves it where they lead.
    pub(super) fn flow_goes_on(&mut self, key: &ConversationKey, turn: TurnKey, open: &[MessageId]) {
        let Some(row) = self.drafts.get(&(key.clone(), turn)).map(|draft| draft.row.clone()) else { return };
        self.begins_with_somebody_who_wrote(key, &row);
        let known = self.flows.before.get(key).is_some_and(|(last, _)| *last == turn);
        if !self.flows.known || known {
            return;
        }
        let standing = self.flows.standing.get(key).cloned().unwrap_or_default();
        self.flows.before.insert(key.clone(), (turn, standing.clone()));
        self.begins_once(key, &row);
        // What is handed over is not over with this turn.
        let open = if row.kind.settles() { open.to_vec() } else { self.open(&row.covers) };
        self.goes_by_its_route(key, &row, &open, &standing);
        let (mut told, is_waiting) = (standing.told.clone(), standing.waits.is_some());
        let waits = match self.outcomes(key, &row, &standing) {
            None => self.leaves_the_flow(key, &row, &standing),
            Some(outcomes) => {
                let outcome = self.takes_one_of(key, &row, &outcomes);
                outcome.and_then(|outcome| {
                    self.counts(&outcome, is_waiting);
                    self.tells_what_is_new(key, &row, &outcome, &mut told);
                    outcome.waits.map(|waits| Waits { touched: row.at, ..waits })
                })
            }
        };
        let route = if is_about_the_user(&row) { row.route.clone().map(|name| (name, row.at)) } else { standing.route };
        let people = row.kind.is_with_people();
        self.flows.standing.insert(key.clone(), Standing { waits, people, route, told });
    }

    /// Something was forwarded to people, which is a turn without words.
    pub(super) fn flow_waits_for_people(&mut self, key: &ConversationKey, turn: TurnKey) {
        let Some(row) = self.drafts.get(&(key.clone(), turn)).map(|draft| draft.row.clone()) else { return };
        if !self.flows.known || row.kind != TurnKind::Forwarded {
            return;
        }
        let standing = self.flows.standing.get(key).cloned().unwrap_or_default();
        let waits = self.leaves_the_flow(key, &row, &standing);
        let route = row.route.clone().map(|name| (name, row.at));
        self.flows.standing.insert(key.clone(), Standing { waits, people: true, route, told: standing.told });
    }

    /// Whoever wants silence is asked nothing more.
    pub(super) fn flow_ends(&mut self, key: &ConversationKey) {
        if let Some(standing) = self.flows.standing.get_mut(key) {
            standing.waits = None;
        }
    }

    /// A turn is taken back, or given up with its messages: it is as if it had never been.
    pub(super) fn flow_stands_as_before(&mut self, key: &ConversationKey, turn: TurnKey) {
        if let Some((_, standing)) = self.flows.before.remove(key).filter(|(last, _)| *last == turn) {
            self.flows.standing.insert(key.clone(), standing);
            self.flows.begun.retain(|_, (other, begun)| (&*other, *begun) != (key, turn));
        }
    }

    /// A request of another system begins one turn.
    fn begins_once(&mut self, key: &ConversationKey, row: &TurnRow) {
        let Some(id) = row.covers.first().filter(|id| self.is_start(id)).cloned() else { return };
        if self.flows.begun.insert(id.clone(), (key.clone(), row.key)).is_some() {
            self.broken(format!("{id:?} started its flow twice"));
        }
    }

    /// What a turn may come to, where the user's words or another system decide; none where the flow is left alone.
    fn outcomes(&self, key: &ConversationKey, row: &TurnRow, standing: &Standing) -> Option<Vec<Outcome>> {
        if let Some(start) = row.covers.first().filter(|id| self.is_start(id)) {
            let name = self.queued.get(start).map(|message| message.text.as_str().to_owned()).unwrap_or_default();
            return Some(vec![started(&name)?]);
        }
        let answers = match row.kind {
            TurnKind::Answer => !row.own_line,
            kind => kind == TurnKind::HandOff(HandOffReason::Flow),
        };
        answers.then(|| self.led_to_by(key, row, standing))
    }

    /// What the user's words in a turn may lead to.
    fn led_to_by(&self, key: &ConversationKey, row: &TurnRow, standing: &Standing) -> Vec<Outcome> {
        let said = self.said_in(row, &[]);
        let texts: Vec<_> = said.iter().filter_map(|id| Some(self.queued.get(id)?.text.as_str())).collect();
        let first = self.first_drafted(key, row);
        let mut outcomes = Vec::new();
        if let Some(waits) = &standing.waits {
            let timeout = timeout(waits.step);
            if first.since(waits.touched) < timeout + MOMENT {
                outcomes.push(waits.hears(&texts, standing.people, self.people.desk));
            }
            if row.at.since(waits.touched) + MOMENT >= timeout {
                outcomes.push(said_anew(&texts));
            }
        } else {
            outcomes.push(said_anew(&texts));
        }
        outcomes
    }

    /// Whether a message stands before a word that called a flow off in its turn: then it went with the flow.
    pub(super) fn is_called_off(&self, row: &TurnRow, id: &MessageId) -> bool {
        let calls_off =
            |id: &MessageId| self.queued.get(id).is_some_and(|message| normalised(message.text.as_str()) == CANCEL);
        let place = row.covers.iter().position(|cover| cover == id);
        place < row.covers.iter().rposition(calls_off)
    }

    /// A turn that is not about the flow's question leaves it as it is; but where the AI was to be asked no flow waits any more,
    /// even if it may not be.
    fn leaves_the_flow(&mut self, key: &ConversationKey, row: &TurnRow, standing: &Standing) -> Option<Waits> {
        let waits = standing.waits.clone();
        let bearing = !matches!(row.kind, TurnKind::Agent | TurnKind::DeskDown | TurnKind::Moment | TurnKind::Begun);
        let ends_it = is_at(row, None) && self.led_to_by(key, row, standing).iter().any(|outcome| outcome.ai);
        match self.drafts.get(&(key.clone(), row.key)).map_or(Unasked::No, |draft| draft.unasked) {
            Unasked::Yes if !ends_it => {
                let turn = row.key.number;
                self.broken(format!(
                    "turn {turn} of {} stands for an answer that was not to be asked for",
                    key.as_str()
                ));
            }
            Unasked::Yes | Unasked::Perhaps if ends_it => return None,
            _ => {}
        }
        if bearing && !is_at(row, waits.as_ref()) {
            self.broken(format!("turn {} of {} changes a flow that it is not about", row.key.number, key.as_str()));
        }
        waits
    }

    /// The turn is one of these.
    fn takes_one_of(&mut self, key: &ConversationKey, row: &TurnRow, outcomes: &[Outcome]) -> Option<Outcome> {
        let number = row.key.number;
        let fits = |outcome: &&Outcome| self.says(row, outcome) && is_at(row, outcome.waits.as_ref());
        let outcome = outcomes.iter().find(fits).cloned();
        if outcome.is_none() {
            let what = if outcomes.iter().any(|outcome| self.says(row, outcome)) {
                "leaves its flow elsewhere than the answer leads"
            } else {
                "says something else than its flow would"
            };
            self.broken(format!("turn {number} of {} {what}", key.as_str()));
        }
        let speaks = |outcome: &Outcome| !outcome.says.is_empty() || outcome.ends.is_some() || outcome.called_off;
        if outcome.as_ref().is_some_and(speaks) {
            self.flows.spoke.insert((key.clone(), row.key));
        }
        outcome
    }

    fn counts(&mut self, outcome: &Outcome, is_waiting: bool) {
        let figure = match outcome.ends {
            Some(Ends::Completed) => Some(Figure::FlowsCompleted),
            Some(Ends::Cancelled) => Some(Figure::FlowsCancelled),
            Some(Ends::HandOff | Ends::Nobody) => Some(Figure::FlowsHandedOff),
            None => outcome.called_off.then_some(Figure::FlowsCancelled),
        };
        if let Some(figure) = figure {
            self.figures.count(figure);
        }
        if !outcome.says.is_empty() || outcome.ends.is_some() {
            self.figures.count(Figure::FlowTurns);
        }
        if is_waiting && outcome.anew {
            self.figures.count(Figure::FlowsTimedOut);
        }
    }

    /// Whether the row says just that.
    fn says(&self, row: &TurnRow, outcome: &Outcome) -> bool {
        let (flow, desk) = (&self.flows, self.people.desk);
        let line = match outcome.ends {
            Some(Ends::HandOff) if !desk => Some(Ends::Nobody),
            Some(Ends::Completed) => outcome.says.is_empty().then_some(Ends::Completed),
            ends => ends,
        };
        let is_handed_over = outcome.ends == Some(Ends::HandOff) && desk;
        let own = outcome.says.len() + usize::from(line.is_some());
        let Some(before) = row.reply.len().checked_sub(own) else { return false };
        let (answer, said) = row.reply.split_at(before);
        let answer: Vec<_> = answer.iter().map(|said| said.text().clone()).collect();
        let kind = row.kind == TurnKind::HandOff(HandOffReason::Flow);
        let lines = line.and_then(|line| flow.lines.get(&line));
        kind == is_handed_over
            && answer.is_empty() != outcome.ai
            && (answer.is_empty() || self.answers.contains(&answer))
            && said.iter().zip(&outcome.says).all(|(said, spoken)| spoken.is(said))
            && lines.is_none_or(|lines| {
                said.last().is_some_and(|said| lines.iter().any(|line| line == said.text().as_str()))
            })
    }
}

/// Whether the row's flow waits with just this question and these values.
fn is_at(row: &TurnRow, waits: Option<&Waits>) -> bool {
    match (&row.flow, waits) {
        (None, None) => true,
        (Some(flow), Some(waits)) => {
            let values = flow.values.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            (flow.flow.as_str(), flow.step.as_str(), flow.asked) == (waits.step.flow, waits.step.name, waits.asked)
                && values.eq(waits.values.iter().map(|(name, value)| (*name, value.as_str())))
        }
        _ => false,
    }
}

fn is_about_the_user(row: &TurnRow) -> bool {
    row.kind.settles() && row.kind != TurnKind::Agent && !row.said.is_empty()
}
