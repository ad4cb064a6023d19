//! When nothing moves any more: every accepted message is accounted for, and nothing is left half done.

use std::collections::{HashMap, HashSet};

use models::{ConversationKey, Message, MessageId, QueueMessage};
use platform::clock::Clock as _;
use store::{RowState, Store as _};

use super::sends::is_beginning;
use super::{End, Figure, State, Witness, canaries};

impl Witness {
    /// The queue is told to delete this message, by a run that began at this step: only if it is settled.
    pub(crate) async fn deleted(&self, body: &str, began: usize) {
        let message = match QueueMessage::from_json(body) {
            Ok(QueueMessage::InboundV1(message)) => message,
            Ok(QueueMessage::AgentV1(action)) => return self.a_wish_is_deleted(&action, began).await,
            Err(_) => return self.broken("a message that nobody can read was deleted"),
        };
        let id = &message.id;
        let key = {
            let mut state = self.lock();
            state.step(self.clock.now(), || format!("deleted {}", id.as_str()));
            let settled = state.ends.get(id).is_some_and(|end| *end != End::Parked);
            if settled || state.is_over_with(&message) {
                return;
            }
            state.filed.get(id).cloned().unwrap_or_else(|| message.identity.conversation())
        };
        let head = self.store.head(&key, self.clock.now()).await.ok().flatten().unwrap_or_default();
        if head.pending.contains_key(id) || self.lock().ends.get(id).is_none_or(|end| *end == End::Parked) {
            self.broken(format!("{id:?} was deleted from the queue and is not settled"));
        }
    }

    /// A row is marked: as done, if it is settled, or if its conversation had as many waiting as it may.
    pub(crate) fn marked(&self, key: &ConversationKey, id: &MessageId, row: RowState) {
        let mut state = self.lock();
        if row != RowState::Done || state.ends.get(id).is_some_and(|end| *end != End::Parked) {
            return;
        }
        if !state.conversations.get(key).is_some_and(|conversation| conversation.was_full) {
            state.broken(format!("the row of {id:?} says that it is settled, and it is not"));
        }
        state.ends.insert(id.clone(), End::TurnedAway);
    }

    /// Checks a world in which nothing moves any more, with these dead letters.
    pub(crate) async fn at_rest(&self, dead: &[String]) {
        let messages = dead.iter().filter_map(|body| QueueMessage::from_json(body).ok());
        let dead: HashSet<_> = messages.map(|message| message.id().clone()).collect();
        self.heads_are_empty(&dead).await;
        self.nothing_is_left(&dead).await;
        self.wishes_reach_braze().await;
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("at rest, {} dead letters", dead.len()));
        state.everything_ended(&dead);
        state.copies_have_an_original();
        state.everything_was_read();
        state.lines_were_read_once();
        state.as_users_see_it(&dead);
        state.sum_up(&dead);
    }

    /// Where nothing failed, nothing may have been given up, doubted, repeated or answered by a line of the bot's own.
    pub(crate) fn nothing_failed(&self) {
        let mut state = self.lock();
        state.events_are_told_once();
        for figure in [Figure::Dead, Figure::Flagged, Figure::ReadTwice, Figure::OwnLines] {
            let count = state.figures.get(figure);
            if count > 0 {
                state.broken(format!("{figure:?} is {count} although nothing failed"));
            }
        }
    }

    async fn heads_are_empty(&self, dead: &HashSet<MessageId>) {
        let keys: Vec<_> = self.lock().conversations.keys().cloned().collect();
        for key in keys {
            let head = self.store.head(&key, self.clock.now()).await.ok().flatten().unwrap_or_default();
            // A message that had its last delivery in the middle of everything waits, with its words, among the dead.
            let unsettled = head.pending.keys().chain(head.turn.iter().flat_map(|turn| &turn.covers));
            let mut state = self.lock();
            let ended = |id: &&MessageId| state.ends.get(*id).is_some_and(|end| *end != End::Parked);
            let left: Vec<_> = unsettled.filter(|id| !dead.contains(id) && !ended(id)).collect();
            if !left.is_empty() {
                state.broken(format!("{left:?} of {} are stranded", key.as_str()));
            }
        }
    }
}

impl State {
    fn everything_ended(&mut self, dead: &HashSet<MessageId>) {
        let lost = |id: &&MessageId| match self.ends.get(*id) {
            None | Some(End::Parked) => !dead.contains(id),
            Some(_) => false,
        };
        // What Braze got no 2xx for may be on the queue all the same.
        let mut lost: Vec<_> = self.accepted.iter().chain(self.queued.keys()).filter(lost).cloned().collect();
        lost.sort();
        lost.dedup();
        for id in lost {
            self.broken(format!("{id:?} was accepted, is not settled, and is no dead letter"));
        }
    }

