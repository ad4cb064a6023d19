//! Words that the brand begins with: flows that another system starts, lines that cannot reach their user any more, and
//! questions that the deployment may not ask today.

use std::cmp::Ordering;
use std::time::Duration;

use conversation::window::OPEN_FOR;
use desk::NotSent;
use models::{Author, Content, ConversationKey, HandOffReason, Message, MessageId, Timestamp};
use store::{Head, Owner, TurnKind, TurnRow};

use super::asks::FALLBACK_AT;
use super::settles::{FEWEST_ATTEMPTS, written};
use super::{End, State};

/// What is known of the deployment's questions: how many it may ask in a day, and of those it asked the day and the process.
#[derive(Default)]
pub(super) struct Questions {
    pub(super) most: Option<u64>,
    asked: Vec<(u64, usize)>,
    /// How often a client died of a question, before anybody could count it.
    pub(super) uncounted: u64,
}

/// Whether a turn says one of the bot's own lines because the deployment may ask no more today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    No,
    /// For that, or because every attempt has failed.
    Perhaps,
    Yes,
}

impl State {
    /// Whether another system wants to start something with it.
    pub(super) fn is_start(&self, id: &MessageId) -> bool {
        self.queued.get(id).is_some_and(|message| message.author == Author::System)
    }

    /// Whether a turn is the beginning of a flow that another system started.
    pub(super) fn is_begun_by_a_system(&self, row: &TurnRow) -> bool {
        row.covers.first().is_some_and(|id| self.is_start(id))
    }

    /// How a message ended that the brand began with and that was not said; `None` for any other.
    pub(super) fn not_begun(
        &mut self,
        key: &ConversationKey,
        (id, covers): (&MessageId, &[MessageId]),
        before: &Head,
        now: Timestamp,
    ) -> Option<End> {
        let closed = self.is_window_closed(key, now);
        if self.is_start(id) {
            let named = self.queued.get(id).map(|message| message.text.as_str().to_owned()).unwrap_or_default();
            let has_cause = before.owner == Owner::Person
                || before.opted_out
                || closed
                || [NO_FLOW, BLANK_FLOW].contains(&named.as_str());
            if !has_cause {
                self.broken(format!("{id:?} was to start a flow, and nothing kept it from that"));
            }
            return Some(End::NotBegun);
        }
        let told = self.unsent.knows(id, NotSent::WindowClosed);
        // A copy is one, whatever the window.
        if !self.is_line(id) || !(closed || told) || (!told && !self.counted_among(key, covers).contains(id)) {
            return None;
        }
        if !closed {
            self.broken(format!("{id:?} was not sent although its user had written within a day"));
        }
        let is_answered = told || self.unsent.was_refused(id);
        if self.people.desk && !is_answered && before.attempts < FEWEST_ATTEMPTS {
            self.broken(format!("{id:?} was not sent, and the desk was not told"));
        }
        Some(End::NotBegun)
    }

    /// What the brand begins to say reaches somebody who has written, or is a template or a campaign of its own.
    pub(super) fn begins_with_somebody_who_wrote(&mut self, key: &ConversationKey, row: &TurnRow) {
        let by_the_brand = row.kind == TurnKind::Agent || self.is_begun_by_a_system(row);
        let may_be_sent_anyway =
            row.reply.iter().all(|said| matches!(said.content, Content::Campaign(_) | Content::Template(_)));
        if by_the_brand && !may_be_sent_anyway && !self.wrote(key) {
            self.broken(format!("turn {} of {} is for somebody who never wrote", row.key.number, key.as_str()));
        }
    }

    /// Whether the user wrote here since they were last forgotten; a copy that comes after that says so too.
    fn wrote(&self, key: &ConversationKey) -> bool {
        let mut here = self.filed.iter().filter(|(_, filed)| *filed == key).filter_map(|(id, _)| self.queued.get(id));
        let has_copy = |message: &Message| message.author == Author::User && self.spans_an_erasure(key, &message.id);
        self.of_the_user(key).next().is_some() || here.any(has_copy)
    }

    /// When the user last wrote here, as far as anybody can know.
    pub(super) fn last_written(&self, key: &ConversationKey) -> Option<Timestamp> {
        self.of_the_user(key).map(written).max()
    }

    /// What the user wrote here since they were last forgotten.
    fn of_the_user(&self, key: &ConversationKey) -> impl Iterator<Item = &Message> {
        let erased = self.erased.get(key);
        let came_since = move |message: &Message| erased.is_none_or(|erased| !erased.filed.contains(&message.id));
        let here = self.filed.iter().filter(move |(_, filed)| *filed == key).filter_map(|(id, _)| self.queued.get(id));
        here.filter(move |message| message.author == Author::User && came_since(message))
    }

    /// Whether the newest message of the user is nearly a day old, or there is none, by what was filed here when somebody last
    /// looked.
    pub(super) fn is_window_closed(&self, key: &ConversationKey, now: Timestamp) -> bool {
        let waiting = self.conversations.get(key).map(|conversation| &conversation.waiting_then);
        let ended = |id: &MessageId| self.ends.get(id).is_some_and(|end| *end != End::Forgotten);
        let was_seen = |id: &MessageId| ended(id) || waiting.is_some_and(|then| then.contains(id));
        // What was written before its user was forgotten, and came after that, says nothing of the window any more.
        let is_known = |at: &Timestamp| !self.predates_erasure(key, *at);
        let seen = self.of_the_user(key).filter(|message| was_seen(&message.id));
        let newest = seen.map(written).filter(is_known).max();
        newest.is_none_or(|newest| now.since(newest) + MOMENT >= OPEN_FOR)
    }

    /// A process asks a question. It knows of its own at least.
    pub(super) fn counts_a_question(&mut self, now: Timestamp, process: usize) {
        let asked = (store::day(now), process);
        self.questions.asked.push(asked);
        let own = self.questions.asked.iter().filter(|other| **other == asked).count() as u64;
        if self.questions.most.is_some_and(|most| own > most + self.questions.uncounted) {
            self.broken("a process asked its AI more often in a day than the whole deployment may".to_owned());
        }
    }

    /// Whether what `claimed` (its epoch and attempts) drafts at `now` is said for want of questions.
    pub(super) fn is_unasked(&self, row: &TurnRow, (epoch, attempts): (u64, u32), now: Timestamp) -> Unasked {
        let today = self.questions.asked.iter().filter(|(day, _)| *day == store::day(now)).count() as u64;
        let may_ask = self.questions.most.is_none_or(|most| today < most);
        let has_words = row.said.iter().any(|said| !said.text.as_str().trim().is_empty());
        let in_its_place = matches!(row.kind, TurnKind::Answer | TurnKind::HandOff(HandOffReason::Failure));
        if may_ask || !row.own_line || !has_words || !in_its_place || self.says_too_much(row) {
            return Unasked::No;
        }
        match attempts.cmp(&FALLBACK_AT) {
            _ if epoch != row.key.epoch || self.may_withhold() => Unasked::Perhaps,
            Ordering::Less => Unasked::Yes,
            // One of the assistants has an attempt more than the other.
            Ordering::Equal => Unasked::Perhaps,
            Ordering::Greater => Unasked::No,
        }
    }
}

/// The name of a flow that no assistant has.
pub(crate) const NO_FLOW: &str = "exchange";
/// The name of a flow whose first question shows nothing.
const BLANK_FLOW: &str = "blank";
/// What clocks may differ by.
const MOMENT: Duration = Duration::from_mins(3);
