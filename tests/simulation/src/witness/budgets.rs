//! How much one user gets: so many turns in a minute and in a day, so many answers to the same words in a row of
//! one day, and one line that says so. By the witness's own count of what was committed.

use std::time::Duration;

use conversation::shape::shape;
use models::assistant::{Assistant, BotText};
use models::{ConversationKey, MessageId, Part, Timestamp};
use store::{TurnKey, TurnKind, TurnRow, Voice};

use super::asks::REPLY_PARTS;
use super::{End, HUMAN, START, STOP, State};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);
const LANGUAGES: [&str; 5] = ["en", "fr", "es", "pt", "de"];

/// What a user gets at most.
pub(super) struct Limits {
    minute: usize,
    day: usize,
    repeats: usize,
    /// The line that says that it is too much, in every language.
    too_much: Vec<Vec<Part>>,
}

/// What one user had.
#[derive(Default)]
pub(super) struct Spent {
    /// When each window began, and the turns in it.
    minute: (Timestamp, usize),
    day: (Timestamp, usize),
    /// Whether the last turn was the line.
    told: bool,
    /// The words that the last turns in a row were about, and when those were drafted.
    same: (String, Vec<Timestamp>),
}

impl Limits {
    /// The limits of this assistant.
    pub(super) fn of(assistant: &Assistant) -> Self {
        let number = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let line = |language| shape(assistant.texts.line(BotText::OverBudget, Some(language)), REPLY_PARTS);
        let budget = assistant.limits.budget;
        Self {
            minute: number(budget.per_minute),
            day: number(budget.per_day),
            repeats: assistant.limits.repeats,
            too_much: LANGUAGES.map(line).to_vec(),
        }
    }
}

/// A window at `now`: the one there is, or a new one.
fn at((start, count): (Timestamp, usize), now: Timestamp, length: Duration) -> (Timestamp, usize) {
    if now.since(start) < length { (start, count) } else { (Timestamp::from_seconds(now.seconds()), 0) }
}

impl Spent {
    fn is_used_up(&self, limits: &Limits, now: Timestamp) -> bool {
        at(self.minute, now, MINUTE).1 >= limits.minute || at(self.day, now, DAY).1 >= limits.day
    }

    /// Whether the last turns of this day were about the same words as often as anybody is answered.
    fn loops(&self, words: &str, limits: &Limits, now: Timestamp) -> bool {
        let (today, _) = at(self.day, now, DAY);
        self.same.0 == words && self.same.1.iter().filter(|at| **at >= today).count() >= limits.repeats
    }

    fn turn(&mut self, now: Timestamp, told: bool) {
        for (window, length) in [(&mut self.minute, MINUTE), (&mut self.day, DAY)] {
            let (start, count) = at(*window, now, length);
            *window = (start, count + 1);
        }
        self.told = told;
    }
}

impl State {
    /// Whether a row is the line that says that it is too much.
    pub(super) fn says_too_much(&self, row: &TurnRow) -> bool {
        let reply: Vec<_> = row.reply.iter().map(|said| said.text().clone()).collect();
        row.own_line && self.limits.as_ref().is_some_and(|limits| limits.too_much.contains(&reply))
    }

