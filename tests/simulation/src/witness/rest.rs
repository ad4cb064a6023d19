//! When nothing moves any more: every accepted message is accounted for, and nothing is left half done.

use std::collections::{HashMap, HashSet};

use models::{Message, MessageId, QueueMessage};
use platform::clock::Clock as _;
use store::{MOST_PENDING, RowState, Store as _, TurnKey};

use super::{End, Figure, State, Witness, canaries};

impl Witness {
    /// The queue is told to delete this message: only if it is settled.
    pub(crate) async fn deleted(&self, body: &str) {
        let Ok(QueueMessage::InboundV1(message)) = QueueMessage::from_json(body) else {
            return self.broken("a message that nobody can read was deleted");
        };
        let id = &message.id;
        let key = {
            let mut state = self.lock();
            state.step(self.clock.now(), || format!("deleted {}", id.as_str()));
            let settled = state.ends.get(id).is_some_and(|end| *end != End::Parked);
            if settled {
                return;
            }
            state.filed.get(id).cloned().unwrap_or_else(|| message.identity.conversation())
        };
        let rows = self.store.messages(&key, std::slice::from_ref(id)).await.unwrap_or_default();
        let head = self.store.head(&key, self.clock.now()).await.ok().flatten().unwrap_or_default();
        let is_done = rows.iter().any(|row| row.state == RowState::Done) && !head.pending.contains_key(id);
        let mut state = self.lock();
        if is_done && head.pending.len() >= MOST_PENDING {
            state.ends.insert(id.clone(), End::TurnedAway);
        } else {
            state.broken(format!("{id:?} was deleted from the queue and is not settled"));
        }
    }

    /// Checks a world in which nothing moves any more, with these dead letters.
    pub(crate) async fn at_rest(&self, dead: &[String]) {
        let messages = dead.iter().filter_map(|body| QueueMessage::from_json(body).ok());
        let dead: HashSet<_> = messages.filter_map(QueueMessage::inbound).map(|message| message.id).collect();
        self.heads_are_empty(&dead).await;
        let mut state = self.lock();
        state.step(self.clock.now(), || format!("at rest, {} dead letters", dead.len()));
        state.everything_ended(&dead);
        state.nothing_was_answered_twice();
        state.as_users_see_it(&dead, self.most_copies);
        state.sum_up(&dead);
    }

    /// Where nothing failed, nothing may have been given up, doubted, repeated or answered by a line of the bot's own.
    pub(crate) fn nothing_failed(&self) {
        let mut state = self.lock();
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
        let lost: Vec<_> = self.accepted.iter().filter(lost).cloned().collect();
        for id in lost {
            self.broken(format!("{id:?} was accepted, is not settled, and is no dead letter"));
        }
        // A copy is as good as what it is a copy of.
        let by_words = self.ends_by_words();
        let unanswered = by_words.iter().filter(|(_, ends)| ends.iter().all(|(_, end)| *end == Some(End::Copy)));
        let unanswered: Vec<_> = unanswered.map(|(canary, _)| canary.clone()).collect();
        for canary in unanswered {
            self.broken(format!("{canary} is only copies of itself: nothing answered it"));
        }
    }

    fn nothing_was_answered_twice(&mut self) {
        let mut twice = Vec::new();
        for (canary, ends) in self.ends_by_words() {
            let turns: HashSet<TurnKey> = ends.iter().filter_map(|(_, end)| turn_of(*end)).collect();
            // Without a dispatch id, a webhook that Braze repeats after half a minute cannot be told from a new one.
            let told_apart = ends.iter().any(|(id, _)| self.queued.get(id).is_some_and(|message| message.dispatched));
            if turns.len() > 1 && told_apart {
                twice.push(format!("{canary} was answered in {turns:?}"));
            }
        }
        self.all_broken(twice);
    }

    /// Whatever the heads say: what users wrote came back to them, and not too often.
    fn as_users_see_it(&mut self, dead: &HashSet<MessageId>, most_copies: u32) {
        let mut read: HashMap<String, u32> = HashMap::new();
        for part in self.parts.values() {
            for canary in canaries(&part.text) {
                *read.entry(canary).or_default() += part.delivered;
            }
        }
        let mut wrong = Vec::new();
        for (id, message) in self.queued.iter().filter(|(id, _)| self.accepted.contains(*id)) {
            for canary in canaries(message.text.as_str()) {
                let times = read.get(&canary).copied().unwrap_or_default();
                if times > most_copies && message.dispatched {
                    wrong.push(format!("{canary} was answered {times} times"));
                }
                if times == 0 && !dead.contains(id) && !self.twins(message).any(|twin| self.may_be_silent(twin)) {
                    wrong.push(format!("{canary} was never answered"));
                }
            }
        }
        self.all_broken(wrong);
    }

    /// The message itself, and those with the same words, of which one answer is for all.
    fn twins(&self, message: &Message) -> impl Iterator<Item = &MessageId> {
        self.queued.values().filter(|other| other.text == message.text).map(|other| &other.id)
    }

    fn all_broken(&mut self, what: Vec<String>) {
        for what in what {
            self.broken(what);
        }
    }

    /// Whether a message may have no answer with its words in it.
    fn may_be_silent(&self, id: &MessageId) -> bool {
        match (self.ends.get(id), self.filed.get(id)) {
            (Some(End::Answered(turn)), Some(key)) => {
                let place = (key.clone(), *turn);
                self.unfinished.contains(&place) || self.drafts.get(&place).is_some_and(|draft| draft.row.own_line)
            }
            (Some(_), _) => true,
            (None, _) => false,
        }
    }

    /// Of each text that was written: its messages and how they ended.
    fn ends_by_words(&self) -> HashMap<String, Vec<(MessageId, Option<End>)>> {
        let mut ends: HashMap<String, Vec<_>> = HashMap::new();
        for message in self.queued.values() {
            for canary in canaries(message.text.as_str()) {
                let end = self.ends.get(&message.id).copied();
                ends.entry(canary).or_default().push((message.id.clone(), end));
            }
        }
        ends
    }

    fn sum_up(&mut self, dead: &HashSet<MessageId>) {
        let count = |wanted: fn(&End) -> bool| self.ends.values().filter(|end| wanted(end)).count();
        let ends = [
            (Figure::Answered, count(|end| matches!(end, End::Answered(_)))),
            (Figure::CopiesOfMessages, count(|end| *end == End::Copy)),
            (Figure::LeftToPerson, count(|end| *end == End::LeftToPerson)),
            (Figure::Dead, dead.len()),
        ];
        for (figure, count) in ends {
            self.figures.set(figure, count);
        }
    }
}

fn turn_of(end: Option<End>) -> Option<TurnKey> {
    match end {
        Some(End::Answered(turn)) => Some(turn),
        _ => None,
    }
}