    /// Whatever the heads say: what users wrote came back to them, and not too often.
    fn as_users_see_it(&mut self, dead: &HashSet<MessageId>) {
        let mut replies: HashMap<String, usize> = HashMap::new();
        for (name, part) in self.parts.iter().filter(|(_, part)| part.delivered > 0) {
            for canary in canaries(&part.text) {
                // How an answer begins is no answer: somebody else may take it from there, or nobody.
                *replies.entry(canary).or_default() += usize::from(!is_beginning(name));
            }
        }
        let mut asked: HashMap<String, usize> = HashMap::new();
        for (id, message) in &self.queued {
            for canary in canaries(message.text.as_str()) {
                *asked.entry(canary).or_default() += self.most_replies(id);
            }
        }
        let mut wrong = Vec::new();
        for (canary, replies) in &replies {
            let asked = asked.get(canary).copied().unwrap_or_default();
            if *replies > asked {
                wrong.push(format!("{canary} was said {asked} times and answered {replies} times"));
            }
        }
        for (id, message) in self.queued.iter().filter(|(id, _)| self.accepted.contains(*id)) {
            for canary in canaries(message.text.as_str()) {
                let is_silent = dead.contains(id)
                    || self.is_begun_in_doubt(id)
                    || self.twins(message).any(|twin| self.may_be_silent(twin));
                if !replies.contains_key(&canary) && !self.read_before.contains(&canary) && !is_silent {
                    wrong.push(format!("{canary} was never answered"));
                }
            }
        }
        wrong.sort();
        self.all_broken(wrong);
    }

    /// The message itself, and those with the same words, of which one answer is for all.
    fn twins(&self, message: &Message) -> impl Iterator<Item = &MessageId> {
        self.queued.values().filter(|other| other.text == message.text).map(|other| &other.id)
    }

    /// Whether a message may have no answer with its words in it.
    fn may_be_silent(&self, id: &MessageId) -> bool {
        match (self.ends.get(id), self.filed.get(id)) {
            (Some(End::Answered(turn)), Some(key)) => {
                let place = (key.clone(), *turn);
                self.unfinished.contains(&place)
                    || self.flows.spoke.contains(&place)
                    || self.drafts.get(&place).is_some_and(|draft| draft.row.own_line)
            }
            (Some(_), _) => true,
            (None, _) => false,
        }
    }

    /// Each message that got a 2xx ended in exactly one way, and the sum of the ways is the sum of the messages.
    fn sum_up(&mut self, dead: &HashSet<MessageId>) {
        let mut sums: HashMap<Figure, usize> = HashMap::new();
        for id in &self.accepted {
            *sums.entry(self.way_of(id, dead)).or_default() += 1;
        }
        for way in WAYS.into_iter().chain([Figure::Lost]) {
            self.figures.set(way, sums.get(&way).copied().unwrap_or_default());
        }
        let sum: usize = WAYS.iter().map(|way| self.figures.get(*way)).sum();
        if sum != self.accepted.len() {
            self.broken(format!("{} messages got a 2xx, and {sum} ended", self.accepted.len()));
        }
    }

    fn way_of(&self, id: &MessageId, dead: &HashSet<MessageId>) -> Figure {
        match (self.ends.get(id), self.filed.get(id)) {
            (Some(End::Answered(turn)), Some(key)) => {
                let place = (key.clone(), *turn);
                let own_line = self.drafts.get(&place).is_some_and(|draft| draft.row.own_line);
                match () {
                    () if self.flagged.contains(&place) => Figure::InDoubt,
                    () if self.cut.contains(&place) => Figure::AnsweredInPart,
                    () if own_line => Figure::OwnLine,
                    () => Figure::Answered,
                }
            }
            (Some(End::Copy), _) => Figure::CopiesOfMessages,
            (Some(End::LeftToPerson), _) => Figure::LeftToPerson,
            (Some(End::Silent), _) => Figure::Silent,
            (Some(End::TurnedAway), _) => Figure::TurnedAway,
            (Some(End::OverBudget), _) => Figure::OverBudget,
            (Some(End::Looped), _) => Figure::Looped,
            (Some(End::Forgotten), _) => Figure::Forgotten,
            _ if dead.contains(id) => Figure::Dead,
            // Broken already: it is nowhere, or ended as only what a brand begins with may.
            _ => Figure::Lost,
        }
    }
}

/// The ways in which a message may end.
const WAYS: [Figure; 12] = [
    Figure::Answered,
    Figure::OwnLine,
    Figure::AnsweredInPart,
    Figure::InDoubt,
    Figure::CopiesOfMessages,
    Figure::LeftToPerson,
    Figure::Silent,
    Figure::TurnedAway,
    Figure::OverBudget,
    Figure::Looped,
    Figure::Forgotten,
    Figure::Dead,
];