    /// A turn of the bot's is committed: not one too many.
    pub(super) fn spends(&mut self, key: &ConversationKey, turn: TurnKey) {
        let Some(row) = self.drafts.get(&(key.clone(), turn)).map(|draft| draft.row.clone()) else { return };
        let too_much = self.says_too_much(&row);
        if self.is_begun_by_a_system(&row) {
            return;
        }
        // What a flow asks for may be the same words again.
        let in_a_flow = self.may_be_in_a_flow(key, self.first_drafted(key, &row));
        let (Some(limits), Some(conversation)) = (&self.limits, self.conversations.get_mut(key)) else { return };
        if row.kind.voice() != Voice::Bot || matches!(row.kind, TurnKind::Moment | TurnKind::Begun) {
            return;
        }
        let (spent, number) = (&mut conversation.spent, turn.number);
        let words = joined(&row);
        let mut wrong = Vec::new();
        // Who wants a person, or to be heard again, does not need to have a turn left.
        if row.kind == TurnKind::Answer && !too_much {
            if spent.is_used_up(limits, row.at) {
                wrong.push(format!("turn {number} of {} is more than the budget allows", key.as_str()));
            }
            if spent.loops(&words, limits, row.at) && !in_a_flow {
                wrong.push(format!("turn {number} of {} answers the same words once too often", key.as_str()));
            }
        }
        if too_much && spent.told {
            wrong.push(format!("{} was told twice that it is too much", key.as_str()));
        }
        let then = conversation.claimed_when;
        if too_much && !spent.is_used_up(limits, then) && !spent.loops(&words, limits, then) {
            wrong.push(format!("{} was told that it is too much, and it was not", key.as_str()));
        }
        spent.turn(row.at, too_much);
        self.all_broken(wrong);
    }

    /// A question took the place of another one, whose answer nobody waits for any more.
    pub(super) fn spends_on_a_question(&mut self, key: &ConversationKey, now: Timestamp) {
        if let Some(conversation) = self.conversations.get_mut(key) {
            conversation.spent.turn(now, false);
        }
    }

    /// A turn about messages of the user is over.
    pub(super) fn was_about(&mut self, key: &ConversationKey, turn: TurnKey) {
        let row = self.drafts.get(&(key.clone(), turn)).map(|draft| &draft.row);
        let row = row.filter(|row| !self.is_begun_by_a_system(row));
        let Some((words, at)) = row.map(|row| (joined(row), row.at)) else { return };
        let Some(conversation) = self.conversations.get_mut(key) else { return };
        let same = &mut conversation.spent.same;
        if same.0 != words {
            *same = (words, vec![]);
        }
        same.1.push(at);
    }

    /// Why open messages are settled without a word, if it is too much: none if all are copies, or if it was not.
    pub(super) fn too_much(&self, key: &ConversationKey, open: &[MessageId]) -> Option<End> {
        let (limits, conversation) = (self.limits.as_ref()?, self.conversations.get(key)?);
        let counted = self.counted_among(key, open);
        let texts = counted.iter().filter_map(|id| Some(self.queued.get(id)?.text.as_str()));
        let words = texts.collect::<Vec<_>>().join("\n");
        let spent = &conversation.spent;
        match () {
            () if counted.is_empty() || counted.iter().any(|id| self.is_start(id)) => None,
            () if !spent.told => None,
            () if spent.is_used_up(limits, conversation.claimed_when) => Some(End::OverBudget),
            () if self.is_in_a_flow(key, conversation.claimed_when) => None,
            () if spent.loops(&words, limits, conversation.claimed_when) => Some(End::Looped),
            () => None,
        }
    }

    /// What is never too much: but a wish to hear nothing that was taken back in the same breath is none.
    pub(super) fn may_be_too_much(&mut self, id: &MessageId, covers: &[MessageId]) {
        let text = self.queued.get(id).map(|message| message.text.as_str().to_owned());
        let hand_off = self.people.desk && text.as_deref() == Some(HUMAN);
        let place = |id: &MessageId| self.places.get(id).copied();
        let is_start =
            |other: &&MessageId| self.queued.get(*other).is_some_and(|message| message.text.as_str() == START);
        let taken_back = covers.iter().filter(is_start).any(|start| place(start) > place(id));
        if self.is_line(id)
            || hand_off
            || self.leads_to_people(covers)
            || (text.as_deref() == Some(STOP) && !taken_back)
        {
            self.broken(format!("{id:?} was too much, and nothing of its kind is"));
        }
    }
}

/// What a turn was about, as one text.
fn joined(row: &TurnRow) -> String {
    row.said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("\n")
}
